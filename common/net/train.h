/*
 * train.h - batches in, losses out.
 *
 * Each record is predicted before it is learnt, so the losses that add up here are those of a test on fresh data
 * (progressive validation: Blum, Kalai and Langford 1999), as long as no record comes twice.
 */
#ifndef WEIR_TRAIN_H
#define WEIR_TRAIN_H

#include "descent.h"

enum { TRAIN_SAMPLE = 0x5a3b }; /* the seed of samples of classes */

/* train_beliefs for a head of K outputs. */
__attribute__((always_inline))
static inline void
train_beliefs_of(struct trainer *t, enum activation head, size_t K, const struct batch *batch, size_t from, size_t B)
{
	struct net *net = t->net;
	const struct net_layer *l = &net->layer[0];
	const struct features *f = &batch->features;
	const struct tensor *weight = &net->table.tensor[l->weight];
	const struct tensor *bias = net_bias(net, l);

	for (size_t b = 0; b < B; b++) {
		size_t at = batch->start[from + b], n = batch->start[from + b + 1] - at;

		if (t->drift > 0)
			belief_drift(K, t->drift, t->variance, n, f->index + at, weight->frozen ? NULL : weight->data,
			             bias && !bias->frozen ? bias->data : NULL, t->progress.records + b);
		belief_sums(K, t->s + b * K, t->S + b * K, n, f->index + at, f->value + at, weight->data,
		            bias ? bias->data : NULL);
	}
	for (size_t i = 0; i < B * K; i++)
		t->s[i] = belief_moderate(t->s[i], t->S[i]);
	head_probability(head, B, K, t->p, t->s);
	trainer_note(t, &t->progress, head, batch, from, B, K,
	             head_losses(head, B, K, t->s, t->p, batch->label + from, batch->weight + from));
	for (size_t b = 0; b < B; b++) {
		size_t at = batch->start[from + b], n = batch->start[from + b + 1] - at;

		for (size_t k = 0; k < K; k++)
			belief_gain(t->p[b * K + k], head_target(head, k, batch->label[from + b]), t->S[b * K + k],
			            (double)batch->weight[from + b], &t->gain[k], &t->shrink[k]);
		belief_update(K, t->gain, t->shrink, n, f->index + at, f->value + at, weight->frozen ? NULL : weight->data,
		              bias && !bias->frozen ? bias->data : NULL, t->progress.records + b);
	}
}

/*
 * Beliefs learn B records: one, or the group of a choice head. All are predicted before the first is learnt. What is
 * asked for most, a sigmoid, is told to the compiler.
 */
static inline void
train_beliefs(struct trainer *t, const struct batch *batch, size_t from, size_t B)
{
	enum activation head = arch_head(&t->net->arch);

	if (head == SIGMOID && B == 1)
		train_beliefs_of(t, SIGMOID, 1, batch, from, 1);
	else
		train_beliefs_of(t, head, net_outputs(t->net), batch, from, B);
}

/* The experts of a mixture learn B records, as train_beliefs. */
static inline void
train_mixture(struct trainer *t, const struct batch *batch, size_t from, size_t B)
{
	double loss = mixture_learn(t->mixture, arch_head(&t->net->arch), batch, from, B, t->progress.records, t->p);

	trainer_note(t, &t->progress, arch_head(&t->net->arch), batch, from, B, net_outputs(t->net), loss);
}

/* Takes B records in hand, and says how many lanes they go in, and rounds, each of at most so many records. */
static inline void
trainer_take(struct trainer *t, const struct batch *batch, size_t from, size_t B, size_t most)
{
	const size_t each = t->net->sequence || t->popularity ? NET_SEQUENCES : TRAIN_LANE_RECORDS;
	size_t lanes;

	t->rounds = (B + most - 1) / most;
	t->round = 0;
	lanes = ((B + t->rounds - 1) / t->rounds + each - 1) / each;
	t->batch = batch;
	t->from = from;
	t->B = B;
	t->lanes = lanes < TRAIN_LANES ? lanes : TRAIN_LANES;
	if (t->optimiser)
		net_pass_begin(&t->pass, t->net, B, true);
	if (batch->features.rows)
		t->pass.input = batch->features.value + batch->start[from];
}

/* A task: a lane goes forward to the classes; or the weights of a block of them are brought together. */
static inline void
train_enter(void *trainer, size_t task, size_t worker)
{
	struct trainer *t = trainer;
	const struct net_layer *l = &t->net->layer[t->net->n_layers - 1];

	(void)worker;
	if (task < t->lanes)
		lane_enter(t, task);
	else
		sampled_gather(&t->sampled, t->popularity, task - t->lanes, l->I, net_data(t->net, l->weight),
		               net_data(t->net, l->bias));
}

/* A task: the records of a round go to the classes of a range, and back from them. */
static inline void
train_classes(void *trainer, size_t range, size_t worker)
{
	const struct trainer *t = trainer;

	for (size_t block = sampled_first(&t->sampled, range); block < sampled_first(&t->sampled, range + 1); block++)
		sampled_take(&t->sampled, &t->records, range, block, t->net->layer[t->net->n_layers - 1].I,
		             t->low + 1 < t->net->n_layers, t->scratch[worker]);
}

/* A task: a lane goes back from the classes, which need it no more; or a block of them is stepped. */
static inline void
train_return(void *trainer, size_t task, size_t worker)
{
	struct trainer *t = trainer;

	if (task < t->lanes)
		lane_return(t, task);
	else
		trainer_step_classes(t, task - t->lanes, worker);
}

/*
 * The gradients of a step whose head is learnt by samples: the records of a round go there and back. While the last go
 * back, the classes are stepped, unless they are to be clipped with all else.
 */
static inline void
train_sampled(struct trainer *t)
{
	const float *weight = t->batch->weight + t->from;
	const size_t last = t->net->n_layers - 1, I = t->net->layer[last].I;

	sampled_draw(&t->sampled, t->popularity, t->B, t->batch->label + t->from,
	             random_bits(TRAIN_SAMPLE, t->progress.records));
	sampled_reserve(&t->sampled, I);
	t->kept = grow(t->kept, &t->kept_capacity, t->B * sampled_kept(&t->sampled), sizeof *t->kept);
	t->share = grow(t->share, &t->share_capacity, t->B, sizeof *t->share);
	for (size_t b = 0; b < t->B; b++)
		t->share[b] = (double)weight[b] / t->mean;
	for (t->round = 0; t->round < t->rounds; t->round++) {
		const size_t first = trainer_round(t, t->round), n = trainer_round(t, t->round + 1) - first;
		const size_t steps = t->round + 1 < t->rounds ? 0 : sampled_blocks(&t->sampled) - trainer_late_blocks(t);

		team_run(&t->team, t->lanes + (t->round ? 0 : sampled_blocks(&t->sampled)), train_enter, t);
		sampled_enter(&t->sampled, &t->records, first, n, I, t->kept + first * sampled_kept(&t->sampled),
		              net_input(t->net, &t->pass, last) + first * I);
		team_run(&t->team, sampled_ranges(&t->sampled), train_classes, t);
		sampled_meet(&t->sampled, &t->records, t->share + first, t->s + first, t->p + first);
		team_run(&t->team, t->lanes, lane_leave, t);
		team_run(&t->team, t->lanes + steps, train_return, t);
	}
	for (size_t b = 0; b < t->B; b++) {
		t->progress.loss += (double)weight[b] * t->s[b];
		t->progress.right += (double)weight[b] * t->p[b];
		t->progress.weight += (double)weight[b];
	}
}

/*
 * Plain weights take one step along the mean gradient of B records; the group of a choice head is one record, and a
 * linear head descends half the square. A group goes forward whole before its first record goes back, so its records
 * go forward twice.
 */
static inline void
train_step(struct trainer *t, const struct batch *batch, size_t from, size_t B)
{
	enum activation head = arch_head(&t->net->arch);
	size_t K = net_outputs(t->net);

	trainer_take(t, batch, from, B, t->popularity ? TRAIN_ROUND : B);
	t->low = trainer_lowest(t);
	t->mean = head == CHOICE ? 1 : (double)B;
	if (t->net->sparse && trainer_learns(t, t->net->layer[0].weight))
		trainer_slots(t);
	trainer_pull_rows(t);
	if (head == CHOICE) {
		team_run(&t->team, t->lanes, lane_predict, t);
		head_probability(head, B, K, t->p, t->s);
	}
	t->set.step++;
	t->stride = t->pace * optimiser_scale(t->optimiser, t->set.step);
	t->time = t->prior ? prior_step(t->prior, t->stride, head == CHOICE ? 1 : B) : 0;
	t->scale = 1;
	if (t->popularity) {
		train_sampled(t);
	} else {
		team_run(&t->team, t->lanes, lane_learn, t);
		trainer_note(t, &t->progress, head, batch, from, B, K,
		             head_losses(head, B, K, t->s, t->p, batch->label + from, batch->weight + from));
	}
	if (t->lanes > 1)
		team_run(&t->team, trainer_plain_tasks(t) - t->n_blocks, trainer_gather_rows, t);
	t->scale = trainer_scale(t);
	team_run(&t->team, trainer_tasks(t), trainer_step, t);
}

/*
 * Asks for the weights, and their states, that record i of a batch needs, some records before it is learnt. always_inline
 * as net_fetch is.
 */
__attribute__((always_inline))
static inline void
train_fetch(const struct trainer *t, const struct batch *batch, size_t i)
{
	const size_t O = t->net->layer[0].O;

	if (t->mixture)
		mixture_fetch(t->mixture, batch, i, i + 4);
	else if (!t->optimiser)
		net_fetch(t->net, batch, i);
	else if (i < batch->n && !batch->features.rows)
		for (size_t j = batch->start[i]; j < batch->start[i + 1]; j++)
			trainer_fetch(t, t->net->layer[0].weight, batch->features.index[j] * O, O);
}

/*
 * Learns records from .. from + B of a batch at once: a batch of the optimiser, one record of beliefs, or the
 * group of a choice head.
 */
static inline void
train(struct trainer *t, const struct batch *batch, size_t from, size_t B)
{
	trainer_reserve(t, B, t->popularity ? 1 : net_outputs(t->net));
	if (t->optimiser)
		train_step(t, batch, from, B);
	else if (t->mixture)
		train_mixture(t, batch, from, B);
	else
		train_beliefs(t, batch, from, B);
	t->progress.records += B;
}

/* The logits of beliefs, moderated. */
static inline void
trainer_believe(struct trainer *t)
{
	size_t K = net_outputs(t->net);

	for (size_t b = 0; b < t->B; b++)
		net_believe(t->net, t->batch, t->from + b, t->s + b * K, t->S + b * K);
	for (size_t i = 0; i < t->B * K; i++)
		t->s[i] = belief_moderate(t->s[i], t->S[i]);
}

/* Predicts records from .. from + B of a batch, of a choice head one group, and adds what came of it to *progress. */
static inline void
train_judge(struct trainer *t, const struct batch *batch, size_t from, size_t B, struct progress *progress)
{
	enum activation head = arch_head(&t->net->arch);
	size_t K = net_outputs(t->net);

	trainer_reserve(t, B, K);
	trainer_take(t, batch, from, B, B);
	if (t->optimiser)
		team_run(&t->team, t->lanes, lane_predict, t);
	else
		trainer_believe(t);
	head_probability(head, B, K, t->p, t->s);
	trainer_note(t, progress, head, batch, from, B, K,
	             head_losses(head, B, K, t->s, t->p, batch->label + from, batch->weight + from));
	progress->records += B;
}

#endif

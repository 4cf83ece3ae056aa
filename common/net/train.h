/*
 * train.h - batches in, losses out.
 *
 * Each record is predicted before it is learnt, so the losses that add up here are those of a test on fresh data
 * (progressive validation: Blum, Kalai and Langford 1999), as long as no record comes twice.
 */
#ifndef WEIR_TRAIN_H
#define WEIR_TRAIN_H

#include "mixture.h"
#include "optimiser.h"

/* What came of the predictions so far. */
struct progress {
	uint64_t records;  /* learnt */
	double weight;     /* predictions, by weight: of records, or of groups for a choice head */
	double loss;       /* sum of their losses, in nats (squares for a linear head) */
	double right;      /* weight of those whose likeliest answer was right; 0 for a linear head */
};

struct trainer {
	struct net *net;
	const struct optimiser *optimiser; /* NULL for beliefs */
	struct optimiser_settings set;
	struct mixture *mixture;           /* learns in the place of the net's own beliefs; NULL for none; not owned */
	struct progress progress;

	/* scratch, owned */
	double *s, *S, *p;            /* [outputs of a batch]: logits, variances, probabilities */
	size_t s_capacity, S_capacity, p_capacity;
	double *gain, *shrink;        /* [K] */
	float *gradient[TENSORS];     /* [n] of each tensor but the first layer's weights */
	struct indexset seen;         /* which rows of those a batch touches, and */
	size_t cells;
	uint32_t *row, *slot;         /* row[slot] is an input; slot[i] that of feature i */
	size_t row_capacity, slot_capacity;
	float *row_gradient;          /* [slots][O] */
	size_t row_gradient_capacity;
};

static inline void
trainer_init(struct trainer *t, struct net *net, const struct optimiser *optimiser, struct optimiser_settings set)
{
	size_t K = net_outputs(net);

	*t = (struct trainer){.net = net, .optimiser = optimiser, .set = set};
	t->gain = allocate(K, sizeof *t->gain);
	t->shrink = allocate(K, sizeof *t->shrink);
	for (size_t i = 0; optimiser && i < net->table.n; i++)
		if (i != net->layer[0].weight)
			t->gradient[i] = allocate(net->table.tensor[i].n, sizeof(float));
}

static inline void
trainer_free(struct trainer *t)
{
	free(t->s);
	free(t->S);
	free(t->p);
	free(t->gain);
	free(t->shrink);
	for (size_t i = 0; i < TENSORS; i++)
		free(t->gradient[i]);
	free(t->seen.cell);
	free(t->row);
	free(t->slot);
	free(t->row_gradient);
	*t = (struct trainer){0};
}

/* Room for the outputs of B records. */
static inline void
trainer_reserve(struct trainer *t, size_t B)
{
	size_t n = B * net_outputs(t->net);

	t->s = grow(t->s, &t->s_capacity, n, sizeof *t->s);
	t->S = grow(t->S, &t->S_capacity, n, sizeof *t->S);
	t->p = grow(t->p, &t->p_capacity, n, sizeof *t->p);
	net_reserve(t->net, B);
}

/*
 * Adds what became of B predictions, probabilities t->p, to the progress. For a choice head the B records are one
 * group and one prediction.
 */
static inline void
trainer_note(struct trainer *t, const struct batch *batch, size_t from, size_t B, double loss)
{
	enum activation head = arch_head(&t->net->arch);
	size_t K = net_outputs(t->net), likeliest = head == CHOICE ? head_likeliest(B, t->p) : 0;

	t->progress.loss += loss;
	for (size_t b = 0; b < B; b++) {
		const double *p = t->p + b * K;
		float label = batch->label[from + b];
		double weight = (double)batch->weight[from + b];
		bool right = false;

		if (head == CHOICE)
			right = label > 0 && b == likeliest;
		else if (head == SOFTMAX)
			right = head_likeliest(K, p) == (size_t)label;
		else if (head == SIGMOID)
			right = (*p > 0.5) == (label > 0);
		t->progress.right += right ? weight : 0;
		t->progress.weight += head == CHOICE && !(label > 0) ? 0 : weight;
	}
}

/*
 * Beliefs learn B records: one, or the group of a choice head. All are predicted before the first is learnt.
 */
static inline void
train_beliefs(struct trainer *t, const struct batch *batch, size_t from, size_t B)
{
	struct net *net = t->net;
	const struct net_layer *l = &net->layer[0];
	const struct features *f = &batch->features;
	const struct tensor *weight = &net->table.tensor[l->weight];
	const struct tensor *bias = net_bias(net, l);
	enum activation head = arch_head(&net->arch);
	size_t K = l->O;

	for (size_t b = 0; b < B; b++) {
		size_t at = batch->start[from + b], n = batch->start[from + b + 1] - at;

		belief_sums(K, t->s + b * K, t->S + b * K, n, f->index + at, f->value + at, weight->data,
		            bias ? bias->data : NULL);
	}
	for (size_t i = 0; i < B * K; i++)
		t->s[i] = belief_moderate(t->s[i], t->S[i]);
	head_probability(head, B, K, t->p, t->s);
	trainer_note(t, batch, from, B, head_losses(head, B, K, t->s, t->p, batch->label + from, batch->weight + from));
	for (size_t b = 0; b < B; b++) {
		size_t at = batch->start[from + b], n = batch->start[from + b + 1] - at;

		for (size_t k = 0; k < K; k++)
			belief_gain(t->p[b * K + k], head_target(head, k, batch->label[from + b]), t->S[b * K + k],
			            (double)batch->weight[from + b], &t->gain[k], &t->shrink[k]);
		belief_update(K, t->gain, t->shrink, n, f->index + at, f->value + at, weight->frozen ? NULL : weight->data,
		              bias && !bias->frozen ? bias->data : NULL, t->progress.records + b);
	}
}

/* The experts of a mixture learn B records, as train_beliefs. */
static inline void
train_mixture(struct trainer *t, const struct batch *batch, size_t from, size_t B)
{
	double loss = mixture_learn(t->mixture, arch_head(&t->net->arch), batch, from, B, t->progress.records, t->p);

	trainer_note(t, batch, from, B, loss);
}

/* Gives each row of the first layer that the batch touches a slot, its gradient zero. */
static inline void
trainer_slots(struct trainer *t, const struct batch *batch, size_t from, size_t B)
{
	size_t first = batch->start[from], last = batch->start[from + B], O = t->net->layer[0].O;

	if (indexset_need(last - first) > t->cells) {
		free(t->seen.cell);
		t->cells = indexset_need(last - first);
		t->seen = (struct indexset){allocate_zero(t->cells, sizeof *t->seen.cell), t->cells - 1, 0, 0};
	}
	t->slot = grow(t->slot, &t->slot_capacity, last, sizeof *t->slot);
	t->row = grow(t->row, &t->row_capacity, last - first, sizeof *t->row);
	indexset_clear(&t->seen);
	for (size_t i = first; i < last; i++) {
		bool fresh;

		t->slot[i] = indexset_slot(&t->seen, batch->features.index[i], &fresh);
		t->row[t->slot[i]] = batch->features.index[i];
	}
	t->row_gradient = grow(t->row_gradient, &t->row_gradient_capacity, t->seen.n * O, sizeof *t->row_gradient);
	memset(t->row_gradient, 0, t->seen.n * O * sizeof *t->row_gradient);
}

/* Gradients of all tensors, from that of the logits in the last layer's grad. */
static inline void
trainer_backward(struct trainer *t, const struct batch *batch, size_t from, size_t B)
{
	struct net *net = t->net;

	for (size_t i = net->n_layers; i--;) {
		const struct net_layer *l = &net->layer[i];
		float *dbias = l->bias == NO_TENSOR ? NULL : t->gradient[l->bias];
		float *dw = t->gradient[l->weight];

		if (i + 1 < net->n_layers)
			activation_backward(l->activation, B, l->O, net->grad[i], net->out[i]);
		if (dbias)
			memset(dbias, 0, l->O * sizeof *dbias);
		if (i == 0) {
			trainer_slots(t, batch, from, B);
			sparse_backward(B, l->O, t->row_gradient, dbias, batch->start + from, t->slot,
			                batch->features.value, net->grad[0]);
			return;
		}
		memset(dw, 0, l->I * l->O * sizeof *dw);
		dense_backward(B, l->I, l->O, net->grad[i - 1], dw, dbias, net->out[i - 1],
		               tensor_floats(&net->table.tensor[l->weight]), net->grad[i]);
	}
}

/* Steps every tensor that is not frozen; of the first layer's weights the rows that were touched. */
static inline void
trainer_step(struct trainer *t)
{
	struct net *net = t->net;
	size_t O = net->layer[0].O;

	t->set.step++;
	for (size_t i = 0; i < net->table.n; i++) {
		struct tensor *w = &net->table.tensor[i];
		float *data = tensor_floats(w), *a = w->state[0], *b = w->state[1];

		if (w->frozen)
			continue;
		if (i != net->layer[0].weight) {
			t->optimiser->step(&t->set, w->n, data, a, b, t->gradient[i]);
			continue;
		}
		for (size_t slot = 0; slot < t->seen.n; slot++) {
			size_t at = t->row[slot] * O;

			t->optimiser->step(&t->set, O, data + at, a ? a + at : NULL, b ? b + at : NULL,
			                   t->row_gradient + slot * O);
		}
	}
}

/*
 * Plain weights take one step along the mean gradient of B records; the group of a choice head is one record, and a
 * linear head descends half the square.
 */
static inline void
train_step(struct trainer *t, const struct batch *batch, size_t from, size_t B)
{
	struct net *net = t->net;
	enum activation head = arch_head(&net->arch);
	size_t K = net_outputs(net), mean = head == CHOICE ? 1 : B;
	const float *z = net_forward(net, batch, from, B);
	float *dz = net->grad[net->n_layers - 1];

	for (size_t i = 0; i < B * K; i++)
		t->s[i] = (double)z[i];
	head_probability(head, B, K, t->p, t->s);
	trainer_note(t, batch, from, B, head_losses(head, B, K, t->s, t->p, batch->label + from, batch->weight + from));
	for (size_t b = 0; b < B; b++)
		for (size_t k = 0; k < K; k++)
			dz[b * K + k] = (float)((double)batch->weight[from + b] / (double)mean *
			                        (t->p[b * K + k] - head_target(head, k, batch->label[from + b])));
	trainer_backward(t, batch, from, B);
	trainer_step(t);
}

/*
 * Learns records from .. from + B of a batch at once: a batch of the optimiser, one record of beliefs, or the
 * group of a choice head.
 */
static inline void
train(struct trainer *t, const struct batch *batch, size_t from, size_t B)
{
	trainer_reserve(t, B);
	if (t->optimiser)
		train_step(t, batch, from, B);
	else if (t->mixture)
		train_mixture(t, batch, from, B);
	else
		train_beliefs(t, batch, from, B);
	t->progress.records += B;
}

#endif

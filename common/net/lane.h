/*
 * lane.h - the records of a step go forward and backward, in lanes.
 */
#ifndef WEIR_LANE_H
#define WEIR_LANE_H

#include "trainer.h"

/* Gradients of a lane, zero. */
static inline void
lane_clear(const struct trainer *t, struct lane *lane)
{
	for (size_t i = 0; i < t->net->table.n; i++)
		if (lane->gradient[i] && !trainer_rests(t, i))
			memset(lane->gradient[i], 0, t->net->table.tensor[i].n * sizeof(float));
	if (lane->row_gradient)
		memset(lane->row_gradient, 0, t->seen.n * t->net->layer[0].O * sizeof(float));
}

/* Adds the gradients of a piece, which went forward last, from that of what comes out of the layers before `end`. */
static inline void
lane_backward(const struct trainer *t, const struct lane *lane, struct net_pass *pass, struct piece p, size_t end)
{
	const struct net *net = t->net;

	for (size_t i = end; i-- > t->low;) {
		const struct net_layer *l = &net->layer[i];
		size_t step = net_layer_step(l, p.B);
		float *gradient[GRU_TENSORS] = {NULL};

		for (size_t j = 0; j < l->n_tensors; j++)
			if (!trainer_rests(t, l->weight + j))
				gradient[j] = trainer_by_row(t, l->weight + j) ? lane->row_gradient : lane->gradient[l->weight + j];
		for (size_t b = 0; l->spec.kind != LAYER_FLATTEN && b < p.B; b += step)
			net_layer_backward(net, pass, i, (struct piece){p.batch, p.from + b, p.at + b, step}, i > t->low, gradient,
			                   t->slot);
	}
}

/* The first record of lane l in the step, of those of the round. */
static inline size_t
lane_first(const struct trainer *t, size_t l)
{
	const size_t first = trainer_round(t, t->round);

	return first + (trainer_round(t, t->round + 1) - first) * l / t->lanes;
}

/* The piece of a lane that begins there. */
static inline struct piece
lane_piece(const struct trainer *t, size_t l, size_t at)
{
	return net_part(t->net, (struct piece){t->batch, t->from + at, at, lane_first(t, l + 1) - at}, 0);
}

/* Sends a piece of a lane forward; its logits go to t->s. */
static inline void
lane_forward(const struct trainer *t, struct net_pass *pass, struct piece p)
{
	size_t K = net_outputs(t->net);
	const float *z = net_forward(t->net, pass, p, t->net->n_layers);

	for (size_t i = 0; i < p.B * K; i++)
		t->s[p.at * K + i] = (double)z[i];
}

/* The trainer's pass with what is the lane's own. */
static inline struct net_pass
lane_pass(struct trainer *t, size_t l)
{
	struct net_pass pass = t->pass;

	pass.scratch = t->lane[l].scratch;
	pass.sequences = &t->lane[l].sequences;
	return pass;
}

/* The pass of a piece in training. */
static inline struct net_pass
lane_training(struct trainer *t, size_t l, struct piece p)
{
	struct net_pass pass = lane_pass(t, l);

	pass.dropping = random_bits(t->progress.records + 1, p.at) | 1;
	return pass;
}

/* A task: the logits of a lane's records. */
static inline void
lane_predict(void *trainer, size_t l, size_t worker)
{
	const struct trainer *t = trainer;
	struct net_pass pass = lane_pass(trainer, l);

	(void)worker;
	for (size_t at = lane_first(t, l); at < lane_first(t, l + 1); at += net_piece(t->net))
		lane_forward(t, &pass, lane_piece(t, l, at));
}

/* dz[B][K] of a piece: the gradient of the step's loss by its logits, from its probabilities p. */
static inline void
lane_head(const struct trainer *t, struct piece piece, float *dz, const double *p)
{
	enum activation head = arch_head(&t->net->arch);
	size_t K = net_outputs(t->net);

	for (size_t i = 0; i < piece.B * K; i++) {
		size_t b = piece.from + i / K;

		dz[i] = (float)((double)t->batch->weight[b] / t->mean * (p[i] - head_target(head, i % K, t->batch->label[b])));
	}
}

/* A task: sends a lane's records forward and backward. The probabilities of a choice are there already. */
static inline void
lane_learn(void *trainer, size_t l, size_t worker)
{
	const struct trainer *t = trainer;
	struct lane *lane = &((struct trainer *)trainer)->lane[l];
	enum activation head = arch_head(&t->net->arch);
	size_t K = net_outputs(t->net);

	(void)worker;
	lane_clear(t, lane);
	for (size_t at = lane_first(t, l); at < lane_first(t, l + 1); at += net_piece(t->net)) {
		struct piece p = lane_piece(t, l, at);
		struct net_pass pass = lane_training(trainer, l, p);
		double *probability = t->p + at * K;

		lane_forward(t, &pass, p);
		if (head != CHOICE)
			head_probability(head, p.B, K, probability, t->s + at * K);
		lane_head(t, p, pass.grad[t->net->n_layers - 1] + at * K, probability);
		lane_backward(t, lane, &pass, p, t->net->n_layers);
	}
}

/* Records of a lane go forward to a head that is learnt by samples. */
static inline void
lane_enter(struct trainer *t, size_t l)
{
	if (t->round == 0)
		lane_clear(t, &t->lane[l]);
	for (size_t at = lane_first(t, l); at < lane_first(t, l + 1); at += net_piece(t->net)) {
		struct piece p = lane_piece(t, l, at);
		struct net_pass pass = lane_training(t, l, p);

		net_forward(t->net, &pass, p, t->net->n_layers - 1);
	}
}

/* A task: they have been to the head, and are about to go back. */
static inline void
lane_leave(void *trainer, size_t l, size_t worker)
{
	const struct trainer *t = trainer;
	const size_t last = t->net->n_layers - 1, I = t->net->layer[last].I, first = lane_first(t, l);
	float *dx = last > t->low ? net_input_gradient(t->net, &t->pass, last) + first * I : NULL;

	(void)worker;
	sampled_leave(&t->sampled, &t->records, first - t->records.from, lane_first(t, l + 1) - first, I, t->share + first,
	              net_data(t->net, t->net->layer[last].weight), dx);
}

/* They go back from it. */
static inline void
lane_return(struct trainer *t, size_t l)
{
	const size_t last = t->net->n_layers - 1;

	for (size_t at = lane_first(t, l); last > t->low && at < lane_first(t, l + 1); at += net_piece(t->net)) {
		struct piece p = lane_piece(t, l, at);
		struct net_pass pass = lane_training(t, l, p);

		lane_backward(t, &t->lane[l], &pass, p, last);
	}
}

#endif

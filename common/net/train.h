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
	float *gradient[TENSORS];     /* [n] of each tensor but those of trainer_by_row */
	struct indexset seen;         /* which rows of those a batch touches, and */
	size_t cells;
	uint32_t *row, *slot;         /* row[slot] is an input; slot[i] that of feature i */
	size_t row_capacity, slot_capacity;
	float *row_gradient;          /* [slots][O] */
	size_t row_gradient_capacity;
};

/* Is tensor i the first layer's, of which a batch touches few rows? */
static inline bool
trainer_by_row(const struct trainer *t, size_t i)
{
	return t->net->sparse && i == t->net->layer[0].weight;
}

static inline void
trainer_init(struct trainer *t, struct net *net, const struct optimiser *optimiser, struct optimiser_settings set)
{
	size_t K = net_outputs(net);

	*t = (struct trainer){.net = net, .optimiser = optimiser, .set = set};
	t->gain = allocate(K, sizeof *t->gain);
	t->shrink = allocate(K, sizeof *t->shrink);
	for (size_t i = 0; optimiser && i < net->table.n; i++)
		if (!trainer_by_row(t, i))
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
	net_reserve(t->net);
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

/* Adds the gradients of a piece, which went forward last, from that of its logits in the last layer's grad. */
static inline void
trainer_backward(struct trainer *t, const struct batch *batch, size_t from, size_t B)
{
	struct net *net = t->net;

	for (size_t i = net->n_layers; i--;) {
		const struct net_layer *l = &net->layer[i];
		float *dbias = l->bias == NO_TENSOR ? NULL : t->gradient[l->bias];
		float *dw = l->weight == NO_TENSOR ? NULL : t->gradient[l->weight];

		if (i + 1 < net->n_layers)
			activation_backward(l->spec.activation, B, l->O, net->grad[i], net->out[i]);
		net_layer_backward(net, i, batch, from, B, net->sparse && i == 0 ? t->row_gradient : dw, dbias, t->slot);
	}
}

/* Steps every tensor that is not frozen; of a first layer that takes sparse features the rows that were touched. */
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
		if (!trainer_by_row(t, i)) {
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

/* Gradients of all tensors, zero. */
static inline void
trainer_clear(struct trainer *t, const struct batch *batch, size_t from, size_t B)
{
	for (size_t i = 0; i < t->net->table.n; i++)
		if (t->gradient[i])
			memset(t->gradient[i], 0, t->net->table.tensor[i].n * sizeof(float));
	if (t->net->sparse)
		trainer_slots(t, batch, from, B);
}

/* Sends a piece of the step's B records from `from` on forward: its logits go to t->s. */
static inline void
trainer_forward(struct trainer *t, const struct batch *batch, size_t from, size_t at, size_t piece)
{
	size_t K = net_outputs(t->net);
	const float *z = net_forward(t->net, batch, from + at, piece);

	for (size_t i = 0; i < piece * K; i++)
		t->s[at * K + i] = (double)z[i];
}

/*
 * Plain weights take one step along the mean gradient of B records; the group of a choice head is one record, and a
 * linear head descends half the square. The records go forward and backward in pieces. A group must have gone forward
 * whole before its first piece goes back; where it has several pieces, they go forward twice.
 */
static inline void
train_step(struct trainer *t, const struct batch *batch, size_t from, size_t B)
{
	struct net *net = t->net;
	enum activation head = arch_head(&net->arch);
	size_t K = net_outputs(net);
	double mean = head == CHOICE ? 1 : (double)B;
	float *dz = net->grad[net->n_layers - 1];

	trainer_clear(t, batch, from, B);
	net->dropping = t->progress.records + 1;
	for (size_t at = 0; head == CHOICE && at < B; at += NET_PIECE)
		trainer_forward(t, batch, from, at, B - at < NET_PIECE ? B - at : NET_PIECE);
	if (head == CHOICE)
		head_probability(head, B, K, t->p, t->s);
	for (size_t at = 0; at < B; at += NET_PIECE) {
		size_t piece = B - at < NET_PIECE ? B - at : NET_PIECE;

		if (head != CHOICE || B > NET_PIECE)
			trainer_forward(t, batch, from, at, piece);
		if (head != CHOICE)
			head_probability(head, piece, K, t->p + at * K, t->s + at * K);
		for (size_t i = 0; i < piece * K; i++)
			dz[i] = (float)((double)batch->weight[from + at + i / K] / mean *
			                (t->p[at * K + i] - head_target(head, i % K, batch->label[from + at + i / K])));
		trainer_backward(t, batch, from + at, piece);
	}
	net->dropping = 0;
	trainer_note(t, batch, from, B, head_losses(head, B, K, t->s, t->p, batch->label + from, batch->weight + from));
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

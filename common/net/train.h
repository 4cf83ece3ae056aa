/*
 * train.h - batches in, losses out.
 *
 * Each record is predicted before it is learnt, so the losses that add up here are those of a test on fresh data
 * (progressive validation: Blum, Kalai and Langford 1999), as long as no record comes twice.
 */
#ifndef WEIR_TRAIN_H
#define WEIR_TRAIN_H

#include "../io/team.h"
#include "mixture.h"
#include "prior.h"
#include "sampled.h"

/* What came of the predictions so far. */
struct progress {
	uint64_t records;  /* learnt */
	double weight;     /* predictions, by weight: of records, or of groups for a choice head */
	double loss;       /* sum of their losses, in nats (squares for a linear head) */
	double right;      /* weight of those whose likeliest answer was right; 0 for a linear head */
};

/*
 * The records of a step go through the net in lanes; threads take lanes. How many there are depends on the records
 * alone, so threads do not change a bit. A lane adds up gradients of its own. But of the weights of dense layers on
 * vectors, the largest by far, nobody keeps a gradient: when the optimiser steps a block of them, what went in and the
 * gradient of what came out are still there.
 */
enum { TRAIN_LANES = 8 };

enum { TRAIN_SAMPLE = 0x5a3b }; /* the seed of samples of classes */

struct lane {
	float *scratch;               /* of layers */
	struct net_sequences sequences;
	float *gradient[TENSORS];     /* [n] of each tensor that is learnt, but those and those of trainer_by_row */
	float *row_gradient;          /* [slots][O] */
	size_t row_gradient_capacity;
	float *sampled;               /* gradients by logits, [classes][records] of one piece behind the other; then scratch */
	size_t sampled_capacity;
};

/* A block of a tensor that is stepped at once: rows of so many numbers, from `at` on, ld from a row to the next. */
struct block {
	size_t tensor, layer, at, rows, columns, ld;
	bool dense;                   /* of a dense layer on vectors */
};

enum { TRAIN_BLOCK = 16384, TRAIN_BLOCK_ROWS = 16 }; /* numbers of a block; rows, where it has several */

struct trainer {
	struct net *net;
	const struct optimiser *optimiser; /* NULL for beliefs */
	struct optimiser_settings set;
	double drift, variance;            /* of beliefs: as for belief_drift */
	struct mixture *mixture;           /* learns in the place of the net's own beliefs; NULL for none; not owned */
	struct prior *prior;               /* NULL for none; not owned */
	const struct popularity *popularity; /* the head is learnt by samples of its classes; NULL for by all; not owned */
	double clip;                       /* the longest gradient that is followed whole; 0 for any */
	double pace;                       /* of the schedule: the rate is multiplied by it */
	struct progress progress;

	/* scratch, owned */
	double *s, *S, *p;            /* [outputs of a batch]: logits, variances, probabilities */
	size_t s_capacity, S_capacity, p_capacity, room; /* so many numbers of each */
	double *gain, *shrink;        /* [K] */
	struct team team;
	struct net_pass pass;         /* of all records of a step */
	struct lane lane[TRAIN_LANES];
	struct block *block;          /* all of what is stepped, but the rows that a batch touches */
	size_t n_blocks, block_capacity;
	float *scratch[TEAM_MOST];    /* of each thread: the gradient of a block, and for a product */
	struct indexset seen;         /* which rows those are, and */
	size_t cells;
	uint32_t *row, *slot;         /* row[slot] is an input; slot[i] that of feature i */
	size_t row_capacity, slot_capacity;
	struct sampled sampled;       /* the classes of a step */
	double *squares;              /* of each block and group of rows, to clip */
	size_t squares_capacity;

	/* the step in hand */
	const struct batch *batch;
	size_t from, B, lanes;
	size_t low;                   /* the first layer that learns: nothing goes back beyond it */
	double mean;                  /* gradients are divided by it */
	double stride;                /* what the rate is multiplied by: the pace, and the optimiser's own scale */
	double time;                  /* of the prior's pull */
	float scale;                  /* and multiplied by it, to clip */
};

/* Is tensor i the first layer's, of which a batch touches few rows? */
static inline bool
trainer_by_row(const struct trainer *t, size_t i)
{
	return t->net->sparse && i == t->net->layer[0].weight;
}

static inline bool
trainer_learns(const struct trainer *t, size_t tensor)
{
	return tensor != NO_TENSOR && !t->net->table.tensor[tensor].frozen;
}

/* Does a tensor stay as it is in the step to come? */
static inline bool
trainer_rests(const struct trainer *t, size_t tensor)
{
	return !trainer_learns(t, tensor) || t->progress.records < t->net->table.tensor[tensor].wakes;
}

/* Do all tensors of a layer? */
static inline bool
trainer_layer_rests(const struct trainer *t, const struct net_layer *l)
{
	size_t i = 0;

	while (i < l->n_tensors && trainer_rests(t, l->weight + i))
		i++;
	return i == l->n_tensors;
}

/* The first layer that does not rest; the last where all do. */
static inline size_t
trainer_lowest(const struct trainer *t)
{
	size_t i = 0;

	while (i + 1 < t->net->n_layers && trainer_layer_rests(t, &t->net->layer[i]))
		i++;
	return i;
}

/* Cuts a tensor of a layer into blocks, where it learns. */
static inline void
trainer_cut(struct trainer *t, size_t layer, size_t tensor)
{
	const struct net_layer *l = &t->net->layer[layer];
	bool dense = net_dense(l) && tensor == l->weight;
	size_t rows, columns, high = 1, wide;

	if (!trainer_learns(t, tensor) || trainer_by_row(t, tensor))
		return;
	rows = dense ? l->O : 1;
	if (dense)
		high = rows < TRAIN_BLOCK_ROWS ? rows : TRAIN_BLOCK_ROWS;
	wide = TRAIN_BLOCK / high / GEMM_PANEL * GEMM_PANEL;
	columns = t->net->table.tensor[tensor].n / rows;
	for (size_t row = 0; row < rows; row += high)
		for (size_t column = 0; column < columns; column += wide) {
			t->block = grow(t->block, &t->block_capacity, t->n_blocks + 1, sizeof *t->block);
			t->block[t->n_blocks++] = (struct block){
				tensor, layer, row * columns + column, rows - row < high ? rows - row : high,
				columns - column < wide ? columns - column : wide, columns, dense,
			};
		}
}

/* A trainer of the layers of a net from `first` on, by so many threads. What is frozen is known by now. */
static inline void
trainer_init(struct trainer *t, struct net *net, size_t first, const struct optimiser *optimiser,
             struct optimiser_settings set, size_t threads)
{
	size_t K = net_outputs(net);

	*t = (struct trainer){.net = net, .optimiser = optimiser, .set = set, .pace = 1};
	t->gain = allocate(K, sizeof *t->gain);
	t->shrink = allocate(K, sizeof *t->shrink);
	team_init(&t->team, threads);
	if (!optimiser)
		return;
	net_reserve(net);
	for (size_t i = 0; i < net->n_layers; i++)
		for (size_t j = 0; j < net->layer[i].n_tensors; j++)
			trainer_cut(t, i, net->layer[i].weight + j);
	t->pass.first = first;
	for (size_t l = 0; l < TRAIN_LANES; l++) {
		t->lane[l].scratch = allocate_aligned(net_scratch(net), sizeof(float));
		for (size_t i = 0; i < t->n_blocks; i++) {
			const struct block *b = &t->block[i];

			if (!b->dense && !t->lane[l].gradient[b->tensor])
				t->lane[l].gradient[b->tensor] = allocate_aligned(net->table.tensor[b->tensor].n, sizeof(float));
		}
	}
	for (size_t i = 0; i < threads; i++)
		t->scratch[i] = allocate_aligned(TRAIN_BLOCK + gemm_scratch(TRAIN_BLOCK_ROWS, TRAIN_BLOCK, GEMM_DEPTH),
		                                 sizeof(float));
}

/* A trainer just made learns its head, a softmax on vectors, by samples of the classes. */
static inline void
trainer_sample(struct trainer *t, const struct popularity *popularity)
{
	size_t last = t->net->n_layers - 1;

	t->popularity = popularity;
	while (t->n_blocks && t->block[t->n_blocks - 1].layer == last)
		t->n_blocks--;
	for (size_t l = 0; l < TRAIN_LANES; l++) {
		free(t->lane[l].gradient[t->net->layer[last].bias]);
		t->lane[l].gradient[t->net->layer[last].bias] = NULL;
	}
	for (size_t i = 0; i < t->team.n; i++) {
		free(t->scratch[i]);
		t->scratch[i] = allocate_aligned(TRAIN_BLOCK + t->net->layer[last].I + 1 +
		                                 gemm_scratch(GEMM_HEIGHT, TRAIN_BLOCK, GEMM_DEPTH), sizeof(float));
	}
}

static inline void
trainer_free(struct trainer *t)
{
	team_free(&t->team);
	free(t->s);
	free(t->S);
	free(t->p);
	free(t->gain);
	free(t->shrink);
	net_pass_free(&t->pass);
	for (size_t l = 0; l < TRAIN_LANES; l++) {
		free(t->lane[l].scratch);
		net_sequences_free(&t->lane[l].sequences);
		for (size_t i = 0; i < TENSORS; i++)
			free(t->lane[l].gradient[i]);
		free(t->lane[l].row_gradient);
		free(t->lane[l].sampled);
	}
	free(t->block);
	for (size_t i = 0; i < TEAM_MOST; i++)
		free(t->scratch[i]);
	free(t->seen.cell);
	free(t->row);
	free(t->slot);
	sampled_free(&t->sampled);
	free(t->squares);
	*t = (struct trainer){0};
}

/* Room for so many outputs of B records. */
static inline void
trainer_reserve(struct trainer *t, size_t B, size_t outputs)
{
	size_t n = B * outputs;

	if (n <= t->room)
		return;
	t->s = grow(t->s, &t->s_capacity, n, sizeof *t->s);
	t->S = grow(t->S, &t->S_capacity, n, sizeof *t->S);
	t->p = grow(t->p, &t->p_capacity, n, sizeof *t->p);
	t->room = n;
}

/*
 * Adds what became of B predictions of K outputs, probabilities t->p, to the progress. For a choice head the B records
 * are one group and one prediction.
 */
__attribute__((always_inline))
static inline void
trainer_note(struct trainer *t, struct progress *progress, enum activation head, const struct batch *batch, size_t from,
             size_t B, size_t K, double loss)
{
	size_t likeliest = head == CHOICE ? head_likeliest(B, t->p) : 0;

	progress->loss += loss;
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
		progress->right += right ? weight : 0;
		progress->weight += head == CHOICE && !(label > 0) ? 0 : weight;
	}
}

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

/* Gives each row of the first layer that the step touches a slot. */
static inline void
trainer_slots(struct trainer *t)
{
	size_t first = t->batch->start[t->from], last = t->batch->start[t->from + t->B], O = t->net->layer[0].O;

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

		t->slot[i] = indexset_slot(&t->seen, t->batch->features.index[i], &fresh);
		t->row[t->slot[i]] = t->batch->features.index[i];
	}
	for (size_t l = 0; l < t->lanes; l++)
		t->lane[l].row_gradient = grow(t->lane[l].row_gradient, &t->lane[l].row_gradient_capacity, t->seen.n * O,
		                               sizeof *t->lane[l].row_gradient);
}

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

/* The first record of lane l in the step. */
static inline size_t
lane_first(const struct trainer *t, size_t l)
{
	return t->B * l / t->lanes;
}

/* The piece of a lane that begins at a place of the step. */
static inline struct piece
lane_piece(const struct trainer *t, size_t l, size_t at)
{
	size_t left = lane_first(t, l + 1) - at, most = net_piece(t->net);

	return (struct piece){t->batch, t->from + at, at, left < most ? left : most};
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
	struct net_pass pass = lane_pass(trainer, l);
	enum activation head = arch_head(&t->net->arch);
	size_t K = net_outputs(t->net);

	(void)worker;
	lane_clear(t, lane);
	for (size_t at = lane_first(t, l); at < lane_first(t, l + 1); at += net_piece(t->net)) {
		struct piece p = lane_piece(t, l, at);
		double *probability = t->p + at * K;

		pass.dropping = random_bits(t->progress.records + 1, at) | 1;
		lane_forward(t, &pass, p);
		if (head != CHOICE)
			head_probability(head, p.B, K, probability, t->s + at * K);
		lane_head(t, p, pass.grad[t->net->n_layers - 1] + at * K, probability);
		lane_backward(t, lane, &pass, p, t->net->n_layers);
	}
}

/* Where the classes' numbers of a piece of lane l are. */
static inline float *
lane_sampled(const struct trainer *t, size_t l, struct piece p)
{
	return t->lane[l].sampled + (p.at - lane_first(t, l)) * t->sampled.n;
}

/*
 * A task: as lane_learn, of a head that is learnt by samples. In t->s are the losses of records, in t->p whether they were
 * right.
 */
static inline void
lane_learn_sampled(void *trainer, size_t l, size_t worker)
{
	const struct trainer *t = trainer;
	struct lane *lane = &((struct trainer *)trainer)->lane[l];
	struct net_pass pass = lane_pass(trainer, l);
	size_t last = t->net->n_layers - 1, I = t->net->layer[last].I;
	double share[NET_SEQUENCES];
	float *scratch;

	(void)worker;
	lane_clear(t, lane);
	lane->sampled = grow(lane->sampled, &lane->sampled_capacity,
	                     t->B * t->sampled.n + sampled_scratch(t->sampled.n, NET_SEQUENCES, I), sizeof *lane->sampled);
	scratch = lane->sampled + t->B * t->sampled.n;
	for (size_t at = lane_first(t, l); at < lane_first(t, l + 1); at += net_piece(t->net)) {
		struct piece p = lane_piece(t, l, at);
		float *z = lane_sampled(t, l, p);

		pass.dropping = random_bits(t->progress.records + 1, at) | 1;
		for (size_t b = 0; b < p.B; b++)
			share[b] = (double)t->batch->weight[p.from + b] / t->mean;
		sampled_learn(&t->sampled, at, p.B, I, z, last > t->low ? net_input_gradient(t->net, &pass, last) + at * I : NULL,
		              net_forward(t->net, &pass, p, last), share, t->s + at, t->p + at, scratch);
		if (last > t->low)
			lane_backward(t, lane, &pass, p, last);
	}
}

/* The gradient of a block, in the scratch of a worker. */
static inline float *
trainer_block_gradient(const struct trainer *t, const struct block *b, size_t worker)
{
	const struct net_layer *l = &t->net->layer[b->layer];
	float *g = t->scratch[worker];

	if (b->dense) {
		dense_backward_weights(t->B, l->I, l->O, b->rows, b->columns, g,
		                       net_input(t->net, &t->pass, b->layer) + b->at % l->I,
		                       t->pass.grad[b->layer] + b->at / l->I, g + TRAIN_BLOCK);
		return g;
	}
	memcpy(g, t->lane[0].gradient[b->tensor] + b->at, b->columns * sizeof *g);
	for (size_t i = 1; i < t->lanes; i++)
		vec_add(b->columns, g, t->lane[i].gradient[b->tensor] + b->at);
	return g;
}

/* Slots of the rows that are one task: about as many numbers as a block has. */
static inline size_t
trainer_rows(const struct trainer *t)
{
	return TRAIN_BLOCK / t->net->layer[0].O + 1;
}

/* Tasks that step blocks or rows: the first of those that step classes. */
static inline size_t
trainer_plain_tasks(const struct trainer *t)
{
	return t->n_blocks + (t->seen.n + trainer_rows(t) - 1) / trainer_rows(t);
}

/* Classes that are one task. */
static inline size_t
trainer_classes(const struct trainer *t)
{
	size_t n = TRAIN_BLOCK / (t->net->layer[t->net->n_layers - 1].I + 1);

	return n < 1 ? 1 : n > GEMM_HEIGHT ? GEMM_HEIGHT : n;
}

/* Tasks of a step of the optimiser: blocks, then rows, then classes of a sampled head. */
static inline size_t
trainer_tasks(const struct trainer *t)
{
	return trainer_plain_tasks(t) + (t->popularity ? (t->sampled.n + trainer_classes(t) - 1) / trainer_classes(t) : 0);
}

/* The classes of a task: from the one returned on, *n. */
static inline size_t
trainer_task_classes(const struct trainer *t, size_t task, size_t *n)
{
	size_t from = (task - trainer_plain_tasks(t)) * trainer_classes(t), left = t->sampled.n - from;

	*n = left < trainer_classes(t) ? left : trainer_classes(t);
	return from;
}

/* The gradient of the weights of n classes in the scratch of a worker, [n][I], and behind it that of their biases. */
static inline float *
trainer_class_gradient(const struct trainer *t, size_t from, size_t n, size_t worker)
{
	size_t last = t->net->n_layers - 1, I = t->net->layer[last].I;
	const float *x = net_input(t->net, &t->pass, last);
	float *g = t->scratch[worker], *scratch = g + TRAIN_BLOCK + I + 1;

	for (size_t l = 0; l < t->lanes; l++)
		for (size_t at = lane_first(t, l); at < lane_first(t, l + 1); at += net_piece(t->net)) {
			struct piece p = lane_piece(t, l, at);

			sampled_backward_weights(from, n, p.B, I, g, g + n * I, at > 0, lane_sampled(t, l, p), x + at * I, scratch);
		}
	return g;
}

/* The first slot of a task behind the blocks. */
static inline size_t
trainer_first_slot(const struct trainer *t, size_t task)
{
	size_t slot = (task - t->n_blocks) * trainer_rows(t);

	return slot < t->seen.n ? slot : t->seen.n;
}

/* A task: the sum of squares of a gradient. */
static inline void
trainer_square(void *trainer, size_t task, size_t worker)
{
	const struct trainer *t = trainer;
	const float *g;
	size_t O = t->net->layer[0].O, n;
	double square = 0;

	if (task >= trainer_plain_tasks(t)) {
		size_t from = trainer_task_classes(t, task, &n);

		g = trainer_class_gradient(t, from, n, worker);
		n *= t->net->layer[t->net->n_layers - 1].I + 1;
	} else if (task < t->n_blocks) {
		g = trainer_block_gradient(t, &t->block[task], worker);
		n = trainer_rests(t, t->block[task].tensor) ? 0 : t->block[task].rows * t->block[task].columns;
	} else {
		g = t->lane[0].row_gradient + trainer_first_slot(t, task) * O;
		n = (trainer_first_slot(t, task + 1) - trainer_first_slot(t, task)) * O;
	}
	for (size_t i = 0; i < n; i++)
		square += (double)g[i] * (double)g[i];
	t->squares[task] = square;
}

/* The settings of a tensor's pulls, whose time is that of the pace; and of its steps, but for the pace. */
static inline struct optimiser_settings
trainer_settings(const struct trainer *t, size_t tensor)
{
	struct optimiser_settings set = t->set;

	set.rate *= t->net->table.tensor[tensor].pace;
	return set;
}

/* Pulls the rows of the first layer that the batch touches to where the steps so far would have pulled them. */
static inline void
trainer_pull_rows(struct trainer *t)
{
	size_t i = t->net->layer[0].weight;
	struct optimiser_settings set;

	if (!t->prior || !t->net->sparse || !t->prior->centred[i] || trainer_rests(t, i))
		return;
	set = trainer_settings(t, i);
	for (size_t slot = 0; slot < t->seen.n; slot++)
		prior_pull_row(t->prior, t->optimiser, &set, &t->net->table.tensor[i], i, t->row[slot], t->net->layer[0].O);
}

/* Keeps the first layer's rows as they were left, for training to go on, and pulls all of them. */
static inline void
trainer_settle(struct trainer *t)
{
	size_t i = t->net->layer[0].weight, O = t->net->layer[0].O;
	struct tensor *w = &t->net->table.tensor[i];
	struct optimiser_settings set;

	if (!t->prior || !t->net->sparse || !t->prior->centred[i])
		return;
	memcpy(w->state[t->prior->states + PRIOR_LEFT], w->data, w->n * sizeof(float));
	set = trainer_settings(t, i);
	for (size_t row = 0; !w->frozen && row < w->n / O; row++)
		prior_pull(t->prior, t->optimiser, &set, w, i, row * O, O,
		           (double)(float)t->prior->time - (double)w->state[t->prior->states + PRIOR_TIME][row * O]);
}

/* Undoes trainer_settle, so that training goes on as if it had not stopped. */
static inline void
trainer_unsettle(struct trainer *t)
{
	size_t i = t->net->layer[0].weight;
	struct tensor *w = &t->net->table.tensor[i];

	if (t->prior && t->net->sparse && t->prior->centred[i])
		memcpy(w->data, w->state[t->prior->states + PRIOR_LEFT], w->n * sizeof(float));
}

/* Steps n numbers of a tensor from `at` on by the gradient g, which is scaled first. */
static inline void
trainer_move(const struct trainer *t, const struct optimiser_settings *set, size_t tensor, size_t at, size_t n,
             float *g)
{
	const struct tensor *w = &t->net->table.tensor[tensor];
	float *a = w->state[0], *b = w->state[1];

	for (size_t i = 0; t->scale < 1 && i < n; i++)
		g[i] *= t->scale;
	t->optimiser->step(set, n, tensor_floats(w) + at, a ? a + at : NULL, b ? b + at : NULL, g);
}

/* Steps the classes of a task. */
static inline void
trainer_step_classes(const struct trainer *t, size_t task, size_t worker)
{
	const struct net_layer *l = &t->net->layer[t->net->n_layers - 1];
	struct optimiser_settings weights = trainer_settings(t, l->weight), biases = trainer_settings(t, l->bias);
	size_t n, from = trainer_task_classes(t, task, &n);
	float *g = trainer_class_gradient(t, from, n, worker);

	weights.rate *= t->stride;
	biases.rate *= t->stride;
	for (size_t j = 0; j < n; j++) {
		size_t class = t->sampled.class[from + j];

		if (!trainer_rests(t, l->weight))
			trainer_move(t, &weights, l->weight, class * l->I, l->I, g + j * l->I);
		if (!trainer_rests(t, l->bias))
			trainer_move(t, &biases, l->bias, class, 1, g + n * l->I + j);
	}
}

/* A task: steps a block, and pulls it where there is a prior; or steps some rows. */
static inline void
trainer_step(void *trainer, size_t task, size_t worker)
{
	const struct trainer *t = trainer;
	bool by_row = task >= t->n_blocks;
	const struct block *b = by_row ? NULL : &t->block[task];
	size_t tensor = by_row ? t->net->layer[0].weight : b->tensor, O = t->net->layer[0].O;
	struct optimiser_settings pull = trainer_settings(t, tensor), set = pull;
	float *g;

	if (task >= trainer_plain_tasks(t)) {
		trainer_step_classes(t, task, worker);
		return;
	}
	if (trainer_rests(t, tensor))
		return;
	set.rate *= t->stride;
	for (size_t i = by_row ? trainer_first_slot(t, task) : 1; by_row && i < trainer_first_slot(t, task + 1); i++)
		trainer_move(t, &set, tensor, t->row[i] * O, O, t->lane[0].row_gradient + i * O);
	if (by_row)
		return;
	g = trainer_block_gradient(t, b, worker);
	for (size_t row = 0; row < b->rows; row++) {
		trainer_move(t, &set, tensor, b->at + row * b->ld, b->columns, g + row * b->columns);
		if (t->prior && t->prior->centred[tensor])
			prior_pull(t->prior, t->optimiser, &pull, &t->net->table.tensor[tensor], tensor, b->at + row * b->ld,
			           b->columns, t->time);
	}
}

/* A task: the lanes' gradients of some rows are added up in the first lane. */
static inline void
trainer_gather_rows(void *trainer, size_t task, size_t worker)
{
	const struct trainer *t = trainer;
	size_t O = t->net->layer[0].O, from = trainer_first_slot(t, t->n_blocks + task) * O;
	size_t to = trainer_first_slot(t, t->n_blocks + task + 1) * O;

	(void)worker;
	for (size_t l = 1; l < t->lanes; l++)
		vec_add(to - from, t->lane[0].row_gradient + from, t->lane[l].row_gradient + from);
}

/* By how much the gradient is shortened: its length is the clip at most (Pascanu, Mikolov and Bengio 2013). */
static inline float
trainer_scale(struct trainer *t)
{
	size_t tasks = trainer_tasks(t);
	double square = 0;

	if (!(t->clip > 0))
		return 1;
	t->squares = grow(t->squares, &t->squares_capacity, tasks, sizeof *t->squares);
	team_run(&t->team, tasks, trainer_square, t);
	for (size_t i = 0; i < tasks; i++)
		square += t->squares[i];
	return square > t->clip * t->clip ? (float)(t->clip / sqrt(square)) : 1;
}

/* Takes B records in hand, and says how many lanes they go in. */
static inline void
trainer_take(struct trainer *t, const struct batch *batch, size_t from, size_t B)
{
	size_t pieces = (B + net_piece(t->net) - 1) / net_piece(t->net);

	t->batch = batch;
	t->from = from;
	t->B = B;
	t->lanes = pieces < TRAIN_LANES ? pieces : TRAIN_LANES;
	if (t->optimiser)
		net_pass_reserve(&t->pass, t->net, B, true);
	if (batch->features.rows)
		t->pass.input = batch->features.value + batch->start[from];
}

/* The gradients of a step whose head is learnt by samples. */
static inline void
train_sampled(struct trainer *t)
{
	const struct net_layer *l = &t->net->layer[t->net->n_layers - 1];
	const float *weight = t->batch->weight + t->from;

	sampled_draw(&t->sampled, t->popularity, t->B, t->batch->label + t->from, random_bits(TRAIN_SAMPLE, t->progress.records));
	sampled_gather(&t->sampled, t->popularity, l->I, net_data(t->net, l->weight), net_data(t->net, l->bias));
	team_run(&t->team, t->lanes, lane_learn_sampled, t);
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

	trainer_take(t, batch, from, B);
	t->low = trainer_lowest(t);
	t->mean = head == CHOICE ? 1 : (double)B;
	if (t->net->sparse && trainer_learns(t, t->net->layer[0].weight))
		trainer_slots(t);
	trainer_pull_rows(t);
	if (head == CHOICE) {
		team_run(&t->team, t->lanes, lane_predict, t);
		head_probability(head, B, K, t->p, t->s);
	}
	if (t->popularity) {
		train_sampled(t);
	} else {
		team_run(&t->team, t->lanes, lane_learn, t);
		trainer_note(t, &t->progress, head, batch, from, B, K,
		             head_losses(head, B, K, t->s, t->p, batch->label + from, batch->weight + from));
	}
	t->set.step++;
	t->stride = t->pace * optimiser_scale(t->optimiser, t->set.step);
	t->time = t->prior ? prior_step(t->prior, t->stride, head == CHOICE ? 1 : B) : 0;
	if (t->lanes > 1)
		team_run(&t->team, trainer_plain_tasks(t) - t->n_blocks, trainer_gather_rows, t);
	t->scale = trainer_scale(t);
	team_run(&t->team, trainer_tasks(t), trainer_step, t);
}

/* Asks for the weights that record i of a batch needs, some records before it is learnt. */
static inline void
train_fetch(const struct trainer *t, const struct batch *batch, size_t i)
{
	if (t->mixture)
		mixture_fetch(t->mixture, batch, i, i + 4);
	else
		net_fetch(t->net, batch, i);
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
	trainer_take(t, batch, from, B);
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

/*
 * trainer.h - what a training keeps from step to step, and the scratch of the step in hand.
 */
#ifndef WEIR_TRAINER_H
#define WEIR_TRAINER_H

#include "../io/team.h"
#include "mixture.h"
#include "net_pass.h"
#include "prior.h"
#include "progress.h"
#include "sampled.h"

/*
 * The records of a step go through the net in lanes; threads take lanes. How many there are depends on the records
 * alone, so threads do not change a bit. A lane adds up gradients of its own. But of the weights of dense layers on
 * vectors, the largest by far, nobody keeps a gradient: when the optimiser steps a block of them, what went in and the
 * gradient of what came out are still there.
 */
enum {
	TRAIN_LANES = 8,
	TRAIN_LANE_RECORDS = 8, /* while there are lanes; NET_SEQUENCES of sequences, and where the head is sampled */
	TRAIN_ROUND = TRAIN_LANES * NET_SEQUENCES, /* records that go to a sampled head at once */
};

struct lane {
	float *scratch;               /* of layers */
	struct net_sequences sequences;
	float *gradient[TENSORS];     /* [n] of each tensor that is learnt, but those and those of trainer_by_row */
	float *row_gradient;          /* [slots][O] */
	size_t row_gradient_capacity;
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
	uint32_t *row, *slot;         /* row[slot] is an input; slot[i] that of feature i */
	size_t row_capacity, slot_capacity;
	struct sampled sampled;       /* the classes of a step */
	struct sampled_records records; /* of a round on the way to them */
	float *kept;                  /* what sampled.h keeps of the records of the step */
	double *share;                /* [records]: what the loss of each counts in that of the step */
	size_t kept_capacity, share_capacity;
	double *squares;              /* of each block and group of rows, to clip */
	size_t squares_capacity;

	/* the step in hand */
	const struct batch *batch;
	size_t from, B, lanes;
	size_t rounds, round;         /* of a sampled head, to which records go in rounds; else 1, and 0 */
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

/* Each thread gets scratch for a block's gradient and its product, and so many floats more. */
static inline void
trainer_room(struct trainer *t, size_t more)
{
	const size_t n = TRAIN_BLOCK + gemm_scratch(TRAIN_BLOCK_ROWS, TRAIN_BLOCK, GEMM_DEPTH) + more;

	for (size_t i = 0; i < t->team.n; i++) {
		free(t->scratch[i]);
		t->scratch[i] = allocate_aligned(n, sizeof(float));
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
	trainer_room(t, 0);
}

/* A trainer just made learns its head, a softmax on vectors, by samples of the classes. */
static inline void
trainer_sample(struct trainer *t, const struct popularity *popularity)
{
	size_t last = t->net->n_layers - 1, I = t->net->layer[last].I;

	t->popularity = popularity;
	while (t->n_blocks && t->block[t->n_blocks - 1].layer == last)
		t->n_blocks--;
	for (size_t l = 0; l < TRAIN_LANES; l++) {
		free(t->lane[l].gradient[t->net->layer[last].bias]);
		t->lane[l].gradient[t->net->layer[last].bias] = NULL;
	}
	trainer_room(t, SAMPLED_BLOCK * sampled_row(I) + sampled_scratch(TRAIN_ROUND, I));
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
	}
	free(t->block);
	for (size_t i = 0; i < TEAM_MOST; i++)
		free(t->scratch[i]);
	free(t->seen.cell);
	free(t->row);
	free(t->slot);
	sampled_free(&t->sampled);
	sampled_records_free(&t->records);
	free(t->kept);
	free(t->share);
	free(t->squares);
	*t = (struct trainer){0};
}

/* The first record of a round in the step. */
static inline size_t
trainer_round(const struct trainer *t, size_t round)
{
	return t->B * round / t->rounds;
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
			progress_note(progress, *p, label > 0, weight);
		progress->right += right ? weight : 0;
		progress->weight += head == CHOICE && !(label > 0) ? 0 : weight;
	}
}

#endif

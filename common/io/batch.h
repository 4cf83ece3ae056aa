/*
 * batch.h - several records, parsed: labels, weights, and features as compressed sparse rows.
 */
#ifndef WEIR_BATCH_H
#define WEIR_BATCH_H

#include "features.h"

struct batch {
	size_t n;                 /* records */
	float *label, *weight;    /* [n], owned; weight is how many records this one counts for */
	size_t *start;            /* [n + 1], owned: features of record i are start[i] .. start[i + 1] */
	struct features features;
	size_t label_capacity, weight_capacity, start_capacity;
};

static inline void
batch_clear(struct batch *b)
{
	b->n = 0;
	b->features.n = 0;
}

/* The features that were appended since the last record become a record. */
static inline void
batch_close_record(struct batch *b, float label, float weight)
{
	b->label = grow(b->label, &b->label_capacity, b->n + 1, sizeof *b->label);
	b->weight = grow(b->weight, &b->weight_capacity, b->n + 1, sizeof *b->weight);
	b->start = grow(b->start, &b->start_capacity, b->n + 2, sizeof *b->start);
	b->start[0] = 0;
	b->label[b->n] = label;
	b->weight[b->n] = weight;
	b->start[++b->n] = b->features.n;
}

/* Forgets the records from n on. */
static inline void
batch_cut(struct batch *b, size_t n)
{
	b->features.n = n ? b->start[n] : 0;
	b->n = n;
}

static inline void
batch_free(struct batch *b)
{
	free(b->label);
	free(b->weight);
	free(b->start);
	features_free(&b->features);
	*b = (struct batch){0};
}

#endif

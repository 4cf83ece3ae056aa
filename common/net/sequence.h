/*
 * sequence.h - records that are sequences, laid out so that each step of all of them is one block of rows.
 *
 * Of a session every record begins with what the one before it has. Such records, one behind the other, are a run, and
 * go through the net as one sequence, the longest: the state that a shorter one ends with stands in it already. So a
 * session costs what its last record does, and the results are those of records one by one.
 *
 * Runs are ordered by length, longest first. Rows are those of step 0 of all runs, then those of step 1 of all that
 * have one, and so on: the states before a step are the first rows of the step before it.
 */
#ifndef WEIR_SEQUENCE_H
#define WEIR_SEQUENCE_H

#include "../io/batch.h"

struct sequences {
	size_t runs, steps, rows;
	size_t *first;   /* [steps + 1], owned as all is: rows of step t are first[t] .. first[t + 1] */
	size_t *feature; /* [rows]: the place of the row's index among the features */
	size_t *row;     /* [records]: where the state of a record is */
	size_t *last;    /* [runs]: the last record of a run, in the order of the rows */
	size_t *rank;    /* [records]: the run of a record; in that order, once it is known */
	size_t first_capacity, feature_capacity, row_capacity, last_capacity, rank_capacity;
};

static inline size_t
sequence_length(const struct batch *batch, size_t record)
{
	return batch->start[record + 1] - batch->start[record];
}

/* Does a record of a batch begin with all that the record before it has? */
static inline bool
sequence_goes_on(const struct batch *batch, size_t record)
{
	const struct features *f = &batch->features;
	size_t before = batch->start[record - 1], n = batch->start[record] - before;

	return n <= sequence_length(batch, record) &&
	       memcmp(f->index + before, f->index + batch->start[record], n * sizeof *f->index) == 0 &&
	       memcmp(f->value + before, f->value + batch->start[record], n * sizeof *f->value) == 0;
}

/* Finds the runs of records from .. from + B of a batch, and orders them. */
static inline void
sequences_order(struct sequences *s, const struct batch *batch, size_t from, size_t B)
{
	s->runs = 0;
	for (size_t b = 0; b < B; b++) {
		s->runs += b == 0 || !sequence_goes_on(batch, from + b);
		s->last[s->runs - 1] = b;
	}
	for (size_t i = 1; i < s->runs; i++) {
		size_t moving = s->last[i], at = i;

		for (; at > 0 && sequence_length(batch, from + s->last[at - 1]) < sequence_length(batch, from + moving); at--)
			s->last[at] = s->last[at - 1];
		s->last[at] = moving;
	}
}

/* Lays out records from .. from + B of a batch, none of them empty. */
static inline void
sequences_lay_out(struct sequences *s, const struct batch *batch, size_t from, size_t B)
{
	size_t active;

	s->row = grow(s->row, &s->row_capacity, B, sizeof *s->row);
	s->rank = grow(s->rank, &s->rank_capacity, B, sizeof *s->rank);
	s->last = grow(s->last, &s->last_capacity, B, sizeof *s->last);
	sequences_order(s, batch, from, B);
	s->steps = sequence_length(batch, from + s->last[0]);
	s->first = grow(s->first, &s->first_capacity, s->steps + 1, sizeof *s->first);
	s->rows = 0;
	active = s->runs;
	for (size_t t = 0; t < s->steps; t++) {
		while (sequence_length(batch, from + s->last[active - 1]) <= t)
			active--;
		s->first[t] = s->rows;
		s->feature = grow(s->feature, &s->feature_capacity, s->rows + active, sizeof *s->feature);
		for (size_t i = 0; i < active; i++)
			s->feature[s->rows++] = batch->start[from + s->last[i]] + t;
	}
	s->first[s->steps] = s->rows;
	for (size_t i = 0; i < s->runs; i++)
		s->rank[s->last[i]] = i;
	for (size_t b = B; b--;) {
		bool ends = b + 1 == B || !sequence_goes_on(batch, from + b + 1);

		s->rank[b] = ends ? s->rank[b] : s->rank[b + 1];
		s->row[b] = s->first[sequence_length(batch, from + b) - 1] + s->rank[b];
	}
}

static inline void
sequences_free(struct sequences *s)
{
	free(s->first);
	free(s->feature);
	free(s->row);
	free(s->last);
	free(s->rank);
	*s = (struct sequences){0};
}

#endif

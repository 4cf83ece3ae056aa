/*
 * metric_list.h - the records of a group as a ranking, and what a metric knows of its error.
 *
 * Letters: n records of a group, k cutoff (0: the whole list), G groups, M positives and N negatives.
 *
 * Where scores are equal there is no ranking: the value is the mean over all orders of the tie, so that a constant
 * score is worth what shuffling is (McSherry and Najork 2008; AUC's ties by half are the same thing). Only an ordered
 * list stands as it is. A record is relevant, or positive, where its label is above 0.
 */
#ifndef WEIR_METRIC_LIST_H
#define WEIR_METRIC_LIST_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct metric_record {
	double score;
	float label;       /* of a ranking: below 0 is not judged, and worth nothing */
	uint32_t group;    /* below G */
	uint32_t item;     /* of catalogue metrics: below the number of items */
	uint32_t category;
};

/* The records of a group, best first, and the labels above 0, greatest first. */
struct metric_list {
	const struct metric_record *record; /* n */
	size_t n;
	bool ordered;              /* equal scores are ranked as they stand */
	const float *ideal;        /* n_positive: those of records that are not in the list too, where there are such */
	size_t n_positive;         /* M */
	size_t n_negative;         /* N: with a label of 0 */
	const double *information; /* of items, in bits: what catalogue metrics ask; else NULL */
};

/* A value and what is known of its error. */
struct metric_estimate {
	double value;    /* NaN: not defined on these records */
	double variance; /* of the value, groups being the independent units; infinite: unknown */
	double freedom;  /* degrees of freedom of Student's t; infinite: normal */
	uint64_t n;      /* records or groups it is a mean over */
};

/* What each group does to a metric over all records, for its error. */
struct metric_cluster {
	double positive, negative; /* sums of influences; over all groups together they are 0 */
	bool has_positive, has_negative;
};

/* The order of a list: best score first; what comes after only makes the order one and the same everywhere. */
static inline int
metric_compare(const void *a, const void *b)
{
	const struct metric_record *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return (x->label < y->label) - (x->label > y->label);
}

enum {
	METRIC_DIGITS = 12, /* bytes of a label and a score, lowest first */
	METRIC_FEW = 32     /* records that are sorted without counting digits */
};

/* Digit i of what orders a list: labels matter less than scores, and the greatest come first. */
static inline unsigned
metric_digit(const struct metric_record *r, size_t i)
{
	double score = r->score + 0.0; /* -0 is 0 */
	uint64_t bits;
	uint32_t label_bits;

	if (i < 4) {
		memcpy(&label_bits, &r->label, sizeof label_bits);
		label_bits = label_bits >> 31 ? label_bits : ~label_bits & 0x7fffffff;
		return label_bits >> 8 * i & 255;
	}
	memcpy(&bits, &score, sizeof bits);
	bits = bits >> 63 ? bits : ~bits & INT64_MAX;
	return bits >> 8 * (i - 4) & 255;
}

/* Sorts by insertion; false, and some are not in their places, where that takes more than so many moves. */
static inline bool
metric_insert(size_t n, struct metric_record *record, size_t moves)
{
	for (size_t i = 1; i < n; i++) {
		struct metric_record r = record[i];
		size_t j = i;

		for (; j > 0 && moves && metric_compare(&record[j - 1], &r) > 0; j--, moves--)
			record[j] = record[j - 1];
		record[j] = r;
		if (!moves)
			return false;
	}
	return true;
}

/* Sorts n < 2^32 records by the digits in use from `lowest` on, one after the other. scratch: n. */
static inline void
metric_sort_digits(size_t n, struct metric_record *record, struct metric_record *scratch, size_t lowest, const bool *used)
{
	struct metric_record *from = record, *to = scratch, *swapped;

	for (size_t d = lowest; d < METRIC_DIGITS; d++) {
		uint32_t place[256] = {0}, at = 0;

		if (!used[d])
			continue;
		for (size_t i = 0; i < n; i++)
			place[metric_digit(&from[i], d)]++;
		for (size_t v = 0; v < 256; v++) {
			uint32_t here = place[v];

			place[v] = at;
			at += here;
		}
		for (size_t i = 0; i < n; i++)
			to[place[metric_digit(&from[i], d)]++] = from[i];
		swapped = from;
		from = to;
		to = swapped;
	}
	if (from != record)
		memcpy(record, from, n * sizeof *record);
}

/*
 * Sorts n < 2^32 records by metric_compare: by the highest digits that are not all alike, which leaves most in their
 * places, and insertion; where that takes too long, by all digits. scratch: n.
 */
static inline void
metric_sort(size_t n, struct metric_record *record, struct metric_record *scratch)
{
	bool used[METRIC_DIGITS] = {false};
	size_t lowest = METRIC_DIGITS;

	if (metric_insert(n, record, n <= METRIC_FEW ? n * n + 1 : 1))
		return;
	for (size_t d = 0; d < METRIC_DIGITS; d++)
		for (size_t i = 1; i < n && !used[d]; i++)
			used[d] = metric_digit(&record[i], d) != metric_digit(record, d);
	for (size_t left = 256 * n; left && lowest; left = used[lowest] ? left / 256 : left) /* one more than tell n apart */
		lowest--;
	metric_sort_digits(n, record, scratch, lowest, used);
	if (!metric_insert(n, record, 8 * n))
		metric_sort_digits(n, record, scratch, 0, used);
}

static inline int
metric_compare_labels(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x < y) - (x > y);
}

/* The labels above 0 of a list, greatest first: at most n, written. */
static inline void
metric_idealise(struct metric_list *l, float *ideal)
{
	l->ideal = ideal;
	l->n_positive = l->n_negative = 0;
	for (size_t i = 0; i < l->n; i++) {
		if (l->record[i].label > 0)
			ideal[l->n_positive++] = l->record[i].label;
		l->n_negative += l->record[i].label == 0;
	}
	qsort(ideal, l->n_positive, sizeof *ideal, metric_compare_labels);
}

/*
 * The lists of G groups from n records. list: G, written; they view grouped and ideal, n each, written. grouped may be
 * all, where the records come group by group. end: G, and scratch: n, are scratch.
 */
static inline void
metric_deal(size_t n, size_t n_groups, struct metric_list *list, struct metric_record *grouped, float *ideal, size_t *end,
            struct metric_record *scratch, const struct metric_record *all)
{
	size_t at = 0;

	for (size_t g = 0; g < n_groups; g++)
		list[g] = (struct metric_list){0};
	for (size_t i = 0; i < n; i++)
		list[all[i].group].n++;
	for (size_t g = 0; g < n_groups; g++) {
		list[g].record = grouped + at;
		end[g] = at;
		at += list[g].n;
	}
	for (size_t i = 0; grouped != all && i < n; i++)
		grouped[end[all[i].group]++] = all[i];
	for (size_t g = 0, from = 0; g < n_groups; from += list[g++].n) {
		metric_sort(list[g].n, grouped + from, scratch);
		metric_idealise(&list[g], ideal);
		ideal += list[g].n_positive;
	}
}

/* Where the records end that have the score of record `from`. */
static inline size_t
metric_level_end(const struct metric_list *l, size_t from)
{
	size_t to = from + 1;

	while (to < l->n && l->record[to].score == l->record[from].score)
		to++;
	return to;
}

/* Where the records end that are in no order with record `from`. */
static inline size_t
metric_tie(const struct metric_list *l, size_t from)
{
	return l->ordered ? from + 1 : metric_level_end(l, from);
}

/* How many of the records from..to - 1 are positive. */
static inline size_t
metric_positives(const struct metric_list *l, size_t from, size_t to)
{
	size_t n = 0;

	for (; from < to; from++)
		n += l->record[from].label > 0;
	return n;
}

static inline size_t
metric_cutoff(const struct metric_list *l, double k)
{
	return k > 0 && k < (double)l->n ? (size_t)k : l->n;
}

#endif

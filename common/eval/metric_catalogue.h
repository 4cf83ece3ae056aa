/*
 * metric_catalogue.h - what the first k of all lists show of the catalogue. Letters as in metric_list.h; I items.
 *
 * These look at lists as they stand: one order, also of equal scores. Labels do not matter.
 */
#ifndef WEIR_METRIC_CATALOGUE_H
#define WEIR_METRIC_CATALOGUE_H

#include "metric_list.h"

/* Mean surprise, -log2 of an item's share of the popularity, over the first k (Zhou et al. 2010). NaN without records. */
static inline double
metric_novelty(const struct metric_list *l, double k)
{
	size_t limit = metric_cutoff(l, k);
	double bits = 0;

	for (size_t i = 0; i < limit; i++)
		bits += l->information[l->record[i].item];
	return bits / (double)limit;
}

/* Share of the pairs of the first k whose categories differ (Ziegler et al. 2005). NaN below two records. */
static inline double
metric_diversity(const struct metric_list *l, double k)
{
	size_t limit = metric_cutoff(l, k), differ = 0;

	for (size_t i = 0; i < limit; i++)
		for (size_t j = 0; j < i; j++)
			differ += l->record[i].category != l->record[j].category;
	return (double)differ / ((double)limit * ((double)limit - 1) / 2);
}

/* Adds to shown, I counts, how often each item is among the first k of G lists. */
static inline void
metric_count_shown(size_t n_groups, const struct metric_list *list, double k, uint64_t *shown)
{
	for (size_t g = 0; g < n_groups; g++)
		for (size_t i = 0; i < metric_cutoff(&list[g], k); i++)
			shown[list[g].record[i].item]++;
}

/* Share of the I items that are shown at all. */
static inline double
metric_coverage(size_t n_items, uint64_t *shown)
{
	size_t covered = 0;

	for (size_t i = 0; i < n_items; i++)
		covered += shown[i] > 0;
	return (double)covered / (double)n_items;
}

static inline int
metric_compare_counts(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/*
 * Gini's index of how often items are shown, by their rank i from 1, least first: sum (2 i - I - 1) shown / ((I - 1)
 * sum shown) (Shani and Gunawardana 2011): 0 when all are shown alike, 1 when one has it all. NaN of one item. Sorts.
 */
static inline double
metric_gini(size_t n_items, uint64_t *shown)
{
	double sum = 0, weighted = 0, n = (double)n_items;

	qsort(shown, n_items, sizeof *shown, metric_compare_counts);
	for (size_t i = 0; i < n_items; i++) {
		sum += (double)shown[i];
		weighted += (2 * ((double)i + 1) - n - 1) * (double)shown[i];
	}
	return n_items > 1 ? weighted / ((n - 1) * sum) : NAN;
}

#endif

/*
 * metric_rank.h - what a ranking of a group is worth. Letters as in metric_list.h; k cutoff, 0: the whole list.
 *
 * A ranking whose group has no positive has no value: NaN. Positives that are not in the list are never found.
 */
#ifndef WEIR_METRIC_RANK_H
#define WEIR_METRIC_RANK_H

#include "../num/math.h"
#include "metric_list.h"

/* 2^label - 1 (Burges et al. 2005). */
static inline double
metric_gain_exp(float label)
{
	int whole = (int)label;

	return math_power2(whole) * math_exp(((double)label - whole) * 0.69314718055994530942) - 1;
}

static inline double
metric_gain_linear(float label)
{
	return label;
}

/* 1 / log2(place + 2), places from 0. */
static inline double
metric_discount(size_t place)
{
	return 0.69314718055994530942 / math_log((double)place + 2);
}

/* Discounted cumulative gain to the cutoff, by that of the best ranking (Jarvelin and Kekalainen 2002). */
static inline double
metric_ndcg_of(const struct metric_list *l, double k, double (*gain)(float))
{
	size_t limit = metric_cutoff(l, k);
	double dcg = 0, best = 0;

	for (size_t from = 0, to; from < limit; from = to) {
		double gains = 0, discounts = 0;

		to = metric_tie(l, from);
		for (size_t i = from; i < to; i++)
			gains += l->record[i].label > 0 ? gain(l->record[i].label) : 0;
		for (size_t i = from; gains > 0 && i < to && i < limit; i++)
			discounts += metric_discount(i);
		dcg += gains / (double)(to - from) * discounts;
	}
	for (size_t i = 0; i < l->n_positive && (k == 0 || (double)i < k); i++)
		best += gain(l->ideal[i]) * metric_discount(i);
	return best > 0 ? dcg / best : NAN;
}

/* NDCG whose gain is the label, as in trec_eval and scikit-learn. */
static inline double
metric_ndcg(const struct metric_list *l, double k)
{
	return metric_ndcg_of(l, k, metric_gain_linear);
}

/* NDCG whose gain is 2^label - 1, as in learning to rank. */
static inline double
metric_ndcg_exp(const struct metric_list *l, double k)
{
	return metric_ndcg_of(l, k, metric_gain_exp);
}

/*
 * Average precision: the sum over positives before the cutoff of the precision at their places, by M. In a tie of
 * `size` records of which r are positive, a place has a positive with probability r / size, and then each place of
 * the tie before it has one with (r - 1) / (size - 1).
 */
static inline double
metric_map(const struct metric_list *l, double k)
{
	size_t limit = metric_cutoff(l, k), before = 0;
	double sum = 0;

	for (size_t from = 0, to; from < limit; from = to) {
		size_t positive, size;
		double more;

		to = metric_tie(l, from);
		size = to - from;
		positive = metric_positives(l, from, to);
		more = size > 1 ? (double)(positive - 1) / (double)(size - 1) : 0;
		for (size_t i = from; positive && i < to && i < limit; i++)
			sum += (double)positive / (double)size * ((double)before + 1 + (double)(i - from) * more) / (double)(i + 1);
		before += positive;
	}
	return l->n_positive ? sum / (double)l->n_positive : NAN;
}

/*
 * 1 / rank of the first positive, 0 where that is beyond the cutoff. In a tie of `size` records of which r are
 * positive, the j-th place (from 0) has the first with probability r / (size - j) if none before it had.
 */
static inline double
metric_mrr(const struct metric_list *l, double k)
{
	size_t limit = metric_cutoff(l, k), from = 0, to, positive = 0;
	double none = 1, value = 0;

	if (!l->n_positive)
		return NAN;
	for (to = 0; to < l->n && !positive; positive = metric_positives(l, from, to)) {
		from = to;
		to = metric_tie(l, from);
	}
	for (size_t place = from; positive && place < limit && place + positive <= to; place++) {
		double first = (double)positive / (double)(to - place);

		value += none * first / (double)(place + 1);
		none *= 1 - first;
	}
	return value;
}

/* Positives to the cutoff. */
static inline double
metric_hits(const struct metric_list *l, double k)
{
	size_t limit = metric_cutoff(l, k);
	double hits = 0;

	for (size_t from = 0, to; from < limit; from = to) {
		to = metric_tie(l, from);
		hits += (double)metric_positives(l, from, to) * (double)((to < limit ? to : limit) - from) /
		        (double)(to - from);
	}
	return hits;
}

/* Share of the positives that come before the cutoff. */
static inline double
metric_recall(const struct metric_list *l, double k)
{
	return l->n_positive ? metric_hits(l, k) / (double)l->n_positive : NAN;
}

/* Positives before the cutoff by k, also where there are fewer than k records, as in trec_eval. */
static inline double
metric_precision(const struct metric_list *l, double k)
{
	if (!l->n_positive)
		return NAN;
	return l->n ? metric_hits(l, k) / (k > 0 ? k : (double)l->n) : 0;
}

/* Precision, which is recall too, at the cutoff M. */
static inline double
metric_rprec(const struct metric_list *l, double at)
{
	(void)at;
	return metric_recall(l, (double)l->n_positive);
}

/* 1 where a positive comes before the cutoff, else 0. */
static inline double
metric_hit(const struct metric_list *l, double k)
{
	size_t limit = metric_cutoff(l, k);
	double none = 1; /* probability that none has come so far */

	if (!l->n_positive)
		return NAN;
	for (size_t from = 0, to; from < limit && none > 0; from = to) {
		size_t positive;

		to = metric_tie(l, from);
		positive = metric_positives(l, from, to);
		for (size_t place = from; place < to && place < limit && none > 0; place++)
			none *= place + positive < to ? 1 - (double)positive / (double)(to - place) : 0;
	}
	return 1 - none;
}

/*
 * Mean over the M positives of 1 - min(negatives above it, M) / min(N, M); those not in the list give 0 (Buckley and
 * Voorhees 2004, as trec_eval has it since 8.0). Records that are not judged do not matter. Of the `size` negatives
 * in its tie, 0 to `size` are above a positive, each number as likely.
 */
static inline double
metric_bpref(const struct metric_list *l, double at)
{
	size_t most = l->n_positive < l->n_negative ? l->n_positive : l->n_negative, above = 0;
	double sum = 0;

	(void)at;
	for (size_t from = 0, to; from < l->n; from = to) {
		size_t negative = 0, positive;
		double worse = 0; /* sum over the numbers */

		to = metric_tie(l, from);
		for (size_t i = from; i < to; i++)
			negative += l->record[i].label == 0;
		positive = metric_positives(l, from, to);
		for (size_t i = above; positive && most && i <= above + negative; i++)
			worse += (double)(i < most ? i : most) / (double)most;
		sum += (double)positive * (1 - worse / (double)(negative + 1));
		above += negative;
	}
	return l->n_positive ? sum / (double)l->n_positive : NAN;
}

/* Rank-biased precision (Moffat and Zobel 2008): (1 - p) times the sum of p^(rank - 1) over the positives. */
static inline double
metric_rbp(const struct metric_list *l, double p)
{
	double weight = 1 - p, sum = 0;

	for (size_t from = 0, to; from < l->n; from = to) {
		double weights = 0;

		to = metric_tie(l, from);
		for (size_t i = from; i < to; i++) {
			weights += weight;
			weight *= p;
		}
		sum += (double)metric_positives(l, from, to) / (double)(to - from) * weights;
	}
	return l->n_positive ? sum : NAN;
}

#endif

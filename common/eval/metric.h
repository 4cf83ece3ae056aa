/*
 * metric.h - what predictions and rankings are worth: a metric is one function and one row of the table below.
 *
 * Letters: n records of a group, k cutoff (0: the whole list), G groups, M positives and N negatives.
 *
 * Where scores are equal there is no ranking: the value is the mean over all orders of the tie, so that a constant
 * score is worth what shuffling is (McSherry and Najork 2008; AUC's ties by half are the same thing). A record is
 * relevant, or positive, where its label is above 0. A ranking without a relevant record has no value: NaN.
 */
#ifndef WEIR_METRIC_H
#define WEIR_METRIC_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../num/math.h"

struct metric_record {
	double score;
	float label;    /* >= 0 */
	uint32_t group; /* below G */
};

/* The records of a group, in the order of metric_compare, and their labels, greatest first. */
struct metric_list {
	const struct metric_record *record; /* n */
	const float *ideal;                 /* n */
	size_t n;
};

/* What a metric asks of records, and how it is used. */
enum {
	METRIC_BINARY = 1,      /* labels are 0 or 1 */
	METRIC_PROBABILITY = 2, /* scores are within [0, 1] */
	METRIC_GRADE = 4,       /* labels are at most METRIC_MOST_GRADE */
	METRIC_CUT = 8,         /* takes a cutoff k */
	METRIC_BY_RECORD = 16,  /* the mean over groups weighs each by its n; else each by 1 */
	METRIC_STANDARD = 32,   /* printed where no metric is named; with a cutoff, where k is given */
	METRIC_LOSS = 64        /* less is better */
};

static const float METRIC_MOST_GRADE = 100;

static const double METRIC_LEAST_PROBABILITY = 1e-15; /* what log-loss takes 0 for, so that one record cannot make it infinite */

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

struct metric {
	const char *name;
	unsigned flags;
	/* The value for one group; NaN: it has none, and does not count. */
	double (*value)(const struct metric_list *, size_t k);
	/* The value over all records as one list; NULL: it is the mean of the groups'. G clusters, all 0, are added to. */
	struct metric_estimate (*overall)(const struct metric_list *, size_t n_groups, struct metric_cluster *);
};

/* The order of a list: best score first; what comes after only makes the order one and the same everywhere. */
static inline int
metric_compare(const void *a, const void *b)
{
	const struct metric_record *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	if (x->label != y->label)
		return x->label > y->label ? -1 : 1;
	return (x->group > y->group) - (x->group < y->group);
}

static inline int
metric_compare_labels(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x < y) - (x > y);
}

/*
 * The lists of G groups, each with a record at least, from n records: sorts `all`, then deals it out, so that the
 * lists are sorted too. list: G, written; they view grouped and ideal, n each, written. end: G, scratch.
 */
static inline void
metric_deal(size_t n, size_t n_groups, struct metric_list *list, struct metric_record *grouped, float *ideal, size_t *end,
            struct metric_record *all)
{
	size_t at = 0;

	qsort(all, n, sizeof *all, metric_compare);
	for (size_t g = 0; g < n_groups; g++)
		list[g].n = 0;
	for (size_t i = 0; i < n; i++)
		list[all[i].group].n++;
	for (size_t g = 0; g < n_groups; g++) {
		list[g] = (struct metric_list){grouped + at, ideal + at, list[g].n};
		end[g] = at;
		at += list[g].n;
	}
	for (size_t i = 0; i < n; i++) {
		size_t to = end[all[i].group]++;

		grouped[to] = all[i];
		ideal[to] = all[i].label;
	}
	for (size_t g = 0; g < n_groups; g++)
		qsort(ideal + (list[g].ideal - ideal), list[g].n, sizeof *ideal, metric_compare_labels);
}

/* Where the records end that have the score of record `from`. */
static inline size_t
metric_tie(const struct metric_list *l, size_t from)
{
	size_t to = from + 1;

	while (to < l->n && l->record[to].score == l->record[from].score)
		to++;
	return to;
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
metric_cutoff(const struct metric_list *l, size_t k)
{
	return k && k < l->n ? k : l->n;
}

/*
 * P(score of a positive > that of a negative) + P(equal) / 2, over the M N pairs (Mann and Whitney 1947): exact, as
 * pairs are counted in whole numbers. NaN without both classes. n < 2^32.
 */
static inline double
metric_auc(const struct metric_list *l, size_t k)
{
	size_t n_positive = metric_positives(l, 0, l->n), n_negative = l->n - n_positive, below = n_negative;
	uint64_t halves = 0;

	(void)k;
	for (size_t from = 0, to; from < l->n; from = to) {
		size_t positive, negative;

		to = metric_tie(l, from);
		positive = metric_positives(l, from, to);
		negative = to - from - positive;
		below -= negative;
		halves += (uint64_t)positive * (2 * below + negative);
	}
	if (!n_positive || !n_negative)
		return NAN;
	return (double)halves / 2 / ((double)n_positive * (double)n_negative);
}

/* c / (c - 1) times the sum, the variance's correction for c units; infinite where one unit cannot tell. */
static inline double
metric_unbiased(double sum, size_t c)
{
	return c < 2 ? INFINITY : sum * (double)c / (double)(c - 1);
}

/*
 * AUC of all records. Its variance is that of Obuchowski 1997, whose units are groups of correlated records; where
 * each record is a group of its own it is that of DeLong, DeLong and Clarke-Pearson 1988.
 */
static inline struct metric_estimate
metric_auc_overall(const struct metric_list *l, size_t n_groups, struct metric_cluster *cluster)
{
	size_t n_positive = metric_positives(l, 0, l->n), n_negative = l->n - n_positive;
	size_t above = 0, below = n_negative, with_positive = 0, with_negative = 0;
	double auc = metric_auc(l, 0), positive_sum = 0, negative_sum = 0, cross = 0, variance;

	for (size_t from = 0, to; from < l->n; from = to) {
		size_t positive, negative;
		double beats, beaten; /* by how much more than expected a record of this score does */

		to = metric_tie(l, from);
		positive = metric_positives(l, from, to);
		negative = to - from - positive;
		below -= negative;
		beats = ((double)below + (double)negative / 2) / (double)n_negative - auc;
		beaten = ((double)above + (double)positive / 2) / (double)n_positive - auc;
		above += positive;
		for (size_t i = from; i < to; i++) {
			struct metric_cluster *c = &cluster[l->record[i].group];

			if (l->record[i].label > 0) {
				c->positive += beats / (double)n_positive;
				c->has_positive = true;
			} else {
				c->negative += beaten / (double)n_negative;
				c->has_negative = true;
			}
		}
	}
	for (size_t g = 0; g < n_groups; g++) {
		const struct metric_cluster *c = &cluster[g];

		positive_sum += c->positive * c->positive;
		negative_sum += c->negative * c->negative;
		cross += c->positive * c->negative;
		with_positive += c->has_positive;
		with_negative += c->has_negative;
	}
	variance = metric_unbiased(positive_sum, with_positive) + metric_unbiased(negative_sum, with_negative);
	if (n_groups > 1)
		variance += 2 * metric_unbiased(cross, n_groups);
	return (struct metric_estimate){auc, fmax(variance, 0), INFINITY, l->n};
}

/* -ln of the probability given to what happened. */
static inline double
metric_loss(const struct metric_record *r)
{
	return -math_log(fmax(r->label > 0 ? r->score : 1 - r->score, METRIC_LEAST_PROBABILITY));
}

/* Mean -ln of the probability given to each label: the cross-entropy, in nats. */
static inline double
metric_logloss(const struct metric_list *l, size_t k)
{
	double sum = 0;

	(void)k;
	for (size_t i = 0; i < l->n; i++)
		sum += metric_loss(&l->record[i]);
	return sum / (double)l->n;
}

/* -ln of the score of the one positive, as softmax and choice heads learn it. NaN where there is not exactly one. */
static inline double
metric_nll(const struct metric_list *l, size_t k)
{
	(void)k;
	if (metric_positives(l, 0, l->n) != 1)
		return NAN;
	for (size_t i = 0;; i++)
		if (l->record[i].label > 0)
			return metric_loss(&l->record[i]);
}

/* Share of records whose score is above 1/2 where the label is 1, and not where it is 0. */
static inline double
metric_accuracy(const struct metric_list *l, size_t k)
{
	size_t right = 0;

	(void)k;
	for (size_t i = 0; i < l->n; i++)
		right += (l->record[i].score > 0.5) == (l->record[i].label > 0);
	return (double)right / (double)l->n;
}

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
metric_ndcg_of(const struct metric_list *l, size_t k, double (*gain)(float))
{
	size_t limit = metric_cutoff(l, k);
	double dcg = 0, best = 0;

	for (size_t from = 0, to; from < limit; from = to) {
		double gains = 0, discounts = 0;

		to = metric_tie(l, from);
		for (size_t i = from; i < to; i++) {
			gains += gain(l->record[i].label);
			discounts += i < limit ? metric_discount(i) : 0;
		}
		dcg += gains / (double)(to - from) * discounts;
	}
	for (size_t i = 0; i < limit; i++)
		best += gain(l->ideal[i]) * metric_discount(i);
	return best > 0 ? dcg / best : NAN;
}

/* NDCG whose gain is the label, as in trec_eval and scikit-learn. */
static inline double
metric_ndcg(const struct metric_list *l, size_t k)
{
	return metric_ndcg_of(l, k, metric_gain_linear);
}

/* NDCG whose gain is 2^label - 1, as in learning to rank. */
static inline double
metric_ndcg_exp(const struct metric_list *l, size_t k)
{
	return metric_ndcg_of(l, k, metric_gain_exp);
}

/*
 * 1 / rank of the first positive, 0 where that is beyond the cutoff. In a tie of `size` records of which r are
 * positive, the j-th place (from 0) has the first with probability r / (size - j) if none before it had.
 */
static inline double
metric_mrr(const struct metric_list *l, size_t k)
{
	size_t limit = metric_cutoff(l, k), from = 0, to, positive = 0;
	double none = 1, value = 0;

	for (to = 0; to < l->n && !positive; positive = metric_positives(l, from, to)) {
		from = to;
		to = metric_tie(l, from);
	}
	if (!positive)
		return NAN;
	for (size_t place = from; place < limit && place + positive <= to; place++) {
		double first = (double)positive / (double)(to - place);

		value += none * first / (double)(place + 1);
		none *= 1 - first;
	}
	return value;
}

/* Positives to the cutoff. */
static inline double
metric_hits(const struct metric_list *l, size_t k)
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
metric_recall(const struct metric_list *l, size_t k)
{
	size_t positive = metric_positives(l, 0, l->n);

	return positive ? metric_hits(l, k) / (double)positive : NAN;
}

/* Positives before the cutoff by k, also where there are fewer than k records, as in trec_eval. */
static inline double
metric_precision(const struct metric_list *l, size_t k)
{
	return metric_positives(l, 0, l->n) ? metric_hits(l, k) / (double)(k ? k : l->n) : NAN;
}

/* 1 where a positive comes before the cutoff, else 0. */
static inline double
metric_hit(const struct metric_list *l, size_t k)
{
	size_t limit = metric_cutoff(l, k);
	double none = 1; /* probability that none has come so far */

	if (!metric_positives(l, 0, l->n))
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
 * The mean of a value over groups, weighted (weight NULL: 1 each); groups without a value (NaN) do not count. The
 * variance is that of a ratio of sums over groups, G / (G - 1) times the sum of (weight (value - mean))^2 by
 * (sum of weights)^2 (Cochran 1977, chapter 6): with equal weights s^2 / G.
 */
static inline struct metric_estimate
metric_mean(const double *value, const double *weight, size_t n_groups)
{
	double sum = 0, weights = 0, squares = 0, mean;
	size_t counted = 0;

	for (size_t g = 0; g < n_groups; g++)
		if (!isnan(value[g])) {
			double w = weight ? weight[g] : 1;

			sum += w * value[g];
			weights += w;
			counted++;
		}
	mean = sum / weights;
	for (size_t g = 0; g < n_groups; g++)
		if (!isnan(value[g])) {
			double d = (weight ? weight[g] : 1) * (value[g] - mean);

			squares += d * d;
		}
	return (struct metric_estimate){mean, metric_unbiased(squares / (weights * weights), counted),
	                                (double)counted - 1, (uint64_t)weights};
}

/*
 * Makes of the values of G groups what pairs of systems are compared by: values whose plain mean over the groups with
 * a value is the weighted one, and whose variance by the number of those is its variance, mean + G w (value - mean) /
 * (sum of weights).
 */
static inline void
metric_unweigh(double *value, const double *weight, size_t n_groups)
{
	double sum = 0, weights = 0;
	size_t counted = 0;

	for (size_t g = 0; g < n_groups; g++)
		if (!isnan(value[g])) {
			sum += weight[g] * value[g];
			weights += weight[g];
			counted++;
		}
	for (size_t g = 0; g < n_groups; g++)
		value[g] = (sum + (double)counted * weight[g] * (value[g] - sum / weights)) / weights;
}

/* The same of a metric over all records, from its value and clusters: value + G times the influence of the group. */
static inline void
metric_spread(size_t n_groups, double *spread, double value, const struct metric_cluster *cluster)
{
	for (size_t g = 0; g < n_groups; g++)
		spread[g] = value + (double)n_groups * (cluster[g].positive + cluster[g].negative);
}

enum {
	METRIC_RANKING = METRIC_CUT | METRIC_STANDARD,
	METRIC_CLASS = METRIC_BINARY | METRIC_PROBABILITY | METRIC_STANDARD
};

static const struct metric metrics[] = {
	{"auc", METRIC_BINARY | METRIC_STANDARD, metric_auc, metric_auc_overall},
	{"gauc", METRIC_BINARY | METRIC_BY_RECORD | METRIC_STANDARD, metric_auc, NULL},
	{"logloss", METRIC_CLASS | METRIC_BY_RECORD | METRIC_LOSS, metric_logloss, NULL},
	{"accuracy", METRIC_CLASS | METRIC_BY_RECORD, metric_accuracy, NULL},
	{"nll", METRIC_BINARY | METRIC_PROBABILITY | METRIC_LOSS, metric_nll, NULL},
	{"ndcg", METRIC_RANKING, metric_ndcg, NULL},
	{"ndcg_exp", METRIC_CUT | METRIC_GRADE, metric_ndcg_exp, NULL},
	{"mrr", METRIC_RANKING, metric_mrr, NULL},
	{"recall", METRIC_RANKING, metric_recall, NULL},
	{"precision", METRIC_RANKING, metric_precision, NULL},
	{"hit", METRIC_RANKING, metric_hit, NULL},
};

enum { N_METRICS = sizeof metrics / sizeof *metrics };

/* The row of a name of n bytes; NULL: there is none. */
static inline const struct metric *
metric_find(const char *name, size_t n)
{
	for (size_t i = 0; i < N_METRICS; i++)
		if (strlen(metrics[i].name) == n && memcmp(metrics[i].name, name, n) == 0)
			return &metrics[i];
	return NULL;
}

#endif

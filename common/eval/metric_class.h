/*
 * metric_class.h - scores against labels, record by record: what classifiers and regressions are measured by.
 *
 * Those over all records are computed from levels, a score and how many records of each class have it, best first:
 * whole numbers, so that levels counted apart add up to the same. Letters as in metric_list.h; p a score, y a label,
 * t a threshold.
 */
#ifndef WEIR_METRIC_CLASS_H
#define WEIR_METRIC_CLASS_H

#include "../num/int128.h"
#include "../num/math.h"
#include "metric_list.h"
#include "metric_mean.h"

/* What log-loss takes 0 for, so that one record cannot make it infinite. */
static const double METRIC_LEAST_PROBABILITY = 1e-15;

enum { METRIC_MOST_BINS = 1000 };

struct metric_level {
	double score;
	uint64_t positive, negative;
};

/* The level that begins at record *from, which is moved behind it. */
static inline struct metric_level
metric_level(const struct metric_list *l, size_t *from)
{
	size_t to = metric_level_end(l, *from), positive = metric_positives(l, *from, to);
	struct metric_level level = {l->record[*from].score, positive, to - *from - positive};

	*from = to;
	return level;
}

/* ---- AUC ---- */

struct metric_pairs {
	uint64_t positive, negative;
	uint128 halves; /* twice the pairs with the positive above, and those that are equal */
};

static inline void
metric_pairs_add(struct metric_pairs *p, struct metric_level level)
{
	p->halves += (uint128)level.negative * (2 * (uint128)p->positive + level.positive);
	p->positive += level.positive;
	p->negative += level.negative;
}

static inline double
metric_pairs_auc(const struct metric_pairs *p)
{
	if (!p->positive || !p->negative)
		return NAN;
	return (double)p->halves / 2 / ((double)p->positive * (double)p->negative);
}

static inline double
metric_auc_of_levels(size_t n, const struct metric_level *level, double at)
{
	struct metric_pairs pairs = {0, 0, 0};

	(void)at;
	for (size_t i = 0; i < n; i++)
		metric_pairs_add(&pairs, level[i]);
	return metric_pairs_auc(&pairs);
}

/*
 * P(score of a positive > that of a negative) + P(equal) / 2, over the M N pairs (Mann and Whitney 1947): exact, as
 * pairs are counted in whole numbers. NaN without both classes.
 */
static inline double
metric_auc(const struct metric_list *l, double at)
{
	struct metric_pairs pairs = {0, 0, 0};

	(void)at;
	for (size_t from = 0; from < l->n;)
		metric_pairs_add(&pairs, metric_level(l, &from));
	return metric_pairs_auc(&pairs);
}

/*
 * AUC of all records. Its variance is that of Obuchowski 1997, whose units are groups of correlated records; where
 * each record is a group of its own it is that of DeLong, DeLong and Clarke-Pearson 1988.
 */
static inline struct metric_estimate
metric_auc_overall(const struct metric_list *l, double at, size_t n_groups, struct metric_cluster *cluster)
{
	size_t n_positive = metric_positives(l, 0, l->n), n_negative = l->n - n_positive;
	size_t above = 0, below = n_negative, with_positive = 0, with_negative = 0;
	double auc = metric_auc(l, at), positive_sum = 0, negative_sum = 0, cross = 0, variance;

	for (size_t from = 0, to; from < l->n; from = to) {
		size_t positive, negative;
		double beats, beaten; /* by how much more than expected a record of this score does */

		to = metric_level_end(l, from);
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

/* ---- calibration ---- */

/* Records in bins of as equal a number as ties allow, best first: one of score p is in bin (records above p) bins / n. */
struct metric_bins {
	uint64_t total; /* n */
	uint64_t above; /* records that are in a bin */
	size_t n;       /* bins */
	struct metric_bin {
		uint64_t n, positive;
		double score; /* sum */
	} bin[METRIC_MOST_BINS];
};

/* Puts a level in its bin, which is returned. Levels come best first. */
static inline struct metric_bin *
metric_bins_add(struct metric_bins *b, struct metric_level level)
{
	struct metric_bin *bin = &b->bin[(size_t)((uint128)b->above * b->n / b->total)];
	uint64_t n = level.positive + level.negative;

	bin->n += n;
	bin->positive += level.positive;
	bin->score += level.score * (double)n;
	b->above += n;
	return bin;
}

/* Sum over bins of |sum p - sum y|, by the number of records. */
static inline double
metric_bins_error(const struct metric_bins *b)
{
	double error = 0;

	for (size_t i = 0; i < b->n; i++)
		error += fabs(b->bin[i].score - (double)b->bin[i].positive);
	return error / (double)b->total;
}

static inline void
metric_bins_of_levels(struct metric_bins *b, size_t n_bins, size_t n, const struct metric_level *level)
{
	*b = (struct metric_bins){.n = n_bins};
	for (size_t i = 0; i < n; i++)
		b->total += level[i].positive + level[i].negative;
	for (size_t i = 0; i < n; i++)
		metric_bins_add(b, level[i]);
}

static inline double
metric_ece_of_levels(size_t n, const struct metric_level *level, double at)
{
	struct metric_bins bins;

	metric_bins_of_levels(&bins, (size_t)at, n, level);
	return metric_bins_error(&bins);
}

static inline void
metric_bins_of_list(struct metric_bins *b, size_t n_bins, const struct metric_list *l)
{
	*b = (struct metric_bins){.n = n_bins, .total = l->n};
	for (size_t from = 0; from < l->n;)
		metric_bins_add(b, metric_level(l, &from));
}

/*
 * Expected calibration error (Naeini, Cooper and Hauskrecht 2015): the mean, weighted by records, of |mean p - mean y|
 * over bins of equal counts.
 */
static inline double
metric_ece(const struct metric_list *l, double at)
{
	struct metric_bins bins;

	metric_bins_of_list(&bins, (size_t)at, l);
	return metric_bins_error(&bins);
}

/* The same of all records; its variance takes the bins, and on which side of the rate each one errs, as given. */
static inline struct metric_estimate
metric_ece_overall(const struct metric_list *l, double at, size_t n_groups, struct metric_cluster *cluster)
{
	struct metric_bins bins;
	double error, squares = 0;

	metric_bins_of_list(&bins, (size_t)at, l);
	error = metric_bins_error(&bins);
	for (size_t from = 0, to; from < l->n; from = to) {
		const struct metric_bin *bin = &bins.bin[(size_t)((uint128)from * bins.n / bins.total)];
		double side = bin->score > (double)bin->positive ? 1 : -1;

		to = metric_level_end(l, from);
		for (size_t i = from; i < to; i++)
			cluster[l->record[i].group].positive +=
				(side * (l->record[i].score - (double)l->record[i].label) - error) / (double)l->n;
	}
	for (size_t g = 0; g < n_groups; g++)
		squares += cluster[g].positive * cluster[g].positive;
	return (struct metric_estimate){error, metric_unbiased(squares, n_groups), INFINITY, l->n};
}

/* ---- means over records ---- */

/* n, the weight of means over records. */
static inline double
metric_records(const struct metric_list *l, double at)
{
	(void)at;
	return (double)l->n;
}

/* -ln of the probability given to what happened. */
static inline double
metric_loss(const struct metric_record *r)
{
	return -math_log(fmax(r->label > 0 ? r->score : 1 - r->score, METRIC_LEAST_PROBABILITY));
}

/* Mean -ln of the probability given to each label: the cross-entropy, in nats. */
static inline double
metric_logloss(const struct metric_list *l, double at)
{
	double sum = 0;

	(void)at;
	for (size_t i = 0; i < l->n; i++)
		sum += metric_loss(&l->record[i]);
	return sum / (double)l->n;
}

/* -ln of the score of the one positive, as softmax and choice heads learn it. NaN where there is not exactly one. */
static inline double
metric_nll(const struct metric_list *l, double at)
{
	(void)at;
	if (metric_positives(l, 0, l->n) != 1)
		return NAN;
	for (size_t i = 0;; i++)
		if (l->record[i].label > 0)
			return metric_loss(&l->record[i]);
}

/* Mean (p - y)^2; of probabilities the score of Brier 1950. */
static inline double
metric_mse(const struct metric_list *l, double at)
{
	double sum = 0;

	(void)at;
	for (size_t i = 0; i < l->n; i++) {
		double error = l->record[i].score - (double)l->record[i].label;

		sum += error * error;
	}
	return sum / (double)l->n;
}

/* Mean |p - y|. */
static inline double
metric_mae(const struct metric_list *l, double at)
{
	double sum = 0;

	(void)at;
	for (size_t i = 0; i < l->n; i++)
		sum += fabs(l->record[i].score - (double)l->record[i].label);
	return sum / (double)l->n;
}

/* ---- at a threshold: p > t is said to be positive ---- */

struct metric_confusion {
	size_t true_positive, false_positive, false_negative, true_negative;
};

static inline struct metric_confusion
metric_confuse(const struct metric_list *l, double t)
{
	struct metric_confusion c = {0, 0, 0, 0};

	for (size_t i = 0; i < l->n; i++) {
		bool said = l->record[i].score > t, is = l->record[i].label > 0;

		c.true_positive += said && is;
		c.false_positive += said && !is;
		c.false_negative += !said && is;
		c.true_negative += !said && !is;
	}
	return c;
}

/* Share of the records that are what they are said to be. */
static inline double
metric_accuracy(const struct metric_list *l, double t)
{
	struct metric_confusion c = metric_confuse(l, t);

	return (double)(c.true_positive + c.true_negative) / (double)l->n;
}

/* How many are said to be positive. */
static inline double
metric_said(const struct metric_list *l, double t)
{
	struct metric_confusion c = metric_confuse(l, t);

	return (double)(c.true_positive + c.false_positive);
}

/* Positive predictive value, the precision of a classifier: share of positives in those said to be. NaN: none is. */
static inline double
metric_ppv(const struct metric_list *l, double t)
{
	double said = metric_said(l, t);

	return said > 0 ? (double)metric_confuse(l, t).true_positive / said : NAN;
}

/* M */
static inline double
metric_relevant(const struct metric_list *l, double t)
{
	struct metric_confusion c = metric_confuse(l, t);

	return (double)(c.true_positive + c.false_negative);
}

/* True positive rate, the recall of a classifier: share of the positives that are said to be. NaN: there is none. */
static inline double
metric_tpr(const struct metric_list *l, double t)
{
	double relevant = metric_relevant(l, t);

	return relevant > 0 ? (double)metric_confuse(l, t).true_positive / relevant : NAN;
}

/* How many are positive, and how many are said to be. */
static inline double
metric_said_and_relevant(const struct metric_list *l, double t)
{
	return metric_said(l, t) + metric_relevant(l, t);
}

/* Harmonic mean of ppv and tpr: twice the true positives by the positives and those said to be. NaN without both. */
static inline double
metric_f1(const struct metric_list *l, double t)
{
	double both = metric_said_and_relevant(l, t);

	return both > 0 ? 2 * (double)metric_confuse(l, t).true_positive / both : NAN;
}

#endif

/*
 * metric_mean.h - means over groups, from sums that are exact: no order of the groups, and no split, changes a bit.
 *
 * Letters: G groups, x and w the sums of a group, as the value times the weight and the weight; m = sum x / sum w.
 */
#ifndef WEIR_METRIC_MEAN_H
#define WEIR_METRIC_MEAN_H

#include "../num/exact.h"
#include "interval.h"
#include "metric_list.h"

/* All 0 is of no groups. */
struct metric_sums {
	uint64_t n;                  /* groups with a value */
	uint64_t n_without;
	struct exact x, w, xx, xw, ww;
};

/* A group; value NaN: it has none. */
static inline void
metric_sums_add(struct metric_sums *s, double value, double weight)
{
	double x = value * weight;

	if (isnan(value)) {
		s->n_without++;
		return;
	}
	s->n++;
	exact_add(&s->x, x);
	exact_add(&s->w, weight);
	exact_add_product(&s->xx, x, x);
	exact_add_product(&s->xw, x, weight);
	exact_add_product(&s->ww, weight, weight);
}

static inline void
metric_sums_merge(struct metric_sums *to, const struct metric_sums *more)
{
	to->n += more->n;
	to->n_without += more->n_without;
	exact_merge(&to->x, &more->x);
	exact_merge(&to->w, &more->w);
	exact_merge(&to->xx, &more->xx);
	exact_merge(&to->xw, &more->xw);
	exact_merge(&to->ww, &more->ww);
}

/* c / (c - 1) times the sum, the variance's correction for c units; infinite where one unit cannot tell. */
static inline double
metric_unbiased(double sum, size_t c)
{
	return c < 2 ? INFINITY : sum * (double)c / (double)(c - 1);
}

/*
 * m, NaN without a group. Its variance is that of a ratio of sums over groups, G / (G - 1) times the sum of
 * (x - m w)^2 by (sum w)^2 (Cochran 1977, chapter 6): with equal weights s^2 / G. The squares are those of
 * xx - 2 m xw + m^2 ww, which is added up without rounding: nothing cancels.
 */
static inline struct metric_estimate
metric_sums_estimate(const struct metric_sums *s)
{
	double weights = exact_value(&s->w), mean = exact_value(&s->x) / weights, square = mean * mean;
	struct exact squares = s->xx;

	if (!s->n)
		return (struct metric_estimate){NAN, INFINITY, -1, 0};
	exact_add_scaled(&squares, &s->xw, -2 * mean);
	exact_add_scaled(&squares, &s->ww, square);
	exact_add_scaled(&squares, &s->ww, fma(mean, mean, -square));
	return (struct metric_estimate){mean, metric_unbiased(fmax(exact_value(&squares), 0) / (weights * weights), s->n),
	                                (double)s->n - 1, (uint64_t)weights};
}

/* The interval that covers the truth with probability `level`, infinite where the variance is. */
static inline struct interval
metric_interval(const struct metric_estimate *e, double level)
{
	double p = (1 + level) / 2, half = INFINITY;

	if (isfinite(e->variance))
		half = (isinf(e->freedom) ? normal_quantile(p) : student_quantile(e->freedom, p)) * sqrt(e->variance);
	return (struct interval){e->value - half, e->value + half};
}

/* The root of a mean, and its variance to the first order. */
static inline struct metric_estimate
metric_root(struct metric_estimate e)
{
	double root = sqrt(e.value);

	return (struct metric_estimate){root, root > 0 ? e.variance / (4 * e.value) : 0, e.freedom, e.n};
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

/* The same for the root of their plain mean m, to the first order: sqrt m + (value - m) / (2 sqrt m). */
static inline void
metric_unroot(double *value, size_t n_groups)
{
	double sum = 0, mean;
	size_t counted = 0;

	for (size_t g = 0; g < n_groups; g++)
		if (!isnan(value[g])) {
			sum += value[g];
			counted++;
		}
	mean = sum / (double)counted;
	for (size_t g = 0; g < n_groups; g++)
		value[g] = mean > 0 ? (value[g] + mean) / (2 * sqrt(mean)) : value[g];
}

/* The same of a metric over all records, from its value and clusters: value + G times the influence of the group. */
static inline void
metric_spread(size_t n_groups, double *spread, double value, const struct metric_cluster *cluster)
{
	for (size_t g = 0; g < n_groups; g++)
		spread[g] = value + (double)n_groups * (cluster[g].positive + cluster[g].negative);
}

#endif

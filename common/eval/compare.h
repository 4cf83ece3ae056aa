/*
 * compare.h - two independent samples: how far apart, within which bounds, and how likely that far by chance.
 *
 * Letters as in interval.h; p is two-sided, the probability of a difference as large where there is none.
 */
#ifndef WEIR_COMPARE_H
#define WEIR_COMPARE_H

#include "interval.h"
#include "tally.h"

struct comparison {
	double difference, lower, upper, p;
};

/* Nothing can be told. */
static const struct comparison comparison_none = {NAN, NAN, NAN, NAN};

/*
 * Rate a less rate b; n > 0 in both. The interval is Newcombe's from Wilson's of each (1998, method 10), p that of the
 * two-proportion z test, variance pooled, without correction for continuity; 1 where the rates are equal.
 */
static inline struct comparison
compare_rates(struct rate a, struct rate b, double z)
{
	double p = rate_value(a), q = rate_value(b), n = (double)a.n, m = (double)b.n;
	double pooled = ((double)a.positive + (double)b.positive) / (n + m);
	double error = sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
	struct interval i = wilson_interval(a.n, a.positive, z), j = wilson_interval(b.n, b.positive, z);

	return (struct comparison){
		p - q, p - q - sqrt((p - i.lower) * (p - i.lower) + (j.upper - q) * (j.upper - q)),
		p - q + sqrt((i.upper - p) * (i.upper - p) + (q - j.lower) * (q - j.lower)),
		p == q ? 1 : 2 * normal_tail(fabs(p - q) / error),
	};
}

/*
 * Mean a less mean b, where variances may differ (Welch 1947): t with the degrees of freedom of Satterthwaite. Of a
 * sample of one nothing can be told. Samples without variance leave no doubt: p is 0 or 1.
 */
static inline struct comparison
compare_means(const struct money *a, const struct money *b, double level)
{
	double difference = money_mean(a) - money_mean(b), v, w, error, df, half;

	if (a->n < 2 || b->n < 2)
		return comparison_none;
	v = money_variance(a) / (double)a->n;
	w = money_variance(b) / (double)b->n;
	if (v + w == 0)
		return (struct comparison){difference, difference, difference, difference == 0};
	error = sqrt(v + w);
	df = (v + w) * (v + w) / (v * v / (double)(a->n - 1) + w * w / (double)(b->n - 1));
	df = fmax(df, 1);
	half = student_quantile(df, (1 + level) / 2) * error;
	return (struct comparison){difference, difference - half, difference + half, student_tails(df, difference / error)};
}

#endif

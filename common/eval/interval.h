/*
 * interval.h - quantiles and tails of Student's t, and the intervals that stand on them and on the normal's.
 *
 * Letters: n observations, k of them positive, z and t the quantile at (1 + level) / 2, where level is the
 * probability that the interval covers the truth (0.95).
 */
#ifndef WEIR_INTERVAL_H
#define WEIR_INTERVAL_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "../num/math.h"
#include "../num/normal.h"

struct interval {
	double lower, upper;
};

/* For qsort: doubles, the smallest first. */
static inline int
interval_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The value that a share p of n sorted ones is below, between two of them by a straight line. n >= 1. */
static inline double
interval_quantile(size_t n, const double *sorted, double p)
{
	double at = p * (double)(n - 1);
	size_t below = (size_t)at;

	return below + 1 < n ? sorted[below] + (at - (double)below) * (sorted[below + 1] - sorted[below]) : sorted[n - 1];
}

/* The percentile interval: what the middle of n >= 1 values holds. Sorts them. */
static inline struct interval
percentile_interval(size_t n, double *value, double level)
{
	qsort(value, n, sizeof *value, interval_compare);
	return (struct interval){interval_quantile(n, value, (1 - level) / 2), interval_quantile(n, value, (1 + level) / 2)};
}

/* The ten-point Gauss-Legendre sum on [-1, 1]: its positive nodes, and the weight of each and of its negative. */
enum { GAUSS_NODES = 5 };

static const double gauss_node[GAUSS_NODES] = {0.14887433898163121088, 0.43339539412924719080, 0.67940956829902440623,
                                               0.86506336668898451073, 0.97390652851717172008};
static const double gauss_weight[GAUSS_NODES] = {0.29552422471475287017, 0.26926671930999635509, 0.21908636251598204400,
                                                 0.14945134915058059315, 0.06667134430868813759};

/*
 * Gamma(x + 1/2) / Gamma(x) for x > 0, relative error below 1e-14: Stirling's series for the logarithm from 20 on,
 * and the recurrence Gamma(x + 1) = x Gamma(x) below it.
 */
static inline double
gamma_half_ratio(double x)
{
	double factor = 1, u;

	for (; x < 20; x++)
		factor *= x / (x + 0.5);
	u = 1 / (x * x);
	return factor * sqrt(x) * math_exp((-1.0 / 8 + u * (1.0 / 192 + u * (-1.0 / 640 + u * 17 / 14336))) / x);
}

/*
 * Density of w, up to its constant, where t = 2w sqrt(df) / (1 - w^2) has Student's distribution: on w in [0, 1)
 * it is smooth for any df, from an arc of a circle (df 1) to a Gaussian bell (df large).
 */
static inline double
student_density(double df, double w)
{
	return math_exp((df - 1) * math_log1p(-w * w) - df * math_log1p(w * w));
}

/*
 * The t that Student's variable with df >= 1 degrees of freedom stays below with probability p in (0, 1);
 * df need not be whole; NaN outside. Relative error below 1e-14 + 2e-15 / min(p, 1 - p).
 *
 * Newton's method for P(|T| < t) = |2p - 1| in w. The density falls in w, so from 0 the steps come to the root
 * from one side; each adds the integral over itself, a ten-point Gauss-Legendre sum.
 */
static inline double
student_quantile(double df, double p)
{
	double left = fabs(2 * p - 1), w = 0, step, constant, t;

	if (!(df >= 1 && p > 0 && p < 1))
		return NAN;
	constant = 4 * gamma_half_ratio(df / 2) / sqrt(MATH_PI);
	for (int i = 0; i < 200; i++) {
		double sum = 0;

		step = left / (constant * student_density(df, w));
		if (!(step > 1e-17 * w) || w + step >= 1)
			break;
		for (size_t j = 0; j < GAUSS_NODES; j++)
			sum += gauss_weight[j] * (student_density(df, w + step / 2 * (1 - gauss_node[j])) +
			                          student_density(df, w + step / 2 * (1 + gauss_node[j])));
		left -= constant * step / 2 * sum;
		w += step;
	}
	t = 2 * w * sqrt(df) / ((1 - w) * (1 + w));
	return p < 0.5 ? -t : t;
}

/*
 * The probability that Student's variable with df >= 1 degrees of freedom is at least as far from 0 as t. With t =
 * sqrt(df) sinh(u) the density of u is cosh(u)^-df / B(df / 2, 1/2), smooth and falling exponentially: it is added up
 * from u on, in steps that follow its fall. Relative error below 1e-13.
 */
static inline double
student_tails(double df, double t)
{
	double x = fabs(t) / sqrt(df), u = math_log1p(x + x * x / (1 + sqrt(1 + x * x))), sum = 0, more = 1;

	if (x > 1e100)
		return 0; /* nearly */
	while (more > 1e-18 * sum) {
		double step = 1 / (df * math_tanh(u) + sqrt(df));

		more = 0;
		for (size_t i = 0; i < 2 * GAUSS_NODES; i++) {
			double node = i % 2 ? gauss_node[i / 2] : -gauss_node[i / 2];
			double grown = math_expm1(u + step / 2 * (1 + node)), sinh = (grown + grown / (1 + grown)) / 2;

			more += step / 2 * gauss_weight[i / 2] * math_exp(-df / 2 * math_log1p(sinh * sinh));
		}
		sum += more;
		u += step;
	}
	return fmin(1, 2 * sum * gamma_half_ratio(df / 2) / sqrt(MATH_PI));
}

/*
 * Wilson's score interval for the proportion k / n, within [0, 1]; n = 0 gives [0, 1].
 * (2k + z^2 -+ z sqrt(z^2 + 4k(1 - k/n))) / (2(n + z^2)): Wilson 1927.
 */
static inline struct interval
wilson_interval(uint64_t n, uint64_t k, double z)
{
	double count = (double)n, positive = (double)k, negative = (double)(n - k);
	double middle = 2 * positive + z * z, root, scale = 2 * (count + z * z);

	if (n == 0)
		return (struct interval){0, 1};
	root = z * sqrt(z * z + 4 * positive * (negative / count));
	return (struct interval){(middle - root) / scale, k == n ? 1 : (middle + root) / scale};
}

/*
 * Student's interval for the mean of a population, from the mean of n observations and their variance (divided
 * by n - 1): mean -+ t sqrt(variance / n), t with n - 1 degrees of freedom (Student 1908). n < 2 gives
 * [-infinity, infinity]: one observation does not say how far they scatter.
 */
static inline struct interval
mean_interval(uint64_t n, double mean, double variance, double level)
{
	double half;

	if (n < 2)
		return (struct interval){-INFINITY, INFINITY};
	half = student_quantile((double)(n - 1), (1 + level) / 2) * sqrt(variance / (double)n);
	return (struct interval){mean - half, mean + half};
}

#endif

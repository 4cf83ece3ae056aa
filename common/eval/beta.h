/*
 * beta.h - quantiles of the beta distribution, and the exact interval of a proportion, for counts of any size.
 *
 * Letters: a, b > 0 its parameters, X its variable; d how far the logit of X is from its mode, ln(a / b).
 */
#ifndef WEIR_BETA_H
#define WEIR_BETA_H

#include "interval.h"

/*
 * Density of the logit of X at d >= 0 above its mode, by that at the mode: e^(ad) / (1 + q(e^d - 1))^(a+b) with
 * q = a / (a + b). It falls, its logarithm is concave, and far out it falls as e^(-bd). The two forms are equal;
 * each is exact to the error of its first term. Below the mode it is that of (b, a).
 */
static inline double
beta_density(double a, double b, double d)
{
	double n = a + b;

	if (a < b)
		return math_exp(a * d - n * math_log1p(a / n * math_expm1(d)));
	return math_exp(-b * d - n * math_log1p(b / n * math_expm1(-d)));
}

/* Its integral from d to d + step, which is at most a standard deviation or two. */
static inline double
beta_integral(double a, double b, double d, double step)
{
	double sum = 0;

	for (size_t i = 0; i < GAUSS_NODES; i++)
		sum += gauss_weight[i] * (beta_density(a, b, d + step / 2 * (1 - gauss_node[i])) +
		                          beta_density(a, b, d + step / 2 * (1 + gauss_node[i])));
	return step / 2 * sum;
}

/* Its integral from 0 on, in steps of a standard deviation. */
static inline double
beta_side(double a, double b)
{
	double deviation = sqrt(1 / a + 1 / b), sum = 0, more = 1;

	for (double i = 0; more > 1e-18 * sum; i++)
		sum += more = beta_integral(a, b, i * deviation, deviation);
	return sum;
}

/* The d up to which its integral from 0 is `left`. Newton's steps come to it from below, as the density falls. */
static inline double
beta_walk(double a, double b, double left)
{
	double d = 0, step;

	for (int i = 0; i < 200; i++) {
		step = left / beta_density(a, b, d);
		if (!(step > 1e-17 * d))
			break;
		left -= beta_integral(a, b, d, step);
		d += step;
	}
	return d;
}

/*
 * The x that X with a, b >= 1 stays below with probability p in (0, 1). Relative error below
 * 1e-13 + 1e-15 / min(p, 1 - p).
 */
static inline double
beta_quantile(double a, double b, double p)
{
	double below = beta_side(b, a), above = beta_side(a, b), left = p * (below + above) - below;

	if (left < 0)
		return a / (a + b * math_exp(beta_walk(b, a, -left)));
	return a / (a + b * math_exp(-beta_walk(a, b, left)));
}

/*
 * The exact interval for the proportion k / n (Clopper and Pearson 1934): the proportions under which neither k or
 * more nor k or fewer is less likely than (1 - level) / 2. It covers with the level's probability or more, whatever
 * the truth. n = 0 gives [0, 1].
 */
static inline struct interval
exact_interval(uint64_t n, uint64_t k, double level)
{
	double positive = (double)k, negative = (double)(n - k), p = (1 - level) / 2;

	return (struct interval){k ? beta_quantile(positive, negative + 1, p) : 0,
	                         k < n ? beta_quantile(positive + 1, negative, 1 - p) : 1};
}

#endif

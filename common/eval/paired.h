/*
 * paired.h - two systems on the same groups: is the mean of their differences anything but chance?
 *
 * Letters: n pairs, d[i] the difference of pair i, R random resamples. The null hypothesis is that the two systems
 * are alike, so that each difference is as likely as its opposite; every p is two-sided. Pairs are independent.
 */
#ifndef WEIR_PAIRED_H
#define WEIR_PAIRED_H

#include <stdbool.h>
#include <stdlib.h>

#include "../num/random.h"
#include "interval.h"

enum {
	PAIRED_FLIPS = 20, /* differences up to which all their signs are tried */
	PAIRED_RANKS = 50  /* and up to which all their signed ranks are counted */
};

/* Their mean; n > 0. Taken from the first, so that of equal ones it is exact. */
static inline double
paired_mean(size_t n, const double *d)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += d[i] - d[0];
	return d[0] + sum / (double)n;
}

/* Their variance, divided by n - 1; NaN of a single one. */
static inline double
paired_variance(size_t n, const double *d)
{
	double mean = paired_mean(n, d), squares = 0;

	for (size_t i = 0; i < n; i++)
		squares += (d[i] - mean) * (d[i] - mean);
	return n > 1 ? squares / (double)(n - 1) : NAN;
}

/*
 * Effect size d_z: mean by standard deviation (Cohen 1988, section 2.3.5). Infinite where all are equal and not 0,
 * 0 where all are 0, NaN of a single one.
 */
static inline double
paired_effect(size_t n, const double *d)
{
	double mean = paired_mean(n, d), variance = paired_variance(n, d);

	return mean == 0 && variance == 0 ? 0 : mean / sqrt(variance);
}

/*
 * Makes of differences that are rounding errors, of no more than `rounding`, 0, and of all that are equal but for
 * these, equal: 0.3 - 0.2 is not 0.2 - 0.1 to the last bit.
 */
static inline void
paired_round(size_t n, double *d, double rounding)
{
	bool alike = true;

	for (size_t i = 0; i < n; i++) {
		d[i] = fabs(d[i]) <= rounding ? 0 : d[i];
		alike &= fabs(d[i] - d[0]) <= rounding;
	}
	for (size_t i = 0; alike && i < n; i++)
		d[i] = d[0];
}

/* ---- tests ---- */

/* Student's t test (1908): t = mean / sqrt(variance / n) with n - 1 degrees of freedom. 1 of a single pair. */
static inline double
paired_t(size_t n, const double *d)
{
	double t = paired_effect(n, d) * sqrt((double)n);

	return n < 2 ? 1 : student_tails((double)(n - 1), t);
}

/* Of the 2^n ways to give n sizes a sign, with `sum` given already: how many reach `limit` in size. */
static inline double
paired_reach(size_t n, const double *d, double sum, double limit)
{
	if (n == 0)
		return fabs(sum) >= limit;
	return paired_reach(n - 1, d + 1, sum + *d, limit) + paired_reach(n - 1, d + 1, sum - *d, limit);
}

/* The sum of n differences with random signs, 64 to a word: those of resample r. */
static inline double
paired_flipped(size_t n, const double *d, uint64_t seed, uint64_t r)
{
	double sum = 0;
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++) {
		if (i % 64 == 0)
			bits = random_bits(seed, r * (n / 64 + 1) + i / 64);
		sum += bits >> i % 64 & 1 ? d[i] : -d[i];
	}
	return sum;
}

/*
 * Randomisation test (Fisher 1935, section 21; for rankings Smucker, Allan and Carterette 2007): the share of ways to
 * give the differences a sign whose sum is as far from 0 as theirs. All ways while at most PAIRED_FLIPS are not 0;
 * else R at random, and p = (1 + those as far) / (1 + R), which keeps its promise at any R (Phipson and Smyth 2010).
 * scratch: n.
 */
static inline double
paired_randomisation(size_t n, const double *d, size_t resamples, uint64_t seed, double *scratch)
{
	size_t m = 0, far = 0;
	double sum = 0, sizes = 0, limit;

	for (size_t i = 0; i < n; i++)
		if (d[i] != 0) {
			scratch[m++] = d[i];
			sum += d[i];
			sizes += fabs(d[i]);
		}
	limit = fabs(sum) - 1e-12 * sizes; /* sums that are equal but for rounding are as far */
	if (m == 0)
		return 1;
	if (m <= PAIRED_FLIPS) /* the other half is its mirror image */
		return ldexp(paired_reach(m - 1, scratch + 1, *scratch, limit), 1 - (int)m);
	for (size_t r = 0; r < resamples; r++)
		far += fabs(paired_flipped(m, scratch, seed, r)) >= limit;
	return (double)(1 + far) / (double)(1 + resamples);
}

/* By size. */
static inline int
paired_compare_sizes(const void *a, const void *b)
{
	double x = fabs(*(const double *)a), y = fabs(*(const double *)b);

	return (x > y) - (x < y);
}

/*
 * Of the 2^n ways to give n <= PAIRED_RANKS doubled ranks a sign: the share in which those above 0 sum to no more
 * than `sum`, by counting the ways to each sum.
 */
static inline double
paired_rank_share(size_t n, const uint32_t *rank, uint64_t sum)
{
	double ways[PAIRED_RANKS * (PAIRED_RANKS + 1) + 1] = {1};
	double below = 0;
	size_t most = 0;

	for (size_t i = 0; i < n; most += rank[i++])
		for (size_t s = most + 1; s-- > 0;)
			ways[s + rank[i]] += ways[s];
	for (size_t s = 0; s <= sum; s++)
		below += ways[s];
	return ldexp(below, -(int)n);
}

/*
 * Wilcoxon's signed-rank test (1945): differences are ranked by size, equal ones share the mean of their ranks; zeros
 * take part in the ranking and then leave (Pratt 1959). Exact, ties included, for n <= PAIRED_RANKS; beyond that the
 * sum of the ranks r above 0 is taken as normal, mean sum r / 2 and variance sum r^2 / 4, which holds for ties.
 * Sizes that are no more than `rounding` apart are equal: 0.3 - 0.2 and 0.2 - 0.1 are not to the last bit.
 * scratch: n.
 */
static inline double
paired_wilcoxon(size_t n, const double *d, double rounding, double *scratch)
{
	uint32_t doubled[PAIRED_RANKS]; /* ranks, twice each to be whole */
	double above = 0, all = 0, squares = 0;
	size_t m = 0;

	for (size_t i = 0; i < n; i++)
		scratch[i] = d[i];
	qsort(scratch, n, sizeof *scratch, paired_compare_sizes);
	for (size_t from = 0, to; from < n; from = to) {
		double rank;

		for (to = from + 1; to < n && fabs(scratch[to]) - fabs(scratch[from]) <= rounding; to++)
			;
		rank = (double)(from + 1 + to) / 2;
		for (size_t i = from; i < to && fabs(scratch[from]) > rounding; i++) {
			above += scratch[i] > 0 ? rank : 0;
			all += rank;
			squares += rank * rank;
			if (n <= PAIRED_RANKS)
				doubled[m++] = (uint32_t)(from + 1 + to);
		}
	}
	if (squares == 0)
		return 1;
	above = fmin(above, all - above); /* the distribution is symmetric */
	if (n <= PAIRED_RANKS)
		return fmin(1, 2 * paired_rank_share(m, doubled, (uint64_t)(2 * above)));
	return 2 * normal_tail((all / 2 - above) / sqrt(squares / 4));
}

/* ---- interval ---- */

/* Skewness of the mean's distribution by six: the acceleration, sum (d - mean)^3 / (6 (sum (d - mean)^2)^(3/2)). */
static inline double
paired_acceleration(size_t n, const double *d)
{
	double mean = paired_mean(n, d), squares = 0, cubes = 0;

	for (size_t i = 0; i < n; i++) {
		squares += (d[i] - mean) * (d[i] - mean);
		cubes += (d[i] - mean) * (d[i] - mean) * (d[i] - mean);
	}
	return cubes / (6 * squares * sqrt(squares));
}

/*
 * Bootstrap interval of the mean difference, bias-corrected and accelerated (BCa: Efron 1987): of the means of R
 * samples of n pairs drawn with replacement, the quantiles at Phi(z0 + (z0 + z) / (1 - a (z0 + z))), z the normal
 * quantile at (1 -+ level) / 2, z0 that at the share of means below the mean, a the acceleration. n < 2 gives
 * [-infinity, infinity]. R >= 1; scratch: R.
 */
static inline struct interval
paired_bootstrap(size_t n, const double *d, double level, size_t resamples, uint64_t seed, double *scratch)
{
	double mean = paired_mean(n, d), z0, a, end[2];
	size_t halves = 1; /* of resamples below the mean: between both ends, never at one */

	if (n < 2)
		return (struct interval){-INFINITY, INFINITY};
	if (paired_variance(n, d) == 0)
		return (struct interval){mean, mean};
	for (size_t r = 0; r < resamples; r++) {
		double sum = 0;

		for (size_t i = 0; i < n; i++)
			sum += d[(random_bits(seed, r * n + i) >> 32) * n >> 32];
		scratch[r] = sum / (double)n;
		halves += scratch[r] < mean ? 2 : scratch[r] == mean;
	}
	qsort(scratch, resamples, sizeof *scratch, interval_compare);
	z0 = normal_quantile((double)halves / (double)(2 * resamples + 2));
	a = paired_acceleration(n, d);
	for (int i = 0; i < 2; i++) {
		double z = z0 + normal_quantile((1 + (i ? level : -level)) / 2);

		end[i] = interval_quantile(resamples, scratch, normal_tail(-(z0 + z / (1 - a * z))));
	}
	return (struct interval){end[0], end[1]};
}

/* ---- several tests at once ---- */

struct paired_ordered {
	double p;
	size_t i;
};

static inline int
paired_compare_ordered(const void *a, const void *b)
{
	const struct paired_ordered *x = a, *y = b;

	return x->p != y->p ? (x->p > y->p) - (x->p < y->p) : (x->i > y->i) - (x->i < y->i);
}

/*
 * Holm's correction (1979), in place: the k-th smallest of n p, from 0, becomes (n - k) p, but not less than those
 * before it, nor more than 1. To reject where it is below alpha is to err at all with a probability below alpha,
 * however the tests depend on each other. scratch: n.
 */
static inline void
paired_holm(size_t n, double *p, struct paired_ordered *scratch)
{
	double least = 0;

	for (size_t i = 0; i < n; i++)
		scratch[i] = (struct paired_ordered){p[i], i};
	qsort(scratch, n, sizeof *scratch, paired_compare_ordered);
	for (size_t k = 0; k < n; k++) {
		least = fmin(1, fmax(least, (double)(n - k) * scratch[k].p));
		p[scratch[k].i] = least;
	}
}

#endif

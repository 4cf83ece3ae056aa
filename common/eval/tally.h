/*
 * tally.h - what the sums by key keep of their records: exact, so that order and sharding cannot change a bit.
 *
 * A record is a tally of one, and tallies add up: records one by one, or shards summed apart. An addition that
 * would overflow returns false; nothing wraps.
 */
#ifndef WEIR_TALLY_H
#define WEIR_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "../num/int128.h"

/* Positives among records: clicks among impressions. positive <= n. */
struct rate {
	uint64_t n, positive;
};

static inline bool
rate_add(struct rate *to, struct rate more)
{
	return !__builtin_add_overflow(to->n, more.n, &to->n) &&
	       !__builtin_add_overflow(to->positive, more.positive, &to->positive);
}

/* Positives per record; n > 0. */
static inline double
rate_value(struct rate r)
{
	return (double)r.positive / (double)r.n;
}

/*
 * Amounts of money, as whole numbers of units of 10^-places: cents with places 2. Whole amounts have |x| <= x^2,
 * so where the squares of all records fit, the sum of any of them does: overflow does not depend on the order.
 */
struct money {
	uint64_t n;
	int128 sum;     /* units */
	int128 squares; /* sum of squares, units^2 */
	int places;     /* 0 to 9 */
};

static const double money_power10[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

/* One record. False when its square does not fit. */
static inline bool
money_of(struct money *m, int128 amount, int places)
{
	*m = (struct money){.n = 1, .sum = amount, .places = places};
	return !__builtin_mul_overflow(amount, amount, &m->squares);
}

/* The same amounts in units of 10^-places, which are smaller. */
static inline bool
money_refine(struct money *m, int places)
{
	for (; m->places < places; m->places++)
		if (__builtin_mul_overflow(m->sum, (int128)10, &m->sum) ||
		    __builtin_mul_overflow(m->squares, (int128)100, &m->squares))
			return false;
	return true;
}

static inline bool
money_add(struct money *to, struct money more)
{
	return money_refine(to, more.places) && money_refine(&more, to->places) &&
	       !__builtin_add_overflow(to->n, more.n, &to->n) &&
	       !__builtin_add_overflow(to->sum, more.sum, &to->sum) &&
	       !__builtin_add_overflow(to->squares, more.squares, &to->squares);
}

/* Mean of the amounts; n > 0. */
static inline double
money_mean(const struct money *m)
{
	return (double)m->sum / (double)m->n / money_power10[m->places];
}

/*
 * Their variance, divided by n - 1; 0 below two records. Deviations are taken from q, the whole number nearest to
 * the mean: with sum = qn + r, the sum of (x - q)^2 is squares - q (sum + r), exact, as what wraps in between
 * wraps back. What q is off, r^2 / n, is at most half of it: nothing cancels.
 */
static inline double
money_variance(const struct money *m)
{
	int128 n = m->n, q, r, around;

	if (n < 2)
		return 0;
	q = m->sum / n;
	r = m->sum % n;
	if (2 * r > n)
		q++, r -= n;
	else if (2 * r < -n)
		q--, r += n;
	around = (int128)((uint128)m->squares - (uint128)q * ((uint128)m->sum + (uint128)r));
	return ((double)around - (double)(r * r) / (double)n) / (double)(n - 1) /
	       (money_power10[m->places] * money_power10[m->places]);
}

/*
 * Whether there are amounts with this n, sum and squares: by Cauchy's inequality sum^2 <= n squares. To be asked of
 * a tally that was read.
 */
static inline bool
money_possible(const struct money *m)
{
	double sum = (double)m->sum, bound = (double)m->n * (double)m->squares;

	return m->n > 0 && sum * sum <= bound * (1 + 1e-9) && money_variance(m) >= 0;
}

#endif

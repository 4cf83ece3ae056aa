/*
 * bootstrap.h - amounts of money with their units drawn anew, many times: how far the mean scatters where amounts of a
 * unit, a customer say, are not independent.
 *
 * In each draw a unit counts as often as a Poisson variable with mean 1 says (Hanley and MacGibbon 2006), and that is a
 * function of the unit and the draw (Chamandy et al. 2012). So draws are exact sums that add up, whatever the order and
 * the split, also of a unit that is in several shards.
 */
#ifndef WEIR_BOOTSTRAP_H
#define WEIR_BOOTSTRAP_H

#include "../io/decimal.h"
#include "../num/random.h"
#include "interval.h"
#include "tally.h"

/* In a draw a unit counts so often at most: more has a probability below 2^-16. */
enum { BOOTSTRAP_DRAWS = 400, BOOTSTRAP_MOST = 7 };

/* Draw i has n[i] amounts that add up to sum[i], in units of 10^-places of the money it belongs to. */
struct bootstrap {
	uint64_t n[BOOTSTRAP_DRAWS];
	int128 sum[BOOTSTRAP_DRAWS];
};

/*
 * 2^16 times the probability of 0, of 1 at most, and so on. 16 random bits count as often as there are such not above
 * them.
 */
static const uint16_t bootstrap_poisson[BOOTSTRAP_MOST] = {24109, 48219, 60273, 64292, 65296, 65497, 65531};

/* The draws of an amount below 2^64, of a unit with this hash. Written. */
static inline void
bootstrap_of(struct bootstrap *b, uint64_t unit, int128 amount)
{
	for (size_t i = 0; i < BOOTSTRAP_DRAWS; i += 4) {
		uint64_t bits = random_bits(unit, i);

		for (size_t j = i; j < i + 4; j++, bits >>= 16) {
			b->n[j] = 0;
			for (size_t k = 0; k < BOOTSTRAP_MOST; k++)
				b->n[j] += (bits & 0xffff) >= bootstrap_poisson[k];
			b->sum[j] = amount * b->n[j];
		}
	}
}

/* 10^places, as a factor of units. */
static inline int128
bootstrap_factor(int places)
{
	return (int128)money_power10[places];
}

/*
 * Adds draws, once the sums of both are counted in units so many times smaller (1: the same). False when one does not fit.
 */
static inline bool
bootstrap_add(struct bootstrap *to, int128 smaller, const struct bootstrap *more, int128 more_smaller)
{
	bool fits = true;

	for (size_t i = 0; i < BOOTSTRAP_DRAWS; i++) {
		int128 sum = more->sum[i];

		if (smaller != 1)
			fits &= !__builtin_mul_overflow(to->sum[i], smaller, &to->sum[i]);
		if (more_smaller != 1)
			fits &= !__builtin_mul_overflow(sum, more_smaller, &sum);
		fits &= !__builtin_add_overflow(to->sum[i], sum, &to->sum[i]);
		fits &= !__builtin_add_overflow(to->n[i], more->n[i], &to->n[i]);
	}
	return fits;
}

/*
 * The percentile interval for the mean of amounts in units of 10^-places. A draw is empty with probability e^-U, U units:
 * where more than a quarter are there is but one, and nothing is known.
 */
static inline struct interval
bootstrap_interval(const struct bootstrap *b, int places, double level)
{
	double mean[BOOTSTRAP_DRAWS];
	size_t n = 0;

	for (size_t i = 0; i < BOOTSTRAP_DRAWS; i++)
		if (b->n[i])
			mean[n++] = (double)b->sum[i] / (double)b->n[i] / money_power10[places];
	if (n < BOOTSTRAP_DRAWS / 4 * 3)
		return (struct interval){-INFINITY, INFINITY};
	return percentile_interval(n, mean, level);
}

/* ---- as two fields ---- */

/* The counts and, behind a TAB, the sums, with a blank between any two. */
static inline void
bootstrap_write(const struct bootstrap *b, struct writer *out)
{
	for (size_t i = 0; i < BOOTSTRAP_DRAWS; i++) {
		writer_char(out, i ? ' ' : '\t');
		writer_whole(out, b->n[i]);
	}
	for (size_t i = 0; i < BOOTSTRAP_DRAWS; i++) {
		writer_char(out, i ? ' ' : '\t');
		writer_decimal(out, (struct decimal){b->sum[i], 0}, 0);
	}
}

/* The next number of a field. False where there is none. */
static inline bool
bootstrap_next(struct view *field, struct decimal *d)
{
	const char *blank = memchr(field->at, ' ', field->n);
	size_t n = blank ? (size_t)(blank - field->at) : field->n;
	struct fault fault = {0};

	if (!decimal_parse((struct view){field->at, n}, d, &fault) || d->places)
		return false;
	n += blank != NULL;
	*field = (struct view){field->at + n, field->n - n};
	return true;
}

/* From two such fields, of so many amounts. False where they are none. */
static inline bool
bootstrap_parse(struct bootstrap *b, uint64_t amounts, struct view counts, struct view sums)
{
	for (size_t i = 0; i < BOOTSTRAP_DRAWS; i++) {
		struct decimal n, sum;

		if (!bootstrap_next(&counts, &n) || !bootstrap_next(&sums, &sum) || n.units < 0 ||
		    n.units > (int128)amounts * BOOTSTRAP_MOST || n.units > (int128)UINT64_MAX || (n.units == 0 && sum.units))
			return false;
		b->n[i] = (uint64_t)n.units;
		b->sum[i] = sum.units;
	}
	return !counts.n && !sums.n;
}

#endif

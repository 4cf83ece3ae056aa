/*
 * bootstrap.h - amounts with their units drawn anew, many times: how far the mean, or the difference of two, scatters
 * where amounts of a unit, a customer say, are not independent. Money is an amount, and so is a click, of 1 or 0.
 *
 * In each draw a unit counts as often as a Poisson variable with mean 1 says (Hanley and MacGibbon 2006), and that is a
 * function of the unit and the draw (Chamandy et al. 2012). So draws are exact sums that add up, whatever the order and
 * the split, also of a unit that is in several shards. And a unit counts alike in two samples that it is in both of:
 * their difference, draw by draw, scatters as that of samples that go together does.
 */
#ifndef WEIR_BOOTSTRAP_H
#define WEIR_BOOTSTRAP_H

#include "../io/decimal.h"
#include "../num/random.h"
#include "compare.h"

/* In a draw a unit counts so often at most: more has a probability below 2^-16. */
enum { BOOTSTRAP_DRAWS = 400, BOOTSTRAP_MOST = 7 };

/* Draw i has n[i] amounts that add up to sum[i], in units of 10^-places. All 0 is that of no amounts. */
struct bootstrap {
	uint64_t n[BOOTSTRAP_DRAWS];
	int128 sum[BOOTSTRAP_DRAWS];
	int places; /* 0 to 9 */
};

/*
 * 2^16 times the probability of 0, of 1 at most, and so on. 16 random bits count as often as there are such not above
 * them.
 */
static const uint16_t bootstrap_poisson[BOOTSTRAP_MOST] = {24109, 48219, 60273, 64292, 65296, 65497, 65531};

/* The draws of an amount below 2^64 in units of 10^-places, of a unit with this hash. Written. */
static inline void
bootstrap_of(struct bootstrap *b, uint64_t unit, int128 amount, int places)
{
	b->places = places;
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

/* Adds draws, in the smaller units of the two. False when a sum does not fit. */
static inline bool
bootstrap_add(struct bootstrap *to, const struct bootstrap *more)
{
	int places = more->places > to->places ? more->places : to->places;
	int128 smaller = (int128)money_power10[places - to->places], more_smaller = (int128)money_power10[places - more->places];
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
	to->places = places;
	return fits;
}

/* ---- what they tell ---- */

/* The mean of draw i; NaN where it is empty. */
static inline double
bootstrap_mean(const struct bootstrap *b, size_t i)
{
	return b->n[i] ? (double)b->sum[i] / (double)b->n[i] / money_power10[b->places] : NAN;
}

/*
 * Sorts the draws' values that are numbers to the front. Returns how many there are, or 0 where nothing is known: a
 * draw is empty with probability e^-U, U units, and where more than a quarter are there is but one.
 */
static inline size_t
bootstrap_sort(double *value)
{
	size_t n = 0;

	for (size_t i = 0; i < BOOTSTRAP_DRAWS; i++)
		if (!isnan(value[i]))
			value[n++] = value[i];
	qsort(value, n, sizeof *value, interval_compare);
	return n < BOOTSTRAP_DRAWS / 4 * 3 ? 0 : n;
}

/*
 * The percentile interval for the mean. Of one unit nothing is known, and nothing of amounts that are all alike: no
 * draw has what was not seen yet.
 */
static inline struct interval
bootstrap_interval(const struct bootstrap *b, double level)
{
	double mean[BOOTSTRAP_DRAWS];
	size_t n;

	for (size_t i = 0; i < BOOTSTRAP_DRAWS; i++)
		mean[i] = bootstrap_mean(b, i);
	n = bootstrap_sort(mean);
	if (!n || mean[0] == mean[n - 1])
		return (struct interval){-INFINITY, INFINITY};
	return percentile_interval(n, mean, level);
}

/*
 * Mean a less mean b, which is `difference` of all amounts. Its standard error is the standard deviation of the draws'
 * differences (Efron and Tibshirani 1993, chapter 6), and as that is an estimate from so many draws, the interval and p
 * are those of Student's t with as many degrees of freedom, less 1. Two skewed means make a difference that is less so:
 * this covers money better than percentiles, which scatter twice as much, and the interval and p always agree. Draws in
 * which a sample is empty do not count. Where differences do not scatter though means do, the samples go together: no
 * doubt is left.
 */
static inline struct comparison
bootstrap_compare(const struct bootstrap *a, const struct bootstrap *b, double difference, double level)
{
	double d[BOOTSTRAP_DRAWS], mean = 0, squares = 0, error, half;
	size_t n;

	for (size_t i = 0; i < BOOTSTRAP_DRAWS; i++)
		d[i] = bootstrap_mean(a, i) - bootstrap_mean(b, i);
	n = bootstrap_sort(d);
	if (!n || (d[0] == d[n - 1] && isinf(bootstrap_interval(a, level).lower)))
		return (struct comparison){difference, -INFINITY, INFINITY, NAN};
	if (d[0] == d[n - 1])
		return (struct comparison){difference, difference, difference, difference == 0};
	for (size_t i = 0; i < n; i++)
		mean += d[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		squares += (d[i] - mean) * (d[i] - mean);
	error = sqrt(squares / (double)(n - 1));
	half = student_quantile((double)(n - 1), (1 + level) / 2) * error;
	return (struct comparison){difference, difference - half, difference + half,
	                           student_tails((double)(n - 1), difference / error)};
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

/* From two such fields, of so many amounts in units of 10^-places. False where they are none. */
static inline bool
bootstrap_parse(struct bootstrap *b, uint64_t amounts, int places, struct view counts, struct view sums)
{
	b->places = places;
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

/* tally.c - sums are exact, add up in any order, and say when they overflow; variances do not cancel. */
#include <math.h>

#include "../common/eval/tally.h"
#include "tap.h"

static bool
near(double got, double expected)
{
	return fabs(got - expected) <= 1e-15 * fabs(expected);
}

/* The tally of n amounts, all of the same decimals. */
static struct money
money_sum(size_t n, const int64_t *amount, int places)
{
	struct money sum = {0}, one;

	for (size_t i = 0; i < n; i++)
		if (!money_of(&one, amount[i], places) || !money_add(&sum, one))
			return (struct money){0};
	return sum;
}

static void
test_rate(void)
{
	struct rate r = {UINT64_MAX - 1, 0}, positive = {0, UINT64_MAX};

	tap_ok(rate_add(&r, (struct rate){1, 1}) && r.n == UINT64_MAX && r.positive == 1, "counts go to 2^64 - 1");
	tap_ok(!rate_add(&r, (struct rate){1, 0}), "and no further");
	tap_ok(!rate_add(&positive, (struct rate){0, 1}), "nor do positives");
	tap_ok(rate_value((struct rate){8, 2}) == 0.25, "2 of 8 are a quarter");
}

static void
test_variance(void)
{
	static const int64_t sleep[] = {12, 24, 13, 13, 0, 10, 18, 8, 46, 14};
	static const int64_t owed[] = {-12, -24, -13, -13, 0, -10, -18, -8, -46, -14};
	struct money m = money_sum(10, sleep, 1), one, minus = money_sum(10, owed, 1), high = {0};

	tap_ok(near(money_mean(&m), 1.58), "the mean of Student's sleep data");
	tap_ok(near(money_variance(&m), 13.616 / 9), "and their variance");
	tap_ok(money_mean(&minus) == -money_mean(&m) && money_variance(&minus) == money_variance(&m),
	       "the variance does not see the sign");
	money_of(&one, 999, 2);
	tap_ok(money_variance(&one) == 0, "one amount has none");
	m = one;
	for (int i = 0; i < 30; i++)
		money_add(&m, m);
	tap_ok(m.n == 1 << 30 && money_variance(&m) == 0, "nor have 2^30 that are equal");
	/* 10^17 + {4, 7, 13, 16}: the mean is 10^16 times the standard deviation */
	for (int i = 0; i < 4; i++) {
		money_of(&one, (int128)100000000000000000 + (int[]){4, 7, 13, 16}[i], 0);
		money_add(&high, one);
	}
	tap_ok(near(money_variance(&high), 30), "amounts far from 0 and close together: exact");
	/* where r nears n */
	m = (struct money){.n = 1000001, .sum = 1000000, .squares = 1000000, .places = 0};
	tap_ok(near(money_variance(&m), 1.0 / 1000001), "all 1 but one 0: exact");
	m.sum = -m.sum;
	tap_ok(near(money_variance(&m), 1.0 / 1000001), "all -1 but one 0: exact");
}

static void
test_places(void)
{
	struct money cents, mills, a = {0}, b = {0};

	money_of(&cents, 1999, 2);
	money_of(&mills, -5, 3);
	tap_ok(money_add(&a, cents) && money_add(&a, mills) && money_add(&b, mills) && money_add(&b, cents) &&
	       a.sum == b.sum && a.squares == b.squares && a.places == b.places, "amounts of different decimals commute");
	tap_ok(a.sum == 19985 && a.squares == (int128)19990 * 19990 + 25 && a.places == 3,
	       "their sum has the decimals of the finer");
}

static void
test_overflow(void)
{
	struct money m, big = {0}, small;
	int128 most = (int128)1 << 63;
	bool fits;

	tap_ok(money_of(&m, most, 0) && !money_of(&m, most * 2, 0) && !money_of(&m, -most * 2, 0),
	       "an amount whose square does not fit is told");
	money_of(&m, most, 0);
	fits = money_add(&big, m);
	tap_ok(fits && !money_add(&big, m), "so is a sum of squares that does not");
	money_of(&small, 1, 9);
	money_of(&big, most, 0);
	tap_ok(!money_add(&small, big) && (money_of(&small, 1, 9), !money_add(&big, small)),
	       "so are amounts too large for the decimals of others");
	m = (struct money){.sum = (int128)3 << 125};
	tap_ok(!money_add(&m, m), "so is a sum");
	m = (struct money){.n = UINT64_MAX};
	money_of(&small, 1, 0);
	tap_ok(!money_add(&m, small), "so is a count beyond 2^64");
}

static void
test_possible(void)
{
	static const int64_t amount[] = {3, -4, 1000000007, 0};
	struct money m = money_sum(4, amount, 2);

	tap_ok(money_possible(&m), "what was summed is possible");
	m.squares = 1;
	tap_ok(!money_possible(&m), "squares too small are not");
	tap_ok(!money_possible(&(struct money){.n = 3, .sum = 3, .squares = 2}), "nor by one");
	tap_ok(!money_possible(&(struct money){.n = 3, .sum = 1, .squares = -1}), "nor below 0");
	tap_ok(!money_possible(&(struct money){.n = 1, .sum = 5, .squares = 1}), "nor of one amount");
	tap_ok(!money_possible(&(struct money){.n = 3, .sum = 3000000000, .squares = (int128)3000000000 * 1000000000 - 1}),
	       "nor by one in 10^18");
	tap_ok(!money_possible(&(struct money){0}), "nor is nothing");
}

int
main(void)
{
	test_rate();
	test_variance();
	test_places();
	test_overflow();
	test_possible();
	return tap_done();
}

/*
 * bootstrap.c - money with its units drawn anew: draws are Poisson's, add up exactly, and scatter as the mean does.
 */
#include "../common/eval/bootstrap.h"
#include "tap.h"

static struct bootstrap all, one, other;

static void
test_draws(void)
{
	enum { UNITS = 2000 };
	double sum = 0, squares = 0, none = 0, together = 0, n = (double)UNITS * BOOTSTRAP_DRAWS;

	for (uint64_t u = 0; u < UNITS; u++) {
		bootstrap_of(&one, random_bits(1, u), 1);
		for (size_t i = 0; i < BOOTSTRAP_DRAWS; i++) {
			double times = (double)one.n[i];

			sum += times;
			squares += times * times;
			none += times == 0;
			together += (times - 1) * ((double)one.n[(i + 1) % BOOTSTRAP_DRAWS] - 1);
		}
	}
	/* four standard errors each: variances of X, X^2, an indicator, a product */
	tap_ok(fabs(sum / n - 1) < 4 * sqrt(1 / n), "a unit counts once in the mean: %.5f", sum / n);
	tap_ok(fabs(squares / n - 2) < 4 * sqrt(11 / n), "with a variance of 1: %.5f", squares / n - 1);
	tap_ok(fabs(none / n - exp(-1)) < 4 * sqrt(0.2325 / n), "and not at all with probability 1 / e: %.5f", none / n);
	tap_ok(fabs(together / n) < 4 * sqrt(1 / n), "one draw does not tell of the next: %.5f", together / n);
}

/* 12.5 and 3.75 of one unit, the sums in tenths and hundredths. */
static void
test_sums(void)
{
	bool exact = true, same = true;

	bootstrap_of(&one, 7, 125);
	bootstrap_of(&other, 7, 375);
	all = one;
	tap_ok(bootstrap_add(&all, 10, &other, 1), "amounts of different decimals");
	for (size_t i = 0; i < BOOTSTRAP_DRAWS; i++) {
		same &= one.n[i] == other.n[i];
		exact &= all.n[i] == 2 * one.n[i] && all.sum[i] == 1625 * (int128)one.n[i];
	}
	tap_ok(same, "a unit counts alike in all its amounts");
	tap_ok(exact, "sums are exact");
	bootstrap_of(&one, 7, (int128)UINT64_MAX);
	all = (struct bootstrap){{0}, {0}};
	tap_ok(bootstrap_add(&all, 1, &one, bootstrap_factor(9)) && bootstrap_add(&all, bootstrap_factor(9), &one, 1) &&
	       !bootstrap_add(&all, bootstrap_factor(9), &one, 1), "what does not fit is no sum");
}

/* Half the width of the interval of `units` units that brought 0, 1, 2... 9 in turn, each in so many amounts. */
static double
half_width(uint64_t units, int amounts, double level)
{
	struct interval i;

	all = (struct bootstrap){{0}, {0}};
	for (uint64_t u = 0; u < units; u++)
		for (int j = 0; j < amounts; j++) {
			bootstrap_of(&one, random_bits(2, u), (int128)(u % 10));
			bootstrap_add(&all, 1, &one, 1);
		}
	i = bootstrap_interval(&all, 0, level);
	return (i.upper - i.lower) / 2;
}

static void
test_interval(void)
{
	double error = sqrt(8.25 / 1000); /* of the mean of 1000 units */

	tap_ok(fabs(half_width(1000, 1, 0.95) / (1.96 * error) - 1) < 0.15, "as wide as the normal's");
	tap_ok(fabs(half_width(1000, 1, 0.5) / (0.6745 * error) - 1) < 0.15, "at another level, too");
	tap_ok(half_width(1000, 5, 0.95) == half_width(1000, 1, 0.95), "amounts of a unit that are alike tell no more than one");
	tap_ok(isinf(half_width(1, 50, 0.95)), "of one unit nothing is known");
	tap_ok(half_width(2, 1, 0.95) == 0.5, "of two, that the mean is between them");
}

int
main(void)
{
	test_draws();
	test_sums();
	test_interval();
	return tap_done();
}

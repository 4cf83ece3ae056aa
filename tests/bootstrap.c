/*
 * bootstrap.c - amounts with their units drawn anew: draws are Poisson's, add up exactly, and scatter as means and their
 * differences do.
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
		bootstrap_of(&one, random_bits(1, u), 1, 0);
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

	bootstrap_of(&one, 7, 125, 1);
	bootstrap_of(&other, 7, 375, 2);
	all = one;
	tap_ok(bootstrap_add(&all, &other) && all.places == 2, "amounts of different decimals");
	for (size_t i = 0; i < BOOTSTRAP_DRAWS; i++) {
		same &= one.n[i] == other.n[i];
		exact &= all.n[i] == 2 * one.n[i] && all.sum[i] == 1625 * (int128)one.n[i];
	}
	tap_ok(same, "a unit counts alike in all its amounts");
	tap_ok(exact, "sums are exact");
	bootstrap_of(&one, 7, (int128)UINT64_MAX, 0);
	bootstrap_of(&other, 7, 1, 9);
	all = (struct bootstrap){.places = 9};
	tap_ok(bootstrap_add(&all, &one) && bootstrap_add(&all, &one), "sums of large amounts and small units fit");
	all.places = 0;
	tap_ok(bootstrap_add(&all, &other), "in smaller units, too");
	all.places = 0;
	tap_ok(!bootstrap_add(&all, &other), "what does not fit is no sum");
	all = other;
	all.n[0] = UINT64_MAX;
	other.n[0] = 1;
	tap_ok(!bootstrap_add(&all, &other), "nor is a count that does not");
}

/* Half the width of the interval of `units` units that brought 0, 1, 2... 9 in turn, each in so many amounts. */
static double
half_width(uint64_t units, int amounts, double level)
{
	struct interval i;

	all = (struct bootstrap){0};
	for (uint64_t u = 0; u < units; u++)
		for (int j = 0; j < amounts; j++) {
			bootstrap_of(&one, random_bits(2, u), (int128)(u % 10), 0);
			bootstrap_add(&all, &one);
		}
	i = bootstrap_interval(&all, level);
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

/* ---- differences ---- */

enum { USERS = 1000 };

/* What a user brought to a sample. */
struct brought {
	int n, sum;
};

static struct brought sample[2][USERS];
static struct bootstrap drawn[2];

/* Of the samples, user u of whom is the unit u + shift in the second: their comparison. */
static struct comparison
compare(uint64_t shift)
{
	double mean[2];

	for (size_t s = 0; s < 2; s++) {
		int n = 0, sum = 0;

		drawn[s] = (struct bootstrap){0};
		for (size_t u = 0; u < USERS; u++) {
			const struct brought *b = &sample[s][u];

			for (int i = 0; i < b->n; i++) { /* all in the first amount, the others are 0 */
				bootstrap_of(&one, random_bits(3, u + s * shift), i ? 0 : b->sum, 0);
				bootstrap_add(&drawn[s], &one);
			}
			n += b->n;
			sum += b->sum;
		}
		mean[s] = (double)sum / n;
	}
	return bootstrap_compare(&drawn[0], &drawn[1], mean[0] - mean[1], 0.95);
}

/*
 * The oracle: the standard error of the difference by linearisation, as in the sampling of clusters (Cochran 1977, 11.3):
 * user u moves sum / n by (sum_u - mean n_u) / n; in two samples by the difference where they go together, else apart.
 */
static double
linearised(bool together)
{
	double squares = 0, n[2] = {0, 0}, sum[2] = {0, 0};

	for (size_t s = 0; s < 2; s++)
		for (size_t u = 0; u < USERS; u++) {
			n[s] += sample[s][u].n;
			sum[s] += sample[s][u].sum;
		}
	for (size_t u = 0; u < USERS; u++) {
		double moves[2];

		for (size_t s = 0; s < 2; s++)
			moves[s] = (sample[s][u].sum - sum[s] / n[s] * sample[s][u].n) / n[s];
		squares += together ? (moves[0] - moves[1]) * (moves[0] - moves[1]) : moves[0] * moves[0] + moves[1] * moves[1];
	}
	return sqrt(squares);
}

static void
agrees(const char *what, struct comparison c, double error)
{
	double width = (c.upper - c.lower) / (2 * 1.96 * error);
	double t = student_quantile(BOOTSTRAP_DRAWS - 1, 1 - c.p / 2), z = fabs(c.difference) / error;

	tap_ok(fabs(width - 1) < 0.1, "%s: the interval is as wide as the oracle's: %.3f", what, width);
	tap_ok(fabs(t / z - 1) < 0.1, "%s: and so says p, %.3g: %.3f", what, c.p, t / z);
}

static void
test_differences(void)
{
	struct comparison apart, together, back;
	double error;

	/* up to 6 records each, sums that go with their number; a user's two samples alike, but for some */
	for (size_t u = 0; u < USERS; u++) {
		int n = 1 + (int)(random_bits(4, u) % 6), sum = (int)(random_bits(5, u) % 5) * n;

		sample[0][u] = (struct brought){n, sum + (int)(random_bits(6, u) % 8) / 5};
		sample[1][u] = (struct brought){n, sum + (int)(random_bits(7, u) % 9) / 6};
	}
	apart = compare(USERS);
	together = compare(0);
	agrees("users in one sample each", apart, linearised(false));
	agrees("users in both", together, linearised(true));
	error = linearised(false) / linearised(true);
	tap_ok(error > 3, "which are not the same: %.1f times as wide", error);
	tap_ok(apart.difference == together.difference && together.lower < together.difference &&
	       together.difference < together.upper, "the difference is between the ends of the interval");
	back = bootstrap_compare(&drawn[1], &drawn[0], -together.difference, 0.95);
	tap_ok(back.difference == -together.difference && fabs(back.lower + together.upper) < 1e-12 &&
	       fabs(back.upper + together.lower) < 1e-12 && fabs(back.p - together.p) < 1e-9, "the other way round all is negated");

	all = drawn[0];
	other = (struct bootstrap){.places = 3};
	bootstrap_add(&all, &other);
	back = bootstrap_compare(&all, &drawn[1], together.difference, 0.95);
	tap_ok(fabs(back.lower - together.lower) < 1e-12 && fabs(back.upper - together.upper) < 1e-12,
	       "whatever units the sums are counted in");
}

static void
test_no_scatter(void)
{
	struct comparison c;

	for (size_t u = 0; u < USERS; u++)
		sample[0][u] = sample[1][u] = (struct brought){4, (int)(u % 3)};
	c = compare(0);
	tap_ok(c.difference == 0 && c.lower == 0 && c.upper == 0 && c.p == 1, "the same users with the same: no difference");
	for (size_t u = 0; u < USERS; u++)
		sample[0][u].sum += 2;
	c = compare(0);
	tap_ok(c.difference == 0.5 && fabs(c.lower - 0.5) < 1e-12 && fabs(c.upper - 0.5) < 1e-12 && c.p < 1e-300,
	       "each with as much more: no doubt");
	for (size_t i = 0; i < BOOTSTRAP_DRAWS; i++) {
		one.n[i] = other.n[i] = 1;
		one.sum[i] = i % 2;
		other.sum[i] = one.sum[i] + 1;
	}
	one.places = other.places = 0;
	c = bootstrap_compare(&other, &one, 1, 0.95);
	tap_ok(c.difference == 1 && c.lower == 1 && c.upper == 1 && c.p == 0, "nor where it is the same to the last bit");
	for (size_t u = 0; u < USERS; u++) {
		sample[0][u] = (struct brought){4, 4 * (u < 9)};
		sample[1][u] = (struct brought){4, 0};
	}
	c = compare(USERS);
	tap_ok(c.lower < 0.009 && c.upper > 0.009 && c.p > 0 && c.p < 0.01, "one sample that is all 0: the other scatters");
	c = bootstrap_compare(&drawn[1], &drawn[1], 0, 0.95);
	tap_ok(c.difference == 0 && isinf(c.lower) && isinf(c.upper) && isnan(c.p), "two that are: nothing is known");
	tap_ok(isinf(bootstrap_interval(&drawn[1], 0.95).lower), "nor of its mean");
	bootstrap_of(&one, 7, 1, 0);
	c = bootstrap_compare(&drawn[0], &one, -1, 0.95);
	tap_ok(c.difference == -1 && isinf(c.lower) && isinf(c.upper) && isnan(c.p), "nor against one unit");
}

/* The share of simulated tests of users, who differ in how often they look and click, whose interval has the truth: 0. */
static void
test_coverage(void)
{
	enum { RUNS = 400, ARM = 80 };
	uint64_t key = 0;
	int drawn_covers = 0, plain_covers = 0;

	for (uint64_t run = 0; run < RUNS; run++) {
		struct rate rate[2] = {{0, 0}, {0, 0}};
		struct comparison c;

		drawn[0] = drawn[1] = (struct bootstrap){0};
		for (uint64_t u = 0; u < (uint64_t)2 * ARM; u++) {
			double likely = 0.6 * random_uniform(8, key) * random_uniform(8, key + 1);
			uint64_t looks = 1 + random_bits(8, key + 2) % 8;

			key += 3;
			for (uint64_t i = 0; i < looks; i++) {
				bool click = random_uniform(8, key++) < likely;

				rate_add(&rate[u % 2], (struct rate){1, click});
				bootstrap_of(&one, random_bits(run, u), click, 0);
				bootstrap_add(&drawn[u % 2], &one);
			}
		}
		c = bootstrap_compare(&drawn[0], &drawn[1], rate_value(rate[0]) - rate_value(rate[1]), 0.95);
		drawn_covers += c.lower <= 0 && c.upper >= 0;
		c = compare_rates(rate[0], rate[1], 1.96);
		plain_covers += c.lower <= 0 && c.upper >= 0;
	}
	tap_ok(drawn_covers >= 0.93 * RUNS && drawn_covers <= 0.97 * RUNS, "intervals of 95 %% cover in %d of %d runs", drawn_covers,
	       (int)RUNS);
	tap_ok(plain_covers < 0.9 * RUNS, "those that know of no users in %d", plain_covers);
}

int
main(void)
{
	test_draws();
	test_sums();
	test_interval();
	test_differences();
	test_no_scatter();
	test_coverage();
	return tap_done();
}

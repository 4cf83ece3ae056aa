/*
 * paired.c - paired tests against the literature's examples and tables, exact cases counted by hand, and what they
 * promise: under the null hypothesis p is uniform, and an interval covers.
 */
#include <string.h>

#include "../common/eval/paired.h"
#include "tap.h"

enum { RUNS = 2000, PAIRS = 40, RESAMPLES = 1000 };

static double scratch[RUNS];

static bool
near(double got, double expected, double error)
{
	return fabs(got - expected) <= error;
}

/* Student 1908: additional hours of sleep by two drugs, ten patients. */
static const double sleep[] = {1.2, 2.4, 1.3, 1.3, 0, 1, 1.8, 0.8, 4.6, 1.4};

/* Darwin's maize, crossed less self-fertilised, in eighths of an inch: Fisher 1935, The Design of Experiments, table 3. */
static const double maize[] = {49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48};

/* Depression scores, change under a tranquilliser: Hollander and Wolfe 1973, table 3.1. */
static const double depression[] = {-0.952, 0.147, -1.022, -0.430, -0.620, -0.590, -0.490, 0.080, -0.010};

static void
test_t(void)
{
	static const double same[] = {0.1, 0.1, 0.1}, none[] = {0, 0, 0}, two[] = {1, 3};

	tap_ok(near(paired_mean(10, sleep), 1.58, 1e-15) && near(paired_variance(10, sleep), 1.5128889, 1e-7), "mean and variance");
	tap_ok(near(paired_t(10, sleep), 0.00283289, 1e-8), "Student's sleep data: t = 4.0621, p = 0.002833");
	tap_ok(near(paired_effect(10, sleep), 1.284558, 1e-6), "d_z is 1.28");
	tap_ok(near(paired_t(15, maize), 0.0497029, 1e-6), "Darwin's maize: t = 2.148, p = 0.0497");
	tap_ok(paired_t(3, same) == 0 && isinf(paired_effect(3, same)), "equal differences leave no doubt");
	tap_ok(paired_t(3, none) == 1 && paired_effect(3, none) == 0, "no differences: none");
	/* sqrt(2) twice: t = 2 with one degree of freedom, Cauchy's distribution */
	tap_ok(near(paired_t(2, two), 1 - 2 / MATH_PI * atan(2), 1e-15) && near(paired_effect(2, two), sqrt(2), 1e-15), "two pairs say a little");
	tap_ok(paired_t(1, sleep) == 1 && isnan(paired_effect(1, sleep)), "one pair says nothing");
}

static void
test_wilcoxon(void)
{
	/* the 2.5 % column of Wilcoxon's table: n, the sum T of the ranks of one sign, and of how many of 2^n signs it is T or less */
	static const struct {
		size_t n, t;
		double ways;
	} known[] = {{5, 0, 1}, {6, 2, 3}, {8, 3, 5}, {10, 8, 25}, {12, 13, 87}, {15, 25, 785}, {20, 52, 25397}};
	static const double ties[] = {1, 1, -1, 2}, zeros[] = {0, 0, 1, 2, -3, 4}, rounded[] = {0.3 - 0.2, 0.2 - 0.1, 0.1 - 0.2, 0.2};
	double d[200];

	for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
		size_t left = known[k].t;

		for (size_t i = known[k].n; i; i--) {
			d[i - 1] = (double)i;
			if (i <= left) {
				d[i - 1] *= -1;
				left -= i;
			}
		}
		tap_ok(paired_wilcoxon(known[k].n, d, 0, scratch) == 2 * ldexp(known[k].ways, -(int)known[k].n),
		       "Wilcoxon's table: n %zu, T %zu", known[k].n, known[k].t);
	}
	tap_ok(paired_wilcoxon(9, depression, 0, scratch) == 0.0390625, "Hollander and Wolfe's depression data: 0.0390625");
	/* ranks 2 2 2 4; sum of the negative 2; sums 0 and 2 come of 1 + 3 of 16 signs */
	tap_ok(paired_wilcoxon(4, ties, 0, scratch) == 0.5, "tied ranks are counted exactly");
	/* zeros hold ranks 1 and 2; the others 3 4 5 6; negative 5; sums 0 3 4 5 come of 4 of 16 */
	tap_ok(paired_wilcoxon(6, zeros, 0, scratch) == 0.5, "zeros are ranked and leave");
	tap_ok(paired_wilcoxon(2, zeros, 0, scratch) == 1, "nothing but zeros: 1");
	tap_ok(paired_wilcoxon(4, rounded, 1e-12, scratch) == 0.5, "and so are ranks tied but for rounding");
	for (size_t i = 0; i < 200; i++)
		d[i] = random_normal(7, i) + 0.15;
	tap_ok(near(paired_wilcoxon(51, d, 0, scratch), paired_wilcoxon(50, d, 0, scratch), 0.04), "where the normal takes over");
	/* ranks 1 to 100, those of multiples of three negative: sum 1683, mean 2525, variance 84587.5 */
	for (size_t i = 0; i < 100; i++)
		d[i] = (i + 1) % 3 ? (double)(i + 1) : -(double)(i + 1);
	tap_ok(near(paired_wilcoxon(100, d, 0, scratch), 2 * normal_tail(842 / sqrt(84587.5)), 1e-15), "a hundred ranks: normal");
	/* forty of +1, twenty of -1, all tied at 30.5: sqrt(60) (2/3 - 1/2) 2 = 2.582 is the sign test's */
	for (size_t i = 0; i < 60; i++)
		d[i] = i % 3 ? 1 : -1;
	tap_ok(near(paired_wilcoxon(60, d, 0, scratch), 2 * normal_tail(20 / sqrt(60)), 1e-15), "all tied: the sign test");
}

static void
test_randomisation(void)
{
	static const double two[] = {3, 1}, three[] = {1, 2, 3}, ties[] = {0.1, 0.2, -0.3, 0};
	static const double rounded[] = {3 * 0.1 * 1e6, 6 * 0.1 * 1e6, -4 * 0.1 * 1e6, 4 * 0.1 * 1e6, 1 * 0.1 * 1e6};
	double d[30], many[300], exact, drawn;

	/* 863 of 2^15 signs reach Fisher's 314 on one side */
	tap_ok(paired_randomisation(15, maize, 0, 1, scratch) == 2 * 863 / 32768.0, "Fisher's count for Darwin's maize: 863");
	tap_ok(paired_randomisation(2, two, 0, 1, scratch) == 0.5, "two of four signs are as far");
	tap_ok(paired_randomisation(3, three, 0, 1, scratch) == 0.25, "two of eight");
	tap_ok(paired_randomisation(4, ties, 0, 1, scratch) == 1, "a sum of 0 that rounding made another is as near as any");
	tap_ok(paired_randomisation(1, ties + 3, 0, 1, scratch) == 1, "nothing but zeros: 1");
	for (size_t i = 0; i < 30; i++)
		d[i] = i < 20 ? random_normal(3, i) + 0.4 : 0;
	exact = paired_randomisation(30, d, 0, 1, scratch);
	tap_ok(exact == paired_randomisation(20, d, 0, 1, scratch), "zeros do not matter");
	d[20] = 1e-9; /* one more: no longer exact */
	drawn = paired_randomisation(30, d, 100000, 1, scratch);
	tap_ok(drawn != exact && near(drawn, exact, 4 * sqrt(exact / 100000)), "random signs give nearly the same: %g, %g", exact, drawn);
	tap_ok(drawn == paired_randomisation(30, d, 100000, 1, scratch), "the same seed the same");
	tap_ok(drawn != paired_randomisation(30, d, 100000, 2, scratch), "another seed another");
	/* 3 6 -4 4 1: twelve of 32 signs are as far as 10, two of them less far by rounding */
	tap_ok(paired_randomisation(5, rounded, 0, 1, scratch) == 12 / 32.0, "sums that are equal but for rounding are as far");
	for (size_t i = 0; i < 30; i++)
		d[i] = i % 2 ? 1 : -1;
	tap_ok(paired_randomisation(30, d, 999, 1, scratch) == 1, "p of a sum of 0 is 1");
	for (size_t i = 0; i < 300; i++)
		many[i] = random_normal(5, i) + 0.2;
	tap_ok(near(paired_randomisation(300, many, 20000, 1, scratch), paired_t(300, many), 0.005), "of many, as Student's: %g, %g",
	       paired_randomisation(300, many, 20000, 1, scratch), paired_t(300, many));
	for (size_t i = 0; i < 30; i++)
		d[i] = 1;
	tap_ok(paired_randomisation(30, d, 999, 1, scratch) == 0.001, "p is never below 1 / (1 + R)");
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The BCa interval from all 3^3 samples of three differences, not from random ones. */
static struct interval
enumerated(const double d[3], double level)
{
	double means[27], mean = (d[0] + d[1] + d[2]) / 3, squares = 0, cubes = 0, below = 0, end[2];

	for (size_t i = 0; i < 27; i++) {
		means[i] = (d[i % 3] + d[i / 3 % 3] + d[i / 9]) / 3;
		below += means[i] < mean - 1e-12 ? 1 : fabs(means[i] - mean) <= 1e-12 ? 0.5 : 0;
	}
	qsort(means, 27, sizeof *means, compare_doubles);
	for (size_t i = 0; i < 3; i++) {
		squares += pow(d[i] - mean, 2);
		cubes += pow(d[i] - mean, 3);
	}
	for (int i = 0; i < 2; i++) {
		double z0 = normal_quantile(below / 27), z = z0 + normal_quantile((1 + (i ? level : -level)) / 2);

		end[i] = means[(size_t)(27 * (0.5 * erfc(-(z0 + z / (1 - cubes / 6 / pow(squares, 1.5) * z)) / sqrt(2))))];
	}
	return (struct interval){end[0], end[1]};
}

static void
test_bootstrap(void)
{
	static const double skewed[] = {0, 1, 10}, same[] = {0.1, 0.1, 0.1};
	static double many[20001];
	struct interval got = paired_bootstrap(3, skewed, 0.8, 20001, 1, many), all = enumerated(skewed, 0.8);

	tap_ok(near(got.lower, all.lower, 1e-12) && near(got.upper, all.upper, 1e-12),
	       "three skewed differences: as of all 27 samples: %g to %g, %g to %g", got.lower, got.upper, all.lower, all.upper);
	got = paired_bootstrap(1, skewed, 0.95, 100, 1, many);
	tap_ok(got.lower == -INFINITY && got.upper == INFINITY, "one pair says nothing");
	got = paired_bootstrap(3, same, 0.95, 100, 1, many);
	tap_ok(got.lower == 0.1 && got.upper == 0.1, "equal differences leave no doubt");
	got = paired_bootstrap(10, sleep, 0.95, 20001, 1, many);
	all = mean_interval(10, 1.58, paired_variance(10, sleep), 0.95);
	tap_ok(got.lower > all.lower && got.upper > 2.4 && got.upper < 2.7, "to the right of Student's where the tail is: %g to %g",
	       got.lower, got.upper);
}

static void
test_holm(void)
{
	double p[] = {0.04, 0.01, 0.03, 0.005}, equal[] = {0.01, 0.04, 0.03, 0.02}, high[] = {0.6, 0.9};
	struct paired_ordered order[4];

	/* Holm's procedure by hand: 4, 3, 2 and 1 times the p in their order, never falling */
	paired_holm(4, p, order);
	tap_ok(near(p[3], 0.02, 1e-15) && near(p[1], 0.03, 1e-15) && near(p[2], 0.06, 1e-15) && near(p[0], 0.06, 1e-15), "Holm: each in its place");
	paired_holm(4, equal, order);
	tap_ok(near(equal[0], 0.04, 1e-15) && near(equal[3], 0.06, 1e-15) && near(equal[2], 0.06, 1e-15) && near(equal[1], 0.06, 1e-15), "it never falls");
	paired_holm(2, high, order);
	tap_ok(high[0] == 1 && high[1] == 1, "nor exceeds 1");
	paired_holm(0, high, order);
}

/* ---- what they promise ---- */

/* Differences that are symmetric about 0, as the null hypothesis has them: normal, and in odd runs Laplace's. */
static void
draw(size_t run, double *d)
{
	for (size_t i = 0; i < PAIRS; i++) {
		uint64_t key = run * PAIRS + i;
		double sign = random_bits(11, key) & 1 ? 1 : -1;

		d[i] = run % 2 ? -sign * log(random_uniform(12, key)) : random_normal(13, key);
	}
}

static void
test_null(void)
{
	static const char *const name[] = {"t", "Wilcoxon", "randomisation"};
	size_t rejected[3] = {0}, covered = 0, halves[3] = {0};

	for (size_t run = 0; run < RUNS; run++) {
		double d[PAIRS], p[3];
		struct interval interval;

		draw(run, d);
		p[0] = paired_t(PAIRS, d);
		p[1] = paired_wilcoxon(PAIRS, d, 0, scratch);
		p[2] = paired_randomisation(PAIRS, d, RESAMPLES, run, scratch);
		for (size_t i = 0; i < 3; i++) {
			rejected[i] += p[i] <= 0.05;
			halves[i] += p[i] <= 0.5;
		}
		interval = paired_bootstrap(PAIRS, d, 0.95, RESAMPLES, run, scratch);
		covered += interval.lower <= 0 && 0 <= interval.upper;
	}
	for (size_t i = 0; i < 3; i++)
		tap_ok(rejected[i] >= RUNS * 35 / 1000 && rejected[i] <= RUNS * 65 / 1000 && halves[i] >= RUNS * 46 / 100 &&
		       halves[i] <= RUNS * 54 / 100, "%s rejects what is true in %g %% at 5 %%, %g %% at 50 %%", name[i],
		       100.0 * (double)rejected[i] / RUNS, 100.0 * (double)halves[i] / RUNS);
	tap_ok(covered >= RUNS * 92 / 100 && covered <= RUNS * 97 / 100, "the bootstrap's interval covers in %g %%",
	       100.0 * (double)covered / RUNS);
}

int
main(void)
{
	test_t();
	test_wilcoxon();
	test_randomisation();
	test_bootstrap();
	test_holm();
	test_null();
	return tap_done();
}

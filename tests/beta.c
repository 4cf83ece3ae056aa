/* beta.c - quantiles of the beta distribution and the exact interval: closed forms, binomial tails, published cases. */
#include "../common/eval/beta.h"
#include "tap.h"

static bool
near(double got, double expected, double error)
{
	return fabs(got - expected) <= error * fabs(expected);
}

/* The probability of k or more successes of n trials, each of probability p, summed the long way. */
static double
binomial_tail(int n, int k, double p)
{
	long double sum = 0;

	for (int i = n; i >= k; i--)
		sum += expl(lgammal(n + 1.0L) - lgammal(i + 1.0L) - lgammal(n - i + 1.0L)) * powl(p, i) * powl(1 - (long double)p, n - i);
	return (double)sum;
}

static void
test_quantile(void)
{
	static const double p[] = {5e-7, 0.005, 0.025, 0.3, 0.5, 0.9, 0.975, 0.9999995};
	/* computed to 50 digits */
	static const double known[][4] = {
		{81, 183, 0.025, 0.25273674558527116}, {3, 7, 0.995, 0.69260635076854380}, {1.5, 2.5, 0.1, 0.10153732554750935},
		{1000, 3, 0.0005, 0.98803280710938668},
	};
	bool first = true, last = true, even = true;

	for (size_t i = 0; i < sizeof p / sizeof *p; i++)
		for (double n = 1; n < 1e18; n *= 37) {
			double error = 1e-13 + 1e-15 / fmin(p[i], 1 - p[i]);

			first = first && near(beta_quantile(1, n, p[i]), -math_expm1(math_log1p(-p[i]) / n), error);
			last = last && near(beta_quantile(n, 1, p[i]), math_exp(math_log(p[i]) / n), error);
		}
	tap_ok(first, "of (1, n) they are 1 - (1 - p)^(1 / n)");
	tap_ok(last, "of (n, 1) they are p^(1 / n)");
	for (double n = 1; n < 1e18; n *= 11)
		even = even && near(beta_quantile(n, n, 0.5), 0.5, 1e-13);
	tap_ok(even, "of (n, n) the median is 1 / 2");
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		tap_ok(near(beta_quantile(known[i][0], known[i][1], known[i][2]), known[i][3], 1e-13),
		       "of (%g, %g) that of %g is %.16g", known[i][0], known[i][1], known[i][2], known[i][3]);
	/* mean 1/4, standard deviation sqrt(3/16 / 4e17) */
	tap_ok(fabs((beta_quantile(1e17, 3e17, 0.975) - 0.25) / sqrt(0.1875 / 4e17) - 1.9599639845) < 1e-6,
	       "of huge ones they are the normal's");
}

static void
test_exact(void)
{
	/* Newcombe 1998, Statistics in Medicine 17, table I, method 5, 95 % */
	static const struct {
		uint64_t k, n;
		double lower, upper;
	} known[] = {{81, 263, 0.2527, 0.3676}, {15, 148, 0.0578, 0.1617}, {0, 20, 0, 0.1684}, {1, 29, 0.0009, 0.1776}};
	struct interval got;
	double worst = 0;

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		got = exact_interval(known[i].n, known[i].k, 0.95);
		tap_ok(fabs(got.lower - known[i].lower) < 5e-5 && fabs(got.upper - known[i].upper) < 5e-5,
		       "the exact interval for %d of %d", (int)known[i].k, (int)known[i].n);
	}
	for (int n = 1; n <= 40; n++)
		for (int k = 0; k <= n; k++) {
			got = exact_interval((uint64_t)n, (uint64_t)k, 0.9);
			if (k > 0)
				worst = fmax(worst, fabs(binomial_tail(n, k, got.lower) / 0.05 - 1));
			if (k < n)
				worst = fmax(worst, fabs((1 - binomial_tail(n, k + 1, got.upper)) / 0.05 - 1));
		}
	tap_ok(worst < 1e-12, "at its ends the tails of the binomial have their probability, for all k of n to 40: %g", worst);
	got = exact_interval(7, 0, 0.95);
	tap_ok(got.lower == 0 && exact_interval(7, 7, 0.95).upper == 1, "for none and for all it ends at 0 and at 1");
	got = exact_interval(0, 0, 0.95);
	tap_ok(got.lower == 0 && got.upper == 1, "for 0 of 0 it is all of [0, 1]");
}

int
main(void)
{
	test_quantile();
	test_exact();
	return tap_done();
}

/*
 * math.c - exp, log and their kin against long double libm; quantiles and random numbers against what they promise.
 */
#include <stdlib.h>

#include "../common/num/random.h"
#include "tap.h"

enum { POINTS = 250000 };

/* Error of got in units of the last place of the right value, which is finite and not 0. */
static double
ulps(double got, long double right)
{
	int exponent;

	frexpl(right, &exponent);
	return (double)fabsl(ldexpl((long double)got - right, 53 - (exponent < -1021 ? -1021 : exponent)));
}

/* A double in [low, high], by the point's number: uniform, or with a uniform logarithm where both are above 0. */
static double
point(uint64_t i, double low, double high, bool logarithmic)
{
	double u = random_uniform(1, i);

	return logarithmic ? exp(log(low) + u * (log(high) - log(low))) : low + u * (high - low);
}

/* Holds a function to its stated error over POINTS of a range; with both signs where it says so. */
static void
within(const char *name, double (*f)(double), long double (*reference)(long double), double limit, double low,
       double high, bool logarithmic, bool signs)
{
	double worst = 0, at = 0;

	for (uint64_t i = 0; i < POINTS; i++) {
		double x = point(i, low, high, logarithmic), error;

		x = signs && i % 2 ? -x : x;
		error = ulps(f(x), reference((long double)x));
		if (!(error <= worst)) {
			worst = error;
			at = x;
		}
	}
	if (!tap_ok(worst <= limit, "%s on %s%g to %g: %.0f ulp", name, signs ? "+-" : "", low, high, limit))
		printf("# %.3f ulp at %.17g\n", worst, at);
}

static void
test_functions(void)
{
	within("math_exp", math_exp, expl, 1, -708.3, 709.7, false, false);
	within("math_exp", math_exp, expl, 1, 1e-12, 1, true, true);
	within("math_log", math_log, logl, 2, 1e-307, 1e308, true, false);
	within("math_log", math_log, logl, 2, 0.5, 2, false, false);
	within("math_log", math_log, logl, 2, 5e-324, 1e-307, true, false);
	within("math_log1p", math_log1p, log1pl, 3, 1e-20, 0.99, true, true);
	within("math_log1p", math_log1p, log1pl, 3, 1, 1e300, true, false);
	within("math_expm1", math_expm1, expm1l, 3, 1e-20, 1, true, true);
	within("math_expm1", math_expm1, expm1l, 3, 1, 700, true, true);
	within("math_tanh", math_tanh, tanhl, 4, 1e-20, 1, true, true);
	within("math_tanh", math_tanh, tanhl, 4, 0.1, 40, true, true);
}

static void
test_special(void)
{
	tap_ok(math_exp(0) == 1 && math_exp(-INFINITY) == 0 && math_exp(INFINITY) == INFINITY && isnan(math_exp(NAN)),
	       "exp of 0, infinities and NaN");
	tap_ok(math_exp(-708.4) == 0 && math_exp(-708.2) > 0 && isinf(math_exp(709.71)) && isfinite(math_exp(709.69)),
	       "exp ends where it says");
	tap_ok(math_log(1) == 0 && math_log(0) == -INFINITY && isnan(math_log(-1)) && isnan(math_log(NAN)) &&
	       math_log(INFINITY) == INFINITY, "log of 1, 0, -1, NaN and infinity");
	tap_ok(math_log1p(0) == 0 && math_log1p(-1) == -INFINITY && math_log1p(INFINITY) == INFINITY &&
	       isnan(math_log1p(-2)), "log1p of 0, -1, -2 and infinity");
	tap_ok(math_expm1(0) == 0 && math_expm1(-INFINITY) == -1 && math_expm1(-50) == -1 &&
	       math_expm1(INFINITY) == INFINITY && isnan(math_expm1(NAN)), "expm1 of 0, infinities, -50 and NaN");
	tap_ok(math_tanh(0) == 0 && math_tanh(INFINITY) == 1 && math_tanh(-INFINITY) == -1 && math_tanh(-25) == -1 &&
	       isnan(math_tanh(NAN)), "tanh of 0, infinities, -25 and NaN");
	tap_ok(math_sigmoid(0) == 0.5 && math_sigmoid(-1e4) == 0 && math_sigmoid(1e4) == 1 &&
	       fabs(math_sigmoid(2) + math_sigmoid(-2) - 1) < 1e-15, "sigmoid of 0, +-10,000 and +-2");
	tap_ok(math_softplus(1e4) == 1e4 && math_softplus(-1e4) == 0 && math_softplus(-40) > 0 &&
	       fabs(math_softplus(0) - 0.69314718055994531) < 1e-15, "softplus of +-10,000, -40 and 0");
	tap_ok(math_power2(0) == 1 && math_power2(-1022) == 0x1p-1022 && math_power2(1023) == 0x1p1023, "powers of 2");
}

/* Published to 16 digits or more: tables of the normal distribution, and Wichura 1988 for the last two. */
static void
test_quantile(void)
{
	static const double published[][2] = {
		{0.5, 0}, {0.75, 0.67448975019608174}, {0.9, 1.2815515655446004}, {0.95, 1.6448536269514722},
		{0.975, 1.9599639845400545}, {0.995, 2.5758293035489004}, {0.9995, 3.2905267314918945},
		{1e-10, -6.3613409024040557}, {0.25, -0.6744897501960817}, {0.001, -3.0902323061678132},
		{1e-20, -9.2623400897984190},
	};
	bool good = true;
	long double worst = 0;

	for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
		double got = normal_quantile(published[i][0]), right = published[i][1];

		if (fabs(got - right) > 1e-14 * fabs(right)) {
			printf("# %g: %.17g, not %.17g\n", published[i][0], got, right);
			good = false;
		}
	}
	tap_ok(good, "normal quantiles as published");

	/* Phi(quantile(p)) = p: an error e of the quantile changes Phi by e times the density */
	for (uint64_t i = 0; i < 100000; i++) {
		double p = i % 2 ? random_uniform(2, i) : exp(-600 * random_uniform(2, i)), z = normal_quantile(p);
		long double back = 0.5L * erfcl(-(long double)z * sqrtl(0.5L));
		long double density = expl(-0.5L * (long double)z * z) / sqrtl(2 * 3.14159265358979323846264L);
		/* near 1 the rounding of p itself is what Phi sees */
		long double error = fabsl(back - p) / (density * fmaxl(1, fabsl((long double)z)));

		if (p < 0.9 && error > worst)
			worst = error;
	}
	if (!tap_ok(worst < 2e-15L, "the normal distribution undoes its quantile"))
		printf("# %Lg\n", worst);
	tap_ok(normal_quantile(0.2) == -normal_quantile(0.8) || fabs(normal_quantile(0.2) + normal_quantile(0.8)) < 1e-15,
	       "quantiles are symmetric");
}

/* Mean, variance, correlation with the next, and the shares of 64 bins, of what keys 0, 1, 2... draw. */
static void
test_uniform(uint64_t seed)
{
	enum { N = 200000, BINS = 64 };
	double sum = 0, squares = 0, products = 0, chi = 0, last = 0.5;
	size_t bin[BINS] = {0};
	bool inside = true;

	for (uint64_t key = 0; key < N; key++) {
		double u = random_uniform(seed, key);

		inside &= u > 0 && u < 1;
		sum += u - 0.5;
		squares += (u - 0.5) * (u - 0.5);
		products += (u - 0.5) * (last - 0.5);
		bin[(size_t)(u * BINS)]++;
		last = u;
	}
	for (size_t i = 0; i < BINS; i++)
		chi += pow((double)bin[i] - (double)N / BINS, 2) / ((double)N / BINS);
	tap_ok(inside, "seed %llu: uniform numbers are in (0, 1)", (unsigned long long)seed);
	/* five standard errors each; of chi square with 63 degrees of freedom, 63 + 5 sqrt 126 */
	tap_ok(fabs(sum / N) < 5 * sqrt(1.0 / 12 / N) && fabs(squares / N - 1.0 / 12) < 5 * sqrt(1.0 / 180 / N) &&
	       fabs(products / N) < 5.0 / 12 / sqrt(N) && chi < 63 + 5 * sqrt(126),
	       "seed %llu: their mean, variance, bins and neighbours", (unsigned long long)seed);
}

static void
test_random(void)
{
	enum { N = 100000 };
	double sum = 0, squares = 0, fourths = 0, flips = 0;

	test_uniform(0);
	test_uniform(1);
	test_uniform(UINT64_MAX);
	/* the key whose bits are all 0: both halves of the mix cancel */
	tap_ok(random_bits(7, 7 + UINT64_C(0x9e3779b97f4a7c15) - UINT64_C(0xd1b54a32d192ed03)) == 0 &&
	       random_uniform(7, 7 + UINT64_C(0x9e3779b97f4a7c15) - UINT64_C(0xd1b54a32d192ed03)) > 0,
	       "bits of 0 are above 0, too");
	tap_ok(random_uniform(1, 2) == random_uniform(1, 2) && random_bits(1, 2) != random_bits(2, 1),
	       "a function of seed and key, which are not the same thing");
	for (uint64_t i = 0; i < N; i++) {
		double z = random_normal(3, i);

		sum += z;
		squares += z * z;
		fourths += z * z * z * z;
		flips += __builtin_popcountll(random_bits(5, i) ^ random_bits(5, i ^ UINT64_C(1) << i % 64));
		flips += __builtin_popcountll(random_bits(5, i) ^ random_bits(5 ^ UINT64_C(1) << i % 64, i));
	}
	tap_ok(fabs(sum / N) < 5 / sqrt(N) && fabs(squares / N - 1) < 5 * sqrt(2.0 / N) &&
	       fabs(fourths / N - 3) < 5 * sqrt(96.0 / N), "normal numbers: moments 0, 1 and 3");
	tap_ok(fabs(flips / N / 2 - 32) < 0.1, "a changed bit of seed or key changes half of the bits");
}

/* Places 0 .. n - 1 go to n different places, in [0, n). */
static bool
is_permutation(uint64_t seed, uint64_t n)
{
	bool taken[300] = {false}, good = true;

	for (uint64_t i = 0; i < n; i++) {
		uint64_t place = random_place(seed, i, n);

		good &= place < n && !taken[place];
		taken[place < n ? place : 0] = true;
	}
	return good;
}

static void
test_place(void)
{
	enum { N = 300, SEEDS = 20000, M = 7 };
	bool good = true;
	size_t fixed = 0, ascents = 0, at[M][M] = {{0}};
	double chi = 0;

	for (uint64_t n = 1; n <= N; n++)
		good &= is_permutation(n, n) && is_permutation(1, n);
	tap_ok(good, "random_place is a permutation for n from 1 to %d", N);
	/* of a random permutation one place is fixed on average, and half of the neighbours ascend */
	for (uint64_t seed = 0; seed < 200; seed++)
		for (uint64_t i = 0; i < N; i++) {
			fixed += random_place(seed, i, N) == i;
			ascents += i && random_place(seed, i, N) > random_place(seed, i - 1, N);
		}
	tap_ok(fabs((double)fixed - 200) < 5 * sqrt(200) && fabs((double)ascents - 200 * 149.5) < 5 * sqrt(200 * 301.0 / 12),
	       "as random ones have them: fixed places and ascents");
	for (uint64_t seed = 0; seed < SEEDS; seed++)
		for (uint64_t i = 0; i < M; i++)
			at[i][random_place(seed, i, M)]++;
	for (size_t i = 0; i < M * M; i++)
		chi += pow((double)at[i / M][i % M] - (double)SEEDS / M, 2) / ((double)SEEDS / M);
	if (!tap_ok(chi < 36 + 5 * sqrt(72), "every place is as likely to go to every other"))
		printf("# chi square %g\n", chi);
	tap_ok(random_place(1, 5, 1000) != random_place(2, 5, 1000) || random_place(1, 6, 1000) != random_place(2, 6, 1000),
	       "another seed, another order");
	good = true;
	for (uint64_t i = 0; i < 1000; i++)
		good &= random_place(9, i, UINT64_C(1) << 40 | 1) <= UINT64_C(1) << 40;
	tap_ok(good, "large n");
}

int
main(void)
{
	test_functions();
	test_special();
	test_quantile();
	test_random();
	test_place();
	return tap_done();
}

/*
 * ridge.c - linear maps by least squares: one that is exact is found, a penalty shrinks it, but for the intercept.
 */
#include "../common/cli.h"
#include "../common/num/random.h"
#include "../common/num/ridge.h"
#include "tap.h"

enum { I = 3, O = 2, PAIRS = 40 };

/* y = x map of another map, plus noise of this size. */
static void
make_pair(size_t n, double noise, float *x, float *y)
{
	for (size_t i = 0; i < I; i++)
		x[i] = (float)random_normal(1, n * I + i);
	y[0] = (float)(2 + 3.0 * (double)x[0] - (double)x[2] + noise * random_normal(2, n));
	y[1] = (float)(-1 + 0.5 * (double)x[1] + noise * random_normal(3, n));
}

static bool
fit(double noise, double penalty, size_t n, double *map)
{
	double xx[(I + 1) * (I + 1)] = {0};
	float x[I], y[O];

	memset(map, 0, (I + 1) * O * sizeof *map);
	for (size_t i = 0; i < n; i++) {
		make_pair(i, noise, x, y);
		ridge_add(I, O, xx, map, x, y);
	}
	return ridge_solve(I, O, xx, map, penalty);
}

/* The largest derivative of sum |y - x map|^2 + penalty |map|^2 by a number of the map, halved. */
static double
slope(double noise, double penalty, const double *map)
{
	double derivative[(I + 1) * O] = {0}, largest = 0;
	float x[I], y[O], got[O];

	for (size_t n = 0; n < PAIRS; n++) {
		make_pair(n, noise, x, y);
		ridge_map(I, O, got, x, map);
		for (size_t i = 0; i <= I; i++)
			for (size_t o = 0; o < O; o++)
				derivative[i * O + o] += ((double)got[o] - (double)y[o]) * (i ? (double)x[i - 1] : 1);
	}
	for (size_t i = 0; i < (I + 1) * O; i++) {
		derivative[i] += i < O ? 0 : penalty * map[i];
		largest = fmax(largest, fabs(derivative[i]));
	}
	return largest;
}

int
main(void)
{
	const double truth[(I + 1) * O] = {2, -1, 3, 0, 0, 0.5, -1, 0};
	double map[(I + 1) * O], worst = 0, y[O] = {0};
	float pair_x[I], pair_y[O];

	tap_ok(fit(0, 0, PAIRS, map), "sums of many pairs are positive definite");
	for (size_t i = 0; i < (I + 1) * O; i++)
		worst = fmax(worst, fabs(map[i] - truth[i]));
	tap_ok(worst < 1e-6, "an exact map is found: %g", worst);
	fit(1, 7, PAIRS, map);
	tap_ok(slope(1, 7, map) < 1e-4 && slope(1, 0, map) > 1, "the minimum with a penalty: slope %g", slope(1, 7, map));
	fit(1, 1e12, PAIRS, map);
	for (size_t n = 0; n < PAIRS; n++) {
		make_pair(n, 1, pair_x, pair_y);
		for (size_t o = 0; o < O; o++)
			y[o] += (double)pair_y[o] / PAIRS;
	}
	tap_ok(fabs(map[0] - y[0]) < 1e-6 && fabs(map[1] - y[1]) < 1e-6 && fabs(map[2]) < 1e-6,
	       "a huge penalty leaves the mean: the intercept is free");
	tap_ok(!fit(0, 0, 0, map), "no pairs: no map");
	return tap_done();
}

/*
 * ridge.h - linear maps between vectors, by least squares with a penalty on their size (Hoerl and Kennard 1970).
 *
 * Legend: n pairs of a vector of I numbers and one of O. With a 1 put before the first, y = x map; map is
 * [I + 1][O], row 0 the intercept. All arrays row-major.
 */
#ifndef WEIR_RIDGE_H
#define WEIR_RIDGE_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

/* Adds a pair to the sums xx[I + 1][I + 1] and xy[I + 1][O]. */
static inline void
ridge_add(size_t I, size_t O, double *xx, double *xy, const float *x, const float *y)
{
	for (size_t i = 0; i <= I; i++) {
		double xi = i ? (double)x[i - 1] : 1;

		for (size_t j = 0; j <= I; j++)
			xx[i * (I + 1) + j] += xi * (j ? (double)x[j - 1] : 1);
		for (size_t o = 0; o < O; o++)
			xy[i * O + o] += xi * (double)y[o];
	}
}

/*
 * The map of the least sum of squares + penalty |map|^2, the intercept free: by Cholesky's factors, which take the place
 * of xx; the map takes that of xy. False where the sums are not positive definite.
 */
static inline bool
ridge_solve(size_t I, size_t O, double *xx, double *xy, double penalty)
{
	size_t n = I + 1;

	for (size_t i = 0; i < n; i++) {
		xx[i * n + i] += i ? penalty : 0;
		for (size_t j = 0; j <= i; j++) {
			double sum = xx[i * n + j];

			for (size_t k = 0; k < j; k++)
				sum -= xx[i * n + k] * xx[j * n + k];
			if (i == j && !(sum > 0))
				return false;
			xx[i * n + j] = i == j ? sqrt(sum) : sum / xx[j * n + j];
		}
	}
	for (size_t o = 0; o < O; o++) {
		for (size_t i = 0; i < n; i++) {
			for (size_t k = 0; k < i; k++)
				xy[i * O + o] -= xx[i * n + k] * xy[k * O + o];
			xy[i * O + o] /= xx[i * n + i];
		}
		for (size_t i = n; i--;) {
			for (size_t k = i + 1; k < n; k++)
				xy[i * O + o] -= xx[k * n + i] * xy[k * O + o];
			xy[i * O + o] /= xx[i * n + i];
		}
	}
	return true;
}

/* y[O] = x map, written. */
static inline void
ridge_map(size_t I, size_t O, float *y, const float *x, const double *map)
{
	for (size_t o = 0; o < O; o++) {
		double sum = map[o];

		for (size_t i = 0; i < I; i++)
			sum += (double)x[i] * map[(i + 1) * O + o];
		y[o] = (float)sum;
	}
}

#endif

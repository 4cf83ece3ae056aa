/*
 * vec.h - sums of vectors of n floats. With n = 0 nothing is done, and a dot product is 0.
 *
 * Products are rounded before they are added. A dot product has eight sums, whatever the machine's vectors are, so
 * its bits are the same everywhere.
 */
#ifndef WEIR_VEC_H
#define WEIR_VEC_H

#include <stddef.h>

/* Eight floats, of any alignment. */
typedef float vec_eight __attribute__((vector_size(8 * sizeof(float)), aligned(sizeof(float)), may_alias));

/* y += x; x may be y. */
static inline void
vec_add(size_t n, float *y, const float *x)
{
	size_t i = 0;

	for (; i + 8 <= n; i += 8)
		*(vec_eight *)(y + i) += *(const vec_eight *)(x + i);
	for (; i < n; i++)
		y[i] += x[i];
}

/* y += a x; x may be y. */
static inline void
vec_axpy(size_t n, float *y, float a, const float *x)
{
	size_t i = 0;

	for (; i + 8 <= n; i += 8)
		*(vec_eight *)(y + i) += a * *(const vec_eight *)(x + i);
	for (; i < n; i++)
		y[i] += a * x[i];
}

/* The sum of x[i] y[i]: sum l takes i = l, l + 8...; sums l and l + 4, then l and l + 2, then 0 and 1 are added. */
static inline float
vec_dot(size_t n, const float *x, const float *y)
{
	vec_eight sum = {0};
	size_t i = 0;

	for (; i + 8 <= n; i += 8)
		sum += *(const vec_eight *)(x + i) * *(const vec_eight *)(y + i);
	for (size_t l = 0; i + l < n; l++)
		sum[l] += x[i + l] * y[i + l];
	return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

#endif

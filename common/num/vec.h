/*
 * vec.h - vectors of n floats. With n = 0 nothing is done, and a dot product is 0.
 *
 * Products are rounded before they are added. A dot product has eight sums, whatever the machine's vectors are, so
 * its bits are the same everywhere.
 */
#ifndef WEIR_VEC_H
#define WEIR_VEC_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __x86_64__
#include <xmmintrin.h>
#endif
#ifdef __aarch64__
#include <arm_neon.h>
#endif

/* Eight floats, of any alignment. */
typedef float vec_eight __attribute__((vector_size(8 * sizeof(float)), aligned(sizeof(float)), may_alias));

/* Four of them, for what the smallest machine does with as many at once. */
typedef float vec_four __attribute__((vector_size(4 * sizeof(float)), aligned(sizeof(float)), may_alias));

/* The bits of four; a comparison gives all bits of an element, or none. */
typedef int32_t vec_four_bits __attribute__((vector_size(4 * sizeof(int32_t)), aligned(sizeof(int32_t)), may_alias));

/* Square roots, rounded as those of single floats. */
static inline vec_four
vec_sqrt(vec_four x)
{
#if defined(__x86_64__)
	return _mm_sqrt_ps(x);
#elif defined(__aarch64__)
	return vsqrtq_f32(x);
#else
	return (vec_four){sqrtf(x[0]), sqrtf(x[1]), sqrtf(x[2]), sqrtf(x[3])};
#endif
}

/* y = x: for what is too short for memcpy to pay. */
static inline void
vec_copy(size_t n, float *y, const float *x)
{
	size_t i = 0;

	for (; i + 4 <= n; i += 4)
		*(vec_four *)(y + i) = *(const vec_four *)(x + i);
	for (; i < n; i++)
		y[i] = x[i];
}

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

/* y -= x */
static inline void
vec_subtract(size_t n, float *y, const float *x)
{
	size_t i = 0;

	for (; i + 8 <= n; i += 8)
		*(vec_eight *)(y + i) -= *(const vec_eight *)(x + i);
	for (; i < n; i++)
		y[i] -= x[i];
}

/* y *= x, element by element. */
static inline void
vec_multiply(size_t n, float *y, const float *x)
{
	size_t i = 0;

	for (; i + 8 <= n; i += 8)
		*(vec_eight *)(y + i) *= *(const vec_eight *)(x + i);
	for (; i < n; i++)
		y[i] *= x[i];
}

/* y becomes x where that is greater. */
static inline void
vec_most(size_t n, float *y, const float *x)
{
	size_t i = 0;

	for (; i + 4 <= n; i += 4) {
		vec_four a = *(const vec_four *)(y + i), b = *(const vec_four *)(x + i);
		vec_four_bits more = b > a;

		*(vec_four *)(y + i) = (vec_four)(((vec_four_bits)b & more) | ((vec_four_bits)a & ~more));
	}
	for (; i < n; i++)
		y[i] = x[i] > y[i] ? x[i] : y[i];
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

/* The sum of eight: l and l + 4 are added, then l and l + 2, then 0 and 1. */
static inline float
vec_across(const vec_eight *sums)
{
	const vec_eight sum = *sums;

	return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

/* The sum of x[i] y[i]: sum l takes i = l, l + 8... */
static inline float
vec_dot(size_t n, const float *x, const float *y)
{
	vec_eight sum = {0};
	size_t i = 0;

	for (; i + 8 <= n; i += 8)
		sum += *(const vec_eight *)(x + i) * *(const vec_eight *)(y + i);
	for (size_t l = 0; i + l < n; l++)
		sum[l] += x[i + l] * y[i + l];
	return vec_across(&sum);
}

/* The sum of x[i], in the order of vec_dot. */
static inline float
vec_sum(size_t n, const float *x)
{
	vec_four low = {0}, high = {0};
	vec_eight sum;
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		low += *(const vec_four *)(x + i);
		high += *(const vec_four *)(x + i + 4);
	}
	sum = (vec_eight){low[0], low[1], low[2], low[3], high[0], high[1], high[2], high[3]};
	for (size_t l = 0; i + l < n; l++)
		sum[l] += x[i + l];
	return vec_across(&sum);
}

/* y becomes 0 where it is not above 0. */
static inline void
vec_ramp(size_t n, float *y)
{
	size_t i = 0;

	for (; i + 4 <= n; i += 4) {
		vec_four v = *(const vec_four *)(y + i);

		*(vec_four *)(y + i) = (vec_four)((vec_four_bits)v & (vec_four_bits)(v > 0));
	}
	for (; i < n; i++)
		y[i] = y[i] > 0 ? y[i] : 0;
}

/* dy becomes 0 where y is not above 0. */
static inline void
vec_ramp_backward(size_t n, float *dy, const float *y)
{
	size_t i = 0;

	for (; i + 4 <= n; i += 4) {
		vec_four v = *(const vec_four *)(y + i);

		*(vec_four *)(dy + i) = (vec_four)(*(const vec_four_bits *)(dy + i) & (vec_four_bits)(v > 0));
	}
	for (; i < n; i++)
		dy[i] = y[i] > 0 ? dy[i] : 0;
}

#endif

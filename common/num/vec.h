/*
 * vec.h - vectors of n floats. With n = 0 nothing is done, and a sum is 0.
 *
 * Products are rounded before they are added, but for vec_fma. A sum has sixteen parts, whatever the machine's vectors
 * are, so its bits are the same everywhere.
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

/* Four floats, of any alignment: every machine does so many at once. */
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

/* x y + z, rounded once. */
static inline vec_four
vec_fma(vec_four x, vec_four y, vec_four z)
{
#ifdef __aarch64__
	return vfmaq_f32(z, x, y);
#else
	return (vec_four){fmaf(x[0], y[0], z[0]), fmaf(x[1], y[1], z[1]), fmaf(x[2], y[2], z[2]), fmaf(x[3], y[3], z[3])};
#endif
}

/* x where it is above y, else y. */
static inline vec_four
vec_max(vec_four x, vec_four y)
{
#if defined(__x86_64__)
	return _mm_max_ps(x, y);
#else
	const vec_four_bits more = x > y;

	return (vec_four)(((vec_four_bits)x & more) | ((vec_four_bits)y & ~more));
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

/* All of y = x. */
static inline void
vec_fill(size_t n, float *y, float x)
{
	const vec_four four = {x, x, x, x};
	size_t i = 0;

	for (; i + 4 <= n; i += 4)
		*(vec_four *)(y + i) = four;
	for (; i < n; i++)
		y[i] = x;
}

/* y += x; x may be y. */
static inline void
vec_add(size_t n, float *y, const float *x)
{
	size_t i = 0;

	for (; i + 4 <= n; i += 4)
		*(vec_four *)(y + i) += *(const vec_four *)(x + i);
	for (; i < n; i++)
		y[i] += x[i];
}

/* y *= x, element by element. */
static inline void
vec_multiply(size_t n, float *y, const float *x)
{
	size_t i = 0;

	for (; i + 4 <= n; i += 4)
		*(vec_four *)(y + i) *= *(const vec_four *)(x + i);
	for (; i < n; i++)
		y[i] *= x[i];
}

/* y = a x; x may be y. */
static inline void
vec_scale(size_t n, float *y, float a, const float *x)
{
	size_t i = 0;

	for (; i + 4 <= n; i += 4)
		*(vec_four *)(y + i) = a * *(const vec_four *)(x + i);
	for (; i < n; i++)
		y[i] = a * x[i];
}

/* y += a x; x may be y. */
static inline void
vec_axpy(size_t n, float *y, float a, const float *x)
{
	size_t i = 0;

	for (; i + 4 <= n; i += 4)
		*(vec_four *)(y + i) += a * *(const vec_four *)(x + i);
	for (; i < n; i++)
		y[i] += a * x[i];
}

/* The sum of x[i]: sum l of sixteen takes i = l, l + 16...; then l and l + 8 are added, l and l + 4, and so on. */
static inline float
vec_sum(size_t n, const float *x)
{
	vec_four sum[4] = {{0}};
	size_t i = 0;

	for (; i + 16 <= n; i += 16)
		for (size_t l = 0; l < 4; l++)
			sum[l] += *(const vec_four *)(x + i + 4 * l);
	for (size_t l = 0; i + l < n; l++)
		sum[l / 4][l % 4] += x[i + l];
	sum[0] = (sum[0] + sum[2]) + (sum[1] + sum[3]);
	return (sum[0][0] + sum[0][2]) + (sum[0][1] + sum[0][3]);
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

/* to = dy where y is above 0, and 0 elsewhere; to may be dy. */
static inline void
vec_ramp_backward(size_t n, float *to, const float *dy, const float *y)
{
	size_t i = 0;

	for (; i + 4 <= n; i += 4) {
		vec_four v = *(const vec_four *)(y + i);

		*(vec_four *)(to + i) = (vec_four)(*(const vec_four_bits *)(dy + i) & (vec_four_bits)(v > 0));
	}
	for (; i < n; i++)
		to[i] = y[i] > 0 ? dy[i] : 0;
}

#endif

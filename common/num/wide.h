/*
 * wide.h - what is done to many floats at once: e^x and its kin, the steps of optimisers, the gates of a GRU.
 *
 * An element is worked out by itself, of the four operations, fused multiply-add and square roots only, so its bits depend
 * on no instruction set and not on its place. Stated errors are the largest seen against double in tests/wide.c.
 */
#ifndef WEIR_WIDE_H
#define WEIR_WIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "unroll.h"
#include "vec.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

enum wide_function { WIDE_EXP, WIDE_SIGMOID, WIDE_TANH };

#define WIDE_LEAST -87.0f /* e^x is 0 below it */
#define WIDE_MOST 88.0f   /* and no larger above it */

enum { WIDE_ABREAST = 4 }; /* vectors whose e^x are worked out side by side: of one alone each step waits for the last */

#ifdef __x86_64__
#define WIDE_NAME(part) wide_##part##_avx512
#define WIDE_TARGET __attribute__((target("avx512f")))
#define WIDE_LANES 16
#define WIDE_FMA(x, y, z) _mm512_fmadd_ps(x, y, z)
#define WIDE_SQRT(x) _mm512_sqrt_ps(x)
#define WIDE_MAX(x, y) _mm512_max_ps(x, y)
#define WIDE_RUNS __builtin_cpu_supports("avx512f")
#include "wide_kernel.h"

#define WIDE_NAME(part) wide_##part##_avx2
#define WIDE_TARGET __attribute__((target("avx2,fma")))
#define WIDE_LANES 8
#define WIDE_FMA(x, y, z) _mm256_fmadd_ps(x, y, z)
#define WIDE_SQRT(x) _mm256_sqrt_ps(x)
#define WIDE_MAX(x, y) _mm256_max_ps(x, y)
#define WIDE_RUNS __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
#include "wide_kernel.h"
#endif

#define WIDE_NAME(part) wide_##part##_four
#define WIDE_TARGET
#define WIDE_LANES 4
#define WIDE_FMA(x, y, z) vec_fma(x, y, z)
#define WIDE_SQRT(x) vec_sqrt(x)
#define WIDE_MAX(x, y) vec_max(x, y)
#define WIDE_RUNS true
#include "wide_kernel.h"

/* The best first. */
static const struct wide_kernel {
	const char *name;
	void (*map)(enum wide_function function, size_t n, float *y, const float *x);
	void (*most)(size_t n, size_t B, float *most, const float *z);
	void (*exp_below)(size_t n, size_t B, float *z, float *sum, const float *most);
	void (*sum_below)(size_t n, size_t B, const float *z, float *sum, const float *most);
	void (*adam)(size_t n, float rate, float *w, float *m, float *v, const float *g);
	void (*adagrad)(size_t n, float rate, float *w, float *sum, const float *g);
	void (*gru)(size_t H, float *gate, float *after, const float *before, const float *recurrent);
	void (*gru_back)(size_t H, float *dgate, float *drecurrent, float *dstate, const float *gate, const float *inner,
	                 const float *before);
	bool (*runs)(void);
} wide_kernels[] = {
#ifdef __x86_64__
	{"avx512", wide_map_avx512, wide_most_avx512, wide_exp_below_avx512, wide_sum_below_avx512, wide_adam_avx512,
	 wide_adagrad_avx512, wide_gru_avx512, wide_gru_back_avx512, wide_runs_avx512},
	{"avx2", wide_map_avx2, wide_most_avx2, wide_exp_below_avx2, wide_sum_below_avx2, wide_adam_avx2, wide_adagrad_avx2,
	 wide_gru_avx2, wide_gru_back_avx2, wide_runs_avx2},
#endif
	{"four", wide_map_four, wide_most_four, wide_exp_below_four, wide_sum_below_four, wide_adam_four, wide_adagrad_four,
	 wide_gru_four, wide_gru_back_four, wide_runs_four},
};

/* The best kernel of this machine. */
static inline const struct wide_kernel *
wide_best(void)
{
	const struct wide_kernel *kernel = wide_kernels;

	while (!kernel->runs())
		kernel++;
	return kernel;
}

/* y[n] = the function of x[n]; x may be y. */
static inline void
wide_map(enum wide_function function, size_t n, float *y, const float *x)
{
	wide_best()->map(function, n, y, x);
}

/* y = e^x, 2 ulp. */
static inline void
wide_exp(size_t n, float *y, const float *x)
{
	wide_map(WIDE_EXP, n, y, x);
}

/* y = 1 / (1 + e^-x), 3 ulp. */
static inline void
wide_sigmoid(size_t n, float *y, const float *x)
{
	wide_map(WIDE_SIGMOID, n, y, x);
}

/* y = tanh x, off by 2e-7 at most. */
static inline void
wide_tanh(size_t n, float *y, const float *x)
{
	wide_map(WIDE_TANH, n, y, x);
}

/* most[b] = the greatest of column b of z[n][B], n at least 1. */
static inline void
wide_most(size_t n, size_t B, float *most, const float *z)
{
	wide_best()->most(n, B, most, z);
}

/*
 * z[n][B] becomes e^(z - most[b]), where most[b] is no less than any of column b; sum[b] is written, that of the column,
 * added up row by row.
 */
static inline void
wide_exp_below(size_t n, size_t B, float *z, float *sum, const float *most)
{
	wide_best()->exp_below(n, B, z, sum, most);
}

/* The sums alone; z stays. */
static inline void
wide_sum_below(size_t n, size_t B, const float *z, float *sum, const float *most)
{
	wide_best()->sum_below(n, B, z, sum, most);
}

/* Steps n weights w by gradient g, with their states m and v: Kingma and Ba 2015, with Keras' constants. */
static inline void
wide_adam(size_t n, float rate, float *w, float *m, float *v, const float *g)
{
	wide_best()->adam(n, rate, w, m, v, g);
}

/*
 * Steps n weights w by gradient g, with the sum of squares: Duchi, Hazan and Singer 2011. No step where no square was large
 * enough to count.
 */
static inline void
wide_adagrad(size_t n, float rate, float *w, float *sum, const float *g)
{
	wide_best()->adagrad(n, rate, w, sum, g);
}

/*
 * A step of a GRU (gru.h) of H units: gate[3 H], what the input gives to r, z and n, becomes these; after[H] is the state.
 * recurrent[3 H] is what the state before gives.
 */
static inline void
wide_gru(size_t H, float *gate, float *after, const float *before, const float *recurrent)
{
	wide_best()->gru(H, gate, after, before, recurrent);
}

/*
 * The way back: dgate[3 H] and drecurrent[3 H] from dstate[H], which becomes what the step before has of it but for the
 * gates' part. inner[H] is the last part of what was recurrent.
 */
static inline void
wide_gru_back(size_t H, float *dgate, float *drecurrent, float *dstate, const float *gate, const float *inner,
              const float *before)
{
	wide_best()->gru_back(H, dgate, drecurrent, dstate, gate, inner, before);
}

#endif

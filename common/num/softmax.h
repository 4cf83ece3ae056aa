/*
 * softmax.h - the sums of softmaxes whose logits come block by block (Milakov and Gimelshein 2018).
 *
 * Legend: z[n][B] are n logits more of B softmaxes, one beside the other, for these to share an instruction.
 */
#ifndef WEIR_SOFTMAX_H
#define WEIR_SOFTMAX_H

#include "math.h"
#include "wide.h"

/*
 * A block whose greatest logits are greatest[b] is about to be taken in: sums, and where x is not NULL the I numbers of each
 * x[b], are of e^(logit - most[b]).
 */
static inline void
softmax_raise(size_t B, float *most, double *sum, const float *greatest, size_t I, float *x)
{
	for (size_t b = 0; b < B; b++)
		if (greatest[b] > most[b]) {
			double by = math_exp((double)most[b] - (double)greatest[b]);

			sum[b] *= by;
			if (x)
				vec_scale(I, x + b * I, (float)by, x + b * I);
			most[b] = greatest[b];
		}
}

/*
 * Takes a block in: most[b], at first -INFINITY, becomes the greatest logit so far, sum[b], at first 0, the sum of
 * e^(logit - most[b]) so far, and z becomes e^(z - most[b]). greatest[b] is the block's own, as wide_most has it, and is
 * used up. x[B][I], unless it is NULL, are other sums of the caller's that have e^(logit - most[b]) as a factor.
 */
static inline void
softmax_take(size_t n, size_t B, float *z, float *most, double *sum, float *greatest, size_t I, float *x)
{
	softmax_raise(B, most, sum, greatest, I, x);
	wide_exp_below(n, B, z, greatest, most);
	for (size_t b = 0; b < B; b++)
		sum[b] += (double)greatest[b];
}

/* The same, but z stays. */
static inline void
softmax_count(size_t n, size_t B, const float *z, float *most, double *sum, float *greatest)
{
	softmax_raise(B, most, sum, greatest, 0, NULL);
	wide_sum_below(n, B, z, greatest, most);
	for (size_t b = 0; b < B; b++)
		sum[b] += (double)greatest[b];
}

#endif

/*
 * layer.h - layers as pairs, forward and backward.
 *
 * Legend: B records of a batch, I inputs, O outputs (row-major: y is [B][O]). Sparse features of record b are
 * index[start[b]] to index[start[b + 1]], with values x, no index twice in a record. dy is the gradient of the
 * loss by y, and so on. Forward writes; backward adds to the gradients of weights, which the caller zeroes, and
 * writes dx. Nothing aliases unless it is said.
 */
#ifndef WEIR_LAYER_H
#define WEIR_LAYER_H

#include "../num/gemm.h"
#include "../num/random.h"
#include "../num/vec.h"
#include "arch.h"

/* y[B][O] = sum over features of x w[index] + bias; w is [I][O], as PyTorch's EmbeddingBag; bias [O] or NULL. */
static inline void
sparse_forward(size_t B, size_t O, float *y, const size_t *start, const uint32_t *index, const float *x,
               const float *w, const float *bias)
{
	for (size_t b = 0; b < B; b++) {
		float *to = y + b * O;

		for (size_t o = 0; o < O; o++)
			to[o] = bias ? bias[o] : 0;
		for (size_t i = start[b]; i < start[b + 1]; i++)
			for (size_t o = 0; o < O; o++)
				to[o] += x[i] * w[index[i] * O + o];
	}
}

/* dw[slot[i]][O] += x dy, dbias[O] += dy; NULL is not wanted. slot[i] is the row of dw that gathers feature i. */
static inline void
sparse_backward(size_t B, size_t O, float *dw, float *dbias, const size_t *start, const uint32_t *slot,
                const float *x, const float *dy)
{
	for (size_t b = 0; b < B; b++) {
		const float *from = dy + b * O;

		for (size_t i = start[b]; dw && i < start[b + 1]; i++)
			for (size_t o = 0; o < O; o++)
				dw[slot[i] * O + o] += x[i] * from[o];
		for (size_t o = 0; dbias && o < O; o++)
			dbias[o] += from[o];
	}
}

/* y[B][D] = sum over features of x w[index], or their mean; w is [I][D]. Of no features it is 0. */
static inline void
embed_forward(size_t B, size_t D, bool mean, float *y, const size_t *start, const uint32_t *index, const float *x,
              const float *w)
{
	sparse_forward(B, D, y, start, index, x, w, NULL);
	for (size_t b = 0; mean && b < B; b++)
		for (size_t d = 0, n = start[b + 1] - start[b]; n && d < D; d++)
			y[b * D + d] /= (float)n;
}

/* dw[slot[i]][D] += x dy, by the number of features for a mean. */
static inline void
embed_backward(size_t B, size_t D, bool mean, float *dw, const size_t *start, const uint32_t *slot, const float *x,
               const float *dy)
{
	for (size_t b = 0; b < B; b++, dy += D)
		for (size_t i = start[b]; i < start[b + 1]; i++)
			for (size_t d = 0; d < D; d++)
				dw[slot[i] * D + d] += x[i] * dy[d] / (mean ? (float)(start[b + 1] - start[b]) : 1);
}

/*
 * A factorisation machine (Rendle 2010, lemma 3.1): y[B][1 + F] has the sum of x w, and of each factor the sum over
 * pairs of features, ((sum v x)^2 - sum v^2 x^2) / 2. A row of w[I][1 + F] is a feature's w and its v[F].
 */
static inline void
fm_forward(size_t B, size_t F, float *y, const size_t *start, const uint32_t *index, const float *x, const float *w)
{
	size_t O = 1 + F;

	sparse_forward(B, O, y, start, index, x, w, NULL);
	for (size_t b = 0; b < B; b++, y += O)
		for (size_t f = 1; f < O; f++) {
			float squares = 0;

			for (size_t i = start[b]; i < start[b + 1]; i++)
				squares += x[i] * w[index[i] * O + f] * x[i] * w[index[i] * O + f];
			y[f] = (y[f] * y[f] - squares) / 2;
		}
}

/* dw[slot[i]][1 + F] added to: x dy for w, x (sum v x - v x) dy for v. */
static inline void
fm_backward(size_t B, size_t F, float *dw, const size_t *start, const uint32_t *slot, const uint32_t *index,
            const float *x, const float *w, const float *dy)
{
	size_t O = 1 + F;

	for (size_t b = 0; b < B; b++, dy += O)
		for (size_t f = 0; f < O; f++) {
			float sum = 0;

			for (size_t i = start[b]; f && i < start[b + 1]; i++)
				sum += x[i] * w[index[i] * O + f];
			for (size_t i = start[b]; i < start[b + 1]; i++)
				dw[slot[i] * O + f] += x[i] * dy[f] * (f ? sum - x[i] * w[index[i] * O + f] : 1);
		}
}

/* y[B][O] = x[B][I] w^T + bias; w is [O][I], as PyTorch's Linear; bias [O] or NULL. */
static inline void
dense_forward(size_t B, size_t I, size_t O, float *y, const float *x, const float *w, const float *bias)
{
	for (size_t b = 0; b < B; b++)
		for (size_t o = 0; o < O; o++)
			y[b * O + o] = bias ? bias[o] : 0;
	gemm_dot(B, O, I, y, O, x, I, w, I);
}

/* dx[B][I] written, dbias[O] added to. Either may be NULL: not wanted. scratch: gemm_scratch(B, I, O). */
static inline void
dense_backward(size_t B, size_t I, size_t O, float *dx, float *dbias, const float *w, const float *dy, float *scratch)
{
	if (dx)
		gemm(B, I, O, dx, I, false, dy, O, false, w, I, false, scratch);
	for (size_t b = 0; dbias && b < B; b++)
		vec_add(O, dbias, dy + b * O);
}

/*
 * A block of dw[O][I], rows times columns of it, which dy[B][O] and x[B][I] point to: dw[rows][columns] written.
 * scratch: gemm_scratch(rows, columns, B).
 */
static inline void
dense_backward_weights(size_t B, size_t I, size_t O, size_t rows, size_t columns, float *dw, const float *x,
                       const float *dy, float *scratch)
{
	gemm(rows, columns, B, dw, columns, false, dy, O, true, x, I, false, scratch);
}

/* A window that slides over an image of C channels, H rows, W columns, and what it leaves of it. */
struct window {
	size_t C, H, W;
	size_t K, stride;  /* side of the window, steps */
	size_t top, left;  /* rows and columns of zeros before the image */
	size_t P, Q;       /* rows and columns of places */
	const size_t *at;  /* [C K K], of a convolution with stride 1: where each element begins in the slices of the image; */
	const size_t *beside; /* and where in images side by side */
};

/* Rows of a slice. */
static inline size_t
window_height(const struct window *v)
{
	return v->P + v->K - 1;
}

/* Floats of all slices of an image. */
static inline size_t
window_sliced(const struct window *v)
{
	return v->C * v->K * window_height(v) * v->Q;
}

/* Images that go through a convolution side by side: the same number of each, then the next of each. */
enum { WINDOW_ABREAST = 16 };

/* Columns of an image with the zeros that a window of stride 1 sees beside it. */
static inline size_t
window_width(const struct window *v)
{
	return v->Q + v->K - 1;
}

/* Fills at and beside, as struct window says. */
static inline void
window_place(const struct window *v, size_t *at, size_t *beside)
{
	for (size_t c = 0; c < v->C; c++)
		for (size_t i = 0; i < v->K; i++)
			for (size_t j = 0; j < v->K; j++) {
				*at++ = ((c * v->K + j) * window_height(v) + i) * v->Q;
				*beside++ = ((c * window_height(v) + i) * window_width(v) + j) * WINDOW_ABREAST;
			}
}

/* The places *first to one before the result of a row whose window has column j within the image. */
static inline size_t
window_run(const struct window *v, size_t j, size_t *first)
{
	const size_t ends = v->W + v->left > j ? (v->W + v->left - j - 1) / v->stride + 1 : 0;

	*first = j < v->left ? (v->left - j - 1) / v->stride + 1 : 0;
	return ends < *first ? *first : ends < v->Q ? ends : v->Q;
}

/* to[Q] = what column j of the window sees of a row of channel c: zeros beyond the edges. Rows count from 0, and wrap. */
static inline void
window_row(const struct window *v, size_t j, float *to, const float *x, size_t c, size_t row)
{
	size_t at = (c * v->H + row) * v->W + j - v->left, first, end = window_run(v, j, &first);

	if (row >= v->H)
		first = end = v->Q;
	vec_fill(first, to, 0);
	if (v->stride == 1 && first < end)
		vec_copy(end - first, to + first, x + (at + first));
	for (size_t q = first; v->stride > 1 && q < end; q++)
		to[q] = x[at + q * v->stride];
	vec_fill(v->Q - end, to + end, 0);
}

/* The columns of a place: to[C K K][P Q] from x[C][H][W]. */
static inline void
window_columns(const struct window *v, float *to, const float *x)
{
	for (size_t c = 0; c < v->C; c++)
		for (size_t i = 0; i < v->K; i++)
			for (size_t j = 0; j < v->K; j++)
				for (size_t p = 0; p < v->P; p++, to += v->Q)
					window_row(v, j, to, x, c, p * v->stride + i - v->top);
}

/*
 * What each column of a window of stride 1 sees: to[C][K][rows][Q] from x[C][H][W]. Its element in row i sees P rows from
 * row i on, which lie one behind the other; that is why.
 */
static inline void
window_slices(const struct window *v, float *to, const float *x)
{
	for (size_t c = 0; c < v->C; c++)
		for (size_t j = 0; j < v->K; j++)
			for (size_t row = 0; row < window_height(v); row++, to += v->Q)
				window_row(v, j, to, x, c, row - v->top);
}

/* The way back: dx[C][H][W] += what its columns, from[C K K][P Q], are worth. */
static inline void
window_add(const struct window *v, float *dx, const float *from)
{
	for (size_t c = 0; c < v->C; c++)
		for (size_t i = 0; i < v->K; i++)
			for (size_t j = 0; j < v->K; j++)
				for (size_t p = 0; p < v->P; p++, from += v->Q) {
					size_t row = p * v->stride + i - v->top, at = (c * v->H + row) * v->W + j - v->left;
					size_t first, end = window_run(v, j, &first);

					if (row >= v->H || first == end)
						continue;
					if (v->stride == 1)
						vec_add(end - first, dx + at + first, from + first);
					for (size_t q = first; v->stride > 1 && q < end; q++)
						dx[at + q * v->stride] += from[q];
				}
}

/* Is a convolution done by sliding over slices? Else by columns, which are many more. */
static inline bool
window_slides(const struct window *v)
{
	return v->stride == 1 && v->P * v->Q >= GEMM_DOT;
}

/* Floats of scratch for a convolution to O channels, forward or backward. */
static inline size_t
conv_scratch(const struct window *v, size_t O)
{
	size_t D = v->C * v->K * v->K, N = v->P * v->Q, forward = gemm_scratch(O, N, D), back = gemm_scratch(D, N, O);
	size_t columns = D * N + (forward > back ? forward : back), slices = window_sliced(v) + gemm_slide_scratch(N);

	return columns > slices ? columns : slices;
}

/*
 * y[B][O][P][Q] = w * x + bias, as PyTorch's Conv2d: x [B][C][H][W], w [O][C][K][K], bias [O]; with ramp what is not above
 * 0 becomes 0. A sum starts from the bias; products join it in the order of the window, by either way.
 */
static inline void
conv_forward(size_t B, size_t O, const struct window *v, float *y, const float *x, const float *w, const float *bias,
             bool ramp, float *scratch)
{
	size_t D = v->C * v->K * v->K, N = v->P * v->Q;

	for (size_t b = 0; b < B; b++, y += O * N, x += v->C * v->H * v->W) {
		if (window_slides(v)) {
			window_slices(v, scratch, x);
			gemm_slide(O, N, D, y, N, w, bias, ramp, scratch, v->at);
			continue;
		}
		window_columns(v, scratch, x);
		for (size_t o = 0; o < O; o++)
			vec_fill(N, y + o * N, bias[o]);
		gemm(O, N, D, y, N, true, w, D, false, scratch, N, false, scratch + D * N);
		if (ramp)
			vec_ramp(O * N, y);
	}
}

/*
 * Images x[B][C][H][W] side by side, B at most WINDOW_ABREAST and the last one again and again beyond that, with the zeros
 * that a window of stride 1 sees: to[C][height][width][WINDOW_ABREAST].
 */
static inline void
window_abreast(const struct window *v, size_t B, float *to, const float *x)
{
	const size_t height = window_height(v), width = window_width(v);

	memset(to, 0, v->C * height * width * WINDOW_ABREAST * sizeof *to);
	for (size_t c = 0; c < v->C; c++)
		for (size_t row = 0; row < v->H; row++)
			gemm_pack(B, WINDOW_ABREAST, v->W, to + ((c * height + row + v->top) * width + v->left) * WINDOW_ABREAST,
			          (struct gemm_side){.from = x + (c * v->H + row) * v->W, .ld = v->C * v->H * v->W});
}

enum { CONV_DENSE_CHANNELS = 4 }; /* whose results are near when the dense layer reads them */

/* Floats of scratch for conv_dense_forward. */
static inline size_t
conv_dense_scratch(const struct window *v, size_t K)
{
	return WINDOW_ABREAST * (v->C * window_height(v) * window_width(v) + CONV_DENSE_CHANNELS * v->P * v->Q + K) +
	       gemm_scratch(GEMM_HEIGHT, WINDOW_ABREAST, GEMM_DEPTH);
}

/*
 * A convolution of stride 1, a ramp, and the dense layer that reads its results, at once: z[B][K] = top ramp(w * x + bias) +
 * top_bias, for B images, at most WINDOW_ABREAST; top is [K][O P Q], top_bias [K] or NULL. All are as conv_forward and
 * dense_forward have them, but for the order of the dense layer's sums. Nothing is left for the way back, and nothing else
 * leaves the second cache.
 */
static inline void
conv_dense_forward(size_t B, size_t O, const struct window *v, size_t K, float *z, const float *x, const float *w,
                   const float *bias, const float *top, const float *top_bias, float *scratch)
{
	const size_t D = v->C * v->K * v->K, N = v->P * v->Q, row = v->Q * WINDOW_ABREAST;
	float *images = scratch, *seen = images + v->C * window_height(v) * window_width(v) * WINDOW_ABREAST;
	float *sums = seen + CONV_DENSE_CHANNELS * N * WINDOW_ABREAST, *rest = sums + K * WINDOW_ABREAST;

	window_abreast(v, B, images, x);
	for (size_t k = 0; k < K; k++)
		vec_fill(WINDOW_ABREAST, sums + k * WINDOW_ABREAST, top_bias ? top_bias[k] : 0);
	for (size_t o = 0, n; o < O; o += n) {
		n = O - o < CONV_DENSE_CHANNELS ? O - o : CONV_DENSE_CHANNELS;
		for (size_t p = 0; p < v->P; p++)
			gemm_slide(n, row, D, seen + p * row, N * WINDOW_ABREAST, w + o * D, bias + o, true,
			           images + p * window_width(v) * WINDOW_ABREAST, v->beside);
		gemm(K, WINDOW_ABREAST, n * N, sums, WINDOW_ABREAST, true, top + o * N, O * N, false, seen, WINDOW_ABREAST, false,
		     rest);
	}
	for (size_t b = 0; b < B; b++)
		for (size_t k = 0; k < K; k++)
			z[b * K + k] = sums[k * WINDOW_ABREAST + b];
}

/* Adds to dw and dbias, unless they are NULL, what one image is worth; dy is the gradient by what comes before a ramp. */
static inline void
conv_columns_back(size_t O, const struct window *v, float *dw, float *dbias, const float *x, const float *dy, float *scratch)
{
	const size_t D = v->C * v->K * v->K, N = v->P * v->Q;

	for (size_t o = 0; dbias && o < O; o++)
		dbias[o] += vec_sum(N, dy + o * N);
	if (!dw)
		return;
	window_columns(v, scratch, x);
	gemm_dot(O, D, N, dw, D, dy, N, scratch, N);
}

/*
 * dx written, dw and dbias added to. Any of the three may be NULL: not wanted. Where y, the result of a ramp, is not NULL,
 * dy is the gradient by that, and is used up.
 */
static inline void
conv_backward(size_t B, size_t O, const struct window *v, float *dx, float *dw, float *dbias, const float *x,
              const float *w, float *dy, const float *y, float *scratch)
{
	const size_t D = v->C * v->K * v->K, N = v->P * v->Q, image = v->C * v->H * v->W;
	const bool slides = window_slides(v) && dw, first = y && (dx || !slides); /* else the ramp's part is done on the way */

	for (size_t b = 0; b < B; b++, dy += O * N, x += image) {
		const float *ramped = y ? y + b * O * N : NULL;

		if (first)
			vec_ramp_backward(O * N, dy, dy, ramped);
		if (slides) {
			window_slices(v, scratch, x);
			gemm_slide_back(O, N, D, dw, dbias, dy, first ? NULL : ramped, scratch, v->at, scratch + window_sliced(v));
		} else {
			conv_columns_back(O, v, dw, dbias, x, dy, scratch);
		}
		if (!dx)
			continue;
		gemm(D, N, O, scratch, N, false, w, D, true, dy, N, false, scratch + D * N);
		memset(dx, 0, image * sizeof *dx);
		window_add(v, dx, scratch);
		dx += image;
	}
}

/* Where in an image the greatest of a window is whose first element is at `at`: the first of equals. */
static inline size_t
pool_greatest(const struct window *v, const float *x, size_t at)
{
	size_t best = at;

	for (size_t i = 0; i < v->K; i++)
		for (size_t j = 0; j < v->K; j++) {
			size_t place = at + i * v->W + j;

			best += (place - best) * (x[place] > x[best]); /* no jump: which it is cannot be foretold */
		}
	return best;
}

/* y[C][P][Q] of one image: the greatest or the mean of each window; beyond the edges there is nothing. */
static inline void
pool_forward(size_t B, bool mean, const struct window *v, float *y, const float *x)
{
	for (size_t image = 0; image < B * v->C; image++, x += v->H * v->W)
		for (size_t p = 0; p < v->P; p++)
			for (size_t q = 0; q < v->Q; q++) {
				size_t at = (p * v->W + q) * v->stride;
				float sum = 0;

				for (size_t i = 0; mean && i < v->K; i++)
					for (size_t j = 0; j < v->K; j++)
						sum += x[at + i * v->W + j];
				*y++ = mean ? sum / (float)(v->K * v->K) : x[pool_greatest(v, x, at)];
			}
}

/* dx[B][C][H][W] written: of the greatest the first of equals has the gradient. */
static inline void
pool_backward(size_t B, bool mean, const struct window *v, float *dx, const float *x, const float *dy)
{
	memset(dx, 0, B * v->C * v->H * v->W * sizeof *dx);
	for (size_t image = 0; image < B * v->C; image++, x += v->H * v->W, dx += v->H * v->W)
		for (size_t p = 0; p < v->P; p++)
			for (size_t q = 0; q < v->Q; q++, dy++) {
				size_t at = (p * v->W + q) * v->stride;

				for (size_t i = 0; mean && i < v->K; i++)
					for (size_t j = 0; j < v->K; j++)
						dx[at + i * v->W + j] += *dy / (float)(v->K * v->K);
				if (!mean)
					dx[pool_greatest(v, x, at)] += *dy;
			}
}

/*
 * y[n] = x[n] with a share of it 0 by chance and the rest scaled up, so that the mean stays (Srivastava et al. 2014).
 * What is dropped is a function of (seed, key); the gradient goes the same way.
 */
static inline void
dropout(size_t n, double share, float *y, const float *x, uint64_t seed, uint64_t key)
{
	uint64_t stream = random_bits(seed, key);

	for (size_t i = 0; i < n; i++)
		y[i] = random_uniform(stream, i) < share ? 0 : x[i] / (float)(1 - share);
}

/* p[K] = softmax of z[K], in shifted form; p may be z. Returns ln sum e^z. */
static inline double
softmax(size_t K, double *p, const double *z)
{
	double most = z[0], sum = 0;

	for (size_t k = 1; k < K; k++)
		most = z[k] > most ? z[k] : most;
	for (size_t k = 0; k < K; k++)
		sum += p[k] = math_exp(z[k] - most);
	for (size_t k = 0; k < K; k++)
		p[k] /= sum;
	return most + math_log(sum);
}

static inline void
softmax_floats(size_t K, float *y)
{
	float most = y[0];
	double sum = 0;

	for (size_t k = 1; k < K; k++)
		most = y[k] > most ? y[k] : most;
	for (size_t k = 0; k < K; k++) {
		double e = math_exp((double)(y[k] - most));

		y[k] = (float)e;
		sum += e;
	}
	for (size_t k = 0; k < K; k++)
		y[k] = (float)((double)y[k] / sum);
}

/* y[B][O] becomes the activation of itself. */
static inline void
activation_forward(enum activation activation, size_t B, size_t O, float *y)
{
	if (activation == SOFTMAX) {
		for (size_t b = 0; b < B; b++)
			softmax_floats(O, y + b * O);
		return;
	}
	if (activation == RELU)
		vec_ramp(B * O, y);
	for (size_t i = 0; (activation == TANH || activation == SIGMOID) && i < B * O; i++)
		if (activation == TANH)
			y[i] = (float)math_tanh((double)y[i]);
		else
			y[i] = (float)math_sigmoid((double)y[i]);
}

/* dy[B][O], the gradient by the activation's result y[B][O], becomes the gradient by its argument. */
static inline void
activation_backward(enum activation activation, size_t B, size_t O, float *dy, const float *y)
{
	if (activation == SOFTMAX) {
		for (size_t b = 0; b < B; b++, dy += O, y += O) {
			double dot = 0;

			for (size_t o = 0; o < O; o++)
				dot += (double)dy[o] * (double)y[o];
			for (size_t o = 0; o < O; o++)
				dy[o] = (float)((double)y[o] * ((double)dy[o] - dot));
		}
		return;
	}
	if (activation == RELU)
		vec_ramp_backward(B * O, dy, dy, y);
	for (size_t i = 0; (activation == TANH || activation == SIGMOID) && i < B * O; i++)
		if (activation == TANH)
			dy[i] *= 1 - y[i] * y[i];
		else
			dy[i] *= y[i] * (1 - y[i]);
}

#endif

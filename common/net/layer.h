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

#include "../num/math.h"
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

/* dw[slot[i]][O] += x dy, dbias[O] += dy (or NULL). slot[i] is the row of dw that gathers feature i. */
static inline void
sparse_backward(size_t B, size_t O, float *dw, float *dbias, const size_t *start, const uint32_t *slot,
                const float *x, const float *dy)
{
	for (size_t b = 0; b < B; b++) {
		const float *from = dy + b * O;

		for (size_t i = start[b]; i < start[b + 1]; i++)
			for (size_t o = 0; o < O; o++)
				dw[slot[i] * O + o] += x[i] * from[o];
		for (size_t o = 0; dbias && o < O; o++)
			dbias[o] += from[o];
	}
}

/* y[B][O] = x[B][I] w^T + bias; w is [O][I], as PyTorch's Linear; bias [O] or NULL. */
static inline void
dense_forward(size_t B, size_t I, size_t O, float *y, const float *x, const float *w, const float *bias)
{
	for (size_t b = 0; b < B; b++)
		for (size_t o = 0; o < O; o++) {
			float sum = bias ? bias[o] : 0;

			for (size_t i = 0; i < I; i++)
				sum += x[b * I + i] * w[o * I + i];
			y[b * O + o] = sum;
		}
}

/* dx[B][I] written, dw[O][I] and dbias[O] added to. Any of the three may be NULL: not wanted. */
static inline void
dense_backward(size_t B, size_t I, size_t O, float *dx, float *dw, float *dbias, const float *x, const float *w,
               const float *dy)
{
	if (dx)
		memset(dx, 0, B * I * sizeof *dx);
	for (size_t b = 0; b < B; b++)
		for (size_t o = 0; o < O; o++) {
			float d = dy[b * O + o];

			for (size_t i = 0; dx && i < I; i++)
				dx[b * I + i] += d * w[o * I + i];
			for (size_t i = 0; dw && i < I; i++)
				dw[o * I + i] += d * x[b * I + i];
			if (dbias)
				dbias[o] += d;
		}
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
	for (size_t i = 0; i < B * O; i++)
		if (activation == RELU)
			y[i] = y[i] > 0 ? y[i] : 0;
		else if (activation == TANH)
			y[i] = (float)math_tanh((double)y[i]);
		else if (activation == SIGMOID)
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
	for (size_t i = 0; i < B * O; i++)
		if (activation == RELU)
			dy[i] = y[i] > 0 ? dy[i] : 0;
		else if (activation == TANH)
			dy[i] *= 1 - y[i] * y[i];
		else if (activation == SIGMOID)
			dy[i] *= y[i] * (1 - y[i]);
}

#endif

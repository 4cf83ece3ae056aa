/*
 * gru.h - a gated recurrent unit over sequences, forward and backward.
 *
 * Cho et al. 2014 in the form of torch.nn.GRU. Of a step with input x and the state h before it, 0 at first:
 *
 *	r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)
 *	z = sigmoid(W_iz x + b_iz + W_hz h + b_hz)
 *	n = tanh(W_in x + b_in + r (W_hn h + b_hn))
 *	the state after it is (1 - z) n + z h
 *
 * Legend: I inputs, H units, R rows, laid out as in sequence.h. Weights ih [3 H][I], hh [3 H][H] and biases [3 H] have
 * the rows of r, z, n one behind the other, as PyTorch's weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0.
 */
#ifndef WEIR_GRU_H
#define WEIR_GRU_H

#include "../num/gemm.h"
#include "../num/vec.h"
#include "../num/wide.h"
#include "sequence.h"

enum { GRU_IH, GRU_HH, GRU_BIAS_IH, GRU_BIAS_HH, GRU_TENSORS };

/* What rows go through, forward and backward; each [R][...], owned. */
struct gru_rows {
	float *x, *dx;           /* [I] */
	float *gate;             /* [3 H]: r, z, n */
	float *inner;            /* [H]: W_hn h + b_hn */
	float *before, *after;   /* [H]: states */
	float *dstate;           /* [H]: the gradient by the state after a step */
	float *dgate, *drecurrent; /* [3 H]: by the sums of the gates, and by what the state gives to them */
	size_t capacity;
};

static inline void
gru_rows_free(struct gru_rows *g)
{
	float **part[] = {&g->x, &g->dx, &g->gate, &g->inner, &g->before, &g->after, &g->dstate, &g->dgate, &g->drecurrent};

	for (size_t i = 0; i < sizeof part / sizeof *part; i++)
		free(*part[i]);
	*g = (struct gru_rows){0};
}

/* Room for R rows; what was there is lost. */
static inline void
gru_rows_reserve(struct gru_rows *g, size_t R, size_t I, size_t H)
{
	size_t capacity = R + R / 2;

	if (R <= g->capacity)
		return;
	gru_rows_free(g);
	*g = (struct gru_rows){
		.x = allocate_aligned(capacity * I, sizeof(float)), .dx = allocate_aligned(capacity * I, sizeof(float)),
		.gate = allocate_aligned(capacity * 3 * H, sizeof(float)), .inner = allocate_aligned(capacity * H, sizeof(float)),
		.before = allocate_aligned(capacity * H, sizeof(float)), .after = allocate_aligned(capacity * H, sizeof(float)),
		.dstate = allocate_aligned(capacity * H, sizeof(float)),
		.dgate = allocate_aligned(capacity * 3 * H, sizeof(float)),
		.drecurrent = allocate_aligned(capacity * 3 * H, sizeof(float)), .capacity = capacity,
	};
}

/* Floats of scratch for so many runs at once. */
static inline size_t
gru_scratch(size_t runs, size_t H)
{
	return 3 * H * runs + gemm_scratch(GEMM_HEIGHT, GEMM_WIDTH, GEMM_DEPTH);
}

/* Floats of the weights as gru_forward reads them. */
static inline size_t
gru_across(size_t I, size_t H)
{
	return 3 * H * (I + H);
}

/* The weights w[GRU_TENSORS] as gru_forward reads them, on their side: for all rows of a step, or of a model that stays. */
static inline void
gru_turn(size_t I, size_t H, float *across, const float *const *w)
{
	gemm_transpose(I, 3 * H, across, w[GRU_IH]);
	gemm_transpose(H, 3 * H, across + 3 * H * I, w[GRU_HH]);
}

/* to[R][n] = a bias[n] in each row. */
static inline void
gru_biases(size_t R, size_t n, float *to, const float *bias)
{
	for (size_t i = 0; i < R; i++)
		memcpy(to + i * n, bias, n * sizeof *to);
}

/*
 * All states, from g->x and the weights w[GRU_TENSORS], of which gru_turn made across; gates and states are left in g for
 * the way back.
 */
static inline void
gru_forward(const struct sequences *s, size_t I, size_t H, struct gru_rows *g, const float *const *w, const float *across,
            float *scratch)
{
	const float *ih = across, *hh = ih + 3 * H * I;
	float *recurrent = scratch, *rest = recurrent + 3 * H * s->runs;

	gru_biases(s->rows, 3 * H, g->gate, w[GRU_BIAS_IH]);
	gemm(s->rows, 3 * H, I, g->gate, 3 * H, true, g->x, I, false, ih, 3 * H, false, rest);
	for (size_t t = 0; t < s->steps; t++) {
		size_t row = s->first[t], active = s->first[t + 1] - row;
		float *before = g->before + row * H;

		gru_biases(active, 3 * H, recurrent, w[GRU_BIAS_HH]);
		if (t == 0) {
			memset(before, 0, active * H * sizeof *before);
		} else {
			memcpy(before, g->after + s->first[t - 1] * H, active * H * sizeof *before);
			gemm(active, 3 * H, H, recurrent, 3 * H, true, before, H, false, hh, 3 * H, false, rest);
		}
		for (size_t i = 0; i < active; i++) {
			vec_copy(H, g->inner + (row + i) * H, recurrent + i * 3 * H + 2 * H);
			wide_gru(H, g->gate + (row + i) * 3 * H, g->after + (row + i) * H, before + i * H, recurrent + i * 3 * H);
		}
	}
}

/*
 * From g->dstate, the gradient by the states that were read, which is used up: dw[GRU_TENSORS] added to, and g->dx written
 * with down. NULL is not wanted.
 */
static inline void
gru_backward(const struct sequences *s, size_t I, size_t H, struct gru_rows *g, float *const *dw, bool down,
             const float *const *w, float *scratch)
{
	size_t R = s->rows, begun = s->steps ? s->first[1] : 0, G = 3 * H;

	for (size_t t = s->steps; t--;) {
		size_t row = s->first[t], active = s->first[t + 1] - row;
		float *earlier = g->dstate + (t ? s->first[t - 1] : 0) * H;

		for (size_t i = row; i < row + active; i++)
			wide_gru_back(H, g->dgate + i * G, g->drecurrent + i * G, g->dstate + i * H, g->gate + i * G, g->inner + i * H,
			              g->before + i * H);
		if (t == 0)
			break;
		vec_add(active * H, earlier, g->dstate + row * H);
		gemm(active, H, G, earlier, H, true, g->drecurrent + row * G, G, false, w[GRU_HH], H, false, scratch);
	}
	if (dw[GRU_IH])
		gemm(G, I, R, dw[GRU_IH], I, true, g->dgate, G, true, g->x, I, false, scratch);
	if (dw[GRU_HH])
		gemm(G, H, R - begun, dw[GRU_HH], H, true, g->drecurrent + begun * G, G, true, g->before + begun * H, H, false,
		     scratch);
	for (size_t i = 0; dw[GRU_BIAS_IH] && i < R; i++)
		vec_add(G, dw[GRU_BIAS_IH], g->dgate + i * G);
	for (size_t i = 0; dw[GRU_BIAS_HH] && i < R; i++)
		vec_add(G, dw[GRU_BIAS_HH], g->drecurrent + i * G);
	if (down)
		gemm(R, I, G, g->dx, I, false, g->dgate, G, false, w[GRU_IH], I, false, scratch);
}

#endif

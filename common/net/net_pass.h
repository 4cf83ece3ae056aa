/*
 * net_pass.h - records go through a net, forward and backward.
 */
#ifndef WEIR_NET_PASS_H
#define WEIR_NET_PASS_H

#include "net.h"

/*
 * Records go through a net so many at a time, for what one layer writes to be near when the next reads it; sequences
 * more at a time, for many to take each step together.
 */
enum { NET_PIECE = WINDOW_ABREAST, NET_SEQUENCES = 80 };

/* The sequences of a piece on their way. */
struct net_sequences {
	struct sequences plan;
	struct gru_rows rows;
};

/* Records on their way through the layers of a net from `first` on. There may be several such passes at once. */
struct net_pass {
	size_t first;
	size_t capacity;                 /* records whose results there is room for */
	const float *input;              /* [records][I] of the first layer, where it takes vectors; views the batch */
	float *out[ARCH_LAYERS], *grad[ARCH_LAYERS]; /* [capacity][O], owned; NULL of flatten (net_own) and of a sequence */
	struct net_sequences *sequences; /* owned: of a piece; NULL where there are none */
	float *across;                   /* owned: the weights of a gru, as it reads them */
	float *scratch;                  /* owned, of any layer for a piece */
	uint64_t dropping;               /* while it trains, what dropout draws by, not 0 */
};

/* Is it a convolution that takes care of its relu, while its results are near? */
static inline bool
net_ramps(const struct net_layer *l)
{
	return l->spec.kind == LAYER_CONV && l->spec.activation == RELU;
}

/* Records that go through a net together. */
static inline size_t
net_piece(const struct net *net)
{
	return net->sequence ? NET_SEQUENCES : NET_PIECE;
}

/* The dense layer that reads convolution i's results and is computed with it where nothing goes back; 0 for none. */
static inline size_t
net_joined(const struct net *net, size_t i)
{
	size_t next = i + 1;

	if (!net_ramps(&net->layer[i]) || !window_slides(&net->layer[i].window))
		return 0;
	while (next < net->n_layers && net->layer[next].spec.kind == LAYER_FLATTEN)
		next++;
	return next < net->n_layers && net_dense(&net->layer[next]) ? next : 0;
}

/* Floats of scratch that layer i needs for a piece, forward or backward. */
static inline size_t
net_layer_scratch(const struct net *net, size_t i)
{
	const struct net_layer *l = &net->layer[i];
	size_t forward, back;

	if (l->spec.kind == LAYER_CONV) {
		forward = net_joined(net, i) ? conv_dense_scratch(&l->window, net->layer[net_joined(net, i)].O) : 0;
		back = conv_scratch(&l->window, (size_t)l->out.channels);
		return forward > back ? forward : back;
	}
	if (l->spec.kind == LAYER_GRU)
		return gru_scratch(NET_SEQUENCES, l->O);
	if (!net_dense(l))
		return 0;
	forward = gemm_scratch(l->O, NET_SEQUENCES, l->I);
	back = gemm_scratch(NET_SEQUENCES, l->I, l->O);
	return forward > back ? forward : back;
}

/* What passes need of a net: the places of its windows. */
static inline void
net_reserve(struct net *net)
{
	for (size_t i = 0; i < net->n_layers; i++) {
		struct net_layer *l = &net->layer[i];
		const size_t D = l->window.C * l->window.K * l->window.K;

		if (l->spec.kind != LAYER_CONV || l->at)
			continue;
		l->at = allocate(2 * D, sizeof *l->at);
		window_place(&l->window, l->at, l->at + D);
		l->window.at = l->at;
		l->window.beside = l->at + D;
	}
}

/* The layer whose results are those of layer i: flatten moves nothing, it has its input's. first - 1 is the input. */
static inline size_t
net_own(const struct net *net, const struct net_pass *pass, size_t i)
{
	while (i + 1 > pass->first && net->layer[i].spec.kind == LAYER_FLATTEN)
		i--;
	return i;
}

/* Floats of scratch for any layer. */
static inline size_t
net_scratch(const struct net *net)
{
	size_t most = 1;

	for (size_t i = 0; i < net->n_layers; i++) {
		size_t needed = net_layer_scratch(net, i);

		most = needed > most ? needed : most;
	}
	return most;
}

static inline void
net_sequences_free(struct net_sequences *s)
{
	sequences_free(&s->plan);
	gru_rows_free(&s->rows);
}

/* A pass through the layers from `first` on. net_reserve comes first. */
static inline void
net_pass_init(struct net_pass *pass, const struct net *net, size_t first)
{
	*pass = (struct net_pass){.first = first, .scratch = allocate_aligned(net_scratch(net), sizeof(float))};
	if (net->sequence)
		pass->sequences = allocate_zero(1, sizeof *pass->sequences);
}

/* The numbers of the tensors of a gru. */
static inline void
net_gru_weights(const struct net *net, const struct net_layer *l, const float *w[GRU_TENSORS])
{
	for (size_t i = 0; i < GRU_TENSORS; i++)
		w[i] = net_data(net, l->weight + i);
}

/*
 * B records are about to go, backward too where that is said, by the weights as they are. What was in the pass is lost if
 * there is no room for so many.
 */
static inline void
net_pass_begin(struct net_pass *pass, const struct net *net, size_t B, bool backward)
{
	if (net->sequence && pass->first == 0) {
		const struct net_layer *gru = &net->layer[1];
		const float *w[GRU_TENSORS];

		if (!pass->across)
			pass->across = allocate_aligned(gru_across(gru->I, gru->O), sizeof(float));
		net_gru_weights(net, gru, w);
		gru_turn(gru->I, gru->O, pass->across, w);
	}
	if (B <= pass->capacity)
		return;
	pass->capacity = B;
	for (size_t i = pass->first; i < net->n_layers; i++) {
		const struct net_layer *l = &net->layer[i];

		if (l->spec.kind == LAYER_FLATTEN || l->out.flow == FLOW_SEQUENCE)
			continue;
		free(pass->out[i]);
		free(pass->grad[i]);
		pass->out[i] = allocate_aligned(B * l->O, sizeof(float));
		pass->grad[i] = backward ? allocate_aligned(B * l->O, sizeof(float)) : NULL;
	}
}

static inline void
net_pass_free(struct net_pass *pass)
{
	for (size_t i = 0; i < ARCH_LAYERS; i++) {
		free(pass->out[i]);
		free(pass->grad[i]);
	}
	if (pass->sequences)
		net_sequences_free(pass->sequences);
	free(pass->sequences);
	free(pass->across);
	free(pass->scratch);
	*pass = (struct net_pass){0};
}

/* What layer i reads: [capacity][I]. */
static inline const float *
net_input(const struct net *net, const struct net_pass *pass, size_t i)
{
	size_t before = net_own(net, pass, i - 1);

	return before + 1 == pass->first ? pass->input : pass->out[before];
}

/* The gradient of what layer i reads: [capacity][I]; not of the pass' first layer. */
static inline float *
net_input_gradient(const struct net *net, const struct net_pass *pass, size_t i)
{
	return pass->grad[net_own(net, pass, i - 1)];
}

/*
 * Asks for the rows of the first layer that record i of a batch needs, so that they are near when it is learnt. gcc
 * takes what only fetches for what does nothing, and drops a call of it: hence always_inline.
 */
__attribute__((always_inline))
static inline void
net_fetch(const struct net *net, const struct batch *batch, size_t i)
{
	const float *w;
	size_t row = net->layer[0].O * (net->beliefs ? 2 : 1);

	if (i >= batch->n || batch->features.rows)
		return;
	w = tensor_floats(&net->table.tensor[net->layer[0].weight]);
	for (size_t j = batch->start[i]; j < batch->start[i + 1]; j++)
		__builtin_prefetch(w + batch->features.index[j] * row);
}

/* Dropout of layer i, while the net trains; else a copy. */
static inline void
net_dropout(const struct net_layer *l, size_t i, size_t B, float *y, const float *x, uint64_t dropping)
{
	if (dropping)
		dropout(B * l->O, l->spec.size[0] / 100.0, y, x, dropping, i);
	else
		memcpy(y, x, B * l->O * sizeof *y);
}

/* Records of a batch that are at a place of a pass: those from .. from + B of it are the pass' at .. at + B. */
struct piece {
	const struct batch *batch;
	size_t from, at, B;
};

/* The part of a piece that goes through a net together, from its record b on. */
static inline struct piece
net_part(const struct net *net, struct piece p, size_t b)
{
	const size_t left = p.B - b, most = net_piece(net);

	return (struct piece){p.batch, p.from + b, p.at + b, left < most ? left : most};
}

/* An embedding that keeps the order: a row for each step of a piece's sequences. The next layer is a gru. */
static inline void
net_sequence_forward(const struct net *net, struct net_sequences *s, struct piece p)
{
	const struct features *f = &p.batch->features;
	const float *w = net_data(net, net->layer[0].weight);
	size_t D = net->layer[0].O;

	sequences_lay_out(&s->plan, p.batch, p.from, p.B);
	gru_rows_reserve(&s->rows, s->plan.rows, D, net->layer[1].O);
	for (size_t i = 0; i < s->plan.rows; i++) {
		size_t feature = s->plan.feature[i];

		for (size_t d = 0; d < D; d++)
			s->rows.x[i * D + d] = f->value[feature] * w[f->index[feature] * D + d];
	}
}

/* Adds to dw[slot[i]][D] of feature i, from the gradient by the rows. */
static inline void
net_sequence_backward(size_t D, const struct net_sequences *s, const float *value, const uint32_t *slot, float *dw)
{
	for (size_t i = 0; i < s->plan.rows; i++) {
		size_t feature = s->plan.feature[i];

		vec_axpy(D, dw + slot[feature] * D, value[feature], s->rows.dx + i * D);
	}
}

/* y[B][O]: the states that the records of a piece end with. */
static inline void
net_gru_forward(const struct net *net, const struct net_layer *l, struct net_sequences *s, size_t B, float *y,
                const float *across, float *scratch)
{
	const float *w[GRU_TENSORS];

	net_gru_weights(net, l, w);
	gru_forward(&s->plan, l->I, l->O, &s->rows, w, across, scratch);
	for (size_t b = 0; b < B; b++)
		vec_copy(l->O, y + b * l->O, s->rows.after + s->plan.row[b] * l->O);
}

static inline void
net_gru_backward(const struct net *net, const struct net_layer *l, struct net_sequences *s, size_t B, const float *dy,
                 float *const *dw, bool down, float *scratch)
{
	const float *w[GRU_TENSORS];

	net_gru_weights(net, l, w);
	memset(s->rows.dstate, 0, s->plan.rows * l->O * sizeof *s->rows.dstate);
	for (size_t b = 0; b < B; b++)
		vec_add(l->O, s->rows.dstate + s->plan.row[b] * l->O, dy + b * l->O);
	gru_backward(&s->plan, l->I, l->O, &s->rows, dw, down, w, scratch);
}

/* The result of layer i for a piece. */
static inline void
net_layer_forward(const struct net *net, struct net_pass *pass, size_t i, struct piece p)
{
	const struct net_layer *l = &net->layer[i];
	const float *x = net_input(net, pass, i), *w = net_data(net, l->weight), *bias = net_data(net, l->bias);
	const struct features *f = &p.batch->features;
	const size_t *start = p.batch->start + p.from;
	float *y = pass->out[i] ? pass->out[i] + p.at * l->O : NULL;

	x = x ? x + p.at * l->I : NULL;
	switch (l->spec.kind) {
	case LAYER_DENSE:
		if (l->in.flow == FLOW_SPARSE)
			sparse_forward(p.B, l->O, y, start, f->index, f->value, w, bias);
		else
			dense_forward(p.B, l->I, l->O, y, x, w, bias);
		break;
	case LAYER_CONV:
		conv_forward(p.B, (size_t)l->out.channels, &l->window, y, x, w, bias, net_ramps(l), pass->scratch);
		break;
	case LAYER_POOL:
		pool_forward(p.B, l->spec.mode == MEAN, &l->window, y, x);
		break;
	case LAYER_GRU:
		net_gru_forward(net, l, pass->sequences, p.B, y, pass->across, pass->scratch);
		break;
	case LAYER_EMBED:
		if (l->spec.mode == SEQ)
			net_sequence_forward(net, pass->sequences, p);
		else
			embed_forward(p.B, l->O, l->spec.mode == MEAN, y, start, f->index, f->value, w);
		break;
	case LAYER_FM:
		fm_forward(p.B, l->O - 1, y, start, f->index, f->value, w);
		break;
	case LAYER_DROPOUT:
		net_dropout(l, i, p.B, y, x, pass->dropping);
		break;
	default: /* flatten: nothing moves */
		break;
	}
	if (i + 1 < net->n_layers && !net_ramps(l))
		activation_forward(l->spec.activation, p.B, l->O, y);
}

/* Convolution i and dense layer `dense`, which net_joined found, for a piece. */
static inline void
net_joined_forward(const struct net *net, struct net_pass *pass, size_t i, size_t dense, struct piece p)
{
	const struct net_layer *l = &net->layer[i], *top = &net->layer[dense];
	float *y = pass->out[dense] + p.at * top->O;

	conv_dense_forward(p.B, (size_t)l->out.channels, &l->window, top->O, y, net_input(net, pass, i) + p.at * l->I,
	                   net_data(net, l->weight), net_data(net, l->bias), net_data(net, top->weight),
	                   net_data(net, top->bias), pass->scratch);
	if (dense + 1 < net->n_layers)
		activation_forward(top->spec.activation, p.B, top->O, y);
}

/* Images go through a window one by one, so that the results are near when the activation comes. */
static inline size_t
net_layer_step(const struct net_layer *l, size_t B)
{
	return l->spec.kind == LAYER_CONV || l->spec.kind == LAYER_POOL ? 1 : B;
}

/*
 * A piece, of at most net_piece records, goes through the layers from the pass' first up to `end`: what the last of
 * them gives is returned as [B][O]. A head gives logits. Where the first layer is not the net's first, the batch holds
 * what comes before it, as rows.
 */
static inline const float *
net_forward(const struct net *net, struct net_pass *pass, struct piece p, size_t end)
{
	size_t last = net_own(net, pass, end - 1);

	if (p.batch->features.rows)
		pass->input = p.batch->features.value + p.batch->start[p.from - p.at];
	for (size_t i = pass->first; i < end; i++) {
		size_t step = net_layer_step(&net->layer[i], p.B), joined = pass->grad[i] ? 0 : net_joined(net, i);

		if (joined && joined < end) {
			net_joined_forward(net, pass, i, joined, p);
			i = joined;
			continue;
		}
		for (size_t b = 0; net->layer[i].spec.kind != LAYER_FLATTEN && b < p.B; b += step)
			net_layer_forward(net, pass, i, (struct piece){p.batch, p.from + b, p.at + b, step});
	}
	return last + 1 == pass->first ? pass->input + p.at * net->layer[pass->first].I
	                               : pass->out[last] + p.at * net->layer[last].O;
}

/*
 * Gradients of layer i for a piece that went forward, from that of its result in pass->grad[i], which becomes that of
 * its logits: added to those of its tensors (but of the weights of net_dense), written to that of its input with down.
 * NULL is not wanted. slot as for sparse_backward.
 */
static inline void
net_layer_backward(const struct net *net, struct net_pass *pass, size_t i, struct piece p, bool down,
                   float *const *gradient, const uint32_t *slot)
{
	const struct net_layer *l = &net->layer[i];
	const float *x = net_input(net, pass, i), *w = net_data(net, l->weight);
	float *dx = down && net_input_gradient(net, pass, i) ? net_input_gradient(net, pass, i) + p.at * l->I : NULL;
	float *dy = pass->grad[i] ? pass->grad[i] + p.at * l->O : NULL, *dw = gradient[0], *dbias = gradient[1];
	const float *y = pass->out[i] ? pass->out[i] + p.at * l->O : NULL;
	const struct features *f = &p.batch->features;
	const size_t *start = p.batch->start + p.from;

	x = x ? x + p.at * l->I : NULL;
	if (i + 1 < net->n_layers && !net_ramps(l))
		activation_backward(l->spec.activation, p.B, l->O, dy, y);
	switch (l->spec.kind) {
	case LAYER_DENSE:
		if (l->in.flow == FLOW_SPARSE)
			sparse_backward(p.B, l->O, dw, dbias, start, slot, f->value, dy);
		else
			dense_backward(p.B, l->I, l->O, dx, dbias, w, dy, pass->scratch);
		break;
	case LAYER_CONV:
		conv_backward(p.B, (size_t)l->out.channels, &l->window, dx, dw, dbias, x, w, dy,
		              net_ramps(l) ? y : NULL, pass->scratch);
		break;
	case LAYER_POOL:
		if (dx)
			pool_backward(p.B, l->spec.mode == MEAN, &l->window, dx, x, dy);
		break;
	case LAYER_GRU:
		net_gru_backward(net, l, pass->sequences, p.B, dy, gradient, down, pass->scratch);
		break;
	case LAYER_EMBED:
		if (dw && l->spec.mode == SEQ)
			net_sequence_backward(l->O, pass->sequences, f->value, slot, dw);
		else if (dw)
			embed_backward(p.B, l->O, l->spec.mode == MEAN, dw, start, slot, f->value, dy);
		break;
	case LAYER_FM:
		if (dw)
			fm_backward(p.B, l->O - 1, dw, start, slot, f->index, f->value, w, dy);
		break;
	case LAYER_DROPOUT:
		if (dx)
			net_dropout(l, i, p.B, dx, dy, pass->dropping);
		break;
	default:
		break;
	}
}

/* s[K] and S[K] for record i of a batch, where the net holds beliefs: the logits' means and variances. */
static inline void
net_believe(const struct net *net, const struct batch *batch, size_t i, double *s, double *S)
{
	const struct net_layer *l = &net->layer[0];
	const struct features *f = &batch->features;
	size_t at = batch->start[i], n = batch->start[i + 1] - at;

	belief_sums(net_outputs(net), s, S, n, f->index + at, f->value + at, net_data(net, l->weight),
	            net_data(net, l->bias));
}

/* s[B][K] for records from .. from + B of a batch, any number: the logits of a net of plain weights. */
static inline void
net_logits(const struct net *net, struct net_pass *pass, const struct batch *batch, size_t from, size_t B, double *s)
{
	size_t K = net_outputs(net);

	net_pass_begin(pass, net, net_piece(net), false);
	for (size_t at = 0, few; at < B; at += few) {
		const float *z;

		few = B - at < net_piece(net) ? B - at : net_piece(net);
		z = net_forward(net, pass, (struct piece){batch, from + at, 0, few}, net->n_layers);
		for (size_t i = 0; i < few * K; i++)
			s[at * K + i] = (double)z[i];
	}
}

#endif

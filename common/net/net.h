/*
 * net.h - a net: an architecture and its tensors.
 *
 * A log-linear net may hold beliefs instead of plain weights (belief.h); every net gives logits.
 */
#ifndef WEIR_NET_H
#define WEIR_NET_H

#include "../io/batch.h"
#include "belief.h"
#include "loss.h"
#include "tensor.h"

enum { LAYER_TENSORS = 2, NO_TENSOR = TENSORS };

struct net_layer {
	struct arch_layer spec;
	struct arch_shape in, out;
	size_t I, O;                     /* numbers of a record in and out */
	size_t weight, bias;             /* places in the table; NO_TENSOR where the layer has none */
	size_t scratch;                  /* floats that it needs, forward or backward, for NET_PIECE records */
};

/*
 * Records go through a net a few at a time, so that what one layer writes is still near when the next reads it: so
 * many at most.
 */
enum { NET_PIECE = 8 };

struct net {
	struct arch arch;
	bool beliefs;                    /* the weights are (mean, variance) */
	struct tensors table;
	struct net_layer layer[ARCH_LAYERS];
	size_t n_layers;                 /* without the input */
	bool sparse;                     /* the first layer takes features as they are, not as a vector */

	/* scratch, owned: of a piece; NULL before net_reserve */
	float *input;                    /* [NET_PIECE][I] of a first layer that takes a vector */
	float *out[ARCH_LAYERS], *grad[ARCH_LAYERS]; /* [NET_PIECE][O]; those of flatten are its input's */
	float *scratch;
	uint64_t dropping;               /* while it trains, what dropout draws by: records so far + 1; else 0 */
};

/* The window of a convolution or a pool. */
static inline struct window
net_window(const struct net_layer *l)
{
	bool conv = l->spec.kind == LAYER_CONV;
	size_t side = l->spec.size[conv ? 1 : 0], step = l->spec.stride;
	size_t reach_h = ((size_t)l->out.height - 1) * step + side, reach_w = ((size_t)l->out.width - 1) * step + side;
	bool pad = l->spec.mode == SAME;

	return (struct window){
		(size_t)l->in.channels, (size_t)l->in.height, (size_t)l->in.width, side, step,
		pad && reach_h > l->in.height ? (reach_h - (size_t)l->in.height) / 2 : 0,
		pad && reach_w > l->in.width ? (reach_w - (size_t)l->in.width) / 2 : 0,
		(size_t)l->out.height, (size_t)l->out.width,
	};
}

/* Floats of scratch that a layer needs for a piece, forward or backward. */
static inline size_t
net_layer_scratch(const struct net_layer *l)
{
	size_t forward = gemm_scratch(NET_PIECE, l->O, l->I), a = gemm_scratch(NET_PIECE, l->I, l->O);
	size_t b = gemm_scratch(l->O, l->I, NET_PIECE);
	struct window window;

	if (l->spec.kind == LAYER_CONV) {
		window = net_window(l);
		return conv_scratch(&window, (size_t)l->out.channels);
	}
	if (l->spec.kind != LAYER_DENSE || l->in.flow == FLOW_SPARSE)
		return 1;
	a = a > b ? a : b;
	return a > forward ? a : forward;
}

/* The shapes of a layer's tensors, outermost first; a rank of 0 is a tensor it has not. */
static inline void
net_tensor_shapes(const struct net_layer *l, uint64_t weight[TENSOR_RANK], size_t *weight_rank, uint64_t *bias)
{
	uint64_t side = l->spec.size[1];

	*weight_rank = 0;
	*bias = 0;
	switch (l->spec.kind) {
	case LAYER_DENSE:
		*weight_rank = 2;
		*bias = l->spec.activation == CHOICE ? 0 : l->O;
		memcpy(weight, l->in.flow == FLOW_SPARSE ? (uint64_t[]){l->I, l->O} : (uint64_t[]){l->O, l->I},
		       2 * sizeof *weight);
		break;
	case LAYER_CONV:
		*weight_rank = 4;
		*bias = l->out.channels;
		memcpy(weight, (uint64_t[]){l->out.channels, l->in.channels, side, side}, 4 * sizeof *weight);
		break;
	case LAYER_EMBED:
	case LAYER_FM:
		*weight_rank = 2;
		memcpy(weight, (uint64_t[]){l->I, l->O}, 2 * sizeof *weight);
		break;
	default:
		break;
	}
}

/* Adds a tensor of a layer to the table: "MODULE.NAME", a pair of numbers for each where they are beliefs. */
static inline size_t
net_add_tensor(struct net *net, unsigned module, const char *name, size_t rank, const uint64_t *shape, size_t width)
{
	uint64_t pairs[TENSOR_RANK];
	char full[TENSOR_NAME];

	memcpy(pairs, shape, rank * sizeof *pairs);
	if (net->beliefs)
		pairs[rank++] = 2;
	snprintf(full, sizeof full, "%u.%s", module, name);
	tensors_add(&net->table, full, net->beliefs ? width : sizeof(float), rank, pairs);
	return net->table.n - 1;
}

/*
 * Lays out the tensors of an architecture, without memory. A layer's number counts modules as torch.nn.Sequential
 * does, where an activation is a module of its own; so layers keep their names when others are appended.
 */
static inline void
net_lay_out(struct net *net, const struct arch *arch, bool beliefs)
{
	struct arch_shape shape;
	unsigned module = 0;

	*net = (struct net){.arch = *arch, .beliefs = beliefs};
	shape = arch_shape_after(&net->arch, 1);
	net->sparse = shape.flow == FLOW_SPARSE;
	for (size_t i = 1; i < arch->n; i++) {
		struct net_layer *l = &net->layer[net->n_layers++];
		uint64_t weight[TENSOR_RANK], bias;
		size_t rank;

		*l = (struct net_layer){.spec = arch->layer[i], .in = shape, .weight = NO_TENSOR, .bias = NO_TENSOR};
		l->out = shape = arch_flow(&l->spec, shape);
		l->I = (size_t)arch_numbers(l->in);
		l->O = (size_t)arch_numbers(l->out);
		l->scratch = net_layer_scratch(l);
		net_tensor_shapes(l, weight, &rank, &bias);
		if (rank)
			l->weight = net_add_tensor(net, module, "weight", rank, weight, sizeof(float));
		if (bias)
			l->bias = net_add_tensor(net, module, "bias", 1, &bias, sizeof(double));
		module += l->spec.activation == LINEAR || l->spec.activation == CHOICE ? 1 : 2;
	}
}

/* The tensor of a layer's bias; NULL where it has none. */
static inline struct tensor *
net_bias(struct net *net, const struct net_layer *l)
{
	return l->bias == NO_TENSOR ? NULL : &net->table.tensor[l->bias];
}

static inline void *
net_bias_data(const struct net *net, const struct net_layer *l)
{
	return l->bias == NO_TENSOR ? NULL : net->table.tensor[l->bias].data;
}

/* Fresh values of a tensor of beliefs: nothing is known but the variance. */
static inline void
net_init_beliefs(struct tensor *t, double variance)
{
	for (size_t i = 0; i < t->n; i += 2)
		if (t->width == sizeof(double))
			((double *)t->data)[i] = 0, ((double *)t->data)[i + 1] = BELIEF_BIAS_VARIANCE;
		else
			tensor_floats(t)[i] = 0, tensor_floats(t)[i + 1] = (float)variance;
}

/*
 * Fresh weights of a layer. Glorot and Bengio 2010, eq. 16: uniform within sqrt(6 / (inputs + outputs)) of a unit; a
 * sparse input counts as one, as few features are present at a time. Biases are 0, and so is a log-linear model,
 * whose loss is convex.
 */
static inline void
net_init_layer(struct net *net, const struct net_layer *l, uint64_t seed)
{
	struct tensor *t = &net->table.tensor[l->weight];
	double fan, limit;

	if (l->weight == NO_TENSOR || arch_log_linear(&net->arch))
		return;
	fan = (double)(l->I + l->O);
	if (l->in.flow == FLOW_SPARSE)
		fan = 1 + (double)l->O;
	else if (l->spec.kind == LAYER_CONV)
		fan = (double)((l->in.channels + l->out.channels) * l->spec.size[1] * l->spec.size[1]);
	limit = sqrt(6 / fan);
	for (size_t i = 0; i < t->n; i++)
		tensor_floats(t)[i] = (float)(limit * (2 * random_uniform(seed + l->weight, i) - 1));
}

/* A fresh net with memory of its own; net_free releases it. */
static inline void
net_init(struct net *net, const struct arch *arch, bool beliefs, double variance, uint64_t seed)
{
	net_lay_out(net, arch, beliefs);
	tensors_allocate(&net->table);
	for (size_t i = 0; beliefs && i < net->table.n; i++)
		net_init_beliefs(&net->table.tensor[i], variance);
	for (size_t i = 0; !beliefs && i < net->n_layers; i++)
		net_init_layer(net, &net->layer[i], seed);
}

static inline void
net_free(struct net *net)
{
	for (size_t i = 0; i < net->n_layers; i++)
		if (net->layer[i].spec.kind != LAYER_FLATTEN) {
			free(net->out[i]);
			free(net->grad[i]);
		}
	free(net->input);
	free(net->scratch);
	tensors_free(&net->table);
	*net = (struct net){0};
}

/* What layer i reads: [B][I]. */
static inline float *
net_input(const struct net *net, size_t i)
{
	return i ? net->out[i - 1] : net->input;
}

/* Scratch to send pieces through the net. */
static inline void
net_reserve(struct net *net)
{
	size_t scratch = 0;

	if (net->scratch)
		return;
	if (!net->sparse)
		net->input = allocate_aligned(NET_PIECE * net->layer[0].I, sizeof(float));
	for (size_t i = 0; i < net->n_layers; i++) {
		const struct net_layer *l = &net->layer[i];
		bool passes = l->spec.kind == LAYER_FLATTEN; /* an image is a vector already */

		net->out[i] = passes ? net_input(net, i) : allocate_aligned(NET_PIECE * l->O, sizeof(float));
		net->grad[i] = !passes ? allocate_aligned(NET_PIECE * l->O, sizeof(float)) : i ? net->grad[i - 1] : NULL;
		scratch = l->scratch > scratch ? l->scratch : scratch;
	}
	net->scratch = allocate_aligned(scratch, sizeof(float));
}

/* Outputs of the last layer. */
static inline size_t
net_outputs(const struct net *net)
{
	return net->layer[net->n_layers - 1].O;
}

/* Classes that labels of this net may name: 2 for sigmoid and choice, K for softmax; LABEL_ANY for linear. */
static inline uint32_t
net_classes(const struct net *net)
{
	enum activation head = arch_head(&net->arch);

	return head == LINEAR ? LABEL_ANY : head == SOFTMAX ? (uint32_t)net_outputs(net) : LABEL_BINARY;
}

/* Asks for the rows of the first layer that record i of a batch needs, so that they are near when it is learnt. */
static inline void
net_fetch(const struct net *net, const struct batch *batch, size_t i)
{
	const float *w;
	size_t row = net->layer[0].O * (net->beliefs ? 2 : 1);

	if (i >= batch->n || !net->sparse)
		return;
	w = tensor_floats(&net->table.tensor[net->layer[0].weight]);
	for (size_t j = batch->start[i]; j < batch->start[i + 1]; j++)
		__builtin_prefetch(w + batch->features.index[j] * row);
}

/* Spreads the features of records from .. from + B into vectors, zeros where there are none. */
static inline void
net_spread(const struct net *net, const struct batch *batch, size_t from, size_t B)
{
	size_t I = net->layer[0].I;

	memset(net->input, 0, B * I * sizeof *net->input);
	for (size_t b = 0; b < B; b++)
		for (size_t j = batch->start[from + b]; j < batch->start[from + b + 1]; j++)
			net->input[b * I + batch->features.index[j]] = batch->features.value[j];
}

/* Dropout of layer i, while the net trains; else a copy. */
static inline void
net_dropout(const struct net *net, size_t i, size_t B, float *y, const float *x)
{
	const struct net_layer *l = &net->layer[i];

	if (net->dropping)
		dropout(B * l->O, l->spec.size[0] / 100.0, y, x, net->dropping, i);
	else
		memcpy(y, x, B * l->O * sizeof *y);
}

/* The result of layer i for B records from `from` on: net->out[i] = layer of net_input. */
static inline void
net_layer_forward(struct net *net, size_t i, const struct batch *batch, size_t from, size_t B)
{
	const struct net_layer *l = &net->layer[i];
	const float *x = net_input(net, i), *w = NULL, *bias = net_bias_data(net, l);
	const struct features *f = &batch->features;
	struct window window = {0};
	float *y = net->out[i];

	if (l->weight != NO_TENSOR)
		w = tensor_floats(&net->table.tensor[l->weight]);
	if (l->spec.kind == LAYER_CONV || l->spec.kind == LAYER_POOL)
		window = net_window(l);
	switch (l->spec.kind) {
	case LAYER_DENSE:
		if (l->in.flow == FLOW_SPARSE)
			sparse_forward(B, l->O, y, batch->start + from, f->index, f->value, w, bias);
		else
			dense_forward(B, l->I, l->O, y, x, w, bias, net->scratch);
		break;
	case LAYER_CONV:
		conv_forward(B, (size_t)l->out.channels, &window, y, x, w, bias, net->scratch);
		break;
	case LAYER_POOL:
		pool_forward(B, l->spec.mode == MEAN, &window, y, x);
		break;
	case LAYER_EMBED:
		embed_forward(B, l->O, l->spec.mode == MEAN, y, batch->start + from, f->index, f->value, w);
		break;
	case LAYER_FM:
		fm_forward(B, l->O - 1, y, batch->start + from, f->index, f->value, w);
		break;
	case LAYER_DROPOUT:
		net_dropout(net, i, B, y, x);
		break;
	default: /* flatten: nothing moves */
		break;
	}
}

/*
 * Logits of a net of plain weights for records from .. from + B of a batch, at most NET_PIECE: returned as [B][K],
 * valid until the next call. net_reserve comes first.
 */
static inline const float *
net_forward(struct net *net, const struct batch *batch, size_t from, size_t B)
{
	if (!net->sparse)
		net_spread(net, batch, from, B);
	for (size_t i = 0; i < net->n_layers; i++) {
		net_layer_forward(net, i, batch, from, B);
		if (i + 1 < net->n_layers)
			activation_forward(net->layer[i].spec.activation, B, net->layer[i].O, net->out[i]);
	}
	return net->out[net->n_layers - 1];
}

/*
 * Gradients of layer i for the B records that went forward last, from that of its result in net->grad[i]: added to
 * dw and dbias (NULL: not wanted), written to net->grad[i - 1]. slot as for sparse_backward.
 */
static inline void
net_layer_backward(struct net *net, size_t i, const struct batch *batch, size_t from, size_t B, float *dw,
                   float *dbias, const uint32_t *slot)
{
	const struct net_layer *l = &net->layer[i];
	const float *x = net_input(net, i), *w = NULL, *dy = net->grad[i];
	const float *value = batch->features.value;
	const size_t *start = batch->start + from;
	struct window window = {0};
	float *dx = i ? net->grad[i - 1] : NULL;

	if (l->weight != NO_TENSOR)
		w = tensor_floats(&net->table.tensor[l->weight]);
	if (l->spec.kind == LAYER_CONV || l->spec.kind == LAYER_POOL)
		window = net_window(l);
	switch (l->spec.kind) {
	case LAYER_DENSE:
		if (l->in.flow == FLOW_SPARSE)
			sparse_backward(B, l->O, dw, dbias, start, slot, value, dy);
		else
			dense_backward(B, l->I, l->O, dx, dw, dbias, x, w, dy, net->scratch);
		break;
	case LAYER_CONV:
		conv_backward(B, (size_t)l->out.channels, &window, dx, dw, dbias, x, w, dy, net->scratch);
		break;
	case LAYER_POOL:
		if (dx)
			pool_backward(B, l->spec.mode == MEAN, &window, dx, x, dy);
		break;
	case LAYER_EMBED:
		embed_backward(B, l->O, l->spec.mode == MEAN, dw, start, slot, value, dy);
		break;
	case LAYER_FM:
		fm_backward(B, l->O - 1, dw, start, slot, batch->features.index, value, w, dy);
		break;
	case LAYER_DROPOUT:
		if (dx)
			net_dropout(net, i, B, dx, dy);
		break;
	default:
		break;
	}
}

/*
 * s[K] and S[K] for record i of a batch: the logits, and their variances where the net holds beliefs (else 0).
 * net_reserve comes first.
 */
static inline void
net_logits(struct net *net, const struct batch *batch, size_t i, double *s, double *S)
{
	size_t K = net_outputs(net), at = batch->start[i], n = batch->start[i + 1] - at;
	const struct features *f = &batch->features;
	const float *out;

	if (net->beliefs) {
		belief_sums(K, s, S, n, f->index + at, f->value + at, net->table.tensor[net->layer[0].weight].data,
		            net_bias_data(net, &net->layer[0]));
		return;
	}
	out = net_forward(net, batch, i, 1);
	for (size_t k = 0; k < K; k++) {
		s[k] = (double)out[k];
		S[k] = 0;
	}
}

#endif

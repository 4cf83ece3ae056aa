/*
 * net.h - a net: an architecture and its tensors. net_pass.h sends records through it.
 *
 * A log-linear net may hold beliefs instead of plain weights (belief.h); every net gives logits.
 */
#ifndef WEIR_NET_H
#define WEIR_NET_H

#include "belief.h"
#include "gru.h"
#include "loss.h"
#include "tensor.h"

enum { NO_TENSOR = TENSORS };

struct net_layer {
	struct arch_layer spec;
	struct arch_shape in, out;
	size_t I, O;                     /* numbers of a record in and out */
	size_t weight, bias;             /* places in the table; NO_TENSOR where the layer has none */
	size_t n_tensors;                /* from weight on: of a gru those of gru.h */
	struct window window;            /* of a convolution or a pool */
	size_t *at;                      /* owned: the window's; NULL before net_reserve */
};

struct net {
	struct arch arch;
	bool beliefs;                    /* the weights are (mean, variance) */
	struct tensors table;
	struct net_layer layer[ARCH_LAYERS];
	size_t n_layers;                 /* without the input */
	bool sparse;                     /* the first layer takes features as they are, not as a vector */
	bool sequence;                   /* its results are sequences */
};

/* The window of a convolution or a pool, but for the places of its elements. */
static inline struct window
net_window(const struct net_layer *l)
{
	bool conv = l->spec.kind == LAYER_CONV, pad = l->spec.mode == SAME;
	size_t side = l->spec.size[conv ? 1 : 0], step = l->spec.stride, H = (size_t)l->in.height, W = (size_t)l->in.width;
	size_t P = (size_t)l->out.height, Q = (size_t)l->out.width;
	size_t seen_h = (P - 1) * step + side, seen_w = (Q - 1) * step + side;

	return (struct window){
		.C = (size_t)l->in.channels, .H = H, .W = W, .K = side, .stride = step,
		.top = pad && seen_h > H ? (seen_h - H) / 2 : 0, .left = pad && seen_w > W ? (seen_w - W) / 2 : 0,
		.P = P, .Q = Q,
	};
}

/* Is it a dense layer on vectors? */
static inline bool
net_dense(const struct net_layer *l)
{
	return l->spec.kind == LAYER_DENSE && l->in.flow == FLOW_FLAT;
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
net_add_tensor(struct net *net, struct net_layer *l, unsigned module, const char *name, size_t rank, const uint64_t *shape,
               size_t width)
{
	uint64_t pairs[TENSOR_RANK];
	char full[TENSOR_NAME];

	memcpy(pairs, shape, rank * sizeof *pairs);
	if (net->beliefs)
		pairs[rank++] = 2;
	snprintf(full, sizeof full, "%u.%s", module, name);
	tensors_add(&net->table, full, net->beliefs ? width : sizeof(float), rank, pairs);
	l->n_tensors++;
	return net->table.n - 1;
}

/* Adds the tensors of a gru, which have the names, shapes and order that torch.nn.GRU gives them. */
static inline size_t
net_add_gru(struct net *net, struct net_layer *l, unsigned module)
{
	const uint64_t gates = 3 * l->O;
	size_t first = net_add_tensor(net, l, module, "weight_ih_l0", 2, (uint64_t[]){gates, l->I}, sizeof(float));

	net_add_tensor(net, l, module, "weight_hh_l0", 2, (uint64_t[]){gates, l->O}, sizeof(float));
	net_add_tensor(net, l, module, "bias_ih_l0", 1, &gates, sizeof(float));
	net_add_tensor(net, l, module, "bias_hh_l0", 1, &gates, sizeof(float));
	return first;
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
	net->sparse = shape.flow == FLOW_SPARSE || shape.flow == FLOW_IDS;
	net->sequence = arch_shape_after(&net->arch, 2).flow == FLOW_SEQUENCE;
	for (size_t i = 1; i < arch->n; i++) {
		struct net_layer *l = &net->layer[net->n_layers++];
		uint64_t weight[TENSOR_RANK], bias;
		size_t rank;

		*l = (struct net_layer){.spec = arch->layer[i], .in = shape, .weight = NO_TENSOR, .bias = NO_TENSOR};
		l->out = shape = arch_flow(&l->spec, shape);
		l->I = (size_t)arch_numbers(l->in);
		l->O = (size_t)arch_numbers(l->out);
		if (l->spec.kind == LAYER_CONV || l->spec.kind == LAYER_POOL)
			l->window = net_window(l);
		net_tensor_shapes(l, weight, &rank, &bias);
		if (l->spec.kind == LAYER_GRU)
			l->weight = net_add_gru(net, l, module);
		if (rank)
			l->weight = net_add_tensor(net, l, module, "weight", rank, weight, sizeof(float));
		if (bias)
			l->bias = net_add_tensor(net, l, module, "bias", 1, &bias, sizeof(double));
		module += l->spec.activation == LINEAR || l->spec.activation == CHOICE ? 1 : 2;
	}
}

/* The tensor of a layer's bias; NULL where it has none. */
static inline struct tensor *
net_bias(struct net *net, const struct net_layer *l)
{
	return l->bias == NO_TENSOR ? NULL : &net->table.tensor[l->bias];
}

/* The numbers of a tensor; NULL for NO_TENSOR. */
static inline void *
net_data(const struct net *net, size_t tensor)
{
	return tensor == NO_TENSOR ? NULL : net->table.tensor[tensor].data;
}

/* Fresh values of a tensor of beliefs: nothing is known but the variance. */
static inline void
net_init_beliefs(struct tensor *t, double variance)
{
	for (size_t i = 0; i < t->n; i += 2)
		if (t->width == sizeof(double))
			((double *)t->data)[i] = 0, ((double *)t->data)[i + 1] = belief_bias_variance(t->n / 2);
		else
			tensor_floats(t)[i] = 0, tensor_floats(t)[i + 1] = (float)variance;
}

/* Fresh weights of a tensor: uniform within sqrt(6 / fan). */
static inline void
net_init_tensor(struct net *net, size_t tensor, double fan, uint64_t seed)
{
	struct tensor *t = &net->table.tensor[tensor];
	double limit = sqrt(6 / fan);

	for (size_t i = 0; i < t->n; i++)
		tensor_floats(t)[i] = (float)(limit * (2 * random_uniform(seed + tensor, i) - 1));
}

/*
 * Fresh weights of a factorisation machine: rows of a weight, 0, and of factors, uniform with a deviation of 0.1 (what
 * libFM draws; Rendle 2012). Larger ones are noise of features that few records have, and stay.
 */
static inline void
net_init_factors(struct net *net, const struct net_layer *l, uint64_t seed)
{
	struct tensor *t = &net->table.tensor[l->weight];

	net_init_tensor(net, l->weight, 6 / (3 * 0.1 * 0.1), seed);
	for (size_t i = 0; i < t->n; i += l->O)
		tensor_floats(t)[i] = 0;
}

/*
 * Fresh weights of a layer. Glorot and Bengio 2010, eq. 16: uniform within sqrt(6 / (inputs + outputs)) of a unit; a
 * sparse input counts as one, as few features are present at a time; each gate of a gru is a layer. Biases are 0, and
 * so is a log-linear model, whose loss is convex. One unit on top of an fm adds up what that makes: all weights are 1.
 */
static inline void
net_init_layer(struct net *net, const struct net_layer *l, uint64_t seed)
{
	double fan = (double)(l->I + l->O);

	if (l->weight == NO_TENSOR || arch_log_linear(&net->arch))
		return;
	if (l->in.flow == FLOW_SPARSE || l->in.flow == FLOW_IDS)
		fan = 1 + (double)l->O;
	else if (l->spec.kind == LAYER_CONV)
		fan = (double)((l->in.channels + l->out.channels) * l->spec.size[1] * l->spec.size[1]);
	if (l->spec.kind == LAYER_FM) {
		net_init_factors(net, l, seed);
	} else if (l > net->layer && l[-1].spec.kind == LAYER_FM && l->O == 1) {
		for (size_t i = 0; i < l->I; i++)
			tensor_floats(&net->table.tensor[l->weight])[i] = 1;
	} else {
		net_init_tensor(net, l->weight, fan, seed);
	}
	if (l->spec.kind == LAYER_GRU)
		net_init_tensor(net, l->weight + GRU_HH, 2 * (double)l->O, seed);
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
		free(net->layer[i].at);
	tensors_free(&net->table);
	*net = (struct net){0};
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

#endif

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

struct net_layer {
	size_t I, O;
	enum activation activation;
	size_t weight, bias;   /* places in the table; bias is that of NO_TENSOR where the layer has none */
};

enum { NO_TENSOR = TENSORS };

struct net {
	struct arch arch;
	bool beliefs;              /* the weights are (mean, variance) */
	struct tensors table;
	struct net_layer layer[ARCH_LAYERS];
	size_t n_layers;           /* without the input */
	/* scratch, for `room` records: results and gradients of each layer */
	float *out[ARCH_LAYERS], *grad[ARCH_LAYERS];
	size_t room;
};

/*
 * Lays out the tensors of an architecture, without memory. A layer's number counts modules as torch.nn.Sequential
 * does, where an activation is a module of its own; so layers keep their names when others are appended.
 */
static inline void
net_lay_out(struct net *net, const struct arch *arch, bool beliefs)
{
	size_t I = (size_t)1 << arch->layer[0].size;
	unsigned module = 0;

	*net = (struct net){.arch = *arch, .beliefs = beliefs};
	for (size_t i = 1; i < arch->n; i++) {
		const struct arch_layer *a = &arch->layer[i];
		struct net_layer *l = &net->layer[net->n_layers++];
		bool sparse = i == 1;
		uint64_t shape[TENSOR_RANK] = {sparse ? I : a->size, sparse ? a->size : I, 2};
		uint64_t bias_shape[2] = {a->size, 2};
		char name[TENSOR_NAME];

		*l = (struct net_layer){I, a->size, a->activation, net->table.n, NO_TENSOR};
		snprintf(name, sizeof name, "%u.weight", module);
		tensors_add(&net->table, name, sizeof(float), beliefs ? 3 : 2, shape);
		if (a->activation != CHOICE) {
			snprintf(name, sizeof name, "%u.bias", module);
			l->bias = net->table.n;
			tensors_add(&net->table, name, beliefs ? sizeof(double) : sizeof(float), beliefs ? 2 : 1, bias_shape);
		}
		I = a->size;
		module += a->activation == LINEAR || a->activation == CHOICE ? 1 : 2;
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

/* Fresh values for one tensor of a net with memory: beliefs of the given prior variance, or Glorot uniform weights. */
static inline void
net_init_tensor(struct net *net, size_t place, double variance, uint64_t seed)
{
	struct tensor *t = &net->table.tensor[place];
	bool bias = t->width == sizeof(double) || t->rank == 1;

	if (net->beliefs && bias) {
		for (size_t i = 0; i < t->n; i += 2)
			((double *)t->data)[i] = 0, ((double *)t->data)[i + 1] = BELIEF_BIAS_VARIANCE;
	} else if (net->beliefs) {
		for (size_t i = 0; i < t->n; i += 2)
			tensor_floats(t)[i] = 0, tensor_floats(t)[i + 1] = (float)variance;
	} else if (place == net->layer[0].weight && net->n_layers == 1) {
		memset(t->data, 0, t->n * t->width); /* log-linear: the loss is convex */
	} else if (!bias) {
		/* Glorot and Bengio 2010, eq. 16. A hashed input counts as one: few features are present at a time. */
		double fan = place == net->layer[0].weight ? 1 + (double)t->shape[1] : (double)(t->shape[0] + t->shape[1]);
		double limit = sqrt(6 / fan);

		for (size_t i = 0; i < t->n; i++)
			tensor_floats(t)[i] = (float)(limit * (2 * random_uniform(seed + place, i) - 1));
	} else {
		memset(t->data, 0, t->n * t->width);
	}
}

/* A fresh net with memory of its own; net_free releases it. */
static inline void
net_init(struct net *net, const struct arch *arch, bool beliefs, double variance, uint64_t seed)
{
	net_lay_out(net, arch, beliefs);
	tensors_allocate(&net->table);
	for (size_t i = 0; i < net->table.n; i++)
		net_init_tensor(net, i, variance, seed);
}

static inline void
net_free(struct net *net)
{
	for (size_t i = 0; i < ARCH_LAYERS; i++) {
		free(net->out[i]);
		free(net->grad[i]);
	}
	tensors_free(&net->table);
	*net = (struct net){0};
}

/* Scratch for B records. */
static inline void
net_reserve(struct net *net, size_t B)
{
	if (B <= net->room)
		return;
	for (size_t i = 0; i < net->n_layers; i++) {
		free(net->out[i]);
		free(net->grad[i]);
		net->out[i] = allocate(B, net->layer[i].O * sizeof(float));
		net->grad[i] = allocate(B, net->layer[i].O * sizeof(float));
	}
	net->room = B;
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
	const float *w = tensor_floats(&net->table.tensor[net->layer[0].weight]);
	size_t row = net->layer[0].O * (net->beliefs ? 2 : 1);

	if (i >= batch->n)
		return;
	for (size_t j = batch->start[i]; j < batch->start[i + 1]; j++)
		__builtin_prefetch(w + batch->features.index[j] * row);
}

/*
 * Logits of a net of plain weights for records from .. from + B of a batch: returned as [B][K], valid until the
 * next call. net_reserve(B) comes first.
 */
static inline const float *
net_forward(struct net *net, const struct batch *batch, size_t from, size_t B)
{
	const struct tensor *table = net->table.tensor;

	for (size_t i = 0; i < net->n_layers; i++) {
		const struct net_layer *l = &net->layer[i];
		const float *w = tensor_floats(&table[l->weight]), *bias = net_bias_data(net, l);

		if (i == 0)
			sparse_forward(B, l->O, net->out[0], batch->start + from, batch->features.index,
			               batch->features.value, w, bias);
		else
			dense_forward(B, l->I, l->O, net->out[i], net->out[i - 1], w, bias);
		if (i + 1 < net->n_layers)
			activation_forward(l->activation, B, l->O, net->out[i]);
	}
	return net->out[net->n_layers - 1];
}

/*
 * s[K] and S[K] for record i of a batch: the logits, and their variances where the net holds beliefs (else 0).
 * net_reserve(1) comes first.
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

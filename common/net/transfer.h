/*
 * transfer.h - what a net takes over from another one.
 */
#ifndef WEIR_TRANSFER_H
#define WEIR_TRANSFER_H

#include "net.h"

/* Copies a tensor, or of beliefs the means where `to` has plain weights. Same name, same shape but for that. */
static inline void
transfer_tensor(struct tensor *to, const struct tensor *from, bool means)
{
	if (!means) {
		memcpy(to->data, from->data, from->n * from->width);
		return;
	}
	for (size_t i = 0; i < to->n; i++)
		tensor_floats(to)[i] = from->width == sizeof(double) ? (float)((const double *)from->data)[2 * i]
		                                                     : tensor_floats(from)[2 * i];
}

/*
 * The first `layers` layers of `to` take the weights of the same layers of `from`, which has the same ones. Where
 * `from` holds beliefs and `to` plain weights, these are the means; beliefs come from beliefs only.
 */
static inline void
transfer_layers(struct net *to, const struct net *from, size_t layers)
{
	bool means = from->beliefs && !to->beliefs;

	for (size_t i = 0; i < layers; i++) {
		const struct net_layer *l = &to->layer[i];

		for (size_t j = 0; j < l->n_tensors; j++)
			transfer_tensor(&to->table.tensor[l->weight + j], &from->table.tensor[l->weight + j], means);
	}
}

/* Does a net of beliefs, that started from N(0, fresh), know nothing of a weight? */
static inline bool
transfer_unknown(double mean, double variance, double fresh)
{
	return mean == 0 && (float)variance == (float)fresh;
}

/*
 * The source's posterior becomes the target's prior: every belief that is not frozen is widened by the variance q
 * of the shift between the domains, to no more than a fresh one of the given variance (Chelba and Acero 2004;
 * Finkel and Manning 2009; with the source's own doubt). A weight that the source never saw is `times` as wide as fresh.
 */
static inline void
transfer_widen(struct net *net, double q, double variance, double times)
{
	for (size_t i = 0; i < net->table.n; i++) {
		struct tensor *t = &net->table.tensor[i];

		for (size_t j = 1; !t->frozen && j < t->n; j += 2)
			if (t->width == sizeof(double))
				((double *)t->data)[j] = belief_widen(((double *)t->data)[j], q, belief_bias_variance(t->n / 2));
			else if (transfer_unknown((double)tensor_floats(t)[j - 1], (double)tensor_floats(t)[j], variance))
				tensor_floats(t)[j] = (float)(times * variance);
			else
				tensor_floats(t)[j] = (float)belief_widen((double)tensor_floats(t)[j], q, variance);
	}
}

/* How many tensors the first `layers` layers have. They are the first of the table. */
static inline size_t
transfer_tensors(const struct net *net, size_t layers)
{
	size_t n = 0;

	for (size_t i = 0; i < layers; i++)
		n += net->layer[i].n_tensors;
	return n;
}

/*
 * The weights of a new head become 0, where nothing else is new above the first `layers` layers: there is no symmetry to
 * break, and what the records say nothing of is left to the bias, not to chance.
 */
static inline void
transfer_clear_head(struct net *net, size_t layers)
{
	const struct net_layer *head = &net->layer[net->n_layers - 1];

	if (layers < net->n_layers && transfer_tensors(net, layers) == transfer_tensors(net, net->n_layers - 1))
		memset(net->table.tensor[head->weight].data, 0, net->table.tensor[head->weight].n * sizeof(float));
}

/* Freezes the first `layers` layers. */
static inline void
transfer_freeze(struct net *net, size_t layers)
{
	for (size_t i = transfer_tensors(net, layers); i--;)
		net->table.tensor[i].frozen = true;
}

/*
 * Rates and times of the layers that have weights, from the top: each learns at `rate` times the pace of the one above
 * it (0 freezes it), and once `every` records more were learnt (discriminative rates and gradual unfreezing: Howard
 * and Ruder 2018). Returns how many layers these are.
 */
static inline size_t
transfer_pace(struct net *net, double rate, uint64_t every)
{
	double pace = 1;
	size_t depth = 0;

	for (size_t i = net->n_layers; i--;) {
		const struct net_layer *l = &net->layer[i];

		for (size_t j = 0; j < l->n_tensors; j++) {
			struct tensor *t = &net->table.tensor[l->weight + j];

			t->pace = pace;
			t->wakes = depth * every;
			t->frozen |= !(pace > 0);
		}
		if (l->weight != NO_TENSOR) {
			pace *= rate;
			depth++;
		}
	}
	return depth;
}

#endif

/*
 * prior.h - a Gaussian prior centred on another net's weights, for weights that are no beliefs.
 *
 * What is minimised is the sum of the losses of all records + strength / 2 sum_i f_i (w_i - source_i)^2 (Chelba and
 * Acero 2004; for nets Li et al. 2018, L2-SP). f is 1, or the precision with which the source knows its weight
 * (Kirkpatrick et al. 2017, elastic weight consolidation). Biases, and layers that the source has not, are free.
 *
 * How many records there will be is not known while they come for the first time: after n of them the step follows
 * the gradient of the mean over n, in further passes over all. So a step's share of the prior is 1 / n.
 *
 * Weights of the first layer's rows are pulled when they are touched, for all steps since (optimiser.h: pulls add
 * up), and all of them at the end: where they were left is where they would be had they been pulled at every step.
 */
#ifndef WEIR_PRIOR_H
#define WEIR_PRIOR_H

#include "net.h"
#include "optimiser.h"

/* The states of a tensor that a prior adds after its optimiser's. */
enum { PRIOR_TIME, PRIOR_LEFT, PRIOR_STATES };
static const char *const prior_states[PRIOR_STATES] = {
	"time", /* of the first layer's rows: when they were pulled last, the row's time in each of its weights */
	"left", /* of the first layer's rows: the weights as that pull left them */
};

/* How precise the source is about its weights. */
enum prior_precision { PRIOR_EQUAL, PRIOR_BELIEFS, PRIOR_SQUARES };

struct prior {
	double strength;
	const struct net *source;     /* not owned */
	enum prior_precision precision;
	double fresh;                 /* of beliefs: the variance of one that knows nothing */
	size_t squares;               /* else the state that is the sum of squared gradients, and */
	double batch;                 /* of how many records each gradient was the mean */
	bool centred[TENSORS];        /* which tensors the prior is about */
	size_t states;                /* of the optimiser: the prior's come after them */
	bool again;                   /* the records do not come for the first time */

	/* how far it is */
	uint64_t records;             /* that came for the first time: groups, of a choice head */
	uint64_t steps;
	double time;                  /* of pulls, in all */
};

/*
 * A prior for the weights of the first `layers` layers, which the source has too; its weights are plain, or beliefs
 * whose means are the centres. PRIOR_EQUAL until told otherwise.
 */
static inline struct prior
prior_of(double strength, const struct net *source, size_t layers, const struct optimiser *optimiser)
{
	struct prior p = {.strength = strength, .source = source, .states = optimiser->n_states};

	for (size_t i = 0; i < layers; i++) {
		const struct net_layer *l = &source->layer[i];

		if (l->weight != NO_TENSOR)
			p.centred[l->weight] = true;
		if (l->spec.kind == LAYER_GRU)
			p.centred[l->weight + GRU_HH] = true;
	}
	return p;
}

static inline double
prior_centre(const struct prior *p, size_t tensor, size_t i)
{
	return (double)tensor_floats(&p->source->table.tensor[tensor])[p->source->beliefs ? 2 * i : i];
}

/*
 * f of a weight: what the source's records added to the precision of a belief; else the sum of squared gradients. Those
 * of batches of B records, drawn at random, add up to 1 / B^2 of those of their records.
 */
static inline double
prior_precision(const struct prior *p, size_t tensor, size_t i)
{
	const struct tensor *t = &p->source->table.tensor[tensor];
	double gained;

	if (p->precision == PRIOR_EQUAL)
		return 1;
	if (p->precision == PRIOR_SQUARES)
		return p->batch * p->batch * (double)t->state[p->squares][i];
	gained = 1 / (double)tensor_floats(t)[2 * i + 1] - 1 / p->fresh;
	return gained > 0 ? gained : 0;
}

/* Counts a step over n records (1 for a group), at `pace` times the rate. Returns its time. */
static inline double
prior_step(struct prior *p, double pace, size_t n)
{
	double time;

	p->steps++;
	p->records += p->again ? 0 : n;
	time = pace / (double)p->records;
	p->time += time;
	return time;
}

/* Pulls weights from .. from + n of a tensor, which was stepped at the settings' rate. */
static inline void
prior_pull(const struct prior *p, const struct optimiser *optimiser, const struct optimiser_settings *set,
           struct tensor *t, size_t tensor, size_t from, size_t n, double time)
{
	float *w = tensor_floats(t);
	const float *a = t->state[0], *b = t->state[1];
	struct pull pull = {.time = time, .share = p->records ? (double)p->steps / (double)p->records : 1};

	for (size_t i = from; i < from + n; i++) {
		pull.centre = prior_centre(p, tensor, i);
		pull.strength = p->strength * prior_precision(p, tensor, i);
		w[i] = (float)optimiser->pull(set, (double)w[i], p->states > 0 ? (double)a[i] : 0,
		                              p->states > 1 ? (double)b[i] : 0, &pull);
	}
}

/* Pulls a row of n weights of the first layer for all steps since it was pulled last. */
static inline void
prior_pull_row(const struct prior *p, const struct optimiser *optimiser, const struct optimiser_settings *set,
               struct tensor *t, size_t tensor, size_t row, size_t n)
{
	float *then = t->state[p->states + PRIOR_TIME] + row * n, now = (float)p->time;

	prior_pull(p, optimiser, set, t, tensor, row * n, n, (double)now - (double)*then);
	for (size_t i = 0; i < n; i++)
		then[i] = now;
}

#endif

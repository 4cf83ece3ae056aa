/*
 * plain.h - a net in double, perturbed at will, and backward passes against its central differences.
 */
#ifndef WEIR_TESTS_PLAIN_H
#define WEIR_TESTS_PLAIN_H

#include "../common/net/train.h"
#include "tap.h"

/* The tensors of a net one after the other. */
struct plain {
	const struct net *net;
	double w[4096];
	size_t at[TENSORS]; /* where each tensor begins */
	size_t n;
	bool drops;         /* as the first step of training does */
};

static inline void
plain_copy(struct plain *p, const struct net *net)
{
	p->net = net;
	p->n = 0;
	for (size_t i = 0; i < net->table.n; i++) {
		p->at[i] = p->n;
		for (size_t j = 0; j < net->table.tensor[i].n; j++)
			p->w[p->n++] = (double)tensor_floats(&net->table.tensor[i])[j];
	}
}

/*
 * One step of sgd at rate 1 subtracts the gradient from the weights: what it subtracted is the central difference of the
 * loss in double, for every parameter. Floats of size 1 are exact to 6e-8. The net is as its copy p has it.
 */
static inline void
plain_gradient(const char *layers, struct plain *p, struct net *net, const struct batch *batch,
               double (*loss)(const struct plain *, const struct batch *))
{
	static struct plain moved;
	const double h = 1e-6;
	struct trainer t;
	double worst = 0, steepest = 0;

	trainer_init(&t, net, 0, optimiser_find("sgd"), (struct optimiser_settings){.rate = 1}, 1);
	train(&t, batch, 0, batch->n);
	plain_copy(&moved, net);
	for (size_t i = 0; i < p->n; i++) {
		double w = p->w[i], up, slope;

		p->w[i] = w + h;
		up = loss(p, batch);
		p->w[i] = w - h;
		slope = (up - loss(p, batch)) / (2 * h);
		p->w[i] = w;
		worst = fmax(worst, fabs(w - moved.w[i] - slope) / (1 + fabs(slope)));
		steepest = fmax(steepest, fabs(slope));
	}
	if (!tap_ok(worst < 3e-6 && steepest > 1e-3, "%s, %zu records: gradient of all %zu parameters", layers, batch->n, p->n))
		printf("# off by %g; steepest %g\n", worst, steepest);
	trainer_free(&t);
}

#endif

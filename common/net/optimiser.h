/*
 * optimiser.h - steps along the gradient, for weights that are no beliefs.
 *
 * One optimiser is one function and one row of the table; help, man page and the model file read the row.
 * Sparse weights are stepped when they are touched only: a weight whose feature is absent stays as it is, and
 * so does its state.
 */
#ifndef WEIR_OPTIMISER_H
#define WEIR_OPTIMISER_H

#include "../num/math.h"
#include "../num/wide.h"

/* What a step needs to know besides the gradient. */
struct optimiser_settings {
	double rate;   /* step size: alpha; of a step, times what optimiser_scale says */
	double l1, l2; /* of ftrl */
	uint64_t step; /* how many there were */
};

/* Steps n weights w by gradient g, with their states a and b (as many as the row says, else NULL). */
typedef void optimiser_step(const struct optimiser_settings *set, size_t n, float *w, float *a, float *b,
                            const float *g);

/* A Gaussian prior's pull on a weight since it was pulled last; the weight was not stepped in between. */
struct pull {
	double centre, strength; /* of strength / 2 (w - centre)^2, beside the sum of the losses of all records */
	double time;             /* 1 / records, summed over the steps since, each times its share of the rate */
	double share;            /* all steps so far / records: what of the losses' sum the steps' mean gradients add up to */
};

/* The weight w, with states a and b, after a pull. Pulls add up: two in a row are one with the sum of their times. */
typedef double optimiser_pull(const struct optimiser_settings *set, double w, double a, double b,
                              const struct pull *pull);

/*
 * Where the prior's gradient flows to from w at the given pace: steps too small to count, so no strength, however
 * large, overshoots the centre.
 */
static inline double
pull_flow(double w, double pace, const struct pull *pull)
{
	double way = pace * pull->strength * pull->time;

	return way > 0 ? pull->centre + (w - pull->centre) * math_exp(-way) : w;
}

/* w -= rate g */
static inline void
sgd_step(const struct optimiser_settings *set, size_t n, float *w, float *a, float *b, const float *g)
{
	(void)a, (void)b;
	for (size_t i = 0; i < n; i++)
		w[i] -= (float)(set->rate * (double)g[i]);
}

static inline double
sgd_pull(const struct optimiser_settings *set, double w, double a, double b, const struct pull *pull)
{
	(void)a, (void)b;
	return pull_flow(w, set->rate, pull);
}

/* Duchi, Hazan and Singer 2011: a += g^2, w -= rate g / sqrt a; no step where g^2 is too small for a float */
static inline void
adagrad_step(const struct optimiser_settings *set, size_t n, float *w, float *a, float *b, const float *g)
{
	(void)b;
	wide_adagrad(n, (float)set->rate, w, a, g);
}

/* At the pace of the losses' steps. It is no loss: like any composite term of theirs it is not in the sum of squares. */
static inline double
adagrad_pull(const struct optimiser_settings *set, double w, double a, double b, const struct pull *pull)
{
	(void)b;
	return a > 0 ? pull_flow(w, set->rate / sqrt(a), pull) : w;
}

/*
 * Follow the regularised leader, proximal, per coordinate (McMahan et al. 2013, algorithm 1; beta is 1): a is z,
 * b is the sum of squares n. A weight that comes with no history starts from where it is.
 */
static inline void
ftrl_step(const struct optimiser_settings *set, size_t n, float *w, float *a, float *b, const float *g)
{
	for (size_t i = 0; i < n; i++) {
		double old = (double)b[i], new = old + (double)g[i] * (double)g[i];
		double z = (double)a[i], weight = (double)w[i];

		if (old == 0 && z == 0)
			z = -weight * (1 / set->rate + set->l2) - (weight > 0 ? set->l1 : weight < 0 ? -set->l1 : 0);
		z += (double)g[i] - (sqrt(new) - sqrt(old)) / set->rate * weight;
		a[i] = (float)z;
		b[i] = (float)new;
		if (fabs(z) <= set->l1)
			w[i] = 0;
		else
			w[i] = (float)(-(z - (z > 0 ? set->l1 : -set->l1)) / ((1 + sqrt(new)) / set->rate + set->l2));
	}
}

/* The leader with the prior among what it follows, as heavy as it is beside the losses so far. */
static inline double
ftrl_pull(const struct optimiser_settings *set, double w, double a, double b, const struct pull *pull)
{
	double strength = pull->strength * pull->share, z = a - strength * pull->centre;

	if (!(strength > 0) || (a == 0 && b == 0))
		return w;
	if (fabs(z) <= set->l1)
		return 0;
	return -(z - (z > 0 ? set->l1 : -set->l1)) / ((1 + sqrt(b)) / set->rate + set->l2 + strength);
}

/* As its states begin at 0. */
static inline double
adam_scale(uint64_t step)
{
	double t = (double)step;

	return sqrt(1 - math_exp(t * math_log(0.999))) / (1 - math_exp(t * math_log(0.9)));
}

/* Kingma and Ba 2015, with Keras' constants: beta 0.9 and 0.999, epsilon 1e-7. a is m, b is v. */
static inline void
adam_step(const struct optimiser_settings *set, size_t n, float *w, float *a, float *b, const float *g)
{
	wide_adam(n, (float)set->rate, w, a, b, g);
}

/* At the pace of the losses' steps, without momentum, with the v of the last one. */
static inline double
adam_pull(const struct optimiser_settings *set, double w, double a, double b, const struct pull *pull)
{
	(void)a;
	return pull_flow(w, set->rate / (sqrt(b) + 1e-7), pull);
}

struct optimiser {
	const char *name;
	double rate;           /* where none is given */
	size_t n_states;
	const char *state[2];  /* names of the states in the model file */
	optimiser_step *step;
	optimiser_pull *pull;
	double (*scale)(uint64_t step); /* what the rate of a step is multiplied by; NULL for 1 */
};

static const struct optimiser optimisers[] = {
	{"adagrad", 0.1, 1, {"sum", NULL}, adagrad_step, adagrad_pull, NULL},
	{"ftrl", 0.1, 2, {"z", "n"}, ftrl_step, ftrl_pull, NULL},
	{"sgd", 0.1, 0, {NULL, NULL}, sgd_step, sgd_pull, NULL},
	{"adam", 0.001, 2, {"m", "v"}, adam_step, adam_pull, adam_scale},
};

enum { OPTIMISERS = sizeof optimisers / sizeof *optimisers };

/* What the rate of a step, number `step` from 1, is multiplied by. */
static inline double
optimiser_scale(const struct optimiser *optimiser, uint64_t step)
{
	return optimiser->scale ? optimiser->scale(step) : 1;
}

/* The row of a name; NULL when there is none. */
static inline const struct optimiser *
optimiser_find(const char *name)
{
	for (size_t i = 0; i < OPTIMISERS; i++)
		if (strcmp(optimisers[i].name, name) == 0)
			return &optimisers[i];
	return NULL;
}

#endif

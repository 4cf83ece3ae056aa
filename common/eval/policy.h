/*
 * policy.h - what a policy is worth, from decisions that another one took: an estimator is one function and one row
 * of the table below.
 *
 * Letters: n decisions, G groups of them (independent units), K candidates of a decision; w importance weight, the
 * probability of the logged action under the target policy by that under the logging policy; r reward; q predicted
 * reward of the logged action, m mean predicted reward of the target policy's actions; c the estimator's constant.
 *
 * With f(w) what the estimator makes of a weight, every value is
 *
 *     sum m / n + sum f(w) (r - q) / d,   d = n, or sum f(w) where the estimator is self-normalised,
 *
 * in which an estimator without a model has m = q = 0.
 */
#ifndef WEIR_POLICY_H
#define WEIR_POLICY_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "../num/random.h"
#include "interval.h"

/* A logged decision. */
struct policy_decision {
	double weight;    /* >= 0 */
	double target;    /* probability of the logged action under the target policy */
	double reward;
	double predicted; /* of the logged action */
	double expected;  /* mean prediction under the target policy */
	uint32_t group;   /* below G */
};

/* The constant that an estimator has. */
enum policy_constant { POLICY_NONE, POLICY_CLIP, POLICY_SHRINK, POLICY_SWITCH, POLICY_CONSTANTS };

struct policy_estimator {
	const char *name;
	double (*weight)(const struct policy_decision *, double c); /* f(w) */
	enum policy_constant constant;
	bool model;      /* uses predictions */
	bool normalised; /* by the sum of f(w) */
};

/* Sums over the decisions of a group, or of all. */
struct policy_sums {
	double n, expected, gain, weight; /* 1, m, f(w) (r - q), f(w) */
};

struct policy_estimate {
	double value;       /* NaN: the target policy takes none of the logged actions */
	double variance;    /* of the value, groups being the independent units; infinite: unknown */
	double effective_n; /* (sum f)^2 / sum f^2 (Kish 1965): equal weights that tell as much */
	double max_weight;  /* the greatest f */
};

static inline double
policy_full(const struct policy_decision *d, double c)
{
	(void)c;
	return d->weight;
}

/* The probability that a draw of the target policy is the logged action: 0 or 1 where it is deterministic. */
static inline double
policy_match(const struct policy_decision *d, double c)
{
	(void)c;
	return d->target;
}

static inline double
policy_clip(const struct policy_decision *d, double c)
{
	return fmin(d->weight, c);
}

/* cw / (w^2 + c), which is w where w^2 is far below c, and 0 far above it. */
static inline double
policy_shrink(const struct policy_decision *d, double c)
{
	return d->weight / (d->weight * d->weight / c + 1);
}

static inline double
policy_switch(const struct policy_decision *d, double c)
{
	return d->weight <= c ? d->weight : 0;
}

static inline double
policy_nothing(const struct policy_decision *d, double c)
{
	(void)d;
	(void)c;
	return 0;
}

static const struct policy_estimator policy_estimators[] = {
	{"replay", policy_match, POLICY_NONE, false, true},       /* Li et al. 2011 */
	{"ips", policy_full, POLICY_NONE, false, false},          /* Horvitz and Thompson 1952 */
	{"snips", policy_full, POLICY_NONE, false, true},         /* Swaminathan and Joachims 2015 */
	{"clipped-ips", policy_clip, POLICY_CLIP, false, false},  /* Ionides 2008; Bottou et al. 2013 */
	{"shrunk-ips", policy_shrink, POLICY_SHRINK, false, false},
	{"dm", policy_nothing, POLICY_NONE, true, false},
	{"dr", policy_full, POLICY_NONE, true, false},            /* Dudik, Langford and Li 2011 */
	{"sndr", policy_full, POLICY_NONE, true, true},           /* Thomas and Brunskill 2016 */
	{"clipped-dr", policy_clip, POLICY_CLIP, true, false},    /* Su et al. 2020, pessimistic shrinkage */
	{"switch-dr", policy_switch, POLICY_SWITCH, true, false}, /* Wang, Agarwal and Dudik 2017 */
	{"shrunk-dr", policy_shrink, POLICY_SHRINK, true, false}, /* Su et al. 2020, optimistic shrinkage */
};

enum { POLICY_ESTIMATORS = sizeof policy_estimators / sizeof *policy_estimators };

/* ---- target policies: the probabilities of K >= 1 candidates, from their scores ---- */

struct policy_candidate {
	double score;
	double predicted;   /* reward */
	double probability; /* under the target policy */
};

static inline double
policy_best(size_t K, const struct policy_candidate *candidate)
{
	double best = -INFINITY;

	for (size_t i = 0; i < K; i++)
		best = fmax(best, candidate[i].score);
	return best;
}

/* Equal shares of the candidates with the best score. */
static inline void
policy_greedy(size_t K, struct policy_candidate *candidate)
{
	double best = policy_best(K, candidate), ties = 0;

	for (size_t i = 0; i < K; i++)
		ties += candidate[i].score == best;
	for (size_t i = 0; i < K; i++)
		candidate[i].probability = candidate[i].score == best ? 1 / ties : 0;
}

/* exp(score / temperature) by the sum of that; temperature > 0. */
static inline void
policy_softmax(size_t K, struct policy_candidate *candidate, double temperature)
{
	double best = policy_best(K, candidate), sum = 0;

	for (size_t i = 0; i < K; i++)
		sum += candidate[i].probability = math_exp((candidate[i].score - best) / temperature);
	for (size_t i = 0; i < K; i++)
		candidate[i].probability /= sum;
}

/* With probability epsilon a candidate at random, each as likely as any other. */
static inline void
policy_explore(size_t K, struct policy_candidate *candidate, double epsilon)
{
	for (size_t i = 0; i < K; i++)
		candidate[i].probability = (1 - epsilon) * candidate[i].probability + epsilon / (double)K;
}

/* The mean prediction under the target policy. */
static inline double
policy_expected(size_t K, const struct policy_candidate *candidate)
{
	double mean = 0;

	for (size_t i = 0; i < K; i++)
		mean += candidate[i].probability * candidate[i].predicted;
	return mean;
}

/* ---- estimates ---- */

/* Sums of each group: sums is G, written. Returns the sums of all. */
static inline struct policy_sums
policy_sum(const struct policy_estimator *e, double c, size_t n, const struct policy_decision *decision, size_t G,
           struct policy_sums *sums)
{
	struct policy_sums all = {0};

	for (size_t g = 0; g < G; g++)
		sums[g] = all;
	for (size_t i = 0; i < n; i++) {
		const struct policy_decision *d = &decision[i];
		struct policy_sums *s = &sums[d->group];
		double f = e->weight(d, c);

		s->n++;
		s->expected += e->model ? d->expected : 0;
		s->gain += f * (d->reward - (e->model ? d->predicted : 0));
		s->weight += f;
	}
	for (size_t g = 0; g < G; g++) {
		all.n += sums[g].n;
		all.expected += sums[g].expected;
		all.gain += sums[g].gain;
		all.weight += sums[g].weight;
	}
	return all;
}

/* d of these sums. */
static inline double
policy_divisor(const struct policy_estimator *e, const struct policy_sums *s)
{
	return e->normalised ? s->weight : s->n;
}

/* NaN where all weights of a self-normalised estimator are 0. */
static inline double
policy_value(const struct policy_estimator *e, const struct policy_sums *s)
{
	return s->expected / s->n + s->gain / policy_divisor(e, s);
}

/* G / (G - 1) times the sum of squares, the variance's correction; infinite where one group cannot tell. */
static inline double
policy_unbiased(double squares, size_t G)
{
	return G < 2 ? INFINITY : squares * (double)G / (double)(G - 1);
}

/* The variance of a value that is a sum of two ratios of sums over groups, by the delta method. */
static inline double
policy_variance(const struct policy_estimator *e, size_t G, const struct policy_sums *sums,
                const struct policy_sums *all)
{
	double expected = all->expected / all->n, by = policy_divisor(e, all), gain = all->gain / by, squares = 0;

	for (size_t g = 0; g < G; g++) {
		const struct policy_sums *s = &sums[g];
		double u = (s->expected - expected * s->n) / all->n + (s->gain - gain * policy_divisor(e, s)) / by;

		squares += u * u;
	}
	return policy_unbiased(squares, G);
}

/*
 * The estimate of n >= 1 decisions; sums is G, written. Without weights (dm) all decisions count alike, and
 * effective_n is n; where all weights are 0 it is 0.
 */
static inline struct policy_estimate
policy_estimate(const struct policy_estimator *e, double c, size_t n, const struct policy_decision *decision, size_t G,
                struct policy_sums *sums)
{
	struct policy_sums all = policy_sum(e, c, n, decision, G, sums);
	struct policy_estimate made = {policy_value(e, &all), policy_variance(e, G, sums, &all), 0, 0};
	double sum = 0, squares = 0;

	for (size_t i = 0; i < n; i++)
		made.max_weight = fmax(made.max_weight, e->weight(&decision[i], c));
	for (size_t i = 0; made.max_weight > 0 && i < n; i++) {
		double part = e->weight(&decision[i], c) / made.max_weight;

		sum += part;
		squares += part * part;
	}
	if (e->weight == policy_nothing)
		made.effective_n = (double)n;
	else if (squares > 0)
		made.effective_n = sum * sum / squares;
	return made;
}

/* The mean of f(w), which for the plain weight should be near 1, and its standard error. */
static inline double
policy_mean_weight(size_t G, const struct policy_sums *sums, double *error)
{
	double n = 0, weight = 0, squares = 0;

	for (size_t g = 0; g < G; g++) {
		n += sums[g].n;
		weight += sums[g].weight;
	}
	for (size_t g = 0; g < G; g++) {
		double u = (sums[g].weight - weight / n * sums[g].n) / n;

		squares += u * u;
	}
	*error = sqrt(policy_unbiased(squares, G));
	return weight / n;
}

/* ---- intervals ---- */

/* Student's, with one degree of freedom less than groups. */
static inline struct interval
policy_student(const struct policy_estimate *e, size_t G, double level)
{
	double half;

	if (!isfinite(e->variance))
		return (struct interval){-INFINITY, INFINITY};
	half = student_quantile((double)(G - 1), (1 + level) / 2) * sqrt(e->variance);
	return (struct interval){e->value - half, e->value + half};
}

/* A draw of Poisson's distribution with mean 1, from a uniform one. */
static inline double
policy_poisson(double uniform)
{
	double p = 0.36787944117144232160, below = p, k = 0;

	while (uniform > below && k < 20) {
		p /= ++k;
		below += p;
	}
	return k;
}

/*
 * The percentile interval of B values with groups drawn anew, each as often as a Poisson variable says (Hanley and
 * MacGibbon 2006). A draw is a function of the seed, the group's key and the place of the value among the B: the
 * order of groups does not matter. value is B, scratch; key is G. Draws without a value are left out.
 */
static inline struct interval
policy_bootstrap(const struct policy_estimator *e, size_t B, double *value, size_t G, const struct policy_sums *sums,
                 const uint64_t *key, uint64_t seed, double level)
{
	size_t n = 0;

	for (size_t b = 0; b < B; b++) {
		uint64_t round = random_bits(seed, b);
		struct policy_sums drawn = {0};

		for (size_t g = 0; g < G; g++) {
			double times = policy_poisson(random_uniform(round, key[g]));

			drawn.n += times * sums[g].n;
			drawn.expected += times * sums[g].expected;
			drawn.gain += times * sums[g].gain;
			drawn.weight += times * sums[g].weight;
		}
		value[n] = policy_value(e, &drawn);
		if (!isnan(value[n]))
			n++;
	}
	if (G < 2 || n == 0)
		return (struct interval){-INFINITY, INFINITY};
	return percentile_interval(n, value, level);
}

/*
 * The length of an interval that holds m + f(w) (r - q), the term of a decision, whatever it is, where w is at most
 * max_weight (infinite: unknown), and r, q and m are within [0, max_reward]. Infinite where the value is no mean of
 * such terms.
 */
static inline double
policy_span(const struct policy_estimator *e, double c, double max_weight, double max_reward)
{
	double peak = e->constant == POLICY_SHRINK ? sqrt(c) : e->constant == POLICY_NONE ? INFINITY : c;
	struct policy_decision most = {.weight = fmin(peak, max_weight)};
	double f = e->weight(&most, c);

	if (e->normalised)
		return INFINITY;
	return (e->model ? 1 + 2 * f : f) * max_reward;
}

/* For the expectation of a mean of n independent terms, each within an interval of length span (Hoeffding 1963). */
static inline struct interval
policy_hoeffding(const struct policy_estimate *e, size_t n, double span, double level)
{
	double half = span * sqrt(math_log(2 / (1 - level)) / (2 * (double)n));

	return (struct interval){e->value - half, e->value + half};
}

/* The same by their variance, which is taken from the terms too (Maurer and Pontil 2009, theorem 4, for both sides). */
static inline struct interval
policy_bernstein(const struct policy_estimate *e, size_t n, double span, double level)
{
	double log_term = math_log(4 / (1 - level)), half;

	if (n < 2 || !isfinite(span))
		return (struct interval){-INFINITY, INFINITY};
	half = sqrt(2 * e->variance * log_term) + 7 * span * log_term / (3 * (double)(n - 1));
	return (struct interval){e->value - half, e->value + half};
}

#endif

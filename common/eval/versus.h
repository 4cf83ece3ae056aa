/*
 * versus.h - systems held against the first of them: in each block the difference, tested, and corrected for how many
 * comparisons there are.
 */
#ifndef WEIR_VERSUS_H
#define WEIR_VERSUS_H

#include "paired.h"
#include "systems.h"

struct versus;

/* How the differences d of n units are tested. */
struct versus_test {
	const char *name;
	double (*p)(const struct versus *v, size_t n, const double *d);
	struct interval (*interval)(const struct versus *v, size_t n, const double *d);
};

/* A system against the first, in a block. */
struct versus_pair {
	const struct system *system;
	struct view block;
	size_t order;             /* of its making */
	size_t n, above, below;   /* groups; where b is above a, and below it */
	double a, b, difference, effect, p;
	struct interval interval; /* of the difference */
};

struct versus {
	/* set by the options table */
	const char *test_name;
	int64_t resamples, seed;
	double level;

	const struct versus_test *test;
	struct versus_pair *pair;    /* owned: of one metric */
	size_t n, n_without;         /* and those that have no value */
	double *difference;          /* owned: of each unit */
	double rounding;             /* differences that are no more than this apart are equal */
	double *scratch;             /* owned: of units and resamples */
};

#define VERSUS_DEFAULTS {.test_name = "randomisation", .resamples = 10000, .seed = 1, .level = 0.95}

/* ---- tests ---- */

static inline double
versus_randomisation(const struct versus *v, size_t n, const double *d)
{
	return paired_randomisation(n, d, (size_t)v->resamples, (uint64_t)v->seed, v->scratch);
}

static inline double
versus_wilcoxon(const struct versus *v, size_t n, const double *d)
{
	return paired_wilcoxon(n, d, v->rounding, v->scratch);
}

static inline double
versus_t(const struct versus *v, size_t n, const double *d)
{
	(void)v;
	return paired_t(n, d);
}

static inline struct interval
versus_bootstrap(const struct versus *v, size_t n, const double *d)
{
	return paired_bootstrap(n, d, v->level, (size_t)v->resamples, (uint64_t)v->seed, v->scratch);
}

static inline struct interval
versus_student(const struct versus *v, size_t n, const double *d)
{
	return mean_interval(n, paired_mean(n, d), paired_variance(n, d), v->level);
}

static const struct versus_test versus_tests[] = {
	{"randomisation", versus_randomisation, versus_bootstrap},
	{"t", versus_t, versus_student},
	{"wilcoxon", versus_wilcoxon, versus_bootstrap},
};

static inline void
versus_choose_test(struct versus *v)
{
	for (size_t i = 0; i < sizeof versus_tests / sizeof *versus_tests; i++)
		if (strcmp(versus_tests[i].name, v->test_name) == 0)
			v->test = &versus_tests[i];
	if (!v->test)
		die_usage("--test: neither randomisation, t nor wilcoxon: \"%.40s\"", v->test_name);
}

/* ---- comparisons ---- */

/* Makes room for what the systems, once read, can be compared in. */
static inline void
versus_open(struct versus *v, const struct systems *s)
{
	v->difference = allocate(s->n_units, sizeof *v->difference);
	v->scratch = allocate(s->n_units + (size_t)v->resamples, sizeof *v->scratch);
	v->pair = allocate(s->n_blocks * s->n, sizeof *v->pair);
}

/* Mean of the values that there are; NaN without any. */
static inline double
versus_mean(size_t n, const double *value)
{
	double sum = 0;
	size_t counted = 0;

	for (size_t i = 0; i < n; i++)
		if (!isnan(value[i])) {
			sum += value[i];
			counted++;
		}
	return sum / (double)counted;
}

/* By how much two differences of n values may miss each other that are equal but for rounding. */
static inline double
versus_rounding(size_t n, const double *a, const double *b)
{
	double largest = 0;

	for (size_t i = 0; i < n; i++)
		largest = fmax(largest, fmax(fabs(a[i]), fabs(b[i]))); /* fmax passes over what has no value */
	return 1e-12 * largest;
}

/*
 * Of the places of a block, at which systems have the values a and b. Groups without a value do not count; where one
 * system alone has none, as in ppv where it says no positive, it is its mean, which the group does not move. False:
 * nothing can be compared.
 */
static inline bool
versus_compare(struct versus *v, struct versus_pair *c, size_t n, const double *a, const double *b)
{
	*c = (struct versus_pair){.a = versus_mean(n, a), .b = versus_mean(n, b)};
	if (isnan(c->a) || isnan(c->b))
		return false;
	for (size_t i = 0; i < n; i++) {
		double x = isnan(a[i]) ? c->a : a[i], y = isnan(b[i]) ? c->b : b[i];

		if (isnan(a[i]) && isnan(b[i]))
			continue;
		v->difference[c->n++] = y - x;
	}
	v->rounding = versus_rounding(n, a, b);
	paired_round(c->n, v->difference, v->rounding);
	for (size_t i = 0; i < c->n; i++) {
		c->above += v->difference[i] > 0;
		c->below += v->difference[i] < 0;
	}
	c->difference = paired_mean(c->n, v->difference);
	c->effect = paired_effect(c->n, v->difference);
	c->interval = v->test->interval(v, c->n, v->difference);
	c->p = v->test->p(v, c->n, v->difference);
	return true;
}

/* Holm's correction over the comparisons at hand. */
static inline void
versus_correct(struct versus *v)
{
	double *p = allocate(v->n, sizeof *p);
	struct paired_ordered *ordered = allocate(v->n, sizeof *ordered);

	for (size_t i = 0; i < v->n; i++)
		p[i] = v->pair[i].p;
	paired_holm(v->n, p, ordered);
	for (size_t i = 0; i < v->n; i++)
		v->pair[i].p = p[i];
	free(ordered);
	free(p);
}

/* Compares a metric in the blocks from..to - 1; its values begin at place `start` of the systems'. */
static inline void
versus_compare_all(struct versus *v, const struct systems *s, size_t start, const struct systems_block *from,
                   const struct systems_block *to)
{
	v->n = v->n_without = 0;
	for (const struct systems_block *b = from; b < to; b++)
		for (size_t i = 1; i < s->n; i++) {
			struct versus_pair *c = &v->pair[v->n];
			size_t at = start + b->from;

			if (!versus_compare(v, c, b->to - b->from, s->system[0].value + at, s->system[i].value + at)) {
				v->n_without++;
				continue;
			}
			c->system = &s->system[i];
			c->block = b->name;
			c->order = v->n++;
		}
	versus_correct(v);
}

/* Whether so many resamples tell apart as many comparisons as there are, each corrected for the others. */
static inline bool
versus_fine(const struct versus *v)
{
	return v->test->p != versus_randomisation || (double)v->n <= (1 - v->level) * (double)v->resamples;
}

/* Least p first; of equal ones the strongest effect; then as they were made. */
static inline int
versus_order(const void *a, const void *b)
{
	const struct versus_pair *x = a, *y = b;
	double x_size = isnan(x->effect) ? -1 : fabs(x->effect), y_size = isnan(y->effect) ? -1 : fabs(y->effect);

	if (x->p != y->p)
		return x->p < y->p ? -1 : 1;
	if (x_size != y_size)
		return x_size > y_size ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static inline void
versus_free(struct versus *v)
{
	free(v->difference);
	free(v->scratch);
	free(v->pair);
}

#endif

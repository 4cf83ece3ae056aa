/*
 * rates.h - what ctr and feedback share: how positives over records, by key, are read back, added up and written.
 */
#ifndef WEIR_RATES_H
#define WEIR_RATES_H

#include "../io/sums.h"
#include "beta.h"
#include "compare.h"

struct rates {
	struct sums sums;
	const char *interval;         /* its name; set by the options table */
	const char *total, *positive; /* what the program calls its two counts */
	const char *excess;           /* the rule that more positives than records break */
};

static inline bool
rates_add(void *to, const void *more)
{
	return rate_add(to, *(const struct rate *)more);
}

#define RATES_DEFAULTS                                                                                       \
	{SUMS_DEFAULTS, .n_statistics = 2, .size = sizeof(struct rate), .add = rates_add}, .interval = "wilson"

/* The rows both programs have in their options table, beside -y. */
#define RATES_OPTIONS(r)                                                                                     \
	SUMS_OPTIONS((r).sums),                                                                                 \
	{'\0', "interval", "KIND", "wilson, or exact (Clopper-Pearson)", CLI_TEXT, &(r).interval, 0, 0}

/* Starts to read the operands argv[first..], to write on stdout. */
static inline void
rates_open(struct rates *r, int argc, char **argv, int first)
{
	if (strcmp(r->interval, "wilson") != 0 && strcmp(r->interval, "exact") != 0)
		die_usage("--interval: neither wilson nor exact: \"%.40s\"", r->interval);
	sums_open(&r->sums, argc, argv, first);
}

/* The partial line in hand. False when it was refused. */
static inline bool
rates_partial(struct rates *r, struct rate *one)
{
	if (!sums_count(&r->sums, 0, r->total, &one->n) || !sums_count(&r->sums, 1, r->positive, &one->positive))
		return false;
	if (one->positive > one->n)
		return sums_refuse(&r->sums, 1, r->positive, (struct fault){.rule = r->excess});
	return true;
}

/* A key's line; of the key that others are compared with, the comparison is not told. */
static inline void
rates_print(struct rates *r, const struct keys_entry *key, const struct rate *reference, double z)
{
	struct sums *s = &r->sums;
	const struct rate *rate = sums_begin(s, key);
	bool compared = reference && rate != reference;
	struct comparison c = compared ? compare_rates(*rate, *reference, z) : comparison_none;
	struct interval i = strcmp(r->interval, "exact") == 0 ? exact_interval(rate->n, rate->positive, s->level)
	                                                      : wilson_interval(rate->n, rate->positive, z);

	writer_whole(&s->out, rate->n);
	writer_char(&s->out, '\t');
	writer_whole(&s->out, rate->positive);
	sums_end(s, s->against ? 7 : 3,
	         (double[]){rate_value(*rate), i.lower, i.upper, c.difference, c.lower, c.upper, c.p});
}

/* After the last row: a line for each key. */
static inline void
rates_finish(struct rates *r)
{
	double z = normal_quantile((1 + r->sums.level) / 2);
	const struct rate *reference;
	uint32_t n;
	struct keys_entry *key = sums_finish(&r->sums, &n);

	reference = sums_reference(&r->sums);
	for (uint32_t i = 0; i < n; i++)
		rates_print(r, &key[i], reference, z);
	free(key);
	sums_close(&r->sums);
}

#endif

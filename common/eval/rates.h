/*
 * rates.h - what ctr and feedback share: how positives over records, by key, are read back, added up and written.
 */
#ifndef WEIR_RATES_H
#define WEIR_RATES_H

#include "beta.h"
#include "keyed.h"

/* What is kept of a key. */
struct rated {
	struct rate rate;
	struct bootstrap drawn; /* with --bootstrap; else there is no such member */
};

struct rates {
	struct sums sums;
	const char *drawn_tag;        /* of its partial lines with --bootstrap */
	const char *interval;         /* its name; set by the options table */
	const char *total, *positive; /* what the program calls its two counts */
	const char *excess;           /* the rule that more positives than records break */
};

static inline bool
rates_add(void *to, const void *more)
{
	return rate_add(to, *(const struct rate *)more);
}

static inline bool
rates_add_drawn(void *to, const void *more)
{
	struct rated *t = to;
	const struct rated *m = more;

	return rate_add(&t->rate, m->rate) && bootstrap_add(&t->drawn, &m->drawn);
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
	bool exact = strcmp(r->interval, "exact") == 0;

	if (strcmp(r->interval, "wilson") != 0 && !exact)
		die_usage("--interval: neither wilson nor exact: \"%.40s\"", r->interval);
	if (exact && r->sums.unit)
		die_usage("--bootstrap: its interval is another (--interval exact)");
	keyed_prepare(&r->sums, r->drawn_tag, sizeof(struct rated), rates_add_drawn);
	sums_open(&r->sums, argc, argv, first);
}

/* Whether each draw has no more positives than records. */
static inline bool
rates_possible(const struct bootstrap *drawn)
{
	for (size_t i = 0; i < BOOTSTRAP_DRAWS; i++)
		if (drawn->sum[i] < 0 || drawn->sum[i] > (int128)drawn->n[i])
			return false;
	return true;
}

/* The partial line in hand. False when it was refused. */
static inline bool
rates_partial(struct rates *r, struct rated *one)
{
	struct sums *s = &r->sums;
	struct rate *rate = &one->rate;

	if (!sums_count(s, 0, r->total, &rate->n) || !sums_count(s, 1, r->positive, &rate->positive))
		return false;
	if (rate->positive > rate->n)
		return sums_refuse(s, 1, r->positive, (struct fault){.rule = r->excess});
	if (!keyed_parse(s, &one->drawn, rate->n, 0))
		return false;
	return !s->unit || rates_possible(&one->drawn) || keyed_refuse(s);
}

/* The row in hand, of which `parse` makes a tally of one. False when there was none, or it was refused. */
static inline bool
rates_row(struct rates *r, struct rated *one, bool (*parse)(struct rate *one))
{
	if (!parse(&one->rate))
		return false;
	keyed_draw(&r->sums, &one->drawn, (int128)one->rate.positive, 0);
	return true;
}

static inline struct interval
rates_interval(const struct rates *r, const struct rated *t, double z)
{
	if (r->sums.unit)
		return bootstrap_interval(&t->drawn, r->sums.level);
	return strcmp(r->interval, "exact") == 0 ? exact_interval(t->rate.n, t->rate.positive, r->sums.level)
	                                         : wilson_interval(t->rate.n, t->rate.positive, z);
}

/* With the key that others are compared with, if any; with that itself the comparison is not told. */
static inline struct comparison
rates_compare(const struct rates *r, const struct rated *t, const struct rated *reference, double z)
{
	if (!reference || t == reference)
		return comparison_none;
	if (r->sums.unit)
		return bootstrap_compare(&t->drawn, &reference->drawn, rate_value(t->rate) - rate_value(reference->rate),
		                         r->sums.level);
	return compare_rates(t->rate, reference->rate, z);
}

/* After the last row: a line for each key. */
static inline void
rates_finish(struct rates *r)
{
	struct sums *s = &r->sums;
	double z = normal_quantile((1 + s->level) / 2);
	const struct rated *reference;
	uint32_t n;
	struct keys_entry *key = sums_finish(s, &n);

	reference = sums_reference(s);
	for (uint32_t i = 0; i < n; i++) {
		const struct rated *t = sums_begin(s, key, i, n);

		writer_whole(&s->out, t->rate.n);
		writer_char(&s->out, '\t');
		writer_whole(&s->out, t->rate.positive);
		if (s->partial)
			keyed_end_partial(s, &t->drawn);
		else
			keyed_end(s, rate_value(t->rate), rates_interval(r, t, z), rates_compare(r, t, reference, z));
	}
	free(key);
	sums_close(s);
}

/* All a program does once its options are read: `parse` as in rates_row. */
static inline void
rates_run(struct rates *r, int argc, char **argv, int first, bool (*parse)(struct rate *one))
{
	struct rated one;

	rates_open(r, argc, argv, first);
	while (sums_next(&r->sums))
		if (r->sums.merge ? rates_partial(r, &one) : rates_row(r, &one, parse))
			sums_add(&r->sums, &one);
	rates_finish(r);
}

#endif

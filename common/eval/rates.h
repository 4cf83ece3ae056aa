/*
 * rates.h - what ctr and feedback share: how positives over records, by key, are read back, added up and written.
 */
#ifndef WEIR_RATES_H
#define WEIR_RATES_H

#include "../io/sums.h"
#include "interval.h"
#include "tally.h"

struct rates {
	struct sums sums;
	const char *total, *positive; /* what the program calls its two counts */
	const char *excess;           /* the rule that more positives than records break */
};

#define RATES_DEFAULTS SUMS_DEFAULTS, .n_statistics = 2, .size = sizeof(struct rate)

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

/* To the tally of the row in hand. */
static inline void
rates_add(struct rates *r, struct rate more)
{
	if (!rate_add(sums_tally(&r->sums), more))
		sums_overflow(&r->sums);
}

static inline void
rates_print(struct rates *r, const struct keys_entry *key, double z)
{
	struct sums *s = &r->sums;
	const struct rate *rate = sums_begin(s, key);
	struct interval interval = wilson_interval(rate->n, rate->positive, z);

	writer_whole(&s->out, rate->n);
	writer_char(&s->out, '\t');
	writer_whole(&s->out, rate->positive);
	sums_end(s, 3, (double[]){rate_value(*rate), interval.lower, interval.upper});
}

/* After the last row: a line for each key. */
static inline void
rates_finish(struct rates *r)
{
	double z = normal_quantile((1 + r->sums.level) / 2);
	uint32_t n;
	struct keys_entry *key = sums_finish(&r->sums, &n);

	for (uint32_t i = 0; i < n; i++)
		rates_print(r, &key[i], z);
	free(key);
	sums_close(&r->sums);
}

#endif

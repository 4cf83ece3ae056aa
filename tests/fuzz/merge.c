/*
 * merge.c - lines of --partial from strangers: what is taken adds up to possible sums, and the statistics of metrics and
 * the draws of --bootstrap are the same bytes again when they are written and read.
 */
#define main revenue_main
#include "../../filters/revenue.c"
#undef main

#include "../../common/eval/measured.h"
#include "../../common/eval/rates.h"

/* ---- metrics ---- */

struct state {
	struct measured measured;
	struct scored asked;
};

static void
read_state(struct state *s, const char *p, size_t n)
{
	struct record line = {0};
	const char *end = p + n, *newline;

	for (; p < end; p = newline + 1) {
		newline = memchr(p, '\n', (size_t)(end - p));
		newline = newline ? newline : end;
		record_split(&line, (struct view){p, (size_t)(newline - p)});
		measured_take(&s->measured, &s->asked, &line);
	}
	record_free(&line);
	measured_settle(&s->measured);
}

static void
free_state(struct state *s)
{
	measured_free(&s->measured);
	scored_free(&s->asked);
}

/* What is written of it; it fits into the writer's buffer, which the caller frees. */
static struct view
write_state(const struct state *s)
{
	struct writer out;

	writer_init(&out, -1, "state");
	measured_write(&s->measured, &s->asked, &out);
	return (struct view){out.buffer, out.n};
}

static void
check_metrics(struct view lines)
{
	struct state first = {0}, second = {0};
	struct view written, again;

	read_state(&first, lines.at, lines.n);
	written = write_state(&first);
	read_state(&second, written.at, written.n);
	again = write_state(&second);
	if (!view_equal(written, again))
		abort();
	for (size_t i = 0; i < first.asked.n_metrics; i++) {
		const struct metric *m = first.asked.metric[i].metric;
		struct metric_estimate e = metric_sums_estimate(&first.measured.sums[i]);
		struct interval interval = metric_interval(&e, 0.95);

		if (first.measured.sums[i].n && (!isfinite(e.value) || !(e.variance >= 0) || isnan(interval.lower)))
			abort();
		if (m->of_levels)
			measured_overall(&first.measured, m, first.asked.metric[i].at);
	}
	free((void *)(uintptr_t)written.at);
	free((void *)(uintptr_t)again.at);
	free_state(&first);
	free_state(&second);
}

/* ---- sums by key ---- */

/* The lines, one after the other, as those of a program that merges. */
static bool
next_line(struct sums *s, const char **p, const char *end)
{
	const char *newline;

	if (*p == end)
		return false;
	newline = memchr(*p, '\n', (size_t)(end - *p));
	newline = newline ? newline : end;
	record_split(&s->rows.record, (struct view){*p, (size_t)(newline - *p)});
	s->rows.field = s->rows.record.field;
	s->rows.n = s->rows.record.n;
	*p = newline < end ? newline + 1 : end;
	return true;
}

static void
prepare(struct sums *s)
{
	s->merge = true;
	s->rows.in = &s->in;
	s->in.name = "lines";
	s->in.max_bad = INT64_MAX;
	s->in.bad = 1000; /* so many were named that no other is */
}

static void
check_rates(struct view lines)
{
	static struct rates rates = {RATES_DEFAULTS, .sums.tag = "ctr/1", .total = "impressions", .positive = "clicks", .excess = "more"};
	static struct rated one;
	struct rate all = {0, 0};

	prepare(&rates.sums);
	for (const char *p = lines.at; next_line(&rates.sums, &p, lines.at + lines.n);)
		if (sums_accept_partial(&rates.sums) && rates_partial(&rates, &one))
			rate_add(&all, one.rate);
	if (all.n && !(rate_value(all) >= 0 && rate_value(all) <= 1))
		abort();
}

static void
check_revenue(struct view lines)
{
	static struct takings all, one, sum;

	memset(&all, 0, sizeof all);
	prepare(&sums);
	for (const char *p = lines.at; next_line(&sums, &p, lines.at + lines.n);) {
		if (!sums_accept_partial(&sums) || !parse_partial(&one))
			continue;
		sum = all;
		if (add(&sum, &one))
			all = sum;
	}
	if (all.money.n && (!isfinite(money_mean(&all.money)) || !(money_variance(&all.money) >= 0)))
		abort();
}

/* A field over again, until there are as many numbers as draws, where that comes out even; for free(). */
static struct view
repeated(struct view field)
{
	size_t numbers = 1, n = 0;
	char *text = allocate(BOOTSTRAP_DRAWS, field.n + 1);

	for (size_t i = 0; i < field.n; i++)
		numbers += field.at[i] == ' ';
	for (size_t i = 0; i < BOOTSTRAP_DRAWS / numbers; i++) {
		if (n)
			text[n++] = ' ';
		memcpy(text + n, field.at, field.n);
		n += field.n;
	}
	return (struct view){text, n};
}

/* Two fields are draws of `amounts`, or none; what they tell is possible, and they are written as they are read. */
static void
check_fields(struct view counts, struct view totals, uint64_t amounts, struct bootstrap *all)
{
	static struct bootstrap drawn, again;
	struct interval i;
	struct comparison c;
	struct writer out;
	struct view written;
	const char *tab;

	if (!bootstrap_parse(&drawn, amounts, 2, counts, totals))
		return;
	i = bootstrap_interval(&drawn, 0.95);
	c = bootstrap_compare(&drawn, all, 1, 0.95);
	if (!(i.lower <= i.upper) || !(c.lower <= c.upper) || c.p < 0 || c.p > 1)
		abort();
	writer_init(&out, -1, "draws");
	bootstrap_write(&drawn, &out);
	written = (struct view){out.buffer + 1, out.n - 1};
	tab = memchr(written.at, '\t', written.n);
	if (!bootstrap_parse(&again, amounts, 2, (struct view){written.at, (size_t)(tab - written.at)},
	                     (struct view){tab + 1, (size_t)(written.at + written.n - tab - 1)}) ||
	    memcmp(&drawn, &again, offsetof(struct bootstrap, places)) != 0)
		abort();
	free(out.buffer);
	if (!bootstrap_add(all, &drawn))
		*all = drawn;
}

static void
check_draws(struct view lines)
{
	static struct bootstrap all;
	struct sums s = {0};

	all = (struct bootstrap){0};
	prepare(&s);
	for (const char *p = lines.at; next_line(&s, &p, lines.at + lines.n);) {
		struct view counts, totals;

		if (s.rows.n < 2)
			continue;
		counts = repeated(s.rows.field[s.rows.n - 2]);
		totals = repeated(s.rows.field[s.rows.n - 1]);
		check_fields(counts, totals, lines.n % 2 ? 20 : UINT64_MAX, &all);
		free((void *)(uintptr_t)counts.at);
		free((void *)(uintptr_t)totals.at);
	}
	rows_free(&s.rows);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct view lines = {(const char *)data, n};

	check_metrics(lines);
	check_rates(lines);
	check_revenue(lines);
	check_draws(lines);
	return 0;
}

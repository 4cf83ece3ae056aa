/*
 * measured.h - what metrics keep of groups that were measured: exact sums, and how many records of each class have
 * each score. Written as lines and added up, whatever groups were measured together: the same bytes.
 *
 *     metrics1 NAME groups without x w xx xw ww      sums of a metric, each as the doubles that add up to it
 *     metrics1 score SCORE positives negatives       a level
 *     metrics1 groups N without                      where there are rankings: groups, and those without a positive
 */
#ifndef WEIR_MEASURED_H
#define WEIR_MEASURED_H

#include "scored.h"

enum { MEASURED_SUMS = 5, MEASURED_SUMS_FIELDS = 4 + MEASURED_SUMS, MEASURED_LEVEL_FIELDS = 5, MEASURED_GROUPS_FIELDS = 4 };

struct measured {
	bool empty_is_zero;         /* set by the program: rankings without a positive count as 0, else not */
	struct metric_sums *sums;   /* owned: of each metric that is asked for */
	size_t sums_capacity;
	size_t *n_lines;            /* owned: lines of each metric that were added up */
	size_t n_lines_capacity;
	struct metric_level *level; /* owned: best first, once they are settled */
	size_t n_levels, level_capacity;
	uint64_t of_levels;         /* records of the levels that were read */
	uint64_t n_groups, n_empty; /* counted by the program: those that count; without a positive */
};

/* The value of a group, as it counts; NaN: it does not. */
static inline double
measured_value(const struct measured *m, struct scored_metric metric, const struct metric_list *list)
{
	double value = metric_value(metric.metric, list, metric.at);

	return isnan(value) && m->empty_is_zero && (metric.metric->flags & METRIC_RANKED) ? 0 : value;
}

/* A group; there are sums of each metric. */
static inline void
measured_add(struct measured *m, const struct scored *asked, const struct metric_list *list)
{
	for (size_t i = 0; i < asked->n_metrics; i++) {
		struct scored_metric metric = asked->metric[i];

		if (!metric.metric->overall && !metric.metric->catalogue)
			metric_sums_add(&m->sums[i], measured_value(m, metric, list), metric_weight(metric.metric, list, metric.at));
	}
}

static inline void
measured_add_level(struct measured *m, struct metric_level level)
{
	m->level = grow(m->level, &m->level_capacity, m->n_levels + 1, sizeof *m->level);
	m->level[m->n_levels++] = level;
}

static inline int
measured_compare_levels(const void *a, const void *b)
{
	double x = ((const struct metric_level *)a)->score, y = ((const struct metric_level *)b)->score;

	return (x < y) - (x > y);
}

/* Puts levels in order; those of one score become one. */
static inline void
measured_settle(struct measured *m)
{
	size_t kept = 0;

	if (m->n_levels)
		qsort(m->level, m->n_levels, sizeof *m->level, measured_compare_levels);
	for (size_t i = 1; i < m->n_levels; i++) {
		struct metric_level *last = &m->level[kept];

		if (m->level[i].score != last->score) {
			m->level[++kept] = m->level[i];
			continue;
		}
		last->positive += m->level[i].positive;
		last->negative += m->level[i].negative;
	}
	if (m->n_levels)
		m->n_levels = kept + 1;
}

/* A metric of all records. Of levels only its value is known: which records are of one group is not. */
static inline struct metric_estimate
measured_overall(const struct measured *m, const struct metric *metric, double at)
{
	struct metric_estimate e = {metric->of_levels(m->n_levels, m->level, at), INFINITY, INFINITY, 0};

	for (size_t i = 0; i < m->n_levels; i++)
		e.n += m->level[i].positive + m->level[i].negative;
	return e;
}

/* ---- out ---- */

static inline void
measured_put_exact(struct writer *out, double value)
{
	char text[NUMBER_MAX];

	writer_put(out, text, number_print_exact(text, value == 0 ? 0 : value));
}

static inline void
measured_put_sum(struct writer *out, const struct exact *sum)
{
	double part[EXACT_PARTS];
	size_t n = exact_parts(sum, part);

	writer_char(out, '\t');
	if (!n)
		writer_char(out, '0');
	for (size_t i = 0; i < n; i++) {
		if (i)
			writer_char(out, ' ');
		measured_put_exact(out, part[i]);
	}
}

static inline void
measured_write(const struct measured *m, const struct scored *asked, struct writer *out)
{
	for (size_t i = 0; i < asked->n_metrics; i++) {
		const struct metric_sums *s = &m->sums[i];
		const struct exact *sum[MEASURED_SUMS] = {&s->x, &s->w, &s->xx, &s->xw, &s->ww};
		char name[SCORED_NAME_BYTES];

		writer_text(out, "metrics1\t");
		writer_text(out, scored_name(asked->metric[i], name));
		writer_char(out, '\t');
		writer_whole(out, s->n);
		writer_char(out, '\t');
		writer_whole(out, s->n_without);
		for (size_t j = 0; j < MEASURED_SUMS; j++)
			measured_put_sum(out, sum[j]);
		writer_char(out, '\n');
	}
	for (size_t i = 0; i < m->n_levels; i++) {
		writer_text(out, "metrics1\tscore\t");
		measured_put_exact(out, m->level[i].score);
		writer_char(out, '\t');
		writer_whole(out, m->level[i].positive);
		writer_char(out, '\t');
		writer_whole(out, m->level[i].negative);
		writer_char(out, '\n');
	}
	if (m->n_groups && (asked->needs & METRIC_RANKED)) {
		writer_text(out, "metrics1\tgroups\t");
		writer_whole(out, m->n_groups);
		writer_char(out, '\t');
		writer_whole(out, m->n_empty);
		writer_char(out, '\n');
	}
}

/* ---- in ---- */

/* Counts are below what a double holds of whole numbers. */
#define MEASURED_COUNTED ((uint64_t)1 << 53)

static inline bool
measured_count(struct view text, uint64_t *count)
{
	return text.n && number_whole(text, count) == text.n && *count < MEASURED_COUNTED;
}

/* Sums up to these leave room for the products that an estimate needs; those of records are far below. */
#define MEASURED_MOST 0x1p250
#define MEASURED_MOST_SQUARE 0x1p500

static inline bool
measured_get_sum(struct view text, double most, struct exact *sum)
{
	const char *p = text.at, *end = text.at + text.n;

	for (;;) {
		const char *blank = memchr(p, ' ', (size_t)(end - p));
		double part;

		if (!number_parse((struct view){p, (size_t)((blank ? blank : end) - p)}, &part) || fabs(part) > most)
			return false;
		exact_add(sum, part);
		if (!blank)
			return true;
		p = blank + 1;
	}
}

/* The place of a metric among those asked for, which it is from now on where it was not. */
static inline size_t
measured_place(struct measured *m, struct scored *asked, struct scored_metric metric)
{
	size_t n = asked->n_metrics, place = scored_place(asked, metric);

	if (place < n)
		return place;
	scored_add(asked, metric.metric, metric.at);
	m->sums = grow(m->sums, &m->sums_capacity, n + 1, sizeof *m->sums);
	m->n_lines = grow(m->n_lines, &m->n_lines_capacity, n + 1, sizeof *m->n_lines);
	memset(&m->sums[n], 0, sizeof m->sums[n]);
	m->n_lines[n] = 0;
	return n;
}

/* A level, of one record at least; levels that become one must still be counted. */
static inline bool
measured_take_level(struct measured *m, const struct view *f)
{
	struct metric_level level;
	uint64_t n;

	if (!number_parse(f[2], &level.score) || !measured_count(f[3], &level.positive) ||
	    !measured_count(f[4], &level.negative))
		return false;
	n = level.positive + level.negative;
	if (n == 0 || n >= MEASURED_COUNTED - m->of_levels)
		return false;
	m->of_levels += n;
	measured_add_level(m, level);
	return true;
}

/* Sums of a metric. Those of weights are of records or groups: they are counted in whole numbers that a double holds. */
static inline bool
measured_take_sums(struct measured *m, struct scored *asked, const struct view *f)
{
	struct metric_sums s = {0};
	struct scored_metric metric;
	size_t i;

	if (!scored_named(f[1], &metric) || !measured_count(f[2], &s.n) || !measured_count(f[3], &s.n_without) ||
	    !measured_get_sum(f[4], MEASURED_MOST, &s.x) || !measured_get_sum(f[5], MEASURED_MOST, &s.w) ||
	    !measured_get_sum(f[6], MEASURED_MOST_SQUARE, &s.xx) || !measured_get_sum(f[7], MEASURED_MOST_SQUARE, &s.xw) ||
	    !measured_get_sum(f[8], MEASURED_MOST_SQUARE, &s.ww) || (s.n && !(exact_value(&s.w) >= 1)))
		return false;
	i = measured_place(m, asked, metric);
	metric_sums_merge(&s, &m->sums[i]);
	if (exact_value(&s.w) > 0x1p53)
		return false;
	m->sums[i] = s;
	m->n_lines[i]++;
	return true;
}

static inline bool
measured_take_groups(struct measured *m, const struct view *f)
{
	uint64_t n, n_empty;

	if (!measured_count(f[2], &n) || !measured_count(f[3], &n_empty) || n_empty > n || n >= MEASURED_COUNTED - m->n_groups)
		return false;
	m->n_groups += n;
	m->n_empty += n_empty;
	return true;
}

static inline bool
measured_take(struct measured *m, struct scored *asked, const struct record *line)
{
	const struct view *f = line->field;

	if (!view_equal(f[0], view_of("metrics1")))
		return false;
	if (line->n == MEASURED_LEVEL_FIELDS && view_equal(f[1], view_of("score")))
		return measured_take_level(m, f);
	if (line->n == MEASURED_GROUPS_FIELDS && view_equal(f[1], view_of("groups")))
		return measured_take_groups(m, f);
	return line->n == MEASURED_SUMS_FIELDS && measured_take_sums(m, asked, f);
}

/* Adds up lines; what they measure is what is asked for. */
static inline void
measured_read(struct measured *m, struct scored *asked, struct input *in)
{
	struct record line = {0};
	struct view text;
	char name[SCORED_NAME_BYTES];

	while (input_line(in, &text)) {
		record_split(&line, text);
		if (!measured_take(m, asked, &line))
			input_refuse(in, (struct fault){.rule = "not a line of this program's --partial", .value = text});
	}
	record_free(&line);
	if (!asked->n_metrics)
		die_data("no records");
	for (size_t i = 0; i < asked->n_metrics; i++)
		if (m->n_lines[i] != m->n_lines[0])
			die_data("%zu lines of %s, %zu of another metric: were the shards measured with the same options?",
			         m->n_lines[i], scored_name(asked->metric[i], name), m->n_lines[0]);
	measured_settle(m);
}

static inline void
measured_free(struct measured *m)
{
	free(m->sums);
	free(m->n_lines);
	free(m->level);
}

#endif

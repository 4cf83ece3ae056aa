/*
 * scored.h - scored records as metrics take them: which metrics are asked for, and the records that have what they need.
 */
#ifndef WEIR_SCORED_H
#define WEIR_SCORED_H

#include "../io/record.h"
#include "metric.h"

enum { SCORED_NAME_BYTES = 64 };

/* A metric that is asked for. */
struct scored_metric {
	const struct metric *metric;
	double at; /* its argument; a cutoff of 0: the whole list */
};

struct scored {
	/* set by the options table */
	int64_t group_field, label_field, score_field;
	const char *cutoff_list, *metric_list; /* NULL: not given */
	double threshold;                      /* of metrics that ask for one; NaN: their usual one */

	bool items; /* set by the program: records may have items, their popularity and categories */

	struct scored_metric *metric; /* owned */
	size_t n_metrics, metric_capacity;
	double *cutoff;               /* owned: of cutoff_list */
	size_t n_cutoffs, cutoff_capacity;
	unsigned needs;               /* flags of the metrics, together */

	struct record record;         /* in hand */
	size_t group_place, label_place, score_place;
};

#define SCORED_DEFAULTS {.group_field = 1, .label_field = -2, .score_field = -1, .threshold = NAN}

enum {
	/* a metric with one of them asks for labels */
	SCORED_LABEL = METRIC_NUMBER | METRIC_GAIN | METRIC_GRADE | METRIC_BINARY,
	SCORED_ARGUMENT = METRIC_CUT | METRIC_BINS | METRIC_THRESHOLD | METRIC_SHARE
};

/* ---- which metrics ---- */

/* The next part of a list, up to a comma. False at its end. */
static inline bool
scored_next_name(const char **at, struct view *name)
{
	if (!**at)
		return false;
	*name = (struct view){*at, strcspn(*at, ",")};
	*at += name->n + ((*at)[name->n] == ',');
	return true;
}

static inline bool
scored_cutoff(struct view text, double *k)
{
	uint64_t whole;

	if (!text.n || number_whole(text, &whole) != text.n || whole < 1 || whole > UINT32_MAX)
		return false;
	*k = (double)whole;
	return true;
}

/* The argument of a metric, as its flags have it. False where it is none. */
static inline bool
scored_argument(const struct metric *m, struct view text, double *at)
{
	if (m->flags & METRIC_CUT)
		return scored_cutoff(text, at);
	return (m->flags & SCORED_ARGUMENT) && number_parse(text, at) &&
	       (!(m->flags & METRIC_SHARE) || (*at > 0 && *at < 1)) &&
	       (!(m->flags & METRIC_BINS) || (*at >= 1 && *at <= METRIC_MOST_BINS && *at == floor(*at)));
}

/* The metric of name or name@argument. False where there is none. */
static inline bool
scored_named(struct view text, struct scored_metric *m)
{
	const char *at = memchr(text.at, '@', text.n);
	size_t n = at ? (size_t)(at - text.at) : text.n;

	m->metric = metric_find(text.at, n);
	if (!m->metric)
		return false;
	m->at = m->metric->usual;
	return !at || scored_argument(m->metric, (struct view){at + 1, text.n - n - 1}, &m->at);
}

/* The place of a metric among those asked for; their number, where it is not. */
static inline size_t
scored_place(const struct scored *s, struct scored_metric m)
{
	size_t i = 0;

	while (i < s->n_metrics && !(s->metric[i].metric == m.metric && s->metric[i].at == m.at))
		i++;
	return i;
}

/* One that is asked for twice is there once. */
static inline void
scored_add(struct scored *s, const struct metric *m, double at)
{
	if (scored_place(s, (struct scored_metric){m, at}) < s->n_metrics)
		return;
	s->metric = grow(s->metric, &s->metric_capacity, s->n_metrics + 1, sizeof *s->metric);
	s->metric[s->n_metrics++] = (struct scored_metric){m, at};
	s->needs |= m->flags;
}

/* With the argument that the other options give it: at each cutoff of the list, or once. */
static inline void
scored_add_usual(struct scored *s, const struct metric *m)
{
	if ((m->flags & METRIC_THRESHOLD) && !isnan(s->threshold))
		scored_add(s, m, s->threshold);
	else if (!(m->flags & METRIC_CUT) || !s->n_cutoffs)
		scored_add(s, m, m->usual);
	for (size_t i = 0; (m->flags & METRIC_CUT) && i < s->n_cutoffs; i++)
		scored_add(s, m, s->cutoff[i]);
}

/* What is behind the name of a metric in the list of them all. */
static inline const char *
scored_form(const struct metric *m)
{
	return m->flags & METRIC_CUT         ? "[@k]"
	       : m->flags & METRIC_BINS      ? "[@bins]"
	       : m->flags & METRIC_THRESHOLD ? "[@threshold]"
	       : m->flags & METRIC_SHARE     ? "[@p]"
	                                     : "";
}

static inline const struct metric *
scored_find(const struct scored *s, struct view name)
{
	const struct metric *m = metric_find(name.at, name.n);

	if (m && (s->items || !(m->flags & (METRIC_ITEM | METRIC_CATEGORY))))
		return m;
	fprintf(stderr, "%s: the metrics are:", cli_program);
	for (size_t i = 0; i < N_METRICS; i++)
		if (s->items || !(metrics[i].flags & (METRIC_ITEM | METRIC_CATEGORY)))
			fprintf(stderr, " %s%s", metrics[i].name, scored_form(&metrics[i]));
	fputc('\n', stderr);
	die_usage("--metrics: no metric \"%.*s\"", (int)name.n, name.at);
}

/* name or name@argument */
static inline void
scored_add_named(struct scored *s, struct view text)
{
	const char *at = memchr(text.at, '@', text.n);
	struct view name = {text.at, at ? (size_t)(at - text.at) : text.n};
	const struct metric *m = scored_find(s, name);
	struct scored_metric named;

	if (!scored_named(text, &named))
		die_usage("--metrics: %s%s takes no such argument: \"%.*s\"", m->name, scored_form(m), (int)text.n, text.at);
	if (at)
		scored_add(s, m, named.at);
	else
		scored_add_usual(s, m);
}

/* Reads the lists; without one of metrics, the standard ones are asked for. */
static inline void
scored_choose(struct scored *s)
{
	const char *rest = s->cutoff_list ? s->cutoff_list : "";
	struct view text;

	while (scored_next_name(&rest, &text)) {
		s->cutoff = grow(s->cutoff, &s->cutoff_capacity, s->n_cutoffs + 1, sizeof *s->cutoff);
		if (!scored_cutoff(text, &s->cutoff[s->n_cutoffs++]))
			die_usage("--cutoff: not a cutoff from 1 on: \"%.*s\"", (int)text.n, text.at);
	}
	for (rest = s->metric_list ? s->metric_list : ""; scored_next_name(&rest, &text);)
		scored_add_named(s, text);
	for (size_t i = 0; !s->metric_list && i < N_METRICS; i++)
		if ((metrics[i].flags & METRIC_STANDARD) && (!(metrics[i].flags & METRIC_CUT) || s->n_cutoffs))
			scored_add_usual(s, &metrics[i]);
	if (!s->n_metrics)
		die_usage("--metrics: no metric is named");
}

/* name, or name@argument where that is not the usual one */
static inline const char *
scored_name(struct scored_metric m, char to[SCORED_NAME_BYTES])
{
	size_t n;

	if (m.at == m.metric->usual)
		return m.metric->name;
	n = (size_t)snprintf(to, SCORED_NAME_BYTES - NUMBER_MAX, "%s@", m.metric->name);
	to[n + number_print_exact(to + n, m.at)] = '\0';
	return to;
}

/* ---- records ---- */

/*
 * A label, 0 where none is asked for, and a score, as the metrics need them; false, and *fault says why, where they are
 * not.
 */
static inline bool
scored_parse(const struct scored *s, struct view label, struct view score, struct metric_record *r, struct fault *fault)
{
	*fault = (struct fault){0};
	r->label = 0;
	if ((s->needs & SCORED_LABEL) &&
	    !label_parse(label, s->needs & METRIC_BINARY ? LABEL_BINARY : LABEL_ANY, &r->label, fault))
		return false;
	if ((s->needs & METRIC_GAIN) && r->label < 0)
		fault->rule = "below 0";
	else if ((s->needs & METRIC_GRADE) && r->label > METRIC_MOST_GRADE)
		fault->rule = "too large for a gain of 2^label";
	if (fault->rule)
		return false;
	*fault = (struct fault){.name = "score", .value = score};
	if (!number_parse(score, &r->score)) {
		fault->rule = "not a number";
		fault->hint = number_hint(score);
	} else if ((s->needs & METRIC_PROBABILITY) && !(r->score >= 0 && r->score <= 1)) {
		fault->rule = "not a probability";
		fault->hint = "-M names metrics that need none, as auc,gauc";
	} else if ((s->needs & METRIC_NUMBER) && !(fabs(r->score) <= RECORD_MOST)) {
		fault->rule = "too large";
	}
	return !fault->rule;
}

/*
 * The next record: its label and score in *r, its fields in s->record; r->group is the caller's to set. Others are
 * refused. False when all is read.
 */
static inline bool
scored_next(struct scored *s, struct input *in, struct metric_record *r)
{
	in->shard.field = s->group_field;
	for (bool first = !s->record.expected; record_next(in, &s->record, 2); first = false) {
		struct fault fault;

		if (first) {
			s->group_place = record_place(&s->record, s->group_field, "group");
			s->label_place = record_place(&s->record, s->label_field, "label");
			s->score_place = record_place(&s->record, s->score_field, "score");
		}
		if (scored_parse(s, s->record.field[s->label_place], s->record.field[s->score_place], r, &fault))
			return true;
		fault.field = (int)(strcmp(fault.name, "label") == 0 ? s->label_place : s->score_place) + 1;
		input_refuse(in, fault);
	}
	return false;
}

static inline void
scored_free(struct scored *s)
{
	free(s->metric);
	free(s->cutoff);
	record_free(&s->record);
}

#endif

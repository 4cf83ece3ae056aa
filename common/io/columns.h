/*
 * columns.h - the columns of a log that a program reads, each named by an option, and their numbers.
 */
#ifndef WEIR_COLUMNS_H
#define WEIR_COLUMNS_H

#include "rows.h"

struct column {
	const char *option; /* its long name, by which messages call the column in records */
	const char *field;  /* its number in records where the option is not given; NULL: then there is no such column */
	const char *given;  /* set by the options table: its name in CSV, its number in records */
	size_t place;
	bool used;
};

/* Whether there is such a column: it is given, or, where it is wanted, stands at its usual place. After rows_open. */
static inline void
column_choose(struct column *c, const struct rows *r, bool wanted)
{
	c->used = c->given || (wanted && c->field);
	if (c->used && !c->given && r->csv)
		die_usage("-C: --%s must name a column", c->option);
}

/* Shards are of its values, where there is such a column and --shard names no other. Before input_open. */
static inline void
column_shard(const struct column *c, struct rows *r)
{
	if (c->used)
		shard_by(&r->in->shard, c->given ? c->given : c->field, c->option);
}

/* Finds its place, once the first row is in hand. */
static inline void
column_find(struct column *c, const struct rows *r)
{
	if (c->used)
		c->place = rows_place(r, c->given ? c->given : c->field, c->option);
}

/* Two columns that are found name two things: they must not be one, as fields 2 and -2 of three are. */
static inline void
column_apart(const struct column *a, const struct column *b)
{
	if (a->used && b->used && a->place == b->place)
		die_usage("--%s and --%s are the same column: %zu", a->option, b->option, a->place + 1);
}

static inline struct view
column_value(const struct column *c, const struct rows *r)
{
	return r->field[c->place];
}

static inline bool
column_unknown(const struct column *c, const struct rows *r)
{
	return view_equal(column_value(c, r), view_of("?"));
}

/* Refuses the row in hand for its value. False. */
static inline bool
column_refuse(const struct column *c, const struct rows *r, const char *rule, const char *hint)
{
	const char *name = rows_name(r, c->place);

	input_refuse(r->in, (struct fault){.field = (int)c->place + 1, .name = name ? name : c->option, .rule = rule,
	                                   .value = column_value(c, r), .hint = hint});
	return false;
}

/* Its number, 0 where there is no such column. False when the row was refused. */
static inline bool
column_number(const struct column *c, const struct rows *r, double *value)
{
	*value = 0;
	if (!c->used || number_parse(column_value(c, r), value))
		return true;
	if (column_unknown(c, r))
		return column_refuse(c, r, "unknown, where one is needed", NULL);
	return column_refuse(c, r, "not a number", number_hint(column_value(c, r)));
}

/* The same of a probability: within [0, 1]. */
static inline bool
column_probability(const struct column *c, const struct rows *r, double *value)
{
	return column_number(c, r, value) &&
	       ((*value >= 0 && *value <= 1) || column_refuse(c, r, "not a probability", NULL));
}

#endif

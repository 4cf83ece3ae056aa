/*
 * record.h - the fields of a line, as views, and its label.
 *
 * A record is TAB-separated: group first, label last but one, features (a score, once there is one) last.
 * Fields are numbered from 1, from the end with -1. Every record of a stream has the same number of fields.
 */
#ifndef WEIR_RECORD_H
#define WEIR_RECORD_H

#include "line.h"

struct record {
	struct view *field; /* owned array of views into the line */
	size_t n, capacity;
	size_t expected;    /* fields of the first record; 0 before it */
	struct view line;
};

/* A hint with two numbers in it, valid until the thread's next one. */
CLI_PRINTF(1, 0)
static inline const char *
hint_of(const char *format, uint64_t a, uint64_t b)
{
	static _Thread_local char hint[96];

	snprintf(hint, sizeof hint, format, a, b);
	return hint;
}

/* Cuts the line at its TABs. */
static inline void
record_split(struct record *r, struct view line)
{
	r->line = line;
	r->n = line_cut(line, '\t', &r->field, &r->capacity);
}

/*
 * The place, from 0, of field `number` (from 1, or from the end with -1), named by an option. The first record
 * tells: one that it does not have is an error of the command line.
 */
static inline size_t
record_place(const struct record *r, int64_t number, const char *option)
{
	int64_t n = (int64_t)r->n;

	if (number == 0 || number > n || number < -n)
		die_usage("--%s: no field %" PRId64 ": the records have %zu", option, number, r->n);
	return (size_t)(number > 0 ? number - 1 : n + number);
}

/* Two options name two things: at these places of the first record, which must not be one. */
static inline void
record_apart(const struct record *r, size_t place, const char *option, size_t other, const char *other_option)
{
	if (place == other)
		die_usage("--%s and --%s are the same field: %zu of the %zu that the records have", option, other_option,
		          place + 1, r->n);
}

/* The place of a field whose number is a text. */
static inline size_t
record_column(const struct record *r, const char *column, const char *option)
{
	int64_t number;

	if (!cli_whole(column, &number))
		die_usage("--%s: not a field number: \"%.40s\" (-C reads names)", option, column);
	return record_place(r, number, option);
}

/* Where the group is, by which shards are told apart; of the first record. */
static inline size_t
record_shard_place(const struct record *r, const struct shard *s)
{
	return s->column ? record_column(r, s->column, s->option) : record_place(r, s->field ? s->field : 1, "group");
}

/* A record that is not refused: whether it is of the shard that is read. */
static inline bool
record_taken(struct input *in, struct record *r)
{
	if (!r->expected && in->shard.n)
		in->shard.place = record_shard_place(r, &in->shard);
	r->expected = r->n;
	return input_takes(in, r->field[in->shard.place]);
}

/*
 * The next record with as many fields as the first, at least `least`; others are refused, those of other shards
 * skipped. False when all is read.
 */
static inline bool
record_next(struct input *in, struct record *r, size_t least)
{
	struct view line;

	while (input_line(in, &line)) {
		record_split(r, line);
		if (line.n == 0)
			input_refuse(in, (struct fault){.rule = "blank line"});
		else if (r->n < least)
			input_refuse(in, (struct fault){.rule = "too few fields", .value = line,
			                                .hint = least < 3 ? hint_of("%" PRIu64 " at least", least, 0)
			                                        : "a record is: group, ..., label, features or score"});
		else if (r->expected && r->n != r->expected)
			input_refuse(in, (struct fault){.rule = r->n < r->expected ? "fewer fields than in the first record"
			                                                           : "more fields than in the first record",
			                                .value = line});
		else if (record_taken(in, r))
			return true;
	}
	return false;
}

static inline void
record_free(struct record *r)
{
	free(r->field);
	*r = (struct record){0};
}

/* Labels and values of features are floats no larger than this, so that their squares and sums stay finite doubles. */
#define RECORD_MOST 0x1p100

/* What a label may be. */
enum { LABEL_ANY = 0, LABEL_BINARY = 2 };

/*
 * A label: a number; with `classes` above 0, a whole number below it. False, and *fault says why, when it is
 * something else; `?` is unknown and no label.
 */
static inline bool
label_parse(struct view text, uint32_t classes, float *label, struct fault *fault)
{
	double value;

	fault->rule = NULL;
	if (text.n == 1 && is_digit(*text.at) && (classes == LABEL_ANY || *text.at - '0' < (int64_t)classes)) {
		*label = (float)(*text.at - '0'); /* most labels */
		return true;
	}
	*fault = (struct fault){.name = "label", .value = text};
	if (text.n == 1 && *text.at == '?')
		fault->rule = "unknown, where one is needed";
	else if (!number_parse(text, &value))
		fault->rule = "not a number", fault->hint = number_hint(text);
	else if (fabs(value) > RECORD_MOST)
		fault->rule = "too large";
	else if (!classes || (value >= 0 && value < classes && value == (double)(uint32_t)value))
		*label = (float)value;
	else if (classes == LABEL_BINARY)
		fault->rule = "neither 0 nor 1";
	else
		fault->rule = "not a class of the model", fault->hint = hint_of("its classes are 0 to %" PRIu64, classes - 1, 0);
	return !fault->rule;
}

#endif

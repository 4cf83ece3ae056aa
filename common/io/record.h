/*
 * record.h - fields, labels and features of a line, as views.
 *
 * A record is TAB-separated: group first, label last but one, features (a score, once there is one) last.
 * Fields are numbered from 1, from the end with -1. Every record of a stream has the same number of fields.
 */
#ifndef WEIR_RECORD_H
#define WEIR_RECORD_H

#include "indexes.h"
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

/* Features, of one record or of several one after the other: index[i] has value[i]. */
struct features {
	uint32_t *index; /* owned, as is value */
	float *value;
	size_t n, index_capacity, value_capacity;
	bool rows;       /* of a model that takes vectors: values alone, a row of all of them for a record */
	bool ordered;    /* of a model that takes sequences: indexes stay in order, equal ones apart; one at least */
	struct indexset seen;
	uint32_t *mark;  /* owned: [FEATURES_MARKS], the last record that left a mark there; NULL at first */
	uint32_t round;
};

enum { FEATURES_MARKS = 1024 }; /* 2^10, what is left of a shift by 22 */

/* Room for n more. */
static inline void
features_reserve(struct features *f, size_t n)
{
	f->index = grow(f->index, &f->index_capacity, f->n + n, sizeof *f->index);
	f->value = grow(f->value, &f->value_capacity, f->n + n, sizeof *f->value);
}

/* Appends one, for which there is room. */
static inline void
features_add(struct features *f, uint32_t index, float value)
{
	f->index[f->n] = index;
	f->value[f->n++] = value;
}

/*
 * May two of n indexes be equal? Where no two leave their mark in the same cell, none are; so few records need a closer
 * look, as long as n is well below the root of the cells.
 */
static inline bool
features_repeat(struct features *f, const uint32_t *index, size_t n)
{
	bool repeat = false;

	if (!f->mark)
		f->mark = allocate_zero(FEATURES_MARKS, sizeof *f->mark);
	if (++f->round == 0) {
		memset(f->mark, 0, FEATURES_MARKS * sizeof *f->mark);
		f->round = 1;
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t *mark = &f->mark[index[i] * UINT32_C(2654435769) >> 22];

		repeat |= *mark == f->round;
		*mark = f->round;
	}
	return repeat;
}

/* From place `from` on equal indexes become one, where the first stands, with the sum of their values. */
static inline void
features_merge(struct features *f, size_t from)
{
	uint32_t *index;
	float *value;
	size_t n = f->n - from;

	if (n < 32 && !features_repeat(f, f->index + from, n))
		return;
	index = f->index + from;
	value = f->value + from;
	indexes_begin(&f->seen, n);
	for (size_t i = 0; i < n; i++) {
		bool fresh;
		uint32_t slot = indexset_slot(&f->seen, index[i], &fresh);

		index[slot] = index[i];
		value[slot] = fresh ? value[i] : value[slot] + value[i];
	}
	f->n = from + f->seen.n;
}

/* A value of a feature: a number that a float holds. */
static inline bool
feature_value(struct view text, float *value, struct fault *fault)
{
	double parsed;
	bool number = number_parse(text, &parsed);

	if (number && fabs(parsed) <= RECORD_MOST) {
		*value = (float)parsed;
		return true;
	}
	*fault = (struct fault){.name = "features", .rule = number ? "too large" : "not a number", .value = text,
	                        .hint = number ? NULL : number_hint(text)};
	return false;
}

/* The next of dense values from p up to end; p moves to what follows it. False, and *fault says why, when there is none. */
static inline bool
features_value(const char **p, const char *end, float *value, struct fault *fault)
{
	const char *space;
	double fraction;
	size_t n;

	if (end - *p > 2 && is_digit(**p) && (*p)[1] == ' ') {
		*value = (float)(**p - '0');
		*p += 2;
		return true;
	}
	if (end - *p > NUMBER_FRACTION && (n = number_fraction(*p, &fraction)) && (*p)[n] == ' ' &&
	    *p + n + 1 < end) {
		*value = (float)fraction;
		*p += n + 1;
		return true;
	}
	space = memchr(*p, ' ', (size_t)(end - *p));
	if (!feature_value((struct view){*p, (size_t)((space ? space : end) - *p)}, value, fault))
		return false;
	*p = space ? space + 1 : end;
	if (space && *p == end)
		fault->rule = "ends in a space";
	return !fault->rule;
}

static inline bool
features_dense(struct features *f, const char *p, const char *end, uint32_t limit, struct fault *fault)
{
	for (uint32_t index = 0; p < end; index++) {
		float value;

		if (index == limit) {
			*fault = (struct fault){.name = "features", .rule = "more values than the model has inputs",
			                        .hint = hint_of("it has %" PRIu64, limit, 0)};
			return false;
		}
		if (!features_value(&p, end, &value, fault))
			return false;
		if (value != 0)
			features_add(f, index, value);
	}
	return true;
}

/* A row of as many dense values as the model has inputs. */
static inline bool
features_row(struct features *f, const char *p, const char *end, uint32_t limit, struct fault *fault)
{
	float *row = f->value + f->n;
	uint32_t n = 0;

	while (p < end && n < limit)
		if (!features_value(&p, end, &row[n++], fault))
			return false;
	if (n < limit || p < end) {
		fault->rule = n < limit ? "fewer values than the model has inputs" : "more values than the model has inputs";
		fault->hint = n < limit ? hint_of("%" PRIu64 ", where it has %" PRIu64, n, limit)
		                        : hint_of("it has %" PRIu64, limit, 0);
		return false;
	}
	f->n += limit;
	return true;
}

/*
 * Appends the indexes without a value that come first, of those that start at p, eight bytes at a time, and returns
 * how far it came; the field is from start to end. What it does not take is left to features_sparse: it is only faster.
 */
static inline const char *
features_bare(struct features *f, const char *start, const char *p, const char *end, uint32_t limit)
{
	uint32_t *index = f->index + f->n;
	float *value = f->value + f->n;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	while (end - p > 9) {
		uint64_t word = number_word(p), others = number_others(word), number;
		size_t n = others ? (size_t)__builtin_ctzll(others) / 8 : 0;

		if (n == 0 || p[n] != ' ' || (number = number_digits(word << (64 - 8 * n))) >= limit)
			break;
		*index++ = (uint32_t)number;
		*value++ = 1;
		p += n + 1;
	}
	if (end - p < 8 && end - p > 0 && end - start >= 8) { /* the last one, behind others */
		uint64_t number;

		if (number_last(end, (size_t)(end - p), &number) && number < limit) {
			*index++ = (uint32_t)number;
			*value++ = 1;
			p = end;
		}
	}
#else
	(void)start, (void)end, (void)limit;
#endif
	f->n = (size_t)(index - f->index);
	return p;
}

/* What an index beyond the limit should be. */
static inline const char *
features_bound(const struct features *f, uint32_t limit)
{
	if (f->ordered)
		return hint_of("indexes of a sequence are below %" PRIu64, limit, 0);
	if (f->rows)
		return hint_of("its inputs are 0 to %" PRIu64, limit - 1, 0);
	return hint_of("indexes are below %" PRIu64 "; were the records made with other bits?", limit, 0);
}

static inline bool
features_sparse(struct features *f, const char *p, const char *end, uint32_t limit, struct fault *fault)
{
	const char *start = p;
	size_t from = f->n;

	while ((p = features_bare(f, start, p, end, limit)) < end) {
		uint64_t index;
		size_t n = number_whole((struct view){p, (size_t)(end - p)}, &index);
		float value = 1;
		const char *stop = p + n;

		if (stop < end && *stop == ':') {
			const char *space = memchr(stop, ' ', (size_t)(end - stop));
			const char *text = stop + 1;

			stop = space ? space : end;
			if (!feature_value((struct view){text, (size_t)(stop - text)}, &value, fault))
				return false;
		}
		if (n == 0 || (stop < end && *stop != ' ') || stop + 1 == end) {
			*fault = (struct fault){.name = "features", .rule = "not index[:value]",
			                        .value = {p, (size_t)(end - p)}};
			return false;
		}
		if (index >= limit) {
			*fault = (struct fault){.name = "features", .rule = "index is beyond the model's",
			                        .value = {p, (size_t)(stop - p)},
			                        .hint = features_bound(f, limit)};
			return false;
		}
		features_add(f, (uint32_t)index, value);
		p = stop < end ? stop + 1 : end;
	}
	if (!f->ordered)
		features_merge(f, from);
	return true;
}

/* What was appended from place `from` on, sparse, becomes a row: zeros where there is nothing. */
static inline void
features_spread(struct features *f, size_t from, uint32_t limit)
{
	float *row;

	features_reserve(f, limit);
	row = f->value + f->n;
	memset(row, 0, limit * sizeof *row);
	for (size_t i = from; i < f->n; i++)
		row[f->index[i]] = f->value[i];
	memmove(f->value + from, row, limit * sizeof *row);
	f->n = from + limit;
}

/*
 * Appends the features of one record: `index[:value]` joined by single spaces, or `=` and dense values; empty
 * for none. Indexes are below limit; equal ones are added up, but of a sequence. Rows have limit values. False, nothing
 * appended, and *fault says why, when the text is something else.
 */
static inline bool
features_parse(struct features *f, struct view text, uint32_t limit, struct fault *fault)
{
	const char *p = text.at, *end = text.at + text.n;
	size_t from = f->n;
	bool good;

	features_reserve(f, text.n / 2 + 1 > limit || !f->rows ? text.n / 2 + 1 : limit);
	if (f->ordered && (p == end || *p == '=')) {
		*fault = (struct fault){.name = "features", .value = text,
		                        .rule = p == end ? "an empty sequence" : "values, where a sequence has indexes"};
		good = false;
	} else if (p == end || *p != '=') {
		good = features_sparse(f, p, end, limit, fault);
	} else {
		*fault = (struct fault){.name = "features"};
		good = f->rows ? features_row(f, p + 1, end, limit, fault) : features_dense(f, p + 1, end, limit, fault);
	}
	if (!good)
		f->n = from;
	else if (f->rows && (p == end || *p != '='))
		features_spread(f, from, limit);
	return good;
}

static inline void
features_free(struct features *f)
{
	free(f->index);
	free(f->value);
	free(f->seen.cell);
	free(f->mark);
	*f = (struct features){0};
}

#endif

/*
 * features.h - the features of a record: text to numbers.
 */
#ifndef WEIR_FEATURES_H
#define WEIR_FEATURES_H

#include "indexes.h"
#include "record.h"

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

/*
 * Dense values, joined by single spaces, to value[*n], which has room for `most`. Spaces are looked for in 64 bytes
 * together. False, and *fault says why, when one is none or there are more; *n says how many there are.
 */
static inline bool
features_values(struct view text, float *value, size_t most, size_t *n, struct fault *fault)
{
	const char *start = text.at, *end = text.at + text.n;

	*n = 0;
	for (const char *p = start; text.n && p <= end; p += 64) {
		uint64_t ends = line_many(text, p, ' ') | (end - p < 64 ? UINT64_C(1) << (end - p) : 0);

		for (; ends; ends &= ends - 1) {
			const struct view one = {start, (size_t)(p + __builtin_ctzll(ends) - start)};

			if (*n == most) {
				fault->rule = "more values than the model has inputs";
				fault->hint = hint_of("it has %" PRIu64, most, 0);
				return false;
			}
			if (!(one.n - 1 < 7 && end - start >= 8 && number_short(start, one.n, &value[*n])) &&
			    !feature_value(one, &value[*n], fault)) {
				if (start == end)
					fault->rule = "ends in a space";
				return false;
			}
			start += one.n + 1;
			++*n;
		}
	}
	return true;
}

/* Of as many dense values as the model has inputs, or fewer, those that are not 0. */
static inline bool
features_dense(struct features *f, struct view text, uint32_t limit, struct fault *fault)
{
	const float *value = f->value + f->n;
	size_t n;

	if (!features_values(text, f->value + f->n, limit, &n, fault))
		return false;
	for (uint32_t index = 0; index < n; index++)
		if (value[index] != 0)
			features_add(f, index, value[index]);
	return true;
}

/* A row of as many dense values as the model has inputs. */
static inline bool
features_row(struct features *f, struct view text, uint32_t limit, struct fault *fault)
{
	size_t n;

	if (!features_values(text, f->value + f->n, limit, &n, fault))
		return false;
	if (n < limit) {
		fault->rule = "fewer values than the model has inputs";
		fault->hint = hint_of("%" PRIu64 ", where it has %" PRIu64, n, limit);
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
		text = (struct view){p + 1, text.n - 1};
		good = f->rows ? features_row(f, text, limit, fault) : features_dense(f, text, limit, fault);
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

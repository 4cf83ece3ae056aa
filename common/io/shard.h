/*
 * shard.h - a part of the groups, by their hash: each falls into one of n shards, on every machine and for ever.
 *
 * The hash is XXH3-64 of the group's bytes with a seed of its own: that of holdout must not be the same, or a shard
 * would be held out whole; nor that of hash tables, or a shard would fill one part of them.
 */
#ifndef WEIR_SHARD_H
#define WEIR_SHARD_H

#include <stdbool.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "number.h"

#define SHARD_SEED UINT64_C(0x7368617264) /* "shard" */

struct shard {
	const char *text;   /* set by the options table: I/N or I/N/COLUMN; NULL: everything */
	uint64_t i, n;      /* shard i, from 0, of n; n is 0 for everything */
	const char *column; /* of the group: the number of a field, the name of a column of CSV; NULL: none is named */
	const char *option; /* which names it */
	int64_t field;      /* where none is named, its number in records, which --group names; 0: the first */
	size_t place;       /* where that is in a record, from 0 */
};

/* Before the text is read: where it names no column, the groups are those of this one, which an option names. */
static inline void
shard_by(struct shard *s, const char *column, const char *option)
{
	s->column = column;
	s->option = option;
}

/* Reads the text. False when it is no shard. */
static inline bool
shard_parse(struct shard *s)
{
	struct view text = view_of(s->text);
	size_t digits = number_whole(text, &s->i);

	if (digits == 0 || s->text[digits] != '/')
		return false;
	text = view_of(s->text + digits + 1);
	digits = number_whole(text, &s->n);
	if (digits == 0 || (digits < text.n && text.at[digits] != '/') || digits + 1 == text.n)
		return false;
	if (digits < text.n)
		shard_by(s, text.at + digits + 1, "shard");
	return s->i < s->n;
}

/* Whether a group is in it. */
static inline bool
shard_takes(const struct shard *s, struct view group)
{
	return XXH3_64bits_withSeed(group.at, group.n, SHARD_SEED) % s->n == s->i;
}

#endif

/*
 * keys.h - byte strings to dense ids 0, 1, 2... in the order of first appearance.
 *
 * Open addressing over a power of two of cells, at most three quarters full; the bytes of all keys lie one after the
 * other in one block. A key of up to eight bytes is in its cell too: to find it touches one line of memory. A key costs
 * its bytes, 8 for where it ends, and 21 to 43 for its cell.
 */
#ifndef WEIR_KEYS_H
#define WEIR_KEYS_H

#include <inttypes.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "../cli.h"
#include "view.h"

struct keys_cell {
	uint64_t tag;    /* the key where it has up to eight bytes, else its hash */
	uint32_t length; /* of the key, saturating */
	uint32_t id1;    /* id + 1; 0: the cell is free */
};

/* All 0 is a table without keys. */
struct keys {
	uint32_t n;             /* keys: ids are below it */
	char *bytes;            /* owned */
	size_t bytes_capacity;
	size_t *end;            /* owned: end[id] is where the key ends in bytes */
	size_t end_capacity;
	struct keys_cell *cell; /* owned */
	size_t n_cells;         /* 0 or a power of two */
};

/* The bytes of a key, valid until a key is added. */
static inline struct view
keys_text(const struct keys *k, uint32_t id)
{
	size_t start = id ? k->end[id - 1] : 0;

	return (struct view){k->bytes + start, k->end[id] - start};
}

/* The cell of a key that is not there yet. */
static inline struct keys_cell
keys_cell_of(struct view text, uint64_t hash)
{
	struct keys_cell c = {hash, text.n < UINT32_MAX ? (uint32_t)text.n : UINT32_MAX, 0};
	const unsigned char *p = (const unsigned char *)text.at;
	uint32_t first, last;

	if (text.n > 8)
		return c;
	if (text.n >= 4) {
		memcpy(&first, p, 4);
		memcpy(&last, p + text.n - 4, 4);
		c.tag = (uint64_t)first << 32 | last;
	} else {
		c.tag = text.n ? (uint64_t)p[0] << 16 | (uint64_t)p[text.n / 2] << 8 | p[text.n - 1] : 0;
	}
	return c;
}

/* Whether the cell, which is not free, holds the key; the other cell is keys_cell_of it. */
static inline bool
keys_cell_holds(const struct keys *k, const struct keys_cell *cell, const struct keys_cell *other, struct view text)
{
	return cell->tag == other->tag && cell->length == other->length &&
	       (text.n <= 8 || view_equal(keys_text(k, cell->id1 - 1), text));
}

/* The cell that holds the key, or the free one where it belongs. There are cells. */
static inline struct keys_cell *
keys_cell(const struct keys *k, struct view text, uint64_t hash)
{
	size_t mask = k->n_cells - 1, at = hash & mask;
	struct keys_cell key = keys_cell_of(text, hash);

	while (k->cell[at].id1 && !keys_cell_holds(k, &k->cell[at], &key, text))
		at = (at + 1) & mask;
	return &k->cell[at];
}

/* Twice the cells. */
static inline void
keys_rehash(struct keys *k)
{
	free(k->cell);
	k->n_cells = k->n_cells ? 2 * k->n_cells : 64;
	k->cell = allocate_zero(k->n_cells, sizeof *k->cell);
	for (uint32_t id = 0; id < k->n; id++) {
		struct view text = keys_text(k, id);
		uint64_t hash = XXH3_64bits(text.at, text.n);
		size_t at = hash & (k->n_cells - 1);

		while (k->cell[at].id1)
			at = (at + 1) & (k->n_cells - 1);
		k->cell[at] = keys_cell_of(text, hash);
		k->cell[at].id1 = id + 1;
	}
}

/* Whether the key is there; then *id is its id. */
static inline bool
keys_find(const struct keys *k, struct view text, uint32_t *id)
{
	const struct keys_cell *cell = k->n ? keys_cell(k, text, XXH3_64bits(text.at, text.n)) : NULL;

	if (!cell || !cell->id1)
		return false;
	*id = cell->id1 - 1;
	return true;
}

/* The key with this hash will be looked for soon. */
static inline void
keys_prefetch(const struct keys *k, uint64_t hash)
{
	if (k->n)
		__builtin_prefetch(&k->cell[hash & (k->n_cells - 1)]);
}

/* As keys_id, where the hash of the key, XXH3-64, is known. */
static inline uint32_t
keys_id_hashed(struct keys *k, struct view text, uint64_t hash, bool *fresh)
{
	size_t start = k->n ? k->end[k->n - 1] : 0;
	struct keys_cell *cell;

	if (k->n >= k->n_cells / 4 * 3)
		keys_rehash(k);
	cell = keys_cell(k, text, hash);
	if (fresh)
		*fresh = !cell->id1;
	if (cell->id1)
		return cell->id1 - 1;
	if (k->n == UINT32_MAX)
		die_data("more than %" PRIu32 " different keys", UINT32_MAX);
	k->bytes = grow(k->bytes, &k->bytes_capacity, start + text.n + 1, 1);
	memcpy(k->bytes + start, text.at, text.n);
	k->end = grow(k->end, &k->end_capacity, (size_t)k->n + 1, sizeof *k->end);
	k->end[k->n] = start + text.n;
	*cell = keys_cell_of(text, hash);
	cell->id1 = ++k->n;
	return k->n - 1;
}

/* The id of a key, which is copied and added when it is new; *fresh (NULL: not wanted) says whether it was. */
static inline uint32_t
keys_id(struct keys *k, struct view text, bool *fresh)
{
	return keys_id_hashed(k, text, XXH3_64bits(text.at, text.n), fresh);
}

struct keys_entry {
	struct view text;
	uint64_t head; /* its first eight bytes, or NULs behind it: their order is that of the text, unless they are equal */
	uint32_t id;
};

static inline struct keys_entry
keys_entry(const struct keys *k, uint32_t id)
{
	struct keys_entry e = {.text = keys_text(k, id), .id = id};

	for (size_t i = 0; i < 8; i++)
		e.head = e.head << 8 | (i < e.text.n ? (unsigned char)e.text.at[i] : 0);
	return e;
}

static inline int
keys_entry_compare(const void *a, const void *b)
{
	return view_compare(((const struct keys_entry *)a)->text, ((const struct keys_entry *)b)->text);
}

/* Sorts n entries by the bytes in which their heads differ, the last byte first. Returns them, in one array of the two. */
static inline struct keys_entry *
keys_sort_heads(uint32_t n, struct keys_entry *from, struct keys_entry *to)
{
	uint64_t differ = 0;

	for (uint32_t i = 1; i < n; i++)
		differ |= from[i].head ^ from[0].head;
	for (unsigned shift = 0; shift < 64; shift += 8) {
		uint32_t end[256] = {0}, before = 0;
		struct keys_entry *sorted = to;

		if (!(differ >> shift & 255))
			continue;
		for (uint32_t i = 0; i < n; i++)
			end[from[i].head >> shift & 255]++;
		for (unsigned byte = 0; byte < 256; byte++) {
			before += end[byte];
			end[byte] = before - end[byte];
		}
		for (uint32_t i = 0; i < n; i++)
			to[end[from[i].head >> shift & 255]++] = from[i];
		to = from;
		from = sorted;
	}
	return from;
}

/* The n keys in the order of their ids; free() releases the array. */
static inline struct keys_entry *
keys_listed(const struct keys *k)
{
	struct keys_entry *entry = allocate(k->n, sizeof *entry);

	for (uint32_t id = 0; id < k->n; id++)
		entry[id] = keys_entry(k, id);
	return entry;
}

/* The same in the order of their bytes, as LC_ALL=C sort has it. */
static inline struct keys_entry *
keys_sorted(const struct keys *k)
{
	struct keys_entry *entry = keys_listed(k), *scratch = allocate(k->n, sizeof *scratch), *sorted;

	sorted = keys_sort_heads(k->n, entry, scratch);
	for (uint32_t from = 0, to; from < k->n; from = to) {
		for (to = from + 1; to < k->n && sorted[to].head == sorted[from].head; to++)
			;
		if (to - from > 1)
			qsort(sorted + from, to - from, sizeof *sorted, keys_entry_compare);
	}
	free(sorted == entry ? scratch : entry);
	return sorted;
}

static inline void
keys_free(struct keys *k)
{
	free(k->bytes);
	free(k->end);
	free(k->cell);
	*k = (struct keys){0};
}

#endif

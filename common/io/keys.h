/*
 * keys.h - byte strings to dense ids 0, 1, 2... in the order of first appearance.
 *
 * Open addressing over a power of two of cells, at most half full; the bytes of all keys lie one after the other
 * in one block. A key costs its bytes, 8 for where it ends, and 16 to 32 for its cell.
 */
#ifndef WEIR_KEYS_H
#define WEIR_KEYS_H

#include <inttypes.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "../cli.h"
#include "view.h"

struct keys_cell {
	uint32_t tag; /* upper half of the key's hash */
	uint32_t id1; /* id + 1; 0: the cell is free */
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

/* The cell that holds the key, or the free one where it belongs. There are cells. */
static inline struct keys_cell *
keys_cell(const struct keys *k, struct view text, uint64_t hash)
{
	size_t mask = k->n_cells - 1, at = hash & mask;
	uint32_t tag = (uint32_t)(hash >> 32);

	while (k->cell[at].id1 &&
	       !(k->cell[at].tag == tag && view_equal(keys_text(k, k->cell[at].id1 - 1), text)))
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
		uint64_t hash = XXH3_64bits(keys_text(k, id).at, keys_text(k, id).n);
		size_t at = hash & (k->n_cells - 1);

		while (k->cell[at].id1)
			at = (at + 1) & (k->n_cells - 1);
		k->cell[at] = (struct keys_cell){(uint32_t)(hash >> 32), id + 1};
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

/* The id of a key, which is copied and added when it is new; *fresh (NULL: not wanted) says whether it was. */
static inline uint32_t
keys_id(struct keys *k, struct view text, bool *fresh)
{
	uint64_t hash = XXH3_64bits(text.at, text.n);
	size_t start = k->n ? k->end[k->n - 1] : 0;
	struct keys_cell *cell;

	if (k->n >= k->n_cells / 2)
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
	*cell = (struct keys_cell){(uint32_t)(hash >> 32), ++k->n};
	return k->n - 1;
}

struct keys_entry {
	struct view text;
	uint32_t id;
};

static inline int
keys_entry_compare(const void *a, const void *b)
{
	return view_compare(((const struct keys_entry *)a)->text, ((const struct keys_entry *)b)->text);
}

/* The n keys in the order of their bytes, as LC_ALL=C sort has it; free() releases the array. */
static inline struct keys_entry *
keys_sorted(const struct keys *k)
{
	struct keys_entry *sorted = allocate(k->n, sizeof *sorted);

	for (uint32_t id = 0; id < k->n; id++)
		sorted[id] = (struct keys_entry){keys_text(k, id), id};
	qsort(sorted, k->n, sizeof *sorted, keys_entry_compare);
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

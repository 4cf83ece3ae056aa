/*
 * pairs.h - a set of pairs of ids, such as group and item: 16 to 32 bytes a pair.
 *
 * Open addressing over a power of two of cells, at most half full.
 */
#ifndef WEIR_PAIRS_H
#define WEIR_PAIRS_H

#include "../cli.h"
#include "../num/random.h"

/* All 0 is the empty set. */
struct pairs {
	uint64_t *cell; /* owned: a << 32 | b, plus 1; 0: the cell is free */
	size_t n_cells; /* 0 or a power of two */
	size_t n;
};

/* The cell that holds a key, or the free one where it belongs. There are cells. */
static inline uint64_t *
pairs_cell(const struct pairs *p, uint64_t key)
{
	size_t mask = p->n_cells - 1, at = random_mix(key) & mask;

	while (p->cell[at] && p->cell[at] != key)
		at = (at + 1) & mask;
	return &p->cell[at];
}

/* What stands in a cell for a pair; a and b are below UINT32_MAX. */
static inline uint64_t
pairs_key(uint32_t a, uint32_t b)
{
	return ((uint64_t)a << 32 | b) + 1;
}

static inline bool
pairs_has(const struct pairs *p, uint32_t a, uint32_t b)
{
	return p->n && *pairs_cell(p, pairs_key(a, b));
}

/* Twice the cells. */
static inline void
pairs_rehash(struct pairs *p)
{
	uint64_t *old = p->cell;
	size_t n = p->n_cells;

	p->n_cells = n ? 2 * n : 64;
	p->cell = allocate_zero(p->n_cells, sizeof *p->cell);
	for (size_t i = 0; i < n; i++)
		if (old[i])
			*pairs_cell(p, old[i]) = old[i];
	free(old);
}

/* Whether the pair is new. */
static inline bool
pairs_add(struct pairs *p, uint32_t a, uint32_t b)
{
	uint64_t *cell;

	if (p->n >= p->n_cells / 2)
		pairs_rehash(p);
	cell = pairs_cell(p, pairs_key(a, b));
	if (*cell)
		return false;
	*cell = pairs_key(a, b);
	p->n++;
	return true;
}

static inline void
pairs_free(struct pairs *p)
{
	free(p->cell);
	*p = (struct pairs){0};
}

#endif

/*
 * indexset.h - which of a few numbers were seen already, and in which slot: clearing costs nothing.
 *
 * Open addressing over a power of two of cells. A cell counts only when its mark is that of the current round,
 * so a new round is one increment. Used to add up equal indexes of a record, and the gradients of equal
 * weights in a batch.
 */
#ifndef WEIR_INDEXSET_H
#define WEIR_INDEXSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct indexset_cell {
	uint32_t index, slot, round;
};

struct indexset {
	struct indexset_cell *cell; /* owned by the caller: indexset_need(n) cells, all 0 */
	size_t mask;                /* cells - 1 */
	uint32_t round;
	uint32_t n;                 /* distinct indexes of this round */
};

/* Cells that n distinct indexes need: a power of two, at most half full. */
static inline size_t
indexset_need(size_t n)
{
	size_t cells = 64;

	while (cells < 2 * n)
		cells *= 2;
	return cells;
}

/* Forgets all indexes. */
static inline void
indexset_clear(struct indexset *s)
{
	s->n = 0;
	if (++s->round == 0) {
		memset(s->cell, 0, (s->mask + 1) * sizeof *s->cell);
		s->round = 1;
	}
}

/*
 * The slot of an index: its place, from 0, in the order of first appearance. *fresh says whether this is that
 * appearance. At most half as many distinct indexes as cells may come in a round.
 */
static inline uint32_t
indexset_slot(struct indexset *s, uint32_t index, bool *fresh)
{
	size_t at = (index * UINT32_C(2654435769) >> 7) & s->mask;

	while (s->cell[at].round == s->round) {
		if (s->cell[at].index == index) {
			*fresh = false;
			return s->cell[at].slot;
		}
		at = (at + 1) & s->mask;
	}
	s->cell[at] = (struct indexset_cell){index, s->n, s->round};
	*fresh = true;
	return s->n++;
}

#endif

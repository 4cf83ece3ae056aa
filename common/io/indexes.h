/*
 * indexes.h - room for an indexset, as much as is asked for.
 */
#ifndef WEIR_INDEXES_H
#define WEIR_INDEXES_H

#include "../cli.h"
#include "../num/indexset.h"

/* Begins a round of n indexes at most, of a set that is all 0 at first. free(s->cell) releases it. */
static inline void
indexes_begin(struct indexset *s, size_t n)
{
	size_t cells = indexset_need(n);

	if (!s->cell || cells > s->mask + 1) {
		free(s->cell);
		*s = (struct indexset){allocate_zero(cells, sizeof *s->cell), cells - 1, 0, 0};
	}
	indexset_clear(s);
}

#endif

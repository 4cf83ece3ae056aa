/*
 * arena.h - many small blocks that are released together: they lie one after the other in a few large ones.
 */
#ifndef WEIR_ARENA_H
#define WEIR_ARENA_H

#include "../cli.h"

/* The first large block, and the largest: each is twice the one before. */
enum { ARENA_FIRST = 1 << 16, ARENA_MOST = 1 << 25 };

/* All 0 has nothing yet. */
struct arena {
	char *block;       /* owned: begins with a pointer to the one before */
	size_t used, size; /* of it */
};

/* Uninitialised bytes, from a boundary of 8 on, until arena_free. */
static inline void *
arena_take(struct arena *a, size_t bytes)
{
	bytes = (bytes + 7) / 8 * 8;
	if (bytes > a->size - a->used) {
		size_t size = a->size < ARENA_MOST / 2 ? a->size * 2 : ARENA_MOST;
		char *block;

		size = size < ARENA_FIRST ? ARENA_FIRST : size;
		size = size < bytes + 8 ? bytes + 8 : size;
		block = allocate_huge(size);
		memcpy(block, &a->block, sizeof a->block);
		*a = (struct arena){block, 8, size};
	}
	a->used += bytes;
	return a->block + a->used - bytes;
}

static inline void
arena_free(struct arena *a)
{
	while (a->block) {
		char *before;

		memcpy(&before, a->block, sizeof before);
		free(a->block);
		a->block = before;
	}
	*a = (struct arena){0};
}

#endif

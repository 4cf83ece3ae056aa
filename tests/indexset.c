/*
 * indexset.c - the set against a plain search: the same slots in the same order, round after round.
 */
#include <stdlib.h>

#include "../common/num/indexset.h"
#include "tap.h"

enum { MOST = 200 };

/* The slot of index among the n seen, looked for from the start; n where it is new. */
static uint32_t
slot_by_search(const uint32_t *seen, uint32_t n, uint32_t index)
{
	uint32_t slot = 0;

	while (slot < n && seen[slot] != index)
		slot++;
	return slot;
}

/* One round of n indexes, index i being step * (i % distinct): whether set and search agree on each. */
static bool
round_agrees(struct indexset *set, size_t n, uint32_t step, uint32_t distinct)
{
	uint32_t seen[MOST], n_seen = 0;

	indexset_clear(set);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t index = step * (i % distinct), slot = slot_by_search(seen, n_seen, index);
		bool fresh, is_new = slot == n_seen;

		if (is_new)
			seen[n_seen++] = index;
		if (indexset_slot(set, index, &fresh) != slot || fresh != is_new || set->n != n_seen)
			return false;
	}
	return true;
}

int
main(void)
{
	static const uint32_t steps[] = {1, 2, 64, 128, 1u << 20, 1u << 31, 2654435769u, UINT32_MAX};
	size_t cells = indexset_need(MOST);
	struct indexset set = {calloc(cells, sizeof *set.cell), cells - 1, 0, 0};

	tap_ok(cells == 512 && indexset_need(0) == 64 && indexset_need(32) == 64 && indexset_need(33) == 128,
	       "cells are a power of two, at most half full");
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		bool agrees = true;

		for (uint32_t distinct = 1; distinct <= MOST; distinct++)
			agrees = agrees && round_agrees(&set, MOST, steps[i], distinct);
		tap_ok(agrees, "indexes %u apart get the slots a search gives them", steps[i]);
	}
	memset(set.cell, 0, cells * sizeof *set.cell);
	set.round = 0;
	round_agrees(&set, MOST, 1, MOST);
	set.round = UINT32_MAX;
	tap_ok(round_agrees(&set, MOST, 1, MOST) && set.round == 1, "the count of rounds may wrap");
	free(set.cell);
	return tap_done();
}

/*
 * history.h - what groups have had, from a file of groups and items: which items are popular, and which co-occur.
 *
 * Items are numbered by the program first, those of its catalogue, then by the file, which may know more.
 */
#ifndef WEIR_HISTORY_H
#define WEIR_HISTORY_H

#include "keys.h"
#include "pairs.h"
#include "rows.h"

/* A line. */
struct history_event {
	uint32_t group, item;
};

/* Lists of ids, one after the other: list i is id[start[i]] to id[start[i + 1] - 1]. */
struct history_lists {
	size_t *start; /* owned, as is id */
	uint32_t *id;
};

/* All 0 is nothing. */
struct history {
	struct keys items, groups;
	struct history_event *event;    /* owned */
	size_t n_events, event_capacity;
	uint64_t *n_lines;              /* owned: of each item; so are these */
	struct history_lists items_of;  /* of each group, different ones, that of the last line first */
	struct history_lists groups_of; /* of each item */
	uint64_t *n_shared; /* of each item, groups that have it and one of the items in hand, summed up over these */
	uint32_t *shared;   /* the items of which there are some */
	size_t n_items_shared;
};

/* Reads lines of group and item, which are held against values of these rows. */
static inline void
history_read(struct history *h, const char *file, struct rows *rows)
{
	struct input from = INPUT_DEFAULTS;
	struct record line = {0};

	input_open(&from, 1, (char *[]){(char *)(uintptr_t)file}, 0, NULL);
	while (record_next(&from, &line, 2)) {
		uint32_t group = keys_id(&h->groups, rows_plain(rows, line.field[0]), NULL);
		uint32_t item = keys_id(&h->items, rows_plain(rows, line.field[1]), NULL);

		h->event = grow(h->event, &h->event_capacity, h->n_events + 1, sizeof *h->event);
		h->event[h->n_events++] = (struct history_event){group, item};
	}
	record_free(&line);
	input_close(&from);
	h->n_lines = allocate_zero(h->items.n, sizeof *h->n_lines);
	for (size_t i = 0; i < h->n_events; i++)
		h->n_lines[h->event[i].item]++;
}

/* ---- order ---- */

/* An item to be sorted: what counts most first, then its popularity, then the bytes of its name. */
struct history_ranked {
	uint64_t shared, lines;
	struct view name;
	uint32_t item;
};

static inline int
history_compare(const void *a, const void *b)
{
	const struct history_ranked *x = a, *y = b;

	if (x->shared != y->shared)
		return x->shared > y->shared ? -1 : 1;
	if (x->lines != y->lines)
		return x->lines > y->lines ? -1 : 1;
	return view_compare(x->name, y->name);
}

/* Sorts n items, those shared most first where there is such a count, else and then the most popular. */
static inline void
history_rank(const struct history *h, size_t n, uint32_t *item, const uint64_t *n_shared)
{
	struct history_ranked *ranked = allocate(n, sizeof *ranked);

	for (size_t i = 0; i < n; i++)
		ranked[i] = (struct history_ranked){n_shared ? n_shared[item[i]] : 0, h->n_lines[item[i]],
		                                    keys_text(&h->items, item[i]), item[i]};
	qsort(ranked, n, sizeof *ranked, history_compare);
	for (size_t i = 0; i < n; i++)
		item[i] = ranked[i].item;
	free(ranked);
}

/* ---- co-occurrence ---- */

/* Leaves each pair of group and item once, in the order of their last lines, last one first. */
static inline void
history_reverse(struct history *h)
{
	struct history_event *kept = allocate(h->n_events, sizeof *kept);
	struct pairs pairs = {0};
	size_t n = 0;

	for (size_t i = h->n_events; i--;)
		if (pairs_add(&pairs, h->event[i].group, h->event[i].item))
			kept[n++] = h->event[i];
	pairs_free(&pairs);
	free(h->event);
	h->event = kept;
	h->n_events = n;
}

/* Lists, in the order of the events, the items of each of n groups; or, by item, the groups of each of n items. */
static inline struct history_lists
history_list(const struct history *h, uint32_t n, bool by_item)
{
	struct history_lists l = {allocate_zero((size_t)n + 2, sizeof *l.start), allocate(h->n_events, sizeof *l.id)};

	for (size_t i = 0; i < h->n_events; i++)
		l.start[(size_t)(by_item ? h->event[i].item : h->event[i].group) + 2]++;
	for (size_t i = 2; i < (size_t)n + 2; i++)
		l.start[i] += l.start[i - 1];
	for (size_t i = 0; i < h->n_events; i++) {
		struct history_event e = h->event[i];

		l.id[l.start[(size_t)(by_item ? e.item : e.group) + 1]++] = by_item ? e.group : e.item;
	}
	return l;
}

/* Once all is read, before history_share. */
static inline void
history_index(struct history *h)
{
	history_reverse(h);
	h->items_of = history_list(h, h->groups.n, false);
	h->groups_of = history_list(h, h->items.n, true);
	h->n_shared = allocate_zero(h->items.n, sizeof *h->n_shared);
	h->shared = allocate(h->items.n, sizeof *h->shared);
}

/* The different items of a group, the last one first. Returns how many there are; none of a group without a history. */
static inline size_t
history_own(const struct history *h, struct view group, const uint32_t **own)
{
	uint32_t id;

	*own = NULL;
	if (!keys_find(&h->groups, group, &id))
		return 0;
	*own = h->items_of.id + h->items_of.start[id];
	return h->items_of.start[id + 1] - h->items_of.start[id];
}

/* Counts, for each item, how many groups have it and one of these n; h->shared has those that do, most of them first. */
static inline void
history_share(struct history *h, size_t n, const uint32_t *item)
{
	for (size_t i = 0; i < h->n_items_shared; i++)
		h->n_shared[h->shared[i]] = 0;
	h->n_items_shared = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t g = h->groups_of.start[item[i]]; g < h->groups_of.start[item[i] + 1]; g++) {
			uint32_t other = h->groups_of.id[g];

			for (size_t j = h->items_of.start[other]; j < h->items_of.start[other + 1]; j++)
				if (h->n_shared[h->items_of.id[j]]++ == 0)
					h->shared[h->n_items_shared++] = h->items_of.id[j];
		}
	history_rank(h, h->n_items_shared, h->shared, h->n_shared);
}

static inline void
history_free(struct history *h)
{
	keys_free(&h->items);
	keys_free(&h->groups);
	free(h->event);
	free(h->n_lines);
	free(h->items_of.start);
	free(h->items_of.id);
	free(h->groups_of.start);
	free(h->groups_of.id);
	free(h->n_shared);
	free(h->shared);
}

#endif

/*
 * unseen.h - items drawn by weight, for events of groups: each unseen by its group, and no item twice for an event.
 *
 * What is drawn for an event follows from its seed, the weights in their order and what its group has seen.
 */
#ifndef WEIR_UNSEEN_H
#define WEIR_UNSEEN_H

#include "pairs.h"

/* All 0: no item can be drawn, and nothing was seen. */
struct unseen {
	struct pairs seen; /* group, item */
	uint32_t *item;    /* owned: what is drawn from */
	double *upto;      /* owned: of each of these its weight and those before it */
	size_t n;
	uint64_t *drawn;   /* owned: of each item, the last event that it was drawn for */

	/* the event in hand */
	uint64_t event;    /* its number, from 1 */
	uint64_t seed;
	uint64_t n_random; /* numbers that were drawn for it */
	uint32_t group;
};

/* Room for n_items; their ids are below it. */
static inline void
unseen_init(struct unseen *u, size_t n_items)
{
	u->item = allocate(n_items, sizeof *u->item);
	u->upto = allocate(n_items, sizeof *u->upto);
	u->drawn = allocate_zero(n_items, sizeof *u->drawn);
}

/* The sum of all weights. */
static inline double
unseen_total(const struct unseen *u)
{
	return u->n ? u->upto[u->n - 1] : 0;
}

/* An item that may be drawn; its weight is above 0. */
static inline void
unseen_offer(struct unseen *u, uint32_t item, double weight)
{
	double total = unseen_total(u);

	u->item[u->n] = item;
	u->upto[u->n++] = total + weight;
}

/* The next event is one of this group. */
static inline void
unseen_begin(struct unseen *u, uint32_t group, uint64_t seed)
{
	u->event++;
	u->seed = seed;
	u->n_random = 0;
	u->group = group;
}

static inline double
unseen_random(struct unseen *u)
{
	return random_uniform(u->seed, u->n_random++);
}

/* Whether an item may be drawn for the event in hand. */
static inline bool
unseen_may(const struct unseen *u, uint32_t item)
{
	return u->drawn[item] != u->event && !pairs_has(&u->seen, u->group, item);
}

static inline double
unseen_weight(const struct unseen *u, size_t i)
{
	return u->upto[i] - (i ? u->upto[i - 1] : 0);
}

/* The item on which x in (0, 1) falls in the weight of those that may be drawn. False when there is none. */
static inline bool
unseen_left(const struct unseen *u, double x, uint32_t *item)
{
	double left = 0, sum = 0;

	for (size_t i = 0; i < u->n; i++)
		if (unseen_may(u, u->item[i]))
			left += unseen_weight(u, i);
	for (size_t i = 0; i < u->n && sum <= x * left; i++)
		if (unseen_may(u, u->item[i])) {
			sum += unseen_weight(u, i);
			*item = u->item[i];
		}
	return left > 0;
}

/*
 * One more item for the event in hand, by its weight among those that may be drawn; false when there is none. What
 * falls on another is drawn again, and where that takes long what is left is looked through.
 */
static inline bool
unseen_draw(struct unseen *u, uint32_t *item)
{
	enum { TRIES = 64 };
	bool found = false;

	for (int i = 0; i < TRIES && u->n && !found; i++) {
		*item = u->item[random_weighted(u->n, u->upto, unseen_random(u))];
		found = unseen_may(u, *item);
	}
	if (!found && !unseen_left(u, unseen_random(u), item))
		return false;
	u->drawn[*item] = u->event;
	return true;
}

static inline void
unseen_free(struct unseen *u)
{
	pairs_free(&u->seen);
	free(u->item);
	free(u->upto);
	free(u->drawn);
	*u = (struct unseen){0};
}

#endif

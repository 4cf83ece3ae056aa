/*
 * ended.h - groups that have ended, to know one that comes again, in memory that does not grow with their number.
 *
 * Up to ENDED_MOST groups all are remembered. Beyond, a sample by hash, thinned out by half whenever it is full: of
 * groups that come again one is found if it is in the sample. Where few come again they may pass; an input that is not
 * grouped, or twice there, has so many that it is found out.
 */
#ifndef WEIR_ENDED_H
#define WEIR_ENDED_H

#include "keys.h"
#include "line.h"

enum { ENDED_MOST = 1 << 14 };

/* All 0: none has ended. */
struct ended {
	struct keys names;
	struct origin *last; /* owned: the last line of each */
	size_t capacity;
	unsigned halvings;   /* of the sample: a name is in it where so many upper bits of its hash are 0 */
};

static inline bool
ended_samples(const struct ended *e, struct view name)
{
	return !e->halvings || XXH3_64bits(name.at, name.n) >> (64 - e->halvings) == 0;
}

static inline void
ended_put(struct ended *e, struct view name, struct origin last)
{
	uint32_t id = keys_id(&e->names, name, NULL);

	e->last = grow(e->last, &e->capacity, e->names.n, sizeof *e->last);
	e->last[id] = last;
}

static inline void
ended_free(struct ended *e)
{
	keys_free(&e->names);
	free(e->last);
	*e = (struct ended){0};
}

static inline void
ended_halve(struct ended *e)
{
	struct ended half = {.halvings = e->halvings + 1};

	for (uint32_t id = 0; id < e->names.n; id++)
		if (ended_samples(&half, keys_text(&e->names, id)))
			ended_put(&half, keys_text(&e->names, id), e->last[id]);
	ended_free(e);
	*e = half;
}

/* A group has ended. */
static inline void
ended_add(struct ended *e, struct view name, struct origin last)
{
	if (e->names.n == ENDED_MOST)
		ended_halve(e);
	if (ended_samples(e, name))
		ended_put(e, name, last);
}

/* The last line of a group that is known to have ended, valid until one is added; else NULL. */
static inline const struct origin *
ended_find(const struct ended *e, struct view name)
{
	uint32_t id;

	return keys_find(&e->names, name, &id) ? &e->last[id] : NULL;
}

#endif

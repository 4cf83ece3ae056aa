/*
 * rankings.h - the rankings of many groups: each is done with as its group ends, or all once all is read.
 */
#ifndef WEIR_RANKINGS_H
#define WEIR_RANKINGS_H

#include "ended.h"
#include "keys.h"
#include "ranking.h"

/* A candidate that waits for a few others, whose places in memory are fetched together. */
struct rankings_waiting {
	struct candidate is;
	struct view name; /* of its group */
	uint64_t hash;    /* of the name */
};

/* Rankings that are no longer than RANKINGS_FETCHED are fetched whole; of a pick, so many bytes. */
enum { RANKINGS_WAITING = 16, RANKINGS_FETCHED = 12, RANKINGS_PICK = 128 };

struct rankings {
	/* set by the program */
	int64_t k, cap;                 /* as ranking_add takes them */
	bool contiguous;                /* groups come one after the other */
	void (*each)(struct ranking *); /* does with a ranking what is asked for */

	struct ranking *group; /* owned: of each name; where groups are contiguous one only, of the group in hand */
	size_t n, capacity;
	struct arena picks;
	struct keys names;     /* of the groups; where they are contiguous none */
	struct rankings_waiting waiting[RANKINGS_WAITING];
	size_t n_waiting;

	/* where groups are contiguous */
	char *name;            /* owned: of the group in hand */
	size_t name_n, name_capacity;
	struct origin last;    /* its last record so far */
	struct ended before;   /* groups */
};

/* There are n groups. */
static inline void
rankings_reach(struct rankings *r, size_t n)
{
	r->group = grow(r->group, &r->capacity, n, sizeof *r->group);
	while (r->n < n)
		r->group[r->n++] = ranking_empty;
}

static inline void
rankings_end(struct rankings *r, struct ranking *group)
{
	r->each(group);
	ranking_clear(group);
}

/* Where groups are contiguous: another group than that in hand begins, with this record. */
static inline void
rankings_begin(struct rankings *r, struct view name, struct origin origin)
{
	const struct origin *again = ended_find(&r->before, name);

	if (again)
		die_data("%s:%" PRIu64 ": its group ended at %s:%" PRIu64 " (sort first, or leave out --contiguous)",
		         origin.file, origin.line, again->file, again->line);
	if (r->n) {
		rankings_end(r, r->group);
		ended_add(&r->before, (struct view){r->name, r->name_n}, r->last);
	}
	rankings_reach(r, 1);
	r->name = grow(r->name, &r->name_capacity, name.n + 1, 1);
	memcpy(r->name, name.at, name.n);
	r->name_n = name.n;
}

/* Ranks what waits, in the order it came: input_settle's. */
static inline void
rankings_settle(void *rankings)
{
	struct rankings *r = rankings;
	struct ranking *group[RANKINGS_WAITING], *enters[RANKINGS_WAITING]; /* these have something to make room */
	uint32_t id[RANKINGS_WAITING];
	size_t n = 0;

	for (size_t i = 0; i < r->n_waiting; i++)
		id[i] = keys_id_hashed(&r->names, r->waiting[i].name, r->waiting[i].hash, NULL);
	rankings_reach(r, r->names.n);
	for (size_t i = 0; i < r->n_waiting; i++) {
		group[i] = &r->group[id[i]];
		__builtin_prefetch(group[i]);
	}
	for (size_t i = 0; i < r->n_waiting; i++)
		if (group[i]->made && r->waiting[i].is.key > group[i]->least) {
			for (size_t at = 0; at < RANKINGS_FETCHED; at += 4)
				__builtin_prefetch(group[i]->place + at);
			enters[n++] = group[i];
		}
	for (size_t i = 0; i < n; i++) {
		const char *last = (const char *)enters[i]->place[enters[i]->made - 1].pick;

		for (size_t at = 0; at < RANKINGS_PICK; at += 64)
			__builtin_prefetch(last + at);
	}
	for (size_t i = 0; i < r->n_waiting; i++)
		ranking_add(group[i], &r->picks, &r->waiting[i].is, (size_t)r->k, (size_t)r->cap);
	r->n_waiting = 0;
}

/* A candidate of the group with this name, both valid until input_settle. */
static inline void
rankings_add(struct rankings *r, const struct candidate *c, struct view name)
{
	if (r->contiguous) {
		if (!r->n || !view_equal(name, (struct view){r->name, r->name_n}))
			rankings_begin(r, name, c->origin);
		r->last = c->origin;
		ranking_add(r->group, &r->picks, c, (size_t)r->k, (size_t)r->cap);
		return;
	}
	r->waiting[r->n_waiting] = (struct rankings_waiting){*c, name, XXH3_64bits(name.at, name.n)};
	keys_prefetch(&r->names, r->waiting[r->n_waiting].hash);
	if (++r->n_waiting == RANKINGS_WAITING)
		rankings_settle(r);
}

/* All is read: does with the rankings what is asked for, in the order in which their groups came, and forgets them. */
static inline void
rankings_finish(struct rankings *r)
{
	rankings_settle(r);
	for (size_t i = 0; i < r->n; i++) {
		rankings_end(r, &r->group[i]);
		ranking_free(&r->group[i]);
	}
	free(r->group);
	arena_free(&r->picks);
	keys_free(&r->names);
	free(r->name);
	ended_free(&r->before);
}

#endif

/*
 * spool.h - a compact temporary store of parsed records, for several passes in any order.
 *
 * A unit is what is read back together: a record, the group of a choice, the run of a session. Two files without a
 * name hold the units and where each starts; they go with the process. Read back, they are mapped.
 */
#ifndef WEIR_SPOOL_H
#define WEIR_SPOOL_H

#include <sys/mman.h>

#include "../num/random.h"
#include "batch.h"
#include "nameless.h"

struct spool {
	struct writer data, starts; /* words of 4 bytes; offsets of 8, in bytes of data */
	uint64_t n;                 /* units */
	uint64_t bytes;             /* of data */
	const char *map;            /* owned, as is start: once it is read back */
	const uint64_t *start;
};

static inline void
spool_init(struct spool *s)
{
	*s = (struct spool){0};
	writer_init(&s->data, nameless_file(), "temporary file");
	writer_init(&s->starts, nameless_file(), "temporary file");
}

static inline void
spool_put(struct spool *s, const void *words, size_t n)
{
	writer_put(&s->data, words, n * 4);
	s->bytes += n * 4;
}

/* Appends record i of a batch: to the last unit where it joins it, else as one. */
static inline void
spool_add(struct spool *s, const struct batch *b, size_t i, bool joins)
{
	size_t at = b->start[i], n = b->start[i + 1] - at;
	uint32_t count = (uint32_t)n;

	if (!joins) {
		writer_put(&s->starts, (const char *)&s->bytes, sizeof s->bytes);
		s->n++;
	}
	spool_put(s, &b->label[i], 1);
	spool_put(s, &b->weight[i], 1);
	spool_put(s, &count, 1);
	if (!b->features.rows)
		spool_put(s, b->features.index + at, n);
	spool_put(s, b->features.value + at, n);
}

static inline void *
spool_map(struct writer *w, uint64_t bytes)
{
	void *map;

	writer_flush(w);
	if (!bytes)
		return NULL;
	map = mmap(NULL, (size_t)bytes, PROT_READ, MAP_SHARED, w->fd, 0);
	if (map == MAP_FAILED)
		die_system("%s", w->name);
	return map;
}

/* All units are in: from here on they are read. */
static inline void
spool_rewind(struct spool *s)
{
	s->map = spool_map(&s->data, s->bytes);
	s->start = spool_map(&s->starts, s->n * sizeof *s->start);
}

/* Appends the records of unit i to a batch. */
static inline void
spool_read(const struct spool *s, uint64_t i, struct batch *b)
{
	const char *p = s->map + s->start[i], *end = s->map + (i + 1 < s->n ? s->start[i + 1] : s->bytes);

	while (p < end) {
		float label, weight;
		uint32_t n;

		memcpy(&label, p, 4);
		memcpy(&weight, p + 4, 4);
		memcpy(&n, p + 8, 4);
		p += 12;
		features_reserve(&b->features, n);
		if (!b->features.rows)
			memcpy(b->features.index + b->features.n, p, 4 * (size_t)n);
		p += b->features.rows ? 0 : 4 * (size_t)n;
		memcpy(b->features.value + b->features.n, p, 4 * (size_t)n);
		p += 4 * (size_t)n;
		b->features.n += n;
		batch_close_record(b, label, weight);
	}
}

/* So many units ahead of the one that is read, the next is looked up, and half as many ahead it is on its way. */
enum { SPOOL_AHEAD = 32 };

/* A way through all units: one after another, or, with an order that is not 0, in the random order of that number. */
struct spool_walk {
	const struct spool *spool;
	uint64_t order, next, found; /* units that were given; whose place is known */
	uint64_t place[SPOOL_AHEAD]; /* of units next to found: that of unit i is place[i mod SPOOL_AHEAD] */
};

static inline void
spool_walk(struct spool_walk *w, const struct spool *s, uint64_t order)
{
	*w = (struct spool_walk){.spool = s, .order = order};
}

/* Asks for the first lines of a unit's words. always_inline, as gcc drops a call of what only fetches. */
__attribute__((always_inline))
static inline void
spool_fetch(const struct spool *s, uint64_t place)
{
	enum { LINE = 64, LINES = 8 };
	const char *p = s->map + s->start[place];
	const uint64_t n = (place + 1 < s->n ? s->start[place + 1] : s->bytes) - s->start[place];

	for (uint64_t at = 0; at < n + LINE && at < LINES * LINE; at += LINE)
		__builtin_prefetch(p + at);
}

/* The next unit of a walk: false where there is none. */
static inline bool
spool_next(struct spool_walk *w, uint64_t *place)
{
	const uint64_t n = w->spool->n, halfway = w->next + SPOOL_AHEAD / 2;

	if (w->next >= n)
		return false;
	if (!w->order) {
		*place = w->next++;
		return true;
	}
	for (; w->found < n && w->found < w->next + SPOOL_AHEAD; w->found++) {
		uint64_t found = random_place(w->order, w->found, n);

		__builtin_prefetch(w->spool->start + found);
		w->place[w->found % SPOOL_AHEAD] = found;
	}
	if (halfway < n)
		spool_fetch(w->spool, w->place[halfway % SPOOL_AHEAD]);
	*place = w->place[w->next++ % SPOOL_AHEAD];
	return true;
}

static inline void
spool_free(struct spool *s)
{
	if (s->map)
		munmap((void *)(uintptr_t)s->map, (size_t)s->bytes);
	if (s->start)
		munmap((void *)(uintptr_t)s->start, (size_t)(s->n * sizeof *s->start));
	writer_close(&s->data);
	writer_close(&s->starts);
	*s = (struct spool){0};
}

#endif

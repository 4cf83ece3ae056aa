/*
 * interleaved.h - what parts write of their groups, put together in the order in which one process would have written it.
 *
 * Behind what it wrote a part leaves, of each group, which line of the input was the group's first, and where what it
 * wrote of it ends; then their number.
 */
#ifndef WEIR_INTERLEAVED_H
#define WEIR_INTERLEAVED_H

#include "parts.h"

struct interleaved_group {
	uint64_t ordinal; /* of the group's first line, from 1 */
	uint64_t end;     /* of what is written of it, in bytes */
};

/* All 0: nothing is written yet. */
struct interleaved {
	struct interleaved_group *group; /* owned: in the order of their ordinals */
	size_t n, capacity;
};

/* In a part: a group is written. */
static inline void
interleaved_add(struct interleaved *il, uint64_t ordinal, const struct writer *out)
{
	il->group = grow(il->group, &il->capacity, il->n + 1, sizeof *il->group);
	il->group[il->n++] = (struct interleaved_group){ordinal, out->written + out->n};
}

/* In a part: all are. */
static inline void
interleaved_end(struct interleaved *il, struct writer *out)
{
	uint64_t n = il->n;

	writer_put(out, (const char *)il->group, il->n * sizeof *il->group);
	writer_put(out, (const char *)&n, sizeof n);
	free(il->group);
}

/* What a part wrote, read back. */
struct interleaved_part {
	const char *map; /* owned, as is size */
	size_t size;
	const char *group, *groups_end; /* those that are still to be written; not aligned */
	uint64_t at;                    /* where the first of them begins */
};

static inline struct interleaved_part
interleaved_open(int fd)
{
	struct interleaved_part p = {0};
	struct stat s;
	uint64_t n;
	void *map;

	if (fstat(fd, &s) != 0 || (map = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_SHARED, fd, 0)) == MAP_FAILED)
		die_system("temporary file");
	p.map = map;
	p.size = (size_t)s.st_size;
	p.groups_end = p.map + p.size - sizeof n;
	memcpy(&n, p.groups_end, sizeof n);
	p.group = p.groups_end - n * sizeof(struct interleaved_group);
	return p;
}

/* The next group; past the last one its ordinal is above all others. */
static inline struct interleaved_group
interleaved_next(const struct interleaved_part *p)
{
	struct interleaved_group g = {UINT64_MAX, 0};

	if (p->group < p->groups_end)
		memcpy(&g, p->group, sizeof g);
	return g;
}

/* In the program, once the parts are done: writes what they wrote, group by group. */
static inline void
interleaved_write(const struct parts *parts, struct writer *out)
{
	struct interleaved_part part[PARTS_MOST];
	size_t n = parts->n;

	for (size_t i = 0; i < n; i++)
		part[i] = interleaved_open(parts->out[i]);
	for (;;) {
		struct interleaved_part *first = part;
		struct interleaved_group g = interleaved_next(first);

		for (size_t i = 1; i < n; i++) {
			struct interleaved_group other = interleaved_next(&part[i]);

			if (other.ordinal < g.ordinal) {
				g = other;
				first = &part[i];
			}
		}
		if (g.ordinal == UINT64_MAX)
			break;
		writer_put(out, first->map + first->at, (size_t)(g.end - first->at));
		first->at = g.end;
		first->group += sizeof g;
	}
	for (size_t i = 0; i < n; i++)
		munmap((void *)(uintptr_t)part[i].map, part[i].size);
}

#endif

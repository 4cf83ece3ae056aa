/*
 * texts.h - copies of byte strings, by number 0, 1, 2..., one after the other in one block.
 */
#ifndef WEIR_TEXTS_H
#define WEIR_TEXTS_H

#include "../cli.h"
#include "view.h"

/* All 0 is none. */
struct texts {
	size_t n;
	char *bytes; /* owned */
	size_t bytes_capacity;
	size_t *end; /* owned: end[i] is where text i ends in bytes */
	size_t end_capacity;
};

/* Text i, valid until one is added. */
static inline struct view
texts_at(const struct texts *t, size_t i)
{
	size_t start = i ? t->end[i - 1] : 0;

	return (struct view){t->bytes + start, t->end[i] - start};
}

static inline void
texts_add(struct texts *t, struct view text)
{
	size_t start = t->n ? t->end[t->n - 1] : 0;

	t->bytes = grow(t->bytes, &t->bytes_capacity, start + text.n + 1, 1);
	memcpy(t->bytes + start, text.at, text.n);
	t->end = grow(t->end, &t->end_capacity, t->n + 1, sizeof *t->end);
	t->end[t->n++] = start + text.n;
}

static inline void
texts_free(struct texts *t)
{
	free(t->bytes);
	free(t->end);
	*t = (struct texts){0};
}

#endif

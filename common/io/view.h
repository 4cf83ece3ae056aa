/*
 * view.h - bytes that belong to somebody else: a pointer and a length, with no NUL at the end.
 *
 * Views into a line are valid until the next line is read: to keep is to copy.
 */
#ifndef WEIR_VIEW_H
#define WEIR_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct view {
	const char *at;
	size_t n;
};

static inline struct view
view_of(const char *text)
{
	return (struct view){text, strlen(text)};
}

static inline bool
view_equal(struct view a, struct view b)
{
	return a.n == b.n && memcmp(a.at, b.at, a.n) == 0;
}

/* Order of bytes, as LC_ALL=C sort has it: negative, 0 or positive. */
static inline int
view_compare(struct view a, struct view b)
{
	int c = memcmp(a.at, b.at, a.n < b.n ? a.n : b.n);

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

#endif

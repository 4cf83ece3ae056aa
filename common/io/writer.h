/*
 * writer.h - bytes out, checked to the last one.
 */
#ifndef WEIR_WRITER_H
#define WEIR_WRITER_H

#include "../cli.h"
#include "number.h"
#include "view.h"

struct writer {
	int fd;
	const char *name; /* for messages */
	char *buffer;     /* owned */
	size_t n;         /* bytes that wait in it */
	uint64_t written; /* bytes before those */
};

enum { WRITER_BYTES = 1 << 16 };

static inline void
writer_init(struct writer *w, int fd, const char *name)
{
	*w = (struct writer){fd, name, allocate(WRITER_BYTES, 1), 0, 0};
}

static inline void
writer_bytes(struct writer *w, const char *p, size_t n)
{
	w->written += n;
	while (n) {
		ssize_t done = write(w->fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			die_system("%s", w->name);
		p += done;
		n -= (size_t)done;
	}
}

static inline void
writer_flush(struct writer *w)
{
	size_t n = w->n;

	w->n = 0;
	writer_bytes(w, w->buffer, n);
}

static inline void
writer_put(struct writer *w, const char *p, size_t n)
{
	if (n > WRITER_BYTES - w->n) {
		writer_flush(w);
		if (n > WRITER_BYTES) {
			writer_bytes(w, p, n);
			return;
		}
	}
	memcpy(w->buffer + w->n, p, n);
	w->n += n;
}

static inline void
writer_view(struct writer *w, struct view v)
{
	writer_put(w, v.at, v.n);
}

static inline void
writer_text(struct writer *w, const char *text)
{
	writer_put(w, text, strlen(text));
}

static inline void
writer_char(struct writer *w, char c)
{
	writer_put(w, &c, 1);
}

/* Nine significant digits. */
static inline void
writer_number(struct writer *w, double value)
{
	char text[NUMBER_MAX];

	writer_put(w, text, number_print(text, value));
}

/* A figure of a table, behind a TAB: as a number, or `?` where it cannot be told, as it is not finite. */
static inline void
writer_figure(struct writer *w, double figure)
{
	writer_char(w, '\t');
	if (isfinite(figure))
		writer_number(w, figure);
	else
		writer_char(w, '?');
}

static inline void
writer_whole(struct writer *w, uint64_t value)
{
	char text[NUMBER_MAX];

	writer_put(w, text, number_print_whole(text, value));
}

/* The letter behind the backslash for a byte that a field may not hold; NUL for every other byte. */
static inline char
escape_letter(char c)
{
	if (c > '\r' && c != '\\')
		return '\0'; /* most bytes */
	return c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\\' ? '\\' : '\0';
}

/* What an escaped character stands for, by its letter; NUL where it is none. */
static inline char
escape_plain(char letter)
{
	return letter == 't' ? '\t' : letter == 'n' ? '\n' : letter == 'r' ? '\r' : letter == '\\' ? '\\' : '\0';
}

/* A value that may hold anything, with TAB, newline, carriage return and backslash as \t \n \r \\. */
static inline void
writer_escaped(struct writer *w, struct view v)
{
	size_t from = 0;

	for (size_t i = 0; i < v.n; i++) {
		char letter = escape_letter(v.at[i]);

		if (!letter)
			continue;
		writer_put(w, v.at + from, i - from);
		writer_char(w, '\\');
		writer_char(w, letter);
		from = i + 1;
	}
	writer_put(w, v.at + from, v.n - from);
}

/* Flushes and closes; a byte that did not reach its place is an error. The last act of a filter. */
static inline void
writer_close(struct writer *w)
{
	writer_flush(w);
	free(w->buffer);
	if (close(w->fd) < 0)
		die_system("%s", w->name);
}

#endif

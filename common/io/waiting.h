/*
 * waiting.h - rows that wait in a file until all are read, each with an id that says whose it is.
 *
 * The file has no name and goes with the process. Rows come back in the order in which they went in.
 */
#ifndef WEIR_WAITING_H
#define WEIR_WAITING_H

#include "../cli.h"
#include "view.h"

struct waiting {
	FILE *file;
	char *row;       /* owned: the one that came back last */
	size_t capacity; /* of row */
};

/* What stands before a row in the file. */
struct waiting_head {
	uint32_t id;
	uint32_t n; /* bytes of the row, which follow */
};

static inline void
waiting_open(struct waiting *w)
{
	*w = (struct waiting){.file = tmpfile()};
	if (!w->file)
		die_system("temporary file");
}

static inline void
waiting_put(struct waiting *w, uint32_t id, struct view row)
{
	struct waiting_head head = {id, (uint32_t)row.n};

	if (fwrite(&head, sizeof head, 1, w->file) != 1 || fwrite(row.at, 1, row.n, w->file) != row.n)
		die_system("temporary file");
}

/* All rows are in: from here on they come back. */
static inline void
waiting_rewind(struct waiting *w)
{
	rewind(w->file);
}

/* The next row, valid until the one after it, and its id. False when all came back. */
static inline bool
waiting_next(struct waiting *w, uint32_t *id, struct view *row)
{
	struct waiting_head head;

	if (fread(&head, sizeof head, 1, w->file) != 1)
		return false;
	w->row = grow(w->row, &w->capacity, head.n, 1);
	if (fread(w->row, 1, head.n, w->file) != head.n)
		die_system("temporary file");
	*id = head.id;
	*row = (struct view){w->row, head.n};
	return true;
}

static inline void
waiting_close(struct waiting *w)
{
	if (ferror(w->file) || fclose(w->file))
		die_system("temporary file");
	free(w->row);
	*w = (struct waiting){0};
}

#endif

/*
 * kept.h - the columns of a row that go into a record as they are.
 */
#ifndef WEIR_KEPT_H
#define WEIR_KEPT_H

#include "column_list.h"
#include "rows.h"

struct kept {
	struct column_list list;
	const char *option; /* which names them */
	size_t *place;      /* owned: of each, from 0, once they are found */
	size_t n;           /* 0 before */
};

/* Reads which they are; NULL: none. */
static inline void
kept_choose(struct kept *kept, const char *columns, const char *option)
{
	kept->list = column_list_read(columns, option);
	kept->option = option;
}

/* Finds them, once a row is in hand. */
static inline void
kept_find(struct kept *kept, const struct rows *rows)
{
	kept->n = kept->list.n;
	kept->place = allocate(kept->n, sizeof *kept->place);
	for (size_t i = 0; i < kept->n; i++)
		kept->place[i] = rows_place(rows, kept->list.column[i], kept->option);
}

/* Writes them, each with a TAB behind it. */
static inline void
kept_put(const struct kept *kept, const struct rows *rows, struct writer *out)
{
	for (size_t i = 0; i < kept->n; i++) {
		rows_put(rows, out, rows->field[kept->place[i]]);
		writer_char(out, '\t');
	}
}

static inline void
kept_free(struct kept *kept)
{
	column_list_free(&kept->list);
	free(kept->place);
	*kept = (struct kept){0};
}

#endif

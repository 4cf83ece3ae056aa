/*
 * kept.h - the columns of a row that go into a record as they are.
 */
#ifndef WEIR_KEPT_H
#define WEIR_KEPT_H

#include "rows.h"

struct kept {
	size_t *place; /* owned: of each, from 0 */
	size_t n;
};

/* Finds the columns that an option names, separated by commas: itself a row of CSV. Once a row is in hand. */
static inline void
kept_find(struct kept *kept, const struct rows *rows, const char *columns, const char *option)
{
	struct csv_row names;
	struct view text = view_of(columns);
	size_t scanned = 0;

	csv_row_init(&names, ',');
	if (csv_row_state(text, ',', &scanned) != CSV_ROW_WHOLE)
		die_usage("--%s: a quote never closes: \"%.40s\"", option, columns);
	csv_row_parse(&names, text);
	kept->n = names.n;
	kept->place = allocate(kept->n, sizeof *kept->place);
	for (size_t i = 0; i < kept->n; i++) {
		char *name = text_of(names.field[i].at, names.field[i].n);

		kept->place[i] = rows_place(rows, name, option);
		free(name);
	}
	csv_row_free(&names);
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
	free(kept->place);
	*kept = (struct kept){0};
}

#endif

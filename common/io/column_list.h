/*
 * column_list.h - the columns that an option names, separated by commas: itself a row of CSV.
 */
#ifndef WEIR_COLUMN_LIST_H
#define WEIR_COLUMN_LIST_H

#include "csv.h"

struct column_list {
	char **column; /* owned, as its bytes are: names, or in records numbers */
	size_t n;
};

/* Reads the argument of an option, NULL where it was not given: then there are none. */
static inline struct column_list
column_list_read(const char *argument, const char *option)
{
	struct column_list list = {0};
	struct csv_row row;
	size_t scanned = 0;

	if (!argument)
		return list;
	csv_row_init(&row, ',');
	if (csv_row_state(view_of(argument), ',', &scanned) != CSV_ROW_WHOLE)
		die_usage("--%s: a quote never closes: \"%.40s\"", option, argument);
	csv_row_parse(&row, view_of(argument));
	list.n = row.n;
	list.column = allocate(list.n, sizeof *list.column);
	for (size_t i = 0; i < list.n; i++)
		list.column[i] = text_of(row.field[i].at, row.field[i].n);
	csv_row_free(&row);
	return list;
}

static inline void
column_list_free(struct column_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->column[i]);
	free(list->column);
	*list = (struct column_list){0};
}

#endif

/*
 * rows.h - a user's log, row by row: records by field number, or CSV with a header by column name.
 */
#ifndef WEIR_ROWS_H
#define WEIR_ROWS_H

#include "csv.h"
#include "record.h"

struct rows {
	/* set by the options table */
	bool csv;               /* CSV with a header, else records */
	const char *delimiter;  /* of CSV; given, it implies csv; NULL is a comma */

	struct input *in;
	struct record record;
	struct csv_row row;
	struct view line;       /* the row in hand as it came, without its line end */
	struct view *field;     /* its values; views into line or row */
	size_t n;
	char **name;            /* owned: the header; NULL for records */
	size_t n_names;
	char **headed;          /* in->file when the last header was read: each file has one */
	struct view header;     /* owned bytes: the header line as it came */
	char *plain;            /* owned: scratch of rows_plain */
	size_t plain_capacity;
};

/* The rows every program that reads rows has in its options table. */
#define ROWS_OPTIONS(rows)                                                                                  \
	{'C', "csv", NULL, "input is CSV with a header; columns go by name", CLI_FLAG, &(rows).csv, 0, 0},      \
	{'d', "delimiter", "CHAR", "as -C, with another delimiter (\\t for TAB)", CLI_TEXT, &(rows).delimiter, 0, 0}

static inline void
rows_open(struct rows *r, struct input *in)
{
	const char *d = r->delimiter ? r->delimiter : ",";

	if (strcmp(d, "\\t") == 0)
		d = "\t";
	if (strlen(d) != 1 || *d == '"' || *d == '\n')
		die_usage("--delimiter: not one character: \"%.40s\"", d);
	r->csv |= r->delimiter != NULL;
	r->in = in;
	if (r->csv)
		csv_row_init(&r->row, *d);
}

/*
 * The next row of CSV, blank lines skipped, broken rows refused; r->row has its values. A quote that never closes may
 * have taken in any number of rows: no --max-bad allows that.
 */
static inline bool
rows_csv(struct rows *r, struct view *line)
{
	while (input_line(r->in, line)) {
		size_t scanned = 0;
		enum csv_row_state state;
		struct fault fault = {0};

		if (line->n == 0) {
			r->in->skipped++;
			continue;
		}
		if (csv_row_cut(&r->row, *line))
			return true;
		state = csv_row_state(*line, r->row.delimiter, &scanned);
		while (state == CSV_ROW_OPEN && input_extend(r->in, line))
			state = csv_row_state(*line, r->row.delimiter, &scanned);
		if (state == CSV_ROW_WHOLE) {
			csv_row_parse(&r->row, *line);
			return true;
		}
		fault.rule = state == CSV_ROW_OPEN ? "a quote opens here and never closes"
		                                   : "text after the quote that closes a value";
		fault.value = *line;
		if (r->in->file != r->headed)
			die_data("%s:%" PRIu64 ": %s", r->in->name, r->in->line, fault.rule);
		if (state == CSV_ROW_OPEN)
			r->in->max_bad = 0;
		input_refuse(r->in, fault);
	}
	return false;
}

/*
 * The place, from 0, of a column: with CSV by name, else by field number (-1 is the last). To be called once a
 * row is in hand; a column that is not there is an error of the command line.
 */
static inline size_t
rows_place(const struct rows *r, const char *column, const char *option)
{
	for (size_t i = 0; i < r->n_names; i++)
		if (strcmp(r->name[i], column) == 0)
			return i;
	if (r->csv)
		die_usage("--%s: no column \"%.40s\" in the header", option, column);
	return record_column(&r->record, column, option);
}

/* Keeps the first header, a file's first row that is not blank; a later file must have the same. */
static inline void
rows_header(struct rows *r, struct view line)
{
	r->headed = r->in->file;
	if (r->name) {
		if (!view_equal(line, r->header))
			die_data("%s:%" PRIu64 ": its header is not that of the first file", r->in->name, r->in->line);
		return;
	}
	r->header = (struct view){memcpy(allocate(line.n, 1), line.at, line.n), line.n};
	r->n_names = r->row.n;
	r->name = allocate(r->n_names, sizeof *r->name);
	for (size_t i = 0; i < r->n_names; i++) {
		r->name[i] = text_of(r->row.field[i].at, r->row.field[i].n);
		for (size_t j = 0; j < i; j++)
			if (strcmp(r->name[i], r->name[j]) == 0)
				die_data("%s:%" PRIu64 ": two columns are named \"%.40s\"",
				         r->in->name, r->in->line, r->name[i]);
	}
	if (r->in->shard.n && r->in->shard.column)
		r->in->shard.place = rows_place(r, r->in->shard.column, r->in->shard.option);
}

/*
 * The next row, as many values in it as in the first or in the header; others are refused. With CSV the first
 * call reads the header too. False when all is read.
 */
static inline bool
rows_next(struct rows *r)
{
	struct view line;

	if (!r->csv) {
		bool more = record_next(r->in, &r->record, 1);

		r->line = r->record.line;
		r->field = r->record.field;
		r->n = r->record.n;
		return more;
	}
	while (rows_csv(r, &line)) {
		r->line = line;
		r->field = r->row.field;
		r->n = r->row.n;
		if (r->in->file != r->headed) {
			rows_header(r, line);
			r->in->skipped++;
		} else if (r->n == r->n_names) {
			if (input_takes(r->in, r->field[r->in->shard.place]))
				return true;
		} else {
			const char *rule = r->n < r->n_names ? "fewer values than the header has names"
			                                     : "more values than the header has names";

			input_refuse(r->in, (struct fault){.rule = rule, .value = line});
		}
	}
	return false;
}

/* A row that was kept, as rows_next gave it out, is in hand again. */
static inline void
rows_again(struct rows *r, struct view line)
{
	if (r->csv)
		csv_row_parse(&r->row, line);
	else
		record_split(&r->record, line);
	r->line = line;
	r->field = r->csv ? r->row.field : r->record.field;
	r->n = r->csv ? r->row.n : r->record.n;
}

/* How messages call a place: the column's name, or NULL in records. */
static inline const char *
rows_name(const struct rows *r, size_t place)
{
	return r->csv ? r->name[place] : NULL;
}

/* A value on its way into a record: from CSV it may hold anything and is escaped, from a record it is clean. */
static inline void
rows_put(const struct rows *r, struct writer *w, struct view value)
{
	if (r->csv)
		writer_escaped(w, value);
	else
		writer_view(w, value);
}

/*
 * A value of a file of records that is held against values of rows, or becomes one: where these are CSV, what rows_put
 * has escaped is undone. Valid until the next call.
 */
static inline struct view
rows_plain(struct rows *r, struct view value)
{
	size_t n = 0;

	if (!r->csv || !memchr(value.at, '\\', value.n))
		return value;
	r->plain = grow(r->plain, &r->plain_capacity, value.n, 1);
	for (size_t i = 0; i < value.n; i++) {
		char plain = value.at[i] == '\\' && i + 1 < value.n ? escape_plain(value.at[i + 1]) : '\0';

		r->plain[n++] = plain ? plain : value.at[i];
		i += plain != '\0';
	}
	return (struct view){r->plain, n};
}

/* What stands between the values of a row. */
static inline char
rows_separator(const struct rows *r)
{
	return r->csv ? r->row.delimiter : '\t';
}

/* A value on its way into a row of the same kind: in CSV it is quoted where it must be. */
static inline void
rows_write(const struct rows *r, struct writer *w, struct view value)
{
	bool quoted = false;

	for (size_t i = 0; r->csv && i < value.n; i++)
		quoted |= value.at[i] == rows_separator(r) || value.at[i] == '"' ||
		          value.at[i] == '\n' || value.at[i] == '\r';
	if (!quoted) {
		writer_view(w, value);
		return;
	}
	writer_char(w, '"');
	for (size_t i = 0; i < value.n; i++) {
		if (value.at[i] == '"')
			writer_char(w, '"');
		writer_char(w, value.at[i]);
	}
	writer_char(w, '"');
}

static inline void
rows_free(struct rows *r)
{
	for (size_t i = 0; i < r->n_names; i++)
		free(r->name[i]);
	free(r->name);
	free((void *)(uintptr_t)r->header.at);
	free(r->plain);
	record_free(&r->record);
	if (r->csv)
		csv_row_free(&r->row);
	*r = (struct rows){0};
}

#endif

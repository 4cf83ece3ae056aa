/*
 * csv.h - the CSV border: RFC 4180 rows over libcsv, with its traps closed.
 *
 * libcsv trims blanks, skips blank lines, takes a lone CR for the end of a row, and after an unclosed quote
 * swallows what follows without a word. So the rows are framed here, line by line, and libcsv sees one whole
 * row at a time, and only rows with quotes: line numbers are those of the file, and a broken row is refused alone,
 * byte for byte.
 */
#ifndef WEIR_CSV_H
#define WEIR_CSV_H

#include <csv.h>

#include "line.h"

enum { CSV_ROW_BYTES = 1 << 16 }; /* by which libcsv's buffer grows; by 128 it is copied over and over for a long value */

struct csv_row {
	struct csv_parser parser;
	char delimiter;
	char *bytes;         /* owned: the values of the row, unquoted, one after the other */
	size_t n_bytes, bytes_capacity;
	size_t *end;         /* owned: end[i] is where value i ends in bytes */
	size_t n, end_capacity;
	struct view *field;  /* owned: the values as views, once the row is whole */
	size_t field_capacity;
};

/* csv_parse's callback for one value. */
static inline void
csv_row_value(void *value, size_t n, void *row)
{
	struct csv_row *r = row;

	r->bytes = grow(r->bytes, &r->bytes_capacity, r->n_bytes + n + 1, 1);
	if (n)
		memcpy(r->bytes + r->n_bytes, value, n);
	r->n_bytes += n;
	r->end = grow(r->end, &r->end_capacity, r->n + 1, sizeof *r->end);
	r->end[r->n++] = r->n_bytes;
}

static inline int
csv_row_no_blank(unsigned char c)
{
	(void)c;
	return 0;
}

static inline int
csv_row_newline(unsigned char c)
{
	return c == '\n';
}

static inline void
csv_row_init(struct csv_row *r, char delimiter)
{
	*r = (struct csv_row){.delimiter = delimiter};
	if (csv_init(&r->parser, 0) != 0)
		die_system("libcsv");
	csv_set_blk_size(&r->parser, CSV_ROW_BYTES);
	csv_set_delim(&r->parser, (unsigned char)r->delimiter);
	csv_set_space_func(&r->parser, csv_row_no_blank);
	csv_set_term_func(&r->parser, csv_row_newline);
}

static inline void
csv_row_free(struct csv_row *r)
{
	csv_free(&r->parser);
	free(r->bytes);
	free(r->end);
	free(r->field);
	*r = (struct csv_row){0};
}

enum csv_row_state {
	CSV_ROW_WHOLE,
	CSV_ROW_OPEN,  /* a quote is open at the end of the line: the row goes on in the next */
	CSV_ROW_BROKEN /* a quote closes and the value goes on */
};

/*
 * Whether a line is a whole row. A quote opens a value at its start only, and is doubled inside; anywhere else
 * in an unquoted value it is a character like others. *scanned is 0 at first; where the row was open and the
 * line has grown, the scan goes on from there.
 */
static inline enum csv_row_state
csv_row_state(struct view line, char delimiter, size_t *scanned)
{
	enum { START, PLAIN, QUOTED, CLOSED } state = *scanned ? QUOTED : START;
	size_t i = *scanned;

	*scanned = line.n;
	if (!i && (!line.n || !memchr(line.at, '"', line.n)))
		return CSV_ROW_WHOLE;
	for (; i < line.n; i++) {
		char c = line.at[i];

		if (state == QUOTED)
			state = c == '"' ? CLOSED : QUOTED;
		else if (c == delimiter)
			state = START;
		else if (c == '"' && state != PLAIN)
			state = QUOTED;
		else if (state == CLOSED)
			return CSV_ROW_BROKEN;
		else
			state = PLAIN;
	}
	return state == QUOTED ? CSV_ROW_OPEN : CSV_ROW_WHOLE;
}

/* Where a line has no quote it is a whole row, and cut at its delimiters: all that libcsv would do. False where it has. */
static inline bool
csv_row_cut(struct csv_row *r, struct view line)
{
	if (memchr(line.at, '"', line.n))
		return false;
	r->n = line_cut(line, r->delimiter, &r->field, &r->field_capacity);
	return true;
}

/* The values of a whole row into r->field, views of the row or of the line. */
static inline void
csv_row_parse(struct csv_row *r, struct view line)
{
	size_t from = 0;

	if (csv_row_cut(r, line))
		return;
	r->n = r->n_bytes = 0;
	if (csv_parse(&r->parser, line.at, line.n, csv_row_value, NULL, r) != line.n ||
	    csv_fini(&r->parser, csv_row_value, NULL, r) != 0)
		die_system("libcsv: %s", csv_strerror(csv_error(&r->parser)));
	r->field = grow(r->field, &r->field_capacity, r->n + 1, sizeof *r->field);
	for (size_t i = 0; i < r->n; i++) {
		r->field[i] = (struct view){r->bytes + from, r->end[i] - from};
		from = r->end[i];
	}
}

#endif

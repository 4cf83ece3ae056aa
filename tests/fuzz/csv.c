/*
 * csv.c - rows of any bytes: framed line by line as by the whole, and cut as a plain reading of RFC 4180 cuts them.
 * The first byte chooses the delimiter.
 */
#include "../../common/io/csv.h"

/* The row at the start of text, line by line as rows.h does it: its length and its state. */
static enum csv_row_state
frame(struct view text, char delimiter, size_t *n)
{
	enum csv_row_state state = CSV_ROW_OPEN;
	size_t scanned = 0, end = 0;

	do {
		const char *newline = memchr(text.at + end, '\n', text.n - end);

		end = newline ? (size_t)(newline - text.at) : text.n;
		state = csv_row_state((struct view){text.at, end}, delimiter, &scanned);
		*n = end++;
	} while (state == CSV_ROW_OPEN && end <= text.n);
	return state;
}

/* The next value of a whole row from *at on, in memory of the caller's; *at moves behind its delimiter. */
static size_t
next_value(struct view row, char delimiter, size_t *at, char *value)
{
	size_t i = *at, n = 0;

	if (i < row.n && row.at[i] == '"') {
		for (i++; row.at[i] != '"' || (i + 1 < row.n && row.at[i + 1] == '"'); i++) {
			i += row.at[i] == '"';
			value[n++] = row.at[i];
		}
		i++;
	} else {
		while (i < row.n && row.at[i] != delimiter)
			value[n++] = row.at[i++];
	}
	if (i < row.n && row.at[i] != delimiter)
		abort();
	*at = i + 1;
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct csv_row rows[3];
	static const char delimiters[3] = ",;\t";
	struct csv_row *r;
	struct view row;
	size_t scanned = 0, at = 0;
	enum csv_row_state state;
	char *value;

	if (n < 2)
		return 0;
	r = &rows[*data % 3];
	if (!r->delimiter)
		csv_row_init(r, delimiters[*data % 3]);
	row.at = (const char *)data + 1;
	state = frame((struct view){row.at, n - 1}, r->delimiter, &row.n);
	if (csv_row_state(row, r->delimiter, &scanned) != state)
		abort();
	if (state != CSV_ROW_WHOLE || !row.n)
		return 0;
	csv_row_parse(r, row);
	value = allocate(row.n, 1);
	for (size_t i = 0; i < r->n; i++) {
		size_t n_value = next_value(row, r->delimiter, &at, value);

		if (!view_equal(r->field[i], (struct view){value, n_value}))
			abort();
	}
	if (at != row.n + 1)
		abort();
	free(value);
	return 0;
}

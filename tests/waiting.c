/* waiting.c - rows come back as they went in: in their order, with their ids, whatever their bytes. */
#include "../common/io/waiting.h"
#include "tap.h"

enum { ROWS = 1000 };

/* Row i: its length goes up and down, and its bytes are any. */
static struct view
row_of(uint32_t i)
{
	static char bytes[4096];
	size_t n = i * 7919 % sizeof bytes;

	for (size_t k = 0; k < n; k++)
		bytes[k] = (char)(i * 31 + k);
	return (struct view){bytes, n};
}

/* How many rows come back before one that is another. */
static uint32_t
returned(struct waiting *w)
{
	uint32_t n = 0, id;
	struct view row;

	while (waiting_next(w, &id, &row) && id == UINT32_MAX - n && view_equal(row, row_of(n)))
		n++;
	return n;
}

int
main(void)
{
	struct waiting w;
	struct view row;
	uint32_t id;

	waiting_open(&w);
	waiting_rewind(&w);
	tap_ok(!waiting_next(&w, &id, &row), "where none went in, none comes back");
	waiting_close(&w);
	waiting_open(&w);
	for (uint32_t i = 0; i < ROWS; i++)
		waiting_put(&w, UINT32_MAX - i, row_of(i));
	for (int pass = 0; pass < 2; pass++) {
		waiting_rewind(&w);
		tap_ok(returned(&w) == ROWS, "%d rows come back, in order, with NULs, newlines and empty ones: pass %d", ROWS, pass);
		tap_ok(!waiting_next(&w, &id, &row), "and no more");
	}
	waiting_close(&w);
	tap_ok(!w.file && !w.row, "closed, it has nothing");
	return tap_done();
}

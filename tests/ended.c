/* ended.c - groups that come again are found: all while there are few, of many a sample that stays small. */
#include "../common/io/ended.h"
#include "tap.h"

static struct view
name_of(uint32_t i)
{
	static char text[16];

	return (struct view){text, (size_t)snprintf(text, sizeof text, "g%" PRIu32, i)};
}

/* Of the groups from..to-1, how many are known, each with its own last line. */
static uint32_t
known(const struct ended *e, uint32_t from, uint32_t to)
{
	uint32_t n = 0;

	for (uint32_t i = from; i < to; i++) {
		const struct origin *last = ended_find(e, name_of(i));

		n += last && last->line == i + 1;
	}
	return n;
}

int
main(void)
{
	enum { MANY = 1000000 };
	struct ended e = {0};
	uint32_t n = 0, most = 0;

	tap_ok(!ended_find(&e, name_of(0)), "at first none has ended");
	for (; n < ENDED_MOST; n++)
		ended_add(&e, name_of(n), (struct origin){"file", n + 1, n + 1});
	tap_ok(known(&e, 0, n) == ENDED_MOST, "the first %d are known, and where they ended", ENDED_MOST);
	tap_ok(known(&e, n, 2 * n) == 0, "others are not");
	for (; n < MANY; n++) {
		ended_add(&e, name_of(n), (struct origin){"file", n + 1, n + 1});
		most = e.names.n > most ? e.names.n : most;
	}
	tap_ok(most == ENDED_MOST, "of %d no more are kept", MANY);
	tap_ok(known(&e, 0, n) == e.names.n && e.names.n > ENDED_MOST / 3, "a sample is known: %" PRIu32, e.names.n);
	tap_ok(known(&e, 0, n / 2) > e.names.n * 2 / 5 && known(&e, n / 2, n) > e.names.n * 2 / 5,
	       "of early ones as of late ones");
	tap_ok(known(&e, n, 2 * n) == 0, "others are not");
	ended_free(&e);
	ended_free(&e);
	return tap_done();
}

/* keys.c - ids are dense, stable and found again; keys are bytes, of any kind; their order is that of bytes. */
#include "../common/io/keys.h"
#include "tap.h"

static void
test_small(void)
{
	struct keys k = {0};
	struct view nul = {"a\0b", 3}, other = {"a\0c", 3}, nothing = {"", 0};
	bool fresh;
	uint32_t id;

	tap_ok(!keys_find(&k, view_of("a"), &id), "an empty table has no key");
	tap_ok(keys_id(&k, view_of("b"), &fresh) == 0 && fresh, "the first key has id 0");
	tap_ok(keys_id(&k, view_of("a"), NULL) == 1, "the second has id 1");
	tap_ok(keys_id(&k, view_of("b"), &fresh) == 0 && !fresh, "a key seen again keeps its id");
	tap_ok(keys_id(&k, nul, NULL) == 2, "a NUL is data");
	tap_ok(keys_id(&k, nothing, NULL) == 3 && keys_id(&k, nothing, &fresh) == 3 && !fresh, "so is an empty key");
	tap_ok(view_equal(keys_text(&k, 2), nul) && keys_text(&k, 3).n == 0, "and both come back as they were");
	tap_ok(keys_find(&k, nul, &id) && id == 2, "a key is found");
	tap_ok(!keys_find(&k, other, &id), "one that differs behind a NUL is not");
	tap_ok(k.n == 4, "four different keys are four");
	keys_free(&k);
	keys_free(&k);
}

/* Two keys whose hashes agree where the table looks: made by hand, as none is known. */
static void
test_collision(void)
{
	struct keys k = {0};
	struct view a = view_of("long key a"), b = view_of("long key b");
	uint64_t hash = XXH3_64bits(a.at, a.n);
	uint32_t id;

	keys_id(&k, b, NULL);
	k.cell[hash & (k.n_cells - 1)] = (struct keys_cell){hash, (uint32_t)a.n, 1};
	tap_ok(!keys_find(&k, a, &id), "equal hashes do not make equal keys");
	tap_ok(keys_id(&k, a, NULL) == 1 && keys_find(&k, a, &id) && id == 1,
	       "a key with the hash of another gets its own id");
	keys_free(&k);
}

/* Keys of every length to 8, all bytes of which are equal but for one: each is told from all others by its cell. */
static void
test_short(void)
{
	enum { LONGEST = 8, N = (LONGEST + 1) * (LONGEST + 2) / 2 };
	static char bytes[N][LONGEST];
	struct view text[N];
	struct keys_cell cell[N];
	size_t n = 0, equal = 0;

	for (size_t length = 0; length <= LONGEST; length++)
		for (size_t i = 0; i <= length; i++) { /* where i is length none differs */
			if (i < length)
				bytes[n][i] = '\xff';
			text[n] = (struct view){bytes[n], length};
			cell[n] = keys_cell_of(text[n], 0);
			n++;
		}
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			equal += keys_cell_holds(&(struct keys){0}, &cell[i], &cell[j], text[j]);
	tap_ok(n == N && equal == N, "%d short keys are told apart by their cells", N);
}

static void
test_order(void)
{
	static const char *const text[] = {"b", "a", "ab", "\xff", "B", "", "a\tb", "10", "9", "12345678b", "12345678a", "12345678",
	                                   "abcdefghb", "abcdefgha"};
	static const uint32_t expected[] = {5, 7, 11, 10, 9, 8, 4, 1, 6, 2, 13, 12, 0, 3};
	enum { N = sizeof text / sizeof *text };
	struct keys k = {0};
	struct keys_entry *sorted;
	bool equal = true;

	for (size_t i = 0; i < N; i++)
		keys_id(&k, view_of(text[i]), NULL);
	sorted = keys_sorted(&k);
	for (size_t i = 0; i < N; i++)
		equal = equal && sorted[i].id == expected[i] && view_equal(sorted[i].text, view_of(text[expected[i]]));
	tap_ok(equal, "keys sort as bytes, 255 last");
	free(sorted);
	keys_free(&k);
}

static void
test_many(void)
{
	enum { N = 300000 };
	struct keys k = {0};
	bool dense = true, found = true, absent = true, kept = true;
	char text[16];
	uint32_t id = 0;

	for (uint32_t i = 0; i < N; i++) {
		snprintf(text, sizeof text, "key %u", i);
		dense = dense && keys_id(&k, view_of(text), NULL) == i;
	}
	for (uint32_t i = 0; i < N; i++) {
		snprintf(text, sizeof text, "key %u", i);
		found = found && keys_find(&k, view_of(text), &id) && id == i;
		kept = kept && view_equal(keys_text(&k, i), view_of(text));
		snprintf(text, sizeof text, "Key %u", i);
		absent = absent && !keys_find(&k, view_of(text), &id);
	}
	tap_ok(dense, "%d keys get the ids 0 to %d while the table grows", N, N - 1);
	tap_ok(found && kept, "all are found, and keep their bytes");
	tap_ok(absent, "no other is");
	tap_ok(k.n_cells * 3 >= 4 * (size_t)k.n, "at most three quarters of the cells are full");
	keys_free(&k);
}

int
main(void)
{
	test_small();
	test_collision();
	test_short();
	test_order();
	test_many();
	return tap_done();
}

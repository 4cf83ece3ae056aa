/*
 * trec.c - lines of words with any number of blanks between are cut as they are byte by byte.
 */
#include "../common/io/trec.h"
#include "tap.h"

static bool
blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
cut_plainly(struct view line, size_t n, struct view *word)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		while (at < line.n && blank(line.at[at]))
			at++;
		word[i].at = line.at + at;
		while (at < line.n && !blank(line.at[at]))
			at++;
		word[i].n = (size_t)(line.at + at - word[i].at);
		if (!word[i].n)
			return false;
	}
	return true;
}

int
main(void)
{
	enum { LONGEST = 70, LINES = 200000, WORDS = 6 };
	uint64_t state = 1;
	size_t wrong = 0, whole = 0;

	for (size_t i = 0; i < LINES; i++) {
		struct view line = {NULL, i % (LONGEST + 1)}, got[WORDS], expected[WORDS];
		size_t n = 1 + i % WORDS;
		char *bytes = allocate(line.n, 1); /* a block of their own, so that a read past the end is seen */
		bool is_whole;

		for (size_t j = 0; j < line.n; j++) {
			state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
			bytes[j] = state >> 60 < i % 16 ? " \t"[state >> 33 & 1] : "x\xa0\n!"[state >> 33 & 3];
		}
		line.at = bytes;
		is_whole = trec_cut(line, n, got);
		whole += is_whole;
		wrong += is_whole != cut_plainly(line, n, expected);
		for (size_t j = 0; is_whole && j < n; j++)
			wrong += got[j].at != expected[j].at || got[j].n != expected[j].n;
		free(bytes);
	}
	tap_ok(wrong == 0, "%d lines are cut as they are byte by byte", LINES);
	tap_ok(whole > LINES / 4 && whole < LINES - LINES / 4, "some have the words that are asked for, some do not");
	return tap_done();
}

/* formula.h and tokens.h on strange formulas: every one is parsed, or refused with a place inside it; none does harm. */
#include "../common/io/formula.h"
#include "../common/io/tokens.h"
#include "../common/num/random.h"
#include "tap.h"

/* Pieces that formulas are made of, and some that they are not. */
static const char *const pieces[] = {
	"a", "b", "`c d`", "y", "~", "+", ":", "*", "(", ")", ",", " ", "num(", "log1p(", "sqrt(a)", "scale(", "bin(", "log2bin(b)",
	"split(", "words(a)", "ngrams(a,", "hour(", "weekday(b)", "index(", "dense(", "na(a)", "1", "2", "-0.5", "1e9", "\"|\"", "'x'",
	"\"", "`", "<", ">=", "==", "\xff", "\n",
};

static char *names[] = {"a", "b", "c d", "y"};

static void
formula_random(char *text, uint64_t seed)
{
	size_t n = 1 + random_bits(seed, 0) % 16;

	*text = '\0';
	for (size_t i = 1; i <= n; i++)
		strcat(text, pieces[random_bits(seed, i) % (sizeof pieces / sizeof *pieces)]);
}

/* A row of small cells through the formula. */
static bool
row_random(struct formula *f, uint64_t seed)
{
	static const char *const cells[] = {"", "3", "-1", "a|b c", "2016-02-29T12:00", "0", "1e30", "\xc3\xa9 X"};
	struct keys lines = {0};
	struct view field[4], label;
	struct tokens t;
	struct fault fault;
	bool known;

	for (size_t i = 0; i < 4; i++)
		field[i] = view_of(cells[random_bits(seed, 100 + i) % 8]);
	tokens_init(&t, f, &lines, seed % 2);
	known = label_row(&f->label, field, &label, &fault) && tokens_row(&t, field, &fault);
	tokens_free(&t);
	return known || fault.rule;
}

int
main(void)
{
	int parsed = 0, refused = 0, outside = 0, silent = 0;

	for (uint64_t seed = 0; seed < 200000; seed++) {
		char text[512];
		struct formula f = {0};
		bool good;

		formula_random(text, seed);
		good = formula_parse(&f, text) && formula_bind(&f, names, 4);
		parsed += good;
		refused += !good;
		outside += !good && (!f.rule || f.wrong_at > strlen(text));
		for (uint64_t i = 0; good && i < 4; i++)
			silent += !row_random(&f, seed + i);
		formula_free(&f);
	}
	tap_ok(parsed > 1000 && refused > 1000, "some are parsed (%d), some are refused (%d)", parsed, refused);
	tap_ok(outside == 0, "every refusal has a reason and a place in the formula (%d have not)", outside);
	tap_ok(silent == 0, "every refused row has a reason (%d have not)", silent);
	return tap_done();
}

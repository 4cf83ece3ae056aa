/*
 * record.c - fields and label of a line: what is taken, what is refused and with which words.
 */
#include "../common/io/record.h"
#include "tap.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void
test_split(void)
{
	static const struct {
		const char *line;
		size_t n;
		const char *field[4];
	} cases[] = {
		{"a\tb\tc", 3, {"a", "b", "c"}}, {"a", 1, {"a"}}, {"", 1, {""}}, {"\t", 2, {"", ""}},
		{"\ta\t\t", 4, {"", "a", "", ""}}, {"a b\tc", 2, {"a b", "c"}},
	};
	struct record r = {0};

	for (size_t i = 0; i < COUNT(cases); i++) {
		bool same;

		record_split(&r, view_of(cases[i].line));
		same = r.n == cases[i].n;
		for (size_t j = 0; same && j < r.n; j++)
			same = view_equal(r.field[j], view_of(cases[i].field[j]));
		tap_ok(same, "line %zu splits into %zu fields", i, cases[i].n);
	}
	record_split(&r, view_of("a\tb\tc\td"));
	tap_ok(record_place(&r, 1, "group") == 0 && record_place(&r, 4, "group") == 3 &&
	       record_place(&r, -1, "group") == 3 && record_place(&r, -4, "group") == 0, "places from either end");
	record_free(&r);
}

static FILE *
stdin_holds(const char *text)
{
	FILE *f = tmpfile();

	if (!f || fputs(text, f) < 0 || fflush(f) != 0 || fseek(f, 0, SEEK_SET) != 0 || dup2(fileno(f), STDIN_FILENO) < 0)
		die_system("temporary file");
	files.standard = false; /* it is another one */
	return f;
}

/* Blank lines, too few fields and another number of fields than the first are refused, and reading goes on. */
static void
test_next(void)
{
	struct input in = INPUT_DEFAULTS;
	struct record r = {0};
	FILE *f = stdin_holds("a\n\na\tb\n1\t2\tx\n\n1\t2\n1\t2\t3\t4\n5\t6\ty\n");

	in.max_bad = 99;
	input_open(&in, 0, NULL, 0, NULL);
	tap_ok(record_next(&in, &r, 3) && in.line == 4 && in.bad == 3, "a record has the least number of fields");
	tap_ok(record_next(&in, &r, 3) && in.line == 8 && in.bad == 6 && view_equal(r.field[2], view_of("y")),
	       "all records have as many as the first");
	tap_ok(!record_next(&in, &r, 3) && in.bad == 6, "until all is read");
	input_close(&in);
	record_free(&r);
	fclose(f);
}

static void
test_blank(void)
{
	struct input in = INPUT_DEFAULTS;
	struct record r = {0};
	FILE *f = stdin_holds("\na\n\n");

	in.max_bad = 99;
	input_open(&in, 0, NULL, 0, NULL);
	tap_ok(record_next(&in, &r, 1) && in.line == 2 && !record_next(&in, &r, 1) && in.bad == 2,
	       "a blank line is no record of one empty field");
	input_close(&in);
	record_free(&r);
	fclose(f);
}

static void
test_label(void)
{
	static const struct {
		const char *text;
		uint32_t classes;
		float label;
		const char *rule; /* NULL: it is a label */
	} cases[] = {
		{"1", LABEL_BINARY, 1, NULL}, {"0", LABEL_BINARY, 0, NULL}, {"1.0", LABEL_BINARY, 1, NULL},
		{"2", LABEL_BINARY, 0, "neither 0 nor 1"}, {"-1", LABEL_BINARY, 0, "neither 0 nor 1"},
		{"0.5", LABEL_BINARY, 0, "neither 0 nor 1"}, {"1e300", LABEL_BINARY, 0, "too large"},
		{"-1e31", LABEL_ANY, 0, "too large"},
		{"9", 10, 9, NULL}, {"10", 10, 0, "not a class of the model"}, {"1.5", 10, 0, "not a class of the model"},
		{"-2.5", LABEL_ANY, -2.5f, NULL}, {"?", LABEL_ANY, 0, "unknown, where one is needed"},
		{"", LABEL_ANY, 0, "not a number"}, {"nan", LABEL_ANY, 0, "not a number"}, {"1,5", 2, 0, "not a number"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fault fault;
		float label = 0;
		bool taken = label_parse(view_of(cases[i].text), cases[i].classes, &label, &fault);

		tap_ok(taken == !cases[i].rule && tap_same(fault.rule, cases[i].rule) && label == cases[i].label,
		       "label \"%s\" of %u classes: %s", cases[i].text, cases[i].classes, taken ? "taken" : fault.rule);
	}
}

int
main(void)
{
	cli_program = "record";
	test_split();
	test_next();
	test_blank();
	test_label();
	return tap_done();
}

/*
 * record.c - fields, labels and features of a line: what is taken, what is refused and with which words.
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

static bool
says(const char *got, const char *expected)
{
	return got == expected || (got && expected && strcmp(got, expected) == 0);
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

		tap_ok(taken == !cases[i].rule && says(fault.rule, cases[i].rule) && label == cases[i].label,
		       "label \"%s\" of %u classes: %s", cases[i].text, cases[i].classes, taken ? "taken" : fault.rule);
	}
}

static void
test_features(void)
{
	static const struct {
		const char *text;
		size_t n;
		uint32_t index[3];
		float value[3];
		const char *rule; /* NULL: they are features */
	} cases[] = {
		{"", 0, {0}, {0}, NULL},
		{"5", 1, {5}, {1}, NULL},
		{"5:0.5 7 1:-2e1", 3, {5, 7, 1}, {0.5f, 1, -20}, NULL},
		{"99", 1, {99}, {1}, NULL},
		{"3 4:2 3:0.25 3", 2, {3, 4}, {2.25f, 2}, NULL},
		{"0 1:0", 2, {0, 1}, {1, 0}, NULL},
		{"=", 0, {0}, {0}, NULL},
		{"=1 0 -3.5", 2, {0, 2}, {1, -3.5f}, NULL},
		{"100", 0, {0}, {0}, "index is beyond the model's"},
		{"1 4294967296:2", 0, {0}, {0}, "index is beyond the model's"},
		{"99999999999999999999", 0, {0}, {0}, "not index[:value]"},
		{"a", 0, {0}, {0}, "not index[:value]"}, {"1 -2", 0, {0}, {0}, "not index[:value]"},
		{"1  2", 0, {0}, {0}, "not index[:value]"}, {" 1", 0, {0}, {0}, "not index[:value]"},
		{"1 ", 0, {0}, {0}, "not index[:value]"}, {"1:2 ", 0, {0}, {0}, "not index[:value]"},
		{"1;2", 0, {0}, {0}, "not index[:value]"}, {":2", 0, {0}, {0}, "not index[:value]"},
		{"1:", 0, {0}, {0}, "not a number"}, {"1:x", 0, {0}, {0}, "not a number"},
		{"1:2:3", 0, {0}, {0}, "not a number"}, {"1:nan", 0, {0}, {0}, "not a number"},
		{"1:1e31", 0, {0}, {0}, "too large"}, {"1:0x1", 0, {0}, {0}, "not a number"},
		{"=1  2", 0, {0}, {0}, "not a number"}, {"=1 ", 0, {0}, {0}, "ends in a space"},
		{"=1 x", 0, {0}, {0}, "not a number"},
	};
	struct features f = {0};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fault fault;
		bool taken, same;

		f.n = 0;
		taken = features_parse(&f, view_of(cases[i].text), 100, &fault);
		same = f.n == cases[i].n;
		for (size_t j = 0; taken && same && j < f.n; j++)
			same = f.index[j] == cases[i].index[j] && f.value[j] == cases[i].value[j];
		tap_ok(taken ? same && !cases[i].rule : says(fault.rule, cases[i].rule), "features \"%s\": %s",
		       cases[i].text, taken ? "taken" : fault.rule);
	}
	features_free(&f);
}

/* More features than a set starts with room for, each twice: they add up, in the order they came. */
static void
test_many_features(void)
{
	enum { MANY = 1000, BYTES = MANY * 2 * 16 };
	char *text = allocate(BYTES, 1);
	size_t n = 0;
	struct features f = {0};
	struct fault fault;
	bool same = true;

	for (int i = 0; i < 2 * MANY; i++)
		n += (size_t)snprintf(text + n, BYTES - n, "%s%d:%d", i ? " " : "", (i % MANY) * 4096, i);
	same = features_parse(&f, (struct view){text, n}, 1u << 22, &fault) && f.n == MANY;
	for (uint32_t i = 0; i < MANY && same; i++)
		same = f.index[i] == i * 4096 && f.value[i] == (float)(2 * i + MANY);
	tap_ok(same, "%d features that come twice add up", MANY);
	same = features_parse(&f, view_of("4096 8192 4096"), 1u << 22, &fault);
	tap_ok(same && f.n == MANY + 2 && f.index[MANY] == 4096 && f.value[MANY] == 2 && f.index[MANY + 1] == 8192,
	       "the features of the next record come behind them and apart");
	free(text);
	text = allocate(4, 1);
	memcpy(text, "=1 2", 4);
	tap_ok(!features_parse(&f, (struct view){text, 4}, 1, &fault) && says(fault.rule, "more values than the model has inputs"),
	       "dense features have no more values than the model has inputs");
	free(text);
	features_free(&f);
}

/* The last index of a field, which is read together with the bytes before it. */
static void
test_last_feature(void)
{
	struct features f = {0};
	struct fault fault;
	bool good = features_parse(&f, view_of("1048576 12"), 1u << 22, &fault) && f.n == 2 && f.index[1] == 12;

	good &= features_parse(&f, view_of("12345 4194303"), 1u << 22, &fault) && f.n == 4 && f.index[3] == 4194303;
	good &= features_parse(&f, view_of("1048577 12:3"), 1u << 22, &fault) && f.n == 6 && f.value[5] == 3;
	tap_ok(good && f.value[1] == 1 && f.value[3] == 1, "the last index is read as others are");
	tap_ok(!features_parse(&f, view_of("1048576 12x"), 1u << 22, &fault) &&
	       !features_parse(&f, view_of("1048576 12:"), 1u << 22, &fault) &&
	       !features_parse(&f, view_of("12345 4194304"), 1u << 22, &fault) && f.n == 6, "and refused as others are");
	features_free(&f);
}

int
main(void)
{
	cli_program = "record";
	test_last_feature();
	test_split();
	test_next();
	test_blank();
	test_label();
	test_features();
	test_many_features();
	return tap_done();
}

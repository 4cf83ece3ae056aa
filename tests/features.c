/*
 * features.c - the features of a record: what is taken, what is refused and with which words.
 */
#include "../common/io/features.h"
#include "tap.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

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
		tap_ok(taken ? same && !cases[i].rule : tap_same(fault.rule, cases[i].rule), "features \"%s\": %s",
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
	tap_ok(!features_parse(&f, (struct view){text, 4}, 1, &fault) &&
	       tap_same(fault.rule, "more values than the model has inputs"),
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

/* Appends a value as people write them, in one of many forms, and returns how long it is. */
static size_t
random_value(char *to, size_t size)
{
	static const char *const form[] = {"%.0f", "%.1f", "%.3f", "%.4f", "%.5f", "%.7f", "%.12f", "%g", "%.3g", "%e"};
	static uint64_t state = 1;
	double value;

	state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
	value = (double)(state >> 40) / (1 << 24) * number_power10[state >> 36 & 3];
	value = state >> 34 & 1 ? value : state >> 35 & 1 ? -value : 0;
	return (size_t)snprintf(to, size, form[(state >> 38) % COUNT(form)], value);
}

/* Dense values, joined, in memory that ends with them, so that a read past the end is seen: each is as it is alone. */
static void
test_dense(void)
{
	enum { MOST = 100, FIELDS = 20000, BYTES = MOST * 32 };
	size_t wrong = 0;
	struct features row = {.rows = true}, sparse = {0};

	for (uint32_t i = 0; i < FIELDS; i++) {
		const uint32_t k = 1 + i % MOST;
		char joined[BYTES] = "=", *text;
		float value[MOST];
		size_t n = 1, found = 0;
		struct fault fault;

		for (uint32_t j = 0; j < k; j++) {
			size_t length = random_value(joined + n, BYTES - n);

			wrong += !feature_value((struct view){joined + n, length}, &value[j], &fault);
			n += length;
			joined[n++] = ' ';
		}
		text = allocate(--n, 1);
		memcpy(text, joined, n);
		row.n = sparse.n = 0;
		wrong += !features_parse(&row, (struct view){text, n}, k, &fault) || row.n != k ||
		         memcmp(row.value, value, k * sizeof *value) != 0;
		wrong += !features_parse(&sparse, (struct view){text, n}, k + 1, &fault);
		for (uint32_t j = 0; j < k; j++)
			if (value[j] != 0) {
				wrong += found == sparse.n || sparse.index[found] != j || sparse.value[found] != value[j];
				found++;
			}
		wrong += found != sparse.n;
		free(text);
	}
	tap_ok(wrong == 0, "values of %d rows are read as each is alone", FIELDS);
	features_free(&row);
	features_free(&sparse);
}

/* Rows that are refused: what is wrong is said, and where, and nothing is appended. */
static void
test_dense_faults(void)
{
	static const char good[] = "=0.5 1 0 0.25 17 0 0 0.125 3 0 0 0 0.75 -1 0 0 0 0 0 0 1e3 2 0 0 0 0 0 0.5 0.5 0 0 0 0";
	enum { VALUES = 33 };
	struct features row = {.rows = true};
	struct fault fault;
	char text[sizeof good];
	size_t wrong = 0;

	wrong += !features_parse(&row, view_of(good), VALUES, &fault) || row.n != VALUES;
	wrong += features_parse(&row, view_of(good), VALUES - 1, &fault) || row.n != VALUES ||
	         !tap_same(fault.rule, "more values than the model has inputs");
	wrong += features_parse(&row, view_of(good), VALUES + 1, &fault) || row.n != VALUES ||
	         !tap_same(fault.rule, "fewer values than the model has inputs");
	for (size_t i = 1; i + 1 < sizeof good; i++) {
		memcpy(text, good, sizeof good);
		text[i] = 'x';
		wrong += features_parse(&row, view_of(text), VALUES, &fault) || row.n != VALUES || !tap_same(fault.rule, "not a number") ||
		         fault.value.at > text + i || fault.value.at + fault.value.n <= text + i;
	}
	wrong += features_parse(&row, (struct view){good, sizeof good - 2}, VALUES, &fault) || row.n != VALUES ||
	         !tap_same(fault.rule, "ends in a space");
	tap_ok(wrong == 0, "a row with a wrong byte, or too many values or few, is refused");
	features_free(&row);
}

int
main(void)
{
	cli_program = "features";
	test_features();
	test_many_features();
	test_last_feature();
	test_dense();
	test_dense_faults();
	return tap_done();
}

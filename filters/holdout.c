/*
 * holdout - print the held-out part of a log, or the rest
 *
 * reads:  records, or CSV with a header
 * writes: the rows that are held out, with -v the others, as they came and in their order; a header first
 * memory: O(1); with --last O(groups), and a temporary file of the input's size
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "../common/cli.h"
#include "../common/io/columns.h"
#include "../common/io/keys.h"
#include "../common/io/waiting.h"

static struct input in = INPUT_DEFAULTS;
static struct rows rows;
static double fraction = NAN;
static int64_t last, seed = 1;
static struct column group = {.option = "group", .field = "1"}, time_of = {.option = "time"};
static const char *after;
static bool print_rest;

static const struct cli_option options[] = {
	ROWS_OPTIONS(rows),
	{'f', "fraction", "FRACTION", "hold out this share of the groups, by their hash", CLI_REAL, &fraction, 0, 1},
	{'g', "group", "COLUMN", "the group: number of a field (1), name of a column", CLI_TEXT, &group.given, 0, 0},
	{'t', "time", "COLUMN", "with --after: number of the field, name of the column", CLI_TEXT, &time_of.given, 0, 0},
	{'v', "rest", NULL, "print what is not held out", CLI_FLAG, &print_rest, 0, 0},
	{'\0', "after", "TIME", "hold out the rows after this time: a number, or ISO 8601", CLI_TEXT, &after, 0, 0},
	{'\0', "last", "N", "hold out the last N rows of each group", CLI_INT, &last, 1, 9e15},
	RECORDS_OPTIONS(in),
	{'\0', "seed", "N", "with -f: another number holds out other groups", CLI_INT, &seed, 0, 9e15},
};

static const struct cli cli = {
	"holdout", "print the held-out part of a log, or the rest", "[file ...]",
	options, sizeof options / sizeof *options,
};

static struct writer out;
static bool time_is_number;
static double after_number;

/* With --last: the rows wait until it is known how many follow each in its group. */
static struct waiting waiting;
static struct keys groups;
static uint64_t *left; /* owned: left[id] rows of the group are still to come */
static size_t left_capacity;

static void
print(struct view row)
{
	writer_view(&out, row);
	writer_char(&out, '\n');
}

/* Whether the hash of the group, as a number in [0, 1), is below the fraction. */
static bool
by_hash(struct view name)
{
	return (double)(XXH3_64bits_withSeed(name.at, name.n, (uint64_t)seed) >> 11) * 0x1p-53 < fraction;
}

/* Whether text has digits where shape has them, and elsewhere its very bytes; it may be longer. */
static bool
has_shape(struct view text, struct view shape)
{
	if (text.n < shape.n)
		return false;
	for (size_t i = 0; i < shape.n; i++)
		if (is_digit(text.at[i]) != is_digit(shape.at[i]) || (!is_digit(shape.at[i]) && text.at[i] != shape.at[i]))
			return false;
	return true;
}

/*
 * Whether the time of a row is after --after. Numbers compare as numbers. Dates compare as bytes, to the length of
 * --after: a time of that day is not after the day. Times of another kind are a fault: they would compare as nonsense.
 */
static bool
by_time(struct view text, struct fault *fault)
{
	struct view than = view_of(after);
	double number;

	*fault = (struct fault){.field = (int)time_of.place + 1, .name = rows_name(&rows, time_of.place), .value = text};
	if (time_is_number) {
		if (number_parse(text, &number))
			return number > after_number;
		fault->rule = "not a number";
		fault->hint = number_hint(text);
		return false;
	}
	if (!has_shape(text, than)) {
		fault->rule = "not written as the time of --after";
		return false;
	}
	return memcmp(text.at, after, than.n) > 0;
}

static void
put_off(struct view name, struct view row)
{
	bool fresh;
	uint32_t id = keys_id(&groups, name, &fresh);

	if (fresh) {
		left = grow(left, &left_capacity, groups.n, sizeof *left);
		left[id] = 0;
	}
	left[id]++;
	waiting_put(&waiting, id, row);
}

/* Prints the last rows of each group, or the others. */
static void
finish_last(void)
{
	struct view row;
	uint32_t id;

	waiting_rewind(&waiting);
	while (waiting_next(&waiting, &id, &row))
		if ((left[id]-- <= (uint64_t)last) != print_rest)
			print(row);
	waiting_close(&waiting);
	free(left);
	keys_free(&groups);
}

/* One row: printed, put off or passed over. */
static void
hold_out(void)
{
	struct fault fault = {0};
	bool held;

	if (last) {
		put_off(column_value(&group, &rows), rows.line);
		return;
	}
	held = after ? by_time(column_value(&time_of, &rows), &fault) : by_hash(column_value(&group, &rows));
	if (fault.rule)
		input_refuse(&in, fault);
	else if (held != print_rest)
		print(rows.line);
}

static void
read_rows(void)
{
	bool more = rows_next(&rows);

	if (rows.name)
		print(rows.header);
	if (more || rows.name) {
		column_find(&group, &rows);
		column_find(&time_of, &rows);
	}
	for (; more; more = rows_next(&rows))
		hold_out();
}

static void
check_options(void)
{
	if (!isnan(fraction) + (last > 0) + (after != NULL) != 1)
		die_usage("one of --fraction, --last and --after is needed, and one only");
	if ((after != NULL) != (time_of.given != NULL))
		die_usage("--after and --time go together");
	if (!after)
		return;
	time_is_number = number_parse(view_of(after), &after_number);
	if (!time_is_number && !has_shape(view_of(after), view_of("0000-00")))
		die_usage("--after: neither a number nor a date as 2026-01-31: \"%.40s\"", after);
}

int
main(int argc, char **argv)
{
	int first = cli_parse(&cli, argc, argv);

	check_options();
	if (last)
		waiting_open(&waiting);
	rows_open(&rows, &in);
	column_choose(&group, &rows, !after);
	column_choose(&time_of, &rows, false);
	column_shard(&group, &rows);
	writer_init(&out, STDOUT_FILENO, "stdout");
	input_open(&in, argc, argv, first, &out);
	read_rows();
	if (last)
		finish_last();
	rows_free(&rows);
	input_close(&in);
	writer_close(&out);
	return 0;
}

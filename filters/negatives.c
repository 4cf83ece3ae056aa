/*
 * negatives - sampled negatives for each positive event
 *
 * reads:  records, or CSV with a header: group, item, label; --catalogue: a file of items; -x: one of groups and items
 * writes: each row as it came, and behind one of label 1 N more: an item unseen by its group, and label 0
 * memory: O(items + groups and their items), and a temporary file of the input's size
 */
#include "../common/cli.h"
#include "../common/io/columns.h"
#include "../common/io/keys.h"
#include "../common/io/unseen.h"
#include "../common/io/waiting.h"

static struct input in = INPUT_DEFAULTS;
static struct rows rows;
static struct column group = {.option = "group", .field = "1"}, item = {.option = "item", .field = "2"};
static struct column label = {.option = "label", .field = "-2"};
static const char *catalogue, *exclude;
static double power;
static int64_t k = 5, seed = 1;

static const struct cli_option options[] = {
	ROWS_OPTIONS(rows),
	{'g', "group", "COLUMN", "who sees items; in records the first field", CLI_TEXT, &group.given, 0, 0},
	{'i', "item", "COLUMN", "the item; in records the second field", CLI_TEXT, &item.given, 0, 0},
	{'k', "negatives", "N", "negatives of a positive", CLI_INT, &k, 1, 1e6},
	{'x', "exclude", "FILE", "the group and item that are the first two fields of a line here are seen, too",
	 CLI_TEXT, &exclude, 0, 0},
	{'y', "label", "COLUMN", "the label, 0 or 1; in records the last field but one", CLI_TEXT, &label.given, 0, 0},
	{'\0', "catalogue", "FILE", "items to draw from, and their counts; else those of the input", CLI_TEXT, &catalogue, 0, 0},
	{'\0', "power", "P", "draw an item with weight count^P: 0 uniformly, 1 by popularity", CLI_REAL, &power, 0, 10},
	RECORDS_OPTIONS(in),
	{'\0', "seed", "N", "another number draws other items", CLI_INT, &seed, 0, 9e15},
};

static const struct cli cli = {
	"negatives", "sampled negatives for each positive event", "[file ...]", options, sizeof options / sizeof *options,
};

static struct writer out;

static const uint32_t not_positive = UINT32_MAX;

static struct waiting waiting; /* rows, until it is known what each group has seen: a group's positive, or no positive */
static struct keys groups, items;
static struct unseen unseen;
static double *count;          /* owned: of each item; NAN: not in the catalogue */
static size_t count_capacity;
static uint32_t *n_events;     /* owned: positives of each group so far */
static uint64_t n_short;

/* The id of an item; a new one is in no catalogue. */
static uint32_t
item_id(struct view text)
{
	bool fresh;
	uint32_t id = keys_id(&items, text, &fresh);

	count = grow(count, &count_capacity, items.n, sizeof *count);
	if (fresh)
		count[id] = NAN;
	return id;
}

/* ---- read ---- */

static void
read_catalogue(void)
{
	struct input from = INPUT_DEFAULTS;
	struct record line = {0};

	input_open(&from, 1, (char *[]){(char *)(uintptr_t)catalogue}, 0, NULL);
	while (record_next(&from, &line, power > 0 ? 2 : 1)) {
		uint32_t id = item_id(rows_plain(&rows, line.field[0]));

		if (!isnan(count[id]))
			input_refuse(&from, (struct fault){.field = 1, .name = "item", .rule = "is there already",
			                                   .value = line.field[0]});
		count[id] = 1;
		if (power > 0 && !(number_parse(line.field[1], &count[id]) && count[id] >= 0))
			input_refuse(&from, (struct fault){.field = 2, .name = "count", .rule = "not a count",
			                                   .value = line.field[1]});
	}
	record_free(&line);
	input_close(&from);
}

static void
read_excluded(void)
{
	struct input from = INPUT_DEFAULTS;
	struct record line = {0};

	input_open(&from, 1, (char *[]){(char *)(uintptr_t)exclude}, 0, NULL);
	while (record_next(&from, &line, 2)) {
		uint32_t in_group = keys_id(&groups, rows_plain(&rows, line.field[0]), NULL);

		pairs_add(&unseen.seen, in_group, item_id(rows_plain(&rows, line.field[1])));
	}
	record_free(&line);
	input_close(&from);
}

static void
read_row(void)
{
	struct fault fault;
	float positive;
	uint32_t id, in_group;

	if (!label_parse(column_value(&label, &rows), LABEL_BINARY, &positive, &fault)) {
		column_refuse(&label, &rows, fault.rule, fault.hint);
		return;
	}
	id = item_id(column_value(&item, &rows));
	if (!catalogue)
		count[id] = isnan(count[id]) ? 1 : count[id] + 1;
	in_group = keys_id(&groups, column_value(&group, &rows), NULL);
	pairs_add(&unseen.seen, in_group, id);
	waiting_put(&waiting, positive == 1 ? in_group : not_positive, rows.line);
}

static void
read_rows(void)
{
	bool more = rows_next(&rows);

	if (more || rows.name) {
		column_find(&group, &rows);
		column_find(&item, &rows);
		column_find(&label, &rows);
		column_apart(&item, &label);
		column_apart(&group, &item);
	}
	for (; more; more = rows_next(&rows))
		read_row();
}

/* Items with a weight above 0 are drawn from, in the order of their bytes. */
static void
weigh_items(void)
{
	struct keys_entry *sorted = keys_sorted(&items);

	unseen_init(&unseen, items.n);
	for (uint32_t i = 0; i < items.n; i++) {
		uint32_t id = sorted[i].id;
		double weight = isnan(count[id]) ? 0 : power > 0 ? math_exp(power * math_log(count[id])) : 1;

		if (weight > 0)
			unseen_offer(&unseen, id, weight);
	}
	free(sorted);
	if (!isfinite(unseen_total(&unseen)))
		die_data("the counts to the power %g have no finite sum", power);
}

/* ---- write ---- */

static void
print_line(struct view line)
{
	writer_view(&out, line);
	writer_char(&out, '\n');
}

/* The row in hand with another item and label 0. */
static void
print_negative(struct view other)
{
	for (size_t i = 0; i < rows.n; i++) {
		if (i)
			writer_char(&out, rows_separator(&rows));
		rows_write(&rows, &out, i == item.place ? other : i == label.place ? view_of("0") : rows.field[i]);
	}
	writer_char(&out, '\n');
}

/* The random numbers follow from the seed, the group and the number of the event in it alone. */
static void
print_negatives(uint32_t in_group)
{
	struct view name = keys_text(&groups, in_group);
	uint64_t hash = XXH3_64bits_withSeed(name.at, name.n, (uint64_t)seed);
	uint32_t id;

	unseen_begin(&unseen, in_group, random_bits(hash, n_events[in_group]++));
	for (int64_t i = 0; i < k; i++) {
		if (!unseen_draw(&unseen, &id)) {
			n_short++;
			return;
		}
		print_negative(keys_text(&items, id));
	}
}

static void
print_rows(void)
{
	struct view row;
	uint32_t in_group;

	if (rows.name)
		print_line(rows.header);
	n_events = allocate_zero(groups.n, sizeof *n_events);
	waiting_rewind(&waiting);
	while (waiting_next(&waiting, &in_group, &row)) {
		print_line(row);
		if (in_group != not_positive) {
			rows_again(&rows, row);
			print_negatives(in_group);
		}
	}
	waiting_close(&waiting);
	if (n_short)
		warn("%" PRIu64 " of %" PRIu64 " positives have fewer than %" PRId64 " negatives: "
		     "their groups have seen the rest", n_short, unseen.event, k);
}

static void
free_all(void)
{
	rows_free(&rows);
	keys_free(&groups);
	keys_free(&items);
	unseen_free(&unseen);
	free(count);
	free(n_events);
}

int
main(int argc, char **argv)
{
	int first = cli_parse(&cli, argc, argv);

	rows_open(&rows, &in);
	column_choose(&group, &rows, true);
	column_choose(&item, &rows, true);
	column_choose(&label, &rows, true);
	column_shard(&group, &rows);
	waiting_open(&waiting);
	writer_init(&out, STDOUT_FILENO, "stdout");
	if (catalogue)
		read_catalogue();
	if (exclude)
		read_excluded();
	input_open(&in, argc, argv, first, &out);
	read_rows();
	weigh_items();
	print_rows();
	free_all();
	input_close(&in);
	writer_close(&out);
	return 0;
}

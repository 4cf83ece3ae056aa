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
#include "../common/io/pairs.h"

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

/* The rows wait in a file until it is known what each group has seen. */
struct spooled {
	uint32_t group;    /* id */
	uint32_t positive; /* 1 or 0 */
	uint32_t n;        /* bytes of the row, which follow */
};

static FILE *spool;
static struct keys groups, items;
static struct pairs seen;     /* group, item */
static double *count;         /* owned: of each item; NAN: not in the catalogue */
static size_t count_capacity;
static uint32_t *n_events;    /* owned: positives of each group so far */

/* What is drawn from: items with a weight above 0, in the order of their bytes. */
struct choice {
	uint32_t item;
	double upto; /* its weight and those of the items before it */
};

static struct choice *choice; /* owned */
static size_t n_choices;
static uint64_t *drawn;       /* owned: of each item, the last event that it was drawn for */
static uint64_t event, n_short;

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
		uint32_t id = item_id(line.field[0]);

		if (!isnan(count[id]))
			input_refuse(&from, (struct fault){.field = 1, .name = "item", .rule = "is there already", .value = line.field[0]});
		count[id] = 1;
		if (power > 0 && !(number_parse(line.field[1], &count[id]) && count[id] >= 0))
			input_refuse(&from, (struct fault){.field = 2, .name = "count", .rule = "not a count", .value = line.field[1]});
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
	while (record_next(&from, &line, 2))
		pairs_add(&seen, keys_id(&groups, line.field[0], NULL), item_id(line.field[1]));
	record_free(&line);
	input_close(&from);
}

static void
spool_row(void)
{
	struct spooled head = {.n = (uint32_t)rows.line.n};
	struct fault fault;
	float positive;
	uint32_t id;

	if (!label_parse(column_value(&label, &rows), LABEL_BINARY, &positive, &fault)) {
		column_refuse(&label, &rows, fault.rule, fault.hint);
		return;
	}
	id = item_id(column_value(&item, &rows));
	if (!catalogue)
		count[id] = isnan(count[id]) ? 1 : count[id] + 1;
	head.group = keys_id(&groups, column_value(&group, &rows), NULL);
	head.positive = positive == 1;
	pairs_add(&seen, head.group, id);
	if (fwrite(&head, sizeof head, 1, spool) != 1 || fwrite(rows.line.at, 1, rows.line.n, spool) != rows.line.n)
		die_system("temporary file");
}

static void
read_rows(void)
{
	for (bool first = true; rows_next(&rows); first = false) {
		if (first) {
			column_find(&group, &rows);
			column_find(&item, &rows);
			column_find(&label, &rows);
		}
		spool_row();
	}
}

/* ---- draw ---- */

static void
make_choices(void)
{
	struct keys_entry *sorted = keys_sorted(&items);
	double upto = 0;

	choice = allocate(items.n, sizeof *choice);
	for (uint32_t i = 0; i < items.n; i++) {
		uint32_t id = sorted[i].id;
		double weight = isnan(count[id]) ? 0 : power > 0 ? math_exp(power * math_log(count[id])) : 1;

		if (weight > 0)
			choice[n_choices++] = (struct choice){id, upto += weight};
	}
	if (!isfinite(upto))
		die_data("the counts to the power %g have no finite sum", power);
	free(sorted);
	drawn = allocate_zero(items.n, sizeof *drawn);
	n_events = allocate_zero(groups.n, sizeof *n_events);
}

/* Whether an item may be drawn for the event in hand. */
static bool
may_draw(uint32_t id, uint32_t in_group)
{
	return drawn[id] != event && !pairs_has(&seen, in_group, id);
}

/* The item at u in [0, 1) of all the weight. */
static uint32_t
item_at(double u)
{
	size_t from = 0, to = n_choices - 1;

	for (u *= choice[to].upto; from < to;) {
		size_t middle = from + (to - from) / 2;

		if (choice[middle].upto > u)
			to = middle;
		else
			from = middle + 1;
	}
	return choice[from].item;
}

static double
weight(size_t i)
{
	return choice[i].upto - (i ? choice[i - 1].upto : 0);
}

/* The item at u of the weight of those that may be drawn. False when there is none. */
static bool
item_left_at(double u, uint32_t in_group, uint32_t *id)
{
	double left = 0, sum = 0;

	for (size_t i = 0; i < n_choices; i++)
		if (may_draw(choice[i].item, in_group))
			left += weight(i);
	for (size_t i = 0; i < n_choices && sum <= u * left; i++)
		if (may_draw(choice[i].item, in_group)) {
			sum += weight(i);
			*id = choice[i].item;
		}
	return left > 0;
}

/*
 * One more item for the event in hand, by its weight among those that may be drawn: what falls on another is drawn
 * again, and where that takes long what is left is looked through. *draw numbers the event's random numbers.
 */
static bool
draw_item(uint64_t event_seed, uint64_t *draw, uint32_t in_group, uint32_t *id)
{
	enum { TRIES = 64 };

	for (int i = 0; i < TRIES && n_choices; i++) {
		*id = item_at(random_uniform(event_seed, (*draw)++));
		if (may_draw(*id, in_group))
			return true;
	}
	return item_left_at(random_uniform(event_seed, (*draw)++), in_group, id);
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
	uint64_t event_seed = random_bits(XXH3_64bits_withSeed(name.at, name.n, (uint64_t)seed), n_events[in_group]++);
	uint64_t draw = 0;
	uint32_t id = 0;

	event++;
	for (int64_t i = 0; i < k; i++) {
		if (!draw_item(event_seed, &draw, in_group, &id)) {
			n_short++;
			return;
		}
		drawn[id] = event;
		print_negative(keys_text(&items, id));
	}
}

/* Reads the spooled rows back. */
static void
print_rows(void)
{
	struct spooled head;
	char *row = NULL;
	size_t capacity = 0;

	if (rows.name)
		print_line(rows.header);
	rewind(spool);
	while (fread(&head, sizeof head, 1, spool) == 1) {
		row = grow(row, &capacity, head.n, 1);
		if (fread(row, 1, head.n, spool) != head.n)
			die_system("temporary file");
		print_line((struct view){row, head.n});
		if (head.positive) {
			rows_again(&rows, (struct view){row, head.n});
			print_negatives(head.group);
		}
	}
	if (ferror(spool) || fclose(spool))
		die_system("temporary file");
	free(row);
	if (n_short)
		warn("%" PRIu64 " of %" PRIu64 " positives have fewer than %" PRId64 " negatives: their groups have seen the rest",
		     n_short, event, k);
}

static void
free_all(void)
{
	rows_free(&rows);
	keys_free(&groups);
	keys_free(&items);
	pairs_free(&seen);
	free(count);
	free(choice);
	free(drawn);
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
	if (!(spool = tmpfile()))
		die_system("temporary file");
	writer_init(&out, STDOUT_FILENO, "stdout");
	if (catalogue)
		read_catalogue();
	if (exclude)
		read_excluded();
	input_open(&in, argc, argv, first, &out);
	read_rows();
	make_choices();
	print_rows();
	free_all();
	input_close(&in);
	writer_close(&out);
	return 0;
}

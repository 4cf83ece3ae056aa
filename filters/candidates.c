/*
 * candidates - a row for every context and every item that is a candidate for it
 *
 * reads:  contexts: records, or CSV with a header; --catalogue: items, of the same kind; --history: groups and items
 * writes: context and item side by side: all items, or with -k the most popular or those that co-occur most
 * memory: O(catalogue); with --history O(its lines)
 */
#include "../common/cli.h"
#include "../common/io/columns.h"
#include "../common/io/history.h"
#include "../common/io/texts.h"

static struct input in = INPUT_DEFAULTS;
static struct rows rows;
static struct column group = {.option = "group", .field = "1"}, item = {.option = "item", .field = "1"};
static const char *catalogue, *history_file;
static bool co_occur;
static int64_t k, last = 10; /* k 0: all items */

static const struct cli_option options[] = {
	ROWS_OPTIONS(rows),
	{'g', "group", "COLUMN", "with --co-occur: column of the contexts; in records the first", CLI_TEXT, &group.given, 0, 0},
	{'i', "item", "COLUMN", "with --history: column of the catalogue; in records the first", CLI_TEXT, &item.given, 0, 0},
	{'k', "candidates", "N", "candidates of a context; else all items", CLI_INT, &k, 1, 1e9},
	{'\0', "catalogue", "FILE", "the items: records, or CSV as the contexts are", CLI_TEXT, &catalogue, 0, 0},
	{'\0', "co-occur", NULL, "those that co-occur most with the group's items", CLI_FLAG, &co_occur, 0, 0},
	{'\0', "history", "FILE", "groups and items, the first two fields of each line", CLI_TEXT, &history_file, 0, 0},
	{'\0', "last", "N", "with --co-occur: with the last N items of the group", CLI_INT, &last, 1, 1e9},
	RECORDS_OPTIONS(in),
};

static const struct cli cli = {
	"candidates", "a row for every context and every item that is a candidate for it", "[file ...]",
	options, sizeof options / sizeof *options,
};

static struct writer out;

static struct texts shelf;    /* lines of the catalogue: item id is the number of its line, from 0 */
static struct history history; /* may know items beyond it, which are not written */
static uint32_t *popular;     /* owned: the catalogue's items, most popular first */
static bool *is_own;          /* owned: scratch: whether the group of the context has the item */

/* ---- the catalogue ---- */

static void
read_catalogue(struct rows *from, struct input *from_in)
{
	bool more, fresh = true;

	input_open(from_in, 1, (char *[]){(char *)(uintptr_t)catalogue}, 0, NULL);
	if ((more = rows_next(from)) || from->name)
		column_find(&item, from);
	for (; more; more = rows_next(from)) {
		if (item.used)
			keys_id(&history.items, column_value(&item, from), &fresh);
		if (!fresh)
			column_refuse(&item, from, "is there already", NULL);
		if (shelf.n == UINT32_MAX - 1)
			die_data("%s: more than %zu items", catalogue, shelf.n);
		texts_add(&shelf, from->line);
	}
	input_close(from_in);
}

/* Two tables side by side have no name twice. */
static void
check_names(const struct rows *a, const struct rows *b)
{
	for (size_t i = 0; i < a->n_names; i++)
		for (size_t j = 0; j < b->n_names; j++)
			if (strcmp(a->name[i], b->name[j]) == 0)
				die_usage("--catalogue: the contexts have a column \"%.40s\", too", a->name[i]);
}

static void
read_history(void)
{
	history_read(&history, history_file, &rows);
	popular = allocate(shelf.n, sizeof *popular);
	for (uint32_t id = 0; id < shelf.n; id++)
		popular[id] = id;
	history_rank(&history, shelf.n, popular, NULL);
	if (!co_occur)
		return;
	history_index(&history);
	is_own = allocate_zero(history.items.n, sizeof *is_own);
}

/* ---- contexts ---- */

/* A line of the context in hand and the item. */
static void
print_candidate(uint32_t id)
{
	writer_view(&out, rows.line);
	writer_char(&out, rows_separator(&rows));
	writer_view(&out, texts_at(&shelf, id));
	writer_char(&out, '\n');
}

/*
 * What co-occurs most with the group's last items, then what is popular, up to k; never what the group has, which
 * co-occurs with its last items, too.
 */
static void
print_co_occurring(void)
{
	const uint32_t *own;
	size_t n_own = history_own(&history, column_value(&group, &rows), &own), left = (size_t)k;

	for (size_t i = 0; i < n_own; i++)
		is_own[own[i]] = true;
	history_share(&history, n_own < (size_t)last ? n_own : (size_t)last, own);
	for (size_t i = 0; i < history.n_items_shared && left; i++)
		if (history.shared[i] < shelf.n && !is_own[history.shared[i]]) {
			print_candidate(history.shared[i]);
			left--;
		}
	for (size_t i = 0; i < shelf.n && left; i++)
		if (!history.n_shared[popular[i]]) {
			print_candidate(popular[i]);
			left--;
		}
	for (size_t i = 0; i < n_own; i++)
		is_own[own[i]] = false;
}

static void
print_candidates(void)
{
	uint32_t n = k && (size_t)k < shelf.n ? (uint32_t)k : (uint32_t)shelf.n;

	if (co_occur) {
		print_co_occurring();
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		print_candidate(k ? popular[i] : i);
}

static void
read_contexts(const struct rows *from)
{
	bool more = rows_next(&rows);

	check_names(&rows, from);
	if (rows.name && from->name) {
		writer_view(&out, rows.header);
		writer_char(&out, rows_separator(&rows));
		writer_view(&out, from->header);
		writer_char(&out, '\n');
	}
	if (more || rows.name)
		column_find(&group, &rows);
	for (; more; more = rows_next(&rows))
		print_candidates();
}

static void
check_options(void)
{
	if (!catalogue)
		die_usage("--catalogue must name the items");
	if ((k != 0) != (history_file != NULL))
		die_usage("-k and --history go together: it says which items are popular");
	if (co_occur && !history_file)
		die_usage("--co-occur needs --history");
	column_choose(&item, &rows, history_file != NULL);
	column_choose(&group, &rows, co_occur);
	column_shard(&group, &rows);
}

static void
free_all(void)
{
	rows_free(&rows);
	texts_free(&shelf);
	history_free(&history);
	free(popular);
	free(is_own);
}

int
main(int argc, char **argv)
{
	int first = cli_parse(&cli, argc, argv);
	struct input shelf_in = INPUT_DEFAULTS;
	struct rows from = {.csv = rows.csv, .delimiter = rows.delimiter};

	rows_open(&rows, &in);
	rows_open(&from, &shelf_in);
	check_options();
	writer_init(&out, STDOUT_FILENO, "stdout");
	read_catalogue(&from, &shelf_in);
	if (history_file)
		read_history();
	input_open(&in, argc, argv, first, &out);
	read_contexts(&from);
	rows_free(&from);
	free_all();
	input_close(&in);
	writer_close(&out);
	return 0;
}

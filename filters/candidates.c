/*
 * candidates - a row for every context and every item that is a candidate for it
 *
 * reads:  contexts: records, or CSV with a header; --catalogue: items, of the same kind; --history: groups and items
 * writes: context and item side by side: all items, or with -k the most popular or those that co-occur most
 * memory: O(catalogue); with --history O(its lines)
 */
#include "../common/cli.h"
#include "../common/io/columns.h"
#include "../common/io/keys.h"
#include "../common/io/pairs.h"

static struct input in = INPUT_DEFAULTS;
static struct rows rows;
static struct column group = {.option = "group", .field = "1"}, item = {.option = "item", .field = "1"};
static const char *catalogue, *history;
static bool co_occur;
static int64_t k, last = 10; /* k 0: all items */

static const struct cli_option options[] = {
	ROWS_OPTIONS(rows),
	{'g', "group", "COLUMN", "with --co-occur: column of the contexts; in records the first", CLI_TEXT, &group.given, 0, 0},
	{'i', "item", "COLUMN", "with --history: column of the catalogue; in records the first", CLI_TEXT, &item.given, 0, 0},
	{'k', "candidates", "N", "candidates of a context; else all items", CLI_INT, &k, 1, 1e9},
	{'\0', "catalogue", "FILE", "the items: records, or CSV as the contexts are", CLI_TEXT, &catalogue, 0, 0},
	{'\0', "co-occur", NULL, "those that co-occur most with the group's items", CLI_FLAG, &co_occur, 0, 0},
	{'\0', "history", "FILE", "groups and items, the first two fields of each line", CLI_TEXT, &history, 0, 0},
	{'\0', "last", "N", "with --co-occur: with the last N items of the group", CLI_INT, &last, 1, 1e9},
	RECORDS_OPTIONS(in),
};

static const struct cli cli = {
	"candidates", "a row for every context and every item that is a candidate for it", "[file ...]",
	options, sizeof options / sizeof *options,
};

static struct writer out;

/* The catalogue: item id is its line number from 0; history may know items beyond it, which are not written. */
static char *shelf;              /* owned: its lines, one after the other */
static size_t shelf_capacity;
static size_t *shelf_end;        /* owned: shelf_end[id] is where the line of an item ends */
static size_t end_capacity;
static uint32_t n_shelved;
static struct keys items, groups;

/* A line of the history. */
struct event {
	uint32_t group, item;
};

static struct event *event; /* owned */
static size_t n_events, event_capacity;
static uint64_t *n_lines;   /* owned: of the history, for each item */
static uint32_t *popular;   /* owned: the catalogue's items, most popular first */

/* Lists of ids, one after the other: list i is id[start[i]] to id[start[i + 1] - 1]. */
struct lists {
	size_t *start; /* owned, as is id */
	uint32_t *id;
};

static struct lists items_of, groups_of; /* owned: different items of a group, the last one first; groups of an item */
static uint64_t *n_shared;  /* owned: scratch: of each item, groups that have it and the item in hand, summed up */
static bool *is_own;        /* owned: scratch: whether the group of the context has the item */
static uint32_t *shared;    /* owned: scratch: the items of which there are some */

/* ---- the catalogue and the history ---- */

static void
shelve(struct view line)
{
	size_t start = n_shelved ? shelf_end[n_shelved - 1] : 0;

	if (n_shelved == UINT32_MAX - 1)
		die_data("%s: more than %" PRIu32 " items", catalogue, n_shelved);
	shelf = grow(shelf, &shelf_capacity, start + line.n + 1, 1);
	memcpy(shelf + start, line.at, line.n);
	shelf_end = grow(shelf_end, &end_capacity, (size_t)n_shelved + 1, sizeof *shelf_end);
	shelf_end[n_shelved++] = start + line.n;
}

static struct view
shelved(uint32_t id)
{
	size_t start = id ? shelf_end[id - 1] : 0;

	return (struct view){shelf + start, shelf_end[id] - start};
}

static void
read_catalogue(struct rows *from, struct input *from_in)
{
	input_open(from_in, 1, (char *[]){(char *)(uintptr_t)catalogue}, 0, NULL);
	for (bool first = true, fresh = true; rows_next(from); first = false) {
		if (first)
			column_find(&item, from);
		if (item.used)
			keys_id(&items, column_value(&item, from), &fresh);
		if (!fresh)
			column_refuse(&item, from, "is there already", NULL);
		shelve(from->line);
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
	struct input from = INPUT_DEFAULTS;
	struct record line = {0};

	input_open(&from, 1, (char *[]){(char *)(uintptr_t)history}, 0, NULL);
	while (record_next(&from, &line, 2)) {
		event = grow(event, &event_capacity, n_events + 1, sizeof *event);
		event[n_events++] = (struct event){keys_id(&groups, line.field[0], NULL), keys_id(&items, line.field[1], NULL)};
	}
	record_free(&line);
	input_close(&from);
}

static int
compare_popular(const void *a, const void *b)
{
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;

	if (n_lines[i] != n_lines[j])
		return n_lines[i] > n_lines[j] ? -1 : 1;
	return view_compare(keys_text(&items, i), keys_text(&items, j));
}

static void
rank_popular(void)
{
	n_lines = allocate_zero(items.n, sizeof *n_lines);
	popular = allocate(n_shelved, sizeof *popular);
	for (size_t i = 0; i < n_events; i++)
		n_lines[event[i].item]++;
	for (uint32_t id = 0; id < n_shelved; id++)
		popular[id] = id;
	qsort(popular, n_shelved, sizeof *popular, compare_popular);
}

/* Leaves each pair of group and item once, in the order of their last lines, last one first. */
static void
reverse_events(void)
{
	struct event *kept = allocate(n_events, sizeof *kept);
	struct pairs pairs = {0};
	size_t n = 0;

	for (size_t i = n_events; i--;)
		if (pairs_add(&pairs, event[i].group, event[i].item))
			kept[n++] = event[i];
	pairs_free(&pairs);
	free(event);
	event = kept;
	n_events = n;
}

/* Lists, in the order of the events, the items of each of n groups; or, by item, the groups of each of n items. */
static struct lists
make_lists(uint32_t n, bool by_item)
{
	struct lists l = {allocate_zero((size_t)n + 2, sizeof *l.start), allocate(n_events, sizeof *l.id)};

	for (size_t i = 0; i < n_events; i++)
		l.start[(size_t)(by_item ? event[i].item : event[i].group) + 2]++;
	for (size_t i = 2; i < (size_t)n + 2; i++)
		l.start[i] += l.start[i - 1];
	for (size_t i = 0; i < n_events; i++)
		l.id[l.start[(size_t)(by_item ? event[i].item : event[i].group) + 1]++] = by_item ? event[i].group : event[i].item;
	return l;
}

static void
prepare_co_occurrence(void)
{
	reverse_events();
	items_of = make_lists(groups.n, false);
	groups_of = make_lists(items.n, true);
	n_shared = allocate_zero(items.n, sizeof *n_shared);
	is_own = allocate_zero(items.n, sizeof *is_own);
	shared = allocate(items.n, sizeof *shared);
}

/* ---- contexts ---- */

/* A line of the context in hand and the item. */
static void
print_candidate(uint32_t id)
{
	writer_view(&out, rows.line);
	writer_char(&out, rows_separator(&rows));
	writer_view(&out, shelved(id));
	writer_char(&out, '\n');
}

/* Counts, for each item, how many groups have it and one of the group's last items. Returns how many items there are. */
static size_t
count_shared(const uint32_t *own, size_t n_own)
{
	size_t n = 0;

	for (size_t i = 0; i < n_own && i < (size_t)last; i++)
		for (size_t g = groups_of.start[own[i]]; g < groups_of.start[own[i] + 1]; g++) {
			uint32_t other = groups_of.id[g];

			for (size_t j = items_of.start[other]; j < items_of.start[other + 1]; j++)
				if (n_shared[items_of.id[j]]++ == 0)
					shared[n++] = items_of.id[j];
		}
	return n;
}

static int
compare_shared(const void *a, const void *b)
{
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;

	if (n_shared[i] != n_shared[j])
		return n_shared[i] > n_shared[j] ? -1 : 1;
	return compare_popular(a, b);
}

/*
 * What co-occurs most with the group's last items, then what is popular, up to k; never what the group has, which
 * co-occurs with its last items, too.
 */
static void
print_co_occurring(void)
{
	const uint32_t *own = NULL;
	size_t n_own = 0, n, left = (size_t)k;
	uint32_t id;

	if (keys_find(&groups, column_value(&group, &rows), &id)) {
		own = items_of.id + items_of.start[id];
		n_own = items_of.start[id + 1] - items_of.start[id];
	}
	for (size_t i = 0; i < n_own; i++)
		is_own[own[i]] = true;
	n = count_shared(own, n_own);
	qsort(shared, n, sizeof *shared, compare_shared);
	for (size_t i = 0; i < n && left; i++)
		if (shared[i] < n_shelved && !is_own[shared[i]]) {
			print_candidate(shared[i]);
			left--;
		}
	for (size_t i = 0; i < n_shelved && left; i++)
		if (!n_shared[popular[i]]) {
			print_candidate(popular[i]);
			left--;
		}
	for (size_t i = 0; i < n; i++)
		n_shared[shared[i]] = 0;
	for (size_t i = 0; i < n_own; i++)
		is_own[own[i]] = false;
}

static void
print_candidates(void)
{
	uint32_t n = k && k < n_shelved ? (uint32_t)k : n_shelved;

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
	if (more)
		column_find(&group, &rows);
	for (; more; more = rows_next(&rows))
		print_candidates();
}

static void
check_options(void)
{
	if (!catalogue)
		die_usage("--catalogue must name the items");
	if ((k != 0) != (history != NULL))
		die_usage("-k and --history go together: it says which items are popular");
	if (co_occur && !history)
		die_usage("--co-occur needs --history");
	column_choose(&item, &rows, history != NULL);
	column_choose(&group, &rows, co_occur);
}

static void
free_all(void)
{
	rows_free(&rows);
	keys_free(&items);
	keys_free(&groups);
	free(shelf);
	free(shelf_end);
	free(event);
	free(n_lines);
	free(popular);
	free(items_of.start);
	free(items_of.id);
	free(groups_of.start);
	free(groups_of.id);
	free(n_shared);
	free(is_own);
	free(shared);
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
	if (history) {
		read_history();
		rank_popular();
	}
	if (co_occur)
		prepare_co_occurrence();
	input_open(&in, argc, argv, first, &out);
	read_contexts(&from);
	rows_free(&from);
	free_all();
	input_close(&in);
	writer_close(&out);
	return 0;
}

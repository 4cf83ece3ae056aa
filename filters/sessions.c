/*
 * sessions - time-ordered events to records of the next item
 *
 * reads:  events in the order of time: records, or CSV with a header; with --catalogue a file of items
 * writes: for each event from the second of its session on: session, how many items came before, columns to carry,
 *         label: the item's id; features: the ids of the last N items before it
 * memory: O(N) for each session, and the lines of the catalogue; with --contiguous of one session
 */
#include "../common/cli.h"
#include "../common/io/columns.h"
#include "../common/io/ended.h"
#include "../common/io/kept.h"
#include "../common/io/numbered.h"

static struct input in = INPUT_DEFAULTS;
static struct rows rows;
static struct column group = {.option = "group", .field = "1"}, item = {.option = "item", .field = "2"};
static const char *catalogue, *carry;
static bool ask, contiguous, unknown_is_0;
static int64_t most = 50;

static const struct cli_option options[] = {
	ROWS_OPTIONS(rows),
	{'g', "group", "COLUMN", "the session: number of a field (1), name of a column", CLI_TEXT, &group.given, 0, 0},
	{'i', "item", "COLUMN", "the item: number of a field (2), name of a column", CLI_TEXT, &item.given, 0, 0},
	{'k', "items", "N", "so many items before the event are its features", CLI_INT, &most, 1, 1e6},
	{'\0', "carry", "COLUMNS", "comma-separated: what else of the event is carried along", CLI_TEXT, &carry, 0, 0},
	{'\0', "catalogue", "FILE", "an item's id is the number of its line here; else it is a number itself", CLI_TEXT, &catalogue, 0, 0},
	{'\0', "contiguous", NULL, "sessions come one after the other: forget each as it ends", CLI_FLAG, &contiguous, 0, 0},
	{'\0', "next", NULL, "a record for each event, to predict what comes after it: the label is ?", CLI_FLAG, &ask, 0, 0},
	{'\0', "unknown", NULL, "the id of an item that is not in the catalogue is 0", CLI_FLAG, &unknown_is_0, 0, 0},
	RECORDS_OPTIONS(in),
};

static const struct cli cli = {
	"sessions", "time-ordered events to records of the next item", "[file ...]",
	options, sizeof options / sizeof *options,
};

/* The items of a session so far. */
struct session {
	uint32_t *id;  /* owned: the last of them, up to `most`, in a ring */
	size_t capacity;
	uint64_t n;    /* items, from the first */
};

static struct writer out;
static struct kept carried;
static struct keys items;       /* of the catalogue */
static struct keys groups;      /* sessions; with --contiguous the one that is open */
static struct session *session; /* owned, by group */
static size_t session_capacity;
static struct ended ended;      /* with --contiguous: the sessions that are over, and */
static struct origin last;      /* where the last row of the open one was */

static void
session_add(struct session *s, uint32_t id)
{
	if (s->n < (uint64_t)most)
		s->id = grow(s->id, &s->capacity, (size_t)s->n + 1, sizeof *s->id);
	s->id[s->n++ % (uint64_t)most] = id;
}

/* The id of the row's item. False when the row was refused. */
static bool
item_id(uint32_t *id)
{
	struct view text = column_value(&item, &rows);
	uint64_t number;

	if (catalogue) {
		bool known = keys_find(&items, text, id);

		*id = known ? *id + 1 : 0;
		return known || unknown_is_0 ||
		       column_refuse(&item, &rows, "not in the catalogue", "--unknown takes it as 0");
	}
	if (!text.n || number_whole(text, &number) != text.n || number > UINT32_MAX)
		return column_refuse(&item, &rows, "not an id", "--catalogue names the items");
	*id = (uint32_t)number;
	return true;
}

/* A record: what came before, and the item that came, NULL for unknown. */
static void
write_record(const struct session *s, const uint32_t *id)
{
	uint64_t first = s->n > (uint64_t)most ? s->n - (uint64_t)most : 0;

	rows_put(&rows, &out, column_value(&group, &rows));
	writer_char(&out, '\t');
	writer_whole(&out, s->n);
	writer_char(&out, '\t');
	kept_put(&carried, &rows, &out);
	if (id)
		writer_whole(&out, *id);
	else
		writer_char(&out, '?');
	for (uint64_t i = first; i < s->n; i++) {
		writer_char(&out, i == first ? '\t' : ' ');
		writer_whole(&out, s->id[i % (uint64_t)most]);
	}
	writer_char(&out, '\n');
}

/* With --contiguous: the open session has ended, and that of the row in hand must be new. */
static void
change_session(struct view name)
{
	const struct origin *again = ended_find(&ended, name);

	if (again)
		die_data("%s:%" PRIu64 ": its session ended at %s:%" PRIu64 " (sort first, or leave out --contiguous)",
		         in.name, in.line, again->file, again->line);
	if (groups.n) {
		ended_add(&ended, keys_text(&groups, 0), last);
		keys_free(&groups);
		session[0].n = 0;
	}
}

/* The session of the row in hand. */
static struct session *
find_session(void)
{
	struct view name = column_value(&group, &rows);
	size_t before = session_capacity;
	uint32_t at;

	if (contiguous && !(groups.n && view_equal(name, keys_text(&groups, 0))))
		change_session(name);
	last = input_origin(&in);
	at = keys_id(&groups, name, NULL);
	session = grow(session, &session_capacity, (size_t)at + 1, sizeof *session);
	memset(session + before, 0, (session_capacity - before) * sizeof *session);
	return &session[at];
}

static void
take_row(void)
{
	struct session *s;
	uint32_t id;

	if (!item_id(&id))
		return;
	s = find_session();
	if (!ask && s->n)
		write_record(s, &id);
	session_add(s, id);
	if (ask)
		write_record(s, NULL);
}

static void
read_rows(void)
{
	bool more = rows_next(&rows);

	if (more || rows.name) {
		column_find(&group, &rows);
		column_find(&item, &rows);
		kept_find(&carried, &rows);
	}
	for (; more; more = rows_next(&rows))
		take_row();
}

int
main(int argc, char **argv)
{
	int first = cli_parse(&cli, argc, argv);

	if (unknown_is_0 && !catalogue)
		die_usage("--unknown: with --catalogue");
	if (catalogue)
		numbered_read(&items, view_of(catalogue));
	rows_open(&rows, &in);
	column_choose(&group, &rows, true);
	column_choose(&item, &rows, true);
	column_shard(&group, &rows);
	kept_choose(&carried, carry, "carry");
	writer_init(&out, STDOUT_FILENO, "stdout");
	input_open(&in, argc, argv, first, &out);
	read_rows();
	for (size_t i = 0; i < session_capacity; i++)
		free(session[i].id);
	free(session);
	keys_free(&items);
	keys_free(&groups);
	ended_free(&ended);
	kept_free(&carried);
	rows_free(&rows);
	input_close(&in);
	writer_close(&out);
	return 0;
}

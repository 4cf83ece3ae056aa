/*
 * sums.h - what the programs that sum by key share: the way from a row to its key, and from the keys to sorted lines.
 *
 * A program's loop has a row in hand, makes a tally of one from its value, and adds it to the tally of its key.
 * With --partial the tallies are written whole, one line per key: the program's tag, the key, the statistics. With
 * --merge such lines are the rows. Keys are written in the order of their bytes: any split gives the same output.
 *
 * Where there are many keys, each lies somewhere in memory that the cache does not hold. So some rows are put off, the
 * memory of their keys is asked for, and then they are added together: the same sums, in the same order.
 */
#ifndef WEIR_SUMS_H
#define WEIR_SUMS_H

#include "column_list.h"
#include "keys.h"
#include "parts.h"
#include "rows.h"

enum { SUMS_WAITING = 32 };

/* A row that is still to be added. */
struct sums_row {
	uint64_t hash;   /* of its key */
	size_t key_end;  /* in the keys of those that wait */
	uint32_t id;
	struct origin origin;
};

struct sums {
	/* set by the program */
	const char *tag;      /* of its partial lines: name and version of their format */
	const char *columns;  /* names of what it writes behind the key, TAB-separated */
	size_t n_statistics;  /* of a partial line */
	size_t size;          /* of a tally, in bytes; all 0 is one of no records */
	bool (*add)(void *to, const void *more); /* to a tally; false, where the sum overflows */

	/* set by the options table */
	const char *group;    /* columns of the key, comma-separated; NULL: all rows are one */
	const char *value;    /* column of the value; NULL is the last but one field */
	bool header, partial, merge;
	const char *against;  /* key that the others are compared with; NULL: none */
	const char *unit;     /* column of whom a row is of, and what is drawn anew; NULL: nothing is */
	double level;
	struct parts parts;
	struct input in;
	struct rows rows;

	struct writer out;
	struct keys keys;
	unsigned char *tally; /* owned: that of key id is at id * size */
	size_t capacity;
	struct column_list list; /* the columns of the key */
	size_t n_columns;     /* how many; with --merge, of the lines */
	size_t *place;        /* owned: where they are in a row; NULL before the first */
	size_t value_place;   /* in a partial line, the first statistic's */
	size_t unit_place;
	struct sums_row waiting[SUMS_WAITING];
	size_t n_waiting;
	unsigned char *one;   /* owned: their tallies */
	char *key;            /* owned: their keys, one after the other */
	size_t key_capacity;
};

#define SUMS_DEFAULTS .level = 0.95, .parts = PARTS_DEFAULTS, .in = INPUT_DEFAULTS

/* The rows every program that sums by key has in its options table, beside -y. */
#define SUMS_OPTIONS(s)                                                                                      \
	ROWS_OPTIONS((s).rows),                                                                                 \
	{'g', "group", "KEYS", "columns to sum by, comma-separated", CLI_TEXT, &(s).group, 0, 0},               \
	{'H', "header", NULL, "print a header", CLI_FLAG, &(s).header, 0, 0},                                   \
	PARTS_OPTIONS((s).parts),                                                                               \
	{'\0', "against", "KEY", "compare each key with this one", CLI_TEXT, &(s).against, 0, 0},               \
	{'\0', "bootstrap", "UNIT", "column of users, say, that are drawn anew: intervals are how far figures scatter",    \
	 CLI_TEXT, &(s).unit, 0, 0},                                                                            \
	{'\0', "level", "P", "probability that an interval covers", CLI_REAL, &(s).level, 0, 0.999999},         \
	{'\0', "merge", NULL, "input is lines of --partial: add them up", CLI_FLAG, &(s).merge, 0, 0},          \
	{'\0', "partial", NULL, "print mergeable statistics, no figures", CLI_FLAG, &(s).partial, 0, 0},        \
	RECORDS_OPTIONS((s).in)

/* Starts to read the operands argv[first..], to write on stdout. */
static inline void
sums_open(struct sums *s, int argc, char **argv, int first)
{
	if (s->merge && (s->rows.csv || s->rows.delimiter || s->value || s->in.shard.text))
		die_usage("--merge: reads lines of --partial: no -C, -d, -y, --shard");
	if (s->partial && s->header)
		die_usage("--partial: its lines have no header (-H)");
	if (s->partial && s->against)
		die_usage("--partial: its lines have no figures: compare when they are merged (--against)");
	rows_open(&s->rows, &s->in);
	if (s->rows.csv && !s->value)
		die_usage("-C: -y must name the column to sum");
	s->list = column_list_read(s->group, "group");
	s->n_columns = s->list.n;
	s->one = allocate(SUMS_WAITING, s->size);
	s->key = grow(NULL, &s->key_capacity, 1, 1);
	writer_init(&s->out, STDOUT_FILENO, "stdout");
	input_open(&s->in, argc, argv, first, &s->out);
}

/* Finds the columns, once the first row is in hand. */
static inline void
sums_find_columns(struct sums *s)
{
	s->place = allocate(s->n_columns, sizeof *s->place);
	for (size_t i = 0; i < s->n_columns; i++)
		s->place[i] = rows_place(&s->rows, s->list.column[i], "group");
	s->value_place = rows_place(&s->rows, s->value ? s->value : "-2", "label");
	if (s->unit)
		s->unit_place = rows_place(&s->rows, s->unit, "bootstrap");
}

/* Whether the line in hand is a partial one of this program; the columns of its key lie behind the tag. */
static inline bool
sums_accept_partial(struct sums *s)
{
	size_t n = s->rows.n;

	if (!view_equal(s->rows.field[0], view_of(s->tag)) || n < 1 + s->n_statistics) {
		input_refuse(&s->in, (struct fault){.rule = "not a line of this program's --partial",
		                                    .value = s->rows.record.line});
		return false;
	}
	s->value_place = n - s->n_statistics;
	if ((s->group || s->header) && s->n_columns != s->value_place - 1)
		die_usage("--group: names %zu columns: the keys of the lines have %zu", s->n_columns,
		          s->value_place - 1);
	s->n_columns = s->value_place - 1;
	return true;
}

/*
 * With -j, once the columns are known: parts write partial lines of theirs, while the program does the first range.
 * Whether this is a part, whose rows are all before it.
 */
static inline bool
sums_share(struct sums *s)
{
	if (!parts_lead(&s->parts, &s->in))
		return false;
	s->partial = true;
	s->header = false;
	s->against = NULL;
	s->rows.headed = parts_read_range(&s->parts, &s->in) ? s->in.file : NULL;
	return true;
}

/*
 * With -j, at the end of the program's range. Whether there is more: what the parts wrote, which is merged; or where one
 * failed all that is left. A row that went on behind that end has lifted it: the parts began within a row.
 */
static inline bool
sums_join(struct sums *s)
{
	if (s->parts.part || !s->parts.n)
		return false;
	if (!parts_end(&s->parts, s->in.bounded))
		return input_lift(&s->in);
	s->merge = true;
	parts_gather(&s->parts, &s->in);
	rows_free(&s->rows);
	s->rows.in = &s->in;
	return true;
}

/* The next row, or with --merge the next partial line. False when all is read. */
static inline bool
sums_next(struct sums *s)
{
	do
		while (rows_next(&s->rows)) {
			if (s->merge && !sums_accept_partial(s))
				continue;
			if (!s->merge && !s->place) {
				sums_find_columns(s);
				if (sums_share(s))
					continue;
			}
			return true;
		}
	while (sums_join(s));
	if (s->rows.name && !s->place)
		sums_find_columns(s);
	return false;
}

/* The value of the row in hand. */
static inline struct view
sums_value(const struct sums *s)
{
	return s->rows.field[s->value_place];
}

/* Refuses the row in hand for its value, or for statistic i, from 0, of a partial line. False. */
static inline bool
sums_refuse(struct sums *s, size_t i, const char *name, struct fault fault)
{
	size_t place = s->value_place + i;

	fault.field = (int)place + 1;
	fault.value = s->rows.field[place];
	fault.name = s->rows.csv ? rows_name(&s->rows, place) : name;
	input_refuse(&s->in, fault);
	return false;
}

/*
 * Statistic i of a partial line that is a count; the line is refused where it is none. Statistic 0 counts the
 * records, of which there are some.
 */
static inline bool
sums_count(struct sums *s, size_t i, const char *name, uint64_t *count)
{
	struct view text = s->rows.field[s->value_place + i];

	if (text.n && number_whole(text, count) == text.n && (i > 0 || *count > 0))
		return true;
	return sums_refuse(s, i, name, (struct fault){.rule = "not a count"});
}

/* Adds a value to the keys, of which n bytes are there. Returns how many are there then. */
static inline size_t
sums_append(struct sums *s, size_t n, struct view value)
{
	s->key = grow(s->key, &s->key_capacity, n + 2 * value.n + 1, 1);
	if (!s->rows.csv) {
		memcpy(s->key + n, value.at, value.n);
		return n + value.n;
	}
	for (size_t i = 0; i < value.n; i++) {
		char letter = escape_letter(value.at[i]);

		if (letter)
			s->key[n++] = '\\';
		s->key[n++] = letter ? letter : value.at[i];
	}
	return n;
}

/* The key of the row in hand as it is written, the columns TAB-separated, behind n bytes of others. Returns its end. */
static inline size_t
sums_key(struct sums *s, size_t n)
{
	const struct view *field = s->rows.field;

	if (s->merge && s->n_columns)
		return sums_append(s, n, (struct view){field[1].at, (size_t)(field[s->value_place].at - 1 - field[1].at)});
	for (size_t i = 0; i < s->n_columns; i++) {
		n = sums_append(s, n, field[s->place[i]]);
		if (i + 1 < s->n_columns)
			s->key[n++] = '\t';
	}
	return n;
}

/* Adds up the rows that wait. */
static inline void
sums_settle(struct sums *s)
{
	for (size_t i = 0, start = 0; i < s->n_waiting; start = s->waiting[i++].key_end) {
		struct sums_row *row = &s->waiting[i];
		bool fresh;

		row->id = keys_id_hashed(&s->keys, (struct view){s->key + start, row->key_end - start}, row->hash, &fresh);
		s->tally = grow(s->tally, &s->capacity, s->keys.n, s->size);
		if (fresh)
			memset(s->tally + row->id * s->size, 0, s->size);
		else
			__builtin_prefetch(s->tally + row->id * s->size);
	}
	for (size_t i = 0; i < s->n_waiting; i++) {
		const struct sums_row *row = &s->waiting[i];

		if (!s->add(s->tally + row->id * s->size, s->one + i * s->size))
			die_data("%s:%" PRIu64 ": the sum overflows", row->origin.file, row->origin.line);
	}
	s->n_waiting = 0;
}

/* Adds the row in hand, a tally of one, to that of its key. */
static inline void
sums_add(struct sums *s, const void *one)
{
	size_t i = s->n_waiting, start = i ? s->waiting[i - 1].key_end : 0, end = sums_key(s, start);
	uint64_t hash = XXH3_64bits(s->key + start, end - start);

	keys_prefetch(&s->keys, hash);
	memcpy(s->one + i * s->size, one, s->size);
	s->waiting[i] = (struct sums_row){hash, end, 0, input_origin(&s->in)};
	if (++s->n_waiting == SUMS_WAITING)
		sums_settle(s);
}

/*
 * After the last row: writes the header; the n keys in the order they are to be written in, for free(). Those of a part
 * are sorted where they are merged. Nothing summed is an error, but not of a shard.
 */
static inline struct keys_entry *
sums_finish(struct sums *s, uint32_t *n)
{
	sums_settle(s);
	input_close(&s->in);
	*n = s->keys.n;
	if (!*n && !s->partial)
		die_data("no records");
	for (size_t i = 0; s->header && i < s->n_columns; i++) {
		writer_escaped(&s->out, view_of(s->list.column[i]));
		writer_char(&s->out, '\t');
	}
	if (s->header) {
		writer_text(&s->out, s->columns);
		writer_text(&s->out, s->against ? "\tdifference\tdifference_lower\tdifference_upper\tp\n" : "\n");
	}
	return s->parts.part ? keys_listed(&s->keys) : keys_sorted(&s->keys);
}

/* After the last row: the tally of the key to compare with, or NULL where nothing is to be compared. */
static inline const void *
sums_reference(const struct sums *s)
{
	uint32_t id;

	if (!s->against)
		return NULL;
	if (!keys_find(&s->keys, view_of(s->against), &id))
		die_usage("--against: there is no key \"%.40s\"", s->against);
	return s->tally + id * s->size;
}

/*
 * Starts the line of key i of n. Returns its tally. In their order keys and tallies lie anywhere: those of a line some
 * lines on are asked for.
 */
static inline const void *
sums_begin(struct sums *s, const struct keys_entry *keys, uint32_t i, uint32_t n)
{
	enum { AHEAD = 16 };
	const struct keys_entry *key = keys + i;

	if (i + AHEAD < n) {
		__builtin_prefetch(key[AHEAD].text.at);
		__builtin_prefetch(s->tally + key[AHEAD].id * s->size);
	}
	if (s->partial) {
		writer_text(&s->out, s->tag);
		writer_char(&s->out, '\t');
	}
	if (s->n_columns) {
		writer_view(&s->out, key->text);
		writer_char(&s->out, '\t');
	}
	return s->tally + key->id * s->size;
}

/* Ends it with n figures. */
static inline void
sums_end(struct sums *s, size_t n, const double *figure)
{
	for (size_t i = 0; i < n; i++)
		writer_figure(&s->out, figure[i]);
	writer_char(&s->out, '\n');
}

static inline void
sums_close(struct sums *s)
{
	writer_close(&s->out);
	rows_free(&s->rows);
	keys_free(&s->keys);
	free(s->tally);
	free(s->one);
	column_list_free(&s->list);
	free(s->place);
	free(s->key);
}

#endif

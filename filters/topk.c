/*
 * topk - the best records of each group, best first
 *
 * reads:  records with a score; -x: a file of records whose groups and items are left out
 * writes: the best of each group as they came, best first; with -T and a field more, the propensity
 * memory: O(groups * k); with --contiguous O(k) and the names of the groups; -x: its pairs
 */
#include "../common/cli.h"
#include "../common/io/keys.h"
#include "../common/io/record.h"
#include "../common/num/random.h"

static struct input in = INPUT_DEFAULTS;
static int64_t k = 10, group_field = 1, item_field = 2, score_field = -1, label_field = -2, seed = 1;
static int64_t cap, category_field = INT64_MIN; /* neither is given */
static double temperature = NAN;
static const char *exclude;
static bool contiguous;

static const struct cli_option options[] = {
	{'g', "group", "FIELD", "what is ranked together", CLI_INT, &group_field, -1e6, 1e6},
	{'i', "item", "FIELD", "the item", CLI_INT, &item_field, -1e6, 1e6},
	{'k', "top", "N", "records to print of each group", CLI_INT, &k, 1, 1e9},
	{'s', "score", "FIELD", "the score: the greatest is best", CLI_INT, &score_field, -1e6, 1e6},
	{'T', "temperature", "T", "sample the ranking: weights are exp(score / T)", CLI_REAL, &temperature, 1e-9, 1e9},
	{'x', "exclude", "FILE", "leave out each group and item that are the first two fields of a line here",
	 CLI_TEXT, &exclude, 0, 0},
	{'y', "label", "FIELD", "with -T: the field before which the propensity is put", CLI_INT, &label_field, -1e6, 1e6},
	{'\0', "cap", "N", "print at most N records of a category in each group", CLI_INT, &cap, 1, 1e9},
	{'\0', "category", "FIELD", "with --cap: the category", CLI_INT, &category_field, -1e6, 1e6},
	{'\0', "contiguous", NULL, "groups come one after the other: print each as it ends", CLI_FLAG, &contiguous, 0, 0},
	INPUT_OPTIONS(in),
	{'\0', "seed", "N", "with -T: another number samples other rankings", CLI_INT, &seed, 0, 9e15},
};

static const struct cli cli = {
	"topk", "the best records of each group, best first", "[file ...]", options, sizeof options / sizeof *options,
};

/* Where a line stands. */
struct origin {
	const char *file; /* not owned */
	uint64_t line;    /* in the file, for messages */
	uint64_t n;       /* in all files */
};

/* Some bytes of a line. */
struct span {
	uint32_t at, n;
};

/* A record that is among the best of its group so far. */
struct pick {
	double key;        /* what ranks it: the score; with -T the utility and a Gumbel draw */
	double utility;    /* with -T: score / T */
	double propensity; /* with -T, once the group is complete */
	struct origin origin;
	struct span item, category, label;
	size_t n, capacity; /* bytes of the line; room for them */
	char line[];
};

/* ln(e^a + e^b + ...) = most + ln(sum). */
struct logsum {
	double most, sum;
};

static const struct logsum logsum_empty = {-INFINITY, 0};

struct group {
	struct pick **pick;  /* owned: the best n, best first, then some to be used again */
	size_t n, made, capacity;
	struct logsum rest;  /* with -T: of the utilities of the other records */
};

static struct writer out;
static struct record record;
static size_t group_place, item_place, score_place, label_place, category_place;
static struct keys names;       /* of the groups */
static struct keys excluded;    /* group TAB item */
static struct group *group;     /* owned: of each name; with --contiguous one, which is the open one's */
static size_t n_groups, group_capacity;
static struct origin *end;      /* owned: with --contiguous, the last line of each group that has ended */
static size_t end_capacity;
static uint32_t current;        /* id of the group of the record before the one in hand */
static struct origin previous;  /* and where that record stands */

static void
logsum_add(struct logsum *s, double x)
{
	if (x > s->most) {
		s->sum *= math_exp(s->most - x);
		s->most = x;
	}
	s->sum += math_exp(x - s->most);
}

/* Group and item as one key, valid until the next call. */
static struct view
pair_key(struct view name, struct view item)
{
	static char *pair;
	static size_t capacity;

	pair = grow(pair, &capacity, name.n + 1 + item.n, 1);
	memcpy(pair, name.at, name.n);
	pair[name.n] = '\t';
	memcpy(pair + name.n + 1, item.at, item.n);
	return (struct view){pair, name.n + 1 + item.n};
}

static void
read_excluded(void)
{
	struct input from = INPUT_DEFAULTS;
	struct record seen = {0};

	input_open(&from, 1, (char *[]){(char *)(uintptr_t)exclude}, 0, NULL);
	while (record_next(&from, &seen, 2))
		keys_id(&excluded, pair_key(seen.field[0], seen.field[1]), NULL);
	record_free(&seen);
	input_close(&from);
}

static bool
is_excluded(void)
{
	uint32_t id;

	return excluded.n && keys_find(&excluded, pair_key(record.field[group_place], record.field[item_place]), &id);
}

static struct view
span_view(const struct pick *p, struct span s)
{
	return (struct view){p->line + s.at, s.n};
}

static struct span
span_of(struct view field)
{
	return (struct span){(uint32_t)(field.at - record.line.at), (uint32_t)field.n};
}

/* The record in hand as a pick, in the place of one that is not needed any more, or of NULL. */
static struct pick *
pick_make(struct pick *p, double key, double utility)
{
	size_t n = record.line.n;

	if (!p || p->capacity < n) {
		free(p);
		p = allocate(1, sizeof *p + n);
		p->capacity = n;
	}
	p->key = key;
	p->utility = utility;
	p->origin = (struct origin){in.name, in.line, in.lines};
	p->item = span_of(record.field[item_place]);
	p->category = span_of(record.field[category_place]);
	p->label = span_of(record.field[label_place]);
	p->n = n;
	memcpy(p->line, record.line.at, n);
	return p;
}

/* The rank, from 0, of a new key: behind the equal ones, which came before it. */
static size_t
rank_of(const struct group *g, double key)
{
	size_t from = 0, to = g->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (g->pick[middle]->key >= key)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* The rank that is lost when the record in hand comes in: the last one, of its category where that is full; n for none. */
static size_t
rank_lost(const struct group *g)
{
	struct view category = record.field[category_place];
	size_t same = 0, lost = 0;

	for (size_t i = 0; cap && i < g->n; i++)
		if (view_equal(span_view(g->pick[i], g->pick[i]->category), category)) {
			same++;
			lost = i;
		}
	if (cap && same == (size_t)cap)
		return lost;
	return g->n < (size_t)k ? g->n : g->n - 1;
}

/* Takes the record in hand in if it is among the best. */
static void
group_add(struct group *g, double key, double utility)
{
	size_t rank = rank_of(g, key), lost = rank_lost(g);
	struct pick *p = NULL;

	if (rank > lost || rank == (size_t)k) {
		logsum_add(&g->rest, utility);
		return;
	}
	if (lost < g->n) {
		logsum_add(&g->rest, g->pick[lost]->utility);
		p = g->pick[lost];
	} else if (++g->n > g->made) {
		g->pick = grow(g->pick, &g->capacity, g->n, sizeof *g->pick);
		g->made = g->n;
	} else {
		p = g->pick[lost];
	}
	memmove(g->pick + rank + 1, g->pick + rank, (lost - rank) * sizeof *g->pick);
	g->pick[rank] = pick_make(p, key, utility);
}

/* An item has one place in a ranking. */
static void
check_items(const struct group *g)
{
	for (size_t i = 1; i < g->n; i++)
		for (size_t j = 0; j < i; j++) {
			const struct pick *a = g->pick[i], *b = g->pick[j];
			bool swap = a->origin.n < b->origin.n;
			struct origin again = swap ? b->origin : a->origin, first = swap ? a->origin : b->origin;

			if (view_equal(span_view(a, a->item), span_view(b, b->item)))
				die_data("%s:%" PRIu64 ": its group has the same item at %s:%" PRIu64, again.file, again.line,
				         first.file, first.line);
		}
}

/*
 * A ranking is drawn without replacement, with weights e^u for utilities u (Plackett 1975, Luce 1959): it is the
 * order of u plus a Gumbel draw each (Yellott 1977). The propensity of a pick is its weight by the weights of all that
 * was left when it was picked. These sums grow from the last pick up, so nothing cancels.
 */
static void
set_propensities(struct group *g)
{
	for (size_t i = g->n; i--;) {
		struct pick *p = g->pick[i];

		logsum_add(&g->rest, p->utility);
		p->propensity = math_exp(p->utility - g->rest.most) / g->rest.sum;
	}
}

/* The line of a pick; with -T its propensity comes before the label. */
static void
print_pick(const struct pick *p)
{
	size_t at = 0;

	if (!isnan(temperature)) {
		at = p->label.at;
		writer_put(&out, p->line, at);
		writer_number(&out, p->propensity);
		writer_char(&out, '\t');
	}
	writer_put(&out, p->line + at, p->n - at);
	writer_char(&out, '\n');
}

/* Prints a group that is complete, and empties it. */
static void
group_finish(struct group *g)
{
	check_items(g);
	set_propensities(g);
	for (size_t i = 0; i < g->n; i++)
		print_pick(g->pick[i]);
	g->n = 0;
	g->rest = logsum_empty;
}

static void
group_free(struct group *g)
{
	for (size_t i = 0; i < g->made; i++)
		free(g->pick[i]);
	free(g->pick);
}

/* With --contiguous: the group of the records before has ended, and that of the record in hand must be new. */
static void
change_group(uint32_t id, bool fresh)
{
	if (!fresh)
		die_data("%s:%" PRIu64 ": its group ended at %s:%" PRIu64 " (sort first, or leave out --contiguous)",
		         in.name, in.line, end[id].file, end[id].line);
	end = grow(end, &end_capacity, names.n, sizeof *end);
	if (id)
		end[current] = previous;
	group_finish(group);
}

/* The group of the record in hand. */
static struct group *
find_group(void)
{
	struct view name = record.field[group_place];
	bool fresh = false, same = names.n && view_equal(name, keys_text(&names, current));
	uint32_t id = same ? current : keys_id(&names, name, &fresh), n = contiguous ? 1 : names.n;

	if (n > n_groups) {
		group = grow(group, &group_capacity, n, sizeof *group);
		group[n_groups++] = (struct group){.rest = logsum_empty};
	}
	if (contiguous && !same)
		change_group(id, fresh);
	current = id;
	previous = (struct origin){in.name, in.line, in.lines};
	return contiguous ? group : &group[id];
}

/* A draw of the standard Gumbel distribution, of the seed, the group and the item. */
static double
gumbel(void)
{
	struct view name = record.field[group_place], item = record.field[item_place];
	uint64_t key = XXH3_64bits_withSeed(item.at, item.n, XXH3_64bits(name.at, name.n));

	return -math_log(-math_log(random_uniform((uint64_t)seed, key)));
}

/* One record: into its group, refused or left out. */
static void
rank_record(void)
{
	struct view text = record.field[score_place];
	struct fault fault = {.field = (int)score_place + 1, .name = "score", .value = text};
	double score, utility = 0;

	if (!number_parse(text, &score)) {
		fault.rule = "not a number";
		fault.hint = number_hint(text);
	} else if (!isnan(temperature) && !isfinite(utility = score / temperature)) {
		fault.rule = "too large for this temperature";
	}
	if (fault.rule)
		input_refuse(&in, fault);
	else if (!is_excluded())
		group_add(find_group(), isnan(temperature) ? score : utility + gumbel(), utility);
}

/* Once the first record is in hand. */
static void
find_places(void)
{
	group_place = record_place(&record, group_field, "group");
	item_place = record_place(&record, item_field, "item");
	score_place = record_place(&record, score_field, "score");
	if (!isnan(temperature))
		label_place = record_place(&record, label_field, "label");
	if (cap)
		category_place = record_place(&record, category_field, "category");
}

static void
read_records(void)
{
	for (bool first = true; record_next(&in, &record, 1); first = false) {
		if (first)
			find_places();
		rank_record();
	}
}

static void
finish(void)
{
	for (size_t i = 0; i < n_groups; i++) {
		group_finish(&group[i]);
		group_free(&group[i]);
	}
	free(group);
	free(end);
	keys_free(&names);
	keys_free(&excluded);
	record_free(&record);
}

int
main(int argc, char **argv)
{
	int first = cli_parse(&cli, argc, argv);

	if ((cap != 0) != (category_field != INT64_MIN))
		die_usage("--cap and --category go together");
	if (cap && !isnan(temperature))
		die_usage("--cap and --temperature do not: a capped ranking has no such propensities");
	writer_init(&out, STDOUT_FILENO, "stdout");
	if (exclude)
		read_excluded();
	input_open(&in, argc, argv, first, &out);
	read_records();
	finish();
	input_close(&in);
	writer_close(&out);
	return 0;
}

/*
 * topk - the best records of each group, best first
 *
 * reads:  records with a score; -x: a file of records whose groups and items are left out
 * writes: the best of each group as they came, best first; with -T and a field more, the propensity
 * memory: O(groups * k); with --contiguous O(k); -x: its pairs; -T: those of the records, with --contiguous of a group
 */
#include "../common/cli.h"
#include "../common/io/indexes.h"
#include "../common/io/interleaved.h"
#include "../common/io/rankings.h"
#include "../common/io/record.h"
#include "../common/num/random.h"

static struct input in = INPUT_DEFAULTS;
static struct rankings rankings = {.k = 10};
static int64_t group_field = 1, item_field = 2, score_field = -1, label_field = -2, seed = 1;
static int64_t category_field = INT64_MIN; /* not given, as is a cap of 0 */
static double temperature = NAN;
static const char *exclude;
static struct parts parts = PARTS_DEFAULTS;

static const struct cli_option options[] = {
	{'g', "group", "FIELD", "what is ranked together", CLI_INT, &group_field, -1e6, 1e6},
	{'i', "item", "FIELD", "the item", CLI_INT, &item_field, -1e6, 1e6},
	PARTS_OPTIONS(parts),
	{'k', "top", "N", "records to print of each group", CLI_INT, &rankings.k, 1, 1e9},
	{'s', "score", "FIELD", "the score: the greatest is best", CLI_INT, &score_field, -1e6, 1e6},
	{'T', "temperature", "T", "sample the ranking: weights are exp(score / T)", CLI_REAL, &temperature, 1e-9, 1e9},
	{'x', "exclude", "FILE", "leave out each group and item that are the first two fields of a line here",
	 CLI_TEXT, &exclude, 0, 0},
	{'y', "label", "FIELD", "with -T: the field before which the propensity is put", CLI_INT, &label_field, -1e6, 1e6},
	{'\0', "cap", "N", "print at most N records of a category in each group", CLI_INT, &rankings.cap, 1, 1e9},
	{'\0', "category", "FIELD", "with --cap: the category", CLI_INT, &category_field, -1e6, 1e6},
	{'\0', "contiguous", NULL, "groups come one after the other: print each as it ends", CLI_FLAG, &rankings.contiguous, 0, 0},
	RECORDS_OPTIONS(in),
	{'\0', "seed", "N", "with -T: another number samples other rankings", CLI_INT, &seed, 0, 9e15},
};

static const struct cli cli = {
	"topk", "the best records of each group, best first", "[file ...]", options, sizeof options / sizeof *options,
};

static struct writer out;
static struct interleaved interleaved; /* of a part */
static struct record record;
static size_t group_place, item_place, score_place, label_place, category_place;
static bool itemless; /* field 2 of three is the label, not an item: nothing is there twice */
static struct keys excluded; /* group TAB item */
static struct indexset hashes; /* of the items of a ranking */
static struct keys drawn; /* with -T: group TAB item, and */
static struct origin *drawn_at; /* the line of each */
static size_t drawn_capacity;

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

_Noreturn static void
die_twice(const char *file, uint64_t line, const char *first_file, uint64_t first_line)
{
	die_data("%s:%" PRIu64 ": its group has the same item at %s:%" PRIu64, file, line, first_file, first_line);
}

/* With -T an item has one draw, and a weight in the sum that is its own, whether it is printed or not. */
static void
check_drawn(struct origin here)
{
	bool fresh;
	uint32_t id = keys_id(&drawn, pair_key(record.field[group_place], record.field[item_place]), &fresh);

	if (!fresh)
		die_twice(here.file, here.line, drawn_at[id].file, drawn_at[id].line);
	drawn_at = grow(drawn_at, &drawn_capacity, drawn.n, sizeof *drawn_at);
	drawn_at[id] = here;
}

/* Whether two items of a ranking have one hash, as equal ones have. */
static bool
seem_equal(const struct ranking *r)
{
	bool fresh = true;

	indexes_begin(&hashes, r->n);
	for (size_t i = 0; i < r->n && fresh; i++) {
		struct view item = pick_field(r->place[i].pick, r->place[i].pick->item);

		indexset_slot(&hashes, (uint32_t)XXH3_64bits(item.at, item.n), &fresh);
	}
	return !fresh;
}

/* An item has one place in a ranking. */
static void
check_items(const struct ranking *r)
{
	if (!seem_equal(r))
		return;
	for (size_t i = 1; i < r->n; i++)
		for (size_t j = 0; j < i; j++) {
			const struct pick *a = r->place[i].pick, *b = r->place[j].pick;
			const struct pick *first = pick_before(a, b) ? a : b, *again = first == a ? b : a;

			if (view_equal(pick_field(a, a->item), pick_field(b, b->item)))
				die_twice(input_name(in.operand[again->operand]), again->line,
				          input_name(in.operand[first->operand]), first->line);
		}
}

/* The line as it came; with -T its propensity comes before the label. */
static void
print_pick(const struct pick *p)
{
	size_t before = 0;

	if (!isnan(temperature)) {
		before = p->label;
		writer_put(&out, p->bytes, before);
		writer_number(&out, p->propensity);
		writer_char(&out, '\t');
	}
	writer_put(&out, p->bytes + before, p->n - before);
	writer_char(&out, '\n');
}

static void
print_ranking(struct ranking *r)
{
	if (!isnan(temperature))
		ranking_propensities(r);
	else if (!itemless)
		check_items(r);
	for (size_t i = 0; i < r->n; i++)
		print_pick(r->place[i].pick);
	if (parts.part)
		interleaved_add(&interleaved, r->ordinal, &out);
	keys_free(&drawn);
}

/* A draw of the standard Gumbel distribution, of the seed, the group and the item. */
static double
gumbel(void)
{
	struct view name = record.field[group_place], item = record.field[item_place];
	uint64_t key = XXH3_64bits_withSeed(item.at, item.n, XXH3_64bits(name.at, name.n));

	return -math_log(-math_log(random_uniform((uint64_t)seed, key)));
}

static void
rank_record(void)
{
	bool sampled = !isnan(temperature);
	struct view text = record.field[score_place];
	struct fault fault = {.field = (int)score_place + 1, .name = "score", .value = text};
	struct candidate c = {.line = record.line, .item = record.field[item_place],
	                      .utility = -INFINITY, .origin = input_origin(&in), .ordinal = in.lines};

	if (!number_parse(text, &c.key)) {
		fault.rule = "not a number";
		fault.hint = number_hint(text);
	} else if (sampled && !isfinite(c.utility = c.key / temperature)) {
		fault.rule = "too large for this temperature";
	}
	if (fault.rule) {
		input_refuse(&in, fault);
		return;
	}
	if (is_excluded())
		return;
	if (sampled) {
		c.key = c.utility + gumbel();
		c.label = record.field[label_place];
	}
	if (rankings.cap)
		c.category = record.field[category_place];
	rankings_add(&rankings, &c, record.field[group_place]);
	if (sampled)
		check_drawn(c.origin);
}

/* Once the first record is in hand. */
static void
find_places(void)
{
	group_place = record_place(&record, group_field, "group");
	item_place = record_place(&record, item_field, "item");
	score_place = record_place(&record, score_field, "score");
	label_place = record_place(&record, label_field, "label");
	itemless = item_place == label_place || item_place == score_place;
	if (itemless && (exclude || !isnan(temperature))) {
		record_apart(&record, item_place, "item", label_place, "label");
		record_apart(&record, item_place, "item", score_place, "score");
	}
	if (rankings.cap)
		category_place = record_place(&record, category_field, "category");
}

/* With -j: a part ranks some of the groups, whose records are before it; the program writes them all. */
static enum parts_turn
share_groups(void)
{
	enum parts_turn turn = rankings.contiguous ? PARTS_NONE : parts_fork(&parts, &in);

	if (turn == PARTS_PART)
		parts_read_groups(&parts, &in, group_place);
	else if (turn == PARTS_DONE)
		interleaved_write(&parts, &out);
	return turn;
}

static void
read_records(void)
{
	enum parts_turn turn;

	if (!record_next(&in, &record, 1))
		return;
	find_places();
	turn = share_groups();
	if (turn == PARTS_NONE)
		rank_record();
	while (turn != PARTS_DONE && record_next(&in, &record, 1))
		rank_record();
}

int
main(int argc, char **argv)
{
	int first = cli_parse(&cli, argc, argv);

	if ((rankings.cap != 0) != (category_field != INT64_MIN))
		die_usage("--cap and --category go together");
	if (rankings.cap && !isnan(temperature))
		die_usage("--cap and --temperature do not: a capped ranking has no such propensities");
	writer_init(&out, STDOUT_FILENO, "stdout");
	if (exclude)
		read_excluded();
	rankings.each = print_ranking;
	in.settle = rankings_settle;
	in.context = &rankings;
	in.shard.field = group_field;
	input_open(&in, argc, argv, first, &out);
	read_records();
	rankings_finish(&rankings);
	if (parts.part)
		interleaved_end(&interleaved, &out);
	keys_free(&excluded);
	keys_free(&drawn);
	free(drawn_at);
	free(hashes.cell);
	record_free(&record);
	input_close(&in);
	writer_close(&out);
	return 0;
}

/*
 * featurize - log columns to records, by a formula
 *
 * reads:  CSV with a header
 * writes: records: the columns to keep, label, features
 * memory: O(row), and the lines of index()'s file; with --names the different tokens
 */
#include "../common/cli.h"
#include "../common/io/formula.h"
#include "../common/io/kept.h"
#include "../common/io/numbered.h"
#include "../common/io/tokens.h"

static struct input in = INPUT_DEFAULTS;
static struct rows rows = {.csv = true};
static int64_t bits = 22;
static const char *keep, *augment, *names_file;
static bool unknown_is_0;

static const struct cli_option options[] = {
	{'b', "bits", "N", "bits of a hashed feature's index", CLI_INT, &bits, 1, 30},
	ROWS_OPTIONS(rows),
	{'k', "keep", "COLUMNS", "comma-separated: the group and what else to carry along; none: the record's number",
	 CLI_TEXT, &keep, 0, 0},
	{'\0', "augment", "COLUMN", "give every token a copy that belongs to the row's domain", CLI_TEXT, &augment, 0, 0},
	RECORDS_OPTIONS(in),
	{'\0', "names", "FILE", "write index and token here, once for every token", CLI_TEXT, &names_file, 0, 0},
	{'\0', "unknown", NULL, "index() of a value that is not in its file is 0", CLI_FLAG, &unknown_is_0, 0, 0},
};

static const struct cli cli = {
	"featurize", "log columns to records, by a formula", "formula [file ...]",
	options, sizeof options / sizeof *options,
};

/* Tokens that were named already. */
struct naming {
	struct writer out;
	struct keys seen;
	uint8_t *taken;  /* owned: a bit for every index of hashed features */
	uint32_t shared; /* tokens whose index another had taken */
};

static _Noreturn void
die_formula(const struct formula *f)
{
	if (f->source[f->wrong_at])
		die_usage("formula, character %zu: %s: \"%.40s\"", f->wrong_at + 1, f->rule, f->source + f->wrong_at);
	die_usage("formula, at its end: %s", f->rule);
}

static void
naming_open(struct naming *names)
{
	writer_init(&names->out, files_create(names_file, "names"), names_file);
	names->taken = allocate_zero(((size_t)1 << bits) / 8 + 1, 1);
}

/* Writes the token when it is new. */
static void
naming_add(struct naming *names, uint64_t index, struct view token, bool hashed)
{
	uint8_t bit = (uint8_t)(1 << index % 8);
	bool fresh;

	keys_id(&names->seen, token, &fresh);
	if (!fresh)
		return;
	writer_whole(&names->out, index);
	writer_char(&names->out, '\t');
	writer_escaped(&names->out, token);
	writer_char(&names->out, '\n');
	if (!hashed)
		return;
	names->shared += (names->taken[index / 8] & bit) != 0;
	names->taken[index / 8] |= bit;
}

static void
naming_close(struct naming *names)
{
	if (names->shared)
		warn("%" PRIu32 " of %" PRIu32 " tokens share their index with an earlier one (-b %" PRId64 ")",
		     names->shared, names->seen.n, bits);
	writer_close(&names->out);
	keys_free(&names->seen);
	free(names->taken);
}

static void
write_features(struct writer *out, const struct tokens *t, struct naming *names)
{
	enum formula_numbering numbering = t->formula->numbering;
	uint64_t mask = numbering == NUMBERING_HASHED ? ((uint64_t)1 << bits) - 1 : UINT64_MAX;

	if (numbering == NUMBERING_DENSE)
		writer_char(out, '=');
	for (size_t i = 0; i < t->n_features; i++) {
		const struct token *feature = &t->feature[i];
		uint64_t index = feature->id & mask;

		if (i)
			writer_char(out, ' ');
		if (numbering != NUMBERING_DENSE)
			writer_whole(out, index);
		if (numbering != NUMBERING_DENSE && feature->value != 1)
			writer_char(out, ':');
		if (numbering == NUMBERING_DENSE || feature->value != 1)
			writer_number(out, feature->value);
		if (names)
			naming_add(names, index, tokens_text(t, feature), numbering == NUMBERING_HASHED);
	}
}

static void
write_record(struct writer *out, const struct kept *kept, uint64_t number, struct view label,
             const struct tokens *t, struct naming *names)
{
	kept_put(kept, &rows, out);
	if (!kept->n) {
		writer_whole(out, number);
		writer_char(out, '\t');
	}
	writer_view(out, label);
	writer_char(out, '\t');
	write_features(out, t, names);
	writer_char(out, '\n');
}

/* All rows, once the header has said where the columns are. */
static void
featurize(struct writer *out, struct formula *f, struct kept *kept, const struct keys *lines, struct naming *names)
{
	struct tokens tokens;
	bool more = rows_next(&rows);

	if (!rows.name)
		return;
	if (augment)
		rows_place(&rows, augment, "augment");
	if (!formula_bind(f, rows.name, rows.n_names))
		die_formula(f);
	kept_find(kept, &rows);
	tokens_init(&tokens, f, lines, unknown_is_0);
	for (uint64_t number = 1; more; more = rows_next(&rows)) {
		struct view label;
		struct fault fault;

		if (label_row(&f->label, rows.field, &label, &fault) && tokens_row(&tokens, rows.field, &fault))
			write_record(out, kept, number++, label, &tokens, names);
		else
			input_refuse(&in, fault);
	}
	tokens_free(&tokens);
}

int
main(int argc, char **argv)
{
	int first = cli_parse(&cli, argc, argv);
	struct formula formula = {0};
	struct kept kept = {0};
	struct keys lines = {0};
	struct naming names = {0};
	struct writer out;

	if (first == argc)
		die_usage("a formula is missing");
	if (!formula_parse(&formula, argv[first]) || (augment && !formula_augment(&formula, augment)))
		die_formula(&formula);
	if (formula.numbering == NUMBERING_EXACT)
		numbered_read(&lines, formula.factor[0].text);
	writer_init(&out, STDOUT_FILENO, "stdout");
	rows_open(&rows, &in);
	kept_choose(&kept, keep, "keep");
	if (kept.list.n)
		shard_by(&in.shard, kept.list.column[0], kept.option);
	input_open(&in, argc, argv, first + 1, &out);
	if (names_file)
		naming_open(&names);
	featurize(&out, &formula, &kept, &lines, names_file ? &names : NULL);
	input_close(&in);
	if (names_file)
		naming_close(&names);
	rows_free(&rows);
	kept_free(&kept);
	keys_free(&lines);
	formula_free(&formula);
	writer_close(&out);
	return 0;
}

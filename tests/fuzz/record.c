/*
 * record.c - a line's fields are the line again when joined; features that are accepted are the same again when they
 * are printed and parsed, and when they follow others, and twice as much when they are said twice.
 */
#include "../../common/io/features.h"

enum { LIMIT = 1 << 20 };

static void
check_fields(struct view line)
{
	static struct record r;
	const char *at = line.at;

	record_split(&r, line);
	for (size_t i = 0; i < r.n; i++) {
		if (r.field[i].at != at || memchr(at, '\t', r.field[i].n))
			abort();
		at += r.field[i].n + 1;
	}
	if (at != line.at + line.n + 1)
		abort();
}

/* Features as text, owned by the caller; .at NULL when a sum has grown, or been rounded, beyond what a value may be. */
static struct view
print(const struct features *f)
{
	char *text = allocate(f->n, 2 * NUMBER_MAX);
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		if (!(fabsf(f->value[i]) < 1e30f)) {
			free(text);
			return (struct view){0};
		}
		if (i)
			text[n++] = ' ';
		n += number_print_whole(text + n, f->index[i]);
		text[n++] = ':';
		n += number_print(text + n, f->value[i]);
	}
	return (struct view){text, n};
}

/* Whether b holds, from place `from` on, what a holds. */
static bool
same(const struct features *a, const struct features *b, size_t from)
{
	return b->n - from == a->n &&
	       (!a->n || (memcmp(a->index, b->index + from, a->n * sizeof *a->index) == 0 &&
	                  memcmp(a->value, b->value + from, a->n * sizeof *a->value) == 0));
}

/* Said twice, every feature is there once with twice its value. */
static void
check_sums(const struct features *f, struct view printed)
{
	struct features sums = {0};
	char *text = allocate(2 * printed.n + 1, 1);
	struct fault fault;

	memcpy(text, printed.at, printed.n);
	text[printed.n] = ' ';
	memcpy(text + printed.n + 1, printed.at, printed.n);
	if (!features_parse(&sums, (struct view){text, 2 * printed.n + 1}, LIMIT, &fault) || sums.n != f->n)
		abort();
	for (size_t i = 0; i < f->n; i++)
		if (sums.index[i] != f->index[i] || sums.value[i] != 2 * f->value[i])
			abort();
	features_free(&sums);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct features first = {0}, again = {0};
	struct view text = {(const char *)data, n}, printed;
	struct fault fault;
	float label;

	check_fields(text);
	label_parse(text, LABEL_ANY, &label, &fault);
	if (!features_parse(&first, text, LIMIT, &fault)) {
		if (first.n || !fault.rule)
			abort();
		features_free(&first);
		return 0;
	}
	printed = print(&first);
	if (printed.at) {
		if (!features_parse(&again, printed, LIMIT, &fault) || !same(&first, &again, 0) ||
		    !features_parse(&again, text, LIMIT, &fault) || !same(&first, &again, first.n))
			abort();
		if (printed.n)
			check_sums(&first, printed);
		free((char *)(uintptr_t)printed.at);
	}
	features_free(&first);
	features_free(&again);
	return 0;
}

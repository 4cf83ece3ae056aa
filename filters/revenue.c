/*
 * revenue - sum of money, by key
 *
 * reads:  records, or CSV with -C: each an impression, its label the money it brought; with --merge, partial lines
 * writes: key... impressions revenue mean lower upper; with --partial: its statistics
 * memory: O(keys), with --bootstrap 10 KB each
 */
#include "../common/eval/keyed.h"

/* What is kept of a key. */
struct takings {
	struct money money;
	struct bootstrap drawn; /* with --bootstrap; else there is no such member */
};

static int places; /* decimals of the most precise amount */

static bool
add(void *to, const void *more)
{
	const struct money *m = more;

	if (m->places > places)
		places = m->places;
	return money_add(to, *m);
}

static bool
add_drawn(void *to, const void *more)
{
	struct takings *t = to;
	const struct takings *m = more;

	return add(&t->money, &m->money) && bootstrap_add(&t->drawn, &m->drawn);
}

static struct sums sums = {
	SUMS_DEFAULTS,
	.tag = "revenue/1",
	.columns = "impressions\trevenue\tmean\tlower\tupper",
	.n_statistics = 3,
	.size = sizeof(struct money),
	.add = add,
};

static const struct cli_option options[] = {
	SUMS_OPTIONS(sums),
	{'y', "label", "MONEY", "column of the money; in records the last but one", CLI_TEXT, &sums.value, 0, 0},
};

static const struct cli cli = {"revenue", "sum of money, by key", "[file ...]", options,
                               sizeof options / sizeof *options};

/* Statistic i of the row in hand, an exact decimal. False when the row was refused. */
static bool
parse_decimal(size_t i, const char *name, struct decimal *d)
{
	struct fault fault = {0};

	return decimal_parse(sums.rows.field[sums.value_place + i], d, &fault) || sums_refuse(&sums, i, name, fault);
}

/* The impression in hand. False when it was refused. */
static bool
parse_impression(struct takings *t)
{
	struct money *m = &t->money;
	struct decimal amount;

	if (!parse_decimal(0, "label", &amount))
		return false;
	if (!money_of(m, amount.units, amount.places))
		return sums_refuse(&sums, 0, "label", (struct fault){.rule = "too large"});
	keyed_draw(&sums, &t->drawn, amount.units, amount.places);
	return true;
}

/* The partial line in hand; its squares are in units^2, of the decimals its revenue has. False when it was refused. */
static bool
parse_partial(struct takings *t)
{
	struct money *m = &t->money;
	struct decimal sum, squares;

	if (!sums_count(&sums, 0, "impressions", &m->n) || !parse_decimal(1, "revenue", &sum) ||
	    !parse_decimal(2, "squares", &squares))
		return false;
	m->sum = sum.units;
	m->squares = squares.units;
	m->places = sum.places;
	if (squares.places || !money_possible(m))
		return sums_refuse(&sums, 2, "squares", (struct fault){.rule = "impossible with this revenue"});
	return keyed_parse(&sums, &t->drawn, m->n, m->places);
}

static struct interval
interval(const struct takings *t)
{
	const struct money *m = &t->money;

	return sums.unit ? bootstrap_interval(&t->drawn, sums.level)
	                 : mean_interval(m->n, money_mean(m), money_variance(m), sums.level);
}

/* With the key that others are compared with, if any; with that itself the comparison is not told. */
static struct comparison
compare(const struct takings *t, const struct takings *reference)
{
	if (!reference || t == reference)
		return comparison_none;
	if (sums.unit)
		return bootstrap_compare(&t->drawn, &reference->drawn, money_mean(&t->money) - money_mean(&reference->money),
		                         sums.level);
	return compare_means(&t->money, &reference->money, sums.level);
}

static void
print(const struct takings *t, const struct takings *reference)
{
	const struct money *m = &t->money;

	writer_whole(&sums.out, m->n);
	writer_char(&sums.out, '\t');
	writer_decimal(&sums.out, (struct decimal){m->sum, m->places}, sums.partial ? m->places : places);
	if (sums.partial) {
		writer_char(&sums.out, '\t');
		writer_decimal(&sums.out, (struct decimal){m->squares, 0}, 0);
		keyed_end_partial(&sums, &t->drawn);
	} else {
		keyed_end(&sums, money_mean(m), interval(t), compare(t, reference));
	}
}

int
main(int argc, char **argv)
{
	int first = cli_parse(&cli, argc, argv);
	const struct takings *reference;
	struct takings one;
	struct keys_entry *key;
	uint32_t n;

	keyed_prepare(&sums, "revenue-bootstrap/1", sizeof(struct takings), add_drawn);
	sums_open(&sums, argc, argv, first);
	while (sums_next(&sums))
		if (sums.merge ? parse_partial(&one) : parse_impression(&one))
			sums_add(&sums, &one);
	key = sums_finish(&sums, &n);
	reference = sums_reference(&sums);
	for (uint32_t i = 0; i < n; i++)
		print(sums_begin(&sums, key, i, n), reference);
	free(key);
	sums_close(&sums);
	return 0;
}

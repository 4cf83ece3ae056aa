/*
 * revenue - sum of money, by key
 *
 * reads:  records, or CSV with -C: each an impression, its label the money it brought; with --merge, partial lines
 * writes: key... impressions revenue mean lower upper; with --partial: its statistics
 * memory: O(keys), with --bootstrap 10 KB each
 */
#include "../common/eval/bootstrap.h"
#include "../common/eval/compare.h"
#include "../common/io/decimal.h"
#include "../common/io/sums.h"

/* What is kept of a key. */
struct takings {
	struct money money;
	struct bootstrap drawn; /* with --bootstrap; else there is no such member */
};

static const char *unit;  /* column of what is drawn; NULL: nothing is */
static size_t unit_place;
static int places;        /* decimals of the most precise amount */

static bool
add(void *to, const void *more)
{
	struct takings *t = to;
	const struct takings *m = more;
	int before = t->money.places;

	if (m->money.places > places)
		places = m->money.places;
	if (!money_add(&t->money, m->money))
		return false;
	return !unit || bootstrap_add(&t->drawn, bootstrap_factor(t->money.places - before), &m->drawn,
	                              bootstrap_factor(t->money.places - m->money.places));
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
	{'\0', "bootstrap", "UNIT", "column of users, say, that are drawn anew: the interval is how far the mean scatters", CLI_TEXT, &unit, 0, 0},
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
	if (unit) {
		struct view name = sums.rows.field[unit_place];

		bootstrap_of(&t->drawn, XXH3_64bits(name.at, name.n), amount.units);
	}
	return true;
}

/* The partial line in hand; its squares are in units^2, of the decimals its revenue has. False when it was refused. */
static bool
parse_partial(struct takings *t)
{
	struct money *m = &t->money;
	struct decimal sum, squares;
	const struct view *drawn = sums.rows.field + sums.value_place + 3;

	if (!sums_count(&sums, 0, "impressions", &m->n) || !parse_decimal(1, "revenue", &sum) ||
	    !parse_decimal(2, "squares", &squares))
		return false;
	m->sum = sum.units;
	m->squares = squares.units;
	m->places = sum.places;
	if (squares.places || !money_possible(m))
		return sums_refuse(&sums, 2, "squares", (struct fault){.rule = "impossible with this revenue"});
	if (unit && !bootstrap_parse(&t->drawn, m->n, drawn[0], drawn[1]))
		return sums_refuse(&sums, 3, "drawn", (struct fault){.rule = "no draws of so many impressions"});
	return true;
}

/* A key's line; of the key that others are compared with, the comparison is not told. */
static void
print(const struct keys_entry *key, const struct money *reference)
{
	const struct takings *t = sums_begin(&sums, key);
	const struct money *m = &t->money;
	bool compared = reference && m != reference;
	struct comparison c = compared ? compare_means(m, reference, sums.level) : comparison_none;
	double mean = money_mean(m);
	struct interval i = unit ? bootstrap_interval(&t->drawn, m->places, sums.level)
	                         : mean_interval(m->n, mean, money_variance(m), sums.level);

	writer_whole(&sums.out, m->n);
	writer_char(&sums.out, '\t');
	writer_decimal(&sums.out, (struct decimal){m->sum, m->places}, sums.partial ? m->places : places);
	if (sums.partial) {
		writer_char(&sums.out, '\t');
		writer_decimal(&sums.out, (struct decimal){m->squares, 0}, 0);
		if (unit)
			bootstrap_write(&t->drawn, &sums.out);
	}
	sums_end(&sums, sums.against ? 7 : 3,
	         (double[]){mean, i.lower, i.upper, c.difference, c.lower, c.upper, c.p});
}

static void
print_all(void)
{
	const struct money *reference;
	uint32_t n;
	struct keys_entry *key = sums_finish(&sums, &n);

	reference = sums_reference(&sums);
	for (uint32_t i = 0; i < n; i++)
		print(&key[i], reference);
	free(key);
}

static void
read_all(void)
{
	struct takings one;

	for (bool first = true; sums_next(&sums); first = false) {
		if (first && unit && !sums.merge)
			unit_place = rows_place(&sums.rows, unit, "bootstrap");
		if (sums.merge ? parse_partial(&one) : parse_impression(&one))
			sums_add(&sums, &one);
	}
}

int
main(int argc, char **argv)
{
	int first = cli_parse(&cli, argc, argv);

	if (unit && sums.against)
		die_usage("--bootstrap: keys are not compared (--against)");
	if (unit) {
		sums.tag = "revenue-bootstrap/1";
		sums.n_statistics = 5;
		sums.size = sizeof(struct takings);
	}
	sums_open(&sums, argc, argv, first);
	read_all();
	print_all();
	sums_close(&sums);
	return 0;
}

/*
 * revenue - sum of money, by key
 *
 * reads:  records, or CSV with -C: each an impression, its label the money it brought; with --merge, partial lines
 * writes: key... impressions revenue mean lower upper; with --partial: revenue/1 key... impressions revenue squares
 * memory: O(keys)
 */
#include "../common/eval/compare.h"
#include "../common/io/decimal.h"
#include "../common/io/sums.h"

static int places; /* decimals of the most precise amount */

static bool
add(void *to, const void *more)
{
	const struct money *m = more;

	if (m->places > places)
		places = m->places;
	return money_add(to, *m);
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
parse_impression(struct money *m)
{
	struct decimal amount;

	if (!parse_decimal(0, "label", &amount))
		return false;
	if (!money_of(m, amount.units, amount.places))
		return sums_refuse(&sums, 0, "label", (struct fault){.rule = "too large"});
	return true;
}

/* The partial line in hand; its squares are in units^2, of the decimals its revenue has. False when it was refused. */
static bool
parse_partial(struct money *m)
{
	struct decimal sum, squares;

	if (!sums_count(&sums, 0, "impressions", &m->n) || !parse_decimal(1, "revenue", &sum) ||
	    !parse_decimal(2, "squares", &squares))
		return false;
	m->sum = sum.units;
	m->squares = squares.units;
	m->places = sum.places;
	if (squares.places || !money_possible(m))
		return sums_refuse(&sums, 2, "squares", (struct fault){.rule = "impossible with this revenue"});
	return true;
}

/* A key's line; of the key that others are compared with, the comparison is not told. */
static void
print(const struct keys_entry *key, const struct money *reference)
{
	const struct money *m = sums_begin(&sums, key);
	bool compared = reference && m != reference;
	struct comparison c = compared ? compare_means(m, reference, sums.level) : comparison_none;
	double mean = money_mean(m);
	struct interval i = mean_interval(m->n, mean, money_variance(m), sums.level);

	writer_whole(&sums.out, m->n);
	writer_char(&sums.out, '\t');
	writer_decimal(&sums.out, (struct decimal){m->sum, m->places}, sums.partial ? m->places : places);
	if (sums.partial) {
		writer_char(&sums.out, '\t');
		writer_decimal(&sums.out, (struct decimal){m->squares, 0}, 0);
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

int
main(int argc, char **argv)
{
	struct money one;

	sums_open(&sums, argc, argv, cli_parse(&cli, argc, argv));
	while (sums_next(&sums))
		if (sums.merge ? parse_partial(&one) : parse_impression(&one))
			sums_add(&sums, &one);
	print_all();
	sums_close(&sums);
	return 0;
}

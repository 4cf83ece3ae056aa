/*
 * feedback - positive over total feedback, by key
 *
 * reads:  records, or CSV with -C: each a feedback, its label a number, or `?` for none; with --merge, partial lines
 * writes: key... total positive rate lower upper; with --partial: feedback/1 key... total positive
 * memory: O(keys)
 */
#include "../common/eval/interval.h"
#include "../common/eval/tally.h"
#include "../common/io/sums.h"

static struct sums sums = {
	SUMS_DEFAULTS,
	.tag = "feedback/1",
	.columns = "total\tpositive\trate\tlower\tupper",
	.n_statistics = 2,
	.size = sizeof(struct rate),
};

static double least_positive = NAN; /* NAN: what is above 0 is positive */

static const struct cli_option options[] = {
	SUMS_OPTIONS(sums),
	{'\0', "positive", "X", "feedback is positive from X on; else above 0", CLI_REAL, &least_positive, -1e308, 1e308},
	{'y', "label", "FEEDBACK", "column of the label, a number or ?; in records the last but one", CLI_TEXT, &sums.value,
	 0, 0},
};

static const struct cli cli = {"feedback", "positive over total feedback, by key", "[file ...]", options,
                               sizeof options / sizeof *options};

/* The feedback in hand. False when there is none, or when it was refused. */
static bool
parse_feedback(struct rate *r)
{
	struct view text = sums_value(&sums);
	double value;

	if (text.n == 1 && *text.at == '?')
		return false;
	if (!number_parse(text, &value))
		return sums_refuse(&sums, 0, "label", (struct fault){.rule = "not a number", .hint = number_hint(text)});
	*r = (struct rate){1, isnan(least_positive) ? value > 0 : value >= least_positive};
	return true;
}

/* The partial line in hand. False when it was refused. */
static bool
parse_partial(struct rate *r)
{
	if (!sums_count(&sums, 0, "total", &r->n) || !sums_count(&sums, 1, "positive", &r->positive))
		return false;
	if (r->positive > r->n)
		return sums_refuse(&sums, 1, "positive", (struct fault){.rule = "more than the total"});
	return true;
}

static void
add(struct rate more)
{
	if (!rate_add(sums_tally(&sums), more))
		sums_overflow(&sums);
}

static void
print(const struct keys_entry *key, double z)
{
	const struct rate *r = sums_begin(&sums, key);
	struct interval interval = wilson_interval(r->n, r->positive, z);

	writer_whole(&sums.out, r->n);
	writer_char(&sums.out, '\t');
	writer_whole(&sums.out, r->positive);
	sums_end(&sums, 3, (double[]){rate_value(*r), interval.lower, interval.upper});
}

static void
print_all(void)
{
	double z = normal_quantile((1 + sums.level) / 2);
	uint32_t n;
	struct keys_entry *key = sums_finish(&sums, &n);

	for (uint32_t i = 0; i < n; i++)
		print(&key[i], z);
	free(key);
}

int
main(int argc, char **argv)
{
	struct rate one;

	sums_open(&sums, argc, argv, cli_parse(&cli, argc, argv));
	if (sums.merge && !isnan(least_positive))
		die_usage("--merge: reads lines of --partial: no --positive");
	while (sums_next(&sums))
		if (sums.merge ? parse_partial(&one) : parse_feedback(&one))
			add(one);
	print_all();
	sums_close(&sums);
	return 0;
}

/*
 * feedback - positive over total feedback, by key
 *
 * reads:  records, or CSV with -C: each a feedback, its label a number, or `?` for none; with --merge, partial lines
 * writes: key... total positive rate lower upper; with --partial: feedback/1 key... total positive
 * memory: O(keys), with --bootstrap 10 KB each
 */
#include "../common/eval/rates.h"

static struct rates rates = {
	RATES_DEFAULTS,
	.sums.tag = "feedback/1",
	.drawn_tag = "feedback-bootstrap/1",
	.sums.columns = "total\tpositive\trate\tlower\tupper",
	.total = "total",
	.positive = "positive",
	.excess = "more than the total",
};

static double least_positive = NAN; /* NAN: what is above 0 is positive */

static const struct cli_option options[] = {
	RATES_OPTIONS(rates),
	{'\0', "positive", "X", "feedback is positive from X on; else above 0", CLI_REAL, &least_positive, -1e308, 1e308},
	{'y', "label", "FEEDBACK", "column of the label, a number or ?; in records the last but one", CLI_TEXT, &rates.sums.value,
	 0, 0},
};

static const struct cli cli = {"feedback", "positive over total feedback, by key", "[file ...]", options,
                               sizeof options / sizeof *options};

/* The feedback in hand. False when there is none, or when it was refused. */
static bool
parse_feedback(struct rate *r)
{
	struct view text = sums_value(&rates.sums);
	double value;

	if (text.n == 1 && *text.at == '?')
		return false;
	if (!number_parse(text, &value))
		return sums_refuse(&rates.sums, 0, "label",
		                   (struct fault){.rule = "not a number", .hint = number_hint(text)});
	*r = (struct rate){1, isnan(least_positive) ? value > 0 : value >= least_positive};
	return true;
}

int
main(int argc, char **argv)
{
	int first = cli_parse(&cli, argc, argv);

	if (rates.sums.merge && !isnan(least_positive))
		die_usage("--merge: reads lines of --partial: no --positive");
	rates_run(&rates, argc, argv, first, parse_feedback);
	return 0;
}

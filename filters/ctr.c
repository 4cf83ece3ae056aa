/*
 * ctr - clicks over impressions, by key
 *
 * reads:  records, or CSV with -C: each an impression, its label 1 for a click, else 0; with --merge, partial lines
 * writes: key... impressions clicks ctr lower upper, and with --against difference difference_lower
 *         difference_upper p; with --partial: ctr/1 key... impressions clicks
 * memory: O(keys), with --bootstrap 10 KB each
 */
#include "../common/eval/rates.h"

static struct rates rates = {
	RATES_DEFAULTS,
	.sums.tag = "ctr/1",
	.drawn_tag = "ctr-bootstrap/1",
	.sums.columns = "impressions\tclicks\tctr\tlower\tupper",
	.total = "impressions",
	.positive = "clicks",
	.excess = "more than impressions",
};

static const struct cli_option options[] = {
	RATES_OPTIONS(rates),
	{'y', "label", "CLICK", "column of the label, 0 or 1; in records the last but one", CLI_TEXT, &rates.sums.value, 0, 0},
};

static const struct cli cli = {"ctr", "clicks over impressions, by key", "[file ...]", options,
                               sizeof options / sizeof *options};

/* The impression in hand. False when it was refused. */
static bool
parse_impression(struct rate *r)
{
	struct fault fault;
	float click;

	if (!label_parse(sums_value(&rates.sums), LABEL_BINARY, &click, &fault))
		return sums_refuse(&rates.sums, 0, "label", fault);
	*r = (struct rate){1, click == 1};
	return true;
}

int
main(int argc, char **argv)
{
	rates_run(&rates, argc, argv, cli_parse(&cli, argc, argv), parse_impression);
	return 0;
}

/*
 * ctr - clicks over impressions, by key
 *
 * reads:  records, or CSV with -C: each an impression, its label 1 for a click, else 0; with --merge, partial lines
 * writes: key... impressions clicks ctr lower upper; with --partial: ctr/1 key... impressions clicks
 * memory: O(keys)
 */
#include "../common/eval/interval.h"
#include "../common/eval/tally.h"
#include "../common/io/sums.h"

static struct sums sums = {
	SUMS_DEFAULTS,
	.tag = "ctr/1",
	.columns = "impressions\tclicks\tctr\tlower\tupper",
	.n_statistics = 2,
	.size = sizeof(struct rate),
};

static const struct cli_option options[] = {
	SUMS_OPTIONS(sums),
	{'y', "label", "CLICK", "column of the label, 0 or 1; in records the last but one", CLI_TEXT, &sums.value, 0, 0},
};

static const struct cli cli = {"ctr", "clicks over impressions, by key", "[file ...]", options,
                               sizeof options / sizeof *options};

/* The impression in hand. False when it was refused. */
static bool
parse_impression(struct rate *r)
{
	struct fault fault;
	float click;

	if (!label_parse(sums_value(&sums), LABEL_BINARY, &click, &fault))
		return sums_refuse(&sums, 0, "label", fault);
	*r = (struct rate){1, click == 1};
	return true;
}

/* The partial line in hand. False when it was refused. */
static bool
parse_partial(struct rate *r)
{
	if (!sums_count(&sums, 0, "impressions", &r->n) || !sums_count(&sums, 1, "clicks", &r->positive))
		return false;
	if (r->positive > r->n)
		return sums_refuse(&sums, 1, "clicks", (struct fault){.rule = "more than impressions"});
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
	while (sums_next(&sums))
		if (sums.merge ? parse_partial(&one) : parse_impression(&one))
			add(one);
	print_all();
	sums_close(&sums);
	return 0;
}

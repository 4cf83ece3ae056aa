/*
 * verdict - is a system better than another? difference, interval, p and effect size, paired by group, in words
 *
 * reads:  the values of metrics per group of two systems, or with -M scored records;
 *         the first is what others are held against
 * writes: metric n a b difference lower upper p effect verdict; before it the system, of several, and with --by the slice
 * memory: O(groups); with -M O(records)
 */
#include "../common/cli.h"
#include "../common/eval/versus.h"

static struct input in = INPUT_DEFAULTS;
static struct systems systems = SYSTEMS_DEFAULTS;
static struct versus versus = VERSUS_DEFAULTS;
static double least_gain = NAN;
static const char *less_list;
static bool gate, header, transfer, verbose;

static const struct cli_option options[] = {
	{'g', "group", "FIELD", "the group", CLI_INT, &systems.scored.group_field, -1e6, 1e6},
	{'H', "header", NULL, "print a header", CLI_FLAG, &header, 0, 0},
	{'M', "metrics", "LIST", "read scored records and compare these metrics, as auc,ndcg@10", CLI_TEXT, &systems.scored.metric_list, 0, 0},
	{'s', "score", "FIELD", "the score: the greatest is best", CLI_INT, &systems.scored.score_field, -1e6, 1e6},
	{'v', "verbose", NULL, "say on stderr what was read, and in how many groups b is better", CLI_FLAG, &verbose, 0, 0},
	{'y', "label", "FIELD", "the label", CLI_INT, &systems.scored.label_field, -1e6, 1e6},
	{'\0', "by", "FIELD", "a line for each value of this field, most significant first", CLI_INT, &systems.slice_field, -999999, 1e6},
	{'\0', "common", NULL, "leave out groups that are not in all files", CLI_FLAG, &systems.common, 0, 0},
	{'\0', "gate", NULL, "exit 1 if a verdict is a loss", CLI_FLAG, &gate, 0, 0},
	{'\0', "least", "GAIN", "exit 1 unless all intervals are of gains of at least this", CLI_REAL, &least_gain, -1e300, 1e300},
	{'\0', "less", "LIST", "metrics of which less is better, beside the losses that metrics knows", CLI_TEXT, &less_list, 0, 0},
	{'\0', "level", "P", "probability that an interval covers", CLI_REAL, &versus.level, 0, 0.999999},
	{'\0', "resamples", "N", "random resamples of a test and of an interval", CLI_INT, &versus.resamples, 100, 1e9},
	{'\0', "seed", "N", "seed of what is random", CLI_INT, &versus.seed, -9e18, 9e18},
	{'\0', "test", "NAME", "randomisation, t or wilcoxon", CLI_TEXT, &versus.test_name, 0, 0},
	{'\0', "transfer", NULL, "call a loss negative transfer", CLI_FLAG, &transfer, 0, 0},
	RECORDS_OPTIONS(in),
};

static const struct cli cli = {
	"verdict", "is a system better than another? paired by group, in words", "a [b ...]",
	options, sizeof options / sizeof *options,
};

static struct writer out;
static bool lost, short_of_gain; /* what --gate and --least ask */

static bool
sliced(void)
{
	return systems.slice_field != SYSTEMS_NO_FIELD;
}

static void
print_header(void)
{
	if (systems.n > 2)
		writer_text(&out, "system\t");
	if (sliced())
		writer_text(&out, "slice\t");
	writer_text(&out, "metric\tn\ta\tb\tdifference\tlower\tupper\tp\teffect\tverdict\n");
}

/* In words; remembers what --gate and --least ask. */
static const char *
verdict_of(const struct versus_pair *c, bool less)
{
	double lower = less ? -c->interval.upper : c->interval.lower; /* of the gain */
	double upper = less ? -c->interval.lower : c->interval.upper;
	bool certain = c->p <= 1 - versus.level;

	short_of_gain |= lower < least_gain;
	if (certain && lower > 0)
		return "gain";
	if (!certain || upper >= 0)
		return "no difference";
	lost = true;
	return transfer ? "negative transfer" : "loss";
}

static void
print_comparison(const struct versus_pair *c, struct view metric, bool less)
{
	double figure[] = {c->a, c->b, c->difference, c->interval.lower, c->interval.upper, c->p, c->effect};

	if (systems.n > 2) {
		writer_escaped(&out, view_of(c->system->name));
		writer_char(&out, '\t');
	}
	if (sliced()) {
		writer_view(&out, c->block);
		writer_char(&out, '\t');
	}
	writer_view(&out, metric);
	writer_char(&out, '\t');
	writer_whole(&out, c->n);
	for (size_t i = 0; i < sizeof figure / sizeof *figure; i++)
		writer_figure(&out, figure[i]);
	writer_char(&out, '\t');
	writer_text(&out, verdict_of(c, less));
	writer_char(&out, '\n');
	if (verbose && !sliced())
		warn("%s: %.*s: better in %zu of %zu groups, worse in %zu", c->system->name, (int)metric.n, metric.at,
		     less ? c->below : c->above, c->n, less ? c->above : c->below);
}

/* Whether less of a metric is better. */
static bool
less_is_better(struct view name)
{
	const char *rest = less_list ? less_list : "";
	const struct metric *m = metric_find(name.at, name.n); /* those that take a cutoff are gains */
	struct view listed;

	while (scored_next_name(&rest, &listed))
		if (view_equal(listed, name))
			return true;
	return m && m->flags & METRIC_LOSS;
}

/* A metric in the blocks from..to - 1; its values begin at place `start`. Returns how many lines there were. */
static size_t
print_metric(struct view metric, size_t start, const struct systems_block *from, const struct systems_block *to)
{
	bool less = less_is_better(metric);

	versus_compare_all(&versus, &systems, start, from, to);
	if (versus.n_without)
		warn("%.*s: %zu of %zu comparisons have no value", (int)metric.n, metric.at, versus.n_without,
		     versus.n_without + versus.n);
	if (!versus_fine(&versus))
		warn("%.*s: %" PRId64 " resamples are too few to tell among %zu comparisons (--test t needs none)",
		     (int)metric.n, metric.at, versus.resamples, versus.n);
	if (sliced())
		qsort(versus.pair, versus.n, sizeof *versus.pair, versus_order);
	for (size_t i = 0; i < versus.n; i++)
		print_comparison(&versus.pair[i], metric, less);
	return versus.n;
}

/* Whether there is a metric of this name. */
static bool
is_compared(struct view name)
{
	const struct scored *scored = &systems.scored;
	bool found = false;
	char text[SCORED_NAME_BYTES];

	for (size_t i = 0; i < scored->n_metrics; i++)
		found |= view_equal(name, view_of(scored_name(scored->metric[i], text)));
	for (size_t i = 0; !scored->n_metrics && i < systems.n_blocks; i++)
		found |= view_equal(name, systems.block[i].name);
	return found;
}

/* A name of --less that is none would turn a verdict round. */
static void
check_less(void)
{
	const char *rest = less_list ? less_list : "";
	struct view name;

	while (scored_next_name(&rest, &name))
		if (!is_compared(name))
			die_usage("--less: no metric of this name is compared: \"%.*s\"", (int)(name.n < 40 ? name.n : 40),
			          name.at);
}

static void
print_all(void)
{
	const struct scored *scored = &systems.scored;
	const struct systems_block *end = systems.block + systems.n_blocks;
	size_t n_lines = 0;

	versus_open(&versus, &systems);
	if (header)
		print_header();
	for (size_t m = 0; m < scored->n_metrics; m++) {
		char text[SCORED_NAME_BYTES];

		n_lines += print_metric(view_of(scored_name(scored->metric[m], text)), m * systems.n_units,
		                        systems.block, end);
	}
	for (const struct systems_block *b = systems.block; !scored->n_metrics && b < end; b++)
		n_lines += print_metric(b->name, 0, b, b + 1);
	if (!n_lines)
		die_data("no metric has a value on these records");
	versus_free(&versus);
}

/* The status: whether what --gate and --least ask is so. */
static int
judge(void)
{
	if (gate && lost)
		warn("there is a loss");
	if (short_of_gain)
		warn("it is not certain that all gains are %g or more", least_gain);
	return (gate && lost) || short_of_gain ? STATUS_CHECK : 0;
}

int
main(int argc, char **argv)
{
	int first = cli_parse(&cli, argc, argv);

	versus_choose_test(&versus);
	if (systems.scored.metric_list)
		scored_choose(&systems.scored);
	else if (sliced())
		die_usage("--by needs scored records: -M names their metrics");
	writer_init(&out, STDOUT_FILENO, "stdout");
	systems_open(&systems, &in, argc - first, argv + first, &out);
	systems_read(&systems, &in);
	if (verbose)
		warn("%" PRIu64 " lines in %zu files, %zu groups", in.lines, systems.n, systems.n_units);
	check_less();
	print_all();
	systems_free(&systems);
	input_close(&in);
	writer_close(&out);
	return judge();
}

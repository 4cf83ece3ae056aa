/*
 * verdict - is a system better than another? difference, interval, p and effect size, paired by group, in words
 *
 * reads:  the values of metrics per group of two systems, or with -M scored records; the first is what others are held against
 * writes: metric n a b difference lower upper p effect verdict; before it the system, of several, and with --by the slice
 * memory: O(groups); with -M O(records)
 */
#include "../common/cli.h"
#include "../common/eval/paired.h"
#include "../common/eval/systems.h"

static struct input in = INPUT_DEFAULTS;
static struct systems systems = SYSTEMS_DEFAULTS;
static int64_t resamples = 10000, seed = 1;
static double level = 0.95, least_gain = NAN;
static const char *less_list, *test_name = "randomisation";
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
	{'\0', "level", "P", "probability that an interval covers", CLI_REAL, &level, 0, 0.999999},
	{'\0', "resamples", "N", "random resamples of a test and of an interval", CLI_INT, &resamples, 100, 1e9},
	{'\0', "seed", "N", "seed of what is random", CLI_INT, &seed, -9e18, 9e18},
	{'\0', "test", "NAME", "randomisation, t or wilcoxon", CLI_TEXT, &test_name, 0, 0},
	{'\0', "transfer", NULL, "call a loss negative transfer", CLI_FLAG, &transfer, 0, 0},
	RECORDS_OPTIONS(in),
};

static const struct cli cli = {
	"verdict", "is a system better than another? paired by group, in words", "a [b ...]",
	options, sizeof options / sizeof *options,
};

/* A system against the first, in one metric and slice. */
struct comparison {
	const struct system *system;
	struct view slice;
	size_t order;             /* of its making */
	size_t n, above, below;   /* groups; where b is above a, and below it */
	double a, b, difference, effect, p;
	struct interval interval; /* of the difference */
};

static struct writer out;
static struct comparison *comparison; /* owned */
static size_t n_comparisons;
static double *difference, *scratch;  /* owned: for each unit; of the tests, for the resamples too */
static bool lost, short_of_gain;      /* what --gate and --least ask */

/* ---- tests, of n differences ---- */

static double
randomisation(size_t n, const double *d)
{
	return paired_randomisation(n, d, (size_t)resamples, (uint64_t)seed, scratch);
}

static double
wilcoxon(size_t n, const double *d)
{
	return paired_wilcoxon(n, d, scratch);
}

static struct interval
bootstrap(size_t n, const double *d)
{
	return paired_bootstrap(n, d, level, (size_t)resamples, (uint64_t)seed, scratch);
}

static struct interval
student(size_t n, const double *d)
{
	return mean_interval(n, paired_mean(n, d), paired_variance(n, d), level);
}

static const struct test {
	const char *name;
	double (*p)(size_t n, const double *d);
	struct interval (*interval)(size_t n, const double *d);
} tests[] = {
	{"randomisation", randomisation, bootstrap},
	{"t", paired_t, student},
	{"wilcoxon", wilcoxon, bootstrap},
};

static const struct test *test; /* the one of --test */

static void
choose_test(void)
{
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		if (strcmp(tests[i].name, test_name) == 0)
			test = &tests[i];
	if (!test)
		die_usage("--test: neither randomisation, t nor wilcoxon: \"%.40s\"", test_name);
}

/* ---- comparisons ---- */

/* Mean of the values that there are; NaN without any. */
static double
mean_of(size_t n, const double *value)
{
	double sum = 0;
	size_t counted = 0;

	for (size_t i = 0; i < n; i++)
		if (!isnan(value[i])) {
			sum += value[i];
			counted++;
		}
	return sum / (double)counted;
}

/*
 * Of the places of a block, at which systems have the values a and b. Groups without a value do not count; where one
 * system alone has none, as in ppv where it says no positive, it is its mean, which the group does not move. False:
 * nothing can be compared.
 */
static bool
compare(struct comparison *c, size_t n, const double *a, const double *b)
{
	*c = (struct comparison){.a = mean_of(n, a), .b = mean_of(n, b)};
	if (isnan(c->a) || isnan(c->b))
		return false;
	for (size_t i = 0; i < n; i++) {
		double x = isnan(a[i]) ? c->a : a[i], y = isnan(b[i]) ? c->b : b[i];

		if (isnan(a[i]) && isnan(b[i]))
			continue;
		c->above += y > x;
		c->below += y < x;
		difference[c->n++] = y - x;
	}
	c->difference = paired_mean(c->n, difference);
	c->effect = paired_effect(c->n, difference);
	c->interval = test->interval(c->n, difference);
	c->p = test->p(c->n, difference);
	return true;
}

/* Least p first; of equal ones the strongest effect; then as they were made. */
static int
compare_comparisons(const void *a, const void *b)
{
	const struct comparison *x = a, *y = b;
	double x_size = isnan(x->effect) ? -1 : fabs(x->effect), y_size = isnan(y->effect) ? -1 : fabs(y->effect);

	if (x->p != y->p)
		return x->p < y->p ? -1 : 1;
	if (x_size != y_size)
		return x_size > y_size ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* Makes the comparisons of a metric in the blocks from..to - 1; its values begin at place `start` of the systems'. */
static void
compare_all(struct view metric, size_t start, const struct systems_block *from, const struct systems_block *to)
{
	size_t without = 0;

	n_comparisons = 0;
	for (const struct systems_block *b = from; b < to; b++)
		for (size_t i = 1; i < systems.n; i++) {
			struct comparison *c = &comparison[n_comparisons];
			size_t at = start + b->from;

			if (!compare(c, b->to - b->from, systems.system[0].value + at, systems.system[i].value + at)) {
				without++;
				continue;
			}
			c->system = &systems.system[i];
			c->slice = b->name;
			c->order = n_comparisons++;
		}
	if (without)
		warn("%.*s: %zu of %zu comparisons have no value", (int)metric.n, metric.at, without, without + n_comparisons);
}

/* Holm's correction over the comparisons at hand. */
static void
correct(struct view metric)
{
	double *p = allocate(n_comparisons, sizeof *p);
	struct paired_ordered *ordered = allocate(n_comparisons, sizeof *ordered);

	for (size_t i = 0; i < n_comparisons; i++)
		p[i] = comparison[i].p;
	paired_holm(n_comparisons, p, ordered);
	for (size_t i = 0; i < n_comparisons; i++)
		comparison[i].p = p[i];
	if (test->p == randomisation && (double)n_comparisons > (1 - level) * (double)resamples)
		warn("%.*s: %" PRId64 " resamples are too few to tell among %zu comparisons (--test t needs none)",
		     (int)metric.n, metric.at, resamples, n_comparisons);
	free(ordered);
	free(p);
}

/* ---- output ---- */

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
verdict_of(const struct comparison *c, bool less)
{
	double lower = less ? -c->interval.upper : c->interval.lower; /* of the gain */
	double upper = less ? -c->interval.lower : c->interval.upper;
	bool certain = c->p <= 1 - level;

	short_of_gain |= lower < least_gain;
	if (certain && lower > 0)
		return "gain";
	if (!certain || upper >= 0)
		return "no difference";
	lost = true;
	return transfer ? "negative transfer" : "loss";
}

static void
print_comparison(const struct comparison *c, struct view metric, bool less)
{
	double figure[] = {c->a, c->b, c->difference, c->interval.lower, c->interval.upper, c->p, c->effect};

	if (systems.n > 2) {
		writer_escaped(&out, view_of(c->system->name));
		writer_char(&out, '\t');
	}
	if (sliced()) {
		writer_view(&out, c->slice);
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

/* As compare_all. Returns how many lines there were. */
static size_t
print_metric(struct view metric, size_t start, const struct systems_block *from, const struct systems_block *to)
{
	bool less = less_is_better(metric);

	compare_all(metric, start, from, to);
	correct(metric);
	if (sliced())
		qsort(comparison, n_comparisons, sizeof *comparison, compare_comparisons);
	for (size_t i = 0; i < n_comparisons; i++)
		print_comparison(&comparison[i], metric, less);
	return n_comparisons;
}

static void
print_all(void)
{
	const struct scored *scored = &systems.scored;
	const struct systems_block *end = systems.block + systems.n_blocks;
	size_t n_lines = 0;

	difference = allocate(systems.n_units, sizeof *difference);
	scratch = allocate(systems.n_units + (size_t)resamples, sizeof *scratch);
	comparison = allocate(systems.n_blocks * systems.n, sizeof *comparison);
	if (header)
		print_header();
	for (size_t m = 0; m < scored->n_metrics; m++) {
		char text[SCORED_NAME_BYTES];

		n_lines += print_metric(view_of(scored_name(scored->metric[m], text)), m * systems.n_units, systems.block, end);
	}
	for (const struct systems_block *b = systems.block; !scored->n_metrics && b < end; b++)
		n_lines += print_metric(b->name, 0, b, b + 1);
	if (!n_lines)
		die_data("no metric has a value on these records");
	free(difference);
	free(scratch);
	free(comparison);
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

	choose_test();
	if (systems.scored.metric_list)
		scored_choose(&systems.scored);
	else if (sliced())
		die_usage("--by needs scored records: -M names their metrics");
	writer_init(&out, STDOUT_FILENO, "stdout");
	systems_open(&systems, &in, argc - first, argv + first, &out);
	systems_read(&systems, &in);
	if (verbose)
		warn("%" PRIu64 " lines in %zu files, %zu groups", in.lines, systems.n, systems.n_units);
	print_all();
	systems_free(&systems);
	input_close(&in);
	writer_close(&out);
	return judge();
}

/*
 * metrics - what predictions and rankings are worth, with intervals
 *
 * reads:  scored records; with --qrels a TREC run; with --merge lines of --partial
 * writes: metric value lower upper n; with -q group metric value; with --reliability bin mean_score rate lower upper n
 * memory: O(records); with --contiguous O(group), and the names of the groups
 */
#include "../common/cli.h"
#include "../common/eval/groups.h"
#include "../common/eval/reliability.h"

static struct input in = INPUT_DEFAULTS;
static struct groups groups = GROUPS_DEFAULTS;
static struct scored *const scored = &groups.scored;
static struct lists *const lists = &groups.lists;
static int64_t reliability_bins;
static double level = 0.95;
static const char *empty_rule, *ties_rule;
static bool complete, header, merge, partial, per_group, verbose;

static const struct cli_option options[] = {
	{'g', "group", "FIELD", "the group", CLI_INT, &groups.scored.group_field, -1e6, 1e6},
	{'H', "header", NULL, "print a header", CLI_FLAG, &header, 0, 0},
	{'i', "item", "FIELD", "the item", CLI_INT, &groups.item_field, -999999, 1e6},
	PARTS_OPTIONS(groups.parts),
	{'k', "cutoff", "LIST", "add the ranking metrics at these cutoffs, as 1,5,10", CLI_TEXT, &groups.scored.cutoff_list, 0, 0},
	{'M', "metrics", "LIST", "print these metrics only, as auc,mrr,ndcg@10", CLI_TEXT, &groups.scored.metric_list, 0, 0},
	{'q', "per-group", NULL, "print each group's values", CLI_FLAG, &per_group, 0, 0},
	{'s', "score", "FIELD", "the score: the greatest is best", CLI_INT, &groups.scored.score_field, -1e6, 1e6},
	{'v', "verbose", NULL, "say on stderr what was read, and what has no value", CLI_FLAG, &verbose, 0, 0},
	{'y', "label", "FIELD", "the label", CLI_INT, &groups.scored.label_field, -1e6, 1e6},
	{'\0', "category", "FIELD", "the item's category", CLI_INT, &groups.category_field, -999999, 1e6},
	{'\0', "complete", NULL, "topics of --qrels that the run lacks count as 0", CLI_FLAG, &complete, 0, 0},
	{'\0', "contiguous", NULL, "groups come one after the other: measure each as it ends", CLI_FLAG, &groups.contiguous, 0, 0},
	{'\0', "empty", "RULE", "rankings without a positive: skip, or count as zero", CLI_TEXT, &empty_rule, 0, 0},
	{'\0', "level", "P", "probability that an interval covers", CLI_REAL, &level, 0, 0.999999},
	{'\0', "merge", NULL, "input is lines of --partial: add them up", CLI_FLAG, &merge, 0, 0},
	{'\0', "partial", NULL, "print mergeable statistics, no figures", CLI_FLAG, &partial, 0, 0},
	{'\0', "popularity", "FILE", "lines of item and count: the catalogue", CLI_TEXT, &groups.lists.popularity_file, 0, 0},
	{'\0', "qrels", "FILE", "TREC judgements; the input is a run", CLI_TEXT, &groups.qrels_file, 0, 0},
	{'\0', "reliability", "BINS", "print scores against rates, in this many bins", CLI_INT, &reliability_bins, 1, METRIC_MOST_BINS},
	{'\0', "threshold", "T", "scores above are said to be positive, in accuracy, ppv, tpr, f1", CLI_REAL, &groups.scored.threshold, -1e300, 1e300},
	{'\0', "ties", "RULE", "equal scores: expected, trec, pessimistic or optimistic", CLI_TEXT, &ties_rule, 0, 0},
	RECORDS_OPTIONS(in),
};

static const struct cli cli = {
	"metrics", "what predictions and rankings are worth, with intervals", "[file ...]",
	options, sizeof options / sizeof *options,
};

static struct writer out;
static struct metric_list whole; /* all records, where a metric is of them all */
static struct measured measured;
static uint32_t n_missing; /* topics that the run lacks */
static bool rule_known;    /* whether --empty says what became of rankings without a positive */

/* ---- options ---- */

static void
choose_rules(void)
{
	if (!ties_rule)
		ties_rule = groups.qrels_file ? "trec" : "expected";
	lists->rule = lists_rule(ties_rule);
	if (!empty_rule)
		empty_rule = groups.qrels_file ? "zero" : "skip";
	measured.empty_is_zero = strcmp(empty_rule, "zero") == 0;
	if (!measured.empty_is_zero && strcmp(empty_rule, "skip") != 0)
		die_usage("--empty: neither skip nor zero: \"%.40s\"", empty_rule);
}

static void
choose_metrics(void)
{
	static char reliability[SCORED_NAME_BYTES];

	if (merge) /* the lines name them */
		return;
	scored->items = true;
	if (reliability_bins) {
		snprintf(reliability, sizeof reliability, "ece@%" PRId64, reliability_bins);
		scored->metric_list = reliability;
	} else if (groups.qrels_file && !scored->metric_list) {
		scored->metric_list = scored->cutoff_list ? "map,ndcg,mrr,recall,precision,hit" : "map,rprec,bpref,mrr,ndcg";
	}
	scored_choose(scored);
	groups_prepare(&groups, partial);
}

static void
check_options(void)
{
	const struct groups usual = GROUPS_DEFAULTS;

	if (merge && (per_group || groups.qrels_file || lists->popularity_file || in.shard.text))
		die_usage("--merge: reads lines of --partial: no -q, --qrels, --popularity, --shard");
	if (merge && (scored->metric_list || scored->cutoff_list || !isnan(scored->threshold)))
		die_usage("--merge: the lines name the metrics (-M, -k, --threshold)");
	if (reliability_bins && (scored->metric_list || scored->cutoff_list || per_group))
		die_usage("--reliability: prints no metrics (-M, -k, -q)");
	if (groups.qrels_file && in.shard.text)
		die_usage("--shard: of records, and --qrels reads a run");
	if (partial && (per_group || header))
		die_usage("--partial: its lines have no header and no groups (-H, -q)");
	if (groups.qrels_file && (scored->group_field != usual.scored.group_field || groups.item_field != usual.item_field ||
	                          scored->score_field != usual.scored.score_field ||
	                          scored->label_field != usual.scored.label_field))
		die_usage("--qrels: the words of a run have their places (-g, -i, -s, -y)");
	if (complete && !groups.qrels_file)
		die_usage("--complete: needs --qrels");
}

/* ---- groups ---- */

/* A line for each metric that has a value there. */
static void
print_group(struct view name, const struct metric_list *list)
{
	for (size_t i = 0; i < scored->n_metrics; i++) {
		double value = measured_value(&measured, scored->metric[i], list);
		char text[SCORED_NAME_BYTES];

		if (isnan(value))
			continue;
		writer_view(&out, name);
		writer_char(&out, '\t');
		writer_text(&out, scored_name(scored->metric[i], text));
		writer_figure(&out, scored->metric[i].metric->flags & METRIC_ROOT ? sqrt(value) : value);
		writer_char(&out, '\n');
	}
}

/* Does what is asked for with a group. A topic that the run lacks does not count, unless all topics are asked for. */
static void
do_group(struct view name, const struct metric_list *list)
{
	n_missing += !list->n;
	if (!list->n && !complete)
		return;
	measured.n_groups++;
	measured.n_empty += !list->n_positive;
	if (per_group)
		print_group(name, list);
	else
		measured_add(&measured, scored, list);
}

/* There is nothing to measure; lines there are, where all are of topics without judgements. */
static void
die_empty(bool lines)
{
	die_data(lines ? "no topic of the run is judged" : "no records");
}

/* What parts have measured is added up, as with --merge. */
static void
merge_parts(void)
{
	merge = true;
	scored->n_metrics = 0;
	parts_gather(&groups.parts, &in);
	measured_read(&measured, scored, &in);
	if (!partial && measured.sums->n + measured.sums->n_without == 0)
		die_empty(groups.qrels_file);
}

/* Reads, and measures. */
static void
read_all(void)
{
	measured.sums = allocate_zero(scored->n_metrics, sizeof *measured.sums);
	if (per_group && header)
		writer_text(&out, "group\tmetric\tvalue\n");
	groups.each = do_group;
	rule_known = true;
	if (verbose || per_group || complete)
		groups.parts.wanted = 1;
	groups_read(&groups, &in);
	if (groups.turn == PARTS_DONE) {
		merge_parts();
		return;
	}
	partial |= groups.parts.part;
	if (groups.n_records == 0 && !partial)
		die_empty(groups.n_unjudged);
	groups_finish(&groups);
	if (lists->with_whole)
		whole = lists_whole(lists);
	for (size_t from = 0; (partial || reliability_bins) && from < whole.n;)
		measured_add_level(&measured, metric_level(&whole, &from));
}

/* ---- over all groups ---- */

static struct metric_estimate
estimate(size_t i)
{
	const struct metric *m = scored->metric[i].metric;
	double at = scored->metric[i].at;
	struct metric_estimate e;

	if (m->overall)
		return merge ? measured_overall(&measured, m, at) : lists_overall(lists, &whole, m, at);
	if (m->catalogue)
		return lists_catalogue(lists, m, at);
	e = metric_sums_estimate(&measured.sums[i]);
	return m->flags & METRIC_ROOT ? metric_root(e) : e;
}

/* One line of metric i. False when it has no value. */
static bool
print_estimate(size_t i)
{
	char text[SCORED_NAME_BYTES];
	const char *name = scored_name(scored->metric[i], text);
	const struct metric_sums *sums = &measured.sums[i];
	struct metric_estimate e = estimate(i);
	struct interval interval = metric_interval(&e, level);

	if (verbose && sums->n_without)
		warn("%s: %" PRIu64 " of %" PRIu64 " groups have no value",
		     name, sums->n_without, sums->n + sums->n_without);
	if (isnan(e.value)) {
		warn("%s: has no value on these records", name);
		return false;
	}
	writer_text(&out, name);
	writer_figure(&out, e.value);
	writer_figure(&out, interval.lower);
	writer_figure(&out, interval.upper);
	writer_char(&out, '\t');
	writer_whole(&out, e.n);
	writer_char(&out, '\n');
	return true;
}

static void
print_overall(void)
{
	size_t printed = 0;

	if (header)
		writer_text(&out, "metric\tvalue\tlower\tupper\tn\n");
	for (size_t i = 0; i < scored->n_metrics; i++)
		printed += print_estimate(i);
	if (!printed)
		die_data("no metric has a value on these records");
}

static void
print_reliability(void)
{
	if (header)
		writer_text(&out, "bin\tmean_score\trate\tlower\tupper\tn\n");
	reliability_write(&measured, (size_t)reliability_bins, level, &out);
}

/* What was read, and what of it does not count as others do. */
static void
say_read(void)
{
	warn("%" PRIu64 " records in %" PRIu64 " groups", groups.n_records, measured.n_groups);
	if (n_missing)
		warn("%" PRIu32 " topics are not in the run: they %s", n_missing, complete ? "count as 0" : "do not count");
	if (groups.n_unjudged)
		warn("%" PRIu64 " lines are of topics without judgements: they do not count", groups.n_unjudged);
}

/* Rankings that had nothing to find are never passed over in silence; of lines of --partial only their number is known. */
static void
say_empty(void)
{
	const char *fate = measured.empty_is_zero ? ": their rankings count as 0" : ": their rankings do not count";

	if ((scored->needs & METRIC_RANKED) && measured.n_empty)
		warn("%" PRIu64 " of %" PRIu64 " groups have no positive%s", measured.n_empty, measured.n_groups,
		     rule_known ? fate : "");
}

static void
print_all(void)
{
	if (verbose && !merge)
		say_read();
	if (!partial || verbose)
		say_empty();
	if (partial)
		measured_write(&measured, scored, &out);
	else if (reliability_bins)
		print_reliability();
	else if (!per_group)
		print_overall();
}

int
main(int argc, char **argv)
{
	int first = cli_parse(&cli, argc, argv);

	check_options();
	choose_rules();
	choose_metrics();
	writer_init(&out, STDOUT_FILENO, "stdout");
	input_open(&in, argc, argv, first, &out);
	if (merge)
		measured_read(&measured, scored, &in);
	else
		read_all();
	print_all();
	groups_free(&groups);
	measured_free(&measured);
	input_close(&in);
	writer_close(&out);
	return 0;
}

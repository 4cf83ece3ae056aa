/*
 * metrics - what predictions and rankings are worth, with intervals
 *
 * reads:  scored records; with --qrels a TREC run; with --merge lines of --partial
 * writes: metric value lower upper n; with -q group metric value; with --reliability bin mean_score rate lower upper n
 * memory: O(records); with --contiguous O(group), and the names of the groups
 */
#include "../common/cli.h"
#include "../common/eval/interval.h"
#include "../common/eval/lists.h"
#include "../common/eval/measured.h"
#include "../common/eval/scored.h"

static const int64_t NO_FIELD = -1000000; /* below every option's bounds: not given */

static struct input in = INPUT_DEFAULTS;
static struct scored scored = SCORED_DEFAULTS;
static struct lists lists;
static int64_t item_field = 2, category_field = NO_FIELD, reliability_bins = 0;
static double level = 0.95;
static const char *empty_rule, *qrels_file, *ties_rule;
static bool complete, contiguous, header, merge, partial, per_group, verbose;

static const struct cli_option options[] = {
	{'g', "group", "FIELD", "the group", CLI_INT, &scored.group_field, -1e6, 1e6},
	{'H', "header", NULL, "print a header", CLI_FLAG, &header, 0, 0},
	{'i', "item", "FIELD", "the item", CLI_INT, &item_field, -999999, 1e6},
	{'k', "cutoff", "LIST", "add the ranking metrics at these cutoffs, as 1,5,10", CLI_TEXT, &scored.cutoff_list, 0, 0},
	{'M', "metrics", "LIST", "print these metrics only, as auc,mrr,ndcg@10", CLI_TEXT, &scored.metric_list, 0, 0},
	{'q', "per-group", NULL, "print each group's values", CLI_FLAG, &per_group, 0, 0},
	{'s', "score", "FIELD", "the score: the greatest is best", CLI_INT, &scored.score_field, -1e6, 1e6},
	{'v', "verbose", NULL, "say on stderr what was read, and what has no value", CLI_FLAG, &verbose, 0, 0},
	{'y', "label", "FIELD", "the label", CLI_INT, &scored.label_field, -1e6, 1e6},
	{'\0', "category", "FIELD", "the item's category", CLI_INT, &category_field, -999999, 1e6},
	{'\0', "complete", NULL, "topics of --qrels that the run lacks count as 0", CLI_FLAG, &complete, 0, 0},
	{'\0', "contiguous", NULL, "groups come one after the other: measure each as it ends", CLI_FLAG, &contiguous, 0, 0},
	{'\0', "empty", "RULE", "rankings without a positive: skip, or count as zero", CLI_TEXT, &empty_rule, 0, 0},
	{'\0', "level", "P", "probability that an interval covers", CLI_REAL, &level, 0, 0.999999},
	{'\0', "merge", NULL, "input is lines of --partial: add them up", CLI_FLAG, &merge, 0, 0},
	{'\0', "partial", NULL, "print mergeable statistics, no figures", CLI_FLAG, &partial, 0, 0},
	{'\0', "popularity", "FILE", "lines of item and count: the catalogue", CLI_TEXT, &lists.popularity_file, 0, 0},
	{'\0', "qrels", "FILE", "TREC judgements; the input is a run", CLI_TEXT, &qrels_file, 0, 0},
	{'\0', "reliability", "BINS", "print scores against rates, in this many bins", CLI_INT, &reliability_bins, 1, METRIC_MOST_BINS},
	{'\0', "threshold", "T", "scores above are said to be positive, in accuracy, ppv, tpr, f1", CLI_REAL, &scored.threshold, -1e300, 1e300},
	{'\0', "ties", "RULE", "equal scores: expected, trec, pessimistic or optimistic", CLI_TEXT, &ties_rule, 0, 0},
	RECORDS_OPTIONS(in),
};

static const struct cli cli = {
	"metrics", "what predictions and rankings are worth, with intervals", "[file ...]",
	options, sizeof options / sizeof *options,
};

/* A line; file NULL: none. */
struct place {
	const char *file; /* not owned */
	uint64_t line;
};

static struct writer out;

static struct keys categories;
static struct qrels qrels;
static struct metric_list whole; /* all records, where a metric is of them all */
static struct place *ended;      /* owned: with --contiguous, the last line of each group that has ended, by its id */
static struct place last;        /* line of the record before */
static size_t ended_capacity;
static uint32_t n_ended;         /* that it tells of */
static uint64_t n_records, n_unjudged; /* read; and lines of topics that are not judged */
static uint32_t n_groups, n_empty, n_missing; /* that count; without a positive; topics that the run lacks */
static struct measured measured;
static bool empty_is_zero;

/* ---- options ---- */

static void
choose_rules(void)
{
	size_t i = 0, n = sizeof lists_rules / sizeof *lists_rules;

	if (!ties_rule)
		ties_rule = qrels_file ? "trec" : "expected";
	while (i < n && strcmp(ties_rule, lists_rules[i].name) != 0)
		i++;
	if (i == n)
		die_usage("--ties: neither expected, trec, pessimistic nor optimistic: \"%.40s\"", ties_rule);
	lists.rule = &lists_rules[i];
	if (!empty_rule)
		empty_rule = qrels_file ? "zero" : "skip";
	empty_is_zero = strcmp(empty_rule, "zero") == 0;
	if (!empty_is_zero && strcmp(empty_rule, "skip") != 0)
		die_usage("--empty: neither skip nor zero: \"%.40s\"", empty_rule);
}

/* Whether a metric can be measured with the other options. */
static void
check_metric(const struct metric *m)
{
	if (qrels_file && !(m->flags & (METRIC_RANKED | METRIC_ITEM)))
		die_usage("--qrels: %s does not measure rankings", m->name);
	if ((partial || contiguous) && (m->catalogue || ((m->flags & METRIC_INFORMATION) && !lists.popularity_file)))
		die_usage("--%s: %s needs all groups at once", partial ? "partial" : "contiguous", m->name);
	if (contiguous && m->overall)
		die_usage("--contiguous: %s is of all records", m->name);
	if ((m->flags & METRIC_CATEGORY) && (category_field == NO_FIELD || qrels_file))
		die_usage("--category: names no field, and %s needs one", m->name);
}

static void
choose_metrics(void)
{
	static char reliability[SCORED_NAME_BYTES];

	if (merge) /* the lines name them */
		return;
	scored.items = true;
	if (reliability_bins) {
		snprintf(reliability, sizeof reliability, "ece@%" PRId64, reliability_bins);
		scored.metric_list = reliability;
	} else if (qrels_file && !scored.metric_list) {
		scored.metric_list = scored.cutoff_list ? "map,ndcg,mrr,recall,precision,hit" : "map,rprec,bpref,mrr,ndcg";
	}
	scored_choose(&scored);
	for (size_t i = 0; i < scored.n_metrics; i++) {
		check_metric(scored.metric[i].metric);
		lists.with_whole |= scored.metric[i].metric->overall != NULL;
	}
	lists.catalogued = scored.needs & METRIC_ITEM;
	lists.with_items = lists.catalogued || strcmp(ties_rule, "trec") == 0;
}

static void
check_options(void)
{
	if (merge && (per_group || qrels_file || lists.popularity_file || in.shard.text))
		die_usage("--merge: reads lines of --partial: no -q, --qrels, --popularity, --shard");
	if (merge && (scored.metric_list || scored.cutoff_list || !isnan(scored.threshold)))
		die_usage("--merge: the lines name the metrics (-M, -k, --threshold)");
	if (reliability_bins && (scored.metric_list || scored.cutoff_list || per_group))
		die_usage("--reliability: prints no metrics (-M, -k, -q)");
	if (qrels_file && in.shard.text)
		die_usage("--shard: of records, and --qrels reads a run");
	if (partial && (per_group || header))
		die_usage("--partial: its lines have no header and no groups (-H, -q)");
	if (complete && !qrels_file)
		die_usage("--complete: needs --qrels");
}

/* ---- groups ---- */

/* The value of a group, as it counts; NaN: it does not. */
static double
value_of(struct scored_metric m, const struct metric_list *list)
{
	double value = metric_value(m.metric, list, m.at);

	return isnan(value) && empty_is_zero && (m.metric->flags & METRIC_RANKED) ? 0 : value;
}

/* A line for each metric that has a value there. */
static void
print_group(struct view name, const struct metric_list *list)
{
	for (size_t i = 0; i < scored.n_metrics; i++) {
		double value = value_of(scored.metric[i], list);
		char text[SCORED_NAME_BYTES];

		if (isnan(value))
			continue;
		writer_view(&out, name);
		writer_char(&out, '\t');
		writer_text(&out, scored_name(scored.metric[i], text));
		writer_figure(&out, scored.metric[i].metric->flags & METRIC_ROOT ? sqrt(value) : value);
		writer_char(&out, '\n');
	}
}

static void
measure_group(const struct metric_list *list)
{
	for (size_t i = 0; i < scored.n_metrics; i++) {
		struct scored_metric m = scored.metric[i];

		if (!m.metric->overall && !m.metric->catalogue)
			metric_sums_add(&measured.sums[i], value_of(m, list), metric_weight(m.metric, list, m.at));
	}
}

/* Does what is asked for with a group. A topic that the run lacks does not count, unless all topics are asked for. */
static void
do_group(struct view name, const struct metric_list *list)
{
	n_missing += !list->n;
	if (!list->n && !complete)
		return;
	n_groups++;
	n_empty += !list->n_positive;
	if (per_group)
		print_group(name, list);
	else
		measure_group(list);
}

/* With --contiguous: the group in hand is done. */
static void
end_group(void)
{
	uint32_t g = lists.n ? lists.all->group : 0;
	struct metric_list list;

	if (!lists.n)
		return;
	list = lists_take(&lists, g);
	ended[g] = last;
	do_group(keys_text(&lists.names, g), &list);
}

/* With --contiguous: a record of group g comes; if that is another one than that in hand it must be new. */
static void
enter_group(uint32_t g)
{
	if (lists.n && lists.all->group == g)
		return;
	end_group();
	ended = grow(ended, &ended_capacity, lists.names.n, sizeof *ended);
	while (n_ended < lists.names.n)
		ended[n_ended++] = (struct place){NULL, 0};
	if (ended[g].file)
		die_data("%s:%" PRIu64 ": its group ended at %s:%" PRIu64 " (sort first, or leave out --contiguous)", in.name,
		         in.line, ended[g].file, ended[g].line);
}

/* Groups in the order of their bytes, where each is printed. */
static void
do_all_groups(void)
{
	struct keys_entry *sorted = keys_sorted(&lists.names);

	lists_make(&lists);
	for (uint32_t i = 0; i < lists.names.n; i++)
		do_group(sorted[i].text, &lists.list[sorted[i].id]);
	free(sorted);
}

/* With --contiguous: the last group, and topics that the run lacks. */
static void
do_last_groups(void)
{
	end_group();
	for (uint32_t g = 0; lists.judged && g < lists.names.n; g++)
		if (g >= n_ended || !ended[g].file) {
			struct metric_list list = lists_take(&lists, g);

			do_group(keys_text(&lists.names, g), &list);
		}
}

/* ---- records ---- */

static void
take_record(const struct metric_record *r, struct view item)
{
	if (contiguous)
		enter_group(r->group);
	lists_add(&lists, r, item);
	last = (struct place){in.name, in.line};
	n_records++;
}

static void
read_records(void)
{
	const struct record *line = &scored.record;
	struct metric_record r = {0};

	while (scored_next(&scored, &in, &r)) {
		struct view group = line->field[scored.group_place], item = {"", 0};

		if (!lists_find(&lists, group, &r.group))
			r.group = keys_id(&lists.names, group, NULL);
		if (lists.with_items)
			item = line->field[record_place(line, item_field, "item")];
		if (category_field != NO_FIELD)
			r.category = keys_id(&categories, line->field[record_place(line, category_field, "category")], NULL);
		take_record(&r, item);
	}
}

/* Lines of topics that are not judged are counted, and left out. */
static void
read_run(void)
{
	struct view word[TREC_RUN_WORDS];
	struct metric_record r = {0};

	while (trec_next(&in, TREC_RUN_WORDS, TREC_SCORE, word, &r.score)) {
		struct view topic = word[TREC_TOPIC], document = word[TREC_DOCUMENT];
		struct judgement *judgement;

		if (!lists_find(&lists, topic, &r.group)) {
			n_unjudged++;
			continue;
		}
		judgement = qrels_find(&qrels, r.group, document);
		if (judgement && judgement->ranked)
			die_data("%s:%" PRIu64 ": document \"%.*s\" is there twice in topic \"%.*s\"", in.name, in.line,
			         (int)document.n, document.at, (int)topic.n, topic.at);
		if (judgement)
			judgement->ranked = true;
		r.label = judgement ? judgement->relevance : -1;
		take_record(&r, document);
	}
}

/* Reads, and measures. */
static void
read_all(void)
{
	measured.sums = allocate_zero(scored.n_metrics, sizeof *measured.sums);
	if (per_group && header)
		writer_text(&out, "group\tmetric\tvalue\n");
	if (qrels_file) {
		qrels_read(&qrels, &lists.names, qrels_file);
		lists_judge(&lists, &qrels);
		read_run();
	} else {
		read_records();
	}
	if (n_records == 0 && !partial)
		die_data("no records");
	if (contiguous)
		do_last_groups();
	else
		do_all_groups();
	if (lists.with_whole)
		whole = lists_whole(&lists);
	for (size_t from = 0; (partial || reliability_bins) && from < whole.n;)
		measured_add_level(&measured, metric_level(&whole, &from));
}

/* ---- over all groups ---- */

static struct metric_estimate
estimate_overall(struct scored_metric m)
{
	struct metric_cluster *cluster = allocate_zero(lists.names.n, sizeof *cluster);
	struct metric_estimate e = m.metric->overall(&whole, m.at, lists.names.n, cluster);

	free(cluster);
	return e;
}

/* Of levels only the value is known: which records are of one group is not. */
static struct metric_estimate
estimate_levels(struct scored_metric m)
{
	struct metric_estimate e = {m.metric->of_levels(measured.n_levels, measured.level, m.at), INFINITY, INFINITY, 0};

	for (size_t i = 0; i < measured.n_levels; i++)
		e.n += measured.level[i].positive + measured.level[i].negative;
	return e;
}

static struct metric_estimate
estimate_catalogue(struct scored_metric m)
{
	uint64_t *shown = allocate_zero(lists.catalogue.n, sizeof *shown);
	struct metric_estimate e = {NAN, INFINITY, INFINITY, lists.catalogue.n};

	metric_count_shown(lists.names.n, lists.list, m.at, shown);
	e.value = m.metric->catalogue(lists.catalogue.n, shown);
	free(shown);
	return e;
}

static struct metric_estimate
estimate(size_t i)
{
	struct scored_metric m = scored.metric[i];
	struct metric_estimate e;

	if (m.metric->overall)
		return merge ? estimate_levels(m) : estimate_overall(m);
	if (m.metric->catalogue)
		return estimate_catalogue(m);
	e = metric_sums_estimate(&measured.sums[i]);
	return m.metric->flags & METRIC_ROOT ? metric_root(e) : e;
}

/* Half the length of the interval. */
static double
half_length(const struct metric_estimate *e)
{
	double p = (1 + level) / 2;

	if (!isfinite(e->variance))
		return INFINITY;
	return (isinf(e->freedom) ? normal_quantile(p) : student_quantile(e->freedom, p)) * sqrt(e->variance);
}

/* One line of metric i. False when it has no value. */
static bool
print_estimate(size_t i)
{
	char text[SCORED_NAME_BYTES];
	const char *name = scored_name(scored.metric[i], text);
	const struct metric_sums *sums = &measured.sums[i];
	struct metric_estimate e = estimate(i);
	double half = half_length(&e);

	if (verbose && sums->n_without)
		warn("%s: %" PRIu64 " of %" PRIu64 " groups have no value", name, sums->n_without, sums->n + sums->n_without);
	if (isnan(e.value)) {
		warn("%s: has no value on these records", name);
		return false;
	}
	writer_text(&out, name);
	writer_figure(&out, e.value);
	writer_figure(&out, e.value - half);
	writer_figure(&out, e.value + half);
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
	for (size_t i = 0; i < scored.n_metrics; i++)
		printed += print_estimate(i);
	if (!printed)
		die_data("no metric has a value on these records");
}

/* A line a bin, lowest scores first. */
static void
print_reliability(void)
{
	struct metric_bins bins;
	size_t i_printed = 0;

	if (header)
		writer_text(&out, "bin\tmean_score\trate\tlower\tupper\tn\n");
	if (!measured.n_levels)
		die_data("the lines hold no scores: were they made with --reliability?");
	metric_bins_of_levels(&bins, (size_t)reliability_bins, measured.n_levels, measured.level);
	for (size_t i = bins.n; i--;) {
		const struct metric_bin *bin = &bins.bin[i];
		struct interval rate;

		if (!bin->n)
			continue;
		rate = wilson_interval(bin->n, bin->positive, normal_quantile((1 + level) / 2));
		writer_whole(&out, ++i_printed);
		writer_figure(&out, bin->score / (double)bin->n);
		writer_figure(&out, (double)bin->positive / (double)bin->n);
		writer_figure(&out, rate.lower);
		writer_figure(&out, rate.upper);
		writer_char(&out, '\t');
		writer_whole(&out, bin->n);
		writer_char(&out, '\n');
	}
}

/* What was read, and what of it does not count as others do. */
static void
say_read(void)
{
	warn("%" PRIu64 " records in %" PRIu32 " groups", n_records, n_groups);
	if ((scored.needs & METRIC_RANKED) && n_empty)
		warn("%" PRIu32 " of %" PRIu32 " groups have no positive: their rankings %s", n_empty, n_groups,
		     empty_is_zero ? "count as 0" : "do not count");
	if (n_missing)
		warn("%" PRIu32 " topics are not in the run: they %s", n_missing, complete ? "count as 0" : "do not count");
	if (n_unjudged)
		warn("%" PRIu64 " lines are of topics without judgements: they do not count", n_unjudged);
}

static void
print_all(void)
{
	if (verbose && !merge)
		say_read();
	if (partial)
		measured_write(&measured, &scored, &out);
	else if (reliability_bins)
		print_reliability();
	else if (!per_group)
		print_overall();
}

static void
free_all(void)
{
	lists_free(&lists);
	keys_free(&categories);
	qrels_free(&qrels);
	free(ended);
	measured_free(&measured);
	scored_free(&scored);
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
		measured_read(&measured, &scored, &in);
	else
		read_all();
	print_all();
	free_all();
	input_close(&in);
	writer_close(&out);
	return 0;
}

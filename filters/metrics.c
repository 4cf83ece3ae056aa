/*
 * metrics - what predictions and rankings are worth, with intervals
 *
 * reads:  scored records; with --qrels a TREC run; with --merge lines of --partial
 * writes: metric value lower upper n; with -q group metric value; with --reliability bin mean_score rate lower upper n
 * memory: O(records)
 */
#include "../common/cli.h"
#include "../common/eval/interval.h"
#include "../common/eval/measured.h"
#include "../common/eval/scored.h"
#include "../common/io/keys.h"
#include "../common/io/texts.h"
#include "../common/io/trec.h"

static const int64_t NO_FIELD = -1000000; /* below every option's bounds: not given */

static struct input in = INPUT_DEFAULTS;
static struct scored scored = SCORED_DEFAULTS;
static int64_t item_field = 2, category_field = NO_FIELD, reliability_bins = 0;
static double level = 0.95;
static const char *empty_rule, *popularity_file, *qrels_file, *ties_rule;
static bool complete, header, merge, partial, per_group, verbose;

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
	{'\0', "empty", "RULE", "rankings without a positive: skip, or count as zero", CLI_TEXT, &empty_rule, 0, 0},
	{'\0', "level", "P", "probability that an interval covers", CLI_REAL, &level, 0, 0.999999},
	{'\0', "merge", NULL, "input is lines of --partial: add them up", CLI_FLAG, &merge, 0, 0},
	{'\0', "partial", NULL, "print mergeable statistics, no figures", CLI_FLAG, &partial, 0, 0},
	{'\0', "popularity", "FILE", "lines of item and count: the catalogue", CLI_TEXT, &popularity_file, 0, 0},
	{'\0', "qrels", "FILE", "TREC judgements; the input is a run", CLI_TEXT, &qrels_file, 0, 0},
	{'\0', "reliability", "BINS", "print scores against rates, in this many bins", CLI_INT, &reliability_bins, 1, METRIC_MOST_BINS},
	{'\0', "threshold", "T", "scores above are said to be positive, in accuracy, ppv, tpr, f1", CLI_REAL, &scored.threshold, -1e300, 1e300},
	{'\0', "ties", "RULE", "equal scores: expected, trec, pessimistic or optimistic", CLI_TEXT, &ties_rule, 0, 0},
	INPUT_OPTIONS(in),
};

static const struct cli cli = {
	"metrics", "what predictions and rankings are worth, with intervals", "[file ...]",
	options, sizeof options / sizeof *options,
};

static struct writer out;

static struct metric_record *all; /* owned: as read, item being the number of its text; then in order, if that is asked for */
static size_t n_records, all_capacity;
static bool by_group = true;          /* they came in the order of their groups */
static struct keys names;             /* of the groups */
static struct texts items;            /* of the records, where they are asked for */
static struct keys catalogue, categories;
static struct qrels qrels;
static size_t n_unjudged;             /* lines of topics that are not judged */

static struct metric_list *list;      /* owned: of each group */
static struct metric_record *grouped; /* owned, or all where that will do: the records of the lists */
static float *ideal;                  /* owned: and their labels */
static double *information;           /* owned: of items of the catalogue */
static struct measured measured;

/* How equal scores are ranked; NULL: not at all. */
static int (*tied)(const void *, const void *);
static bool empty_is_zero, items_wanted;

/* ---- options ---- */

/* The greatest bytes first, as trec_eval has it. */
static int
compare_items(const void *a, const void *b)
{
	const struct metric_record *x = a, *y = b;
	int order = items.n ? view_compare(texts_at(&items, y->item), texts_at(&items, x->item)) : 0;

	return order ? order : metric_compare(x, y);
}

static int
compare_worst(const void *a, const void *b)
{
	const struct metric_record *x = a, *y = b;

	return x->label != y->label ? (x->label < y->label ? -1 : 1) : compare_items(a, b);
}

static int
compare_best(const void *a, const void *b)
{
	const struct metric_record *x = a, *y = b;

	return x->label != y->label ? (x->label > y->label ? -1 : 1) : compare_items(a, b);
}

static const struct tie_rule {
	const char *name;
	int (*tied)(const void *, const void *);
} tie_rules[] = {
	{"expected", NULL}, {"trec", compare_items}, {"pessimistic", compare_worst}, {"optimistic", compare_best},
};

static void
choose_rules(void)
{
	size_t i = 0, n = sizeof tie_rules / sizeof *tie_rules;

	if (!ties_rule)
		ties_rule = qrels_file ? "trec" : "expected";
	while (i < n && strcmp(ties_rule, tie_rules[i].name) != 0)
		i++;
	if (i == n)
		die_usage("--ties: neither expected, trec, pessimistic nor optimistic: \"%.40s\"", ties_rule);
	tied = tie_rules[i].tied;
	if (!empty_rule)
		empty_rule = qrels_file ? "zero" : "skip";
	empty_is_zero = strcmp(empty_rule, "zero") == 0;
	if (!empty_is_zero && strcmp(empty_rule, "skip") != 0)
		die_usage("--empty: neither skip nor zero: \"%.40s\"", empty_rule);
}

static void
choose_metrics(void)
{
	static char reliability[SCORED_NAME_BYTES];

	scored.items = true;
	if (merge && (scored.metric_list || scored.cutoff_list || !isnan(scored.threshold)))
		die_usage("--merge: the lines name the metrics (-M, -k, --threshold)");
	if (reliability_bins && (scored.metric_list || scored.cutoff_list || per_group))
		die_usage("--reliability: prints no metrics (-M, -k, -q)");
	if (reliability_bins) {
		snprintf(reliability, sizeof reliability, "ece@%" PRId64, reliability_bins);
		scored.metric_list = reliability;
	} else if (qrels_file && !scored.metric_list) {
		scored.metric_list = scored.cutoff_list ? "map,ndcg,mrr,recall,precision,hit" : "map,rprec,bpref,mrr,ndcg";
	}
	if (!merge)
		scored_choose(&scored);
	for (size_t i = 0; i < scored.n_metrics; i++) {
		const struct metric *m = scored.metric[i].metric;

		if (qrels_file && !(m->flags & (METRIC_RANKED | METRIC_ITEM)))
			die_usage("--qrels: %s does not measure rankings", m->name);
		if (partial && (m->catalogue || ((m->flags & METRIC_INFORMATION) && !popularity_file)))
			die_usage("--partial: %s needs all groups at once", m->name);
	}
	if ((scored.needs & METRIC_CATEGORY) && (category_field == NO_FIELD || qrels_file))
		die_usage("--category: names no field, and diversity needs one");
	items_wanted = (scored.needs & METRIC_ITEM) || tied == compare_items;
}

static void
check_options(void)
{
	if (merge && (partial || per_group || qrels_file || popularity_file))
		die_usage("--merge: reads lines of --partial: no --partial, -q, --qrels, --popularity");
	if (partial && (per_group || header))
		die_usage("--partial: its lines have no header and no groups (-H, -q)");
	if (complete && !qrels_file)
		die_usage("--complete: needs --qrels");
}

/* ---- records ---- */

static void
add_record(const struct metric_record *r, struct view item)
{
	if (n_records == UINT32_MAX)
		die_data("more than %" PRIu32 " records", UINT32_MAX);
	all = grow(all, &all_capacity, n_records + 1, sizeof *all);
	all[n_records] = *r;
	all[n_records].item = (uint32_t)n_records;
	by_group = by_group && (n_records == 0 || all[n_records - 1].group <= r->group);
	n_records++;
	if (items_wanted)
		texts_add(&items, item);
}

/* The id of a group; most often it is that of the record before. */
static bool
find_group(struct view name, uint32_t *id)
{
	if (n_records && view_equal(keys_text(&names, all[n_records - 1].group), name)) {
		*id = all[n_records - 1].group;
		return true;
	}
	return keys_find(&names, name, id);
}

static void
read_records(void)
{
	const struct record *line = &scored.record;
	struct metric_record r = {0};

	while (scored_next(&scored, &in, &r)) {
		struct view group = line->field[scored.group_place], item = {"", 0};

		if (!find_group(group, &r.group))
			r.group = keys_id(&names, group, NULL);
		if (items_wanted)
			item = line->field[record_place(line, item_field, "item")];
		if (category_field != NO_FIELD)
			r.category = keys_id(&categories, line->field[record_place(line, category_field, "category")], NULL);
		add_record(&r, item);
	}
}

/* Lines of topics that are not judged are counted, and left out. */
static void
read_run(void)
{
	struct view word[TREC_RUN_WORDS];
	struct metric_record r = {0};

	while (trec_next(&in, TREC_RUN_WORDS, TREC_SCORE, word, &r.score)) {
		struct judgement *judgement;

		if (!find_group(word[TREC_TOPIC], &r.group)) {
			n_unjudged++;
			continue;
		}
		judgement = qrels_find(&qrels, r.group, word[TREC_DOCUMENT]);
		r.label = judgement ? judgement->relevance : -1;
		if (judgement) {
			if (judgement->ranked)
				die_data("%s:%" PRIu64 ": document \"%.*s\" is there twice in topic \"%.*s\"", in.name, in.line,
				         (int)word[TREC_DOCUMENT].n, word[TREC_DOCUMENT].at, (int)word[TREC_TOPIC].n,
				         word[TREC_TOPIC].at);
			judgement->ranked = true;
		}
		add_record(&r, word[TREC_DOCUMENT]);
	}
}

/* ---- lists ---- */

static void
deal(size_t n, const struct metric_record *record, struct metric_list *to, struct metric_record *dealt, float *labels)
{
	size_t *end = allocate(names.n, sizeof *end);
	struct metric_record *scratch = allocate(n, sizeof *scratch);

	metric_deal(n, names.n, to, dealt, labels, end, scratch, record);
	free(end);
	free(scratch);
}

/* What is known of topics, not only of what the run has: replaces the labels of the lists. */
static void
judge_lists(void)
{
	size_t n = qrels.n;
	struct metric_record *judgement = allocate_zero(n, sizeof *judgement), *dealt = allocate(n, sizeof *dealt);
	struct metric_list *judged = allocate(names.n, sizeof *judged);

	for (size_t i = 0; i < n; i++) {
		judgement[i].label = qrels.judgement[i].relevance;
		judgement[i].group = qrels.judgement[i].topic;
	}
	free(ideal);
	ideal = allocate(n, sizeof *ideal);
	deal(n, judgement, judged, dealt, ideal);
	for (uint32_t g = 0; g < names.n; g++) {
		list[g].ideal = judged[g].ideal;
		list[g].n_positive = judged[g].n_positive;
		list[g].n_negative = judged[g].n_negative;
	}
	free(judgement);
	free(dealt);
	free(judged);
}

/* Ranks the equal scores of a list. Those of the catalogue's lists have an order, whatever the rule is. */
static void
rank_ties(struct metric_list *l)
{
	struct metric_record *record = grouped + (l->record - grouped);

	for (size_t from = 0, to; from < l->n; from = to) {
		to = metric_level_end(l, from);
		if (to - from > 1)
			qsort(record + from, to - from, sizeof *record, tied ? tied : compare_items);
	}
	l->ordered = tied;
}

static bool
overall_wanted(void)
{
	for (size_t i = 0; i < scored.n_metrics; i++)
		if (scored.metric[i].metric->overall)
			return true;
	return false;
}

static void
make_lists(void)
{
	grouped = by_group && !overall_wanted() ? all : allocate(n_records, sizeof *grouped);
	ideal = allocate(n_records, sizeof *ideal);
	list = allocate(names.n, sizeof *list);
	deal(n_records, all, list, grouped, ideal);
	if (qrels_file)
		judge_lists();
	for (uint32_t g = 0; (tied || items_wanted) && g < names.n; g++)
		rank_ties(&list[g]);
}

/* ---- the catalogue ---- */

/* Lines of item and count, which ctr writes too. Returns the counts of the catalogue's items. */
static double *
read_popularity(void)
{
	struct input file = INPUT_DEFAULTS;
	struct record line = {0};
	char *operand = text_copy(popularity_file);
	double *count = NULL, number;
	size_t capacity = 0;

	input_open(&file, 1, &operand, 0, NULL);
	while (record_next(&file, &line, 2)) {
		bool fresh;
		uint32_t id;

		if (!number_parse(line.field[1], &number) || !(number > 0)) {
			input_refuse(&file, (struct fault){2, "count", "not a number above 0", line.field[1], NULL});
			continue;
		}
		id = keys_id(&catalogue, line.field[0], &fresh);
		if (!fresh)
			die_data("%s:%" PRIu64 ": item \"%.*s\" is there twice", file.name, file.line, (int)line.field[0].n, line.field[0].at);
		count = grow(count, &capacity, (size_t)id + 1, sizeof *count);
		count[id] = number;
	}
	if (!count)
		die_data("%s: no items", popularity_file);
	record_free(&line);
	input_close(&file);
	free(operand);
	return count;
}

/* Gives each record of the lists the id of its item in the catalogue: that of the file, or else what the records have. */
static void
number_items(void)
{
	for (size_t i = 0; i < n_records; i++) {
		struct view text = texts_at(&items, grouped[i].item);

		if (!popularity_file)
			grouped[i].item = keys_id(&catalogue, text, NULL);
		else if (!keys_find(&catalogue, text, &grouped[i].item))
			die_data("item \"%.*s\" is not in %s", (int)text.n, text.at, popularity_file);
	}
}

/* -log2 of each item's share of the popularity. */
static void
make_catalogue(void)
{
	double *count = popularity_file ? read_popularity() : NULL, sum = 0;

	number_items();
	if (!count) {
		count = allocate_zero(catalogue.n, sizeof *count);
		for (size_t i = 0; i < n_records; i++)
			count[grouped[i].item]++;
	}
	information = count;
	for (uint32_t i = 0; i < catalogue.n; i++)
		sum += count[i];
	for (uint32_t i = 0; i < catalogue.n; i++)
		information[i] = -math_log(count[i] / sum) / 0.69314718055994530942;
	for (uint32_t g = 0; g < names.n; g++)
		list[g].information = information;
}

/* ---- measuring ---- */

/* Whether a group is there: a topic that the run lacks is not, unless all topics are asked for. */
static bool
counts(uint32_t g)
{
	return list[g].n || complete;
}

/* The value of a group, as it counts; NaN: it does not. */
static double
value_of(struct scored_metric m, uint32_t g)
{
	double value = metric_value(m.metric, &list[g], m.at);

	return isnan(value) && empty_is_zero && (m.metric->flags & METRIC_RANKED) ? 0 : value;
}

static void
measure_groups(struct scored_metric m, struct metric_sums *sums)
{
	for (uint32_t g = 0; g < names.n; g++)
		if (counts(g))
			metric_sums_add(sums, value_of(m, g), metric_weight(m.metric, &list[g], m.at));
}

/* All records as one list. */
static struct metric_list
whole_list(void)
{
	return (struct metric_list){.record = all, .n = n_records};
}

static void
measure(void)
{
	struct metric_list whole = whole_list();
	struct metric_record *scratch;

	measured.sums = allocate_zero(scored.n_metrics, sizeof *measured.sums);
	for (size_t i = 0; i < scored.n_metrics; i++)
		if (!scored.metric[i].metric->overall && !scored.metric[i].metric->catalogue)
			measure_groups(scored.metric[i], &measured.sums[i]);
	if (!overall_wanted())
		return;
	scratch = allocate(n_records, sizeof *scratch);
	metric_sort(n_records, all, scratch);
	free(scratch);
	for (size_t from = 0; (partial || reliability_bins) && from < n_records;)
		measured_add_level(&measured, metric_level(&whole, &from));
}

static struct metric_estimate
estimate_overall(struct scored_metric m)
{
	struct metric_list whole = whole_list();
	struct metric_cluster *cluster = allocate_zero(names.n, sizeof *cluster);
	struct metric_estimate e = m.metric->overall(&whole, m.at, names.n, cluster);

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
	uint64_t *shown = allocate_zero(catalogue.n, sizeof *shown);
	struct metric_estimate e = {NAN, INFINITY, INFINITY, catalogue.n};

	metric_count_shown(names.n, list, m.at, shown);
	e.value = m.metric->catalogue(catalogue.n, shown);
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

/* ---- output ---- */

static void
print_number(double value)
{
	writer_char(&out, '\t');
	writer_number(&out, value);
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
	print_number(e.value);
	print_number(e.value - half);
	print_number(e.value + half);
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

/* A line for each group and metric that has a value there; groups in the order of their bytes. */
static void
print_groups(void)
{
	struct keys_entry *sorted = keys_sorted(&names);

	if (header)
		writer_text(&out, "group\tmetric\tvalue\n");
	for (uint32_t i = 0; i < names.n; i++)
		for (size_t j = 0; j < scored.n_metrics; j++) {
			double value = value_of(scored.metric[j], sorted[i].id);
			char text[SCORED_NAME_BYTES];

			if (isnan(value) || !counts(sorted[i].id))
				continue;
			writer_view(&out, sorted[i].text);
			writer_char(&out, '\t');
			writer_text(&out, scored_name(scored.metric[j], text));
			print_number(scored.metric[j].metric->flags & METRIC_ROOT ? sqrt(value) : value);
			writer_char(&out, '\n');
		}
	free(sorted);
}

/* A line a bin, lowest scores first. */
static void
print_reliability(void)
{
	struct metric_bins bins;
	size_t i_printed = 0;

	if (header)
		writer_text(&out, "bin\tmean_score\trate\tlower\tupper\tn\n");
	metric_bins_of_levels(&bins, (size_t)reliability_bins, measured.n_levels, measured.level);
	for (size_t i = bins.n; i--;) {
		const struct metric_bin *bin = &bins.bin[i];
		struct interval rate;

		if (!bin->n)
			continue;
		rate = wilson_interval(bin->n, bin->positive, normal_quantile((1 + level) / 2));
		writer_whole(&out, ++i_printed);
		print_number(bin->score / (double)bin->n);
		print_number((double)bin->positive / (double)bin->n);
		print_number(rate.lower);
		print_number(rate.upper);
		writer_char(&out, '\t');
		writer_whole(&out, bin->n);
		writer_char(&out, '\n');
	}
}

/* What was read, and what of it does not count as others do. */
static void
say_read(void)
{
	uint32_t n_groups = 0, n_empty = 0, n_missing = 0;

	for (uint32_t g = 0; g < names.n; g++) {
		n_groups += counts(g);
		n_empty += counts(g) && !list[g].n_positive;
		n_missing += !list[g].n;
	}
	warn("%zu records in %" PRIu32 " groups", n_records, n_groups);
	if ((scored.needs & METRIC_RANKED) && n_empty)
		warn("%" PRIu32 " of %" PRIu32 " groups have no positive: their rankings %s", n_empty, n_groups,
		     empty_is_zero ? "count as 0" : "do not count");
	if (n_missing)
		warn("%" PRIu32 " topics are not in the run: they %s", n_missing, complete ? "count as 0" : "do not count");
	if (n_unjudged)
		warn("%zu lines are of topics without judgements: they do not count", n_unjudged);
}

static void
read_all(void)
{
	if (qrels_file) {
		qrels_read(&qrels, &names, qrels_file);
		read_run();
	} else {
		read_records();
	}
	if (n_records == 0 && !partial)
		die_data("no records");
	make_lists();
	if (scored.needs & METRIC_ITEM)
		make_catalogue();
	if (verbose)
		say_read();
	measure();
}

static void
print_all(void)
{
	if (partial)
		measured_write(&measured, &scored, &out);
	else if (reliability_bins)
		print_reliability();
	else if (per_group)
		print_groups();
	else
		print_overall();
}

static void
free_all(void)
{
	if (grouped != all)
		free(grouped);
	free(all);
	free(ideal);
	free(list);
	free(information);
	keys_free(&names);
	keys_free(&catalogue);
	keys_free(&categories);
	texts_free(&items);
	qrels_free(&qrels);
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

/*
 * metrics - what predictions and rankings are worth, with intervals
 *
 * reads:  scored records
 * writes: metric value lower upper n; with -q group metric value
 * memory: O(records)
 */
#include "../common/cli.h"
#include "../common/eval/interval.h"
#include "../common/eval/metric.h"
#include "../common/io/keys.h"
#include "../common/io/record.h"

static struct input in = INPUT_DEFAULTS;
static int64_t group_field = 1, label_field = -2, score_field = -1;
static const char *cutoff_list, *metric_list;
static double level = 0.95;
static bool header, per_group, verbose;

static const struct cli_option options[] = {
	{'g', "group", "FIELD", "the group", CLI_INT, &group_field, -1e6, 1e6},
	{'H', "header", NULL, "print a header", CLI_FLAG, &header, 0, 0},
	{'k', "cutoff", "LIST", "add the ranking metrics at these cutoffs, as 1,5,10", CLI_TEXT, &cutoff_list, 0, 0},
	{'M', "metrics", "LIST", "print these metrics only, as auc,mrr,ndcg@10", CLI_TEXT, &metric_list, 0, 0},
	{'q', "per-group", NULL, "print each group's values", CLI_FLAG, &per_group, 0, 0},
	{'s', "score", "FIELD", "the score: the greatest is best", CLI_INT, &score_field, -1e6, 1e6},
	{'v', "verbose", NULL, "say on stderr what was read, and what has no value", CLI_FLAG, &verbose, 0, 0},
	{'y', "label", "FIELD", "the label", CLI_INT, &label_field, -1e6, 1e6},
	{'\0', "level", "P", "probability that an interval covers", CLI_REAL, &level, 0, 0.999999},
	INPUT_OPTIONS(in),
};

static const struct cli cli = {
	"metrics", "what predictions and rankings are worth, with intervals", "[file ...]",
	options, sizeof options / sizeof *options,
};

/* A metric to print. */
struct chosen {
	const struct metric *metric;
	size_t k; /* 0: the whole list */
};

static struct writer out;
static struct chosen *chosen; /* owned */
static size_t n_chosen, chosen_capacity;
static size_t *cutoff;        /* owned: of -k */
static size_t n_cutoffs, cutoff_capacity;
static unsigned needs;        /* flags of the chosen metrics, together */

static struct metric_record *all; /* owned: as read, then in the order of metric_compare */
static size_t n_records, all_capacity;
static struct keys names;         /* of the groups */
static struct metric_list *list;  /* owned: of each group */
static struct metric_record *grouped; /* owned: the records of the lists */
static float *ideal;              /* owned: and their labels */

/* ---- which metrics ---- */

/* The next part of a list, up to a comma. False at its end. */
static bool
next_name(const char **at, struct view *name)
{
	if (!**at)
		return false;
	*name = (struct view){*at, strcspn(*at, ",")};
	*at += name->n + ((*at)[name->n] == ',');
	return true;
}

static size_t
parse_cutoff(struct view text, const char *option)
{
	uint64_t k;

	if (!text.n || number_whole(text, &k) != text.n || k < 1 || k > UINT32_MAX)
		die_usage("--%s: not a cutoff from 1 on: \"%.*s\"", option, (int)text.n, text.at);
	return (size_t)k;
}

static void
choose(const struct metric *m, size_t k)
{
	chosen = grow(chosen, &chosen_capacity, n_chosen + 1, sizeof *chosen);
	chosen[n_chosen++] = (struct chosen){m, k};
	needs |= m->flags;
}

/* At each cutoff of -k, or without one. */
static void
choose_cut(const struct metric *m)
{
	if (!(m->flags & METRIC_CUT) || !n_cutoffs)
		choose(m, 0);
	for (size_t i = 0; (m->flags & METRIC_CUT) && i < n_cutoffs; i++)
		choose(m, cutoff[i]);
}

static const struct metric *
find_metric(struct view name)
{
	for (size_t i = 0; i < N_METRICS; i++)
		if (view_equal(name, view_of(metrics[i].name)))
			return &metrics[i];
	fprintf(stderr, "%s: the metrics are:", cli_program);
	for (size_t i = 0; i < N_METRICS; i++)
		fprintf(stderr, " %s%s", metrics[i].name, metrics[i].flags & METRIC_CUT ? "[@k]" : "");
	fputc('\n', stderr);
	die_usage("--metrics: no metric \"%.*s\"", (int)name.n, name.at);
}

/* name or name@k */
static void
choose_named(struct view text)
{
	const char *at = memchr(text.at, '@', text.n);
	struct view name = {text.at, at ? (size_t)(at - text.at) : text.n};
	const struct metric *m = find_metric(name);

	if (at && !(m->flags & METRIC_CUT))
		die_usage("--metrics: %s takes no cutoff", m->name);
	if (at)
		choose(m, parse_cutoff((struct view){at + 1, text.n - name.n - 1}, "metrics"));
	else
		choose_cut(m);
}

static void
choose_metrics(void)
{
	const char *rest = cutoff_list ? cutoff_list : "";
	struct view text;

	while (next_name(&rest, &text)) {
		cutoff = grow(cutoff, &cutoff_capacity, n_cutoffs + 1, sizeof *cutoff);
		cutoff[n_cutoffs++] = parse_cutoff(text, "cutoff");
	}
	for (rest = metric_list ? metric_list : ""; next_name(&rest, &text);)
		choose_named(text);
	for (size_t i = 0; !metric_list && i < N_METRICS; i++)
		if ((metrics[i].flags & METRIC_STANDARD) && (!(metrics[i].flags & METRIC_CUT) || n_cutoffs))
			choose_cut(&metrics[i]);
	if (!n_chosen)
		die_usage("--metrics: no metric is named");
}

/* ---- records ---- */

/* The record's label and score, as the chosen metrics need them; false, and *fault says why, where they are not. */
static bool
parse_record(struct view label, struct view score, struct metric_record *r, struct fault *fault)
{
	if (!label_parse(label, needs & METRIC_BINARY ? LABEL_BINARY : LABEL_ANY, &r->label, fault))
		return false;
	if (r->label < 0)
		fault->rule = "below 0";
	else if ((needs & METRIC_GRADE) && r->label > METRIC_MOST_GRADE)
		fault->rule = "too large for a gain of 2^label";
	if (fault->rule)
		return false;
	*fault = (struct fault){.name = "score", .value = score};
	if (!number_parse(score, &r->score)) {
		fault->rule = "not a number";
		fault->hint = number_hint(score);
	} else if ((needs & METRIC_PROBABILITY) && !(r->score >= 0 && r->score <= 1)) {
		fault->rule = "not a probability";
		fault->hint = "-M names metrics that need none, as auc,gauc";
	}
	return !fault->rule;
}

static void
read_records(void)
{
	struct record record = {0};
	size_t group_place = 0, label_place = 0, score_place = 0;

	for (bool first = true; record_next(&in, &record, 2); first = false) {
		struct metric_record r;
		struct fault fault;

		if (first) {
			group_place = record_place(&record, group_field, "group");
			label_place = record_place(&record, label_field, "label");
			score_place = record_place(&record, score_field, "score");
		}
		if (!parse_record(record.field[label_place], record.field[score_place], &r, &fault)) {
			fault.field = (int)(strcmp(fault.name, "label") == 0 ? label_place : score_place) + 1;
			input_refuse(&in, fault);
			continue;
		}
		r.group = keys_id(&names, record.field[group_place], NULL);
		all = grow(all, &all_capacity, n_records + 1, sizeof *all);
		all[n_records++] = r;
	}
	record_free(&record);
	if (n_records == 0)
		die_data("no records");
	if (n_records > UINT32_MAX)
		die_data("more than %" PRIu32 " records", UINT32_MAX);
}

static void
make_lists(void)
{
	size_t *end = allocate(names.n, sizeof *end);

	grouped = allocate(n_records, sizeof *grouped);
	ideal = allocate(n_records, sizeof *ideal);
	list = allocate(names.n, sizeof *list);
	metric_deal(n_records, names.n, list, grouped, ideal, end, all);
	free(end);
}

/* ---- output ---- */

enum { NAME_MAX_BYTES = 64 };

/* name or name@k */
static const char *
chosen_name(struct chosen c, char to[NAME_MAX_BYTES])
{
	if (c.k)
		snprintf(to, NAME_MAX_BYTES, "%s@%zu", c.metric->name, c.k);
	return c.k ? to : c.metric->name;
}

static void
print_number(double value)
{
	writer_char(&out, '\t');
	writer_number(&out, value);
}

/* The metric over all groups. value and weight are scratch for each group. */
static struct metric_estimate
estimate(struct chosen c, double *value, double *weight)
{
	struct metric_estimate e;
	struct metric_cluster *cluster;

	if (c.metric->overall) {
		struct metric_list whole = {all, NULL, n_records};

		cluster = allocate_zero(names.n, sizeof *cluster);
		e = c.metric->overall(&whole, names.n, cluster);
		free(cluster);
		return e;
	}
	for (uint32_t g = 0; g < names.n; g++) {
		value[g] = c.metric->value(&list[g], c.k);
		weight[g] = (double)list[g].n;
	}
	return metric_mean(value, c.metric->flags & METRIC_BY_RECORD ? weight : NULL, names.n);
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

/* How many groups have no value. */
static size_t
groups_without(const struct metric_estimate *e)
{
	return isinf(e->freedom) ? 0 : names.n - (size_t)(e->freedom + 1);
}

/* One line a metric. False when it has no value. */
static bool
print_estimate(struct chosen c, const struct metric_estimate *e)
{
	char text[NAME_MAX_BYTES];
	const char *name = chosen_name(c, text);
	double half = half_length(e);

	if (verbose && groups_without(e))
		warn("%s: %zu of %" PRIu32 " groups have no value", name, groups_without(e), names.n);
	if (isnan(e->value)) {
		warn("%s: has no value on these records", name);
		return false;
	}
	writer_text(&out, name);
	print_number(e->value);
	print_number(e->value - half);
	print_number(e->value + half);
	writer_char(&out, '\t');
	writer_whole(&out, e->n);
	writer_char(&out, '\n');
	return true;
}

static void
print_overall(void)
{
	double *value = allocate(names.n, sizeof *value), *weight = allocate(names.n, sizeof *weight);
	size_t printed = 0;

	if (header)
		writer_text(&out, "metric\tvalue\tlower\tupper\tn\n");
	for (size_t i = 0; i < n_chosen; i++) {
		struct metric_estimate e = estimate(chosen[i], value, weight);

		printed += print_estimate(chosen[i], &e);
	}
	if (!printed)
		die_data("no metric has a value on these records");
	free(value);
	free(weight);
}

/* A line for each group and metric that has a value there; groups in the order of their bytes. */
static void
print_groups(void)
{
	struct keys_entry *sorted = keys_sorted(&names);

	if (header)
		writer_text(&out, "group\tmetric\tvalue\n");
	for (uint32_t i = 0; i < names.n; i++)
		for (size_t j = 0; j < n_chosen; j++) {
			double value = chosen[j].metric->value(&list[sorted[i].id], chosen[j].k);
			char text[NAME_MAX_BYTES];

			if (isnan(value))
				continue;
			writer_view(&out, sorted[i].text);
			writer_char(&out, '\t');
			writer_text(&out, chosen_name(chosen[j], text));
			print_number(value);
			writer_char(&out, '\n');
		}
	free(sorted);
}

static void
free_all(void)
{
	free(chosen);
	free(cutoff);
	free(all);
	free(grouped);
	free(ideal);
	free(list);
	keys_free(&names);
}

int
main(int argc, char **argv)
{
	int first = cli_parse(&cli, argc, argv);

	choose_metrics();
	writer_init(&out, STDOUT_FILENO, "stdout");
	input_open(&in, argc, argv, first, &out);
	read_records();
	make_lists();
	if (verbose)
		warn("%zu records in %" PRIu32 " groups", n_records, names.n);
	if (per_group)
		print_groups();
	else
		print_overall();
	free_all();
	input_close(&in);
	writer_close(&out);
	return 0;
}

/*
 * metrics - what predictions and rankings are worth, with intervals
 *
 * reads:  scored records
 * writes: metric value lower upper n; with -q group metric value
 * memory: O(records)
 */
#include "../common/cli.h"
#include "../common/eval/interval.h"
#include "../common/eval/scored.h"
#include "../common/io/keys.h"

static struct input in = INPUT_DEFAULTS;
static struct scored scored = SCORED_DEFAULTS;
static double level = 0.95;
static bool header, per_group, verbose;

static const struct cli_option options[] = {
	{'g', "group", "FIELD", "the group", CLI_INT, &scored.group_field, -1e6, 1e6},
	{'H', "header", NULL, "print a header", CLI_FLAG, &header, 0, 0},
	{'k', "cutoff", "LIST", "add the ranking metrics at these cutoffs, as 1,5,10", CLI_TEXT, &scored.cutoff_list, 0, 0},
	{'M', "metrics", "LIST", "print these metrics only, as auc,mrr,ndcg@10", CLI_TEXT, &scored.metric_list, 0, 0},
	{'q', "per-group", NULL, "print each group's values", CLI_FLAG, &per_group, 0, 0},
	{'s', "score", "FIELD", "the score: the greatest is best", CLI_INT, &scored.score_field, -1e6, 1e6},
	{'v', "verbose", NULL, "say on stderr what was read, and what has no value", CLI_FLAG, &verbose, 0, 0},
	{'y', "label", "FIELD", "the label", CLI_INT, &scored.label_field, -1e6, 1e6},
	{'\0', "level", "P", "probability that an interval covers", CLI_REAL, &level, 0, 0.999999},
	INPUT_OPTIONS(in),
};

static const struct cli cli = {
	"metrics", "what predictions and rankings are worth, with intervals", "[file ...]",
	options, sizeof options / sizeof *options,
};

static struct writer out;

static struct metric_record *all; /* owned: as read, then in the order of metric_compare */
static size_t n_records, all_capacity;
static struct keys names;         /* of the groups */
static struct metric_list *list;  /* owned: of each group */
static struct metric_record *grouped; /* owned: the records of the lists */
static float *ideal;              /* owned: and their labels */

/* ---- records ---- */

static void
read_records(void)
{
	struct metric_record r;

	while (scored_next(&scored, &in, &r)) {
		r.group = keys_id(&names, scored.record.field[scored.group_place], NULL);
		all = grow(all, &all_capacity, n_records + 1, sizeof *all);
		all[n_records++] = r;
	}
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

static void
print_number(double value)
{
	writer_char(&out, '\t');
	writer_number(&out, value);
}

/* The metric over all groups. value and weight are scratch for each group. */
static struct metric_estimate
estimate(struct scored_metric c, double *value, double *weight)
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
print_estimate(struct scored_metric c, const struct metric_estimate *e)
{
	char text[SCORED_NAME_BYTES];
	const char *name = scored_name(c, text);
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
	for (size_t i = 0; i < scored.n_metrics; i++) {
		struct metric_estimate e = estimate(scored.metric[i], value, weight);

		printed += print_estimate(scored.metric[i], &e);
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
		for (size_t j = 0; j < scored.n_metrics; j++) {
			double value = scored.metric[j].metric->value(&list[sorted[i].id], scored.metric[j].k);
			char text[SCORED_NAME_BYTES];

			if (isnan(value))
				continue;
			writer_view(&out, sorted[i].text);
			writer_char(&out, '\t');
			writer_text(&out, scored_name(scored.metric[j], text));
			print_number(value);
			writer_char(&out, '\n');
		}
	free(sorted);
}

static void
free_all(void)
{
	free(all);
	free(grouped);
	free(ideal);
	free(list);
	keys_free(&names);
	scored_free(&scored);
}

int
main(int argc, char **argv)
{
	int first = cli_parse(&cli, argc, argv);

	scored_choose(&scored);
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

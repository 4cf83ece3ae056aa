/*
 * score - predict records with a model
 *
 * reads: a model (-m); records, label last but one, features last
 * writes: the records with P(y | x) in the place of the features; of a softmax head, a line per class
 * memory: O(model); O(group) for a choice head
 */
#include "../common/net/model.h"

static const char *path;
static int64_t keep, label_field = -2, group_field = 1, seed = 1;
static double optimism = NAN;
static bool print_std, draw;
static struct input in = INPUT_DEFAULTS;

static const struct cli_option options[] = {
	{'g', "group", "FIELD", "group, for a choice head and for --sample", CLI_INT, &group_field, -1e6, 1e6},
	{'k', "best", "N", "softmax: the N best classes, and the labelled one (0: all)", CLI_INT, &keep, 0, 1e9},
	{'m', "model", "FILE", "model to predict with", CLI_TEXT, &path, 0, 0},
	{'y', "label", "FIELD", "label, which may be ?", CLI_INT, &label_field, -1e6, 1e6},
	{'\0', "sample", NULL, "beliefs: score by one draw of the weights for each group", CLI_FLAG, &draw, 0, 0},
	{'\0', "seed", "N", "of --sample; another one is another draw", CLI_INT, &seed, 0, 9e15},
	{'\0', "std", NULL, "beliefs: the logit's standard deviation, before the label", CLI_FLAG, &print_std, 0, 0},
	{'\0', "ucb", "C", "beliefs: score the logit plus C standard deviations", CLI_REAL, &optimism, -100, 100},
	INPUT_OPTIONS(in),
};

static const struct cli cli = {"score", "predict records with a model", "[file ...]", options,
                               sizeof options / sizeof *options};

/* A record on its way out: what stands before its label, the label, what stands between label and features. */
struct scored {
	struct view before, label, after; /* with their TABs; the label without */
};

static struct model model;
static enum activation head;
static size_t K;                      /* logits of a record */
static struct batch batch;            /* one record, or the group of a choice head */
static double *s, *S, *p;             /* [records][K]: logits, their variances, probabilities */
static size_t s_capacity, S_capacity, p_capacity;
static size_t *order, order_capacity; /* classes, best first */

/* The group of a choice head, while it is read. */
static struct {
	char *bytes;              /* owned: the parts of its records, and its name */
	size_t n, capacity;
	struct scored *record;    /* views of bytes by offset until it is whole */
	size_t record_capacity;
	size_t name_n;
} group;

/* Logits and variances of record i of the batch. `key` is the group, by which weights are drawn. */
static void
predict(size_t i, struct view key)
{
	const struct net_layer *l = &model.net.layer[0];
	const struct features *f = &batch.features;
	size_t at = batch.start[i], n = batch.start[i + 1] - at;

	s = grow(s, &s_capacity, (i + 1) * K, sizeof *s);
	S = grow(S, &S_capacity, (i + 1) * K, sizeof *S);
	p = grow(p, &p_capacity, (i + 1) * K, sizeof *p);
	net_logits(&model.net, &batch, i, s + i * K, S + i * K);
	if (draw)
		belief_draw(K, s + i * K, n, f->index + at, f->value + at, model.net.table.tensor[l->weight].data,
		            net_bias_data(&model.net, l), (uint64_t)seed, XXH3_64bits(key.at, key.n));
	else if (model.net.beliefs)
		for (size_t k = i * K; k < (i + 1) * K; k++)
			s[k] = isnan(optimism) ? belief_moderate(s[k], S[k]) : s[k] + optimism * sqrt(S[k]);
}

static void
write_record(struct writer *w, const struct scored *r, struct view class, struct view label, size_t i)
{
	writer_view(w, r->before);
	if (class.n) {
		writer_view(w, class);
		writer_char(w, '\t');
	}
	if (print_std) {
		writer_number(w, sqrt(S[i]));
		writer_char(w, '\t');
	}
	writer_view(w, label);
	writer_view(w, r->after);
	writer_number(w, p[i]);
	writer_char(w, '\n');
}

/* Is class a before class b: likelier, or as likely and with the smaller number? For qsort. */
static int
better(const void *a, const void *b)
{
	size_t i = *(const size_t *)a, j = *(const size_t *)b;

	return p[i] != p[j] ? (p[i] < p[j]) - (p[i] > p[j]) : (i > j) - (i < j);
}

/* A line per class, best first; -k of them, and the labelled one. */
static void
write_classes(struct writer *w, const struct scored *r, bool labelled, size_t label)
{
	size_t n = keep && (size_t)keep < K ? (size_t)keep : K;

	order = grow(order, &order_capacity, K, sizeof *order);
	for (size_t k = 0; k < K; k++)
		order[k] = k;
	qsort(order, K, sizeof *order, better);
	for (size_t i = 0; i < K; i++) {
		char class[NUMBER_MAX];
		size_t k = order[i], digits = number_print_whole(class, k);

		if (i < n || (labelled && k == label))
			write_record(w, r, (struct view){class, digits},
			             labelled ? view_of(k == label ? "1" : "0") : r->label, k);
	}
}

/* Takes a record of a choice head into the group. */
static void
group_add(const struct scored *r)
{
	size_t n = r->before.n + r->label.n + r->after.n, i = batch.n - 1;

	group.bytes = grow(group.bytes, &group.capacity, group.n + n, 1);
	group.record = grow(group.record, &group.record_capacity, i + 1, sizeof *group.record);
	memcpy(group.bytes + group.n, r->before.at, n); /* the three parts follow each other */
	group.record[i] = *r;
	group.n += n;
}

/* Writes the group of a choice head, whose records are all read. */
static void
group_write(struct writer *w)
{
	const char *at = group.bytes + group.name_n;

	if (batch.n)
		head_probability(CHOICE, batch.n, 1, p, s);
	for (size_t i = 0; i < batch.n; i++) {
		struct scored *r = &group.record[i];

		r->before.at = at;
		r->label.at = at += r->before.n;
		r->after.at = at += r->label.n;
		at += r->after.n;
		write_record(w, r, (struct view){NULL, 0}, r->label, i);
	}
	batch_clear(&batch);
	group.n = 0;
}

/* Another group begins. */
static void
group_open(struct writer *w, struct view name)
{
	if (batch.n && view_equal(name, (struct view){group.bytes, group.name_n}))
		return;
	group_write(w);
	group.bytes = grow(group.bytes, &group.capacity, name.n, 1);
	memcpy(group.bytes, name.at, name.n);
	group.n = group.name_n = name.n;
}

/* Predicts one record, and writes it unless its group is still open. */
static void
score_record(struct writer *w, const struct record *record, size_t label, size_t group_place)
{
	struct view features = record->field[record->n - 1], name = record->field[group_place];
	struct scored r = {.label = record->field[label]};
	bool unknown = r.label.n == 1 && *r.label.at == '?';
	struct fault fault;
	float y = 0;

	r.before = (struct view){record->line.at, (size_t)(r.label.at - record->line.at)};
	r.after = (struct view){r.label.at + r.label.n, (size_t)(features.at - r.label.at) - r.label.n};
	if (!unknown && !label_parse(r.label, net_classes(&model.net), &y, &fault)) {
		fault.field = (int)label + 1;
		input_refuse(&in, fault);
		return;
	}
	if (head == CHOICE)
		group_open(w, name);
	if (!features_parse(&batch.features, features, (uint32_t)1 << model.net.arch.layer[0].size, &fault)) {
		fault.field = (int)record->n;
		input_refuse(&in, fault);
		return;
	}
	batch_close_record(&batch, y, 1);
	predict(batch.n - 1, name);
	if (head == CHOICE) {
		group_add(&r);
		return;
	}
	head_probability(head, 1, K, p, s);
	if (head == SOFTMAX)
		write_classes(w, &r, !unknown, (size_t)y);
	else
		write_record(w, &r, (struct view){NULL, 0}, r.label, 0);
	batch_clear(&batch);
}

static void
score_records(struct writer *w)
{
	struct record record = {0};
	size_t label = 0, place = 0;
	bool placed = false;

	while (record_next(&in, &record, 3)) {
		if (!placed) {
			placed = true;
			label = record_place(&record, label_field, "label");
			place = record_place(&record, group_field, "group");
			if (label == record.n - 1)
				die_usage("--label: the last field holds the features");
		}
		score_record(w, &record, label, place);
	}
	if (head == CHOICE)
		group_write(w);
	record_free(&record);
}

int
main(int argc, char **argv)
{
	struct writer out;
	int first = cli_parse(&cli, argc, argv);

	if (!path)
		die_usage("-m names the model");
	if (draw && !isnan(optimism))
		die_usage("--sample and --ucb exclude each other");
	model_open(&model, path);
	if (!model.net.beliefs && (draw || print_std || !isnan(optimism)))
		die_usage("--%s: the model holds no beliefs", draw ? "sample" : print_std ? "std" : "ucb");
	head = arch_head(&model.net.arch);
	K = net_outputs(&model.net);
	net_reserve(&model.net, 1);
	writer_init(&out, STDOUT_FILENO, "stdout");
	input_open(&in, argc, argv, first, &out);
	score_records(&out);
	input_close(&in);
	writer_close(&out);
	model_free(&model);
	batch_free(&batch);
	return 0;
}

/*
 * score - predict records with a model
 *
 * reads: a model (-m); records, label last but one, features last
 * writes: the records with P(y | x) in the place of the features; of a softmax head, a line per class
 * memory: O(model); O(group) for a choice head
 */
#include "../common/net/model.h"

static const char *path;
static int64_t keep, label_field = -2, group_field = 1, seed = 1, threads = 1;
static double optimism = NAN;
static bool print_std, draw;
static struct input in = INPUT_DEFAULTS;

static const struct cli_option options[] = {
	{'g', "group", "FIELD", "group, for a choice head and for --sample", CLI_INT, &group_field, -1e6, 1e6},
	{'j', "threads", "N", "threads that predict", CLI_INT, &threads, 1, TEAM_MOST},
	{'k', "best", "N", "softmax: so many of the best classes, and the labelled one; 0 is all", CLI_INT, &keep, 0, 1e9},
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

/* A record on its way out: its line up to the features is three parts, one behind the other. */
struct scored {
	const char *line;
	size_t n_before, n_label, n_after; /* bytes before the label, of it, and behind it; TABs included but its own */
	bool labelled;                     /* not ? */
	uint64_t key;                      /* of its group: what weights are drawn by */
};

static struct writer out;
static struct model model;
static enum activation head;
static size_t K;                      /* logits of a record */
static double *s, *S, *p;             /* [records][K]: logits, their variances, probabilities */
static size_t s_capacity, S_capacity, p_capacity;
static struct team team;
static struct net_pass pass[TEAM_MOST]; /* of each worker, where the model is a net of plain weights */
static size_t *order, order_capacity; /* classes, best first */

/* Records that are parsed and not yet written: a few, or the group of a choice head. */
static struct {
	struct batch batch;
	struct scored *record;
	size_t record_capacity;
	char *bytes;              /* owned; of a choice head: the group's name, then the lines of its records */
	size_t n_bytes, n_name, bytes_capacity;
} pending;

/* A net of beliefs: logits and variances of record i. */
static void
believe(size_t i)
{
	const struct net_layer *l = &model.net.layer[0];
	const struct batch *batch = &pending.batch;
	const struct features *f = &batch->features;
	size_t at = batch->start[i], n = batch->start[i + 1] - at;
	double *mean = s + i * K, *variance = S + i * K;

	net_believe(&model.net, batch, i, mean, variance);
	if (draw)
		belief_draw(K, mean, n, f->index + at, f->value + at, net_data(&model.net, l->weight),
		            net_data(&model.net, l->bias), (uint64_t)seed, pending.record[i].key);
	for (size_t k = 0; k < K && !draw; k++)
		mean[k] = isnan(optimism) ? belief_moderate(mean[k], variance[k]) : mean[k] + optimism * sqrt(variance[k]);
}

/* A task: logits of a few records. */
static void
predict(void *unused, size_t task, size_t worker)
{
	const struct batch *batch = &pending.batch;
	size_t from = task * NET_PIECE, left = batch->n - from, few = left < NET_PIECE ? left : NET_PIECE;

	(void)unused;
	for (size_t i = from; i < from + few; i++) {
		enum { AHEAD = 4 }; /* records whose weights are on the way while one is predicted */

		net_fetch(&model.net, batch, i + AHEAD);
		if (model.net.beliefs)
			believe(i);
	}
	if (!model.net.beliefs)
		net_logits(&model.net, &pass[worker], batch, from, few, s + from * K);
}

/* Writes a record with what belongs to output i; class and label may be empty views: no class, its own label. */
static void
write_record(const struct scored *r, struct view class, struct view label, size_t i)
{
	if (!label.n)
		label = (struct view){r->line + r->n_before, r->n_label};
	writer_put(&out, r->line, r->n_before);
	if (class.n) {
		writer_view(&out, class);
		writer_char(&out, '\t');
	}
	if (print_std) {
		writer_number(&out, sqrt(S[i]));
		writer_char(&out, '\t');
	}
	writer_view(&out, label);
	writer_put(&out, r->line + r->n_before + r->n_label, r->n_after);
	writer_number(&out, p[i]);
	writer_char(&out, '\n');
}

/* Is class a before class b: likelier, or as likely and with the smaller number? For qsort; p is the record's. */
static const double *class_p;

static int
better(const void *a, const void *b)
{
	size_t i = *(const size_t *)a, j = *(const size_t *)b;

	return class_p[i] != class_p[j] ? (class_p[i] < class_p[j]) - (class_p[i] > class_p[j]) : (i > j) - (i < j);
}

/* A line per class of record i, best first; -k of them, and the labelled one. */
static void
write_classes(const struct scored *r, size_t i)
{
	size_t n = keep && (size_t)keep < K ? (size_t)keep : K, label = (size_t)pending.batch.label[i];

	order = grow(order, &order_capacity, K, sizeof *order);
	for (size_t k = 0; k < K; k++)
		order[k] = k;
	class_p = p + i * K;
	qsort(order, K, sizeof *order, better);
	for (size_t rank = 0; rank < K; rank++) {
		char class[NUMBER_MAX];
		size_t k = order[rank], digits = number_print_whole(class, k);

		if (rank < n || (r->labelled && k == label))
			write_record(r, (struct view){class, digits},
			             view_of(!r->labelled ? "" : k == label ? "1" : "0"), i * K + k);
	}
}

/* Predicts and writes all that is pending. */
static void
write_pending(void)
{
	const char *line = pending.bytes ? pending.bytes + pending.n_name : NULL;
	size_t n = pending.batch.n;

	s = grow(s, &s_capacity, n * K, sizeof *s);
	S = grow(S, &S_capacity, n * K, sizeof *S);
	p = grow(p, &p_capacity, n * K, sizeof *p);
	team_run(&team, (n + NET_PIECE - 1) / NET_PIECE, predict, NULL);
	if (n)
		head_probability(head, n, K, p, s);
	for (size_t i = 0; i < n; i++) {
		struct scored *r = &pending.record[i];

		if (head == CHOICE) {
			r->line = line;
			line += r->n_before + r->n_label + r->n_after;
		}
		if (head == SOFTMAX)
			write_classes(r, i);
		else
			write_record(r, (struct view){NULL, 0}, (struct view){NULL, 0}, i);
	}
	batch_clear(&pending.batch);
	pending.n_bytes = pending.n_name = 0;
}

/* Copies bytes that have to outlive their line behind the others. */
static void
keep_bytes(struct view v)
{
	pending.bytes = grow(pending.bytes, &pending.bytes_capacity, pending.n_bytes + v.n, 1);
	memcpy(pending.bytes + pending.n_bytes, v.at, v.n);
	pending.n_bytes += v.n;
}

/* For a choice head: what is pending is whole when another group begins. */
static void
open_group(struct view name)
{
	if (pending.batch.n && view_equal(name, (struct view){pending.bytes, pending.n_name}))
		return;
	write_pending();
	keep_bytes(name);
	pending.n_name = name.n;
}

/* Records that wait to be predicted together, where their features are few, and where they are vectors. */
enum { FEW = 32, MORE = 256 };

/* Parses one record; it waits until its group is whole, a few have come, or the input is read on. */
static void
score_record(const struct record *record, size_t label_place, size_t group_place)
{
	const char *line = record->line.at, *features = record->field[record->n - 1].at;
	struct view label = record->field[label_place], group = record->field[group_place];
	struct scored *r;
	struct fault fault = {0};
	bool labelled = !(label.n == 1 && *label.at == '?');
	float y = 0;

	if (labelled && !label_parse(label, net_classes(&model.net), &y, &fault)) {
		fault.field = (int)label_place + 1;
		input_refuse(&in, fault);
		return;
	}
	if (head == CHOICE)
		open_group(group);
	if (!features_parse(&pending.batch.features, record->field[record->n - 1],
	                    arch_inputs(&model.net.arch), &fault)) {
		fault.field = (int)record->n;
		input_refuse(&in, fault);
		return;
	}
	batch_close_record(&pending.batch, y, 1);
	pending.record = grow(pending.record, &pending.record_capacity, pending.batch.n, sizeof *pending.record);
	r = &pending.record[pending.batch.n - 1];
	*r = (struct scored){.line = line, .n_before = (size_t)(label.at - line), .n_label = label.n, .labelled = labelled};
	r->n_after = (size_t)(features - line) - r->n_before - r->n_label;
	if (draw)
		r->key = XXH3_64bits(group.at, group.n);
	if (head == CHOICE)
		keep_bytes((struct view){line, (size_t)(features - line)});
	else if (pending.batch.n == (model.net.sparse ? FEW : MORE))
		write_pending();
}

/* Before lines in hand go: only the group of a choice head, whose lines are copied, goes on. */
static void
settle(void)
{
	if (head != CHOICE)
		write_pending();
}

static void
score_records(void)
{
	struct record record = {0};
	size_t label = 0, group = 0;
	bool placed = false;

	while (record_next(&in, &record, 3)) {
		if (!placed) {
			placed = true;
			label = record_place(&record, label_field, "label");
			group = record_place(&record, group_field, "group");
			if (label == record.n - 1)
				die_usage("--label: the last field holds the features");
		}
		score_record(&record, label, group);
	}
	write_pending();
	record_free(&record);
}

int
main(int argc, char **argv)
{
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
	pending.batch.features.rows = !model.net.sparse;
	net_reserve(&model.net);
	for (int64_t i = 0; !model.net.beliefs && i < threads; i++)
		net_pass_init(&pass[i], &model.net, 0);
	team_init(&team, (size_t)threads);
	writer_init(&out, STDOUT_FILENO, "stdout");
	in.settle = settle;
	input_open(&in, argc, argv, first, &out);
	score_records();
	input_close(&in);
	writer_close(&out);
	team_free(&team);
	for (int64_t i = 0; i < threads; i++)
		net_pass_free(&pass[i]);
	model_free(&model);
	batch_free(&pending.batch);
	return 0;
}

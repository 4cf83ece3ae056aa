/*
 * score - predict records with a model
 *
 * reads: a model (-m); records, label last but one, features last
 * writes: the records with P(y | x) in the place of the features; of a softmax head, a line per class
 * memory: O(model); O(group) for a choice head
 */
#include "../common/io/lessons.h"
#include "../common/net/best.h"
#include "../common/net/model.h"

static const char *path, *architecture;
static int64_t keep, seed = 1, threads = 1;
static double optimism = NAN;
static bool print_std, draw;
static struct lessons lessons = {.group = 1, .label = -2, .step = 32, .keep = true, .in = INPUT_DEFAULTS};

static const struct cli_option options[] = {
	{'a', "architecture", "LAYERS", "of a model that another program made", CLI_TEXT, &architecture, 0, 0},
	{'g', "group", "FIELD", "group, for a choice head and for --sample", CLI_INT, &lessons.group, -1e6, 1e6},
	{'j', "jobs", "N", "threads that predict", CLI_INT, &threads, 1, TEAM_MOST},
	{'k', "best", "N", "softmax: so many of the best classes, and the labelled one; 0 is all", CLI_INT, &keep, 0, 1e9},
	{'m', "model", "FILE", "model to predict with", CLI_TEXT, &path, 0, 0},
	{'y', "label", "FIELD", "label; only softmax looks at it, and it may be ?", CLI_INT, &lessons.label, -1e6, 1e6},
	{'\0', "sample", NULL, "beliefs: score by one draw of the weights for each group", CLI_FLAG, &draw, 0, 0},
	{'\0', "seed", "N", "of --sample; another one is another draw", CLI_INT, &seed, 0, 9e15},
	{'\0', "std", NULL, "beliefs: the logit's standard deviation, before the label", CLI_FLAG, &print_std, 0, 0},
	{'\0', "ucb", "C", "beliefs: score the logit plus C standard deviations", CLI_REAL, &optimism, -100, 100},
	RECORDS_OPTIONS(lessons.in),
};

static const struct cli cli = {"score", "predict records with a model", "[file ...]", options,
                               sizeof options / sizeof *options};

static struct writer out;
static struct model model;
static enum activation head;
static size_t K;                      /* logits of a record */
static double *s, *S, *p;             /* [records][K]: logits, their variances, probabilities */
static size_t s_capacity, S_capacity, p_capacity;
static struct team team;
static struct net_pass pass[TEAM_MOST]; /* of each worker, where the model is a net of plain weights */
static bool many;                     /* softmax on vectors, many classes: the best are found without all logits at once */
static struct best_inputs inputs[TEAM_MOST]; /* of each worker, where there are many */
static size_t piece;                  /* records of a task */
static size_t wanted;                 /* classes of a record */
static struct best *best;             /* [records], of a softmax head */
static struct best_class *listed;     /* [records][wanted] */
static double *own;                   /* [records]: probabilities of the labelled classes */
static size_t best_capacity, listed_capacity, own_capacity;

/* Records from .. to of a lesson, which are predicted together. */
struct step {
	const struct lesson *lesson;
	size_t from, n;
};

/* A net of beliefs: logits and variances of record i of a step. */
static void
believe(const struct step *step, size_t i)
{
	const struct net_layer *l = &model.net.layer[0];
	const struct batch *batch = &step->lesson->batch;
	const struct lesson_line *line = &step->lesson->line[step->from + i];
	const struct features *f = &batch->features;
	size_t at = batch->start[step->from + i], n = batch->start[step->from + i + 1] - at;
	double *mean = s + i * K, *variance = S + i * K;

	net_believe(&model.net, batch, step->from + i, mean, variance);
	if (draw)
		belief_draw(K, mean, n, f->index + at, f->value + at, net_data(&model.net, l->weight),
		            net_data(&model.net, l->bias), (uint64_t)seed,
		            XXH3_64bits(step->lesson->text + line->at + line->group, line->n_group));
	for (size_t k = 0; k < K && !draw; k++)
		mean[k] = isnan(optimism) ? belief_moderate(mean[k], variance[k]) : mean[k] + optimism * sqrt(variance[k]);
}

/* A task: logits of a few records of a step. */
static void
predict(void *of, size_t task, size_t worker)
{
	enum { AHEAD = 4 }; /* records whose weights are on the way while one is predicted */
	const struct step *step = of;
	const struct batch *batch = &step->lesson->batch;
	size_t first = task * piece, left = step->n - first, few = left < piece ? left : piece;

	if (many) {
		best_classes(&model.net, &pass[worker], &inputs[worker], (struct piece){batch, step->from + first, 0, few},
		             best + first, batch->label + step->from + first, own + first);
		return;
	}
	for (size_t i = first; i < first + few && model.net.beliefs; i++) {
		net_fetch(&model.net, batch, step->from + i + AHEAD);
		believe(step, i);
	}
	if (!model.net.beliefs)
		net_logits(&model.net, &pass[worker], batch, step->from + first, few, s + first * K);
}

/* Writes a record with a score; class and label may be empty views: no class, its own label. */
static void
write_record(const char *text, const struct lesson_line *line, struct view class, struct view label, double score,
             double deviation)
{
	const char *at = text + line->at;

	writer_put(&out, at, line->n_before);
	at += line->n_before;
	if (class.n) {
		writer_view(&out, class);
		writer_char(&out, '\t');
	}
	if (print_std) {
		writer_number(&out, deviation);
		writer_char(&out, '\t');
	}
	writer_view(&out, label.n ? label : (struct view){at, line->n_label});
	writer_put(&out, at + line->n_label, line->n_after);
	writer_number(&out, score);
	writer_char(&out, '\n');
}

/* The line of a class of record i. */
static void
write_class(const char *text, const struct lesson_line *line, size_t i, struct best_class of, size_t label)
{
	char class[NUMBER_MAX];

	write_record(text, line, (struct view){class, number_print_whole(class, of.class)},
	             view_of(!line->labelled ? "" : of.class == label ? "1" : "0"), of.value,
	             print_std ? sqrt(S[i * K + of.class]) : 0);
}

/* A line for each of the best classes of record i, and one for its own. */
static void
write_classes(const char *text, const struct lesson_line *line, size_t i, size_t label)
{
	bool written = !line->labelled;

	for (size_t rank = 0; rank < best[i].n; rank++) {
		write_class(text, line, i, best[i].list[rank], label);
		written |= best[i].list[rank].class == label;
	}
	if (!written)
		write_class(text, line, i, (struct best_class){own[i], (uint32_t)label}, label);
}

/* Room for the best classes of n records, none of which is known. */
static void
reserve_best(size_t n)
{
	best = grow(best, &best_capacity, n, sizeof *best);
	listed = grow(listed, &listed_capacity, n * wanted, sizeof *listed);
	own = grow(own, &own_capacity, n, sizeof *own);
	for (size_t i = 0; i < n; i++)
		best[i] = (struct best){listed + i * wanted, 0, wanted};
}

/* The best classes of record i of a step, from all its probabilities. */
static void
find_best(size_t i, size_t label)
{
	for (size_t k = 0; k < K; k++)
		best_offer(&best[i], p[i * K + k], (uint32_t)k);
	best_sort(&best[i]);
	own[i] = p[i * K + label];
}

/* Is what the model makes of record i of a step finite: its logits, or where they are not kept its best probabilities? */
static bool
is_finite(size_t i)
{
	bool finite = true;

	for (size_t k = 0; many && k < best[i].n; k++)
		finite &= isfinite(best[i].list[k].value);
	for (size_t k = 0; !many && k < K; k++)
		finite &= isfinite(s[i * K + k]);
	return finite;
}

/* A net's floats were too small for the record: what is known before it is written. */
static void
refuse_infinite(struct origin origin)
{
	writer_flush(&out);
	die_data("%s:%" PRIu64 ": features: the score is not finite (values too large for the model?)", origin.file,
	         origin.line);
}

/* Predicts and writes records from .. to of a lesson: one step. */
static void
score_step(const struct lesson *lesson, size_t from, size_t to)
{
	struct step step = {lesson, from, to - from};
	size_t n = step.n, outputs = many ? 0 : n * K, finite = 0;

	s = grow(s, &s_capacity, outputs, sizeof *s);
	S = grow(S, &S_capacity, outputs, sizeof *S);
	p = grow(p, &p_capacity, outputs, sizeof *p);
	if (head == SOFTMAX)
		reserve_best(n);
	team_run(&team, (n + piece - 1) / piece, predict, &step);
	while (finite < n && is_finite(finite))
		finite++;
	if (!many)
		head_probability(head, n, K, p, s);
	for (size_t i = 0; i < n && (finite == n || (head != CHOICE && i < finite)); i++) {
		const struct lesson_line *line = &lesson->line[from + i];
		size_t label = head == SOFTMAX ? (size_t)lesson->batch.label[from + i] : 0;

		if (head == SOFTMAX && !many)
			find_best(i, label);
		if (head == SOFTMAX)
			write_classes(lesson->text, line, i, label);
		else
			write_record(lesson->text, line, (struct view){NULL, 0}, (struct view){NULL, 0},
			             p[i], print_std ? sqrt(S[i]) : 0);
	}
	if (finite < n)
		refuse_infinite(lesson->line[from + finite].origin);
}

/* Every record; what is written is flushed whenever there is none to go on with. */
static void
score_records(void)
{
	const struct lesson *lesson;

	while ((lesson = lessons_next(&lessons))) {
		for (size_t i = 0; i < lesson->n; i++)
			score_step(lesson, i ? lesson->end[i - 1] : 0, lesson->end[i]);
		if (!lessons_ready(&lessons))
			writer_flush(&out);
	}
}

/* Records of a step of a net: some pieces for each thread, but no more than have lists of so many classes. */
static size_t
records_at_once(void)
{
	enum { FEW = 64, LISTED = 1 << 21 };
	const size_t pieces = threads > 2 ? 2 * (size_t)threads : 4, records = pieces * (many ? BEST_RECORDS : FEW);

	return records < LISTED / wanted ? records : LISTED / wanted > 0 ? LISTED / wanted : 1;
}

int
main(int argc, char **argv)
{
	int first = cli_parse(&cli, argc, argv);

	if (!path)
		die_usage("-m names the model");
	if (draw && !isnan(optimism))
		die_usage("--sample and --ucb exclude each other");
	model_open_as(&model, path, architecture);
	if (!model.net.beliefs && (draw || print_std || !isnan(optimism)))
		die_usage("--%s: the model holds no beliefs", draw ? "sample" : print_std ? "std" : "ucb");
	head = arch_head(&model.net.arch);
	K = net_outputs(&model.net);
	many = head == SOFTMAX && K > BEST_LOOK && net_dense(&model.net.layer[model.net.n_layers - 1]);
	wanted = keep && (size_t)keep < K ? (size_t)keep : K;
	piece = many ? BEST_RECORDS : net_piece(&model.net);
	net_reserve(&model.net);
	for (int64_t i = 0; !model.net.beliefs && i < threads; i++) {
		net_pass_init(&pass[i], &model.net, 0);
		if (many)
			best_inputs_init(&inputs[i], &model.net);
	}
	team_init(&team, (size_t)threads);
	if (head == CHOICE)
		lessons.step = 0;
	else if (!model.net.sparse || model.net.sequence)
		lessons.step = records_at_once();
	lessons.rows = !model.net.sparse;
	lessons.ordered = arch_ordered(&model.net.arch);
	lessons.limit = arch_inputs(&model.net.arch);
	lessons.classes = net_classes(&model.net);
	lessons.unlabelled = head != SOFTMAX;
	writer_init(&out, STDOUT_FILENO, "stdout");
	lessons_open(&lessons, argc, argv, first);
	score_records();
	lessons_close(&lessons);
	writer_close(&out);
	team_free(&team);
	for (int64_t i = 0; i < threads; i++) {
		net_pass_free(&pass[i]);
		best_inputs_free(&inputs[i]);
	}
	model_free(&model);
	return 0;
}

/*
 * learn.h - records in, a trained model out: the loop that pretrain and finetune share.
 */
#ifndef WEIR_LEARN_H
#define WEIR_LEARN_H

#include "../io/lessons.h"
#include "../io/spool.h"
#include "watch.h"

enum { LEARN_OUTPUTS = 1 << 22 }; /* of records that are judged at once */

struct learn {
	/* set by the options table; NAN, 0 and NULL stand for the default */
	const char *out;          /* model file */
	const char *log;          /* file for the curve */
	const char *optimizer;
	const char *schedule;
	const char *valid;        /* records to judge each pass by */
	double rate, l1, l2, forget;
	double budget, clip;      /* seconds; of a gradient */
	int64_t batch, epochs, patience, threads, negatives;
	int64_t seed;
	bool resume, verbose, progress;
	struct lessons lessons;

	/* while it runs */
	struct trainer trainer;
	enum schedule pace;
	size_t first;             /* the layers before it are frozen: records are kept and learnt as they leave them */
	struct net_pass body[TEAM_MOST]; /* of each thread, for those layers */
	struct batch rows;        /* what they make of a lesson */
	struct spool spool;       /* with more than one epoch */
	struct spool judges;      /* the records of valid */
	struct popularity popularity; /* with negatives, once all records are in the spool */
	uint64_t *seen;           /* owned: of each class, records in the spool; NULL where nobody asks */
	struct keepsake best;     /* by them, with patience */
	struct gauge gauge;
	uint64_t total;           /* records of all passes, once it is known */
	uint64_t next_look;       /* records at which the clock is looked at */
	bool over;                /* the budget is spent */
	uint64_t pass;
	struct progress began;    /* at the beginning of the pass */
	bool stored;              /* all records are in the spool already, as they leave the layers before `left` */
	size_t left;
	uint64_t hold, fold;      /* in a trial every unit of the spool that is fold modulo hold is held out; else hold is 0 */
	struct writer curve;
	struct progress said;     /* at the last line of the curve */
	uint64_t next_line;       /* records at which the curve has its next */
};

#define LEARN_DEFAULTS                                                                               \
	{.rate = NAN, .epochs = 1, .threads = 1, .seed = 1, .schedule = "constant", .lessons = {.group = 1, .label = -2, .in = INPUT_DEFAULTS}}

/* The rows that pretrain and finetune have in their options tables. */
#define LEARN_OPTIONS(l)                                                                             \
	{'B', "batch", "N", "records of a step (1 for log-linear models, else 32)", CLI_INT, &(l).batch, 1, 1 << 20}, \
	{'e', "epochs", "N", "passes over the records", CLI_INT, &(l).epochs, 1, 1 << 20},               \
	{'g', "group", "FIELD", "group of a choice head", CLI_INT, &(l).lessons.group, -1e6, 1e6},               \
	{'j', "threads", "N", "threads that learn", CLI_INT, &(l).threads, 1, TEAM_MOST},                \
	{'o', "output", "FILE", "where the model goes; it is replaced whole or not at all", CLI_TEXT, &(l).out, 0, 0}, \
	{'r', "rate", "RATE", "step size of the optimizer", CLI_REAL, &(l).rate, 0, 1e6},                \
	{'v', "verbose", NULL, "say what was learnt on stderr", CLI_FLAG, &(l).verbose, 0, 0},           \
	{'w', "weight", "FIELD", "how many records this one counts for", CLI_INT, &(l).lessons.weight, -1e6, 1e6}, \
	{'y', "label", "FIELD", "label", CLI_INT, &(l).lessons.label, -1e6, 1e6},                                \
	{'\0', "budget", "SECONDS", "stop learning after this time", CLI_REAL, &(l).budget, 0, 1e9},     \
	{'\0', "clip", "NORM", "shorten longer gradients to this", CLI_REAL, &(l).clip, 0, 1e30},        \
	{'\0', "forget", "G", "beliefs: variance that a weight gains between its records", CLI_REAL, &(l).forget, 0, 100}, \
	{'\0', "l1", "L", "ftrl: absolute value penalty", CLI_REAL, &(l).l1, 0, 1e6},                    \
	{'\0', "l2", "L", "ftrl: square penalty", CLI_REAL, &(l).l2, 0, 1e6},                            \
	{'\0', "log", "FILE", "write the learning curve here: pass, records, loss, accuracy", CLI_TEXT, &(l).log, 0, 0}, \
	{'\0', "negatives", "N", "softmax: learn by N classes of each step, drawn by popularity; 0 is by all", CLI_INT, &(l).negatives, 0, 1 << 24}, \
	{'\0', "optimizer", "NAME", "beliefs, adagrad, ftrl, sgd or adam", CLI_TEXT, &(l).optimizer, 0, 0}, \
	{'\0', "patience", "N", "stop after N passes that --valid finds no better; keep the best", CLI_INT, &(l).patience, 1, 1 << 20}, \
	{'\0', "progress", NULL, "say each second how far it is, as on a terminal", CLI_FLAG, &(l).progress, 0, 0}, \
	{'\0', "resume", NULL, "go on where the model stopped", CLI_FLAG, &(l).resume, 0, 0},            \
	{'\0', "schedule", "NAME", "how the rate goes down: constant, linear or cosine", CLI_TEXT, &(l).schedule, 0, 0}, \
	{'\0', "seed", "N", "of all that is random", CLI_INT, &(l).seed, 0, 9e15},                       \
	{'\0', "valid", "FILE", "judge every pass by these records", CLI_TEXT, &(l).valid, 0, 0},        \
	RECORDS_OPTIONS((l).lessons.in)

/*
 * Chooses optimizer, rate and batch for an architecture, into a model that is not a resumed one: what the options
 * say, else `usual`, else (NULL) beliefs for log-linear models and adam for others.
 */
static inline void
learn_choose(const struct learn *l, struct model *m, const struct arch *arch, const char *usual)
{
	const char *name = l->optimizer ? l->optimizer : usual ? usual : arch_log_linear(arch) ? "beliefs" : "adam";

	m->optimiser = optimiser_find(name);
	if (!m->optimiser && strcmp(name, "beliefs") != 0)
		die_usage("--optimizer: no such optimizer: \"%.40s\"", name);
	if (!m->optimiser && !arch_log_linear(arch))
		die_usage("--optimizer: beliefs are for log-linear models: hash, then one dense with sigmoid, softmax or choice");
	if (!m->optimiser && (!isnan(l->rate) || l->batch > 1))
		die_usage("--%s: beliefs have none; --optimizer names a learner that does", isnan(l->rate) ? "batch" : "rate");
	if (l->batch > 1 && arch_head(arch) == CHOICE)
		die_usage("--batch: a choice head learns group by group");
	if (!(m->optimiser && strcmp(m->optimiser->name, "ftrl") == 0) && (l->l1 > 0 || l->l2 > 0))
		die_usage("--%s: for --optimizer ftrl", l->l1 > 0 ? "l1" : "l2");
	if (m->optimiser && l->forget > 0)
		die_usage("--forget: for beliefs, and this model is learnt with %s", name);
	m->drift = l->forget;
	if (m->optimiser)
		m->set = (struct optimiser_settings){isnan(l->rate) ? m->optimiser->rate : l->rate, l->l1, l->l2, 0};
	m->batch = l->batch ? (uint64_t)l->batch : arch->n == 2 || arch_head(arch) == CHOICE ? 1 : 32;
	m->seed = (uint64_t)l->seed;
}

/* Mean loss and accuracy of what came since `before`, as fields of the curve. */
static inline void
learn_curve_figures(struct learn *l, const struct progress *now, const struct progress *before)
{
	double weight = now->weight - before->weight;

	writer_char(&l->curve, '\t');
	writer_number(&l->curve, (now->loss - before->loss) / weight);
	writer_char(&l->curve, '\t');
	writer_number(&l->curve, (now->right - before->right) / weight);
}

/* A line of the curve: what came of the records since the last one; and, at the end of a pass, what was judged. */
static inline void
learn_curve(struct learn *l, const struct progress *judged)
{
	const struct progress *now = &l->trainer.progress, none = {0};

	if (!l->log || l->hold || !(now->weight > l->said.weight))
		return;
	writer_whole(&l->curve, l->pass);
	writer_char(&l->curve, '\t');
	writer_whole(&l->curve, now->records);
	learn_curve_figures(l, now, &l->said);
	if (judged)
		learn_curve_figures(l, judged, &none);
	else if (l->valid)
		writer_view(&l->curve, view_of("\t-\t-"));
	writer_char(&l->curve, '\n');
	l->said = *now;
}

/*
 * Keeps records from .. to of a batch, which are one step: a group whole, and records of a session, each of which begins
 * with the one before it, together.
 */
static inline void
learn_keep(const struct learn *l, struct spool *spool, const struct batch *batch, size_t from, size_t to)
{
	bool runs = l->trainer.net->sequence && !batch->features.rows;

	for (size_t i = from; i < to; i++) {
		spool_add(spool, batch, i, l->lessons.step == 0 ? i > from : runs && i > 0 && sequence_goes_on(batch, i));
		if (l->seen)
			l->seen[(size_t)batch->label[i]]++;
	}
}

/* After a step: has the time come to stop, or to say how far it is? */
static inline void
learn_look(struct learn *l)
{
	enum { EVERY = 32 }; /* records between looks at the clock */
	const struct progress *now = &l->trainer.progress;
	double seconds;

	if (now->records < l->next_look || l->hold || !(l->budget > 0 || l->gauge.shown))
		return;
	l->next_look = now->records + EVERY;
	seconds = clock_seconds();
	l->over = l->budget > 0 && seconds - l->gauge.began > l->budget;
	gauge_show(&l->gauge, seconds, now, l->trainer.set.rate * l->trainer.pace, l->total);
}

/* Learns records from .. to of a batch, which are one step. */
static inline void
learn_step(struct learn *l, const struct batch *batch, size_t from, size_t to)
{
	if (l->pace != CONSTANT)
		l->trainer.pace = schedule_pace(l->pace, (double)(l->trainer.progress.records - l->gauge.from) / (double)l->total);
	train(&l->trainer, batch, from, to - from);
	learn_look(l);
}

/* What a part of a lesson looks like behind the frozen layers: a task, of so many records. */
static inline void
learn_body_piece(void *learn, size_t task, size_t worker)
{
	struct learn *l = learn;
	const struct net *net = l->trainer.net;
	const struct batch *batch = l->trainer.batch;
	size_t piece = net_piece(net), at = task * piece, n = batch->n - at < piece ? batch->n - at : piece;
	size_t width = net->layer[l->first].I;

	net_pass_reserve(&l->body[worker], net, piece, false);
	memcpy(l->rows.features.value + at * width,
	       net_forward(net, &l->body[worker], (struct piece){batch, at, 0, n}, l->first), n * width * sizeof(float));
}

/* A lesson's records as they are learnt: behind the frozen layers. */
static inline const struct batch *
learn_body(struct learn *l, const struct batch *batch)
{
	size_t width;

	if (l->first == 0)
		return batch;
	width = l->trainer.net->layer[l->first].I;
	batch_clear(&l->rows);
	features_reserve(&l->rows.features, batch->n * width);
	l->trainer.batch = batch;
	team_run(&l->trainer.team, (batch->n + net_piece(l->trainer.net) - 1) / net_piece(l->trainer.net), learn_body_piece, l);
	for (size_t i = 0; i < batch->n; i++) {
		l->rows.features.n += width;
		batch_close_record(&l->rows, batch->label[i], batch->weight[i]);
	}
	return &l->rows;
}

/* The first pass: every record is predicted, then learnt, as it comes; and kept where more passes follow. */
static inline void
learn_stream(struct learn *l)
{
	enum { AHEAD = 4 }; /* records whose weights are on the way while one is learnt */
	const struct lesson *lesson;

	while (!l->over && (lesson = lessons_next(&l->lessons))) {
		const struct batch *batch = learn_body(l, &lesson->batch);

		for (size_t i = 0; !l->over && i < lesson->n; i++) {
			size_t from = i ? lesson->end[i - 1] : 0;

			train_fetch(&l->trainer, batch, lesson->end[i] + AHEAD);
			learn_step(l, batch, from, lesson->end[i]);
			if (l->epochs > 1)
				learn_keep(l, &l->spool, batch, from, lesson->end[i]);
			if (l->trainer.progress.records >= l->next_line) {
				learn_curve(l, NULL);
				while (l->trainer.progress.records >= l->next_line)
					l->next_line *= 2;
			}
		}
	}
}

/* Is unit i of the spool held out? */
static inline bool
learn_held(const struct learn *l, uint64_t i)
{
	return l->hold && i % l->hold == l->fold;
}

/* A pass over what was kept: the first in the order of the input, a further one in an order of its own. */
static inline void
learn_again(struct learn *l, uint64_t pass)
{
	struct batch batch = {.features.rows = l->rows.features.rows};

	if (l->trainer.prior)
		l->trainer.prior->again = pass > 1;
	for (uint64_t i = 0; !l->over && i < l->spool.n; i++) {
		uint64_t place = pass > 1 ? random_place((uint64_t)l->seed + pass, i, l->spool.n) : i;

		if (learn_held(l, place))
			continue;
		spool_read(&l->spool, place, &batch);
		if (batch.n < l->lessons.step)
			continue;
		learn_step(l, &batch, 0, batch.n);
		batch_clear(&batch);
	}
	if (batch.n > 0 && !l->over)
		learn_step(l, &batch, 0, batch.n);
	batch_free(&batch);
}

/* What the model makes of the units of a spool: in a trial of those that are held out, else of all. */
static inline struct progress
learn_judge(struct learn *l, const struct spool *spool)
{
	uint64_t by = l->hold ? l->hold : 1;
	struct batch batch = {.features.rows = l->rows.features.rows};
	struct progress judged = {0};
	size_t least = 4 * TRAIN_LANES * net_piece(l->trainer.net), room = LEARN_OUTPUTS / net_outputs(l->trainer.net) + 1;

	least = l->lessons.step == 0 ? 1 : least < room ? least : room; /* records at once; the group of a choice */
	for (uint64_t i = l->hold ? l->fold : 0; i < spool->n; i += by) {
		spool_read(spool, i, &batch);
		if (batch.n < least && i + by < spool->n)
			continue;
		train_judge(&l->trainer, &batch, 0, batch.n, &judged);
		batch_clear(&batch);
	}
	batch_free(&batch);
	return judged;
}

static inline double
learn_mean(double sum, double weight)
{
	return weight > 0 ? sum / weight : 0;
}

/* At the end of a pass: judges, says and keeps what it came to. False when patience is at its end. */
static inline bool
learn_end_pass(struct learn *l, const struct model *m)
{
	const struct progress *now = &l->trainer.progress, *began = &l->began;
	struct progress judged = {0};
	double loss, weight = now->weight - began->weight;

	if (l->valid) {
		trainer_settle(&l->trainer);
		judged = learn_judge(l, &l->judges);
		trainer_unsettle(&l->trainer);
	}
	loss = learn_mean(judged.loss, judged.weight);
	learn_curve(l, judged.weight > 0 ? &judged : NULL);
	gauge_clear(&l->gauge);
	if (l->verbose && (l->epochs > 1 || l->valid))
		fprintf(stderr, "%s: pass %" PRIu64 ": mean loss %.6g, accuracy %.4g", cli_program, l->pass,
		        learn_mean(now->loss - began->loss, weight), learn_mean(now->right - began->right, weight));
	if (l->verbose && l->valid)
		fprintf(stderr, "; valid: mean loss %.6g, accuracy %.4g", loss, learn_mean(judged.right, judged.weight));
	if (l->verbose && (l->epochs > 1 || l->valid))
		fputc('\n', stderr);
	l->began = *now;
	if (!l->patience)
		return true;
	if (l->best.table.n == 0 || loss < l->best.loss)
		keepsake_take(&l->best, m, &l->trainer, loss, l->pass);
	return l->pass < l->best.pass + (uint64_t)l->patience;
}

/* A resumed model has its own settings. */
static inline void
learn_check_resume(const struct learn *l)
{
	if (l->optimizer || !isnan(l->rate) || l->batch || l->l1 > 0 || l->l2 > 0 || l->forget > 0)
		die_usage("--resume: the model says its optimizer, rate, penalties, batch and what it forgets");
}

/* Opens the file for the curve, where one is wanted. */
static inline void
learn_open_curve(struct learn *l)
{
	int fd = l->log ? open(l->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;

	if (!l->log)
		return;
	if (fd < 0)
		die_system("%s", l->log);
	writer_init(&l->curve, fd, l->log);
}

/* The layers, from the first on, that training leaves as they are, up to the last with weights of its own. */
static inline size_t
learn_frozen(const struct net *net)
{
	size_t first = 0;

	for (size_t i = 0; !net->beliefs && i + 1 < net->n_layers && net->layer[i].spec.kind != LAYER_DROPOUT; i++) {
		const struct net_layer *l = &net->layer[i];

		for (size_t j = 0; j < l->n_tensors; j++)
			if (!net->table.tensor[l->weight + j].frozen)
				return first;
		if (l->n_tensors && l->out.flow != FLOW_SEQUENCE)
			first = i + 1;
	}
	return first;
}

/* Readies a trainer, and the reading of records, for a model. What is frozen is known by now. */
static inline void
learn_ready(struct learn *l, struct model *m)
{
	struct net *net = &m->net;

	l->first = learn_frozen(net);
	l->lessons.limit = arch_inputs(&net->arch);
	l->lessons.classes = net_classes(net);
	l->lessons.rows = !net->sparse;
	l->lessons.ordered = arch_ordered(&net->arch);
	l->lessons.step = arch_head(&net->arch) == CHOICE ? 0 : (size_t)m->batch;
	l->rows.features.rows = l->lessons.rows || l->first > 0;
	trainer_init(&l->trainer, net, l->first, m->optimiser, m->set, (size_t)l->threads);
	if (l->negatives && l->stored)
		trainer_sample(&l->trainer, &l->popularity);
	l->trainer.clip = l->clip;
	for (int64_t i = 0; l->first > 0 && i < l->threads; i++)
		net_pass_init(&l->body[i], net, 0);
}

static inline void
learn_done(struct learn *l)
{
	for (int64_t i = 0; l->first > 0 && i < l->threads; i++)
		net_pass_free(&l->body[i]);
	batch_free(&l->rows);
	trainer_free(&l->trainer);
}

/* All records of the lessons, which are open, go to a spool. */
static inline void
learn_fill(struct learn *l, struct spool *spool)
{
	const struct lesson *lesson;

	spool_init(spool);
	while ((lesson = lessons_next(&l->lessons))) {
		const struct batch *batch = learn_body(l, &lesson->batch);

		for (size_t i = 0; i < lesson->n; i++)
			learn_keep(l, spool, batch, i ? lesson->end[i - 1] : 0, lesson->end[i]);
	}
	lessons_close(&l->lessons);
	spool_rewind(spool);
}

/* Keeps the records of the file to judge by; what options say of records holds for them too. */
static inline void
learn_load_judges(struct learn *l)
{
	struct lessons own = l->lessons;
	char *operand[] = {(char *)(uintptr_t)l->valid, NULL};

	l->lessons.in.rejects = NULL;
	lessons_open(&l->lessons, 1, operand, 0);
	learn_fill(l, &l->judges);
	if (l->judges.n == 0)
		die_data("--valid: no records: %s", l->valid);
	l->lessons = own;
}

/* Can the head of a model be learnt by samples? */
static inline void
learn_check_negatives(const struct model *m)
{
	if (arch_head(&m->net.arch) != SOFTMAX || !net_dense(&m->net.layer[m->net.n_layers - 1]))
		die_usage("--negatives: for a softmax head with a layer before it");
	if (m->pulled)
		die_usage("--negatives: without --prior");
}

/*
 * Keeps all records of the operands argv[first..] for trials, and for the run after them; they suit the model. With
 * negatives, counts their classes.
 */
static inline void
learn_store(struct learn *l, struct model *m, int argc, char **argv, int first)
{
	size_t K = net_outputs(&m->net);

	if (l->negatives)
		learn_check_negatives(m);
	learn_ready(l, m);
	lessons_open(&l->lessons, argc, argv, first);
	l->seen = l->negatives ? allocate_zero(K, sizeof *l->seen) : NULL;
	learn_fill(l, &l->spool);
	if (l->negatives)
		popularity_init(&l->popularity, K, (size_t)l->negatives, l->seen);
	free(l->seen);
	l->seen = NULL;
	learn_done(l);
	l->stored = true;
	l->left = l->first;
}

/* What is stored, as it leaves the frozen layers: unit by unit. Where it has left them already, that itself. */
static inline struct spool
learn_stored(struct learn *l)
{
	struct batch batch = {.features.rows = l->lessons.rows || l->left > 0};
	struct spool further;

	if (l->first <= l->left)
		return l->spool;
	spool_init(&further);
	for (uint64_t i = 0; i < l->spool.n; i++) {
		const struct batch *rows;

		spool_read(&l->spool, i, &batch);
		rows = learn_body(l, &batch);
		for (size_t j = 0; j < rows->n; j++)
			spool_add(&further, rows, j, j > 0);
		batch_clear(&batch);
	}
	batch_free(&batch);
	spool_rewind(&further);
	return further;
}

/*
 * Trains a fresh model on what is stored but the units that are `fold` modulo `hold`, and returns what it makes of
 * those.
 */
static inline struct progress
learn_trial(struct learn *l, struct model *m, uint64_t hold, uint64_t fold)
{
	struct spool all = l->spool;
	struct progress judged;

	learn_ready(l, m);
	l->spool = learn_stored(l);
	l->hold = hold;
	l->fold = fold;
	for (int64_t pass = 1; pass <= l->epochs; pass++)
		learn_again(l, (uint64_t)pass);
	judged = learn_judge(l, &l->spool);
	l->hold = 0;
	if (l->first > l->left)
		spool_free(&l->spool);
	l->spool = all;
	learn_done(l);
	return judged;
}

/* The first pass, over what is stored or over the operands argv[first..]. */
static inline void
learn_first(struct learn *l, int argc, char **argv, int first)
{
	if (l->stored) {
		learn_again(l, 1);
		return;
	}
	if (l->epochs > 1)
		spool_init(&l->spool);
	lessons_open(&l->lessons, argc, argv, first);
	learn_stream(l);
	if (l->over)
		lessons_stop(&l->lessons);
	else
		lessons_close(&l->lessons);
	if (l->epochs > 1)
		spool_rewind(&l->spool);
}

/* The budget is spent: says what was learnt. */
static inline void
learn_say_over(const struct learn *l)
{
	uint64_t records = l->trainer.progress.records - l->gauge.from, all = l->total / (uint64_t)l->epochs;

	if (l->pass == 1)
		warn("stopped after %g seconds: the first %" PRIu64 " records were learnt", l->budget, records);
	else
		warn("stopped after %g seconds in pass %" PRIu64 ": all %" PRIu64 " records were learnt in each pass before, %" PRIu64
		     " in this one", l->budget, l->pass, all, records - (l->pass - 1) * all);
}

/* All passes over the operands argv[first..]. */
static inline void
learn_passes(struct learn *l, struct model *m, int argc, char **argv, int first)
{
	struct progress *progress = &l->trainer.progress;
	bool more;

	*progress = l->said = l->began = m->progress;
	l->next_line = m->progress.records + 1;
	gauge_init(&l->gauge, l->progress, progress);
	l->pass = 1;
	learn_first(l, argc, argv, first);
	m->progress = *progress;
	if (!l->over)
		l->total = (progress->records - l->gauge.from) * (uint64_t)l->epochs;
	more = learn_end_pass(l, m);
	while (more && !l->over && l->pass < (uint64_t)l->epochs) {
		learn_again(l, ++l->pass);
		more = learn_end_pass(l, m);
	}
	if (l->over)
		learn_say_over(l);
	keepsake_restore(&l->best, m, &l->trainer);
	m->progress.records = progress->records;
	m->set = l->trainer.set;
}

/* What the options ask for, and a model cannot do. */
static inline void
learn_check(struct learn *l, const struct model *m, const struct mixture *mixture)
{
	if (!m->optimiser && l->epochs > 1)
		die_usage("--epochs: beliefs learn a record once; --optimizer names a learner that gains from more");
	if ((l->pace = schedule_find(l->schedule)) == SCHEDULES)
		die_usage("--schedule: constant, linear or cosine, not \"%.40s\"", l->schedule);
	if (!m->optimiser && (l->clip > 0 || l->pace != CONSTANT))
		die_usage("--%s: beliefs have no rate", l->clip > 0 ? "clip" : "schedule");
	if (l->patience && !l->valid)
		die_usage("--patience: --valid names the records to judge by");
	if (mixture && l->valid)
		die_usage("--valid: not with --auto or --mixture");
}

/* Trains the model on the operands argv[first..]; with a mixture it is that which learns. */
static inline void
learn_run(struct learn *l, struct model *m, struct mixture *mixture, int argc, char **argv, int first)
{
	learn_check(l, m, mixture);
	if ((l->pace != CONSTANT || l->negatives) && !l->stored)
		learn_store(l, m, argc, argv, first);
	learn_ready(l, m);
	l->trainer.mixture = mixture;
	l->trainer.drift = m->drift;
	l->trainer.variance = m->variance;
	l->trainer.prior = m->pulled ? &m->prior : NULL;
	if (l->resume)
		trainer_unsettle(&l->trainer);
	if (l->valid)
		learn_load_judges(l);
	replacement_try(l->out);
	learn_open_curve(l);
	if (l->stored && l->first > l->left) {
		struct spool all = l->spool;

		l->spool = learn_stored(l);
		spool_free(&all);
	}
	if (l->stored)
		l->total = l->lessons.records * (uint64_t)l->epochs;
	learn_passes(l, m, argc, argv, first);
	if (l->lessons.records == 0)
		warn("no records: nothing was learnt");
	trainer_settle(&l->trainer);
	learn_done(l);
	keepsake_free(&l->best);
	popularity_free(&l->popularity);
	if (l->epochs > 1 || l->stored)
		spool_free(&l->spool);
	if (l->valid)
		spool_free(&l->judges);
}

/* Saves the trained model. */
static inline void
learn_save(struct learn *l, const struct model *m)
{
	const struct progress *p = &m->progress;

	model_save(m, l->out);
	if (l->log)
		writer_close(&l->curve);
	if (l->verbose)
		warn("%" PRIu64 " records, mean loss %.6g, accuracy %.4g", p->records, p->weight > 0 ? p->loss / p->weight : 0,
		     p->weight > 0 ? p->right / p->weight : 0);
}

#endif

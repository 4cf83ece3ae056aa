/*
 * learn.h - records in, a trained model out: the loop that pretrain and finetune share.
 */
#ifndef WEIR_LEARN_H
#define WEIR_LEARN_H

#include "../io/lessons.h"
#include "../io/spool.h"
#include "model.h"

struct learn {
	/* set by the options table; NAN, 0 and NULL stand for the default */
	const char *out;          /* model file */
	const char *log;          /* file for the curve */
	const char *optimizer;
	double rate, l1, l2, forget;
	int64_t batch, epochs;
	int64_t seed;
	bool resume, verbose;
	struct lessons lessons;

	/* while it runs */
	struct trainer trainer;
	struct spool spool;       /* with more than one epoch */
	bool stored;              /* all records are in the spool already */
	uint64_t hold;            /* in a trial every so many-th unit of the spool is held out; else 0 */
	struct writer curve;
	struct progress said;     /* at the last line of the curve */
	uint64_t next_line;       /* records at which the curve has its next */
};

#define LEARN_DEFAULTS                                                                               \
	{.rate = NAN, .epochs = 1, .seed = 1, .lessons = {.group = 1, .label = -2, .in = INPUT_DEFAULTS}}

/* The rows that pretrain and finetune have in their options tables. */
#define LEARN_OPTIONS(l)                                                                             \
	{'B', "batch", "N", "records of a step (1 for log-linear models, else 32)", CLI_INT, &(l).batch, 1, 1 << 20}, \
	{'e', "epochs", "N", "passes over the records", CLI_INT, &(l).epochs, 1, 1 << 20},               \
	{'g', "group", "FIELD", "group of a choice head", CLI_INT, &(l).lessons.group, -1e6, 1e6},               \
	{'o', "output", "FILE", "where the model goes; it is replaced whole or not at all", CLI_TEXT, &(l).out, 0, 0}, \
	{'r', "rate", "RATE", "step size of the optimizer", CLI_REAL, &(l).rate, 0, 1e6},                \
	{'v', "verbose", NULL, "say what was learnt on stderr", CLI_FLAG, &(l).verbose, 0, 0},           \
	{'w', "weight", "FIELD", "how many records this one counts for", CLI_INT, &(l).lessons.weight, -1e6, 1e6}, \
	{'y', "label", "FIELD", "label", CLI_INT, &(l).lessons.label, -1e6, 1e6},                                \
	{'\0', "forget", "G", "beliefs: variance that a weight gains between its records", CLI_REAL, &(l).forget, 0, 100}, \
	{'\0', "l1", "L", "ftrl: absolute value penalty", CLI_REAL, &(l).l1, 0, 1e6},                    \
	{'\0', "l2", "L", "ftrl: square penalty", CLI_REAL, &(l).l2, 0, 1e6},                            \
	{'\0', "log", "FILE", "write the learning curve here: pass, records, loss, accuracy", CLI_TEXT, &(l).log, 0, 0}, \
	{'\0', "optimizer", "NAME", "beliefs, adagrad, ftrl, sgd or adam", CLI_TEXT, &(l).optimizer, 0, 0}, \
	{'\0', "resume", NULL, "go on where the model stopped", CLI_FLAG, &(l).resume, 0, 0},            \
	{'\0', "seed", "N", "of all that is random", CLI_INT, &(l).seed, 0, 9e15},                       \
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

/* A line of the curve: what came of the records since the last one. */
static inline void
learn_curve(struct learn *l, uint64_t pass)
{
	const struct progress *now = &l->trainer.progress, *before = &l->said;
	double weight = now->weight - before->weight;

	if (!l->log || l->hold || !(weight > 0))
		return;
	writer_whole(&l->curve, pass);
	writer_char(&l->curve, '\t');
	writer_whole(&l->curve, now->records);
	writer_char(&l->curve, '\t');
	writer_number(&l->curve, (now->loss - before->loss) / weight);
	writer_char(&l->curve, '\t');
	writer_number(&l->curve, (now->right - before->right) / weight);
	writer_char(&l->curve, '\n');
	l->said = *now;
}

/* Keeps records from .. to of a batch, which are one step: a group whole. */
static inline void
learn_keep(struct learn *l, const struct batch *batch, size_t from, size_t to)
{
	if (l->lessons.step == 0)
		spool_add(&l->spool, batch, from, to - from);
	for (size_t i = from; l->lessons.step && i < to; i++)
		spool_add(&l->spool, batch, i, 1);
}

/* Learns records from .. to of a batch, which are one step, and keeps them where more passes follow. */
static inline void
learn_step(struct learn *l, const struct batch *batch, size_t from, size_t to)
{
	train(&l->trainer, batch, from, to - from);
	if (l->epochs > 1)
		learn_keep(l, batch, from, to);
	if (l->trainer.progress.records >= l->next_line) {
		learn_curve(l, 1);
		l->next_line *= 2;
	}
}

/* The first pass: every record is predicted, then learnt, as it comes. */
static inline void
learn_stream(struct learn *l)
{
	enum { AHEAD = 4 }; /* records whose weights are on the way while one is learnt */
	const struct lesson *lesson;

	while ((lesson = lessons_next(&l->lessons)))
		for (size_t i = 0; i < lesson->n; i++) {
			net_fetch(l->trainer.net, &lesson->batch, lesson->end[i] + AHEAD);
			learn_step(l, &lesson->batch, i ? lesson->end[i - 1] : 0, lesson->end[i]);
		}
	learn_curve(l, 1);
}

/* Is unit i of the spool held out? */
static inline bool
learn_held(const struct learn *l, uint64_t i)
{
	return l->hold && i % l->hold == l->hold - 1;
}

/* A pass over what was kept: the first in the order of the input, a further one in an order of its own. */
static inline void
learn_again(struct learn *l, uint64_t pass)
{
	struct batch batch = {.features.rows = l->lessons.rows};

	if (l->trainer.prior)
		l->trainer.prior->again = pass > 1;
	for (uint64_t i = 0; i < l->spool.n; i++) {
		uint64_t place = pass > 1 ? random_place((uint64_t)l->seed + pass, i, l->spool.n) : i;

		if (learn_held(l, place))
			continue;
		spool_read(&l->spool, place, &batch);
		if (batch.n < l->lessons.step)
			continue;
		train(&l->trainer, &batch, 0, batch.n);
		batch_clear(&batch);
	}
	if (batch.n > 0)
		train(&l->trainer, &batch, 0, batch.n);
	learn_curve(l, pass);
	batch_free(&batch);
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

/* Readies the reading of records for a model. */
static inline void
learn_ready(struct learn *l, const struct model *m)
{
	l->lessons.limit = arch_inputs(&m->net.arch);
	l->lessons.classes = net_classes(&m->net);
	l->lessons.rows = !m->net.sparse;
	l->lessons.step = arch_head(&m->net.arch) == CHOICE ? 0 : (size_t)m->batch;
}

/* Keeps all records of the operands argv[first..] for trials, and for the run after them; they suit the model. */
static inline void
learn_store(struct learn *l, const struct model *m, int argc, char **argv, int first)
{
	const struct lesson *lesson;

	learn_ready(l, m);
	spool_init(&l->spool);
	lessons_open(&l->lessons, argc, argv, first);
	while ((lesson = lessons_next(&l->lessons)))
		for (size_t i = 0; i < lesson->n; i++)
			learn_keep(l, &lesson->batch, i ? lesson->end[i - 1] : 0, lesson->end[i]);
	lessons_close(&l->lessons);
	spool_rewind(&l->spool);
	l->stored = true;
}

/* Trains a fresh model on what is stored but every `hold`th unit, and returns what it makes of those. */
static inline struct progress
learn_trial(struct learn *l, struct model *m, uint64_t hold)
{
	struct batch batch = {.features.rows = l->lessons.rows};
	struct progress judged = {0};

	trainer_init(&l->trainer, &m->net, 0, m->optimiser, m->set, 1);
	l->hold = hold;
	for (int64_t pass = 1; pass <= l->epochs; pass++)
		learn_again(l, (uint64_t)pass);
	for (uint64_t i = 0; i < l->spool.n; i++)
		if (learn_held(l, i)) {
			spool_read(&l->spool, i, &batch);
			train_judge(&l->trainer, &batch, 0, batch.n, &judged);
			batch_clear(&batch);
		}
	l->hold = 0;
	batch_free(&batch);
	trainer_free(&l->trainer);
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
	lessons_close(&l->lessons);
	if (l->epochs > 1)
		spool_rewind(&l->spool);
}

/* All passes over the operands argv[first..]. */
static inline void
learn_passes(struct learn *l, struct model *m, int argc, char **argv, int first)
{
	struct progress *progress = &l->trainer.progress;

	*progress = l->said = m->progress;
	l->next_line = m->progress.records + 1;
	learn_first(l, argc, argv, first);
	m->progress = *progress;
	for (int64_t pass = 2; pass <= l->epochs; pass++)
		learn_again(l, (uint64_t)pass);
	m->progress.records = progress->records;
	m->set = l->trainer.set;
	if (l->epochs > 1 || l->stored)
		spool_free(&l->spool);
}

/* Trains the model on the operands argv[first..]; with a mixture it is that which learns. */
static inline void
learn_run(struct learn *l, struct model *m, struct mixture *mixture, int argc, char **argv, int first)
{
	struct net *net = &m->net;

	if (!m->optimiser && l->epochs > 1)
		die_usage("--epochs: beliefs learn a record once; --optimizer names a learner that gains from more");
	learn_ready(l, m);
	trainer_init(&l->trainer, net, 0, m->optimiser, m->set, 1);
	l->trainer.mixture = mixture;
	l->trainer.drift = m->drift;
	l->trainer.variance = m->variance;
	l->trainer.prior = m->pulled ? &m->prior : NULL;
	if (l->resume)
		trainer_unsettle(&l->trainer);
	replacement_try(l->out);
	learn_open_curve(l);
	learn_passes(l, m, argc, argv, first);
	if (l->lessons.records == 0)
		warn("no records: nothing was learnt");
	trainer_settle(&l->trainer);
	trainer_free(&l->trainer);
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

/*
 * learner.h - what pretrain and finetune are told of learning, checked against the model, and what they keep meanwhile.
 */
#ifndef WEIR_LEARNER_H
#define WEIR_LEARNER_H

#include "../io/lessons.h"
#include "../io/spool.h"
#include "watch.h"

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
	{.rate = NAN, .epochs = 1, .threads = 1, .seed = 1, .schedule = "constant",                  \
	 .lessons = {.group = 1, .label = -2, .in = INPUT_DEFAULTS}}

/* The rows that pretrain and finetune have in their options tables. */
#define LEARN_OPTIONS(l)                                                                             \
	{'B', "batch", "N", "records of a step (1 for log-linear models, else 32)", CLI_INT, &(l).batch, 1, 1 << 20}, \
	{'e', "epochs", "N", "passes over the records", CLI_INT, &(l).epochs, 1, 1 << 20},               \
	{'g', "group", "FIELD", "group of a choice head", CLI_INT, &(l).lessons.group, -1e6, 1e6},               \
	{'j', "jobs", "N", "threads that learn", CLI_INT, &(l).threads, 1, TEAM_MOST},                \
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

/* A resumed model has its own settings. */
static inline void
learn_check_resume(const struct learn *l)
{
	if (l->optimizer || !isnan(l->rate) || l->batch || l->l1 > 0 || l->l2 > 0 || l->forget > 0)
		die_usage("--resume: the model says its optimizer, rate, penalties, batch and what it forgets");
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

#endif

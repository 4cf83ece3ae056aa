/*
 * learn.h - records in, a trained model out: the loop that pretrain and finetune share.
 */
#ifndef WEIR_LEARN_H
#define WEIR_LEARN_H

#include "../io/spool.h"
#include "model.h"

struct learn {
	/* set by the options table; NAN, 0 and NULL stand for the default */
	const char *out;          /* model file */
	const char *log;          /* file for the curve */
	const char *optimizer;
	double rate, l1, l2;
	int64_t batch, epochs;
	int64_t group, label, weight; /* fields; weight 0 for none */
	int64_t seed;
	bool resume, verbose;
	struct input in;

	/* while it runs */
	struct model *model;
	struct trainer trainer;
	struct batch records;     /* read, not yet learnt */
	size_t slice;             /* records to learn at once; 0 for the groups of a choice head */
	struct spool spool;       /* with more than one epoch */
	struct view open_group;   /* owned bytes: the group of a choice head that is being read */
	size_t group_capacity;
	uint64_t group_line;
	struct writer curve;
	struct progress said;     /* at the last line of the curve */
	uint64_t next_line;       /* records at which the curve has its next */
};

#define LEARN_DEFAULTS                                                                               \
	{.rate = NAN, .epochs = 1, .group = 1, .label = -2, .seed = 1, .in = INPUT_DEFAULTS}

/* The rows that pretrain and finetune have in their options tables. */
#define LEARN_OPTIONS(l)                                                                             \
	{'B', "batch", "N", "records of a step (1 for log-linear models, else 32)", CLI_INT, &(l).batch, 1, 1 << 20}, \
	{'e', "epochs", "N", "passes over the records", CLI_INT, &(l).epochs, 1, 1 << 20},               \
	{'g', "group", "FIELD", "group of a choice head", CLI_INT, &(l).group, -1e6, 1e6},               \
	{'o', "output", "FILE", "where the model goes; it is replaced whole or not at all", CLI_TEXT, &(l).out, 0, 0}, \
	{'r', "rate", "RATE", "step size of the optimizer", CLI_REAL, &(l).rate, 0, 1e6},                \
	{'v', "verbose", NULL, "say what was learnt on stderr", CLI_FLAG, &(l).verbose, 0, 0},           \
	{'w', "weight", "FIELD", "how many records this one counts for", CLI_INT, &(l).weight, -1e6, 1e6}, \
	{'y', "label", "FIELD", "label", CLI_INT, &(l).label, -1e6, 1e6},                                \
	{'\0', "l1", "L", "ftrl: absolute value penalty", CLI_REAL, &(l).l1, 0, 1e6},                    \
	{'\0', "l2", "L", "ftrl: square penalty", CLI_REAL, &(l).l2, 0, 1e6},                            \
	{'\0', "log", "FILE", "write the learning curve here: pass, records, loss, accuracy", CLI_TEXT, &(l).log, 0, 0}, \
	{'\0', "optimizer", "NAME", "beliefs, adagrad, ftrl, sgd or adam", CLI_TEXT, &(l).optimizer, 0, 0}, \
	{'\0', "resume", NULL, "go on where the model stopped", CLI_FLAG, &(l).resume, 0, 0},            \
	{'\0', "seed", "N", "of all that is random", CLI_INT, &(l).seed, 0, 9e15},                       \
	INPUT_OPTIONS((l).in)

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
	if (!(m->optimiser && strcmp(m->optimiser->name, "ftrl") == 0) && (l->l1 > 0 || l->l2 > 0))
		die_usage("--%s: for --optimizer ftrl", l->l1 > 0 ? "l1" : "l2");
	if (m->optimiser)
		m->set = (struct optimiser_settings){isnan(l->rate) ? m->optimiser->rate : l->rate, l->l1, l->l2, 0};
	m->batch = l->batch ? (uint64_t)l->batch : arch->n == 2 ? 1 : 32;
	m->seed = (uint64_t)l->seed;
}

/* A line of the curve: what came of the records since the last one. */
static inline void
learn_curve(struct learn *l, uint64_t pass)
{
	const struct progress *now = &l->trainer.progress, *before = &l->said;
	double weight = now->weight - before->weight;

	if (!l->log || !(weight > 0))
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

/* Learns records from .. from + n, which are one step, and keeps them where more passes follow. */
static inline void
learn_step(struct learn *l, size_t from, size_t n)
{
	train(&l->trainer, &l->records, from, n);
	if (l->epochs > 1 && l->slice == 0)
		spool_add(&l->spool, &l->records, from, n);
	for (size_t i = from; l->epochs > 1 && l->slice && i < from + n; i++)
		spool_add(&l->spool, &l->records, i, 1);
	if (l->trainer.progress.records >= l->next_line) {
		learn_curve(l, 1);
		l->next_line *= 2;
	}
}

/* Learns all that was read: slice by slice, or as the one group of a choice head. */
static inline void
learn_records(struct learn *l)
{
	struct batch *b = &l->records;
	size_t chosen = 0;

	if (l->slice == 0 && b->n) {
		for (size_t i = 0; i < b->n; i++)
			chosen += b->label[i] > 0;
		if (chosen != 1)
			die_data("%s:%" PRIu64 ": group \"%.*s\" has %zu records with label 1; a choice is one of them",
			         l->in.name ? l->in.name : "input", l->group_line, (int)(l->open_group.n < 40 ? l->open_group.n : 40),
			         l->open_group.at, chosen);
		learn_step(l, 0, b->n);
	} else {
		for (size_t from = 0; from < b->n; from += l->slice)
			learn_step(l, from, b->n - from < l->slice ? b->n - from : l->slice);
	}
	batch_clear(b);
}

/* For a choice head: learns the group that was read when another one begins. */
static inline void
learn_group(struct learn *l, struct view group)
{
	char *bytes = (char *)(uintptr_t)l->open_group.at;

	if (l->records.n && view_equal(group, l->open_group))
		return;
	learn_records(l);
	bytes = grow(bytes, &l->group_capacity, group.n, 1);
	memcpy(bytes, group.at, group.n);
	l->open_group = (struct view){bytes, group.n};
	l->group_line = l->in.line;
}

/* The first pass: every record is predicted, then learnt, as it comes. */
static inline void
learn_stream(struct learn *l)
{
	enum { READ_AHEAD = 32 }; /* their weights are on the way while the first are learnt */
	struct net *net = &l->model->net;
	struct record record = {0};
	uint32_t limit = (uint32_t)1 << net->arch.layer[0].size, classes = net_classes(net);
	size_t group = 0, label = 0, weight = 0, room = l->slice;
	bool placed = false;

	while (room && room < READ_AHEAD)
		room += l->slice;
	net_prefetch(net, &l->records.features);
	while (record_next(&l->in, &record, 3)) {
		struct fault fault;
		float y, w = 1;

		if (!placed) {
			placed = true;
			group = record_place(&record, l->group, "group");
			label = record_place(&record, l->label, "label");
			weight = l->weight ? record_place(&record, l->weight, "weight") : 0;
		}
		if (!label_parse(record.field[label], classes, &y, &fault)) {
			fault.field = (int)label + 1;
		} else if (l->weight && (!feature_value(record.field[weight], &w, &fault) || !(w > 0))) {
			fault = (struct fault){.field = (int)weight + 1, .name = "weight", .rule = "not a number above 0",
			                       .value = record.field[weight]};
		} else {
			if (l->slice == 0)
				learn_group(l, record.field[group]);
			if (features_parse(&l->records.features, record.field[record.n - 1], limit, &fault)) {
				batch_close_record(&l->records, y, w);
				if (l->records.n == room)
					learn_records(l);
				continue;
			}
			fault.field = (int)record.n;
		}
		input_refuse(&l->in, fault);
	}
	learn_records(l);
	learn_curve(l, 1);
	if (!placed)
		warn("no records: nothing was learnt");
	record_free(&record);
}

/* A further pass, in an order of its own. */
static inline void
learn_again(struct learn *l, uint64_t pass)
{
	size_t want = l->slice ? l->slice : 1;

	for (uint64_t i = 0; i < l->spool.n; i++) {
		spool_read(&l->spool, random_place((uint64_t)l->seed + pass, i, l->spool.n), &l->records);
		if (l->records.n < want && i + 1 < l->spool.n)
			continue;
		train(&l->trainer, &l->records, 0, l->records.n);
		batch_clear(&l->records);
	}
	learn_curve(l, pass);
}

/* A resumed model has its own settings. */
static inline void
learn_check_resume(const struct learn *l)
{
	if (l->optimizer || !isnan(l->rate) || l->batch || l->l1 > 0 || l->l2 > 0)
		die_usage("--resume: the model says its optimizer, rate, penalties and batch");
}

/* Trains the model on the operands argv[first..] and saves it. */
static inline void
learn_run(struct learn *l, struct model *m, int argc, char **argv, int first)
{
	struct progress *progress = &l->trainer.progress;

	if (!m->optimiser && l->epochs > 1)
		die_usage("--epochs: beliefs learn a record once; --optimizer names a learner that gains from more");
	l->model = m;
	l->slice = arch_head(&m->net.arch) == CHOICE ? 0 : (size_t)m->batch;
	trainer_init(&l->trainer, &m->net, m->optimiser, m->set);
	*progress = l->said = m->progress;
	l->next_line = m->progress.records + 1;
	if (l->epochs > 1)
		spool_init(&l->spool);
	if (l->log) {
		int fd = open(l->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

		if (fd < 0)
			die_system("%s", l->log);
		writer_init(&l->curve, fd, l->log);
	}
	input_open(&l->in, argc, argv, first, NULL);
	learn_stream(l);
	m->progress = *progress;
	if (l->epochs > 1)
		spool_rewind(&l->spool);
	for (int64_t pass = 2; pass <= l->epochs; pass++)
		learn_again(l, (uint64_t)pass);
	m->progress.records = progress->records;
	m->set = l->trainer.set;
	input_close(&l->in);
	if (l->log)
		writer_close(&l->curve);
	model_save(m, l->out);
	if (l->verbose)
		warn("%" PRIu64 " records, mean loss %.6g, accuracy %.4g", m->progress.records,
		     m->progress.weight > 0 ? m->progress.loss / m->progress.weight : 0,
		     m->progress.weight > 0 ? m->progress.right / m->progress.weight : 0);
	if (l->epochs > 1)
		spool_free(&l->spool);
	batch_free(&l->records);
	trainer_free(&l->trainer);
	free((void *)(uintptr_t)l->open_group.at);
}

#endif

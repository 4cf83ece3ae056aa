/*
 * learn.h - records in, a trained model out: the loop that pretrain and finetune share.
 */
#ifndef WEIR_LEARN_H
#define WEIR_LEARN_H

#include "learn_pass.h"

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
		warn("stopped after %g seconds in pass %" PRIu64 ": all %" PRIu64
		     " records were learnt in each pass before, %" PRIu64 " in this one",
		     l->budget, l->pass, all, records - (l->pass - 1) * all);
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
	files_note((size_t)(argc - first), argv + first);
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
		warn("%" PRIu64 " records, %smean loss %.6g, accuracy %.4g", p->records,
		     l->pass > 1 ? "those of the first pass: " : "", learn_mean(p->loss, p->weight), learn_mean(p->right, p->weight));
}

#endif

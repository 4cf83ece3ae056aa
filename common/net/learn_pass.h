/*
 * learn_pass.h - a pass over records, as they come or as they were kept; how it is judged, and its line in the curve.
 */
#ifndef WEIR_LEARN_PASS_H
#define WEIR_LEARN_PASS_H

#include "learner.h"

enum {
	LEARN_OUTPUTS = 1 << 22, /* of records that are judged at once */
	LEARN_AHEAD = 4,         /* records whose weights are on the way while one is learnt */
	LEARN_READ = 32,         /* records, or groups of a choice, that are read again at once, so that there are such */
};

/* Opens the file for the curve, where one is wanted. */
static inline void
learn_open_curve(struct learn *l)
{
	if (l->log)
		writer_init(&l->curve, files_create(l->log, "log"), l->log);
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

	net_pass_begin(&l->body[worker], net, piece, false);
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
	const struct lesson *lesson;

	while (!l->over && (lesson = lessons_next(&l->lessons))) {
		const struct batch *batch = learn_body(l, &lesson->batch);

		for (size_t i = 0; !l->over && i < lesson->n; i++) {
			size_t from = i ? lesson->end[i - 1] : 0;

			train_fetch(&l->trainer, batch, lesson->end[i] + LEARN_AHEAD);
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

/*
 * Reads the next LEARN_READ records of a walk, but of units that are held out: in whole steps, of which i ends at end[i];
 * what is left at the end of the walk is the last. Returns how many steps there are: 0 where the walk is over.
 */
static inline size_t
learn_read(struct learn *l, struct spool_walk *walk, struct batch *batch, size_t *end)
{
	const size_t step = l->lessons.step, most = step ? (LEARN_READ + step - 1) / step : LEARN_READ;
	size_t n = 0, from = 0;
	uint64_t place;

	batch_clear(batch);
	while (n < most && spool_next(walk, &place)) {
		if (learn_held(l, place))
			continue;
		spool_read(&l->spool, place, batch);
		if (batch->n - from >= step)
			from = end[n++] = batch->n;
	}
	if (batch->n > from)
		end[n++] = batch->n;
	return n;
}

/* A pass over what was kept: the first in the order of the input, a further one in an order of its own. */
static inline void
learn_again(struct learn *l, uint64_t pass)
{
	struct batch batch = {.features.rows = l->rows.features.rows};
	size_t end[LEARN_READ], n;
	struct spool_walk walk;

	if (l->trainer.prior)
		l->trainer.prior->again = pass > 1;
	spool_walk(&walk, &l->spool, pass > 1 ? (uint64_t)l->seed + pass : 0);
	while (!l->over && (n = learn_read(l, &walk, &batch, end)) > 0)
		for (size_t i = 0; !l->over && i < n; i++) {
			train_fetch(&l->trainer, &batch, end[i] + LEARN_AHEAD);
			learn_step(l, &batch, i ? end[i - 1] : 0, end[i]);
		}
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

#endif

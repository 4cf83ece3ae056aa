/*
 * watch.h - what goes on around the steps of training: a schedule of the rate, the best weights so far, the clock.
 */
#ifndef WEIR_WATCH_H
#define WEIR_WATCH_H

#include <time.h>

#include "model.h"

/* How the rate goes down while records are learnt. */
enum schedule { CONSTANT, STRAIGHT, COSINE, SCHEDULES };
static const char *const schedule_names[] = {"constant", "linear", "cosine"};

/* The schedule of a name; SCHEDULES when there is none. */
static inline enum schedule
schedule_find(const char *name)
{
	size_t i = 0;

	while (i < SCHEDULES && strcmp(schedule_names[i], name) != 0)
		i++;
	return (enum schedule)i;
}

/* The rate's share that is left when a share `done` of all records was learnt. Cosine: Loshchilov and Hutter 2017. */
static inline double
schedule_pace(enum schedule schedule, double done)
{
	double half = MATH_PI / 2 * done, term = 1, cosine = 1;

	if (schedule == STRAIGHT)
		return 1 - done;
	if (schedule != COSINE)
		return 1;
	for (int i = 1; i < 12; i++) /* Taylor: the rest is below 1e-17 */
		cosine += term *= -half * half / ((2 * i - 1) * 2 * i);
	return cosine * cosine; /* (1 + cos(pi done)) / 2 */
}

/* Weights and all that goes with them, to go back to. */
struct keepsake {
	struct tensors table; /* owned; n is 0 before there is one */
	struct optimiser_settings set;
	struct prior prior;
	uint64_t records;
	double loss;          /* what it was kept for */
	uint64_t pass;
};

/* Copies the numbers of tensors and their states to another table of the same ones. */
static inline void
keepsake_copy(struct tensors *to, const struct tensors *from)
{
	for (size_t i = 0; i < from->n; i++) {
		const struct tensor *t = &from->tensor[i];

		memcpy(to->tensor[i].data, t->data, t->n * t->width);
		for (size_t s = 0; s < TENSOR_STATES; s++)
			if (t->state[s])
				memcpy(to->tensor[i].state[s], t->state[s], t->n * sizeof(float));
	}
}

/* Keeps a model as it is after a pass, in which the trainer came to these settings. */
static inline void
keepsake_take(struct keepsake *k, const struct model *m, const struct trainer *t, double loss, uint64_t pass)
{
	if (k->table.n == 0) {
		k->table = m->net.table;
		tensors_allocate(&k->table);
		tensors_allocate_states(&k->table, model_states(m));
	}
	keepsake_copy(&k->table, &m->net.table);
	k->set = t->set;
	k->prior = m->prior;
	k->records = t->progress.records;
	k->loss = loss;
	k->pass = pass;
}

/* Back to what was kept. */
static inline void
keepsake_restore(const struct keepsake *k, struct model *m, struct trainer *t)
{
	if (k->table.n == 0)
		return;
	keepsake_copy(&m->net.table, &k->table);
	t->set = k->set;
	t->progress.records = k->records;
	m->prior = k->prior;
}

static inline void
keepsake_free(struct keepsake *k)
{
	tensors_free(&k->table);
	*k = (struct keepsake){0};
}

/* Seconds on a clock that never goes back. */
static inline double
clock_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* How far training is, as a line on stderr that each next one replaces where it is a terminal. */
struct gauge {
	bool shown, terminal;
	double began, said;    /* seconds */
	uint64_t from, before; /* records at the beginning, and at the last line */
	double loss, weight;   /* sums as of the last line */
};

static inline void
gauge_init(struct gauge *g, bool forced, const struct progress *p)
{
	*g = (struct gauge){.terminal = isatty(STDERR_FILENO), .from = p->records, .before = p->records, .loss = p->loss,
	                    .weight = p->weight};
	g->shown = forced || g->terminal;
	g->began = g->said = clock_seconds();
}

/* A line where the last was a second ago: total is 0 where nobody knows how many records there will be. */
static inline void
gauge_show(struct gauge *g, double now, const struct progress *p, double rate, uint64_t total)
{
	double speed = (double)(p->records - g->before) / (now - g->said);
	double left = total ? (double)(g->from + total - p->records) * (now - g->began) / (double)(p->records - g->from) : 0;

	if (!g->shown || now - g->said < 1 || p->records == g->before)
		return;
	fprintf(stderr, "%s%s: %" PRIu64 " records, %.0f/s, rate %.3g, loss %.4g", g->terminal ? "\r" : "", cli_program,
	        p->records, speed, rate, p->weight > g->weight ? (p->loss - g->loss) / (p->weight - g->weight) : 0);
	if (total)
		fprintf(stderr, ", %.0f:%02.0f left", floor(left / 60), floor(fmod(left, 60)));
	fputs(g->terminal ? "\033[K" : "\n", stderr);
	g->said = now;
	g->before = p->records;
	g->loss = p->loss;
	g->weight = p->weight;
}

/* The line goes, so that others may come. */
static inline void
gauge_clear(const struct gauge *g)
{
	if (g->shown && g->terminal)
		fputs("\r\033[K", stderr);
}

#endif

/*
 * team.h - a job cut into tasks, done by several threads.
 *
 * Each thread begins with its own share of the tasks, the same in every job of so many, as what they work on may still be
 * in its cache; who is through helps the others. So who does which task is left to chance: a task must not care, and what
 * it writes must be its own.
 */
#ifndef WEIR_TEAM_H
#define WEIR_TEAM_H

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "../cli.h"

enum { TEAM_MOST = 64 }; /* threads */

/* The tasks from next on, up to end, that nobody took. Apart from each other: a cache line has one writer. */
struct team_share {
	_Alignas(128) _Atomic size_t next;
	size_t end;
};

/* Does one task; the worker, below the team's n, is whose scratch it may use. */
typedef void team_job(void *argument, size_t task, size_t worker);

struct team {
	size_t n;                    /* threads, the caller's among them; 0 and 1: there are no others */
	pthread_t thread[TEAM_MOST]; /* [n - 1] */
	struct team_worker {
		struct team *team;
		size_t number;
	} worker[TEAM_MOST];
	pthread_mutex_t lock;
	pthread_cond_t called, done;

	/* the job in hand */
	team_job *job;
	void *argument;
	struct team_share share[TEAM_MOST]; /* [n] */
	_Atomic size_t busy;         /* threads that have not ended */
	_Atomic uint64_t calls;
	_Atomic bool over;
};

/* Does tasks until none is left: a worker's own first. */
static inline void
team_work(struct team *t, size_t worker)
{
	for (size_t i = 0; i < t->n; i++) {
		struct team_share *share = &t->share[(worker + i) % t->n];
		size_t task;

		while ((task = atomic_fetch_add(&share->next, 1)) < share->end)
			t->job(t->argument, task, worker);
	}
}

/* Jobs are short, so many looks come before sleep; between them the core is whoever's that waits for it. */
enum { TEAM_LOOKS = 10000 };

static inline void
team_wait_call(struct team *t, uint64_t seen)
{
	for (int i = 0; i < TEAM_LOOKS; i++, sched_yield())
		if (atomic_load(&t->calls) != seen)
			return;
	pthread_mutex_lock(&t->lock);
	while (atomic_load(&t->calls) == seen)
		pthread_cond_wait(&t->called, &t->lock);
	pthread_mutex_unlock(&t->lock);
}

static inline void
team_wait_done(struct team *t)
{
	for (int i = 0; i < TEAM_LOOKS; i++, sched_yield())
		if (atomic_load(&t->busy) == 0)
			return;
	pthread_mutex_lock(&t->lock);
	while (atomic_load(&t->busy) != 0)
		pthread_cond_wait(&t->done, &t->lock);
	pthread_mutex_unlock(&t->lock);
}

static inline void *
team_thread(void *argument)
{
	struct team_worker *self = argument;
	struct team *t = self->team;

	for (uint64_t seen = 0;; seen++) {
		team_wait_call(t, seen);
		if (atomic_load(&t->over))
			return NULL;
		team_work(t, self->number);
		if (atomic_fetch_sub(&t->busy, 1) == 1) {
			pthread_mutex_lock(&t->lock);
			pthread_cond_signal(&t->done);
			pthread_mutex_unlock(&t->lock);
		}
	}
}

/* Lets the other threads look at what is there to do. */
static inline void
team_call(struct team *t)
{
	pthread_mutex_lock(&t->lock);
	atomic_fetch_add(&t->calls, 1);
	pthread_cond_broadcast(&t->called);
	pthread_mutex_unlock(&t->lock);
}

/* A team of n threads, at most TEAM_MOST. It must not move until team_free. */
static inline void
team_init(struct team *t, size_t n)
{
	memset(t, 0, sizeof *t);
	t->n = n;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->called, NULL);
	pthread_cond_init(&t->done, NULL);
	for (size_t i = 1; i < n; i++) {
		t->worker[i] = (struct team_worker){t, i};
		if ((errno = pthread_create(&t->thread[i - 1], NULL, team_thread, &t->worker[i])) != 0)
			die_system("a thread to work");
	}
}

/* Does job(argument, task, worker) for tasks 0 to tasks - 1; returns when all are done. */
static inline void
team_run(struct team *t, size_t tasks, team_job *job, void *argument)
{
	if (t->n < 2 || tasks < 2) {
		for (size_t task = 0; task < tasks; task++)
			job(argument, task, 0);
		return;
	}
	t->job = job;
	t->argument = argument;
	for (size_t i = 0; i < t->n; i++) {
		atomic_store(&t->share[i].next, tasks * i / t->n);
		t->share[i].end = tasks * (i + 1) / t->n;
	}
	atomic_store(&t->busy, t->n - 1);
	team_call(t);
	team_work(t, 0);
	team_wait_done(t);
}

static inline void
team_free(struct team *t)
{
	if (t->n > 1) {
		atomic_store(&t->over, true);
		team_call(t);
	}
	for (size_t i = 1; i < t->n; i++)
		pthread_join(t->thread[i - 1], NULL);
	t->n = 0;
}

#endif

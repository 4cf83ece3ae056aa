/* team.c - every task of a job is done once, by whoever there is, and all are done when team_run returns. */
#include "../common/io/team.h"
#include "tap.h"

enum { TASKS = 200 };

struct count {
	size_t threads, done[TASKS]; /* how often each task was done */
	_Atomic size_t strangers;    /* workers that the team has not */
};

static void
count_task(void *argument, size_t task, size_t worker)
{
	struct count *count = argument;

	count->done[task]++;
	if (worker >= count->threads)
		atomic_fetch_add(&count->strangers, 1);
}

/* Jobs of 0 to TASKS - 1 tasks, one behind the other. */
static void
every_task_is_done(size_t threads)
{
	struct team team;
	struct count count = {.threads = threads};
	size_t right = 0;

	team_init(&team, threads);
	for (size_t tasks = 0; tasks < TASKS; tasks++) {
		bool once = true;

		memset(count.done, 0, sizeof count.done);
		team_run(&team, tasks, count_task, &count);
		for (size_t task = 0; task < TASKS; task++)
			once = once && count.done[task] == (task < tasks);
		right += once;
	}
	team_free(&team);
	tap_ok(right == TASKS, "%zu threads: jobs of 0 to %d tasks, each done once", threads, TASKS - 1);
	tap_ok(count.strangers == 0, "%zu threads: by no others", threads);
}

struct meeting {
	_Atomic size_t there;
	bool met;
};

/* Task 0 goes on only when the others are done. */
static void
meet(void *argument, size_t task, size_t worker)
{
	struct meeting *meeting = argument;

	(void)worker;
	if (task > 0) {
		atomic_fetch_add(&meeting->there, 1);
		return;
	}
	while (atomic_load(&meeting->there) < TASKS - 1)
		sched_yield();
	meeting->met = true;
}

int
main(void)
{
	struct meeting meeting = {0};
	struct team team;

	for (size_t threads = 1; threads <= 5; threads++)
		every_task_is_done(threads);
	team_init(&team, 2);
	team_run(&team, TASKS, meet, &meeting);
	team_free(&team);
	tap_ok(meeting.met, "while one is at its first task, the other does the rest of its share too");
	return tap_done();
}

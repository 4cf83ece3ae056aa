/*
 * cores.c - nanoseconds that a cache line takes from one thread to another and back, the median of many: what threads that
 * share what they write have to wait for. Where cores share a cache it is a tenth of a microsecond or less.
 *
 *	cc -O2 -std=c11 -D_POSIX_C_SOURCE=200809L -o cores tests/bench/cores.c -lpthread && ./cores
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { TIMES = 201, ROUNDS = 100 }; /* medians are of; there and back each time */

static _Alignas(128) atomic_int line;

static void *
answer(void *nothing)
{
	for (int i = 0; i < TIMES * ROUNDS; i++) {
		while (atomic_load(&line) != 2 * i + 1)
			;
		atomic_store(&line, 2 * i + 2);
	}
	return nothing;
}

static int
compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
nanoseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int
main(void)
{
	static double taken[TIMES];
	pthread_t other;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2 || pthread_create(&other, NULL, answer, NULL) != 0) {
		fprintf(stderr, "cores: two threads at once need two cores\n");
		return EXIT_FAILURE;
	}
	for (int i = 0; i < TIMES; i++) {
		const double began = nanoseconds();

		for (int j = i * ROUNDS; j < (i + 1) * ROUNDS; j++) {
			atomic_store(&line, 2 * j + 1);
			while (atomic_load(&line) != 2 * j + 2)
				;
		}
		taken[i] = (nanoseconds() - began) / ROUNDS;
	}
	pthread_join(other, NULL);
	qsort(taken, TIMES, sizeof *taken, compare);
	printf("%.0f\n", taken[TIMES / 2]);
	return EXIT_SUCCESS;
}

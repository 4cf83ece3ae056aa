/*
 * gemm.c - GFLOP/s of each kernel of this machine, one thread, on the products of the nets in the examples.
 *
 *	cc -O2 -std=c11 -D_POSIX_C_SOURCE=200809L -ffp-contract=off -o gemm tests/bench/gemm.c -lm && ./gemm
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../common/num/gemm.h"
#include "../../common/num/random.h"

static const struct {
	const char *what;
	size_t M, N, K;
	bool transA, transB;
} shapes[] = {
	{"conv 3x3 32, 32 images", 21632, 32, 9, false, true},
	{"conv 3x3 32, one image", 32, 676, 9, false, false},
	{"  by its weights", 9, 32, 21632, true, false},
	{"  by its weights, turned", 32, 9, 21632, true, false},
	{"dense 21632 10, batch 32", 32, 10, 21632, false, true},
	{"  by its inputs", 32, 21632, 10, false, false},
	{"  by its weights", 10, 21632, 32, true, false},
	{"gru 64 100, batch 32", 32, 300, 64, false, true},
	{"  by its inputs", 32, 64, 300, false, false},
	{"  by its weights", 300, 64, 32, true, false},
	{"37,000 items, batch 32", 32, 37000, 100, false, true},
	{"2,048 items, batch 32", 32, 2048, 100, false, true},
	{"dense 64 64, batch 32", 32, 64, 64, false, true},
	{"dense 512 512, batch 32", 32, 512, 512, false, true},
	{"  by its inputs", 32, 512, 512, false, false},
	{"  by its weights", 512, 512, 32, true, false},
	{"dense 512 512, batch 256", 256, 512, 512, false, true},
	{"square", 512, 512, 512, false, false},
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* n floats on a boundary of 64 bytes. */
static float *
draw(size_t n, uint64_t seed)
{
	float *x = aligned_alloc(64, (n * sizeof *x + 63) / 64 * 64);

	if (!x)
		exit(1);
	for (size_t i = 0; i < n; i++)
		x[i] = (float)(random_uniform(seed, i) - 0.5);
	return x;
}

/* The best of some runs, 0.2 s of them or at least two. */
static double
gflops(const struct gemm_kernel *kernel, size_t i)
{
	const size_t M = shapes[i].M, N = shapes[i].N, K = shapes[i].K;
	float *a = draw(M * K, 1), *b = draw(K * N, 2), *c = draw(M * N, 3), *scratch = draw(gemm_scratch(M, N, K), 4);
	double best = INFINITY, start = now();

	for (int run = 0; run < 2 || now() - start < 0.2; run++) {
		double from = now(), took;

		gemm_with(kernel, M, N, K, c, N, false, a, shapes[i].transA ? M : K, shapes[i].transA, b,
		          shapes[i].transB ? K : N, shapes[i].transB, scratch);
		took = now() - from;
		best = took < best ? took : best;
	}
	free(a);
	free(b);
	free(c);
	free(scratch);
	return 2e-9 * (double)M * (double)N * (double)K / best;
}

int
main(void)
{
	printf("%-26s %6s %6s %6s", "C[M][N] over K", "M", "N", "K");
	for (const struct gemm_kernel *kernel = gemm_best();; kernel++) {
		printf(" %7s", kernel->name);
		if (!kernel->panel)
			break;
	}
	putchar('\n');
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		printf("%-26s %6zu %6zu %6zu", shapes[i].what, shapes[i].M, shapes[i].N, shapes[i].K);
		for (const struct gemm_kernel *kernel = gemm_best();; kernel++) {
			printf(" %7.1f", gflops(kernel, i));
			fflush(stdout);
			if (!kernel->panel)
				break;
		}
		putchar('\n');
	}
	return fflush(stdout) != 0;
}

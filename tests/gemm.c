/*
 * gemm.c - each kernel of this machine against the plain product, bit for bit: all ways to store the factors, odd
 * sizes, wide rows. Buffers are exactly as large as they need to be, so that a sanitizer sees every step outside.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../common/num/gemm.h"
#include "../common/num/random.h"
#include "tap.h"

/* A matrix [rows][columns] at the end of its own allocation, ld floats from row to row. */
struct matrix {
	float *at;
	size_t ld, n;
};

static struct matrix
matrix_draw(size_t rows, size_t columns, size_t wider, uint64_t seed)
{
	size_t ld = columns + wider, n = rows ? (rows - 1) * ld + columns : 0;
	struct matrix x = {malloc(n * sizeof *x.at), ld, n};

	if (!x.at && n > 0)
		exit(1);
	for (size_t i = 0; i < n; i++)
		x.at[i] = (float)(random_uniform(seed, i) - 0.5);
	return x;
}

/* Whether the kernel's product and the plain one have the same bits, those between the rows of C included. */
static bool
agrees(const struct gemm_kernel *kernel, size_t M, size_t N, size_t K, bool accumulate, bool transA, bool transB,
       size_t wider)
{
	struct matrix a = transA ? matrix_draw(K, M, wider, 1) : matrix_draw(M, K, wider, 1);
	struct matrix b = transB ? matrix_draw(N, K, 2 * wider, 2) : matrix_draw(K, N, 2 * wider, 2);
	struct matrix c = matrix_draw(M, N, 3 * wider, 3), plain = matrix_draw(M, N, 3 * wider, 3);
	float *scratch = malloc(gemm_scratch(M, N, K) * sizeof *scratch);
	bool same;

	gemm_with(kernel, M, N, K, c.at, c.ld, accumulate, a.at, a.ld, transA, b.at, b.ld, transB, scratch);
	gemm_plain(M, N, K, plain.at, plain.ld, accumulate, a.at, a.ld, transA, b.at, b.ld, transB);
	same = c.n == 0 || memcmp(c.at, plain.at, c.n * sizeof *c.at) == 0;
	free(a.at);
	free(b.at);
	free(c.at);
	free(plain.at);
	free(scratch);
	return same;
}

/* agrees, whichever way the factors are stored. */
static bool
agrees_all_ways(const struct gemm_kernel *kernel, size_t M, size_t N, size_t K, size_t wider)
{
	for (unsigned way = 0; way < 8; way++)
		if (!agrees(kernel, M, N, K, way & 1, way & 2, way & 4, wider)) {
			printf("# %zu x %zu over %zu: accumulate %u, transA %u, transB %u, rows %zu wider\n", M, N, K, way & 1,
			       way >> 1 & 1, way >> 2, wider);
			return false;
		}
	return true;
}

static void
kernel_is_plain(const struct gemm_kernel *kernel)
{
	static const size_t large[][3] = {
		{32, 10, 2000}, {10, 999, 32}, {9, 32, 1500}, {2000, 32, 9}, {1, 1000, 100}, {1000, 1, 100}, {1, 1, 3000},
		{250, 400, 20}, {40, 530, 260}, {150, 33, 515}, {241, 40, 100}, {16, 1056, 10}, {300, 544, 12},
		{250, 400, 60},
	};
	bool good = true;

	for (size_t M = 1; M <= 40; M++)
		for (size_t N = 1; N <= 40; N++)
			good = good && agrees_all_ways(kernel, M, N, 1 + (7 * M + 11 * N) % 40, (M + N) % 3);
	tap_ok(good, "%s: 1 to 40 rows by 1 to 40 columns", kernel->name);
	good = true;
	for (size_t K = 1; K <= 40; K++)
		good = good && agrees_all_ways(kernel, 13, 37, K, K % 2);
	tap_ok(good, "%s: sums of 1 to 40", kernel->name);
	for (size_t i = 0; i < sizeof large / sizeof *large; i++)
		tap_ok(agrees_all_ways(kernel, large[i][0], large[i][1], large[i][2], i % 2), "%s: %zu by %zu, sums of %zu",
		       kernel->name, large[i][0], large[i][1], large[i][2]);
	tap_ok(agrees_all_ways(kernel, 0, 5, 7, 0) && agrees_all_ways(kernel, 5, 0, 7, 0) && agrees_all_ways(kernel, 5, 7, 0, 1),
	       "%s: no rows, no columns, empty sums", kernel->name);
}

/* The definition, worked by hand. */
static void
plain_is_right(void)
{
	const float a[] = {1, 2, 3, 4, 5, 6}, b[] = {1, -1, 2, 0, 3, 1}; /* [2][3] and [3][2], or [3][2] and [2][3] transposed */
	const float small = 0x1p-12f, x[] = {-1, 1 + small}, y[] = {1, 1 + small};
	float c[4] = {10, 20, 30, 40}, one;

	gemm_plain(2, 2, 3, c, 2, true, a, 3, false, b, 2, false);
	tap_ok(c[0] == 24 && c[1] == 22 && c[2] == 62 && c[3] == 42, "[1 2 3; 4 5 6] [1 -1; 2 0; 3 1] is added");
	gemm_plain(2, 2, 3, c, 2, false, a, 2, true, b, 3, true);
	tap_ok(c[0] == 8 && c[1] == 14 && c[2] == 10 && c[3] == 18, "[1 3 5; 2 4 6] [1 0; -1 3; 2 1]");
	gemm_plain(1, 1, 2, &one, 1, false, x, 2, false, y, 1, false);
	tap_ok(one == 0x1p-11f + 0x1p-24f, "a product is not rounded before it is added");
	c[0] = NAN;
	gemm_plain(1, 1, 0, c, 1, false, a, 0, false, b, 1, false);
	tap_ok(c[0] == 0, "an empty sum is 0");
}

/* Whether a window of D elements slides as the plain one does. */
static bool
slides(const struct gemm_kernel *kernel, size_t O, size_t N, size_t D, bool ramp)
{
	struct matrix x = matrix_draw(1, N + 2 * D, 0, 1), w = matrix_draw(O, D, 0, 2), bias = matrix_draw(1, O, 0, 3);
	struct matrix y = matrix_draw(O, N, D % 4, 4), plain = matrix_draw(O, N, D % 4, 4);
	size_t at[25];
	bool same;

	for (size_t d = 0; d < D; d++)
		at[d] = d * 7 % (2 * D);
	kernel->slide(O, N, D, y.at, y.ld, w.at, bias.at, ramp, x.at, at);
	gemm_slide_plain(O, N, D, plain.at, plain.ld, w.at, bias.at, ramp, x.at, at);
	same = memcmp(y.at, plain.at, y.n * sizeof *y.at) == 0;
	free(x.at), free(w.at), free(bias.at), free(y.at), free(plain.at);
	return same;
}

/* Whether a window slides back as the plain one does; with half of dy hidden by y. */
static bool
slides_back(const struct gemm_kernel *kernel, size_t O, size_t N, size_t D, bool hidden)
{
	struct matrix x = matrix_draw(1, N + 2 * D, 0, 1), dy = matrix_draw(O, N, 0, 2), y = matrix_draw(O, N, 0, 3);
	struct matrix dw = matrix_draw(O, D, 0, 4), dbias = matrix_draw(1, O, 0, 5);
	struct matrix plain = matrix_draw(O, D, 0, 4), plain_bias = matrix_draw(1, O, 0, 5);
	struct matrix scratch = matrix_draw(1, gemm_slide_scratch(N), 0, 6);
	size_t at[25];
	bool same;

	for (size_t d = 0; d < D; d++)
		at[d] = d * 7 % (2 * D);
	kernel->slide_back(O, N, D, dw.at, dbias.at, dy.at, hidden ? y.at : NULL, x.at, at, scratch.at);
	gemm_slide_back_plain(O, N, D, plain.at, plain_bias.at, dy.at, hidden ? y.at : NULL, x.at, at);
	same = memcmp(dw.at, plain.at, dw.n * sizeof *dw.at) == 0 && memcmp(dbias.at, plain_bias.at, O * sizeof *dbias.at) == 0;
	kernel->slide_back(O, N, D, dw.at, NULL, dy.at, NULL, x.at, at, scratch.at);
	gemm_slide_back_plain(O, N, D, plain.at, NULL, dy.at, NULL, x.at, at);
	same = same && memcmp(dw.at, plain.at, dw.n * sizeof *dw.at) == 0;
	same = same && memcmp(dbias.at, plain_bias.at, O * sizeof *dbias.at) == 0;
	free(x.at), free(y.at), free(dy.at), free(dw.at), free(dbias.at), free(plain.at), free(plain_bias.at);
	free(scratch.at);
	return same;
}

/* Whether a value that is not finite, in the last block and in one before it, is so by the plain way where it is by the kernel. */
static bool
slides_back_infinite(const struct gemm_kernel *kernel)
{
	enum { N = 2 * GEMM_DOT + 5 };
	struct matrix x = matrix_draw(1, N, 0, 1), dy = matrix_draw(1, N, 0, 2), scratch = matrix_draw(1, gemm_slide_scratch(N), 0, 3);
	bool same = true;

	for (size_t n = 0; n < N; n++) {
		const float kept = x.at[n];
		float dw = 0, plain = 0;

		x.at[n] = INFINITY;
		kernel->slide_back(1, N, 1, &dw, NULL, dy.at, NULL, x.at, (size_t[]){0}, scratch.at);
		gemm_slide_back_plain(1, N, 1, &plain, NULL, dy.at, NULL, x.at, (size_t[]){0});
		same = same && (dw == plain || (isnan(dw) && isnan(plain)));
		x.at[n] = kept;
	}
	free(x.at), free(dy.at), free(scratch.at);
	return same;
}

/* Whether dot products are the plain ones; the rows of B one behind the other, or overlapping. */
static bool
dots(const struct gemm_kernel *kernel, size_t M, size_t N, size_t K, bool overlapping)
{
	const size_t ldb = overlapping ? 1 : K + 1;
	struct matrix a = matrix_draw(M, K, 2, 1), b = matrix_draw(1, (N - 1) * ldb + K, 0, 2);
	struct matrix c = matrix_draw(M, N, 1, 3), plain = matrix_draw(M, N, 1, 3);
	bool same;

	gemm_dot_with(kernel, M, N, K, c.at, c.ld, a.at, a.ld, b.at, ldb);
	gemm_dot_plain(M, N, K, plain.at, plain.ld, a.at, a.ld, b.at, ldb);
	same = memcmp(c.at, plain.at, c.n * sizeof *c.at) == 0;
	free(a.at), free(b.at), free(c.at), free(plain.at);
	return same;
}

static void
windows_and_dots(const struct gemm_kernel *kernel)
{
	static const size_t sums[] = {0, 1, 15, 16, 17, 33, 383, 384, 385, 1030};
	bool good = true;

	for (size_t O = 1; O <= 26; O++)
		for (size_t more = 0; more < 40; more += 1 + O % 3)
			good = good && slides(kernel, O, kernel->lanes + more, 1 + (O * 3 + more) % 25, more % 2);
	tap_ok(good, "%s: a window slides", kernel->name);
	good = true;
	for (size_t O = 1; O <= 9; O++)
		for (size_t more = 0; more < 40; more += 1 + O % 3)
			good = good && slides_back(kernel, O, GEMM_DOT + more, 1 + (O * 3 + more) % 25, more % 2);
	tap_ok(good, "%s: a window slides back", kernel->name);
	tap_ok(slides_back_infinite(kernel), "%s: over what is not finite, too", kernel->name);
	good = true;
	for (size_t M = 1; M <= 18; M++)
		for (size_t N = 1; N <= 27; N++)
			good = good && dots(kernel, M, N, sums[(M + N) % 10], M % 2);
	tap_ok(good, "%s: dot products", kernel->name);
}

/* The definitions, worked by hand. */
static void
plain_windows_and_dots_are_right(void)
{
	const float x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, w[] = {1, 0, 0, -1, 0, 2, 0, 0}, bias[] = {10, 20};
	const size_t at[] = {0, 1, 3, 4};
	float y[10], many[40], ones[40], c[2] = {100, 200}, seen[2] = {1000, 2000}, sum = 3000;

	gemm_slide_plain(2, 5, 4, y, 5, w, bias, false, x, at);
	tap_ok(y[0] == 6 && y[1] == 6 && y[2] == 6 && y[3] == 6 && y[4] == 6 && y[5] == 24 && y[6] == 26 && y[7] == 28 && y[8] == 30 &&
	       y[9] == 32, "x - x four behind, and twice x one behind, of 1 to 9");
	gemm_slide_plain(2, 5, 4, y, 5, w, (float[]){-1, -22}, true, x, at);
	tap_ok(y[0] == 0 && y[4] == 0 && y[5] == 0 && y[7] == 0 && y[8] == 0 && y[9] == 0, "ramp: what is not above 0 is 0");
	for (size_t k = 0; k < 40; k++)
		many[k] = (float)k, ones[k] = 1;
	gemm_dot_plain(1, 2, 38, c, 2, many, 40, many, 2);
	gemm_slide_back_plain(1, 32, 2, seen, &sum, ones, NULL, many, (size_t[]){0, 3});
	tap_ok(seen[0] == 1000 + 496 && seen[1] == 2000 + 496 + 3 * 32 && sum == 3000 + 32,
	       "a window of two slides back over 32 places");
	gemm_slide_back_plain(1, 17, 1, seen, &sum, ones, many, many + 1, (size_t[]){0});
	tap_ok(seen[0] == 1496 + 152 && sum == 3032 + 16, "and over 17 places, of which y hides the first");
	tap_ok(c[0] == 100 + 17575 && c[1] == 200 + 17575 + 2 * 703, "sums of k k and of k (k + 2), k below 38, are added");
}

/* However few places there are, a window slides by some kernel, or by none. */
static void
windows_are_short(void)
{
	const float x[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072}, w[] = {1, -1};
	bool good = true;

	for (size_t N = 1; N < 18; N++) {
		float y[18] = {0};

		gemm_slide(1, N, 2, y, N, w, (float[]){1}, false, x, (size_t[]){1, 0});
		for (size_t n = 0; n < 18; n++)
			good = good && y[n] == (n < N ? x[n] + 1 : 0);
	}
	tap_ok(good, "a window slides over 1 to 17 places");
}

/* The parts cover all, in order, and differ little. */
static void
parts_are_whole(void)
{
	bool good = true;

	for (size_t size = 0; size < 300; size++)
		for (size_t n = 1; n <= 5; n++) {
			good = good && gemm_part(0, n, size) == 0 && gemm_part(n, n, size) == size;
			for (size_t i = 0; i < n; i++) {
				size_t first = gemm_part(i, n, size), next = gemm_part(i + 1, n, size);

				good = good && first <= next && next - first <= size / n + 2 * GEMM_PANEL;
			}
		}
	tap_ok(good, "parts cover 0 to 299 rows, cut into 1 to 5");
}

int
main(void)
{
	plain_is_right();
	plain_windows_and_dots_are_right();
	for (const struct gemm_kernel *kernel = gemm_kernels; kernel->panel; kernel++)
		if (kernel->runs()) {
			kernel_is_plain(kernel);
			windows_and_dots(kernel);
		} else {
			tap_ok(true, "%s # SKIP not on this machine", kernel->name);
		}
	tap_ok(agrees_all_ways(gemm_best(), 33, 65, 50, 1), "the best of this machine is %s", gemm_best()->name);
	windows_are_short();
	parts_are_whole();
	return tap_done();
}

/*
 * gemm.h - products of matrices of floats.
 *
 * Legend: C is [M][N], op(A) is [M][K], op(B) is [K][N], all row-major; lda, ldb, ldc are the floats from a row as it
 * is stored to the next. op(A) is A [M][K], or with transA the transpose of A [K][M]; B likewise.
 *
 * gemm_plain is the definition: an element is one sum, and each product joins it in order of k with one rounding
 * (fmaf). Every kernel keeps that order, so the bits are the same with any instruction set, any sizes of blocks and
 * any number of threads. gemm takes the best kernel of the machine; where there is none, gemm_plain.
 *
 * Threads: whoever has n of them cuts the larger of M and N at gemm_part(0, n, M), gemm_part(1, n, M)..., and gives
 * each its own rows of C and op(A), or columns of C and op(B), and its own scratch.
 *
 * Blocks follow Goto and van de Geijn 2008, Anatomy of high-performance matrix multiplication: a panel of B, two
 * vectors wide and GEMM_DEPTH deep, stays in the first cache, a block of A in the second. What is read only a few
 * times is not packed. Vectors run along N: where the caller may choose, the wide side is N. A is good either way; B is
 * best not transposed, as it is packed otherwise.
 */
#ifndef WEIR_GEMM_H
#define WEIR_GEMM_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "unroll.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif
#ifdef __aarch64__
#include <arm_neon.h>
#endif

enum {
	GEMM_DEPTH = 256,  /* of a block, along K */
	GEMM_HEIGHT = 240, /* rows of a block of A */
	GEMM_WIDTH = 512,  /* columns of a block of B: a multiple of GEMM_PANEL */
	GEMM_PANEL = 32,   /* columns of the widest panel */
	GEMM_TALL = 12,    /* rows of the largest tile of one vector, where A is not packed */
	GEMM_THIN = 2,     /* rows that take more columns at once: GEMM_WIDEST vectors by one, half of that by two */
	GEMM_WIDEST = 8,
	GEMM_REUSE = 12,   /* what is read by more tiles than this is packed, */
	GEMM_NEAR = 16384, /* but for a block of B that lies within so many floats */
	GEMM_DOT = 16,     /* sums of a dot product */
	GEMM_DOT_DEPTH = 384, /* elements of a block of dot products, its rows and its columns */
	GEMM_DOT_HEIGHT = 16,
	GEMM_DOT_WIDTH = 10,
	GEMM_SEEN_MOST = 4, /* of GEMM_SEEN_ROWS */
	GEMM_CLASSES = 10, GEMM_WINDOW = 9, /* terms of sums that have kernels of their own where there are 32 registers: of
	                                       ten classes, and of a window of 3 by 3 */
};

/* Four floats, of any alignment. */
typedef float gemm_four __attribute__((vector_size(4 * sizeof(float)), aligned(sizeof(float)), may_alias));

/* One side of a product. Its lines, the rows of op(A) or columns of op(B), are K long. */
struct gemm_side {
	const float *from;
	size_t ld;
	bool by_k;     /* element k of line i is from[k ld + i], else from[i ld + k] */
	bool pack;
	float *packed; /* a tile or panel of the lines from i on is at packed + i K, element k of all before k + 1 */
};

/* The side from line i, element k on. */
static inline struct gemm_side
gemm_from(struct gemm_side side, size_t i, size_t k)
{
	side.from += side.by_k ? k * side.ld + i : i * side.ld + k;
	return side;
}

/* The next piece of n rows that are left, of at most most; the last two are alike, so that none is small. */
static inline size_t
gemm_piece(size_t n, size_t most)
{
	return n >= 2 * most ? most : n > most ? (n + 1) / 2 : n;
}

/*
 * Rows of the next tile where n are left. As each takes long to compile, tiles have 1, 2, 3, 4, 6, 8 or 12 rows, at most most,
 * which is 6 or 12. None leaves a single row behind, nor two, whose sums are too few to keep the processor busy, behind
 * whole tiles.
 */
static inline size_t
gemm_tile(size_t n, size_t most)
{
	static const unsigned char rows[] = {0, 1, 2, 3, 4, 3, 6, 4, 8, 6, 6, 8};

	return n == most + 1 ? most / 2 : n == most + 2 ? most / 3 * 2 : n >= most ? most : rows[n];
}

/* How many tiles from the next on are alike. */
static inline size_t
gemm_alike(size_t n, size_t most)
{
	const size_t rows = gemm_tile(n, most);
	size_t tiles = 1;

	while (n > tiles * rows && gemm_tile(n - tiles * rows, most) == rows)
		tiles++;
	return tiles;
}

/*
 * C[m][n] = or += op(A) B over K, with n up to two vectors. Row k of B starts at b[k ldb] and may be read up to the next
 * whole vector.
 */
typedef void gemm_panel(size_t m, size_t n, size_t K, float *C, size_t ldc, bool accumulate, struct gemm_side a,
                        const float *b, size_t ldb);

/*
 * As gemm_panel for one row or two, neither side packed, of as many columns from the first on as it takes: that many of n
 * are returned.
 */
typedef size_t gemm_thin(size_t m, size_t n, size_t K, float *C, size_t ldc, bool accumulate, struct gemm_side a,
                         const float *b, size_t ldb);

/* As gemm_slide, with N at least a vector. */
typedef void gemm_slider(size_t O, size_t N, size_t D, float *y, size_t ldy, const float *w, const float *bias, bool ramp,
                         const float *x, const size_t *at);

/* sums[m][n][GEMM_DOT] += the products of rows of A and rows b[n] over K, as gemm_dot_plain adds them. */
typedef void gemm_dot_panel(size_t m, size_t n, size_t K, float *sums, const float *a, size_t lda,
                            const float *const *b);

/* N up to whole blocks of GEMM_DOT. */
static inline size_t
gemm_dot_blocks(size_t N)
{
	return (N + GEMM_DOT - 1) / GEMM_DOT * GEMM_DOT;
}

/* The sum of GEMM_DOT sums: halves are added until one is left. */
static inline float
gemm_dot_sum(const float *sums)
{
	const gemm_four *s = (const gemm_four *)sums;
	gemm_four sum = (s[0] + s[2]) + (s[1] + s[3]);

	return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

/* As gemm_slide_back. */
typedef void gemm_slider_back(size_t O, size_t N, size_t D, float *dw, float *dbias, const float *dy, const float *y,
                              const float *x, const size_t *at, float *scratch);

struct gemm_kernel {
	const char *name;
	size_t rows, lanes; /* the largest tile is rows times two vectors of lanes floats */
	gemm_panel *panel;
	gemm_thin *thin;
	gemm_slider *slide;
	gemm_dot_panel *dot;
	gemm_slider_back *slide_back;
	bool (*runs)(void); /* whether this machine has the instructions */
};

#ifdef __x86_64__
#define GEMM_NAME(part) gemm_##part##_avx512
#define GEMM_TARGET __attribute__((target("avx512f")))
#define GEMM_LANES 16
#define GEMM_ROWS 12
#define GEMM_DOT_ROWS 4
#define GEMM_DOT_COLUMNS 5
#define GEMM_SEEN_ROWS 3
#define GEMM_SEEN_COLUMNS 9
#define GEMM_FMA(x, y, z) _mm512_fmadd_ps(x, y, z)
#define GEMM_RAMP(x) _mm512_max_ps(x, _mm512_setzero_ps())
#define GEMM_RUNS __builtin_cpu_supports("avx512f")
#include "gemm_panel.h"

#define GEMM_NAME(part) gemm_##part##_avx2
#define GEMM_TARGET __attribute__((target("avx2,fma")))
#define GEMM_LANES 8
#define GEMM_ROWS 6
#define GEMM_DOT_ROWS 4
#define GEMM_DOT_COLUMNS 3
#define GEMM_SEEN_ROWS 4
#define GEMM_SEEN_COLUMNS 3
#define GEMM_FMA(x, y, z) _mm256_fmadd_ps(x, y, z)
#define GEMM_RAMP(x) _mm256_max_ps(x, _mm256_setzero_ps())
#define GEMM_RUNS __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
#include "gemm_panel.h"
#endif

#ifdef __aarch64__
#define GEMM_NAME(part) gemm_##part##_neon
#define GEMM_TARGET
#define GEMM_LANES 4
#define GEMM_ROWS 12
#define GEMM_DOT_ROWS 4
#define GEMM_DOT_COLUMNS 3
#define GEMM_SEEN_ROWS 4
#define GEMM_SEEN_COLUMNS 3
#define GEMM_FMA(x, y, z) vfmaq_f32(z, x, y)
#define GEMM_RAMP(x) vmaxnmq_f32(x, vdupq_n_f32(0))
#define GEMM_RUNS true
#include "gemm_panel.h"
#endif

/* The best first; the last row, without a panel, stands for gemm_plain. */
static const struct gemm_kernel gemm_kernels[] = {
#ifdef __x86_64__
	{"avx512", 12, 16, gemm_panel_avx512, gemm_thin_avx512, gemm_slide_avx512, gemm_dot_avx512, gemm_slide_back_avx512,
	 gemm_runs_avx512},
	{"avx2", 6, 8, gemm_panel_avx2, gemm_thin_avx2, gemm_slide_avx2, gemm_dot_avx2, gemm_slide_back_avx2,
	 gemm_runs_avx2},
#endif
#ifdef __aarch64__
	{"neon", 12, 4, gemm_panel_neon, gemm_thin_neon, gemm_slide_neon, gemm_dot_neon, gemm_slide_back_neon,
	 gemm_runs_neon},
#endif
	{"plain", 1, 1, NULL, NULL, NULL, NULL, NULL, NULL},
};

/* The best kernel of this machine. */
static inline const struct gemm_kernel *
gemm_best(void)
{
	const struct gemm_kernel *kernel = gemm_kernels;

	while (kernel->panel && !kernel->runs())
		kernel++;
	return kernel;
}

/* C = op(A) op(B), or C += with accumulate. With K = 0 it is 0, or stays. */
static inline void
gemm_plain(size_t M, size_t N, size_t K, float *C, size_t ldc, bool accumulate, const float *A, size_t lda,
           bool transA, const float *B, size_t ldb, bool transB)
{
	for (size_t i = 0; i < M; i++)
		for (size_t j = 0; j < N; j++) {
			float sum = accumulate ? C[i * ldc + j] : 0;

			for (size_t k = 0; k < K; k++)
				sum = fmaf(transA ? A[k * lda + i] : A[i * lda + k], transB ? B[j * ldb + k] : B[k * ldb + j], sum);
			C[i * ldc + j] = sum;
		}
}

/* Floats of scratch for a product of these sizes; best on a boundary of 64 bytes. */
static inline size_t
gemm_scratch(size_t M, size_t N, size_t K)
{
	size_t m = M < GEMM_HEIGHT ? M : GEMM_HEIGHT, n = N < GEMM_WIDTH ? N : GEMM_WIDTH, k = K < GEMM_DEPTH ? K : GEMM_DEPTH;

	return k * ((n + GEMM_PANEL - 1) / GEMM_PANEL * GEMM_PANEL + m);
}

/* The first row or column of part i of n, where size rows or columns are cut into n parts; size when i is n. */
static inline size_t
gemm_part(size_t i, size_t n, size_t size)
{
	size_t panels = (size + GEMM_PANEL - 1) / GEMM_PANEL, first = panels * i / n * GEMM_PANEL;

	return first < size ? first : size;
}

/* to[K][width] = n lines of a side, the last one again and again up to width. */
static inline void
gemm_pack(size_t n, size_t width, size_t K, float *to, struct gemm_side side)
{
	const size_t step = side.by_k ? side.ld : 1;
	size_t i = 0;

	for (; i + 4 <= width; i += 4) {
		const float *line[4];

		for (size_t j = 0; j < 4; j++)
			line[j] = gemm_from(side, i + j < n ? i + j : n - 1, 0).from;
		for (size_t k = 0; k < K; k++)
			*(gemm_four *)(to + k * width + i) =
				(gemm_four){line[0][k * step], line[1][k * step], line[2][k * step], line[3][k * step]};
	}
	for (; i < width; i++)
		for (size_t k = 0; k < K; k++)
			to[k * width + i] = gemm_from(side, i, k).from[0];
}

/* Columns of the panel that begins where so many are left: two vectors, or one where that holds them. */
static inline size_t
gemm_panel_width(const struct gemm_kernel *kernel, size_t left)
{
	return left > kernel->lanes ? 2 * kernel->lanes : kernel->lanes;
}

/* Is that panel of B read from where it was packed? A narrow one may not be read past. */
static inline bool
gemm_panel_packed(const struct gemm_kernel *kernel, size_t left, struct gemm_side b)
{
	return b.pack || left < gemm_panel_width(kernel, left);
}

/* Packs those panels of n columns of B that are to be. */
static inline void
gemm_pack_panels(const struct gemm_kernel *kernel, size_t n, size_t K, struct gemm_side b)
{
	for (size_t j = 0, width; j < n; j += width) {
		width = gemm_panel_width(kernel, n - j);
		if (gemm_panel_packed(kernel, n - j, b))
			gemm_pack(n - j < width ? n - j : width, width, K, b.packed + j * K, gemm_from(b, j, 0));
	}
}

/* Packs m rows of A, tile by tile. */
static inline void
gemm_pack_tiles(const struct gemm_kernel *kernel, size_t m, size_t K, struct gemm_side a)
{
	for (size_t i = 0, rows; i < m; i += rows) {
		rows = gemm_tile(m - i, kernel->rows);
		gemm_pack(rows, rows, K, a.packed + i * K, gemm_from(a, i, 0));
	}
}

/* One block of a product, whose sides lie packed where they are to be: C[m][n] = or += A B over K. */
static inline void
gemm_block(const struct gemm_kernel *kernel, size_t m, size_t n, size_t K, float *C, size_t ldc, bool accumulate,
           struct gemm_side a, struct gemm_side b)
{
	size_t j = m <= GEMM_THIN && !a.pack && !b.pack ? kernel->thin(m, n, K, C, ldc, accumulate, a, b.from, b.ld) : 0;

	for (size_t width; j < n; j += width) {
		bool packed = gemm_panel_packed(kernel, n - j, b);

		width = gemm_panel_width(kernel, n - j);
		kernel->panel(m, n - j < width ? n - j : width, K, C + j, ldc, accumulate, a, packed ? b.packed + j * K : b.from + j,
		              packed ? width : b.ld);
	}
}

/* As gemm, by the kernel given. */
static inline void
gemm_with(const struct gemm_kernel *kernel, size_t M, size_t N, size_t K, float *C, size_t ldc, bool accumulate,
          const float *A, size_t lda, bool transA, const float *B, size_t ldb, bool transB, float *scratch)
{
	const size_t panel = 2 * kernel->lanes, widest = N < GEMM_WIDTH ? N : GEMM_WIDTH;
	struct gemm_side a = {A, lda, transA, N > GEMM_REUSE * panel && K > kernel->rows, NULL};
	const bool near = (K < GEMM_DEPTH ? K : GEMM_DEPTH) * ldb <= GEMM_NEAR;
	struct gemm_side b = {B, ldb, !transB, transB || (!near && M > GEMM_REUSE * kernel->rows), scratch};

	if (!kernel->panel || K == 0) {
		gemm_plain(M, N, K, C, ldc, accumulate, A, lda, transA, B, ldb, transB);
		return;
	}
	for (size_t j = 0, n; j < N; j += n) {
		n = N - j < GEMM_WIDTH ? N - j : GEMM_WIDTH;
		for (size_t k = 0, deep; k < K; k += deep) {
			deep = gemm_piece(K - k, GEMM_DEPTH);
			gemm_pack_panels(kernel, n, deep, gemm_from(b, j, k));
			a.packed = b.packed + (widest + panel - 1) / panel * panel * deep;
			for (size_t i = 0, m; i < M; i += m) {
				m = gemm_piece(M - i, GEMM_HEIGHT);
				if (a.pack && (j == 0 || m < M || deep < K)) /* else it lies there from the first columns */
					gemm_pack_tiles(kernel, m, deep, gemm_from(a, i, k));
				gemm_block(kernel, m, n, deep, C + i * ldc + j, ldc, accumulate || k > 0, gemm_from(a, i, k),
				           gemm_from(b, j, k));
			}
		}
	}
}

/*
 * C[M][N] = op(A) op(B), or += with accumulate. With K = 0 it is 0, or stays. C overlaps neither A nor B nor
 * gemm_scratch(M, N, K) floats of scratch.
 */
static inline void
gemm(size_t M, size_t N, size_t K, float *C, size_t ldc, bool accumulate, const float *A, size_t lda, bool transA,
     const float *B, size_t ldb, bool transB, float *scratch)
{
	gemm_with(gemm_best(), M, N, K, C, ldc, accumulate, A, lda, transA, B, ldb, transB, scratch);
}

/*
 * A window of D elements slides over x: y[O][N] = bias[o] + sum over d of w[o][d] x[at[d] + n], where w is [O][D] and ldy
 * floats lie from a row of y to the next. A sum starts from the bias; each product joins it in order of d with one rounding.
 * With ramp what is not above 0 becomes 0.
 */
static inline void
gemm_slide_plain(size_t O, size_t N, size_t D, float *y, size_t ldy, const float *w, const float *bias, bool ramp,
                 const float *x, const size_t *at)
{
	for (size_t o = 0; o < O; o++)
		for (size_t n = 0; n < N; n++) {
			float sum = bias[o];

			for (size_t d = 0; d < D; d++)
				sum = fmaf(w[o * D + d], x[at[d] + n], sum);
			y[o * ldy + n] = sum > 0 || !ramp ? sum : 0;
		}
}

/* As gemm_slide_plain, by the best kernel of this machine that has a vector for N places. */
static inline void
gemm_slide(size_t O, size_t N, size_t D, float *y, size_t ldy, const float *w, const float *bias, bool ramp, const float *x,
           const size_t *at)
{
	const struct gemm_kernel *kernel = gemm_kernels;

	while (kernel->panel && (kernel->lanes > N || !kernel->runs()))
		kernel++;
	if (kernel->panel)
		kernel->slide(O, N, D, y, ldy, w, bias, ramp, x, at);
	else
		gemm_slide_plain(O, N, D, y, ldy, w, bias, ramp, x, at);
}

/*
 * The way back of gemm_slide: dw[o][d] += sum over n of dy[o][n] x[at[d] + n], dbias[o] += sum of dy[O][N] unless it is
 * NULL. N is at least GEMM_DOT. With y of the same shape, dy counts where that is above 0, else it is 0. A product joins one
 * of GEMM_DOT sums, in order of n: sum n mod GEMM_DOT. Where fewer than that many are left, they are the end of the last
 * GEMM_DOT places; of those the first were seen before, and are seen again with a dy of 0.
 */
static inline void
gemm_slide_back_plain(size_t O, size_t N, size_t D, float *dw, float *dbias, const float *dy, const float *y, const float *x,
                      const size_t *at)
{
	const size_t whole = N / GEMM_DOT * GEMM_DOT;

	for (size_t o = 0; o < O; o++)
		for (size_t d = 0; d < D + (dbias != NULL); d++) {
			float sums[GEMM_DOT] = {0}, *to = d < D ? dw + o * D + d : dbias + o;

			for (size_t i = 0; i < gemm_dot_blocks(N); i++) {
				const size_t n = i < whole ? i : i - whole + N - GEMM_DOT;
				const bool counts = (i < whole || n >= whole) && (!y || y[o * N + n] > 0);
				float *sum = &sums[i % GEMM_DOT];

				*sum = fmaf(counts ? dy[o * N + n] : 0, d < D ? x[at[d] + n] : 1, *sum);
			}
			*to += gemm_dot_sum(sums);
		}
}

/* Floats of scratch for gemm_slide_back over N places. */
static inline size_t
gemm_slide_scratch(size_t N)
{
	return GEMM_SEEN_MOST * gemm_dot_blocks(N);
}

/* As gemm_slide_back_plain, by the best kernel of this machine. scratch: gemm_slide_scratch(N). */
static inline void
gemm_slide_back(size_t O, size_t N, size_t D, float *dw, float *dbias, const float *dy, const float *y, const float *x,
                const size_t *at, float *scratch)
{
	const struct gemm_kernel *kernel = gemm_best();

	if (kernel->panel)
		kernel->slide_back(O, N, D, dw, dbias, dy, y, x, at, scratch);
	else
		gemm_slide_back_plain(O, N, D, dw, dbias, dy, y, x, at);
}

/*
 * Dot products of rows: C[M][N] += A B' over K; rows of B may overlap. Sum l of a product takes k = l, l + GEMM_DOT..., each
 * with one rounding.
 */
static inline void
gemm_dot_plain(size_t M, size_t N, size_t K, float *C, size_t ldc, const float *A, size_t lda, const float *B,
               size_t ldb)
{
	for (size_t i = 0; i < M; i++)
		for (size_t j = 0; j < N; j++) {
			const float *row = B + j * ldb;
			float sums[GEMM_DOT] = {0};

			for (size_t k = 0; k < K; k++)
				sums[k % GEMM_DOT] = fmaf(A[i * lda + k], row[k], sums[k % GEMM_DOT]);
			C[i * ldc + j] += gemm_dot_sum(sums);
		}
}

/* One block of dot products by a kernel: C[m][n] += those of m rows of A and the rows b[n]. */
static inline void
gemm_dot_block(const struct gemm_kernel *kernel, size_t m, size_t n, size_t K, float *C, size_t ldc, const float *a,
               size_t lda, const float **b)
{
	float sums[GEMM_DOT_HEIGHT * GEMM_DOT_WIDTH * GEMM_DOT];

	memset(sums, 0, m * n * GEMM_DOT * sizeof *sums);
	for (size_t k = 0, deep; k < K; k += deep, a += deep) {
		deep = K - k < GEMM_DOT_DEPTH ? K - k : GEMM_DOT_DEPTH;
		kernel->dot(m, n, deep, sums, a, lda, b);
		for (size_t j = 0; j < n; j++)
			b[j] += deep;
	}
	for (size_t i = 0; i < m; i++)
		for (size_t j = 0; j < n; j++)
			C[i * ldc + j] += gemm_dot_sum(sums + (i * n + j) * GEMM_DOT);
}

/* As gemm_dot_plain, by the kernel given. */
static inline void
gemm_dot_with(const struct gemm_kernel *kernel, size_t M, size_t N, size_t K, float *C, size_t ldc, const float *A,
              size_t lda, const float *B, size_t ldb)
{
	if (!kernel->panel) {
		gemm_dot_plain(M, N, K, C, ldc, A, lda, B, ldb);
		return;
	}
	for (size_t j = 0, n; j < N; j += n) {
		n = N - j < GEMM_DOT_WIDTH ? N - j : GEMM_DOT_WIDTH;
		for (size_t i = 0, m; i < M; i += m) {
			const float *row[GEMM_DOT_WIDTH];

			for (size_t l = 0; l < n; l++)
				row[l] = B + (j + l) * ldb;
			m = M - i < GEMM_DOT_HEIGHT ? M - i : GEMM_DOT_HEIGHT;
			gemm_dot_block(kernel, m, n, K, C + i * ldc + j, ldc, A + i * lda, lda, row);
		}
	}
}

/* As gemm_dot_plain, by the best kernel of this machine. */
static inline void
gemm_dot(size_t M, size_t N, size_t K, float *C, size_t ldc, const float *A, size_t lda, const float *B, size_t ldb)
{
	gemm_dot_with(gemm_best(), M, N, K, C, ldc, A, lda, B, ldb);
}

/* to[I][O] = the transpose of from[O][I]. */
static inline void
gemm_transpose(size_t I, size_t O, float *to, const float *from)
{
	gemm_pack(O, O, I, to, (struct gemm_side){.from = from, .ld = I});
}

#endif

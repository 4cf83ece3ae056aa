/*
 * gemm_panel.h - the inner kernel of gemm.h, which includes it once for each instruction set and says what is its own:
 *
 *	GEMM_NAME(part)     the name of a function
 *	GEMM_TARGET         the attribute that lets the compiler use the instructions
 *	GEMM_LANES          floats of a vector
 *	GEMM_ROWS           rows of the largest tile: the sums of GEMM_ROWS times two vectors stay in registers
 *	GEMM_FMA(x, y, z)   x y + z of vectors, rounded once
 *	GEMM_RUNS           whether this machine has the instructions
 */

/*
 * C[rows][2 or 1 vectors] = or += A B over K, as gemm.h says: row i, column k of A is a[i a_row + k a_k]; row k of B
 * starts at b[k b_k]. rows and vectors are constants where it is called, so that all loops but that over k unroll.
 */
GEMM_TARGET
__attribute__((always_inline))
static inline void
GEMM_NAME(block)(size_t rows, size_t vectors, size_t K, float *C, size_t ldc, bool accumulate, const float *a,
                 size_t a_row, size_t a_k, const float *b, size_t b_k)
{
	typedef float vector __attribute__((vector_size(GEMM_LANES * sizeof(float))));
	typedef float stored __attribute__((vector_size(GEMM_LANES * sizeof(float)), aligned(sizeof(float)), may_alias));
	vector sum[GEMM_ROWS][2];

	GEMM_UNROLL
	for (size_t i = 0; i < rows; i++)
		GEMM_UNROLL
		for (size_t j = 0; j < vectors; j++)
			sum[i][j] = accumulate ? (vector)*(const stored *)(C + i * ldc + j * GEMM_LANES) : (vector){0};
	for (size_t k = 0; k < K; k++, a += a_k, b += b_k) {
		vector row[2];

		GEMM_UNROLL
		for (size_t j = 0; j < vectors; j++)
			row[j] = *(const stored *)(b + j * GEMM_LANES);
		GEMM_UNROLL
		for (size_t i = 0; i < rows; i++) {
			vector x = a[i * a_row] - (vector){0};

			GEMM_UNROLL
			for (size_t j = 0; j < vectors; j++)
				sum[i][j] = GEMM_FMA(x, row[j], sum[i][j]);
		}
	}
	GEMM_UNROLL
	for (size_t i = 0; i < rows; i++)
		GEMM_UNROLL
		for (size_t j = 0; j < vectors; j++)
			*(stored *)(C + i * ldc + j * GEMM_LANES) = sum[i][j];
}

/* A gemm_panel: see gemm.h. Where the last vector of a row of C is not whole, the row is computed beside it. */
GEMM_TARGET
static void
GEMM_NAME(panel)(size_t m, size_t n, size_t K, float *C, size_t ldc, bool accumulate, struct gemm_side a,
                 const float *b, size_t ldb)
{
	enum { WIDTH = 2 * GEMM_LANES };
	const bool whole = n % GEMM_LANES == 0;
	float edge[GEMM_ROWS * WIDTH] = {0};

	for (size_t i = 0, rows; i < m; i += rows, C += rows * ldc) {
		float *to = whole ? C : edge;
		const size_t ldto = whole ? ldc : WIDTH;
		const float *from = a.pack ? a.packed + i * K : gemm_from(a, i, 0).from;

		rows = gemm_piece(m - i, GEMM_ROWS);
		const size_t a_row = a.pack || a.by_k ? 1 : a.ld, a_k = a.pack ? rows : a.by_k ? a.ld : 1;
		for (size_t r = 0; !whole && accumulate && r < rows; r++)
			memcpy(edge + r * WIDTH, C + r * ldc, n * sizeof *C);
		switch (rows * 2 + (n > GEMM_LANES)) {
#define GEMM_CASE(rows) \
		case rows * 2: \
			GEMM_NAME(block)(rows, 1, K, to, ldto, accumulate, from, a_row, a_k, b, ldb); \
			break; \
		case rows * 2 + 1: \
			GEMM_NAME(block)(rows, 2, K, to, ldto, accumulate, from, a_row, a_k, b, ldb); \
			break;
		GEMM_CASE(1)
		GEMM_CASE(2)
		GEMM_CASE(3)
		GEMM_CASE(4)
		GEMM_CASE(5)
		GEMM_CASE(6)
#if GEMM_ROWS == 12
		GEMM_CASE(7)
		GEMM_CASE(8)
		GEMM_CASE(9)
		GEMM_CASE(10)
		GEMM_CASE(11)
		GEMM_CASE(12)
#endif
#undef GEMM_CASE
		}
		for (size_t r = 0; !whole && r < rows; r++)
			memcpy(C + r * ldc, edge + r * WIDTH, n * sizeof *C);
	}
}

static bool
GEMM_NAME(runs)(void)
{
	return GEMM_RUNS;
}

#undef GEMM_NAME
#undef GEMM_TARGET
#undef GEMM_LANES
#undef GEMM_ROWS
#undef GEMM_FMA
#undef GEMM_RUNS

/*
 * gemm_panel.h - the inner kernel of gemm.h, which includes it once for each instruction set and says what is its own:
 *
 *	GEMM_NAME(part)     the name of a function
 *	GEMM_TARGET         the attribute that lets the compiler use the instructions
 *	GEMM_LANES          floats of a vector
 *	GEMM_ROWS           rows of the largest tile: the sums of GEMM_ROWS times two vectors stay in registers
 *	GEMM_DOT_ROWS, GEMM_DOT_COLUMNS  dot products that are summed at once
 *	GEMM_SEEN_ROWS, GEMM_SEEN_COLUMNS  rows of dy, at most GEMM_SEEN_MOST, and elements of a window that are: 3 or 9
 *	GEMM_FMA(x, y, z)   x y + z of vectors, rounded once
 *	GEMM_RAMP(x)        what of a vector is above 0, else 0
 *	GEMM_RUNS           whether this machine has the instructions
 */

/*
 * n tiles, one below the other: C[rows][vectors] = or += A B over K, as gemm.h says: row i, column k of A is
 * a[i a_row + k a_k], that of the next tile a_tile behind it; row k of B starts at b[k b_k]. rows and vectors are constants
 * where it is called, so all loops but those over tiles and k unroll.
 */
GEMM_TARGET
UNROLL_INLINE
static void
GEMM_NAME(block)(size_t rows, size_t vectors, size_t n, size_t K, float *C, size_t ldc, bool accumulate, const float *a,
                 size_t a_row, size_t a_k, size_t a_tile, const float *b, size_t b_k)
{
	typedef float vector __attribute__((vector_size(GEMM_LANES * sizeof(float))));
	typedef float stored __attribute__((vector_size(GEMM_LANES * sizeof(float)), aligned(sizeof(float)), may_alias));

	for (; n > 0; n--, C += rows * ldc, a += a_tile) {
		const float *x = a, *y = b;
		vector sum[GEMM_ROWS * 2] = {{0}};

		if (accumulate)
			UNROLL
			for (size_t i = 0; i < rows; i++)
				UNROLL
				for (size_t j = 0; j < vectors; j++)
					sum[i * vectors + j] = *(const stored *)(C + i * ldc + j * GEMM_LANES);
		UNROLL_FOUR
		for (size_t k = 0; k < K; k++, x += a_k, y += b_k) {
			vector row[GEMM_WIDEST];

			UNROLL
			for (size_t j = 0; j < vectors; j++)
				row[j] = *(const stored *)(y + j * GEMM_LANES);
			UNROLL
			for (size_t i = 0; i < rows; i++) {
				const vector all = x[i * a_row] - (vector){0};

				UNROLL
				for (size_t j = 0; j < vectors; j++)
					sum[i * vectors + j] = GEMM_FMA(all, row[j], sum[i * vectors + j]);
			}
		}
		UNROLL
		for (size_t i = 0; i < rows; i++)
			UNROLL
			for (size_t j = 0; j < vectors; j++)
				*(stored *)(C + i * ldc + j * GEMM_LANES) = sum[i * vectors + j];
	}
}

/*
 * The tiles that gemm_tile cuts: cases of a switch over 2 rows + vectors - 1; and those that only GEMM_TALL has.
 * GEMM_TILE(rows, vectors) computes one.
 */
#define GEMM_CASE(rows) case rows * 2: GEMM_TILE(rows, 1); break; case rows * 2 + 1: GEMM_TILE(rows, 2); break;
#if GEMM_ROWS == 12
#define GEMM_CASES \
	GEMM_CASE(1) GEMM_CASE(2) GEMM_CASE(3) GEMM_CASE(4) GEMM_CASE(6) GEMM_CASE(8) GEMM_CASE(12)
#define GEMM_TALL_CASES
#else
#define GEMM_CASES GEMM_CASE(1) GEMM_CASE(2) GEMM_CASE(3) GEMM_CASE(4) GEMM_CASE(6)
#define GEMM_TALL_CASES case 8 * 2: GEMM_TILE(8, 1); break; case 12 * 2: GEMM_TILE(12, 1); break;
#endif

#if GEMM_ROWS == 12
/*
 * As block for any number of rows of two vectors over GEMM_CLASSES: so few that all of B's rows stay in registers, no tile
 * begins or ends, and stores come between the products.
 */
GEMM_TARGET
static void
GEMM_NAME(shallow)(size_t m, float *C, size_t ldc, bool accumulate, struct gemm_side a, const float *b, size_t ldb)
{
	typedef float vector __attribute__((vector_size(GEMM_LANES * sizeof(float))));
	typedef float stored __attribute__((vector_size(GEMM_LANES * sizeof(float)), aligned(sizeof(float)), may_alias));
	const size_t a_row = a.by_k ? 1 : a.ld, a_k = a.by_k ? a.ld : 1;
	vector row[GEMM_CLASSES][2];

	UNROLL
	for (size_t k = 0; k < GEMM_CLASSES; k++)
		UNROLL
		for (size_t j = 0; j < 2; j++)
			row[k][j] = *(const stored *)(b + k * ldb + j * GEMM_LANES);
	for (size_t i = 0; i < m; i++, C += ldc) {
		const float *from = a.from + i * a_row;
		vector sum[2];

		UNROLL
		for (size_t j = 0; j < 2; j++)
			sum[j] = accumulate ? (vector)*(const stored *)(C + j * GEMM_LANES) : (vector){0};
		UNROLL
		for (size_t k = 0; k < GEMM_CLASSES; k++) {
			const vector x = from[k * a_k] - (vector){0};

			UNROLL
			for (size_t j = 0; j < 2; j++)
				sum[j] = GEMM_FMA(x, row[k][j], sum[j]);
		}
		UNROLL
		for (size_t j = 0; j < 2; j++)
			*(stored *)(C + j * GEMM_LANES) = sum[j];
	}
}
#endif

/* A gemm_panel: see gemm.h. Where the last vector of a row of C is not whole, the row is computed beside it. */
GEMM_TARGET
static void
GEMM_NAME(panel)(size_t m, size_t n, size_t K, float *C, size_t ldc, bool accumulate, struct gemm_side a,
                 const float *b, size_t ldb)
{
	enum { WIDTH = 2 * GEMM_LANES };
	const bool whole = n % GEMM_LANES == 0;
	const size_t most = n <= GEMM_LANES && !a.pack ? GEMM_TALL : GEMM_ROWS;
	float edge[GEMM_TALL * WIDTH];

#if GEMM_ROWS == 12
	if (n == WIDTH && !a.pack && K == GEMM_CLASSES) {
		GEMM_NAME(shallow)(m, C, ldc, accumulate, a, b, ldb);
		return;
	}
#endif
	if (!whole)
		memset(edge, 0, sizeof edge);
	for (size_t i = 0, rows, tiles; i < m; i += tiles * rows, C += tiles * rows * ldc) {
		float *to = whole ? C : edge;
		const size_t ldto = whole ? ldc : WIDTH;
		const float *from = a.pack ? a.packed + i * K : gemm_from(a, i, 0).from;

		rows = gemm_tile(m - i, most);
		tiles = whole ? gemm_alike(m - i, most) : 1;
		const size_t a_row = a.pack || a.by_k ? 1 : a.ld, a_k = a.pack ? rows : a.by_k ? a.ld : 1;
		const size_t a_tile = a.pack ? rows * K : rows * a_row;
		for (size_t r = 0; !whole && accumulate && r < rows; r++)
			memcpy(edge + r * WIDTH, C + r * ldc, n * sizeof *C);
		switch (rows * 2 + (n > GEMM_LANES)) {
#define GEMM_TILE(rows, vectors) \
			GEMM_NAME(block)(rows, vectors, tiles, K, to, ldto, accumulate, from, a_row, a_k, a_tile, b, ldb)
		GEMM_CASES
		GEMM_TALL_CASES
#undef GEMM_TILE
		}
		for (size_t r = 0; !whole && r < rows; r++)
			memcpy(C + r * ldc, edge + r * WIDTH, n * sizeof *C);
	}
}

/*
 * A gemm_thin: see gemm.h. So few rows have few sums that are wide enough to keep the processor busy only where they are
 * wider than a panel.
 */
GEMM_TARGET
static size_t
GEMM_NAME(thin)(size_t m, size_t n, size_t K, float *C, size_t ldc, bool accumulate, struct gemm_side a, const float *b,
                size_t ldb)
{
	const size_t a_row = a.by_k ? 1 : a.ld, a_k = a.by_k ? a.ld : 1, width = GEMM_WIDEST / m * GEMM_LANES;
	size_t j = 0;

	for (; j + width <= n; j += width)
		if (m == 1)
			GEMM_NAME(block)(1, GEMM_WIDEST, 1, K, C + j, ldc, accumulate, a.from, a_row, a_k, 0, b + j, ldb);
		else
			GEMM_NAME(block)(2, GEMM_WIDEST / 2, 1, K, C + j, ldc, accumulate, a.from, a_row, a_k, 0, b + j, ldb);
	return j;
}

/*
 * So many rows of gemm_slide, of which a vector of places, or two, are computed together: where N is no multiple of that, the
 * last two overlap. rows and vectors are constants.
 */
GEMM_TARGET
UNROLL_INLINE
static void
GEMM_NAME(slid)(size_t rows, size_t vectors, size_t N, size_t D, float *y, size_t ldy, const float *w, const float *bias,
                bool ramp, const float *x, const size_t *at)
{
	typedef float vector __attribute__((vector_size(GEMM_LANES * sizeof(float))));
	typedef float stored __attribute__((vector_size(GEMM_LANES * sizeof(float)), aligned(sizeof(float)), may_alias));

	for (size_t i = 0; i < N; i += vectors * GEMM_LANES) {
		const size_t n = i + vectors * GEMM_LANES <= N ? i : N - vectors * GEMM_LANES;
		vector sum[GEMM_ROWS][2];

		UNROLL
		for (size_t r = 0; r < rows; r++)
			UNROLL
			for (size_t j = 0; j < vectors; j++)
				sum[r][j] = bias[r] - (vector){0};
		UNROLL_FOUR
		for (size_t d = 0; d < D; d++) {
			const float *from = x + at[d] + n;
			vector seen[2];

			UNROLL
			for (size_t j = 0; j < vectors; j++)
				seen[j] = *(const stored *)(from + j * GEMM_LANES);
			UNROLL
			for (size_t r = 0; r < rows; r++) {
				const vector weight = w[r * D + d] - (vector){0};

				UNROLL
				for (size_t j = 0; j < vectors; j++)
					sum[r][j] = GEMM_FMA(weight, seen[j], sum[r][j]);
			}
		}
		if (ramp)
			UNROLL
			for (size_t r = 0; r < rows; r++)
				UNROLL
				for (size_t j = 0; j < vectors; j++)
					sum[r][j] = GEMM_RAMP(sum[r][j]);
		UNROLL
		for (size_t r = 0; r < rows; r++)
			UNROLL
			for (size_t j = 0; j < vectors; j++)
				*(stored *)(y + r * ldy + n + j * GEMM_LANES) = sum[r][j];
	}
}

#if GEMM_ROWS == 12
/* As slid for any number of rows, O, two vectors and a window of GEMM_WINDOW: what it sees stays in registers. */
GEMM_TARGET
static void
GEMM_NAME(slid_shallow)(size_t O, size_t N, float *y, size_t ldy, const float *w, const float *bias, bool ramp,
                        const float *x, const size_t *at)
{
	typedef float vector __attribute__((vector_size(GEMM_LANES * sizeof(float))));
	typedef float stored __attribute__((vector_size(GEMM_LANES * sizeof(float)), aligned(sizeof(float)), may_alias));

	for (size_t i = 0; i < N; i += 2 * GEMM_LANES) {
		const size_t n = i + 2 * GEMM_LANES <= N ? i : N - 2 * GEMM_LANES;
		vector seen[GEMM_WINDOW][2];

		UNROLL
		for (size_t d = 0; d < GEMM_WINDOW; d++)
			UNROLL
			for (size_t j = 0; j < 2; j++)
				seen[d][j] = *(const stored *)(x + at[d] + n + j * GEMM_LANES);
		for (size_t o = 0; o < O; o++) {
			vector sum[2];

			UNROLL
			for (size_t j = 0; j < 2; j++)
				sum[j] = bias[o] - (vector){0};
			UNROLL
			for (size_t d = 0; d < GEMM_WINDOW; d++) {
				const vector weight = w[o * GEMM_WINDOW + d] - (vector){0};

				UNROLL
				for (size_t j = 0; j < 2; j++)
					sum[j] = GEMM_FMA(weight, seen[d][j], sum[j]);
			}
			UNROLL
			for (size_t j = 0; j < 2; j++)
				*(stored *)(y + o * ldy + n + j * GEMM_LANES) = ramp ? (vector)GEMM_RAMP(sum[j]) : sum[j];
		}
	}
}
#endif

/* A gemm_slider: see gemm.h. */
GEMM_TARGET
static void
GEMM_NAME(slide)(size_t O, size_t N, size_t D, float *y, size_t ldy, const float *w, const float *bias, bool ramp,
                 const float *x, const size_t *at)
{
	const size_t two = N >= 2 * GEMM_LANES;

#if GEMM_ROWS == 12
	if (two && D == GEMM_WINDOW) {
		GEMM_NAME(slid_shallow)(O, N, y, ldy, w, bias, ramp, x, at);
		return;
	}
#endif
	for (size_t o = 0, rows; o < O; o += rows) {
		rows = gemm_tile(O - o, GEMM_ROWS);
		switch (rows * 2 + two) {
#define GEMM_TILE(rows, vectors) \
			GEMM_NAME(slid)(rows, vectors, N, D, y + o * ldy, ldy, w + o * D, bias + o, ramp, x, at)
		GEMM_CASES
#undef GEMM_TILE
		}
	}
}

#undef GEMM_CASE
#undef GEMM_CASES
#undef GEMM_TALL_CASES

/*
 * sums[rows][columns][GEMM_DOT] += products of K elements, a multiple of GEMM_DOT, as gemm_dot_plain adds them, a vector of the
 * sums at a time. rows and columns are constants.
 */
GEMM_TARGET
UNROLL_INLINE
static void
GEMM_NAME(dots)(size_t rows, size_t columns, size_t K, float *sums, size_t ldsums, const float *a, size_t lda,
                const float *const *b)
{
	typedef float vector __attribute__((vector_size(GEMM_LANES * sizeof(float))));
	typedef float stored __attribute__((vector_size(GEMM_LANES * sizeof(float)), aligned(sizeof(float)), may_alias));

	for (size_t part = 0; part < GEMM_DOT; part += GEMM_LANES) {
		vector sum[GEMM_DOT_ROWS][GEMM_DOT_COLUMNS];

		UNROLL
		for (size_t i = 0; i < rows; i++)
			UNROLL
			for (size_t j = 0; j < columns; j++)
				sum[i][j] = *(const stored *)(sums + i * ldsums + j * GEMM_DOT + part);
		for (size_t k = part; k < K; k += GEMM_DOT) {
			vector x[GEMM_DOT_ROWS];

			UNROLL
			for (size_t i = 0; i < rows; i++)
				x[i] = *(const stored *)(a + i * lda + k);
			UNROLL
			for (size_t j = 0; j < columns; j++) {
				const vector column = *(const stored *)(b[j] + k);

				UNROLL
				for (size_t i = 0; i < rows; i++)
					sum[i][j] = GEMM_FMA(x[i], column, sum[i][j]);
			}
		}
		UNROLL
		for (size_t i = 0; i < rows; i++)
			UNROLL
			for (size_t j = 0; j < columns; j++)
				*(stored *)(sums + i * ldsums + j * GEMM_DOT + part) = sum[i][j];
	}
}

/* A gemm_dot_panel: see gemm.h. */
GEMM_TARGET
static void
GEMM_NAME(dot)(size_t m, size_t n, size_t K, float *sums, const float *a, size_t lda, const float *const *b)
{
	const size_t whole = K / GEMM_DOT * GEMM_DOT;

	for (size_t i = 0, rows; i < m; i += rows) {
		rows = m - i >= GEMM_DOT_ROWS ? GEMM_DOT_ROWS : 1;
		for (size_t j = 0, columns; j < n; j += columns) {
			columns = gemm_piece(n - j, GEMM_DOT_COLUMNS);
			switch (rows * 8 + columns) {
#define GEMM_CASE(rows, columns) \
			case rows * 8 + columns: \
				GEMM_NAME(dots)(rows, columns, whole, sums + (i * n + j) * GEMM_DOT, n * GEMM_DOT, \
				                a + i * lda, lda, b + j); \
				break;
#define GEMM_CASE2(columns) GEMM_CASE(1, columns) GEMM_CASE(GEMM_DOT_ROWS, columns)
			GEMM_CASE2(1)
			GEMM_CASE2(2)
			GEMM_CASE2(3)
#if GEMM_DOT_COLUMNS == 5
			GEMM_CASE2(4)
			GEMM_CASE2(5)
#endif
#undef GEMM_CASE
#undef GEMM_CASE2
			}
		}
	}
	for (size_t i = 0; whole < K && i < m; i++)
		for (size_t j = 0; j < n; j++, sums += GEMM_DOT)
			for (size_t k = whole; k < K; k++)
				sums[k - whole] = fmaf(a[i * lda + k], b[j][k], sums[k - whole]);
}

/*
 * What of so many rows of dy counts, for seen: g[rows][N up to whole blocks], where the last block is the last GEMM_DOT of a
 * row, less what the one before has. dbias[rows] gets the sums added, unless it is NULL. ramp, that there is y, is a constant.
 */
GEMM_TARGET
UNROLL_INLINE
static void
GEMM_NAME(counted)(size_t rows, bool ramp, size_t N, float *g, float *dbias, const float *dy, const float *y)
{
	typedef float vector __attribute__((vector_size(GEMM_LANES * sizeof(float))));
	typedef int32_t bits __attribute__((vector_size(GEMM_LANES * sizeof(int32_t))));
	typedef float stored __attribute__((vector_size(GEMM_LANES * sizeof(float)), aligned(sizeof(float)), may_alias));
	const size_t whole = N / GEMM_DOT * GEMM_DOT;

	for (size_t r = 0; r < rows; r++, dy += N) {
		float sums[GEMM_DOT];
		vector all[GEMM_DOT / GEMM_LANES] = {{0}};

		for (size_t n = 0; n < whole; n += GEMM_DOT, g += GEMM_DOT)
			UNROLL
			for (size_t part = 0; part < GEMM_DOT; part += GEMM_LANES) {
				vector v = *(const stored *)(dy + n + part);

				if (ramp)
					v = (vector)((bits)v & (*(const stored *)(y + n + part) > 0));
				*(stored *)(g + part) = v;
				all[part / GEMM_LANES] += v;
			}
		for (size_t part = 0; part < GEMM_DOT; part += GEMM_LANES)
			*(stored *)(sums + part) = all[part / GEMM_LANES];
		for (size_t l = 0, n = N - GEMM_DOT; whole < N && l < GEMM_DOT; l++, n++)
			sums[l] += *g++ = n >= whole && (!ramp || y[n] > 0) ? dy[n] : 0;
		if (dbias)
			dbias[r] += gemm_dot_sum(sums);
		if (ramp)
			y += N;
	}
}

/* For so many rows of g and elements of a window, the sums of gemm_slide_back: sums[rows][columns]. rows, columns are constants. */
GEMM_TARGET
UNROLL_INLINE
static void
GEMM_NAME(seen)(size_t rows, size_t columns, size_t N, float (*sums)[GEMM_DOT], const float *g, const float *x, const size_t *at)
{
	typedef float vector __attribute__((vector_size(GEMM_LANES * sizeof(float))));
	typedef float stored __attribute__((vector_size(GEMM_LANES * sizeof(float)), aligned(sizeof(float)), may_alias));
	const size_t ldg = gemm_dot_blocks(N);

	for (size_t part = 0; part < GEMM_DOT; part += GEMM_LANES) {
		vector sum[GEMM_SEEN_ROWS][GEMM_SEEN_COLUMNS] = {{{0}}};

		for (size_t i = 0; i < N; i += GEMM_DOT) {
			const size_t n = i + GEMM_DOT <= N ? i : N - GEMM_DOT;
			vector counted[GEMM_SEEN_ROWS];

			UNROLL
			for (size_t r = 0; r < rows; r++)
				counted[r] = *(const stored *)(g + r * ldg + i + part);
			UNROLL
			for (size_t c = 0; c < columns; c++) {
				const vector seen = *(const stored *)(x + at[c] + n + part);

				UNROLL
				for (size_t r = 0; r < rows; r++)
					sum[r][c] = GEMM_FMA(counted[r], seen, sum[r][c]);
			}
		}
		UNROLL
		for (size_t r = 0; r < rows; r++)
			UNROLL
			for (size_t c = 0; c < columns; c++)
				*(stored *)(sums[r * columns + c] + part) = sum[r][c];
	}
}

/* A gemm_slider_back: see gemm.h. */
GEMM_TARGET
static void
GEMM_NAME(slide_back)(size_t O, size_t N, size_t D, float *dw, float *dbias, const float *dy, const float *y, const float *x,
                      const size_t *at, float *scratch)
{
	for (size_t o = 0, rows; o < O; o += rows) {
		rows = gemm_piece(O - o, GEMM_SEEN_ROWS);
		if (y)
			GEMM_NAME(counted)(rows, true, N, scratch, dbias ? dbias + o : NULL, dy + o * N, y + o * N);
		else
			GEMM_NAME(counted)(rows, false, N, scratch, dbias ? dbias + o : NULL, dy + o * N, NULL);
		for (size_t d = 0, columns; d < D; d += columns) {
			float sums[GEMM_SEEN_ROWS * GEMM_SEEN_COLUMNS][GEMM_DOT];

			columns = D - d >= GEMM_SEEN_COLUMNS ? GEMM_SEEN_COLUMNS : D - d >= 3 ? 3 : 1;
			switch (rows * 16 + columns) {
#define GEMM_CASE(rows, columns) \
			case rows * 16 + columns: \
				GEMM_NAME(seen)(rows, columns, N, sums, scratch, x, at + d); \
				break;
#define GEMM_CASE2(rows) GEMM_CASE(rows, 1) GEMM_CASE(rows, 3)
			GEMM_CASE2(1)
			GEMM_CASE2(2)
			GEMM_CASE2(3)
#if GEMM_SEEN_ROWS == 4
			GEMM_CASE2(4)
#endif
#if GEMM_SEEN_COLUMNS == 9
			GEMM_CASE(1, 9)
			GEMM_CASE(2, 9)
			GEMM_CASE(3, 9)
#endif
#undef GEMM_CASE
#undef GEMM_CASE2
			}
			for (size_t r = 0; r < rows; r++)
				for (size_t c = 0; c < columns; c++)
					dw[(o + r) * D + d + c] += gemm_dot_sum(sums[r * columns + c]);
		}
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
#undef GEMM_DOT_ROWS
#undef GEMM_DOT_COLUMNS
#undef GEMM_SEEN_ROWS
#undef GEMM_SEEN_COLUMNS
#undef GEMM_FMA
#undef GEMM_RAMP
#undef GEMM_RUNS

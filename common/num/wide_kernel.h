/*
 * wide_kernel.h - the functions of wide.h by one instruction set; wide.h includes it once for each and says what is
 * its own:
 *
 *	WIDE_NAME(part)   the name of a function
 *	WIDE_TARGET       the attribute that lets the compiler use the instructions
 *	WIDE_LANES        floats of a vector
 *	WIDE_FMA(x, y, z) x y + z of vectors, rounded once
 *	WIDE_SQRT(x)      the square roots of a vector
 *	WIDE_MAX(x, y)    x where it is above y, else y
 *	WIDE_RUNS         whether this machine has the instructions
 */

typedef float WIDE_NAME(floats) __attribute__((vector_size(WIDE_LANES * sizeof(float)), aligned(sizeof(float)), may_alias));
typedef int32_t WIDE_NAME(bits) __attribute__((vector_size(WIDE_LANES * sizeof(float)), aligned(sizeof(float)), may_alias));

/*
 * x[n], none larger than WIDE_MOST, become e^x: x = k ln 2 + r with |r| <= ln 2 / 2, then the polynomial of degree 6 in r
 * whose relative error there is least, 4e-9. n, at most WIDE_ABREAST, is a constant.
 */
WIDE_TARGET
UNROLL_INLINE
static void
WIDE_NAME(exp_low)(size_t n, WIDE_NAME(floats) *x)
{
	const float shift = 0x1.8p23f; /* adding it rounds to a whole number, which is then in the lowest bits */
	const float factor[] = {0x1.1239e2p-7f, 0x1.5558f2p-5f, 0x1.555492p-3f, 0x1.fffffcp-2f, 1, 1};
	WIDE_NAME(floats) t[WIDE_ABREAST], r[WIDE_ABREAST], q[WIDE_ABREAST];

#define WIDE_ALL(x) ((x) - (WIDE_NAME(floats)){0})
	UNROLL
	for (size_t v = 0; v < n; v++)
		r[v] = WIDE_MAX(WIDE_ALL(WIDE_LEAST), x[v]);
	UNROLL
	for (size_t v = 0; v < n; v++)
		t[v] = WIDE_FMA(r[v], WIDE_ALL(1.44269504f), WIDE_ALL(shift));
	UNROLL
	for (size_t v = 0; v < n; v++) {
		r[v] = WIDE_FMA(t[v] - shift, WIDE_ALL(-0x1.62e4p-1f), r[v]);
		r[v] = WIDE_FMA(t[v] - shift, WIDE_ALL(-0x1.7f7d1cp-20f), r[v]);
		q[v] = WIDE_ALL(0x1.6a2434p-10f);
	}
	UNROLL
	for (size_t i = 0; i < sizeof factor / sizeof *factor; i++)
		UNROLL
		for (size_t v = 0; v < n; v++)
			q[v] = WIDE_FMA(q[v], r[v], WIDE_ALL(factor[i]));
#undef WIDE_ALL
	UNROLL
	for (size_t v = 0; v < n; v++)
		q[v] = (WIDE_NAME(floats))((WIDE_NAME(bits))q[v] + ((WIDE_NAME(bits))t[v] << 23));
	UNROLL
	for (size_t v = 0; v < n; v++)
		x[v] = (WIDE_NAME(floats))((WIDE_NAME(bits))q[v] & ~(x[v] < WIDE_LEAST));
}

/* x becomes e^x. */
WIDE_TARGET
__attribute__((always_inline))
static inline void
WIDE_NAME(exp_of)(WIDE_NAME(floats) *to)
{
	WIDE_NAME(floats) x = *to;
	WIDE_NAME(bits) high = x > WIDE_MOST;

	*to = (WIDE_NAME(floats))(((WIDE_NAME(bits))x & ~high) |
	                          ((WIDE_NAME(bits))(WIDE_MOST - (WIDE_NAME(floats)){0}) & high));
	WIDE_NAME(exp_low)(1, to);
}

/* x becomes the sigmoid of x, by 1, or its hyperbolic tangent, by 2. */
WIDE_TARGET
__attribute__((always_inline))
static inline void
WIDE_NAME(squash)(float by, WIDE_NAME(floats) *x)
{
	*x *= -by;
	WIDE_NAME(exp_of)(x);
	*x = by / (1 + *x) - (by - 1);
}

/* The first `few` elements of *v from memory; the others stay. */
WIDE_TARGET
__attribute__((always_inline))
static inline void
WIDE_NAME(load)(size_t few, WIDE_NAME(floats) *v, const float *x)
{
	if (few == WIDE_LANES)
		*v = *(const WIDE_NAME(floats) *)x;
	else
		memcpy(v, x, few * sizeof *x);
}

/* And to memory. */
WIDE_TARGET
__attribute__((always_inline))
static inline void
WIDE_NAME(store)(size_t few, float *y, const WIDE_NAME(floats) *v)
{
	if (few == WIDE_LANES)
		*(WIDE_NAME(floats) *)y = *v;
	else
		memcpy(y, v, few * sizeof *y);
}

/* Elements of a vector where so many are left. */
static inline size_t
WIDE_NAME(few)(size_t left)
{
	return left < WIDE_LANES ? left : WIDE_LANES;
}

/* y[n] = the function of x[n]. */
WIDE_TARGET
static void
WIDE_NAME(map)(enum wide_function function, size_t n, float *y, const float *x)
{
	for (size_t i = 0; i < n; i += WIDE_LANES) {
		const size_t few = WIDE_NAME(few)(n - i);
		WIDE_NAME(floats) v = {0};

		WIDE_NAME(load)(few, &v, x + i);
		if (function == WIDE_EXP)
			WIDE_NAME(exp_of)(&v);
		else
			WIDE_NAME(squash)(function == WIDE_TANH ? 2 : 1, &v);
		WIDE_NAME(store)(few, y + i, &v);
	}
}

/* `few` columns of most, best a constant. */
WIDE_TARGET
UNROLL_INLINE
static void
WIDE_NAME(most_of)(size_t few, size_t n, size_t B, float *most, const float *z)
{
	WIDE_NAME(floats) greatest = {0}, v = {0};

	WIDE_NAME(load)(few, &greatest, z);
	for (size_t i = 1; i < n; i++) {
		WIDE_NAME(load)(few, &v, z + i * B);
		greatest = WIDE_MAX(v, greatest);
	}
	WIDE_NAME(store)(few, most, &greatest);
}

/* A wide_most: see wide.h. */
WIDE_TARGET
static void
WIDE_NAME(most)(size_t n, size_t B, float *most, const float *z)
{
	size_t b = 0;

	for (; b + WIDE_LANES <= B; b += WIDE_LANES)
		WIDE_NAME(most_of)(WIDE_LANES, n, B, most + b, z + b);
	if (b < B)
		WIDE_NAME(most_of)(B - b, n, B, most + b, z + b);
}

/* So many rows of below; they and few are constants. */
WIDE_TARGET
UNROLL_INLINE
static void
WIDE_NAME(below_rows)(size_t rows, size_t few, size_t B, float *to, WIDE_NAME(floats) *all, const float *z,
                      const WIDE_NAME(floats) *greatest)
{
	WIDE_NAME(floats) e[WIDE_ABREAST] = {{0}};

	UNROLL
	for (size_t v = 0; v < rows; v++)
		WIDE_NAME(load)(few, &e[v], z + v * B);
	UNROLL
	for (size_t v = 0; v < rows; v++)
		e[v] -= *greatest;
	WIDE_NAME(exp_low)(rows, e);
	UNROLL
	for (size_t v = 0; v < rows; v++) {
		*all += e[v];
		if (to)
			WIDE_NAME(store)(few, to + v * B, &e[v]);
	}
}

/* `few` columns of z, of which those of the sum are written, and of `to` where that is not NULL; both best constants. */
WIDE_TARGET
UNROLL_INLINE
static void
WIDE_NAME(below)(size_t few, size_t n, size_t B, float *to, float *sum, const float *z, const float *most)
{
	WIDE_NAME(floats) greatest = {0}, all = {0};
	size_t i = 0;

	WIDE_NAME(load)(few, &greatest, most);
	for (; few == WIDE_LANES && i + WIDE_ABREAST <= n; i += WIDE_ABREAST)
		WIDE_NAME(below_rows)(WIDE_ABREAST, few, B, to ? to + i * B : NULL, &all, z + i * B, &greatest);
	for (; i < n; i++)
		WIDE_NAME(below_rows)(1, few, B, to ? to + i * B : NULL, &all, z + i * B, &greatest);
	WIDE_NAME(store)(few, sum, &all);
}

/* A wide_exp_below: see wide.h. */
WIDE_TARGET
static void
WIDE_NAME(exp_below)(size_t n, size_t B, float *z, float *sum, const float *most)
{
	size_t b = 0;

	for (; b + WIDE_LANES <= B; b += WIDE_LANES)
		WIDE_NAME(below)(WIDE_LANES, n, B, z + b, sum + b, z + b, most + b);
	if (b < B)
		WIDE_NAME(below)(B - b, n, B, z + b, sum + b, z + b, most + b);
}

/* A wide_sum_below: see wide.h. */
WIDE_TARGET
static void
WIDE_NAME(sum_below)(size_t n, size_t B, const float *z, float *sum, const float *most)
{
	size_t b = 0;

	for (; b + WIDE_LANES <= B; b += WIDE_LANES)
		WIDE_NAME(below)(WIDE_LANES, n, B, NULL, sum + b, z + b, most + b);
	if (b < B)
		WIDE_NAME(below)(B - b, n, B, NULL, sum + b, z + b, most + b);
}

/* A wide_adam: see wide.h. What is less than a vector, such as a bias, is stepped number by number. */
WIDE_TARGET
static void
WIDE_NAME(adam)(size_t n, float rate, float *w, float *m, float *v, const float *g)
{
	size_t i = 0;

	for (; i + WIDE_LANES <= n; i += WIDE_LANES) {
		WIDE_NAME(floats) *mean = (WIDE_NAME(floats) *)(m + i), *square = (WIDE_NAME(floats) *)(v + i);
		const WIDE_NAME(floats) step = *(const WIDE_NAME(floats) *)(g + i);

		*mean += 0.1f * (step - *mean);
		*square += 0.001f * (step * step - *square);
		*(WIDE_NAME(floats) *)(w + i) -= rate * *mean / (WIDE_SQRT(*square) + 1e-7f);
	}
	for (; i < n; i++) {
		m[i] += 0.1f * (g[i] - m[i]);
		v[i] += 0.001f * (g[i] * g[i] - v[i]);
		w[i] -= rate * m[i] / (sqrtf(v[i]) + 1e-7f);
	}
}

/* A wide_adagrad: see wide.h. */
WIDE_TARGET
static void
WIDE_NAME(adagrad)(size_t n, float rate, float *w, float *sum, const float *g)
{
	size_t i = 0;

	for (; i + WIDE_LANES <= n; i += WIDE_LANES) {
		WIDE_NAME(floats) *squares = (WIDE_NAME(floats) *)(sum + i), step = *(const WIDE_NAME(floats) *)(g + i);

		*squares += step * step;
		step = rate * step / WIDE_SQRT(*squares);
		*(WIDE_NAME(floats) *)(w + i) -= (WIDE_NAME(floats))((WIDE_NAME(bits))step & (*squares > 0));
	}
	for (; i < n; i++) {
		sum[i] += g[i] * g[i];
		if (sum[i] > 0)
			w[i] -= rate * g[i] / sqrtf(sum[i]);
	}
}

/* A wide_gru: see wide.h. */
WIDE_TARGET
static void
WIDE_NAME(gru)(size_t H, float *gate, float *after, const float *before, const float *recurrent)
{
	for (size_t i = 0; i < H; i += WIDE_LANES) {
		const size_t few = WIDE_NAME(few)(H - i);
		WIDE_NAME(floats) r = {0}, z = {0}, n = {0}, by_r = {0}, by_z = {0}, inner = {0}, h = {0};

		WIDE_NAME(load)(few, &r, gate + i);
		WIDE_NAME(load)(few, &z, gate + H + i);
		WIDE_NAME(load)(few, &n, gate + 2 * H + i);
		WIDE_NAME(load)(few, &by_r, recurrent + i);
		WIDE_NAME(load)(few, &by_z, recurrent + H + i);
		WIDE_NAME(load)(few, &inner, recurrent + 2 * H + i);
		WIDE_NAME(load)(few, &h, before + i);
		r += by_r;
		z += by_z;
		WIDE_NAME(squash)(1, &r);
		WIDE_NAME(squash)(1, &z);
		n += r * inner;
		WIDE_NAME(squash)(2, &n);
		h = n + z * (h - n);
		WIDE_NAME(store)(few, gate + i, &r);
		WIDE_NAME(store)(few, gate + H + i, &z);
		WIDE_NAME(store)(few, gate + 2 * H + i, &n);
		WIDE_NAME(store)(few, after + i, &h);
	}
}

/* A wide_gru_back: see wide.h. */
WIDE_TARGET
static void
WIDE_NAME(gru_back)(size_t H, float *dgate, float *drecurrent, float *dstate, const float *gate, const float *inner,
                    const float *before)
{
	for (size_t i = 0; i < H; i += WIDE_LANES) {
		const size_t few = WIDE_NAME(few)(H - i);
		WIDE_NAME(floats) r = {0}, z = {0}, n = {0}, in = {0}, h = {0}, d = {0}, dr, dz, dn;

		WIDE_NAME(load)(few, &r, gate + i);
		WIDE_NAME(load)(few, &z, gate + H + i);
		WIDE_NAME(load)(few, &n, gate + 2 * H + i);
		WIDE_NAME(load)(few, &in, inner + i);
		WIDE_NAME(load)(few, &h, before + i);
		WIDE_NAME(load)(few, &d, dstate + i);
		dn = d * (1 - z) * (1 - n * n);
		dr = dn * in * r * (1 - r);
		dz = d * (h - n) * z * (1 - z);
		d *= z;
		WIDE_NAME(store)(few, dgate + i, &dr);
		WIDE_NAME(store)(few, dgate + H + i, &dz);
		WIDE_NAME(store)(few, dgate + 2 * H + i, &dn);
		dn *= r;
		WIDE_NAME(store)(few, drecurrent + i, &dr);
		WIDE_NAME(store)(few, drecurrent + H + i, &dz);
		WIDE_NAME(store)(few, drecurrent + 2 * H + i, &dn);
		WIDE_NAME(store)(few, dstate + i, &d);
	}
}

static bool
WIDE_NAME(runs)(void)
{
	return WIDE_RUNS;
}

#undef WIDE_NAME
#undef WIDE_TARGET
#undef WIDE_LANES
#undef WIDE_FMA
#undef WIDE_SQRT
#undef WIDE_MAX
#undef WIDE_RUNS

/*
 * wide_kernel.h - the functions of wide.h by one instruction set; wide.h includes it once for each and says what is
 * its own:
 *
 *	WIDE_NAME(part)   the name of a function
 *	WIDE_TARGET       the attribute that lets the compiler use the instructions
 *	WIDE_LANES        floats of a vector
 *	WIDE_RUNS         whether this machine has the instructions
 */

typedef float WIDE_NAME(floats) __attribute__((vector_size(WIDE_LANES * sizeof(float)), aligned(sizeof(float)), may_alias));
typedef int32_t WIDE_NAME(bits) __attribute__((vector_size(WIDE_LANES * sizeof(float)), aligned(sizeof(float)), may_alias));

/* x becomes e^x: x = k ln 2 + r with |r| <= ln 2 / 2, then the Taylor series of e^r to r^7, whose rest is below 6e-9. */
WIDE_TARGET
__attribute__((always_inline))
static inline void
WIDE_NAME(exp_of)(WIDE_NAME(floats) *to)
{
	const float shift = 0x1.8p23f; /* adding it rounds to a whole number, which is then in the lowest bits */
	WIDE_NAME(floats) x = *to, t, k, r, q;
	WIDE_NAME(bits) low = x < WIDE_LEAST, high = x > WIDE_MOST;

	x = (WIDE_NAME(floats))(((WIDE_NAME(bits))x & ~(low | high)) | ((WIDE_NAME(bits))(WIDE_MOST - (WIDE_NAME(floats)){0}) & high));
	t = x * 1.44269504f + shift;
	k = t - shift;
	r = (x - k * 0x1.62e4p-1f) - k * 0x1.7f7d1cp-20f;
	q = 1.0f / 720 + r * (1.0f / 5040);
	q = 1.0f / 120 + r * q;
	q = 1.0f / 24 + r * q;
	q = 1.0f / 6 + r * q;
	q = 0.5f + r * q;
	q = 1 + (r + r * r * q);
	q = (WIDE_NAME(floats))((WIDE_NAME(bits))q + ((WIDE_NAME(bits))t << 23));
	*to = (WIDE_NAME(floats))((WIDE_NAME(bits))q & ~low);
}

/* y[n] = the function of x[n], vector by vector; the last one beside y. */
WIDE_TARGET
static void
WIDE_NAME(map)(enum wide_function function, size_t n, float *y, const float *x)
{
	for (size_t i = 0; i < n; i += WIDE_LANES) {
		size_t few = n - i < WIDE_LANES ? n - i : WIDE_LANES;
		WIDE_NAME(floats) v = {0};

		if (few == WIDE_LANES)
			v = *(const WIDE_NAME(floats) *)(x + i);
		else
			memcpy(&v, x + i, few * sizeof *x);
		if (function == WIDE_EXP) {
			WIDE_NAME(exp_of)(&v);
		} else {
			const float by = function == WIDE_TANH ? 2 : 1;

			v *= -by;
			WIDE_NAME(exp_of)(&v);
			v = by / (1 + v) - (by - 1);
		}
		if (few == WIDE_LANES)
			*(WIDE_NAME(floats) *)(y + i) = v;
		else
			memcpy(y + i, &v, few * sizeof *y);
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
#undef WIDE_RUNS

/*
 * lanes.h - exp and log of several doubles at once, to the bits of math.h. Who compiles a kernel for several instruction
 * sets includes it once for each, and says:
 *
 *	LANES               doubles of a vector
 *	LANES_NAME(part)    the name of a type or function
 *	LANES_TARGET        the attribute that lets the compiler use the instructions
 *	LANES_SQRT(x)       the square roots of a vector
 */
typedef double LANES_NAME(lanes) __attribute__((vector_size(LANES * sizeof(double))));
typedef uint64_t LANES_NAME(bits) __attribute__((vector_size(LANES * sizeof(uint64_t))));

/* The same in memory, of any alignment; and as floats. */
typedef double LANES_NAME(doubles) __attribute__((vector_size(LANES * sizeof(double)), aligned(sizeof(double)), may_alias));
typedef float LANES_NAME(floats) __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float)), may_alias));

/* *y = e^x for x up to 709: math_exp. */
LANES_TARGET
__attribute__((always_inline))
static inline void
LANES_NAME(exp)(LANES_NAME(lanes) *y, const LANES_NAME(lanes) *exponent)
{
	const LANES_NAME(lanes) none = {0}, shift = none + 0x1.8p52, x = *exponent, rounded = x * 1.4426950408889634 + shift;
	const LANES_NAME(lanes) k = rounded - shift, r = (x - k * 0x1.62e42feep-1) - k * 0x1.a39ef35793c76p-33;
	const LANES_NAME(lanes) s = r * r, t = s * s;
	LANES_NAME(lanes) q = (1.0 / 6 + r * (1.0 / 24)) + s * (1.0 / 120 + r * (1.0 / 720)) +
	                      t * ((1.0 / 5040 + r * (1.0 / 40320)) + s * (1.0 / 362880 + r * (1.0 / 3628800)) +
	                           t * ((1.0 / 39916800 + r * (1.0 / 479001600)) + s * (1.0 / 6227020800)));

	/* the last bits of `rounded` are those of the whole number k */
	q = (1 + (r + s * (0.5 + r * q))) * (LANES_NAME(lanes))(((LANES_NAME(bits))rounded + 1023) << 52);
	*y = (LANES_NAME(lanes))((LANES_NAME(bits))q & (LANES_NAME(bits))(x > -708.3));
}

/* *y = ln x for finite x from 2^-1022 on: math_log. */
LANES_TARGET
__attribute__((always_inline))
static inline void
LANES_NAME(log)(LANES_NAME(lanes) *y, const LANES_NAME(lanes) *x)
{
	const LANES_NAME(lanes) none = {0}, shift = none + 0x1.8p52;
	const LANES_NAME(bits) bits = (LANES_NAME(bits))*x, mantissa = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1022) << 52;
	const LANES_NAME(bits) low = (LANES_NAME(bits))((LANES_NAME(lanes))mantissa < 0.70710678118654752);
	const LANES_NAME(lanes) m = (LANES_NAME(lanes))(mantissa + (low & UINT64_C(1) << 52)); /* doubled where low */
	const LANES_NAME(lanes) k = (LANES_NAME(lanes))((LANES_NAME(bits))shift + (bits >> 52) - 1022 + low) - shift;
	const LANES_NAME(lanes) f = m - 1, s = f / (m + 1), z = s * s, t = z * z, u = t * t;
	const LANES_NAME(lanes) q = 2 * z *
	                            ((1.0 / 3 + z * (1.0 / 5)) + t * (1.0 / 7 + z * (1.0 / 9)) +
	                             u * ((1.0 / 11 + z * (1.0 / 13)) + t * (1.0 / 15 + z * (1.0 / 17)) +
	                                  u * (1.0 / 19 + z * (1.0 / 21))));

	*y = k * 0x1.62e42feep-1 + (f - s * (f - q) + k * 0x1.a39ef35793c76p-33);
}

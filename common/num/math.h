/*
 * math.h - exp, log and their kin with the same bits on every machine.
 *
 * libm differs between processors and C libraries; these use only the four operations and sqrt, which IEEE 754
 * rounds exactly. Arguments and results are double. Stated errors are the largest seen against long double libm
 * in tests/math.c, in units of the last place.
 */
#ifndef WEIR_MATH_H
#define WEIR_MATH_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define MATH_PI 3.14159265358979323846

/* 2^k for k in [-1022, 1023]. */
static inline double
math_power2(int k)
{
	uint64_t bits = (uint64_t)(k + 1023) << 52;
	double value;

	memcpy(&value, &bits, sizeof value);
	return value;
}

/*
 * e^x, 1 ulp; 0 below -708.3 and infinity above 709.7. x = k ln 2 + r with |r| <= ln 2 / 2, then the Taylor
 * series of e^r to r^13, whose rest is below 2^-58.
 */
static inline double
math_exp(double x)
{
	const double ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33;
	const double shift = 0x1.8p52; /* adding it rounds to a whole number */
	double k, r, s, t, q;

	if (!(x > -708.3))
		return isnan(x) ? x : 0;
	if (x > 709.7)
		return INFINITY;
	k = (x * 1.4426950408889634 + shift) - shift;
	r = (x - k * ln2_high) - k * ln2_low;
	s = r * r;
	t = s * s;
	/* Terms are paired (Estrin), which takes half the time of one after the other (Horner). */
	q = (1.0 / 6 + r * (1.0 / 24)) + s * (1.0 / 120 + r * (1.0 / 720)) +
	    t * ((1.0 / 5040 + r * (1.0 / 40320)) + s * (1.0 / 362880 + r * (1.0 / 3628800)) +
	         t * ((1.0 / 39916800 + r * (1.0 / 479001600)) + s * (1.0 / 6227020800)));
	q = 1 + (r + s * (0.5 + r * q));
	return k >= 1023 ? q * 2 * math_power2((int)k - 1) : q * math_power2((int)k);
}

/* m in [1/2, 1) and k with x = 2^k m, for finite x > 0: what frexp gives. */
static inline double
math_split(double x, int *k)
{
	const uint64_t mantissa = (UINT64_C(1) << 52) - 1;
	bool small = x < 0x1p-1022;
	uint64_t bits;

	x = small ? x * 0x1p54 : x;
	memcpy(&bits, &x, sizeof bits);
	*k = (int)(bits >> 52) - 1022 - (small ? 54 : 0);
	bits = (bits & mantissa) | UINT64_C(1022) << 52;
	memcpy(&x, &bits, sizeof x);
	return x;
}

/*
 * ln x for x > 0, 2 ulp; -infinity for 0, NaN below. x = 2^k m with m in [sqrt 1/2, sqrt 2), then
 * ln m = 2 artanh s, s = (m - 1) / (m + 1), as a series to s^21.
 */
static inline double
math_log(double x)
{
	const double ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33;
	double m, s, z, t, u, q, f;
	int k;

	if (!(x > 0))
		return x == 0 ? -INFINITY : NAN;
	if (isinf(x))
		return x;
	m = math_split(x, &k);
	if (m < 0.70710678118654752) {
		m *= 2;
		k--;
	}
	f = m - 1;
	s = f / (m + 1);
	z = s * s;
	t = z * z;
	u = t * t;
	q = (1.0 / 3 + z * (1.0 / 5)) + t * (1.0 / 7 + z * (1.0 / 9)) +
	    u * ((1.0 / 11 + z * (1.0 / 13)) + t * (1.0 / 15 + z * (1.0 / 17)) + u * (1.0 / 19 + z * (1.0 / 21)));
	/* ln m = 2 s + 2 s z q, and 2 s = f - s f */
	q = 2 * z * q;
	return k * ln2_high + (f - s * (f - q) + k * ln2_low);
}

/* ln(1 + x) for x > -1, 3 ulp: the rounding of 1 + x is made good (Kahan; Goldberg 1991, theorem 4). */
static inline double
math_log1p(double x)
{
	double u = 1 + x;

	return u == 1 ? x : u > 1e16 ? math_log(u) : math_log(u) * (x / (u - 1));
}

/* e^x - 1, 3 ulp: Kahan's way, through the logarithm of the rounded e^x. */
static inline double
math_expm1(double x)
{
	double u = math_exp(x);

	if (u == 1)
		return x;
	if (u - 1 == -1)
		return -1;
	return isinf(u) ? u : (u - 1) * (x / math_log(u));
}

/* tanh x, 4 ulp. */
static inline double
math_tanh(double x)
{
	double a = fabs(x), e = a > 20 ? INFINITY : math_expm1(2 * a);
	double t = isinf(e) ? 1 : e / (e + 2);

	return x < 0 ? -t : t;
}

/* The logistic function 1 / (1 + e^-x): the probability whose logit is x. */
static inline double
math_sigmoid(double x)
{
	return 1 / (1 + math_exp(-x));
}

/* ln(1 + e^x), without overflow: the log-loss of a negative with logit x, of a positive with logit -x. */
static inline double
math_softplus(double x)
{
	return x > 0 ? x + math_log1p(math_exp(-x)) : math_log1p(math_exp(x));
}

#endif

/*
 * exact.h - sums of doubles that are never rounded, so that no order of the additions can change a bit.
 *
 * A double is a whole number of 2^-1074, and so is a sum of them: it is held in digits of 32 bits that have 32 more
 * for carries (Kulisch 1971; the small superaccumulator of Neal 2015). 544 bytes. All 0 is the empty sum.
 */
#ifndef WEIR_EXACT_H
#define WEIR_EXACT_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "int128.h"

enum {
	EXACT_DIGITS = 67,       /* 2^64 times the greatest double fits */
	EXACT_CARRY = 1 << 16,   /* additions after which carries are due: digits stay below 2^49 */
	EXACT_PARTS = 42         /* doubles that any sum can be written with */
};

struct exact {
	int64_t digit[EXACT_DIGITS]; /* the sum is that of digit[i] 2^(32 i - 1074) */
	size_t pending;              /* additions since the last carries */
};

/* Carries: all digits but the last are within [0, 2^32) then. A sum has one such form. */
static inline void
exact_carry(struct exact *e)
{
	for (size_t i = 0; i + 1 < EXACT_DIGITS; i++) {
		int64_t low = e->digit[i] & 0xffffffff;

		e->digit[i + 1] += (e->digit[i] - low) / ((int64_t)1 << 32);
		e->digit[i] = low;
	}
	e->pending = 0;
}

/* Adds x, which is finite. */
static inline void
exact_add(struct exact *e, double x)
{
	uint64_t bits, exponent;
	uint128 wide; /* the significand, at its place in three digits */
	int64_t sign, *digit;

	memcpy(&bits, &x, sizeof bits);
	exponent = bits >> 52 & 0x7ff;
	wide = (bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)(exponent > 0) << 52;
	exponent -= exponent > 0; /* subnormals have that of the least normals */
	wide <<= exponent % 32;
	digit = e->digit + exponent / 32;
	sign = bits >> 63 ? -1 : 1;
	digit[0] += sign * (int64_t)(wide & 0xffffffff);
	digit[1] += sign * (int64_t)(wide >> 32 & 0xffffffff);
	if (wide >> 64)
		digit[2] += sign * (int64_t)(wide >> 64);
	if (++e->pending == EXACT_CARRY)
		exact_carry(e);
}

/* Adds a b, which is finite, in full: its rounding error is a double too, unless it is below 2^-1022. */
static inline void
exact_add_product(struct exact *e, double a, double b)
{
	double product = a * b;

	exact_add(e, product);
	exact_add(e, fma(a, b, -product));
}

static inline void
exact_merge(struct exact *to, const struct exact *more)
{
	for (size_t i = 0; i < EXACT_DIGITS; i++)
		to->digit[i] += more->digit[i];
	exact_carry(to);
}

/* Carries, and turns a sum below 0 into its opposite. Returns whether it was. */
static inline bool
exact_absolute(struct exact *e)
{
	exact_carry(e);
	if (e->digit[EXACT_DIGITS - 1] >= 0)
		return false;
	for (size_t i = 0; i < EXACT_DIGITS; i++)
		e->digit[i] = -e->digit[i];
	exact_carry(e);
	return true;
}

/* The double nearest to the sum, of two the even one; infinite where it is beyond them all. */
static inline double
exact_value(const struct exact *sum)
{
	struct exact e = *sum;
	bool negative = exact_absolute(&e), sticky = false;
	uint128 wide = 0, rest, half;
	uint64_t significand;
	int top = EXACT_DIGITS - 1, drop = 0;
	double value;

	while (top > 0 && !e.digit[top])
		top--;
	if (!e.digit[top])
		return 0;
	for (int i = top; i > top - 3; i--)
		wide = (wide << 32) + (i >= 0 ? (uint64_t)e.digit[i] : 0);
	for (int i = 0; i <= top - 3; i++)
		sticky = sticky || e.digit[i];
	while (wide >> drop >= (uint128)1 << 53)
		drop++;
	significand = (uint64_t)(wide >> drop);
	half = (uint128)1 << (drop - 1); /* the top digit is not 0: 65 bits at least */
	rest = wide & ((half << 1) - 1);
	if (rest > half || (rest == half && (sticky || significand % 2)))
		significand++;
	value = ldexp((double)significand, 32 * (top - 2) + drop - 1074);
	return negative ? -value : value;
}

/*
 * The sum as doubles that add up to it: the nearest one, then the nearest to what is left. part: EXACT_PARTS,
 * written. Returns how many there are; 0 for 0. The sum is within the range of doubles.
 */
static inline size_t
exact_parts(const struct exact *sum, double *part)
{
	struct exact left = *sum;
	size_t n = 0;

	while ((part[n] = exact_value(&left)) != 0)
		exact_add(&left, -part[n++]);
	return n;
}

/* Adds factor times the sum `more`, in full. */
static inline void
exact_add_scaled(struct exact *to, const struct exact *more, double factor)
{
	double part[EXACT_PARTS];
	size_t n = exact_parts(more, part);

	for (size_t i = 0; i < n; i++)
		exact_add_product(to, part[i], factor);
}

#endif

/*
 * number.h - text to numbers and back: exact, fast, and the same in every locale.
 *
 * A number is a decimal: [+-] digits [. digits] [e [+-] digits], with a digit on at least one side of the
 * point. Hexadecimal, NaN, Inf and what overflows to infinity are not numbers: they never reach a model.
 */
#ifndef WEIR_NUMBER_H
#define WEIR_NUMBER_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

enum { NUMBER_MAX = 32 }; /* bytes that number_print or number_print_whole may write */

static const double number_power10[] = {
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * Eight bytes as a word, in which digits are 0 to 9 and the first byte is the lowest; so on little-endian machines.
 * Each byte is tested, and shifted into its place, together with the others.
 */
static inline uint64_t
number_word(const char *p)
{
	uint64_t word;

	memcpy(&word, p, 8);
	return word ^ UINT64_C(0x3030303030303030);
}

/* Which bytes of a word are no digits: of each its highest bit. */
static inline uint64_t
number_others(uint64_t word)
{
	const uint64_t every = UINT64_C(0x0101010101010101);

	return (((word & every * 0x7f) + every * 0x76) | word) & every * 0x80;
}

/* What eight digits say, which are a word. */
static inline uint64_t
number_digits(uint64_t word)
{
	word = (word * 10 + (word >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
	word = (word * 100 + (word >> 16)) & UINT64_C(0x0000ffff0000ffff);
	return (word * 10000 + (word >> 32)) & UINT64_C(0xffffffff);
}

/* Up to eight digits at p, which has eight bytes. Returns how many there are, 8 for eight or more. */
static inline size_t
number_eight(const char *p, uint64_t *value)
{
	uint64_t word = number_word(p), others = number_others(word);
	size_t n = others ? (size_t)__builtin_ctzll(others) / 8 : 8;

	*value = n ? number_digits(word << 8 * (8 - n)) : 0;
	return n;
}

/* The n bytes before end, 1 to 8 of eight that may be read, as digits. False when one of them is none. */
static inline bool
number_last(const char *end, size_t n, uint64_t *value)
{
	uint64_t word = number_word(end - 8), before = 8 * (8 - n);

	*value = number_digits(word >> before << before);
	return !(number_others(word) >> before);
}

/*
 * The n bytes at p, 1 to 7 of eight that may be read, as digits or d.digits: the usual count, grey or share, with no
 * branch that depends on which. False when they are something else, and left to number_parse. It is only faster. Both
 * numbers are exact in a float, so it is rounded once (Clinger 1990).
 */
static inline bool
number_short(const char *p, size_t n, float *value)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	static const float power10[] = {1, 1, 1, 1e1, 1e2, 1e3, 1e4, 1e5};
	const size_t point = (n > 1) & (p[1] == '.');
	const uint64_t word = number_word(p), start = word & UINT64_C(0xffff);
	const uint64_t digits = (word - start + (start << 8 * point & UINT64_C(0xffff))) << 8 * (8 - n);

	*value = (float)(int32_t)number_digits(digits) / power10[point * n];
	return !number_others(digits);
#else
	(void)p, (void)n, (void)value;
	return false;
#endif
}

/*
 * Whole number at the start of text, at most 19 digits. Returns the bytes taken; 0 when there is none, or
 * when it has more digits than that.
 */
static inline size_t
number_whole(struct view text, uint64_t *value)
{
	uint64_t v = 0;
	size_t n = 0;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	if (text.n >= 8 && (n = number_eight(text.at, &v)) < 8) {
		*value = v;
		return n;
	}
#endif
	while (n < text.n && is_digit(text.at[n]) && n < 20)
		v = v * 10 + (uint64_t)(text.at[n++] - '0');
	*value = v;
	return n < 20 ? n : 0;
}

/* The slow path: strtod on a copy, for what the fast path cannot round exactly. The text is known to be a number. */
static inline bool
number_round(struct view text, double *value)
{
	char small[64], *copy = small;

	if (text.n >= sizeof small && !(copy = malloc(text.n + 1)))
		return false;
	memcpy(copy, text.at, text.n);
	copy[text.n] = '\0';
	*value = strtod(copy, NULL);
	if (copy != small)
		free(copy);
	return isfinite(*value);
}

/*
 * [-]digits.digits, up to eight before the point, in a text of 8 bytes or more: the usual score or amount. False when
 * it is something else, or not exact in the steps that are made here: left to number_parse. It is only faster.
 */
static inline bool
number_fixed(struct view text, double *value)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	bool negative = *text.at == '-';
	const char *p = text.at + negative, *end = text.at + text.n;
	uint64_t whole, high = 0, low;
	size_t n = (size_t)(end - p), before = 1, behind, last;
	double all;

	if (n < 8)
		return false;
	if (p[0] >= '0' && p[0] <= '9' && p[1] == '.')
		whole = (uint64_t)(p[0] - '0');
	else if ((before = number_eight(p, &whole)) == 0)
		return false;
	if (n < before + 2 || n > before + 17 || p[before] != '.')
		return false;
	behind = last = n - before - 1;
	if (behind > 8) {
		last -= 8;
		if (number_eight(p + before + 1, &high) != 8)
			return false;
	}
	if (!number_last(end, last, &low))
		return false;
	all = (double)whole * number_power10[behind] + (double)high * number_power10[last] + (double)low;
	*value = negative ? -all / number_power10[behind] : all / number_power10[behind];
	return all < 0x1p53;
#else
	(void)text, (void)value;
	return false;
#endif
}

/*
 * The whole of text as a double, correctly rounded. False when it is no number or overflows.
 * Up to 19 digits that fit 2^53 and a power of ten that is exact need one rounding only (Clinger 1990).
 */
static inline bool
number_parse(struct view text, double *value)
{
	const char *p = text.at, *end = text.at + text.n, *start;
	bool negative = false, exact;
	uint64_t mantissa = 0;
	int64_t power = 0, exponent = 0;
	size_t digits;

	if (text.n == 1 && is_digit(*p)) { /* most labels */
		*value = *p - '0';
		return true;
	}
	if (text.n >= 8 && number_fixed(text, value))
		return true;
	if (p < end && (*p == '-' || *p == '+'))
		negative = *p++ == '-';
	for (start = p; p < end && is_digit(*p); p++)
		mantissa = mantissa * 10 + (uint64_t)(*p - '0');
	digits = (size_t)(p - start);
	if (p < end && *p == '.') {
		for (start = ++p; p < end && is_digit(*p); p++)
			mantissa = mantissa * 10 + (uint64_t)(*p - '0');
		power = -(p - start);
		digits += (size_t)(p - start);
	}
	if (digits == 0)
		return false;
	if (p < end && (*p == 'e' || *p == 'E')) {
		bool minus = false;

		if (++p < end && (*p == '-' || *p == '+'))
			minus = *p++ == '-';
		for (start = p; p < end && is_digit(*p); p++)
			if (exponent < 100000)
				exponent = exponent * 10 + (*p - '0');
		if (p == start)
			return false;
		power += minus ? -exponent : exponent;
	}
	if (p != end)
		return false;
	exact = digits <= 19 && mantissa <= (uint64_t)1 << 53 && power >= -22 && power <= 22;
	if (!exact)
		return number_round(text, value);
	*value = power < 0 ? (double)mantissa / number_power10[-power] : (double)mantissa * number_power10[power];
	if (negative)
		*value = -*value;
	return true;
}

/* Why text was refused by number_parse, as a hint for a person; "" when there is nothing to add. */
static inline const char *
number_hint(struct view text)
{
	const char *comma = memchr(text.at, ',', text.n);
	double value = 0;

	if (text.n == 0)
		return "it is empty";
	if (comma)
		return "decimal comma?";
	if (text.n > 1 && (text.at[1] == 'x' || text.at[1] == 'X'))
		return "hexadecimal?";
	return !number_parse(text, &value) && isinf(value) ? "too large?" : "";
}

/* Decimal digits of a whole number. Returns the bytes written. */
static inline size_t
number_print_whole(char *to, uint64_t value)
{
	char digits[20];
	size_t n = 0, i = 0;

	do
		digits[n++] = (char)('0' + value % 10);
	while (value /= 10);
	while (n)
		to[i++] = digits[--n];
	return i;
}

/*
 * What printf's %.9g gives, without trailing zeros, for finite values. Returns the bytes written.
 * Between 1e-4 and 1e9 the nine digits come from one multiplication by an exact power of ten: its error is
 * below 2^-23 of a unit of the last digit, so where the fraction is further than that from one half the
 * digits are right; elsewhere printf decides.
 */
static inline size_t
number_print(char *to, double value)
{
	double a = fabs(value), scaled, whole;
	char digits[10];
	uint64_t v;
	size_t n = 0, left;
	int lead;

	if (value == 0) {
		memcpy(to, "-0", 2);
		if (signbit(value))
			return 2;
		to[0] = '0';
		return 1;
	}
	if (!(a >= 1e-4 && a < 999999999))
		return (size_t)snprintf(to, NUMBER_MAX, "%.9g", value);
	if (a >= 1)
		for (lead = 0; a >= number_power10[lead + 1]; lead++)
			;
	else
		lead = a >= 1e-1 ? -1 : a >= 1e-2 ? -2 : a >= 1e-3 ? -3 : -4;
	scaled = a * number_power10[8 - lead];
	whole = floor(scaled);
	if (fabs(scaled - whole - 0.5) < 1e-6)
		return (size_t)snprintf(to, NUMBER_MAX, "%.9g", value);
	v = (uint64_t)whole + (scaled - whole > 0.5);
	if (v >= 1000000000) { /* 9.9999999996 carries into a new digit */
		v /= 10;
		lead++;
	}
	for (left = 9; left--; v /= 10)
		digits[left] = (char)('0' + v % 10);
	for (left = 9; left > 1 && digits[left - 1] == '0'; left--)
		;
	if (value < 0)
		to[n++] = '-';
	if (lead < 0) {
		to[n++] = '0';
		to[n++] = '.';
		for (int i = -1; i > lead; i--)
			to[n++] = '0';
		memcpy(to + n, digits, left);
		return n + left;
	}
	for (size_t i = 0; i < 9 && (i <= (size_t)lead || i < left); i++) {
		if (i == (size_t)lead + 1)
			to[n++] = '.';
		to[n++] = digits[i];
	}
	return n;
}

/* As number_print, in as many digits more as bring the same double back. Returns the bytes written. */
static inline size_t
number_print_exact(char *to, double value)
{
	size_t n = number_print(to, value);

	to[n] = '\0';
	for (int digits = 10; digits <= 17 && strtod(to, NULL) != value; digits++)
		n = (size_t)snprintf(to, NUMBER_MAX, "%.*g", digits, value);
	return n;
}

#endif

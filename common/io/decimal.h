/*
 * decimal.h - decimals as they are written, exact: a whole number of units of 10^-places.
 */
#ifndef WEIR_DECIMAL_H
#define WEIR_DECIMAL_H

#include "../num/int128.h"
#include "line.h"

enum { DECIMAL_PLACES = 9 };

struct decimal {
	int128 units;
	int places; /* digits behind the point as written, 0 to DECIMAL_PLACES */
};

/*
 * The whole of text, in the grammar of number.h. False, and fault->rule says why, when it is no number, has more
 * than nine decimals, or does not fit.
 */
static inline bool
decimal_parse(struct view text, struct decimal *d, struct fault *fault)
{
	const char *p = text.at, *end = text.at + text.n;
	bool point = false, fits = true;
	double checked;
	int places = 0;

	fault->value = text;
	if (!number_parse(text, &checked)) {
		fault->rule = "not a number";
		fault->hint = number_hint(text);
		return false;
	}
	d->units = 0;
	for (p += *p == '-' || *p == '+'; p < end && *p != 'e' && *p != 'E'; p++) {
		if (*p == '.') {
			point = true;
			continue;
		}
		places += point;
		fits = fits && !__builtin_mul_overflow(d->units, (int128)10, &d->units) &&
		       !__builtin_add_overflow(d->units, (int128)(*p - '0'), &d->units);
	}
	if (p < end) {
		bool minus = *++p == '-';
		int exponent = 0;

		for (p += minus || *p == '+'; p < end; p++)
			if (exponent < 1000)
				exponent = exponent * 10 + (*p - '0');
		places += minus ? exponent : -exponent;
	}
	for (; places < 0; places++)
		fits = fits && !__builtin_mul_overflow(d->units, (int128)10, &d->units);
	d->places = places;
	if (*text.at == '-')
		d->units = -d->units;
	if (places > DECIMAL_PLACES)
		fault->rule = "more than 9 decimals";
	else if (!fits)
		fault->rule = "too large";
	return !fault->rule;
}

/* Every digit, with `places` of them behind the point, and zeros up to `shown`. */
static inline void
writer_decimal(struct writer *w, struct decimal d, int shown)
{
	uint128 left = d.units < 0 ? -(uint128)d.units : (uint128)d.units;
	char digit[40]; /* last one first */
	int n = 0;

	for (; left || n <= d.places; left /= 10)
		digit[n++] = (char)('0' + (int)(left % 10));
	if (d.units < 0)
		writer_char(w, '-');
	while (n > d.places)
		writer_char(w, digit[--n]);
	if (shown)
		writer_char(w, '.');
	while (n)
		writer_char(w, digit[--n]);
	for (int i = d.places; i < shown; i++)
		writer_char(w, '0');
}

#endif

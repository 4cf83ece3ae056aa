/*
 * number.c - number_parse against strtod, number_print against printf: the same value, the same bytes.
 */
#include <float.h>
#include <inttypes.h>

#include "../common/io/number.h"
#include "tap.h"

/* xorshift64: the same cases on every machine. */
static uint64_t
next_random(void)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

/* Any finite double, every exponent as likely as another. */
static double
random_double(void)
{
	double value;

	do {
		uint64_t bits = next_random();

		memcpy(&value, &bits, sizeof value);
	} while (!isfinite(value));
	return value;
}

/* A double between 1e-5 and 1e10, where number_print has its fast path. */
static double
usual_double(void)
{
	double unit = (double)(next_random() >> 11) / 9007199254740992.0;

	return (next_random() & 1 ? 1 : -1) * unit * number_power10[next_random() % 15] * 1e-4;
}

/* ---- parse ---- */

/* Whether number_parse takes text for what strtod takes it for; what overflows is to be refused. */
static bool
parses_as_strtod(const char *text)
{
	char *end;
	double got = 0, expected = strtod(text, &end);
	bool taken = number_parse(view_of(text), &got);

	if (taken == (end != text && !*end && isfinite(expected)) && (!taken || memcmp(&got, &expected, sizeof got) == 0))
		return true;
	printf("# %s: %s, %.17g; strtod: %.17g\n", text, taken ? "taken" : "refused", got, expected);
	return false;
}

static const char *
random_digits(char *to, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		to[i] = (char)('0' + next_random() % 10);
	to[i] = '\0';
	return to;
}

/* Up to 22 digits on either side of the point, exponents mostly where one rounding could go wrong. */
static void
random_decimal(char *to, size_t size)
{
	char whole[24], part[24];
	int power = (int)(next_random() % 8 ? next_random() % 50 : next_random() % 700) - 25;
	size_t n_whole = (size_t)(next_random() % 23), n_part = (size_t)(next_random() % 23);
	const char *sign = next_random() % 3 ? "" : next_random() % 2 ? "-" : "+";

	random_digits(whole, n_whole);
	random_digits(part, n_whole ? n_part : n_part + 1);
	if (next_random() % 2)
		snprintf(to, size, "%s%s.%s", sign, whole, part);
	else
		snprintf(to, size, "%s%s.%s%c%d", sign, whole, part, next_random() % 2 ? 'e' : 'E', power);
}

static void
test_parse_random(void)
{
	enum { DECIMALS = 500000, DOUBLES = 200000 };
	char text[160];
	bool same = true;

	for (int i = 0; i < DECIMALS && same; i++) {
		random_decimal(text, sizeof text);
		same = parses_as_strtod(text);
		text[next_random() % strlen(text)] = "./:-+,e0"[next_random() % 8];
		same = same && parses_as_strtod(text);
	}
	tap_ok(same, "%d random decimals, and as many with one byte changed, parse as strtod parses them", DECIMALS);
	for (int i = 0; i < DOUBLES && same; i++) {
		double value = i % 2 ? usual_double() : random_double();
		long double half = value / 2 + (long double)nextafter(value, HUGE_VAL) / 2;

		snprintf(text, sizeof text, "%.17g", value);
		same = parses_as_strtod(text);
		snprintf(text, sizeof text, "%.40Lg", half);
		same = same && parses_as_strtod(text);
	}
	tap_ok(same, "%d doubles, and the decimals halfway to the next, round as strtod rounds them", DOUBLES);
}

static void
test_parse_cases(void)
{
	static const char *const numbers[] = {
		"0", "-0", "+0", "-.0e5", "1.", ".5", "1E5", "1e+5", "1e-5", "00000000000000000000001",
		"9007199254740991", "9007199254740992", "9007199254740993", "9007199254740992.5",
		"9007199254740993e22", "1e22", "1e23", "1e-22", "1e-23", "8.5e22", "123456789012345678e-22",
		"18446744073709551615", "18446744073709551616", "18446744073709551617", "18446744073709551617e3",
		"0.00000000000000000000000000000000000001", "1000000000000000000000000000000000000000e-38",
		"5e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "2.2250738585072011e-308",
		"2.2250738585072012e-308", "1.7976931348623157e308", "1.7976931348623158e308",
		"1.7976931348623159e308", "1e309", "-1e309", "1e999999999999999999999", "1e-999999999999999999999",
		"0e999999999999999999999", "0e-400",
		"3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706",
	};
	static const char *const others[] = {
		"", "+", "-", ".", "-.", "e5", ".e5", "1e", "1e+", "1e-", " 1", "1 ", "1\t", "1\r", "0x10", "0X1p3",
		"nan", "NaN", "inf", "-inf", "infinity", "1,5", "1.2.3", "--1", "+-1", "1e5.0", "1ee5", "1_000",
		"1f", "1d5", "\xEF\xBC\x91", "?",
	};
	double value;

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		tap_ok(parses_as_strtod(numbers[i]), "%s", numbers[i]);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		tap_ok(!number_parse(view_of(others[i]), &value), "\"%.9s\" is no number", others[i]);
	tap_ok(!number_parse((struct view){"1\0", 2}, &value), "a NUL is no part of a number");
	tap_ok(number_parse((struct view){"12345", 2}, &value) && value == 12, "a number ends where its view ends");
}

/* What number_short takes is what number_parse takes it for; and counts, greys and shares it takes. */
static void
test_short(void)
{
	enum { TEXTS = 2000000 };
	static const char usual[] = "0123456789012345678901234567890123456789.-+e x";
	size_t wrong = 0, taken = 0;

	for (int i = 0; i < TEXTS; i++) {
		char text[8];
		size_t n = 1 + next_random() % 7, digits = 0;
		float value;
		double parsed;
		bool good;

		for (size_t j = 0; j < sizeof text; j++) {
			text[j] = j == 1 && next_random() % 2 ? '.' : usual[next_random() % (sizeof usual - 1)];
			digits += j < n && is_digit(text[j]);
		}
		good = number_parse((struct view){text, n}, &parsed);
		if (number_short(text, n, &value))
			wrong += !good || value != (float)parsed, taken++;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		else
			wrong += digits == n || (digits == n - 1 && n > 1 && text[1] == '.');
#endif
	}
	tap_ok(wrong == 0, "%zu short numbers, of %d texts, are those that they are", taken, TEXTS);
}

static void
test_whole(void)
{
	uint64_t value;
	char text[NUMBER_MAX + 1], expected[NUMBER_MAX + 1];
	bool same = true;

	tap_ok(number_whole(view_of("12:3"), &value) == 2 && value == 12, "a whole number ends before what is no digit");
	tap_ok(number_whole(view_of("9999999999999999999"), &value) == 19 && value == 9999999999999999999u,
	       "a whole number of 19 digits");
	tap_ok(number_whole(view_of("18446744073709551616"), &value) == 0, "no whole number of 20 digits");
	tap_ok(number_whole(view_of(""), &value) == 0 && number_whole(view_of("-1"), &value) == 0,
	       "no whole number in nothing, nor with a sign");
	for (int i = 0; i <= 64 && same; i++)
		for (uint64_t more = 0; more < 3 && same; more++) {
			value = (i < 64 ? UINT64_C(1) << i : 0) - more;
			text[number_print_whole(text, value)] = '\0';
			snprintf(expected, sizeof expected, "%" PRIu64, value);
			same = strcmp(text, expected) == 0;
		}
	tap_ok(same, "whole numbers print as printf prints them");
}

/* ---- print ---- */

static bool
prints_as_printf(double value)
{
	char got[NUMBER_MAX + 1], expected[64];

	got[number_print(got, value)] = '\0';
	snprintf(expected, sizeof expected, "%.9g", value);
	if (strcmp(got, expected) == 0)
		return true;
	printf("# %.17g prints as %s, not %s\n", value, got, expected);
	return false;
}

static void
test_print_random(void)
{
	enum { EACH = 300000 };
	bool same = true;

	for (int i = 0; i < EACH && same; i++)
		same = prints_as_printf(usual_double());
	tap_ok(same, "%d usual doubles print as %%.9g", EACH);
	for (int i = 0; i < EACH / 3 && same; i++)
		same = prints_as_printf(random_double());
	tap_ok(same, "%d doubles of any size print as %%.9g", EACH / 3);
	for (int i = 0; i < EACH && same; i++)
		same = prints_as_printf((float)usual_double());
	tap_ok(same, "%d floats print as %%.9g", EACH);
	for (int i = 0; i < EACH && same; i++) {
		double tens = number_power10[next_random() % 14];
		double value = ((double)(next_random() % 1000000000) + (i % 2 ? 0.5 : 0)) / tens;

		same = prints_as_printf(value) && prints_as_printf(nextafter(value, 0)) &&
		       prints_as_printf(nextafter(value, HUGE_VAL));
	}
	tap_ok(same, "%d decimals of nine digits, those halfway between two, and their neighbours print as %%.9g", EACH);
}

static void
test_print_cases(void)
{
	bool same = true;

	for (int power = -320; power <= 308; power++)
		for (int digit = 1; digit <= 9; digit++) {
			double value = digit * pow(10, power), below = value, above = value;

			for (int ulps = 0; ulps < 4; ulps++) {
				same = same && prints_as_printf(below) && prints_as_printf(-above);
				below = nextafter(below, 0);
				above = nextafter(above, HUGE_VAL);
			}
			same = same && prints_as_printf(value * (1 - 1e-10)) && prints_as_printf(value * (1 + 5e-10));
		}
	tap_ok(same, "powers of ten and their neighbours print as %%.9g");
	tap_ok(prints_as_printf(0.0) && prints_as_printf(-0.0), "both zeros");
	tap_ok(prints_as_printf(999999999) && prints_as_printf(999999999.5) && prints_as_printf(999999998.5) &&
	       prints_as_printf(1e9), "where nine digits become ten");
	tap_ok(prints_as_printf(0.0001) && prints_as_printf(0.00009999999996) && prints_as_printf(5e-324) &&
	       prints_as_printf(-1.7976931348623157e308), "where exponents begin");
}

/* The same double comes back, and from no fewer digits. */
static bool
exact(double value)
{
	char text[NUMBER_MAX], shorter[400];
	size_t n = number_print_exact(text, value), digits = 0;
	double back = 0;

	if (!number_parse((struct view){text, n}, &back) || memcmp(&back, &value, sizeof value) != 0)
		return false;
	for (size_t i = 0; i < n && text[i] != 'e'; i++)
		digits += is_digit(text[i]) && (digits || text[i] != '0');
	snprintf(shorter, sizeof shorter, "%.*g", (int)digits - 1, value);
	return digits <= 9 || strtod(shorter, NULL) != value;
}

static void
test_print_exact(void)
{
	bool good = exact(0.1) && exact(0) && exact(-0.0) && exact(1.0 / 3) && exact(5e-324) && exact(-DBL_MAX) && exact(1e22);

	for (int i = 0; good && i < 20000; i++)
		good = exact(random_double()) && exact(usual_double());
	tap_ok(good, "print_exact: the same double comes back, from as few digits as can be");
}

static void
test_hints(void)
{
	static const struct {
		const char *text, *hint;
	} cases[] = {
		{"1e999", "too large?"}, {"-1e999", "too large?"}, {"1e309", "too large?"}, {"", "it is empty"},
		{"1,5", "decimal comma?"}, {"0x10", "hexadecimal?"}, {"2019-11-24", ""}, {"10:30", ""}, {"1_000", ""},
		{"2:3", ""}, {"1 2", ""}, {"x", ""}, {"inf", ""}, {"1e", ""}, {"12345678.5.1", ""},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *hint = number_hint((struct view){cases[i].text, strlen(cases[i].text)});

		tap_ok(strcmp(hint, cases[i].hint) == 0, "hint for %s: %s", cases[i].text, hint);
	}
}

int
main(void)
{
	test_parse_cases();
	test_hints();
	test_parse_random();
	test_short();
	test_whole();
	test_print_cases();
	test_print_random();
	test_print_exact();
	return tap_done();
}

/*
 * number.c - number_parse takes what strtod takes, of the notation that is allowed, and gives the same bits;
 * number_whole counts digits; number_print gives what printf gives.
 */
#include "../../common/io/number.h"

static void
check_parse(struct view text)
{
	char *copy = malloc(text.n + 1), *end;
	bool notation = text.n > 0, taken;
	double expected, got = 0;

	memcpy(copy, text.at, text.n);
	copy[text.n] = '\0';
	for (size_t i = 0; i < text.n; i++)
		notation = notation && copy[i] && strchr("0123456789+-.eE", copy[i]);
	expected = strtod(copy, &end);
	taken = number_parse(text, &got);
	if (taken != (notation && end == copy + text.n && isfinite(expected)) ||
	    (taken && memcmp(&got, &expected, sizeof got) != 0))
		abort();
	free(copy);
}

static void
check_whole(struct view text)
{
	uint64_t got, expected = 0;
	size_t n = 0;

	while (n < text.n && is_digit(text.at[n]))
		n++;
	if (n > 19)
		n = 0;
	for (size_t i = 0; i < n; i++)
		expected = expected * 10 + (uint64_t)(text.at[i] - '0');
	if (number_whole(text, &got) != n || (n && got != expected))
		abort();
}

static void
check_print(double value)
{
	char got[NUMBER_MAX + 1], expected[NUMBER_MAX + 1];

	if (!isfinite(value))
		return;
	got[number_print(got, value)] = '\0';
	snprintf(expected, sizeof expected, "%.9g", value);
	if (strcmp(got, expected) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct view text = {(const char *)data, n};
	double value;

	check_parse(text);
	check_whole(text);
	number_hint(text);
	if (number_parse(text, &value))
		check_print(value);
	if (n >= sizeof value) {
		memcpy(&value, data, sizeof value);
		check_print(value);
	}
	return 0;
}

/*
 * tap.h - the C tests' way to speak TAP: tap_ok for each check, `return tap_done();` as the end of main.
 */
#ifndef WEIR_TAP_H
#define WEIR_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_n, tap_failed;

/* One check: whether it held, and what it is. Returns whether it held. */
__attribute__((format(printf, 2, 3)))
static inline bool
tap_ok(bool held, const char *what, ...)
{
	va_list arguments;

	tap_n++;
	tap_failed += !held;
	printf("%sok %d - ", held ? "" : "not ", tap_n);
	va_start(arguments, what);
	vprintf(what, arguments);
	va_end(arguments);
	putchar('\n');
	fflush(stdout); /* what follows may crash */
	return held;
}

/* Are two texts the same? NULL is only NULL. */
static inline bool
tap_same(const char *got, const char *expected)
{
	return got == expected || (got && expected && strcmp(got, expected) == 0);
}

/* The plan line, without which a run counts as dead. Returns the exit status. */
static inline int
tap_done(void)
{
	printf("1..%d\n", tap_n);
	return tap_failed != 0 || fflush(stdout) != 0;
}

#endif

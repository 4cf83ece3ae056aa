/* timestamp.h against gmtime_r: every 97th day of nine thousand years, and texts that are no times. */
#include <time.h>

#include "../common/io/timestamp.h"
#include "tap.h"

static bool
parses(const char *text, int64_t day, int second)
{
	struct timestamp t;

	return timestamp_parse(view_of(text), &t) && t.day == day && t.second == second;
}

static void
check_calendar(void)
{
	int wrong = 0;

	for (int64_t day = -719162; day <= 2932896; day += 97) { /* 0001-01-01 to 9999-12-31 */
		time_t seconds = (time_t)(day * 86400 + 86399);
		char date[64], both[80], number[64];
		struct timestamp t;
		struct tm tm;

		gmtime_r(&seconds, &tm);
		snprintf(date, sizeof date, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
		snprintf(both, sizeof both, "%sT23:59:59Z", date);
		snprintf(number, sizeof number, "%lld", (long long)seconds);
		wrong += !parses(date, day, -1) || !parses(both, day, 86399) || !parses(number, day, 86399);
		t = (struct timestamp){day, 0};
		wrong += timestamp_weekday(t) != (tm.tm_wday ? tm.tm_wday : 7);
	}
	tap_ok(wrong == 0, "dates, times, seconds and weekdays are gmtime's (%d are not)", wrong);
}

int
main(void)
{
	static const char *const none[] = {
		"", "now", "2016-1-02", "2016-13-01", "2016-00-01", "2016-01-32", "2016-01-00", "2015-02-29", "1900-02-29",
		"0000-01-01", "2016-01-02T", "2016-01-02T24:00", "2016-01-02T13", "2016-01-02T13:60", "2016-01-02T13:00:61",
		"2016-01-02T13:00:00.", "2016-01-02T13:00:00.x", "2016-01-02T13:00z", "2016-01-02T13:00 Z", "2016-01-02T13:00+1",
		"2016-01-02T13:00+24", "2016-01-02T13:00+01:", "2016-01-02T13:00+01:60", "2016-01-02T13:00+01000", "2016-01-02x13:00",
		"253402300800", "-62135596801", "1e300",
	};
	struct timestamp t;

	check_calendar();
	tap_ok(parses("2000-02-29", 11016, -1) && parses("2004-02-29", 12477, -1), "leap days");
	tap_ok(parses("1970-01-01 00:00", 0, 0), "a blank for the T, no seconds");
	tap_ok(parses("1970-01-01T00:00:07.25", 0, 7), "a fraction of a second");
	tap_ok(parses("1970-01-01T23:59:60", 0, 86399), "a leap second is the one before");
	tap_ok(parses("1970-01-01T00:30:00+01:00", -1, 84600), "a zone ahead");
	tap_ok(parses("1970-01-01T23:30:00-0130", 1, 3600), "a zone behind, without a colon");
	tap_ok(parses("1970-01-01T23:30-03", 1, 9000), "a zone of hours");
	tap_ok(parses("-0.5", -1, 86399), "half a second before 1970");
	tap_ok(parses("1e3", 0, 1000), "seconds are any number");
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		tap_ok(!timestamp_parse(view_of(none[i]), &t), "no time: \"%s\"", none[i]);
	return tap_done();
}

/*
 * timestamp.h - points in time as logs write them: seconds since 1970, or ISO 8601; always UTC.
 */
#ifndef WEIR_TIMESTAMP_H
#define WEIR_TIMESTAMP_H

#include <stdint.h>

#include "number.h"

struct timestamp {
	int64_t day;    /* since Thursday, 1970-01-01 */
	int32_t second; /* of the day; -1 where the text is a date without a time of day */
};

/* Two digits at the start of text, within [least, most]; both are then cut off. */
static inline bool
timestamp_pair(struct view *text, int least, int most, int *value)
{
	if (text->n < 2 || !is_digit(text->at[0]) || !is_digit(text->at[1]))
		return false;
	*value = 10 * (text->at[0] - '0') + text->at[1] - '0';
	*text = (struct view){text->at + 2, text->n - 2};
	return *value >= least && *value <= most;
}

/* Whether text starts with the character, which is then cut off. */
static inline bool
timestamp_skip(struct view *text, char c)
{
	if (!text->n || *text->at != c)
		return false;
	*text = (struct view){text->at + 1, text->n - 1};
	return true;
}

/* Days from 1970-01-01 to a Gregorian date. Its years start in March here, so that leap days end them. */
static inline int64_t
timestamp_days(int year, int month, int day)
{
	int y = month > 2 ? year : year - 1, m = (month + 9) % 12;

	return (int64_t)y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

/* YYYY-MM-DD at the start of text, which is then cut off. */
static inline bool
timestamp_date(struct view *text, int64_t *days)
{
	static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int century, year, month, day;
	bool leap;

	if (!timestamp_pair(text, 0, 99, &century) || !timestamp_pair(text, 0, 99, &year) ||
	    !timestamp_skip(text, '-') || !timestamp_pair(text, 1, 12, &month) ||
	    !timestamp_skip(text, '-') || !timestamp_pair(text, 1, 31, &day))
		return false;
	year += 100 * century;
	leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	if (year == 0 || day > month_days[month - 1] + (month == 2 && leap))
		return false;
	*days = timestamp_days(year, month, day);
	return true;
}

/* hh:mm[:ss[.digits]] at the start of text, which is then cut off. A leap second counts as the one before. */
static inline bool
timestamp_clock(struct view *text, int64_t *seconds)
{
	int hour, minute, second = 0;

	if (!timestamp_pair(text, 0, 23, &hour) || !timestamp_skip(text, ':') || !timestamp_pair(text, 0, 59, &minute))
		return false;
	if (timestamp_skip(text, ':')) {
		if (!timestamp_pair(text, 0, 60, &second))
			return false;
		if (timestamp_skip(text, '.') && (!text->n || !is_digit(*text->at)))
			return false;
		while (text->n && is_digit(*text->at))
			*text = (struct view){text->at + 1, text->n - 1};
	}
	*seconds = hour * 3600 + minute * 60 + (second < 60 ? second : 59);
	return true;
}

/* Z, +hh, +hhmm or +hh:mm as the whole of text; nothing at all is UTC too. */
static inline bool
timestamp_zone(struct view text, int64_t *seconds)
{
	int hour, minute = 0, sign;

	*seconds = 0;
	if (text.n == 0 || (text.n == 1 && *text.at == 'Z'))
		return true;
	sign = *text.at == '-' ? -1 : 1;
	if ((!timestamp_skip(&text, '+') && !timestamp_skip(&text, '-')) || !timestamp_pair(&text, 0, 23, &hour))
		return false;
	if (text.n) {
		timestamp_skip(&text, ':');
		if (!timestamp_pair(&text, 0, 59, &minute) || text.n)
			return false;
	}
	*seconds = sign * (hour * 3600 + minute * 60);
	return true;
}

/* Seconds since 1970 as a day and what is left of it. */
static inline struct timestamp
timestamp_of(int64_t seconds)
{
	int64_t day = seconds / 86400 - (seconds % 86400 < 0);

	return (struct timestamp){day, (int32_t)(seconds - day * 86400)};
}

/*
 * The whole of text as a time: a number of seconds (whole or not) up to the year 9999, or
 * YYYY-MM-DD[(T| )hh:mm[:ss[.digits]][zone]]. False when it is neither.
 */
static inline bool
timestamp_parse(struct view text, struct timestamp *time)
{
	const double least = -62135596800, most = 253402300799;
	double number;
	int64_t day, seconds, ahead;

	if (number_parse(text, &number)) {
		if (!(number >= least && number <= most))
			return false;
		*time = timestamp_of((int64_t)floor(number));
		return true;
	}
	if (!timestamp_date(&text, &day))
		return false;
	*time = (struct timestamp){day, -1};
	if (text.n == 0)
		return true;
	if ((!timestamp_skip(&text, 'T') && !timestamp_skip(&text, ' ')) || !timestamp_clock(&text, &seconds) ||
	    !timestamp_zone(text, &ahead))
		return false;
	*time = timestamp_of(day * 86400 + seconds - ahead);
	return true;
}

/* Why text was refused by timestamp_parse, as a hint for a person; "" when there is nothing to add. */
static inline const char *
timestamp_hint(struct view text)
{
	double number;

	if (number_parse(text, &number))
		return "milliseconds?";
	return text.n ? "seconds since 1970 or YYYY-MM-DDThh:mm:ss" : "it is empty";
}

/* 0 to 23; -1 where the time of day is unknown. */
static inline int
timestamp_hour(struct timestamp time)
{
	return time.second < 0 ? -1 : time.second / 3600;
}

/* 1 for Monday to 7 for Sunday, as ISO 8601 counts. */
static inline int
timestamp_weekday(struct timestamp time)
{
	return (int)(((time.day + 3) % 7 + 7) % 7) + 1;
}

#endif

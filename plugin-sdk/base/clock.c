/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock, and RFC 3339 times.
 */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY_MS 86400000LL

static bool is_virtual;
static int64_t virtual_ms;

static int64_t read_us(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_us(void)
{
	if (UNLIKELY(is_virtual))
		return virtual_ms * 1000;
	return read_us(CLOCK_MONOTONIC);
}

int64_t clock_ms(void)
{
	return clock_us() / 1000;
}

int64_t clock_wall_ms(void)
{
	if (UNLIKELY(is_virtual))
		return CLOCK_VIRTUAL_EPOCH + virtual_ms;
	return read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_left(int64_t deadline)
{
	int64_t now;

	if (!deadline)
		return -1;
	now = clock_ms();
	return deadline > now ? deadline - now : 0;
}

void clock_set_virtual(int64_t ms)
{
	is_virtual = true;
	virtual_ms = ms;
}

void clock_advance(int64_t ms)
{
	virtual_ms += ms;
}

void clock_set_real(void)
{
	is_virtual = false;
}

bool clock_is_virtual(void)
{
	return is_virtual;
}

/* ---- RFC 3339 ---------------------------------------------------------- */

/* Days since 1970-01-01 of the proleptic Gregorian calendar.  Years begin in
 * March here, so that the leap day is a year's last; an era has 400 years. */
static int64_t days_from_date(int64_t year, int month, int day)
{
	int64_t era, of_era, of_year;

	year -= month <= 2;
	era = (year >= 0 ? year : year - 399) / 400;
	of_era = year - era * 400;
	of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	       of_year - 719468;
}

static void date_from_days(int64_t days, int *year, int *month, int *day)
{
	int64_t era, of_era, y, of_year, m;

	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	of_era = days - era * 146097;
	y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	of_year = of_era - (365 * y + y / 4 - y / 100);
	m = (5 * of_year + 2) / 153;
	*day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = (int)(y + era * 400 + (*month <= 2));
}

#define FIRST_MS (-62167219200000LL)    /* 0000-01-01T00:00:00Z */
#define LAST_MS 253402300799999LL       /* 9999-12-31T23:59:59.999Z */

static char *put_digits(char *p, int width, int value)
{
	for (int i = width - 1; i >= 0; i--, value /= 10)
		p[i] = (char)('0' + value % 10);
	return p + width;
}

/* By hand, because each line of the log has one. */
const char *clock_format(int64_t wall_ms, char text[CLOCK_TEXT])
{
	int64_t ms = wall_ms < FIRST_MS ? FIRST_MS : wall_ms;
	int year, month, day, left;
	char *p = text;

	if (ms > LAST_MS)
		ms = LAST_MS;
	left = (int)((ms % DAY_MS + DAY_MS) % DAY_MS);
	date_from_days((ms - left) / DAY_MS, &year, &month, &day);
	p = put_digits(p, 4, year);
	*p++ = '-';
	p = put_digits(p, 2, month);
	*p++ = '-';
	p = put_digits(p, 2, day);
	*p++ = 'T';
	p = put_digits(p, 2, left / 3600000);
	*p++ = ':';
	p = put_digits(p, 2, left / 60000 % 60);
	*p++ = ':';
	p = put_digits(p, 2, left / 1000 % 60);
	*p++ = '.';
	p = put_digits(p, 3, left % 1000);
	*p++ = 'Z';
	*p = '\0';
	return text;
}

static int days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30,
				    31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* Take exactly @width digits with a value in [low, high]. */
static bool take(const char **p, int width, int low, int high, int *value)
{
	int v = 0;

	for (int i = 0; i < width; i++, ++*p) {
		if (**p < '0' || **p > '9')
			return false;
		v = v * 10 + (**p - '0');
	}
	*value = v;
	return v >= low && v <= high;
}

static bool skip(const char **p, char c)
{
	if (**p != c)
		return false;
	++*p;
	return true;
}

/* ".120456": milliseconds, what is finer is dropped. */
static bool take_fraction(const char **p, int *ms)
{
	int scale = 100;

	*ms = 0;
	if (!skip(p, '.'))
		return true;
	if (**p < '0' || **p > '9')
		return false;
	for (; **p >= '0' && **p <= '9'; ++*p, scale /= 10)
		*ms += (**p - '0') * scale;
	return true;
}

/* "Z" or "+02:00". */
static bool take_offset(const char **p, int *minutes)
{
	int hour, minute, sign;

	*minutes = 0;
	if (skip(p, 'Z') || skip(p, 'z'))
		return true;
	sign = **p == '-' ? -1 : 1;
	if (!skip(p, '+') && !skip(p, '-'))
		return false;
	if (!take(p, 2, 0, 23, &hour) || !skip(p, ':') ||
	    !take(p, 2, 0, 59, &minute))
		return false;
	*minutes = sign * (hour * 60 + minute);
	return true;
}

bool clock_parse(const char *text, int64_t *wall_ms)
{
	int year, month, day, hour, minute, second, ms, offset;
	const char *p = text;
	int64_t seconds;

	if (!take(&p, 4, 0, 9999, &year) || !skip(&p, '-') ||
	    !take(&p, 2, 1, 12, &month) || !skip(&p, '-') ||
	    !take(&p, 2, 1, days_in_month(year, month), &day))
		return false;
	if (!skip(&p, 'T') && !skip(&p, 't'))
		return false;
	if (!take(&p, 2, 0, 23, &hour) || !skip(&p, ':') ||
	    !take(&p, 2, 0, 59, &minute) || !skip(&p, ':') ||
	    !take(&p, 2, 0, 60, &second) || !take_fraction(&p, &ms) ||
	    !take_offset(&p, &offset) || *p)
		return false;
	seconds = days_from_date(year, month, day) * 86400 + hour * 3600 +
		  (minute - offset) * 60 + second;
	*wall_ms = seconds * 1000 + ms;
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/decimal.h"

#include <stdio.h>

#define BILLION 1000000000LL
#define FRACTION 9
#define MOST ((decimal)INT64_MAX * BILLION)

static bool fits(decimal d)
{
	return d <= MOST && d >= -MOST;
}

static bool add_digit(decimal *d, char digit)
{
	*d = *d * 10 + (digit - '0');
	return *d <= MOST;
}

bool decimal_parse(const char *text, decimal *d)
{
	const char *p = text + (*text == '-'), *point = NULL, *start = p;
	int places = 0;

	for (*d = 0; *p && (*p != '.' || !point); p++)
		if (*p == '.')
			point = p;
		else if (*p < '0' || *p > '9' || !add_digit(d, *p) ||
			 (point && ++places > FRACTION))
			return false;
	if (*p || p == start || point == start || (point && !places))
		return false;
	for (; places < FRACTION; places++)
		*d *= 10;
	*d = *text == '-' ? -*d : *d;
	return fits(*d);
}

bool decimal_times(decimal *d, int128 n, int64_t by)
{
	decimal half = by / 2;

	if (by <= 0 || __builtin_mul_overflow(*d, n, d) ||
	    __builtin_add_overflow(*d, *d < 0 ? -half : half, d))
		return false;
	*d /= by;
	return fits(*d);
}

bool decimal_add(decimal *sum, decimal d)
{
	*sum += d;
	return fits(*sum);
}

const char *decimal_format(decimal d, char text[DECIMAL_TEXT])
{
	decimal size = d < 0 ? -d : d;
	size_t n = (size_t)snprintf(
		text, DECIMAL_TEXT, "%s%lld.%09lld", d < 0 ? "-" : "",
		(long long)(size / BILLION), (long long)(size % BILLION));

	while (text[n - 1] == '0' && text[n - 3] != '.')
		text[--n] = '\0';
	return text;
}

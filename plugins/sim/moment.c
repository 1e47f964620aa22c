/* SPDX-License-Identifier: Apache-2.0 */
#include "moment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t moment_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

json_t *moment_json(int64_t ms)
{
	time_t whole = (time_t)(ms / 1000);
	char text[40], seconds[32];
	struct tm tm;

	gmtime_r(&whole, &tm);
	strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%03dZ", seconds, (int)(ms % 1000));
	return json_string(text);
}

/* "+01:00" or "Z" at the end of a time. */
static int64_t offset_ms(const char *zone)
{
	int hours = 0, minutes = 0;

	if (sscanf(zone + (*zone != '\0'), "%2d:%2d", &hours, &minutes) != 2)
		return 0;
	return (hours * 60 + minutes) * 60000LL * (*zone == '-' ? -1 : 1);
}

int64_t moment_parse(const char *text)
{
	struct tm tm = { 0 };
	double fraction = 0;
	char *rest = strptime(text, "%Y-%m-%d", &tm);
	int64_t ms;

	if (rest && (*rest == 'T' || *rest == 't'))
		rest = strptime(rest + 1, "%H:%M:%S", &tm);
	if (!rest)
		return 0;
	if (*rest == '.')
		fraction = strtod(rest, &rest);
	ms = (int64_t)timegm(&tm) * 1000 + (int64_t)(fraction * 1000);
	return ms - offset_ms(rest);
}

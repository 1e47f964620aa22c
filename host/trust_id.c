/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identifiers and times, as all parts of trust write them.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "trust.h"

void trust_new_id(const char *prefix, char id[TRUST_ID_SIZE])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char bytes[26];
	size_t n = strlen(prefix);

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		abort(); /* a kernel without random numbers */
	memcpy(id, prefix, n);
	for (size_t i = 0; i < sizeof(bytes); i++)
		id[n + i] = letters[bytes[i] & 31];
	id[n + sizeof(bytes)] = '\0';
}

json_t *trust_time(int64_t wall_ms)
{
	char text[CLOCK_TEXT];

	return wall_ms ? json_string(clock_format(wall_ms, text)) : json_null();
}

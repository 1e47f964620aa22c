/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moments: milliseconds since 1970-01-01 UTC, and their text (RFC 3339).
 */
#ifndef SKYCLUST_SIM_MOMENT_H
#define SKYCLUST_SIM_MOMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define HOUR_MS 3600000LL

int64_t moment_now(void);
json_t *moment_json(int64_t ms);                /* text, new */
/* Of a date or a time that the catalogue has checked. */
int64_t moment_parse(const char *text);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slices: borrowed text.
 */
#include "base/base.h"

#include <string.h>

struct slice slice_of(const char *text)
{
	return (struct slice){ text ? text : "", text ? strlen(text) : 0 };
}

bool slice_eq(struct slice s, const char *text)
{
	return strlen(text) == s.n && (!s.n || !memcmp(s.p, text, s.n));
}

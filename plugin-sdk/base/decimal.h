/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Money: exact decimals, in text such as "0.0104".  No binary fraction ever
 * touches it; what would not fit is an error, never another number.
 */
#ifndef SKYCLUST_BASE_DECIMAL_H
#define SKYCLUST_BASE_DECIMAL_H

#include "base/base.h"

__extension__ typedef __int128 int128;
typedef int128 decimal; /* in billionths */

#define DECIMAL_TEXT 48

/* Digits, a point and at most nine more, a sign in front.  False: it is none,
 * or has more digits than fit. */
bool decimal_parse(const char *text, decimal *d);

/* *@d times @n / @by, rounded to the nearest billionth.  False: too large, or
 * @by is not above 0. */
bool decimal_times(decimal *d, int128 n, int64_t by);

/* False: the sum is too large. */
bool decimal_add(decimal *sum, decimal d);

/* With two to nine digits behind the point; @text. */
const char *decimal_format(decimal d, char text[DECIMAL_TEXT]);

#endif

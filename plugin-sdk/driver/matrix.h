/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The support matrix: for each kind of resource what the driver can do with it
 * and what it cannot, with the reason.  --describe and --man print it.
 */
#ifndef SKYCLUST_DRIVER_MATRIX_H
#define SKYCLUST_DRIVER_MATRIX_H

#include <jansson.h>

#include "driver/runtime.h"

/*
 * Every operation of the catalogue in its order, then the driver's own:
 * [{"kind": "instance", "can": [verb, …], "cannot": {reason: [verb, …]}}, …];
 * new.
 */
json_t *matrix_of(const struct runtime *rt);

/* The operations themselves, in the same order. */
void matrix_each(const struct runtime *rt,
		 void (*fn)(const struct runtime *rt, const char *op,
			    void *arg),
		 void *arg);

/* Why @op cannot be done; "" when the driver gives no reason. */
const char *matrix_reason(const struct runtime *rt, const char *op);

/* The words of an array, with @between: "list, get"; new. */
char *matrix_words(const json_t *words, const char *between);

#endif

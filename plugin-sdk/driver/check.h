/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --check: is the driver as its tables say?  Every row names an operation of
 * the catalogue, every operation is a row or listed as unsupported, and the
 * schemas can be read.
 */
#ifndef SKYCLUST_DRIVER_CHECK_H
#define SKYCLUST_DRIVER_CHECK_H

#include <jansson.h>

#include "skyclust/driver.h"

/* What is wrong, as an array (new) of texts; empty when nothing is. */
json_t *check_findings(const struct sc_driver *driver);

/* Why @op is unsupported, or NULL when the driver does not say. */
const char *check_unsupported(const struct sc_driver *driver, const char *op);

#endif

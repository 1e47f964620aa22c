/* SPDX-License-Identifier: Apache-2.0 */
/*
 * States: our word in `status`, the fake cloud's own in `provider_status`.
 */
#ifndef SKYCLUST_SIM_STATUS_H
#define SKYCLUST_SIM_STATUS_H

#include <jansson.h>

/* NULL: kinds without a state are left alone. */
void status_write(json_t *record, const char *word);

#endif

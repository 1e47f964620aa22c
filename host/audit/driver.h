/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of drivers, as records: driver.ready, driver.ended, driver.replaced,
 * driver.backed_off, driver.broken, each with the program's digest.  Private to
 * host/audit.
 */
#ifndef SKYCLUST_HOST_AUDIT_DRIVER_H
#define SKYCLUST_HOST_AUDIT_DRIVER_H

#include "audit/audit_impl.h"

/* From now on; those that are ready already are told first. */
void driver_watch(struct audit *a);
void driver_unwatch(void);

#endif

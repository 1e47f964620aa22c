/* SPDX-License-Identifier: Apache-2.0 */
/* The driver as a child of the host: frames on the pipes until they end. */
#ifndef SKYCLUST_DRIVER_SERVE_H
#define SKYCLUST_DRIVER_SERVE_H

#include "skyclust/driver.h"

/* Serve the host on descriptors 0 and 1 until it closes them; the program's
 * exit status. */
int serve(const struct sc_driver *driver);

#endif

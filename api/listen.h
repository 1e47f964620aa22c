/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The listening socket: loopback only, until users and roles exist.
 */
#ifndef SKYCLUST_API_LISTEN_H
#define SKYCLUST_API_LISTEN_H

#include "base/error.h"

#define LISTEN_URL 80

/*
 * Listen on @text: "127.0.0.1:8080", "localhost:8080" or "[::1]:8080"; port 0
 * picks a free one.  The descriptor, with "http://HOST:PORT" of the address
 * really bound in @url; -1 with @err: no such form, not loopback, or the
 * kernel's complaint.
 */
int listen_loopback(const char *text, char url[LISTEN_URL], struct error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The listening sockets: one for the network, one for the administrator of
 * this machine.
 */
#ifndef SKYCLUST_API_LISTEN_H
#define SKYCLUST_API_LISTEN_H

#include "base/error.h"

#define LISTEN_URL 80

/*
 * Listen on @text: "127.0.0.1:8080", "localhost:8080" or "[::1]:8080"; port 0
 * picks a free one.  Without @tls only loopback addresses are taken: tokens
 * must not cross a network in the clear.  The descriptor, with
 * "http://HOST:PORT" or "https://HOST:PORT" of the address really bound in
 * @url; -1 with @err: no such form, not loopback, or the kernel's complaint.
 */
int listen_tcp(const char *text, bool tls, char url[LISTEN_URL],
	       struct error *err);

/*
 * Listen on the unix socket @path, which only its owner may open (0600).  A
 * socket left there by a process that is gone is replaced.  The descriptor, or
 * -1 with @err: ERR_CONFLICT when somebody listens there, or it is another
 * kind of file; ERR_INVALID when @path is too long for an address (unix(7):
 * 107 bytes), or the kernel's complaint.  Who stops listening removes @path
 * first.
 */
int listen_unix(const char *path, struct error *err);

#endif

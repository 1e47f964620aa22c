/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS of the API: certificate, key and, if clients must show a certificate
 * too, the authorities these may come from.  All are read again when their
 * files change, without a restart: each connection uses, to its end, what held
 * when it began.  A set that cannot be used changes nothing.
 *
 * TLS 1.2 and 1.3 with forward secrecy and authenticated encryption only
 * (RFC 9325).
 */
#ifndef SKYCLUST_HOST_TLS_TLS_H
#define SKYCLUST_HOST_TLS_TLS_H

#include <gnutls/gnutls.h>

#include "base/error.h"

struct tls;
struct tls_identity; /* a set that was read */

/* PEM files; NULL and "" mean none. */
struct tls_files {
	const char *certificate; /* its own first, then its issuers' */
	const char *key;	 /* without a pass phrase */
	const char *client_ca;	 /* clients must show a certificate of these */
};

/* As GnuTLS's priority string: what is agreed on with clients. */
extern const char tls_priorities[];

/* Is TLS wanted at all? */
bool tls_is_set(const struct tls_files *files);

/* Can they be used?  ERR_INVALID says which setting, which file and why:
 * missing, unreadable, no PEM, encrypted, not one pair.  What can be used but
 * will not please clients (expired, key readable by others) is logged. */
bool tls_check(const struct tls_files *files, struct error *err);

/* Read them; copies the names.  New, or NULL with @err of tls_check(). */
struct tls *tls_new(const struct tls_files *files, struct error *err);
void tls_free(struct tls *tls);

/* Use @files from now on; false with @err: the old ones stay. */
bool tls_reload(struct tls *tls, const struct tls_files *files,
		struct error *err);

/*
 * Give a session that has not begun its handshake the newest set, after a look
 * at the files, at most once a second.  If clients must show a certificate, the
 * handshake fails without a good one.  tls_detach() when the session is over.
 */
struct tls_identity *tls_attach(struct tls *tls, gnutls_session_t session);
void tls_detach(struct tls_identity *identity); /* NULL is fine */

/* Who is at the other end, after the handshake: the subject of the
 * certificate (RFC 4514), new; NULL: none was asked for. */
char *tls_peer(gnutls_session_t session);

#endif

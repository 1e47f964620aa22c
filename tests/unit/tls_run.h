/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS for tests: certificates in a folder, and a client that waits in fibers.
 */
#ifndef SKYCLUST_TESTS_UNIT_TLS_RUN_H
#define SKYCLUST_TESTS_UNIT_TLS_RUN_H

#include "unit.h"

#include <errno.h>
#include <ev.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fiber.h"
#include "base/sys.h"
#include "tls/tls.h"

/* ---- certificates ---------------------------------------------------------- */

static char tls_folder[] = "/tmp/skyclust-tls-XXXXXX";

/* "FOLDER/NAME"; the text of the last eight calls holds. */
static inline const char *tls_path(const char *name)
{
	static char paths[8][80];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", tls_folder, name);
	return path;
}

static inline void tls_write(const char *name, const gnutls_datum_t *pem)
{
	assert_int_equal(sys_replace_file(tls_path(name), pem->data, pem->size,
					  0600), 0);
	gnutls_free(pem->data);
}

/* NAME.key and a self-signed NAME.pem with a serial number of its own, good
 * for servers and clients. */
static inline void tls_make(const char *name, unsigned char serial)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
	gnutls_datum_t pem;
	char text[40];

	gnutls_x509_privkey_init(&key);
	gnutls_x509_crt_init(&crt);
	assert_int_equal(gnutls_x509_privkey_generate(
		key, GNUTLS_PK_ECDSA,
		GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0), 0);
	snprintf(text, sizeof(text), "CN=%s,O=SkyClust", name);
	gnutls_x509_crt_set_dn(crt, text, NULL);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, &serial, 1);
	gnutls_x509_crt_set_activation_time(crt, time(NULL) - 60);
	gnutls_x509_crt_set_expiration_time(crt, time(NULL) + 3600);
	gnutls_x509_crt_set_basic_constraints(crt, 1, -1);
	gnutls_x509_crt_set_key(crt, key);
	assert_int_equal(gnutls_x509_crt_sign2(crt, crt, key,
					       GNUTLS_DIG_SHA256, 0), 0);
	gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem);
	snprintf(text, sizeof(text), "%s.key", name);
	tls_write(text, &pem);
	gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem);
	snprintf(text, sizeof(text), "%s.pem", name);
	tls_write(text, &pem);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
}

static inline int tls_make_folder(void **state)
{
	(void)state;
	return mkdtemp(tls_folder) ? 0 : -1;
}

static inline int tls_remove_folder(void **state)
{
	static const char *const names[] = { "server", "client", "next" };
	char name[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(name, sizeof(name), "%s.key", names[i]);
		unlink(tls_path(name));
		snprintf(name, sizeof(name), "%s.pem", names[i]);
		unlink(tls_path(name));
	}
	return rmdir(tls_folder);
}

/* ---- a client -------------------------------------------------------------- */

struct tls_client {
	int fd;
	gnutls_session_t session;
	gnutls_certificate_credentials_t credentials;
};

/* On @fd, which is the client's from now on; shows the certificate NAME.pem
 * unless @name is NULL. */
static inline void tls_client_init(struct tls_client *c, int fd,
				   const char *name)
{
	char pem[16], key[16];

	c->fd = fd;
	gnutls_certificate_allocate_credentials(&c->credentials);
	snprintf(pem, sizeof(pem), "%s.pem", name ? name : "");
	snprintf(key, sizeof(key), "%s.key", name ? name : "");
	if (name)
		assert_true(gnutls_certificate_set_x509_key_file(
			c->credentials, tls_path(pem), tls_path(key),
			GNUTLS_X509_FMT_PEM) >= 0);
	gnutls_init(&c->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK |
				 GNUTLS_FORCE_CLIENT_CERT);
	gnutls_set_default_priority(c->session);
	gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE,
			       c->credentials);
	gnutls_transport_set_int(c->session, fd);
}

static inline void tls_client_done(struct tls_client *c)
{
	close(c->fd);
	gnutls_deinit(c->session);
	gnutls_certificate_free_credentials(c->credentials);
}

/* True: try again. */
WAITS static inline bool tls_client_wait(struct tls_client *c, ssize_t result)
{
	int events = gnutls_record_get_direction(c->session) ? EV_WRITE
							     : EV_READ;

	if (result != GNUTLS_E_AGAIN && result != GNUTLS_E_INTERRUPTED)
		return false;
	return fiber_wait_fd(c->fd, events, clock_ms() + 10000) == WAIT_WOKEN;
}

/* 0, or GnuTLS's error. */
WAITS static inline int tls_client_greet(struct tls_client *c)
{
	int result;

	do
		result = gnutls_handshake(c->session);
	while (tls_client_wait(c, result));
	return result;
}

WAITS static inline void tls_client_send(struct tls_client *c,
					 const char *text)
{
	size_t left = strlen(text);
	ssize_t n;

	while (left) {
		do
			n = gnutls_record_send(c->session, text, left);
		while (tls_client_wait(c, n));
		if (n <= 0)
			return;
		text += n;
		left -= (size_t)n;
	}
}

/* Up to the end; whether that was an orderly one is the server's matter. */
WAITS static inline void tls_client_read(struct tls_client *c, struct buf *out)
{
	char piece[16384];
	ssize_t n;

	do {
		do
			n = gnutls_record_recv(c->session, piece,
					       sizeof(piece));
		while (tls_client_wait(c, n));
		if (n > 0)
			buf_add(out, piece, (size_t)n);
	} while (n > 0);
}

#endif

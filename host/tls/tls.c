/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls.h"

#include <errno.h>
#include <gnutls/x509.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sys.h"

#define FILE_MAX (1 << 20)
#define LOOK_MS 1000 /* between two looks at the files */

/* The group that clients guess first comes first, as another one would cost a
 * round more. */
const char tls_priorities[] =
	"SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
	":-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA"
	":-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1"
	":-CIPHER-ALL:+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM"
	":-MAC-ALL:+AEAD:%SERVER_PRECEDENCE";

enum { CERTIFICATE, KEY, CLIENT_CA, FILES };

/* In the order of the enum. */
static const char *const settings[FILES] = {
	"server.tls_certificate",
	"server.tls_key",
	"server.tls_client_ca",
};

struct tls_identity {
	unsigned users; /* sessions, and struct tls while it is the newest */
	gnutls_certificate_credentials_t credentials;
	bool wants_client;
};

/* What tells whether a file is still the one that was read. */
struct stamp {
	struct timespec changed;
	ino_t inode;
	off_t size;
};

struct tls {
	char *files[FILES]; /* "" for none */
	struct stamp stamps[FILES];
	int64_t looked; /* clock_ms() */
	struct tls_identity *newest;
};

/* ---- the files ----------------------------------------------------------- */

static bool is_given(const char *file)
{
	return file && *file;
}

bool tls_is_set(const struct tls_files *files)
{
	return is_given(files->certificate) || is_given(files->key) ||
	       is_given(files->client_ca);
}

static bool check_given(char *const *files, struct error *err)
{
	for (size_t i = CERTIFICATE; i <= KEY; i++)
		if (!*files[i])
			return fail(err, ERR_INVALID,
				    "%s is missing: TLS needs a certificate "
				    "and its key",
				    settings[i]);
	return true;
}

static bool read_pem(char *const *files, size_t which, struct buf *out,
		     struct error *err)
{
	if (sys_read_file(files[which], FILE_MAX, out) == 0)
		return true;
	return fail(err, ERR_INVALID, "%s: %s cannot be read: %s",
		    settings[which], files[which], strerror(errno));
}

static gnutls_datum_t datum_of(const struct buf *b)
{
	return (gnutls_datum_t){ (unsigned char *)b->p, (unsigned)b->n };
}

/* ---- certificate and key ------------------------------------------------- */

struct chain {
	gnutls_x509_crt_t *list;
	unsigned n;
};

static void chain_done(struct chain *chain)
{
	for (unsigned i = 0; i < chain->n; i++)
		gnutls_x509_crt_deinit(chain->list[i]);
	gnutls_free(chain->list);
}

static bool read_chain(char *const *files, struct chain *chain,
		       struct error *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	gnutls_datum_t pem;
	int code;

	if (!read_pem(files, CERTIFICATE, &text, err))
		return false;
	pem = datum_of(&text);
	code = gnutls_x509_crt_list_import2(&chain->list, &chain->n, &pem,
					    GNUTLS_X509_FMT_PEM,
					    GNUTLS_X509_CRT_LIST_SORT);
	if (code >= 0)
		return true;
	return fail(err, ERR_INVALID,
		    "%s: %s holds no chain of certificates in PEM form: %s",
		    settings[CERTIFICATE], files[CERTIFICATE],
		    gnutls_strerror(code));
}

static bool fail_key(const char *file, int code, struct error *err)
{
	if (code == GNUTLS_E_DECRYPTION_FAILED)
		return fail(err, ERR_INVALID,
			    "%s: %s is encrypted; give the key without a pass "
			    "phrase in a file that only the host can read",
			    settings[KEY], file);
	return fail(err, ERR_INVALID,
		    "%s: %s holds no private key in PEM form: %s",
		    settings[KEY], file, gnutls_strerror(code));
}

static bool read_key(char *const *files, gnutls_x509_privkey_t key,
		     struct error *err)
{
	AUTO(buf_wipe) struct buf text = { 0 };
	gnutls_datum_t pem;
	int code;

	if (!read_pem(files, KEY, &text, err))
		return false;
	pem = datum_of(&text);
	code = gnutls_x509_privkey_import2(key, &pem, GNUTLS_X509_FMT_PEM, NULL,
					   0);
	return code >= 0 || fail_key(files[KEY], code, err);
}

static void warn_of_time(gnutls_x509_crt_t certificate, const char *file)
{
	int64_t from = gnutls_x509_crt_get_activation_time(certificate);
	int64_t until = gnutls_x509_crt_get_expiration_time(certificate);
	int64_t now = clock_wall_ms() / 1000;
	char text[CLOCK_TEXT];

	if (now >= until)
		log_warn("the TLS certificate has expired; clients will refuse "
			 "it",
			 LOG_STR("file", file),
			 LOG_STR("expired", clock_format(until * 1000, text)));
	else if (now < from)
		log_warn("the TLS certificate is not valid yet; clients will "
			 "refuse it",
			 LOG_STR("file", file),
			 LOG_STR("from", clock_format(from * 1000, text)));
}

static void warn_of_mode(const char *file)
{
	struct stat st;

	if (stat(file, &st) == 0 && (st.st_mode & 007))
		log_warn("the TLS key can be read by everybody; run chmod 600",
			 LOG_STR("file", file));
}

static bool join(char *const *files, const struct chain *chain,
		 gnutls_x509_privkey_t key, struct tls_identity *identity,
		 struct error *err)
{
	int code = gnutls_certificate_set_x509_key(
		identity->credentials, chain->list, (int)chain->n, key);

	if (code == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
		return fail(err, ERR_INVALID,
			    "%s: %s is not the key of the certificate %s",
			    settings[KEY], files[KEY], files[CERTIFICATE]);
	if (code < 0)
		return fail(err, ERR_INVALID,
			    "%s: %s cannot be used with the key %s: %s",
			    settings[CERTIFICATE], files[CERTIFICATE],
			    files[KEY], gnutls_strerror(code));
	warn_of_time(chain->list[0], files[CERTIFICATE]);
	warn_of_mode(files[KEY]);
	return true;
}

static bool read_pair(char *const *files, struct tls_identity *identity,
		      struct error *err)
{
	struct chain chain = { 0 };
	gnutls_x509_privkey_t key = NULL;
	bool ok;

	gnutls_x509_privkey_init(&key);
	ok = read_chain(files, &chain, err) && read_key(files, key, err) &&
	     join(files, &chain, key, identity, err);
	gnutls_x509_privkey_deinit(key);
	chain_done(&chain);
	return ok;
}

static bool read_client_ca(char *const *files, struct tls_identity *identity,
			   struct error *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	gnutls_datum_t pem;
	int n;

	if (!*files[CLIENT_CA])
		return true;
	if (!read_pem(files, CLIENT_CA, &text, err))
		return false;
	pem = datum_of(&text);
	n = gnutls_certificate_set_x509_trust_mem(identity->credentials, &pem,
						  GNUTLS_X509_FMT_PEM);
	identity->wants_client = true;
	if (n > 0)
		return true;
	return fail(err, ERR_INVALID,
		    "%s: %s holds no certificate in PEM form%s%s",
		    settings[CLIENT_CA], files[CLIENT_CA], n ? ": " : "",
		    n ? gnutls_strerror(n) : "");
}

/* ---- a set --------------------------------------------------------------- */

void tls_detach(struct tls_identity *identity)
{
	if (!identity || --identity->users)
		return;
	gnutls_certificate_free_credentials(identity->credentials);
	mem_free(identity);
}

static struct tls_identity *read_identity(char *const *files, struct error *err)
{
	struct tls_identity *identity;

	if (!check_given(files, err))
		return NULL;
	identity = mem_alloc(sizeof(*identity));
	identity->users = 1;
	if (gnutls_certificate_allocate_credentials(&identity->credentials) < 0)
		mem_oom();
	if (read_pair(files, identity, err) &&
	    read_client_ca(files, identity, err))
		return identity;
	tls_detach(identity);
	return NULL;
}

static void name_files(const struct tls_files *files, char *names[FILES])
{
	const char *const given[FILES] = { files->certificate, files->key,
					   files->client_ca };

	for (size_t i = 0; i < FILES; i++)
		names[i] = mem_strdup(given[i] ? given[i] : "");
}

static void free_names(char *names[FILES])
{
	for (size_t i = 0; i < FILES; i++)
		mem_free(names[i]);
}

bool tls_check(const struct tls_files *files, struct error *err)
{
	struct tls *tls;

	if (!tls_is_set(files))
		return true;
	tls = tls_new(files, err);
	tls_free(tls);
	return tls != NULL;
}

/* ---- changes ------------------------------------------------------------- */

static void stamp_files(char *const *files, struct stamp stamps[FILES])
{
	struct stat st;

	memset(stamps, 0, FILES * sizeof(*stamps));
	for (size_t i = 0; i < FILES; i++)
		if (stat(files[i], &st) == 0)
			stamps[i] = (struct stamp){ st.st_mtim, st.st_ino,
						    st.st_size };
}

/* The stamps are older than what is read after them: a change in between is
 * seen at the next look. */
static bool read_again(struct tls *tls, struct error *err)
{
	struct tls_identity *identity;

	stamp_files(tls->files, tls->stamps);
	identity = read_identity(tls->files, err);
	if (!identity)
		return false;
	tls_detach(tls->newest);
	tls->newest = identity;
	return true;
}

static bool differ(const struct stamp *a, const struct stamp *b)
{
	return a->changed.tv_sec != b->changed.tv_sec ||
	       a->changed.tv_nsec != b->changed.tv_nsec ||
	       a->inode != b->inode || a->size != b->size;
}

static bool have_changed(const struct tls *tls)
{
	struct stamp stamps[FILES];
	bool changed = false;

	stamp_files(tls->files, stamps);
	for (size_t i = 0; i < FILES; i++)
		changed |= differ(&stamps[i], &tls->stamps[i]);
	return changed;
}

/* Certificate and key cannot change at once: while they do not fit, the old
 * pair serves, and the next change is a new chance. */
static void look(struct tls *tls)
{
	struct error err;

	if (clock_ms() < tls->looked + LOOK_MS)
		return;
	tls->looked = clock_ms();
	if (!have_changed(tls))
		return;
	if (read_again(tls, &err))
		log_info("the TLS certificate was read again",
			 LOG_STR("file", tls->files[CERTIFICATE]));
	else
		log_error("the TLS certificate was not read again; the old one "
			  "holds",
			  LOG_ERR(&err));
}

struct tls *tls_new(const struct tls_files *files, struct error *err)
{
	struct tls *tls = mem_alloc(sizeof(*tls));

	name_files(files, tls->files);
	tls->looked = clock_ms();
	if (read_again(tls, err))
		return tls;
	tls_free(tls);
	return NULL;
}

void tls_free(struct tls *tls)
{
	if (!tls)
		return;
	tls_detach(tls->newest);
	free_names(tls->files);
	mem_free(tls);
}

bool tls_reload(struct tls *tls, const struct tls_files *files,
		struct error *err)
{
	struct tls *fresh = tls_new(files, err), old = *tls;

	if (!fresh)
		return false;
	*tls = *fresh;
	*fresh = old;
	tls_free(fresh);
	return true;
}

/* ---- sessions ------------------------------------------------------------ */

/* Without a host name: a client has none; but its certificate must be meant
 * for clients. */
static void ask_client(gnutls_session_t session)
{
	static gnutls_typed_vdata_st purpose = {
		.type = GNUTLS_DT_KEY_PURPOSE_OID,
		.data = (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT,
	};

	gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
	gnutls_session_set_verify_cert2(session, &purpose, 1, 0);
}

struct tls_identity *tls_attach(struct tls *tls, gnutls_session_t session)
{
	struct tls_identity *identity;

	look(tls);
	identity = tls->newest;
	identity->users++;
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
			       identity->credentials);
	if (identity->wants_client)
		ask_client(session);
	return identity;
}

char *tls_peer(gnutls_session_t session)
{
	unsigned n = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &n);
	gnutls_x509_crt_t certificate;
	gnutls_datum_t name = { 0 };
	char *text = NULL;

	if (!chain || !n || gnutls_x509_crt_init(&certificate) < 0)
		return NULL;
	if (gnutls_x509_crt_import(certificate, chain, GNUTLS_X509_FMT_DER) >=
		    0 &&
	    gnutls_x509_crt_get_dn3(certificate, &name, 0) >= 0)
		text = mem_strndup((char *)name.data, name.size);
	gnutls_free(name.data);
	gnutls_x509_crt_deinit(certificate);
	return text;
}

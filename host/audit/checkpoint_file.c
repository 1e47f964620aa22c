/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/checkpoint_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#include <openssl/crypto.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/offload.h"
#include "base/sys.h"
#include "base/text.h"
#include "keys/seal.h"
#include "metrics.h"

#define FILE_MAX (4 * 1024 * 1024)

/* ---- for others ------------------------------------------------------------- */

struct job {
	char *folder, *checkpoint, *key;
	struct buf text;
	const char *pem;
	int error; /* errno */
};

static void job_done(struct job *job)
{
	mem_free(job->folder);
	mem_free(job->checkpoint);
	mem_free(job->key);
	buf_done(&job->text);
}

/* On a thread: it waits for the disk. */
static void write_job(void *arg)
{
	struct job *job = arg;

	if ((sys_mkdir(job->folder, 0755) != 0 && errno != EEXIST) ||
	    sys_replace_file(job->key, job->pem, strlen(job->pem), 0644) != 0 ||
	    sys_replace_file(job->checkpoint, job->text.p, job->text.n, 0644) !=
		    0)
		job->error = errno;
}

static char *checkpoint_name(const char *folder, const struct heads *h)
{
	char at[CLOCK_TEXT], stamp[CLOCK_TEXT];
	size_t n = 0;

	for (const char *p = clock_format(h->at, at); *p && *p != '.'; p++)
		if (isalnum((unsigned char)*p))
			stamp[n++] = *p;
	stamp[n] = '\0';
	return mem_printf("%s/checkpoint-%010" PRId64 "-%sZ.json", folder,
			  h->id, stamp);
}

WAITS void checkpoint_write_files(struct trust *t, const struct heads *h,
				  const struct envelope *e)
{
	const char *folder = t->config->audit_export;
	const struct key *key = keyring_find_id(t->keyring, h->key);
	AUTO(job_done) struct job job = { .pem = key->public_pem };

	job.folder = *folder ? mem_strdup(folder)
			     : mem_printf("%s/audit", t->config->data_dir);
	job.checkpoint = checkpoint_name(job.folder, h);
	job.key = mem_printf("%s/%s.pem", job.folder, h->key);
	envelope_write(e, &job.text);
	offload(write_job, &job);
	if (!job.error)
		return;
	metric_add("skyclust_audit_failures_total", NULL, NULL, NULL, NULL, 1);
	log_error("a checkpoint of the audit log cannot be exported",
		  LOG_STR("file", job.checkpoint),
		  LOG_STR("reason", strerror(job.error)));
}

/* ---- for ourselves ---------------------------------------------------------- */

static char *heads_file(const struct trust *t)
{
	return mem_printf("%s/audit.heads", t->config->data_dir);
}

/* All or nothing for who reads it; what a power cut leaves is another matter. */
static bool replace_without_sync(const char *file, struct slice text)
{
	AUTO_FREE char *temporary = mem_printf("%s.tmp", file);
	AUTO_FD int fd =
		sys_open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	return fd >= 0 && sys_write_all(fd, text.p, text.n) &&
	       sys_rename(temporary, file) == 0;
}

bool heads_file_write(struct trust *t, const struct heads *h, struct error *err)
{
	AUTO(envelope_done) struct envelope e = { .signature_n = MAC_SIZE };
	AUTO_FREE char *file = heads_file(t);
	AUTO(buf_done) struct buf text = { 0 };
	struct heads named = *h;

	text_copy(named.key, sizeof(named.key),
		  keyring_active(t->keyring, KEY_MAC)->id);
	heads_write(&named, &e.body);
	keyed_mac(t->keyring, 0, buf_slice(&e.body), e.signature);
	envelope_write(&e, &text);
	return replace_without_sync(file, buf_slice(&text)) ||
	       fail(err, ERR_INTERNAL, "%s cannot be written: %s", file,
		    strerror(errno));
}

static bool is_ours(struct trust *t, const struct heads *h,
		    const struct envelope *e)
{
	const struct key *key = keyring_find_id(t->keyring, h->key);
	unsigned char mac[MAC_SIZE];

	return key && key->use == KEY_MAC && e->signature_n == MAC_SIZE &&
	       keyed_mac(t->keyring, key->version, buf_slice(&e->body), mac) &&
	       CRYPTO_memcmp(mac, e->signature, MAC_SIZE) == 0;
}

static bool read_heads(struct trust *t, struct slice text, struct heads *h)
{
	AUTO(envelope_done) struct envelope e = { 0 };

	if (!envelope_read(text, &e, NULL) ||
	    !heads_read(buf_slice(&e.body), h, NULL))
		return false;
	if (is_ours(t, h, &e))
		return true;
	heads_done(h);
	return false;
}

bool heads_file_read(struct trust *t, struct heads *h, struct error *err)
{
	AUTO_FREE char *file = heads_file(t);
	AUTO(buf_done) struct buf text = { 0 };

	*h = (struct heads){ 0 };
	/* A power cut may leave it empty. */
	if (sys_read_file(file, FILE_MAX, &text) < 0 || !text.n)
		return fail(err, ERR_NOT_FOUND, "%s cannot be read", file);
	return read_heads(t, buf_slice(&text), h) ||
	       fail(err, ERR_INVALID, "%s was altered", file);
}

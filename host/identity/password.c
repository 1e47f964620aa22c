/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/password.h"

#include <argon2.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/offload.h"
#include "identity/identity_impl.h"
#include "keys/crypto.h"
#include "keys/seal.h"
#include "metrics.h"

#define MEMORY_KIB (19 * 1024)
#define PASSES 2
#define LANES 1
#define SALT 16
#define HASH 32
#define ENCODED 256

#define AT_ONCE 2    /* of the four threads of offload() */
#define MOST_WAIT 64 /* two seconds or so of work */
#define WAIT_MS 10000

#define LEAST_DIFFERENT 5 /* characters */
#define LEAST_BESIDE 8	  /* characters that are not the user's name */

/* ---- what is good enough --------------------------------------------------- */

/* Of the lists of those that were found most, those that are long enough. */
static const char *const worst[] = {
	"password1234",	    "password12345",
	"password123456",   "passwordpassword",
	"password123!",	    "1234567890ab",
	"qwertyuiop12",	    "qwertyuiop123",
	"qwerty123456",	    "qwertyuiop[]",
	"1qaz2wsx3edc",	    "1q2w3e4r5t6y",
	"asdfghjkl123",	    "zxcvbnm12345",
	"abcdefghijkl",	    "abcd12345678",
	"abc123456789",	    "administrator",
	"adminadminadmin",  "admin1234567",
	"admin12345678",    "letmeinletmein",
	"iloveyou1234",	    "changemechangeme",
	"changeme1234",	    "welcome12345",
	"welcome123456",    "skyclustadmin",
	"skyclustskyclust", "skyclust1234",
	"trustno1trustno1", "correcthorsebatterystaple",
};

static size_t count_characters(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static size_t count_different(const char *text)
{
	bool seen[256] = { false };
	size_t n = 0;

	for (; *text; text++) {
		n += !seen[(unsigned char)*text];
		seen[(unsigned char)*text] = true;
	}
	return n;
}

/* Digits or letters in the order of the alphabet, 123456789012 and the like. */
static bool is_sequence(const char *text)
{
	for (; text[1]; text++)
		if (text[1] != text[0] + 1 &&
		    !(text[0] == '9' && text[1] == '0'))
			return false;
	return true;
}

static bool is_known(const char *password)
{
	for (size_t i = 0; i < ARRAY_LEN(worst); i++)
		if (!strcasecmp(password, worst[i]))
			return true;
	return count_different(password) < LEAST_DIFFERENT ||
	       is_sequence(password);
}

static bool is_name(const char *password, const char *name)
{
	return *name && strcasestr(password, name) &&
	       count_characters(password) <
		       count_characters(name) + LEAST_BESIDE;
}

bool password_check(const char *password, const char *name, const char *pointer,
		    struct error *err)
{
	if (count_characters(password) < PASSWORD_MIN)
		return fail_at(err, ERR_INVALID, pointer,
			       "a password has at least %d characters",
			       PASSWORD_MIN);
	if (strlen(password) > PASSWORD_MAX)
		return fail_at(err, ERR_INVALID, pointer,
			       "a password has at most %d bytes", PASSWORD_MAX);
	if (is_name(password, name))
		return fail_at(err, ERR_INVALID, pointer,
			       "the password is little more than the user's "
			       "name");
	if (is_known(password))
		return fail_at(err, ERR_INVALID, pointer,
			       "that password is among the first that are "
			       "tried; take another");
	return true;
}

/* ---- turns ------------------------------------------------------------------- */

void password_queue_init(struct password_queue *q)
{
	cond_init(&q->turn);
}

WAITS static bool enter(struct password_queue *q, struct error *err)
{
	const int64_t deadline = clock_ms() + WAIT_MS;
	enum fiber_wait wait = WAIT_WOKEN;

	if (q->waiting >= MOST_WAIT)
		wait = WAIT_TIMEOUT;
	q->waiting++;
	while (wait == WAIT_WOKEN && q->running >= AT_ONCE)
		wait = cond_wait(&q->turn, deadline);
	q->waiting--;
	if (wait == WAIT_WOKEN) {
		q->running++;
		return true;
	}
	fail(err, ERR_LIMITED, "too many log-ins at once; try again");
	if (err)
		err->retry_after_ms = 1000;
	return false;
}

static void leave(struct password_queue *q)
{
	q->running--;
	cond_signal(&q->turn);
}

/* ---- the work ---------------------------------------------------------------- */

struct job {
	const char *password;
	unsigned char salt[SALT];
	char encoded[ENCODED];
	int result; /* ARGON2_OK */
};

/* On a thread. */
static void make(void *arg)
{
	struct job *job = arg;

	job->result = argon2id_hash_encoded(
		PASSES, MEMORY_KIB, LANES, job->password, strlen(job->password),
		job->salt, SALT, HASH, job->encoded, sizeof(job->encoded));
}

static void compare(void *arg)
{
	struct job *job = arg;

	job->result = argon2id_verify(job->encoded, job->password,
				      strlen(job->password));
}

WAITS static bool run(struct trust *t, void (*work)(void *arg), struct job *job,
		      struct error *err)
{
	if (!enter(&t->identity->passwords, err))
		return false;
	offload(work, job);
	leave(&t->identity->passwords);
	if (job->result == ARGON2_OK || job->result == ARGON2_VERIFY_MISMATCH)
		metric_add("skyclust_password_hashes_total", NULL, NULL, NULL,
			   NULL, 1);
	if (job->result != ARGON2_MEMORY_ALLOCATION_ERROR)
		return true;
	return fail(err, ERR_LIMITED,
		    "there is no memory to look at passwords; try again");
}

/* ---- sealed -------------------------------------------------------------------- */

static const char *place(const char *id, char text[96])
{
	snprintf(text, 96, "users:%s:password", id);
	return text;
}

WAITS bool password_hash(struct trust *t, const char *id, const char *password,
			 struct buf *sealed, struct error *err)
{
	struct job job = { .password = password };
	char aad[96];
	bool ok;

	crypto_random(job.salt, sizeof(job.salt));
	ok = run(t, make, &job, err);
	if (ok && job.result != ARGON2_OK)
		ok = fail(err, ERR_INTERNAL,
			  "the password cannot be hashed: %s",
			  argon2_error_message(job.result));
	if (ok)
		seal(t->keyring, place(id, aad), slice_of(job.encoded), sealed);
	mem_wipe(&job, sizeof(job));
	return ok;
}

static bool open_encoded(struct trust *t, const char *id, struct slice sealed,
			 char encoded[ENCODED], struct error *err)
{
	struct buf text = { 0 };
	char aad[96];
	bool ok = unseal(t->keyring, place(id, aad), sealed, &text, err);

	if (ok && text.n >= ENCODED)
		ok = fail(err, ERR_INTERNAL, "the password of %s is damaged",
			  id);
	if (ok)
		memcpy(encoded, text.p, text.n);
	buf_wipe(&text);
	return ok;
}

WAITS bool password_verify(struct trust *t, const char *id, struct slice sealed,
			   const char *password, bool *right, struct error *err)
{
	struct job job = { .password = password };
	bool ok;

	*right = false;
	if (sealed.n && !open_encoded(t, id, sealed, job.encoded, err))
		return false;
	ok = run(t, sealed.n ? compare : make, &job, err);
	*right = ok && sealed.n && job.result == ARGON2_OK;
	mem_wipe(&job, sizeof(job));
	return ok;
}

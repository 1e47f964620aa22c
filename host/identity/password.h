/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords: Argon2id (RFC 9106) in the encoded form of its reference
 * implementation, sealed with the place "users:ID:password", so that it is good
 * in the row of that user only and tells nobody with a copy of the database
 * anything to try passwords on.
 *
 * 19 MiB and two passes for each (OWASP Password Storage Cheat Sheet), on a
 * thread; a few at once, so that many log-ins wait instead of eating memory.
 */
#ifndef SKYCLUST_HOST_IDENTITY_PASSWORD_H
#define SKYCLUST_HOST_IDENTITY_PASSWORD_H

#include "base/fiber.h"
#include "trust.h"

#define PASSWORD_MIN 12	  /* characters */
#define PASSWORD_MAX 1024 /* bytes */

/* Who hashes and who waits for it. */
struct password_queue {
	struct cond turn;
	unsigned running, waiting;
};
void password_queue_init(struct password_queue *q);

/* Is it good enough for user @name?  ERR_INVALID at @pointer of the request. */
bool password_check(const char *password, const char *name, const char *pointer,
		    struct error *err);

/* Append the sealed hash of @password for user @id to @sealed.  ERR_LIMITED:
 * too many wait. */
WAITS bool password_hash(struct trust *t, const char *id, const char *password,
			 struct buf *sealed, struct error *err);

/*
 * Is @password the one in @sealed, of user @id?  Nothing, of somebody who has
 * none or does not exist, takes as long and is never right.  False with
 * ERR_LIMITED, or with ERR_INTERNAL when @sealed was altered or belongs to
 * another.
 */
WAITS bool password_verify(struct trust *t, const char *id, struct slice sealed,
			   const char *password, bool *right,
			   struct error *err);

#endif

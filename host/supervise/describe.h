/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of driver programs, by the digest of their bytes: each is
 * asked once (a probe), however many providers use it and however often it is
 * started again.
 */
#ifndef SKYCLUST_SUPERVISE_DESCRIBE_H
#define SKYCLUST_SUPERVISE_DESCRIBE_H

#include <jansson.h>

/* The handshake of the program with @digest; borrowed, NULL: not known yet. */
const json_t *description_of(const char *digest);
void description_keep(const char *digest, const json_t *hello); /* borrows */
void descriptions_done(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images: the bytes of a driver program, read once, digested, and kept in a
 * sealed memfd.  What is started later is the memfd, so that what runs is what
 * was digested, whatever happens to the file meanwhile.
 *
 * A script's image is its interpreter's; the script itself, which the
 * interpreter opens by name, is copied under its digest into a folder of ours
 * that drivers can only read.
 */
#ifndef SKYCLUST_SUPERVISE_IMAGE_H
#define SKYCLUST_SUPERVISE_IMAGE_H

#include "base/error.h"
#include "base/list.h"

#define IMAGE_MAX (1LL << 30)	    /* bytes of a program */
#define IMAGE_SCRIPT_MAX (16 << 20) /* bytes of a script */
#define IMAGE_DIGEST 65		    /* hex SHA-256 and NUL */
#define IMAGE_ARGS 4

struct image {
	unsigned refs;
	char digest[IMAGE_DIGEST]; /* of the program as it was named */
	int fd; /* sealed memfd of an ELF program */
	bool sanitized; /* built with AddressSanitizer; only looked for when
			 * this program is, too */
	char *loader; /* its ELF interpreter, or NULL: static */
	struct image *interpreter; /* of a script, or NULL */
	char *script; /* path of the copy, or NULL */
	char *args[IMAGE_ARGS]; /* of a script: argv up to the copy; the
				    * rest NULL */
};

/*
 * The image of the program at @path: from the cache when device, inode, size
 * and times are those of the last reading.  @copies is the folder for scripts
 * (made when needed).  New reference; NULL with ERR_DRIVER_UNAVAILABLE that
 * says what is wrong with the file.
 */
struct image *image_get(const char *path, const char *copies,
			struct error *err);
void image_put(struct image *image); /* NULL is fine */

/* The descriptor to execute: its own or its interpreter's. */
int image_exec_fd(const struct image *image);
const char *image_loader(const struct image *image);
bool image_sanitized(const struct image *image);

/* Forget the cache (what is in use stays). */
void image_cache_done(void);

#endif

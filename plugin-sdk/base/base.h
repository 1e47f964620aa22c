/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every file may lean on: marker macros and a few type helpers.
 */
#ifndef SKYCLUST_BASE_BASE_H
#define SKYCLUST_BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

/* The function may switch fibers: state read before it may have changed. */
#define WAITS

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* The object of @type whose @member is at @ptr. */
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define MUST_CHECK __attribute__((warn_unused_result))
#define UNUSED __attribute__((unused))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* A borrowed piece of text, not NUL-terminated. */
struct slice {
	const char *p;
	size_t n;
};

#define SLICE(literal) ((struct slice){ literal, sizeof(literal) - 1 })

/* Inline: with a literal nothing is left of strlen(). */
static inline bool slice_eq(struct slice s, const char *text)
{
	size_t n = strlen(text);

	return n == s.n && (n == 0 || memcmp(s.p, text, n) == 0);
}

/* strlen() of @text, NULL is empty. */
static inline struct slice slice_of(const char *text)
{
	return (struct slice){ text ? text : "", text ? strlen(text) : 0 };
}

#endif

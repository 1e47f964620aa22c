/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors: one list for the whole system.
 *
 * A function that can fail takes `struct error *err` last, fills it in by
 * fail() and returns false, -1 or NULL.  A struct error lives on its caller's
 * stack and owns nothing, so it is copied by assignment and never freed.
 * One table (error.c) maps a code to its name, its JSON-RPC number and its
 * HTTP status.
 */
#ifndef SKYCLUST_BASE_ERROR_H
#define SKYCLUST_BASE_ERROR_H

#include "base/base.h"

enum err_code {
	ERR_NONE,
	/* What a driver may answer; the order is that of the numbers. */
	ERR_CANCELLED,          /* -31001 */
	ERR_DEADLINE,           /* -31002 */
	ERR_INVALID,            /* -31003 arguments */
	ERR_NOT_FOUND,          /* -31004 */
	ERR_CONFLICT,           /* -31005 exists already, or wrong state */
	ERR_UNAUTHENTICATED,    /* -31006 the cloud refused the credential */
	ERR_FORBIDDEN,          /* -31007 */
	ERR_QUOTA,              /* -31008 */
	ERR_RATE_LIMITED,       /* -31009 */
	ERR_VERSION,            /* -31010 no common protocol version */
	ERR_UNSUPPORTED,        /* -31011 also -32601 */
	ERR_CLOUD_UNAVAILABLE,  /* -31012 */
	ERR_CLOUD_BAD_ANSWER,   /* -31013 */
	ERR_BUSY,               /* -31014 */
	ERR_CREDENTIAL_EXPIRED, /* -31015 */
	ERR_NEEDS_ATTENTION,    /* -31016 */
	ERR_INTERNAL,           /* -31099 */
	/* What only the host says. */
	ERR_DRIVER_UNAVAILABLE, /* not running, died, or breaker open: 503 */
	ERR_DRIVER_BAD_ANSWER,  /* broke the protocol: 502 */
	ERR_BAD_REQUEST,        /* not HTTP or not JSON: 400 */
	ERR_UNAUTHORIZED,       /* our own token is missing or wrong: 401 */
	ERR_METHOD_NOT_ALLOWED, /* 405 */
	ERR_NOT_ACCEPTABLE,     /* 406 */
	ERR_REQUEST_TIMEOUT,    /* 408 */
	ERR_TOO_LARGE,          /* body: 413 */
	ERR_URI_TOO_LONG,       /* 414 */
	ERR_MEDIA_TYPE,         /* 415 */
	ERR_HEADERS_TOO_LARGE,  /* 431 */
	ERR_PRECONDITION_FAILED, /* If-Match: it was changed meanwhile: 412 */
	ERR_PRECONDITION_REQUIRED, /* no If-Match: 428 */
	ERR_LIMITED,            /* our own limits: 429 */
	ERR_STORE_UNAVAILABLE,  /* our own database: 503 */
	ERR_COUNT
};

/* What a failed mutation did.  Absent on the wire means unknown. */
enum err_effect {
	EFFECT_UNKNOWN,
	EFFECT_NONE,
	EFFECT_PARTIAL,
	EFFECT_APPLIED,
};

struct error {
	enum err_code code;
	enum err_effect effect;
	bool retryable;
	int retry_after_ms;     /* 0: not given */
	char message[512];      /* UTF-8, whole characters, no control bytes */
	char path[128];         /* JSON pointer (RFC 6901) to the fault, or "" */
	struct {
		int http;       /* the cloud's HTTP status, 0: none */
		char code[64];  /* the cloud's own error code, or "" */
		char request_id[80];
	} cloud;
};

/* One row of the table that error.c keeps. */
struct err_info {
	const char *name;       /* "not_found": `code` of a problem document */
	const char *title;      /* "Not found": `title` of a problem document */
	int rpc;                /* -31004; 0: never on the wire to a driver */
	int http;               /* 404 */
	bool retryable;         /* the default of struct error.retryable */
};

const struct err_info *err_info(enum err_code code);

/* The code with this JSON-RPC number; ERR_INTERNAL if nobody's. */
enum err_code err_from_rpc(int number);

/*
 * Fill in @err: code, message, and the code's default of `retryable`; all
 * else is cleared, effect becomes EFFECT_NONE for faults found before any
 * work (invalid, not_found, unsupported, busy, and all host-only 4xx) and
 * EFFECT_UNKNOWN otherwise.  @err may be NULL.  Always returns false.
 */
bool fail(struct error *err, enum err_code code, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* The same, with the JSON pointer of what is wrong. */
bool fail_at(struct error *err, enum err_code code, const char *path,
	     const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Put "prefix: " before the message that @err holds. Always returns false. */
bool fail_within(struct error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

const char *effect_name(enum err_effect effect); /* "none", "unknown", … */
enum err_effect effect_from_name(const char *name, size_t n);

#endif

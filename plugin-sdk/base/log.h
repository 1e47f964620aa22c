/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The structured log: one line per event on stderr, as text
 * (`time level message key=value …`) or JSON.  No allocation per line; a line
 * is at most 4 KiB, longer values are cut with an ellipsis.  Control bytes
 * never reach the output.
 *
 *	log_info("driver started", LOG_STR("driver", d->name),
 *		 LOG_INT("generation", d->generation));
 */
#ifndef SKYCLUST_BASE_LOG_H
#define SKYCLUST_BASE_LOG_H

#include "base/base.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
	const char *key;
	enum { LOG_F_END, LOG_F_STR, LOG_F_INT, LOG_F_DOUBLE, LOG_F_BOOL,
	       LOG_F_ERROR } type;
	union {
		struct slice str;
		long long num;
		double real;
		const struct error *err;
	};
};

#define LOG_STR(k, v) ((struct log_field){ .key = (k), .type = LOG_F_STR, .str = slice_of(v) })
#define LOG_SLICE(k, v) ((struct log_field){ .key = (k), .type = LOG_F_STR, .str = (v) })
#define LOG_INT(k, v) ((struct log_field){ .key = (k), .type = LOG_F_INT, .num = (v) })
#define LOG_DOUBLE(k, v) ((struct log_field){ .key = (k), .type = LOG_F_DOUBLE, .real = (v) })
#define LOG_BOOL(k, v) ((struct log_field){ .key = (k), .type = LOG_F_BOOL, .num = (v) })
#define LOG_ERR(e) ((struct log_field){ .key = "error", .type = LOG_F_ERROR, .err = (e) })

#define log_at(level, message, ...)                                      \
	log_write(level, message,                                        \
		  (const struct log_field[]){ __VA_ARGS__ __VA_OPT__(,)  \
			{ .type = LOG_F_END } })
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_at(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_at(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_at(LOG_ERROR, __VA_ARGS__)

/* Use the macros. */
void log_write(enum log_level level, const char *message,
	       const struct log_field *fields);

void log_set_level(enum log_level level);
void log_set_json(bool json);
bool log_level_from_name(const char *name, enum log_level *level);
const char *log_level_name(enum log_level level);

/* Added to every line of the current fiber, such as the request id; borrowed
 * until set to NULL or the fiber ends. */
void log_set_context(const char *key, const char *value);

/* Tests: lines go to @fn instead of stderr; NULL restores. */
void log_set_sink(void (*fn)(const char *line, size_t n));

#endif

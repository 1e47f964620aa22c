/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log.  A line is put together in a fixed buffer on the stack, and leaves
 * in one write(2), so that lines of several processes on one pipe never mix.
 */
#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fiber.h"
#include "base/text.h"

#define LINE_MAX_BYTES 4096
#define VALUE_MAX_BYTES 1024    /* of one value, before escaping */
#define TAIL_BYTES 32           /* kept free for what closes a line */
#define ELLIPSIS "\xe2\x80\xa6"

struct line {
	size_t n;
	bool json;
	char text[LINE_MAX_BYTES];
};

static const char *const level_names[] = { "debug", "info", "warn", "error" };
static enum log_level lowest = LOG_INFO;
static bool as_json;
static void (*sink)(const char *line, size_t n);

static size_t room(const struct line *l)
{
	size_t most = sizeof(l->text) - TAIL_BYTES;

	return l->n < most ? most - l->n : 0;
}

/* For what is known to be short: it may use the tail. */
static void put(struct line *l, const char *p, size_t n)
{
	if (n > sizeof(l->text) - l->n)
		n = sizeof(l->text) - l->n;
	memcpy(l->text + l->n, p, n);
	l->n += n;
}

static void put_str(struct line *l, const char *s)
{
	put(l, s, strlen(s));
}

/* Write the character of @step bytes at @p (0: a broken one) as it may stand
 * inside of quotes, in JSON as in text; @out has room. */
static size_t escape(const char *p, size_t step, char out[8])
{
	unsigned char c = (unsigned char)*p;

	if (!step) {
		out[0] = '?';
		return 1;
	}
	if (c < 0x20 || c == 0x7f)
		return (size_t)snprintf(out, 8, "\\u%04x", c);
	if (c == '"' || c == '\\') {
		out[0] = '\\';
		out[1] = *p;
		return 2;
	}
	memcpy(out, p, step);
	return step;
}

/* Bytes at the start of @s that stand for themselves: most values are that. */
static size_t plain(struct slice s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] >= ' ' && s.p[n] < 0x7f && s.p[n] != '"' &&
	       s.p[n] != '\\')
		n++;
	return n;
}

static void put_escaped(struct line *l, struct slice s)
{
	size_t n = utf8_cut(s.p, s.n, VALUE_MAX_BYTES);
	size_t i = plain((struct slice){ s.p, n < room(l) ? n : room(l) });
	bool cut = n < s.n;
	char out[8];

	put(l, s.p, i);
	while (i < n) {
		size_t step = utf8_char(s.p + i, n - i);
		size_t length = escape(s.p + i, step, out);

		if (length > room(l)) {
			cut = true;
			break;
		}
		put(l, out, length);
		i += step ? step : 1;
	}
	if (cut)
		put_str(l, ELLIPSIS);
}

static void put_quoted(struct line *l, struct slice s)
{
	put(l, "\"", 1);
	put_escaped(l, s);
	put(l, "\"", 1);
}

static bool needs_quotes(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c == 0x7f || c == '"' || c == '\\' || c == '=')
			return true;
	}
	return s.n == 0;
}

static void put_value(struct line *l, struct slice s)
{
	if (l->json || needs_quotes(s))
		put_quoted(l, s);
	else
		put_escaped(l, s);
}

/* A key, unless the line has no room for it and some of its value. */
static bool put_key(struct line *l, const char *key)
{
	size_t n = strlen(key);

	if (n + TAIL_BYTES > room(l))
		return false;
	put_str(l, l->json ? ",\"" : " ");
	put(l, key, n);
	put_str(l, l->json ? "\":" : "=");
	return true;
}

static void put_error(struct line *l, const struct error *e)
{
	char text[sizeof(struct error) + 128], *p = text;
	char *end = text + sizeof(text);

	p += snprintf(p, (size_t)(end - p), "%s: %s", err_info(e->code)->name,
		      e->message);
	if (e->path[0])
		p += snprintf(p, (size_t)(end - p), " (at %s)", e->path);
	if (e->cloud.http || e->cloud.code[0])
		p += snprintf(p, (size_t)(end - p), " (cloud: %d %s %s)",
			      e->cloud.http, e->cloud.code,
			      e->cloud.request_id);
	put_value(l, (struct slice){ text, (size_t)(p - text) });
}

static void put_number(struct line *l, const struct log_field *f)
{
	char text[48];

	if (f->type == LOG_F_INT)
		snprintf(text, sizeof(text), "%lld", f->num);
	else if (__builtin_isfinite(f->real))
		snprintf(text, sizeof(text), "%.6g", f->real);
	else
		snprintf(text, sizeof(text), "null");
	put_str(l, text);
}

static void put_field(struct line *l, const struct log_field *f)
{
	if (!put_key(l, f->key))
		return;
	switch (f->type) {
	case LOG_F_STR:
		put_value(l, f->str);
		break;
	case LOG_F_INT:
	case LOG_F_DOUBLE:
		put_number(l, f);
		break;
	case LOG_F_BOOL:
		put_str(l, f->num ? "true" : "false");
		break;
	case LOG_F_ERROR:
		put_error(l, f->err);
		break;
	case LOG_F_END:
		break;
	}
}

static void put_head(struct line *l, enum log_level level, const char *message)
{
	char now[CLOCK_TEXT], head[64];

	clock_format(clock_wall_ms(), now);
	snprintf(head, sizeof(head),
		 l->json ? "{\"time\":\"%s\",\"level\":\"%s\",\"message\":"
			 : "%s %-5s ",
		 now, level_names[level]);
	put_str(l, head);
	if (l->json)
		put_quoted(l, slice_of(message));
	else
		put_escaped(l, slice_of(message));
}

static void emit(const struct line *l)
{
	if (sink) {
		sink(l->text, l->n);
		return;
	}
	/* Not sys_write(): a test's injected fault is not meant for the log.
	 * A log that cannot be written has nobody to tell. */
	if (write(STDERR_FILENO, l->text, l->n) < 0)
		return;
}

void log_write(enum log_level level, const char *message,
	       const struct log_field *fields)
{
	const struct fiber_local *local = fiber_local();
	struct line l;

	if (level < lowest)
		return;
	l.n = 0;
	l.json = as_json;
	put_head(&l, level, message);
	if (local->value)
		put_field(&l, &LOG_STR(local->key, local->value));
	for (; fields->type != LOG_F_END; fields++)
		put_field(&l, fields);
	put_str(&l, l.json ? "}\n" : "\n");
	emit(&l);
}

void log_set_level(enum log_level level)
{
	lowest = level;
}

void log_set_json(bool json)
{
	as_json = json;
}

bool log_level_from_name(const char *name, enum log_level *level)
{
	for (unsigned i = 0; i < ARRAY_LEN(level_names); i++)
		if (!strcmp(name, level_names[i])) {
			*level = (enum log_level)i;
			return true;
		}
	return false;
}

const char *log_level_name(enum log_level level)
{
	return level_names[level];
}

void log_set_context(const char *key, const char *value)
{
	*fiber_local() = (struct fiber_local){ key, value };
}

void log_set_sink(void (*fn)(const char *line, size_t n))
{
	sink = fn;
}

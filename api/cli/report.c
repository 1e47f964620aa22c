/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What went wrong, and what to do about it: to people as lines, to programs as
 * the problem document.
 */
#include <stdarg.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "cli/builtins.h"

/* ---- codes --------------------------------------------------------------------- */

/* clang-format off */
static const enum exit_status statuses[ERR_COUNT] = {
	[ERR_CANCELLED] = STATUS_INTERRUPTED,
	[ERR_DEADLINE] = STATUS_UNAVAILABLE,
	[ERR_INVALID] = STATUS_USAGE,
	[ERR_NOT_FOUND] = STATUS_NOT_FOUND,
	[ERR_CONFLICT] = STATUS_CONFLICT,
	[ERR_UNAUTHENTICATED] = STATUS_NOT_ALLOWED,
	[ERR_FORBIDDEN] = STATUS_NOT_ALLOWED,
	[ERR_QUOTA] = STATUS_CONFLICT,
	[ERR_RATE_LIMITED] = STATUS_UNAVAILABLE,
	[ERR_CLOUD_UNAVAILABLE] = STATUS_UNAVAILABLE,
	[ERR_BUSY] = STATUS_UNAVAILABLE,
	[ERR_CREDENTIAL_EXPIRED] = STATUS_NOT_ALLOWED,
	[ERR_DRIVER_UNAVAILABLE] = STATUS_UNAVAILABLE,
	[ERR_BAD_REQUEST] = STATUS_USAGE,
	[ERR_UNAUTHORIZED] = STATUS_NOT_ALLOWED,
	[ERR_REQUEST_TIMEOUT] = STATUS_UNAVAILABLE,
	[ERR_TOO_LARGE] = STATUS_USAGE,
	[ERR_URI_TOO_LONG] = STATUS_USAGE,
	[ERR_HEADERS_TOO_LARGE] = STATUS_USAGE,
	[ERR_PRECONDITION_FAILED] = STATUS_CONFLICT,
	[ERR_PRECONDITION_REQUIRED] = STATUS_USAGE,
	[ERR_LIMITED] = STATUS_UNAVAILABLE,
	[ERR_STORE_UNAVAILABLE] = STATUS_UNAVAILABLE,
};

/* %P: the provider, %C: the collection, %O: the operation's name, %S: seconds */
static const char *const advice[ERR_COUNT] = {
	[ERR_INVALID] = "`skyclust explain %O` tells the arguments",
	[ERR_NOT_FOUND] = "`skyclust %P %C list` shows what there is",
	[ERR_CONFLICT] = "look at it as it is now: `skyclust %P %C list`",
	[ERR_UNAUTHENTICATED] =
		"give provider %P a good credential in the host's configuration",
	[ERR_CREDENTIAL_EXPIRED] =
		"give provider %P a new credential in the host's configuration",
	[ERR_FORBIDDEN] = "the credential of provider %P needs this permission in its cloud",
	[ERR_QUOTA] = "`skyclust %P quotas list` shows what is used; delete something, or ask "
		      "the cloud for more",
	[ERR_RATE_LIMITED] = "try again in %S",
	[ERR_UNSUPPORTED] = "`skyclust providers show %P` tells what it can do",
	[ERR_CLOUD_UNAVAILABLE] = "try again in %S",
	[ERR_BUSY] = "try again in %S",
	[ERR_DRIVER_UNAVAILABLE] =
		"`skyclust providers show %P` tells how its driver is; try again in %S",
	[ERR_LIMITED] = "try again in %S",
	[ERR_STORE_UNAVAILABLE] = "try again in %S",
	[ERR_NEEDS_ATTENTION] = "somebody must look after it; the host's log tells more",
	[ERR_INTERNAL] = "the host's log tells more under the request's id",
	[ERR_DRIVER_BAD_ANSWER] = "the host's log tells more under the request's id",
	[ERR_UNAUTHORIZED] = "log in: `skyclust login`; programs give an API token: --token-file "
			     "FILE or SKYCLUST_TOKEN",
};
/* clang-format on */

enum exit_status session_status(enum err_code code)
{
	return statuses[code] == STATUS_OK ? STATUS_FAILED : statuses[code];
}

char *session_clean(char *text)
{
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	return text;
}

/* ---- lines ----------------------------------------------------------------------- */

static void say(const char *fmt, ...) PRINTF_LIKE(1, 2);
static void say(const char *fmt, ...)
{
	AUTO_FREE char *line = NULL;
	va_list ap;

	va_start(ap, fmt);
	line = mem_vprintf(fmt, ap);
	va_end(ap);
	fprintf(stderr, "%s\n", session_clean(line));
}

/* "/image_id" is --image-id, "/rules/0/cidr" --rules, 0/cidr. */
static void say_pointer(const struct session *s, const char *pointer)
{
	const struct cat_op *op = s->command.op;
	size_t n = strcspn(pointer + 1, "/");
	AUTO_FREE char *name = mem_strndup(pointer + 1, n);
	const struct cat_field *f = op ? command_arg_find(op, name) : NULL;
	AUTO_FREE char *option =
		f ? command_option_name(f) : command_dashed(name);
	bool program = !strcmp(name, "region") || !strcmp(name, "limit") ||
		       !strcmp(name, "fields") || !strcmp(name, "provider");
	const char *rest = pointer + 1 + n;

	if (f || program)
		say("  option: --%s%s%s", option, *rest ? ", " : "",
		    *rest ? rest + 1 : "");
	else
		say("  argument: %s", pointer);
}

static void say_cloud(const struct error *err)
{
	AUTO_FREE char *status =
		err->cloud.http ? mem_printf(" %d", err->cloud.http) : NULL;
	const char *code = err->cloud.code, *id = err->cloud.request_id;

	say("  cloud:%s%s%s%s%s%s", status ? status : "", *code ? " " : "",
	    code, *id ? " (request " : "", id, *id ? ")" : "");
}

static void say_effect(const struct session *s, enum err_effect effect)
{
	static const char *const texts[] = {
		[EFFECT_UNKNOWN] = "unknown: look whether it was done before "
				   "you repeat it",
		[EFFECT_NONE] = NULL,
		[EFFECT_PARTIAL] = "partial: a part of it was done",
		[EFFECT_APPLIED] = "applied: it was done all the same",
	};

	if (s->command.op && s->command.op->flags & CAT_MUTATES &&
	    texts[effect])
		say("  effect: %s", texts[effect]);
}

/* ---- what to do -------------------------------------------------------------------- */

static bool add_part(struct buf *out, char letter, const struct session *s,
		     const struct error *err)
{
	const struct cat_op *op = s->command.op;
	int seconds = (err->retry_after_ms + 999) / 1000;

	if (letter == 'P' && s->provider)
		buf_add_str(out, s->provider);
	else if (letter == 'C' && op)
		buf_add_str(out, op->kind->collection);
	else if (letter == 'O' && op)
		buf_add_str(out, op->name);
	else if (letter == 'S' && seconds)
		buf_printf(out, "%d s", seconds);
	else if (letter == 'S')
		buf_add_str(out, "a while");
	else
		return false;
	return true;
}

/* Nothing, when a part is not known. */
static void say_advice(const struct session *s, const struct error *err)
{
	AUTO(buf_done) struct buf out = { 0 };
	const struct command *c = &s->command;
	const char *text = advice[err->code];

	if (!s->problem && err->code == ERR_CLOUD_UNAVAILABLE)
		text = "is skyclustd running there? See --server";
	if (err->code == ERR_FORBIDDEN && !err->cloud.http && !*err->cloud.code)
		text = "`skyclust access permissions` tells what you may do";
	if (err->code == ERR_UNAUTHORIZED && c->builtin &&
	    c->builtin->run == login_run)
		text = NULL;
	if ((err->code == ERR_INVALID && !*err->path) ||
	    (err->code == ERR_INTERNAL && !s->problem))
		text = NULL;
	if (err->code == ERR_NOT_FOUND && s->command.op &&
	    !(s->command.op->flags & CAT_BY_ID))
		text = "`skyclust providers` lists the providers";
	for (const char *p = text; p && *p; p++)
		if (*p != '%')
			buf_add_char(&out, *p);
		else if (!add_part(&out, *++p, s, err))
			return;
	if (out.n)
		say("  next: %s", out.p);
}

/* ---- JSON ----------------------------------------------------------------------------- */

/* A fault found here has the members that the server's have. */
static json_t *as_problem(const struct error *err)
{
	const char *code = err->code == ERR_CLOUD_UNAVAILABLE
				   ? "unreachable"
				   : err_info(err->code)->name;
	json_t *doc = json_pack(
		"{ss+ ss ss ss sb}", "type", "urn:skyclust:problem:", code,
		"code", code, "detail", err->message, "effect",
		effect_name(err->effect), "retryable", err->retryable);

	if (*err->path)
		json_object_set_new(doc, "pointer", json_string(err->path));
	return doc;
}

static void report_json(const struct session *s, const struct error *err)
{
	AUTO_JSON json_t *doc =
		s->problem ? json_incref(s->problem) : as_problem(err);

	json_dumpf(doc, stderr, JSON_INDENT(2));
	fputc('\n', stderr);
}

/* ---- public --------------------------------------------------------------------------- */

int session_report(struct session *s, const struct error *err)
{
	const char *format = session_option(s, OPTION_OUTPUT);
	const char *request = json_str(s->problem, "instance", NULL);

	if (format && !strcmp(format, "json")) {
		report_json(s, err);
		return (int)session_status(err->code);
	}
	say("skyclust: %s", err->message);
	if (s->problem)
		say("  code: %s%s%s%s",
		    json_str(s->problem, "code", err_info(err->code)->name),
		    request ? " (request " : "", request ? request : "",
		    request ? ")" : "");
	if (*err->path)
		say_pointer(s, err->path);
	if (err->cloud.http || *err->cloud.code)
		say_cloud(err);
	say_effect(s, err->effect);
	say_advice(s, err);
	return (int)session_status(err->code);
}

void session_say(struct session *s, const char *fmt, ...)
{
	AUTO_FREE char *line = NULL;
	va_list ap;

	if (s->command.option[OPTION_QUIET])
		return;
	va_start(ap, fmt);
	line = mem_vprintf(fmt, ap);
	va_end(ap);
	say("%s", line);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/follow.h"

#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/wait.h"
#include "nouns/nouns.h"

#define HTTP_ACCEPTED 202
#define HTTP_FAILED 500 /* what a code is taken for that we do not know */

struct follow {
	struct session *s;
	const char *subject, *id;
	char shown[160]; /* the progress that was told last */
	int64_t began, deadline;
	bool terminal;
};

bool follow_is_operation(const json_t *value, int http)
{
	return http == HTTP_ACCEPTED && json_str(value, "id", NULL) &&
	       json_str(value, "method", NULL);
}

/* ---- progress ------------------------------------------------------------ */

/* "running, 3 of 10: copying" */
static void describe(const json_t *operation, char *text, size_t size)
{
	const json_t *p = json_object_get(operation, "progress");
	const char *message = json_str(p, "message", "");
	long long total = json_int(p, "total", 0);
	AUTO(buf_done) struct buf out = { 0 };

	buf_add_str(&out, json_str(operation, "state", ""));
	if (total)
		buf_printf(&out, ", %lld of %lld",
			   (long long)json_int(p, "done", 0), total);
	buf_printf(&out, "%s%s", *message ? ": " : "", message);
	text_copy(text, size, out.p);
	session_clean(text);
}

static long long elapsed_s(const struct follow *f)
{
	return (clock_ms() - f->began) / 1000;
}

/* One line that changes on a terminal, a line for each step elsewhere. */
static void show(struct follow *f, const json_t *operation)
{
	char text[sizeof(f->shown)];

	describe(operation, text, sizeof(text));
	if (f->terminal && !f->s->command.option[OPTION_QUIET]) {
		fprintf(stderr, "\r\033[K%s: operation %s is %s, %lld s",
			f->subject, f->id, text, elapsed_s(f));
		fflush(stderr);
	} else if (strcmp(text, f->shown) != 0) {
		session_say(f->s, "%s: operation %s is %s", f->subject, f->id,
			    text);
	}
	memcpy(f->shown, text, sizeof(text));
}

static void show_end(const struct follow *f)
{
	if (f->terminal && !f->s->command.option[OPTION_QUIET])
		fputs("\r\033[K", stderr);
}

/* ---- asking -------------------------------------------------------------- */

static bool is_over(const json_t *operation)
{
	return strcmp(json_str(operation, "state", ""), "running") != 0;
}

/* The operation as it is now, new; NULL with @err. */
static json_t *look(const struct follow *f, struct error *err)
{
	AUTO_JSON json_t *args = json_pack("{ss}", "id", f->id);
	json_t *now;

	return session_call(f->s, noun_op_find("operation.get"), args, &now,
			    NULL, err)
		       ? now
		       : NULL;
}

/* Its last state, new; NULL with @err and @status.  That the server cannot tell
 * for a moment is no end: the operation goes on. */
static json_t *await(struct follow *f, enum exit_status *status,
		     struct error *err)
{
	for (;;) {
		json_t *now = look(f, err);

		if (now && is_over(now))
			return now;
		*status = STATUS_WAIT;
		if (!now && !err->retryable)
			return NULL;
		if (now)
			show(f, now);
		json_decref(now);
		if (clock_ms() >= f->deadline) {
			session_forget(f->s);
			fail(err, ERR_DEADLINE,
			     "operation %s is under way after %lld s, and goes "
			     "on; `skyclust operations get %s` shows it",
			     f->id, elapsed_s(f), f->id);
			return NULL;
		}
		if (session_poll(-1, wait_rest_ms(f->began)))
			continue;
		*status = STATUS_INTERRUPTED;
		session_forget(f->s);
		fail(err, ERR_CANCELLED,
		     "interrupted; operation %s goes on, `skyclust operations "
		     "cancel %s` would stop it",
		     f->id, f->id);
		return NULL;
	}
}

/* What its end means. */
static bool judge(struct follow *f, const json_t *operation, json_t **result,
		  enum exit_status *status, struct error *err)
{
	json_t *error = json_object_get(operation, "error");
	const char *state = json_str(operation, "state", "");

	if (!strcmp(state, "succeeded")) {
		*result = json_incref(json_object_get(operation, "result"));
		return true;
	}
	if (json_is_object(error))
		session_take_problem(f->s, error, HTTP_FAILED, err);
	else
		fail(err, ERR_INTERNAL, "operation %s is %s", f->id, state);
	*status = session_status(err->code);
	return false;
}

/* ---- public -------------------------------------------------------------- */

bool follow_operation(struct session *s, const json_t *operation,
		      const char *subject, long long timeout_s, json_t **result,
		      enum exit_status *status, struct error *err)
{
	AUTO_FREE char *id = mem_strdup(json_str(operation, "id", ""));
	struct follow f = { .s = s, .subject = subject, .id = id };
	AUTO_JSON json_t *last = NULL;

	session_clean(id);
	*result = NULL;
	f.terminal = isatty(STDERR_FILENO);
	f.began = clock_ms();
	f.deadline = f.began + timeout_s * 1000;
	last = await(&f, status, err);
	show_end(&f);
	return last && judge(&f, last, result, status, err);
}

bool follow_call(struct session *s, const struct cat_op *op, const json_t *args,
		 json_t **value, int *http, struct error *err)
{
	AUTO_JSON json_t *answer = NULL;
	enum exit_status unused;
	int status = 0;

	if (!session_call(s, op, args, &answer, &status, err))
		return false;
	if (follow_is_operation(answer, status)) {
		AUTO_JSON json_t *operation = answer;

		answer = NULL;
		status = 200;
		if (!follow_operation(s, operation, op->kind->name,
				      WAIT_DEFAULT_S, &answer, &unused, err))
			return false;
	}
	if (value)
		*value = json_incref(answer);
	if (http)
		*http = status;
	return true;
}

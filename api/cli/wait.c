/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wait.h"

#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/confirm.h"
#include "cli/lookup.h"

#define REST_MIN_MS 300
#define REST_MAX_MS 5000
#define TICK_MS 1000 /* how often the elapsed time is shown */

/* ---- words ------------------------------------------------------------------------ */

/* clang-format off */
static const struct {
	const char *status;
	enum wait_state state;
} words[] = {
	{ "pending", WAIT_MOVING }, { "creating", WAIT_MOVING }, { "updating", WAIT_MOVING },
	{ "upgrading", WAIT_MOVING }, { "resizing", WAIT_MOVING }, { "stopping", WAIT_MOVING },
	{ "suspending", WAIT_MOVING }, { "rebooting", WAIT_MOVING }, { "deleting", WAIT_MOVING },
	{ "terminating", WAIT_MOVING }, { "attaching", WAIT_MOVING },
	{ "detaching", WAIT_MOVING }, { "not_ready", WAIT_MOVING }, { "unknown", WAIT_MOVING },
	{ "running", WAIT_SETTLED }, { "stopped", WAIT_SETTLED }, { "suspended", WAIT_SETTLED },
	{ "available", WAIT_SETTLED }, { "in_use", WAIT_SETTLED }, { "ready", WAIT_SETTLED },
	{ "degraded", WAIT_SETTLED },
	{ "terminated", WAIT_GONE },
	{ "error", WAIT_BROKEN },
};

/* A cloud may begin to change the state only after it has answered. */
static const struct {
	const char *verb, *status, *or_status;
} leads_to[] = {
	{ "start", "running" }, { "resume", "running" }, { "restart", "running" },
	{ "stop", "stopped", "suspended" }, { "suspend", "suspended", "stopped" },
};
/* clang-format on */

enum wait_state wait_state(const char *status)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (!strcmp(words[i].status, status))
			return words[i].state;
	return WAIT_OTHER;
}

static bool is_wanted(const struct cat_op *op, const char *status)
{
	for (size_t i = 0; i < ARRAY_LEN(leads_to); i++)
		if (!strcmp(op->verb, leads_to[i].verb))
			return !strcmp(status, leads_to[i].status) ||
			       (leads_to[i].or_status &&
				!strcmp(status, leads_to[i].or_status));
	return true;
}

/* ---- progress ------------------------------------------------------------------------ */

struct wait {
	struct session *s;
	const struct cat_op *op;
	const json_t *args;
	char *id;
	char *name;	 /* for people */
	char status[32]; /* as it was seen last, "": never */
	int64_t began, deadline;
	bool seen, changed, terminal;
};

static long long elapsed_s(const struct wait *w)
{
	return (clock_ms() - w->began) / 1000;
}

static const char *word_of(const struct wait *w)
{
	return *w->status ? w->status : "asked for";
}

/* One line that changes on a terminal, a line for each state elsewhere. */
static void show(const struct wait *w)
{
	if (w->s->command.option[OPTION_QUIET] || !w->terminal)
		return;
	fprintf(stderr, "\r\033[K%s %s: %s, %lld s", w->op->kind->name, w->name,
		word_of(w), elapsed_s(w));
	fflush(stderr);
}

static void saw(struct wait *w, const json_t *value, const char *status)
{
	mem_free(w->name);
	w->name = confirm_name(value);
	w->seen = true;
	w->changed = strcmp(w->status, status) != 0;
	text_copy(w->status, sizeof(w->status), status);
	session_clean(w->status);
}

static void show_on_the_way(const struct wait *w)
{
	if (w->changed && !w->terminal)
		session_say(w->s, "%s %s: %s", w->op->kind->name, w->name,
			    w->status);
	show(w);
}

static void show_end(const struct wait *w, const char *status)
{
	if (w->terminal && !w->s->command.option[OPTION_QUIET])
		fputs("\r\033[K", stderr);
	session_say(w->s, "%s %s: %s after %lld s", w->op->kind->name, w->name,
		    status, elapsed_s(w));
}

int64_t wait_rest_ms(int64_t began)
{
	int64_t ms = (clock_ms() - began) / 10;

	return ms < REST_MIN_MS	  ? REST_MIN_MS
	       : ms < REST_MAX_MS ? ms
				  : REST_MAX_MS;
}

static bool rest(const struct wait *w)
{
	int64_t ms = wait_rest_ms(w->began), end = clock_ms() + ms;

	for (int64_t left = ms; left > 0; left = end - clock_ms()) {
		if (!session_poll(-1, left < TICK_MS ? left : TICK_MS))
			return false;
		show(w);
	}
	return true;
}

/* ---- asking ---------------------------------------------------------------------------- */

enum verdict { GO_ON, DONE, FAILED };

static bool deletes(const struct wait *w)
{
	return !strcmp(w->op->verb, "delete");
}

static enum verdict judge(struct wait *w, const json_t *value,
			  struct error *err)
{
	const char *status = json_str(value, "status", NULL);
	enum wait_state state = status ? wait_state(status) : WAIT_OTHER;
	const char *why =
		json_str(value, "fault", json_str(value, "status_reason", ""));

	saw(w, value, status ? status : "");
	if (state == WAIT_BROKEN) {
		fail(err, ERR_INTERNAL, "%s %s is in state error%s%s",
		     w->op->kind->name, w->name, *why ? ": " : "", why);
		return FAILED;
	}
	if (deletes(w))
		return state == WAIT_GONE ? DONE : GO_ON;
	if (state == WAIT_MOVING || (status && !is_wanted(w->op, status)))
		return GO_ON;
	return DONE;
}

/* Not there: what was wanted, or not yet there. */
static enum verdict judge_absence(struct wait *w, json_t **value,
				  struct error *err)
{
	if (err->code == ERR_NOT_FOUND && deletes(w)) {
		*value = json_null();
		return DONE;
	}
	if (err->code == ERR_NOT_FOUND && !w->seen &&
	    !strcmp(w->op->verb, "create"))
		return GO_ON;
	return err->retryable && err->code != ERR_CANCELLED ? GO_ON : FAILED;
}

static enum verdict look(struct wait *w, json_t **value, struct error *err)
{
	const struct cat_kind *kind = w->op->kind;
	bool by_name = !strcmp(w->op->verb, "create") && !w->seen;
	const char *id;

	*value = by_name ? lookup_one(w->s, kind, w->id, w->args, err)
			 : lookup_get(w->s, kind, w->id, w->args, err);
	if (!*value)
		return judge_absence(w, value, err);
	id = json_str(*value, "id", w->id);
	if (strcmp(id, w->id) != 0) {
		mem_free(w->id);
		w->id = mem_strdup(id);
	}
	return judge(w, *value, err);
}

static bool too_late(const struct wait *w, struct error *err)
{
	session_forget(w->s);
	return fail(err, ERR_DEADLINE,
		    "%s %s is %s after %lld s; the cloud goes on with it",
		    w->op->kind->name, w->name, word_of(w), elapsed_s(w));
}

static json_t *run(struct wait *w, enum exit_status *status, struct error *err)
{
	json_t *value = NULL;
	enum verdict verdict;

	for (;;) {
		verdict = look(w, &value, err);
		if (verdict == DONE)
			return value;
		json_decref(value);
		if (verdict == FAILED)
			break;
		show_on_the_way(w);
		if (clock_ms() >= w->deadline) {
			too_late(w, err);
			break;
		}
		if (!rest(w))
			break;
	}
	*status = STATUS_WAIT;
	if (session_interrupted) {
		*status = STATUS_INTERRUPTED;
		session_forget(w->s);
		fail(err, ERR_CANCELLED,
		     "interrupted; the cloud goes on with %s %s",
		     w->op->kind->name, w->name);
	}
	return NULL;
}

json_t *wait_settled(struct session *s, const struct cat_op *op, const char *id,
		     const json_t *args, long long timeout_s,
		     enum exit_status *status, struct error *err)
{
	struct wait w = { .s = s, .op = op, .args = args };
	json_t *value;

	if (!command_op(op->kind, "get"))
		return json_null();
	w.id = mem_strdup(id);
	w.name = mem_strdup(id);
	w.terminal = isatty(STDERR_FILENO);
	w.began = clock_ms();
	w.deadline = w.began + timeout_s * 1000;
	value = run(&w, status, err);
	if (value)
		show_end(&w, json_is_null(value) ? "gone"
			     : *w.status	 ? w.status
						 : "there");
	else if (w.terminal && !s->command.option[OPTION_QUIET])
		fputs("\r\033[K", stderr);
	mem_free(w.id);
	mem_free(w.name);
	return value;
}

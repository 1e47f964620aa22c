/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scripted cloud for the table engine's tests.  A case is data: what is
 * called, what the cloud must be asked and how it answers, what must come of
 * it.  Who includes this defines `driver`.
 */
#ifndef SKYCLUST_TESTS_UNIT_REST_PLAY_H
#define SKYCLUST_TESTS_UNIT_REST_PLAY_H

#include "unit.h"

#include <errno.h>
#include <stdio.h>

#include "base/auto.h"
#include "base/json.h"
#include "cloud/http.h"
#include "cloud/rest.h"
#include "cloud/session.h"
#include "fake_cloud.h"

static const struct sc_driver driver;
static int logins;

/* clang-format off: tables */
/* ---- the cloud ----------------------------------------------------------- */

/* One exchange; in both, BASE stands for the cloud's address. */
struct turn {
	const char *line;       /* "GET /servers?limit=2", or with a body */
	int status;
	const char *body, *headers;
};

static const struct turn *turns;
static size_t turns_left;
static char surprise[512];

static inline char *with_base(const char *text)
{
	struct buf out = { 0 };
	const char *at;

	while ((at = strstr(text, "BASE"))) {
		buf_add(&out, text, (size_t)(at - text));
		buf_add_str(&out, fake.base);
		text = at + 4;
	}
	buf_add_str(&out, text);
	return buf_steal(&out, NULL);
}

static inline enum fake_end play(const struct fake_request *rq, struct buf *out)
{
	AUTO_FREE char *line = mem_printf("%s %s%s%s", rq->method, rq->target,
					  *rq->body ? " " : "", rq->body);
	AUTO_FREE char *body = NULL;

	if (!turns_left || strcmp(turns->line, line)) {
		snprintf(surprise, sizeof(surprise), "%s, not %s", line,
			 turns_left ? turns->line : "(nothing)");
		fake_reply(out, 599, "", "");
		return FAKE_CLOSE;
	}
	turns_left--;
	if (!turns->status) {
		turns++;
		return FAKE_CLOSE;
	}
	body = with_base(turns->body ? turns->body : "");
	fake_reply(out, turns->status, turns->headers ? turns->headers : "",
		   body);
	turns++;
	return FAKE_KEEP;
}

/* ---- running a case ------------------------------------------------------ */

#define TURNS 7

struct row {
	const char *op, *args;
	struct turn turns[TURNS];
	const char *value;      /* JSON; of a list with a token {"items", "next"} */
	enum err_code code;
	enum err_effect effect;
	const char *why;        /* in the message */
};

static const struct row *at;
static struct sc_call call;
static struct buf result;

static inline bool collect(void *arg, json_t *record)
{
	return json_array_append_new(arg, record) == 0;
}

static inline json_t *run_list(const struct sc_rest *row, json_t *args)
{
	json_t *items = json_array();
	char *next = NULL;

	if (!rest_list(&call, row, args, collect, items, &next)) {
		json_decref(items);
		return NULL;
	}
	if (next)
		items = json_pack("{s:o, s:s}", "items", items, "next", next);
	mem_free(next);
	return items;
}

static inline void run_case(void)
{
	AUTO_JSON json_t *args = json_read(at->args, strlen(at->args), NULL);
	const struct sc_rest *row;
	json_t *v = NULL;

	assert_non_null(args);
	row = rest_choose(&driver, at->op, args);
	call.args = args;
	if (!row)
		rest_no_row(&driver, at->op, args, &call.fault);
	else if (rest_is_list(row))
		v = run_list(row, args);
	else
		v = rest_value(&call, row, NULL);
	if (v)
		json_write(v, &result);
	json_decref(v);
	call.args = NULL;
}

static inline void judge(void)
{
	const struct error *f = &call.fault;

	if (surprise[0] || turns_left)
		fail_msg("%s %s: asked %s; %zu turns left", at->op, at->args,
			 surprise, turns_left);
	if (at->value && !result.p)
		fail_msg("%s %s: %s", at->op, at->args, f->message);
	if (at->value && strcmp(at->value, result.p))
		fail_msg("%s %s:\n%s\nnot\n%s", at->op, at->args, result.p,
			 at->value);
	if (at->value)
		return;
	if (result.p)
		fail_msg("%s %s: %s", at->op, at->args, result.p);
	if (f->code != at->code || f->effect != at->effect ||
	    (at->why && !strstr(f->message, at->why)))
		fail_msg("%s %s: %d, effect %d: %s", at->op, at->args, f->code,
			 f->effect, f->message);
	/* Only a mutation has an effect, and then it is not sent again. */
	if (f->effect != EFFECT_NONE && f->retryable)
		fail_msg("%s %s: retryable", at->op, at->args);
}

static inline void call_init(void)
{
	call = (struct sc_call){
		.driver = &driver,
		.secrets = json_pack("{s:s}", "password", "hunter22"),
		.config = json_pack("{s:s}", "url", fake.base),
	};
}

static inline void call_done(void)
{
	session_release(&call);
	json_decref(call.secrets);
	json_decref(call.config);
	arena_done(&call.arena);
}

static inline void run_row(const struct row *row)
{
	at = row;
	turns = row->turns;
	for (turns_left = 0; turns_left < TURNS && turns[turns_left].line;)
		turns_left++;
	surprise[0] = '\0';
	buf_done(&result);
	call_init();
	in_fiber(run_case);
	judge();
	call_done();
	buf_done(&result);
}

static inline int set_up(void **state)
{
	(void)state;
	loop_init();
	fake_start();
	fake.answer = play;
	logins = 0;
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	session_done();
	http_done();
	fake_stop();
	assert_true(loop_run_until(fake_is_quiet, NULL, clock_ms() + 5000));
	loop_done();
	fiber_done();
	return 0;
}

static inline void run_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		run_row(&rows[i]);
		session_done();
	}
}

#endif

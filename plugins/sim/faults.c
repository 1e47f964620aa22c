/* SPDX-License-Identifier: Apache-2.0 */
#include "faults.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "moment.h"
#include "settings.h"

static const char *const points[DIE_POINTS] = {
	[DIE_ON_START] = "on-start",
	[DIE_ON_CALL] = "on-call",
	[DIE_ON_READ] = "on-read",
	[DIE_MID_LIST] = "mid-list",
	[DIE_BEFORE_APPLY] = "before-apply",
	[DIE_MID_LEDGER] = "mid-ledger",
	[DIE_AFTER_LEDGER] = "after-ledger",
	[DIE_BEFORE_ANSWER] = "before-answer",
	[DIE_AFTER_CHECKPOINT] = "after-checkpoint",
	[DIE_ON_POLL] = "on-poll",
};

static const struct {
	const char *name;
	enum sc_code code;
} codes[] = {
	{ "cloud_unavailable", SC_CLOUD_UNAVAILABLE },
	{ "cloud_bad_answer", SC_CLOUD_BAD_ANSWER },
	{ "busy", SC_BUSY },
	{ "rate_limited", SC_RATE_LIMITED },
	{ "quota", SC_QUOTA },
	{ "forbidden", SC_FORBIDDEN },
	{ "unauthenticated", SC_UNAUTHENTICATED },
	{ "credential_expired", SC_CREDENTIAL_EXPIRED },
	{ "conflict", SC_CONFLICT },
	{ "needs_attention", SC_NEEDS_ATTENTION },
	{ "internal", SC_INTERNAL },
};

static char died[1100];	 /* file that remembers for die_once, or "" */
static long long passed; /* times the point was reached */
static uint64_t random_state;

int fault_code(const char *name)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (!strcmp(codes[i].name, name))
			return codes[i].code;
	return 0;
}

bool fault_point_known(const char *name)
{
	for (size_t i = 0; i < DIE_POINTS; i++)
		if (!strcmp(points[i], name))
			return true;
	return false;
}

/* ---- chance: xorshift64*, so that a run can be repeated ------------------ */

static double chance(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (double)((random_state * 2685821657736338717ULL) >> 11) / 0x1p53;
}

void faults_start(const char *state_dir)
{
	passed = 0;
	random_state = (uint64_t)settings()->fault_seed + 88172645463325252ULL;
	died[0] = '\0';
	if (state_dir)
		snprintf(died, sizeof(died), "%s/died", state_dir);
}

/* ---- dying --------------------------------------------------------------- */

bool fault_will_die(enum fault_point point)
{
	const struct settings *s = settings();

	if (strcmp(points[point], s->die_at) != 0)
		return false;
	if (s->die_once && died[0] && access(died, F_OK) == 0)
		return false;
	return ++passed == s->die_after;
}

void fault_die_now(void)
{
	FILE *mark = NULL;

	if (settings()->die_once && died[0])
		mark = fopen(died, "we");
	if (mark)
		fclose(mark);
	kill(getpid(), SIGKILL);
}

void fault_die(enum fault_point point)
{
	if (fault_will_die(point))
		fault_die_now();
}

/* ---- refusing ------------------------------------------------------------ */

/* A bucket that holds one second's calls. Milliseconds to wait, 0: pass. */
static int rate_limited(void)
{
	static double left;
	static int64_t filled;
	double rate = (double)settings()->rate_limit_per_second;
	int64_t now = moment_now();

	if (rate <= 0)
		return 0;
	left += (double)(now - filled) * rate / 1000;
	if (!filled || left > rate)
		left = rate;
	filled = now;
	if (left < 1)
		return (int)((1 - left) * 1000 / rate) + 1;
	left--;
	return 0;
}

SC_WAITS static struct sc_reply *be_slow(struct sc_call *call)
{
	const struct settings *s = settings();
	long long ms = s->latency_ms;

	if (s->latency_jitter_ms)
		ms += (long long)(chance() * (double)s->latency_jitter_ms);
	if (!ms || sc_sleep(call, (int)ms))
		return NULL;
	return sc_fail_with(call,
			    &(struct sc_fault){ .code = SC_CANCELLED,
						.effect = SC_EFFECT_NONE },
			    "%s was given up while the cloud was slow",
			    sc_method_name(call));
}

static struct sc_reply *refuse(struct sc_call *call, int code, int retry_after)
{
	return sc_fail_with(call,
			    &(struct sc_fault){ .code = code,
						.effect = SC_EFFECT_NONE,
						.retry_after_ms = retry_after,
						.cloud_code = "SimFault" },
			    "the fake cloud refused %s, as its settings say",
			    sc_method_name(call));
}

struct sc_reply *faults_before(struct sc_call *call)
{
	const struct settings *s = settings();
	struct sc_reply *reply;
	int wait;

	fault_die(DIE_ON_CALL);
	reply = be_slow(call);
	if (reply)
		return reply;
	wait = rate_limited();
	if (wait)
		return refuse(call, SC_RATE_LIMITED, wait);
	if (s->error_rate > 0 && chance() < s->error_rate)
		return refuse(call, fault_code(s->error_code), 0);
	return NULL;
}

/* ---- losing answers ------------------------------------------------------ */

bool fault_loses_answer(void)
{
	double rate = settings()->lose_answer_rate;

	return rate > 0 && chance() < rate;
}

struct sc_reply *fault_lose_answer(struct sc_call *call)
{
	while (sc_sleep(call, 60000))
		;
	return sc_fail(call, SC_CANCELLED,
		       "the cloud's answer to %s was lost; ask op.reconcile",
		       sc_method_name(call));
}

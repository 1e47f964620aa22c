/* SPDX-License-Identifier: Apache-2.0 */
#include "prefer.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define BLANK " \t"

/* One preference: token [ "=" value ] *( ";" parameter ), to the next comma
 * that no quotes hold. */
struct preference {
	struct slice token, value;
};

static struct slice trim(struct slice s)
{
	while (s.n && strchr(BLANK, s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && strchr(BLANK, s.p[s.n - 1]))
		s.n--;
	return s;
}

static struct slice unquote(struct slice s)
{
	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		return (struct slice){ s.p + 1, s.n - 2 };
	return s;
}

/* Up to the next of @ends outside of quotes. */
static size_t span(const char *p, const char *ends)
{
	bool quoted = false;
	size_t n = 0;

	for (; p[n] && (quoted || !strchr(ends, p[n])); n++) {
		if (p[n] == '"')
			quoted = !quoted;
		else if (quoted && p[n] == '\\' && p[n + 1])
			n++;
	}
	return n;
}

static bool next(const char **header, struct preference *p)
{
	const char *at = *header;
	size_t all, name;

	at += strspn(at, BLANK ",");
	if (!*at)
		return false;
	all = span(at, ",");
	name = span(at, ",;=");
	p->token = trim((struct slice){ at, name });
	p->value = SLICE("");
	if (at[name] == '=')
		p->value = unquote(trim((struct slice){
			at + name + 1, span(at + name + 1, ",;") }));
	*header = at + all;
	return true;
}

static bool is(struct slice token, const char *name)
{
	return token.n == strlen(name) && !strncasecmp(token.p, name, token.n);
}

/* Seconds, RFC 7240 section 4.3. */
static bool read_seconds(struct slice value, long long *seconds)
{
	char digits[12] = "";

	if (!value.n || value.n >= sizeof(digits))
		return false;
	memcpy(digits, value.p, value.n);
	return strspn(digits, "0123456789") == value.n &&
	       text_to_int(digits, 0, 1LL << 40, seconds);
}

int64_t prefer_wait(const char *header, int64_t most,
		    char applied[PREFER_APPLIED])
{
	bool async = false, waits = false;
	struct preference p;
	long long seconds = 0, wanted;
	int64_t ms = most;

	/* Of what is said twice the first counts (section 2). */
	while (header && next(&header, &p)) {
		if (is(p.token, "respond-async"))
			async = true;
		if (!waits && is(p.token, "wait") &&
		    read_seconds(p.value, &wanted)) {
			waits = true;
			seconds = wanted;
		}
	}
	applied[0] = '\0';
	if (waits) {
		ms = seconds * 1000 < most ? seconds * 1000 : most;
		snprintf(applied, PREFER_APPLIED, "%swait=%lld",
			 async ? "respond-async, " : "", (long long)ms / 1000);
	} else if (async) {
		ms = 0;
		snprintf(applied, PREFER_APPLIED, "respond-async");
	}
	return ms;
}

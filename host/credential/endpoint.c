/* SPDX-License-Identifier: Apache-2.0 */
#include "credential/endpoint.h"

#include <netdb.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/fiber.h"
#include "base/json.h"
#include "base/offload.h"
#include "base/text.h"

#define HOST_TEXT 256
#define LOOK_UPS 2 /* at once: the pool's other threads have other work */

/* ---- which fields ------------------------------------------------------- */

bool endpoint_is_field(const char *field, const json_t *schema)
{
	static const char *const formats[] = { "uri", "hostname", "ipv4",
					       "ipv6" };
	static const char *const ends[] = { "_url", "_uri", "endpoint",
					    "host" };
	const char *format = json_str(schema, "format", "");

	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (!strcmp(format, formats[i]))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (text_ends(field, ends[i]))
			return true;
	return !strcmp(field, "url") || !strcmp(field, "uri");
}

/* ---- reading (RFC 3986) ------------------------------------------------- */

static bool is_clean(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' ||
		    (unsigned char)*text >= 0x7f || *text == '\\')
			return false;
	return true;
}

static bool is_port(struct slice text)
{
	char digits[8] = "";
	long long port;

	if (!text.n || text.n >= sizeof(digits))
		return false;
	memcpy(digits, text.p, text.n);
	return strspn(digits, "0123456789") == text.n &&
	       text_to_int(digits, 1, 65535, &port);
}

/* "host" and "host:port", the host maybe in brackets. */
static bool split_authority(struct slice authority, struct slice *host)
{
	const char *end = authority.p + authority.n, *from = authority.p;
	const char *colon;

	if (authority.n && *from == '[')
		from = memchr(authority.p, ']', authority.n);
	if (!authority.n || !from)
		return false;
	colon = memchr(from, ':', (size_t)(end - from));
	if (!colon)
		colon = end;
	*host = (struct slice){ authority.p, (size_t)(colon - authority.p) };
	return colon == end ||
	       is_port((struct slice){ colon + 1, (size_t)(end - colon) - 1 });
}

/* Why @text names no host, NULL: it names @host. */
static const char *read_host(const char *text, struct slice *host)
{
	const char *scheme = strstr(text, "://");
	struct sockaddr_storage address;
	struct slice authority;

	*host = slice_of(text);
	if (address_read(text, &address)) /* also IPv6 without brackets */
		return NULL;
	if (!is_clean(text))
		return "has blanks, control or non-ASCII characters or \\";
	if (scheme && strncasecmp(text, "http://", 7) != 0 &&
	    strncasecmp(text, "https://", 8) != 0)
		return "must begin with https:// or http://";
	authority.p = scheme ? scheme + 3 : text;
	authority.n = strcspn(authority.p, "/?#");
	if (memchr(authority.p, '@', authority.n))
		return "must not hold a user or a password";
	if (!split_authority(authority, host))
		return "has no proper host and port";
	if (!address_host_is_plain(*host))
		return "must name its host as a DNS name, an IPv4 address of "
		       "four decimal numbers or an IPv6 address in brackets";
	return NULL;
}

/* ---- looking it up ------------------------------------------------------ */

struct look_up {
	char host[HOST_TEXT];
	enum egress egress;
	int failure; /* of getaddrinfo() */
	enum address_kind refused;
	char refused_text[ADDRESS_TEXT];
};

/* On a thread of the pool. */
static void look_up(void *arg)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *all = NULL, *a;
	struct look_up *l = arg;

	l->failure = getaddrinfo(l->host, NULL, &hints, &all);
	for (a = l->failure ? NULL : all; a; a = a->ai_next) {
		enum address_kind kind = address_kind(a->ai_addr);

		if (address_is_allowed(l->egress, kind))
			continue;
		l->refused = kind;
		address_format(a->ai_addr, l->refused_text);
	}
	if (!l->failure)
		freeaddrinfo(all);
}

/* Names whose servers do not answer must not take all of the pool. */
WAITS static bool look_up_in_turn(struct look_up *l, struct error *err)
{
	static struct cond turn = { LIST_INIT(turn.waiters) };
	static unsigned under_way;

	while (under_way >= LOOK_UPS)
		if (cond_wait(&turn, 0) == WAIT_CANCELLED)
			return fail(err, ERR_CANCELLED,
				    "while waiting to look up %s", l->host);
	under_way++;
	offload(look_up, l);
	under_way--;
	cond_signal(&turn);
	return true;
}

static void take_host(struct look_up *l, struct slice host)
{
	if (*host.p == '[')
		host = (struct slice){ host.p + 1, host.n - 2 };
	memcpy(l->host, host.p, host.n);
}

static const char *what_to_do(enum address_kind refused)
{
	if (address_is_allowed(EGRESS_ANY, refused))
		return "for a private cloud the operator sets private_networks "
		       "in the provider's block";
	return "name the cloud's own endpoint";
}

WAITS bool endpoint_check(const char *text, const char *pointer,
			  enum egress egress, struct error *err)
{
	struct look_up l = { .egress = egress };
	struct slice host;
	const char *fault = read_host(text, &host);

	if (fault)
		return fail_at(err, ERR_INVALID, pointer, "%s %s", pointer,
			       fault);
	take_host(&l, host);
	if (!look_up_in_turn(&l, err))
		return false;
	if (l.failure)
		return fail_at(err, ERR_INVALID, pointer,
			       "%s: the host %s cannot be found: %s", pointer,
			       l.host, gai_strerror(l.failure));
	if (l.refused == ADDRESS_PUBLIC)
		return true;
	return fail_at(err, ERR_INVALID, pointer,
		       "%s: %s leads to %s (%s), where a tenant's credential "
		       "may not be sent; %s",
		       pointer, l.host, l.refused_text,
		       address_kind_name(l.refused), what_to_do(l.refused));
}

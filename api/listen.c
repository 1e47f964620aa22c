/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses are parsed here and not resolved: a name in a file could come to
 * mean another interface than was checked.
 */
#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"

#define BACKLOG 1024

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
	socklen_t size;
};

/* "HOST:PORT" or "[HOST]:PORT" into its parts. */
static bool split(const char *text, char host[64], long long *port)
{
	const char *colon = strrchr(text, ':');
	const char *begin = text, *end = colon;

	if (!colon || !text_to_int(colon + 1, 0, 65535, port))
		return false;
	if (*begin == '[') {
		if (end == begin || end[-1] != ']')
			return false;
		begin++;
		end--;
	}
	if (end <= begin || (size_t)(end - begin) >= 64)
		return false;
	snprintf(host, 64, "%.*s", (int)(end - begin), begin);
	return true;
}

static bool parse(const char *text, struct address *a)
{
	char host[64];
	long long port;

	if (!split(text, host, &port))
		return false;
	memset(a, 0, sizeof(*a));
	if (!strcmp(host, "localhost"))
		text_copy(host, sizeof(host), "127.0.0.1");
	if (inet_pton(AF_INET, host, &a->v4.sin_addr) == 1) {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = htons((uint16_t)port);
		a->size = sizeof(a->v4);
		return true;
	}
	a->v6.sin6_family = AF_INET6;
	a->v6.sin6_port = htons((uint16_t)port);
	a->size = sizeof(a->v6);
	return inet_pton(AF_INET6, host, &a->v6.sin6_addr) == 1;
}

static bool is_loopback(const struct address *a)
{
	if (a->any.sa_family == AF_INET)
		return ntohl(a->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
}

static void write_url(int fd, char url[LISTEN_URL])
{
	struct address a = { .size = sizeof(a.v6) };
	char host[INET6_ADDRSTRLEN] = "";

	getsockname(fd, &a.any, &a.size);
	if (a.any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &a.v4.sin_addr, host, sizeof(host));
		snprintf(url, LISTEN_URL, "http://%s:%u", host,
			 ntohs(a.v4.sin_port));
		return;
	}
	inet_ntop(AF_INET6, &a.v6.sin6_addr, host, sizeof(host));
	snprintf(url, LISTEN_URL, "http://[%s]:%u", host,
		 ntohs(a.v6.sin6_port));
}

static int bind_to(const char *text, const struct address *a, struct error *err)
{
	int fd = socket(a->any.sa_family,
			SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;

	if (fd >= 0 &&
	    !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) &&
	    !bind(fd, &a->any, a->size) && !listen(fd, BACKLOG))
		return fd;
	fail(err, errno == EADDRINUSE ? ERR_CONFLICT : ERR_INVALID,
	     "cannot listen on %s: %s; choose another address with --listen",
	     text, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

int listen_loopback(const char *text, char url[LISTEN_URL], struct error *err)
{
	struct address a;
	int fd;

	if (!parse(text, &a)) {
		fail(err, ERR_INVALID,
		     "cannot listen on \"%s\": write HOST:PORT, such as "
		     "127.0.0.1:8080 or [::1]:8080",
		     text);
		return -1;
	}
	if (!is_loopback(&a)) {
		fail(err, ERR_INVALID,
		     "will not listen on %s: while one token opens "
		     "everything, only loopback addresses are allowed; put a "
		     "proxy with its own authentication in front",
		     text);
		return -1;
	}
	fd = bind_to(text, &a, err);
	if (fd >= 0)
		write_url(fd, url);
	return fd;
}

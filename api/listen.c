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
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/text.h"

#define BACKLOG 1024

/* ---- the network --------------------------------------------------------- */

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

static void write_url(int fd, const char *scheme, char url[LISTEN_URL])
{
	struct address a = { .size = sizeof(a.v6) };
	char host[INET6_ADDRSTRLEN] = "";

	getsockname(fd, &a.any, &a.size);
	if (a.any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &a.v4.sin_addr, host, sizeof(host));
		snprintf(url, LISTEN_URL, "%s://%s:%u", scheme, host,
			 ntohs(a.v4.sin_port));
		return;
	}
	inet_ntop(AF_INET6, &a.v6.sin6_addr, host, sizeof(host));
	snprintf(url, LISTEN_URL, "%s://[%s]:%u", scheme, host,
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

int listen_tcp(const char *text, bool tls, char url[LISTEN_URL],
	       struct error *err)
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
	if (!tls && !is_loopback(&a)) {
		fail(err, ERR_INVALID,
		     "will not listen on %s without TLS: tokens would cross "
		     "the network in the clear; set server.tls_certificate and "
		     "server.tls_key, or listen on a loopback address",
		     text);
		return -1;
	}
	fd = bind_to(text, &a, err);
	if (fd >= 0)
		write_url(fd, tls ? "https" : "http", url);
	return fd;
}

/* ---- the unix socket ----------------------------------------------------- */

static bool in_use(const char *path, struct error *err)
{
	return fail(err, ERR_CONFLICT,
		    "cannot listen on %s: another process listens there; stop "
		    "it, or choose another server.socket",
		    path);
}

/* Make room for the socket @a: nothing is there, or what a dead process left. */
static bool remove_stale(const struct sockaddr_un *a, struct error *err)
{
	AUTO_FD int fd = -1;
	struct stat st;

	if (lstat(a->sun_path, &st) < 0)
		return errno == ENOENT ||
		       fail(err, ERR_INVALID, "cannot listen on %s: %s",
			    a->sun_path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return fail(err, ERR_CONFLICT,
			    "cannot listen on %s: it is there and is no "
			    "socket; remove it, or choose another "
			    "server.socket",
			    a->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && (!connect(fd, (const struct sockaddr *)a, sizeof(*a)) ||
			errno == EAGAIN))
		return in_use(a->sun_path, err);
	return (errno == ECONNREFUSED && !unlink(a->sun_path)) ||
	       fail(err, ERR_INVALID, "cannot replace the old socket %s: %s",
		    a->sun_path, strerror(errno));
}

/* The mode that bind(2) gives to the file is the socket's own, set before:
 * there is no moment at which others could connect. */
static int bind_unix(const struct sockaddr_un *a, struct error *err)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && !fchmod(fd, 0600) &&
	    !bind(fd, (const struct sockaddr *)a, sizeof(*a)) &&
	    !listen(fd, BACKLOG))
		return fd;
	fail(err, errno == EADDRINUSE ? ERR_CONFLICT : ERR_INVALID,
	     "cannot listen on %s: %s; choose another server.socket",
	     a->sun_path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

int listen_unix(const char *path, struct error *err)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(a.sun_path)) {
		fail(err, ERR_INVALID,
		     "cannot listen on %s: the path of a socket has at most "
		     "%zu bytes, this one has %zu; choose a shorter "
		     "server.socket",
		     path, sizeof(a.sun_path) - 1, strlen(path));
		return -1;
	}
	text_copy(a.sun_path, sizeof(a.sun_path), path);
	return remove_stale(&a, err) ? bind_unix(&a, err) : -1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host of any URL.
 *
 * Beside memory faults it finds a host that is taken for a name, while the
 * resolver takes it for an address: what is refused by its address must not get
 * through by its spelling.
 */
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void check_numbers(const char *host)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST };
	struct sockaddr_storage read;
	struct addrinfo *found;

	if (getaddrinfo(host, NULL, &hints, &found) != 0)
		return;
	must(address_read(host, &read));
	must(address_kind((const struct sockaddr *)&read) ==
	     address_kind(found->ai_addr));
	freeaddrinfo(found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice host = { (const char *)data, size };
	char text[300];

	if (!address_host_is_plain(host))
		return 0;
	must(size < sizeof(text) && !memchr(data, 0, size));
	if (host.p[0] == '[')
		host = (struct slice){ host.p + 1, host.n - 2 };
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	check_numbers(text);
	return 0;
}

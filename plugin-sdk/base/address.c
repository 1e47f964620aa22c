/* SPDX-License-Identifier: Apache-2.0 */
#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"

#define HOST_MAX 253 /* bytes of a name, RFC 1035 section 2.3.4 */
#define LABEL_MAX 63

/* ---- tables: the first row that fits says it ---------------------------- */

struct block {
	const char *prefix;
	unsigned bits;
	enum address_kind kind;
	unsigned ipv4; /* offset of an IPv4 address inside, 0: none */
};

/* clang-format off */
static const struct block ipv4_blocks[] = {
	{ "169.254.0.0", 16, ADDRESS_LINK_LOCAL }, /* most metadata services, too */
	{ "100.100.100.200", 32, ADDRESS_METADATA },	/* Alibaba Cloud */
	{ "168.63.129.16", 32, ADDRESS_METADATA },	/* Azure */
	{ "192.0.0.192", 32, ADDRESS_METADATA },	/* Oracle Cloud */
	{ "0.0.0.0", 8, ADDRESS_UNSPECIFIED },
	{ "127.0.0.0", 8, ADDRESS_LOOPBACK },
	{ "10.0.0.0", 8, ADDRESS_PRIVATE },
	{ "172.16.0.0", 12, ADDRESS_PRIVATE },
	{ "192.168.0.0", 16, ADDRESS_PRIVATE },
	{ "100.64.0.0", 10, ADDRESS_SHARED },
	{ "192.0.0.0", 24, ADDRESS_RESERVED },		/* RFC 6890 */
	{ "192.0.2.0", 24, ADDRESS_RESERVED },		/* RFC 5737 */
	{ "198.51.100.0", 24, ADDRESS_RESERVED },
	{ "203.0.113.0", 24, ADDRESS_RESERVED },
	{ "192.88.99.0", 24, ADDRESS_RESERVED },	/* RFC 7526 */
	{ "198.18.0.0", 15, ADDRESS_RESERVED },		/* RFC 2544 */
	{ "224.0.0.0", 4, ADDRESS_MULTICAST },
	{ "240.0.0.0", 4, ADDRESS_RESERVED },
	{ "0.0.0.0", 0, ADDRESS_PUBLIC },
};

static const struct block ipv6_blocks[] = {
	{ "fd00:ec2::254", 128, ADDRESS_METADATA },	/* AWS */
	{ "fd20:ce::254", 128, ADDRESS_METADATA },	/* Google Cloud */
	{ "fd00:42::42", 128, ADDRESS_METADATA },	/* Scaleway */
	{ "::", 128, ADDRESS_UNSPECIFIED },
	{ "::1", 128, ADDRESS_LOOPBACK },
	{ "::", 96, .ipv4 = 12 },			/* RFC 4291 section 2.5.5 */
	{ "::ffff:0:0", 96, .ipv4 = 12 },
	{ "::ffff:0:0:0", 96, .ipv4 = 12 },		/* RFC 2765 */
	{ "64:ff9b::", 96, .ipv4 = 12 },		/* RFC 6052 */
	{ "64:ff9b:1::", 48, ADDRESS_PRIVATE },		/* RFC 8215 */
	{ "2002::", 16, .ipv4 = 2 },			/* RFC 3056 */
	{ "2001::", 23, ADDRESS_RESERVED },		/* Teredo and others, RFC 2928 */
	{ "2001:db8::", 32, ADDRESS_RESERVED },		/* RFC 3849 */
	{ "3fff::", 20, ADDRESS_RESERVED },		/* RFC 9637 */
	{ "2000::", 3, ADDRESS_PUBLIC },
	{ "fc00::", 7, ADDRESS_PRIVATE },
	{ "fec0::", 10, ADDRESS_PRIVATE },		/* RFC 3879 */
	{ "fe80::", 10, ADDRESS_LINK_LOCAL },
	{ "ff00::", 8, ADDRESS_MULTICAST },
	{ "::", 0, ADDRESS_RESERVED },
};
/* clang-format on */

/* ---- kinds -------------------------------------------------------------- */

static bool fits(const unsigned char *bytes, const unsigned char *prefix,
		 unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	return !memcmp(bytes, prefix, whole) &&
	       (!rest || !((bytes[whole] ^ prefix[whole]) >> (8 - rest)));
}

/* The last row of a table fits everything. */
static const struct block *block_of(const struct block *row, int family,
				    const unsigned char *bytes)
{
	unsigned char prefix[16] = { 0 };

	for (;; row++) {
		inet_pton(family, row->prefix, prefix);
		if (fits(bytes, prefix, row->bits))
			return row;
	}
}

static enum address_kind kind_of_ipv4(const unsigned char *bytes)
{
	return block_of(ipv4_blocks, AF_INET, bytes)->kind;
}

static enum address_kind kind_of_ipv6(const unsigned char *bytes)
{
	const struct block *b = block_of(ipv6_blocks, AF_INET6, bytes);

	return b->ipv4 ? kind_of_ipv4(bytes + b->ipv4) : b->kind;
}

/* The bytes of the address, NULL: of another family. */
static const unsigned char *bytes_of(const struct sockaddr *address)
{
	const void *p = address;

	if (address->sa_family == AF_INET)
		return (const void *)&((const struct sockaddr_in *)p)->sin_addr;
	if (address->sa_family == AF_INET6)
		return (const void *)&((const struct sockaddr_in6 *)p)
			->sin6_addr;
	return NULL;
}

enum address_kind address_kind(const struct sockaddr *address)
{
	const unsigned char *bytes = bytes_of(address);

	if (!bytes)
		return ADDRESS_RESERVED;
	return address->sa_family == AF_INET ? kind_of_ipv4(bytes)
					     : kind_of_ipv6(bytes);
}

const char *address_kind_name(enum address_kind kind)
{
	static const char *const names[] = {
		"public",     "unspecified", "loopback",
		"link-local", "private",     "shared",
		"multicast",  "reserved",    "of a metadata service",
	};

	return names[kind];
}

bool address_is_allowed(enum egress egress, enum address_kind kind)
{
	switch (egress) {
	case EGRESS_FREE:
		return true;
	case EGRESS_ANY:
		return kind != ADDRESS_METADATA && kind != ADDRESS_LINK_LOCAL;
	case EGRESS_PUBLIC:
		return kind == ADDRESS_PUBLIC;
	}
	return false;
}

/* ---- text --------------------------------------------------------------- */

void address_format(const struct sockaddr *address, char text[ADDRESS_TEXT])
{
	const unsigned char *bytes = bytes_of(address);

	if (!bytes || !inet_ntop(address->sa_family, bytes, text, ADDRESS_TEXT))
		text_copy(text, ADDRESS_TEXT, "?");
}

bool address_read(const char *text, struct sockaddr_storage *address)
{
	struct sockaddr_in *four = (void *)address;
	struct sockaddr_in6 *six = (void *)address;

	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		address->ss_family = AF_INET;
		return true;
	}
	address->ss_family = AF_INET6;
	return inet_pton(AF_INET6, text, &six->sin6_addr) == 1;
}

static bool is_label(struct slice label)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-";

	return label.n > 0 && label.n <= LABEL_MAX && label.p[0] != '-' &&
	       label.p[label.n - 1] != '-' &&
	       strspn(label.p, allowed) >= label.n;
}

/* Would some reader take it for a number? */
static bool is_numeric(struct slice label)
{
	if (label.n > 1 && label.p[0] == '0' &&
	    (label.p[1] == 'x' || label.p[1] == 'X'))
		return true;
	return strspn(label.p, "0123456789") >= label.n;
}

/* @name is NUL-terminated. */
static bool is_dns_name(const char *name)
{
	struct slice label = { name, 0 };

	for (;; name = label.p + label.n + 1) {
		label = (struct slice){ name, strcspn(name, ".") };
		if (!is_label(label))
			return false;
		if (!label.p[label.n])
			return !is_numeric(label);
	}
}

bool address_host_is_plain(struct slice host)
{
	struct sockaddr_storage address;
	char text[HOST_MAX + 3];

	if (!host.n || host.n >= sizeof(text) || memchr(host.p, 0, host.n))
		return false;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	if (text[0] == '[') {
		if (text[host.n - 1] != ']')
			return false;
		text[host.n - 1] = '\0';
		return address_read(text + 1, &address) &&
		       address.ss_family == AF_INET6;
	}
	if (address_read(text, &address))
		return address.ss_family == AF_INET;
	if (text[host.n - 1] == '.') /* the root, RFC 1034 section 3.1 */
		text[--host.n] = '\0';
	return host.n <= HOST_MAX && is_dns_name(text);
}

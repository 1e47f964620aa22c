/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What kind of place an IP address is: whether a connection may go there whose
 * address somebody else has chosen.  The tables are IANA's registries of
 * special-purpose addresses (RFC 6890), and the addresses at which clouds tell
 * their machines' secrets to whoever asks from inside.
 *
 * Names mean nothing here: an address is looked at after the name was resolved,
 * once more when it is connected to, and again when a connection is reused.
 */
#ifndef SKYCLUST_BASE_ADDRESS_H
#define SKYCLUST_BASE_ADDRESS_H

#include "base/base.h"

struct sockaddr;
struct sockaddr_storage;

enum address_kind {
	ADDRESS_PUBLIC,
	ADDRESS_UNSPECIFIED, /* 0.0.0.0/8, ::; Linux takes it for loopback */
	ADDRESS_LOOPBACK,
	ADDRESS_LINK_LOCAL,
	ADDRESS_PRIVATE, /* RFC 1918, RFC 4193 */
	ADDRESS_SHARED,	 /* RFC 6598: behind a carrier's NAT */
	ADDRESS_MULTICAST,
	ADDRESS_RESERVED, /* documentation, benchmarks, not given out yet */
	ADDRESS_METADATA, /* of a cloud's machines */
};

/* Of @address, AF_INET or AF_INET6 (any other family is reserved).  IPv6 ones
 * that carry an IPv4 address (mapped, compatible, translated, NAT64, 6to4) are
 * what that one is. */
enum address_kind address_kind(const struct sockaddr *address);
const char *address_kind_name(enum address_kind kind); /* "link-local" */

/* Where a connection may go (PROTOCOL.md, SDP-126). */
enum egress {
	EGRESS_FREE,   /* anywhere: the operator chose the address */
	EGRESS_ANY,    /* not to metadata services, nor link-local */
	EGRESS_PUBLIC, /* only to the public Internet */
};
bool address_is_allowed(enum egress egress, enum address_kind kind);

/* Numbers only, without zone or port: "10.0.0.1", "fd00::1". */
#define ADDRESS_TEXT 64
void address_format(const struct sockaddr *address, char text[ADDRESS_TEXT]);
bool address_read(const char *text, struct sockaddr_storage *address);

/*
 * Is @host, as it stands in a URL, spelt in the one usual way?  A DNS name of
 * letters, digits and hyphens (RFC 1123), an IPv4 address of four plain decimal
 * numbers, or an IPv6 address in brackets without a zone.  Spellings that only
 * some readers take for an address ("0x7f.1", "2130706433", "127.1") are not.
 */
bool address_host_is_plain(struct slice host);

#endif

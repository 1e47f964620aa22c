/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kinds of addresses: every row of the tables at both of its ends, whatever an
 * address is wrapped in, and however it is spelt.
 */
#include "unit.h"

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

#include "base/address.h"

static enum address_kind kind_of(const char *text)
{
	struct sockaddr_storage address;

	if (!address_read(text, &address))
		fail_msg("%s is no address", text);
	return address_kind((const struct sockaddr *)&address);
}

/* clang-format off */
static const struct { const char *text; enum address_kind kind; } samples[] = {
	{ "0.0.0.0", ADDRESS_UNSPECIFIED }, { "0.255.255.255", ADDRESS_UNSPECIFIED },
	{ "1.0.0.0", ADDRESS_PUBLIC }, { "9.255.255.255", ADDRESS_PUBLIC },
	{ "10.0.0.0", ADDRESS_PRIVATE }, { "10.255.255.255", ADDRESS_PRIVATE },
	{ "11.0.0.0", ADDRESS_PUBLIC }, { "100.63.255.255", ADDRESS_PUBLIC },
	{ "100.64.0.0", ADDRESS_SHARED }, { "100.127.255.255", ADDRESS_SHARED },
	{ "100.100.100.199", ADDRESS_SHARED }, { "100.100.100.200", ADDRESS_METADATA },
	{ "100.128.0.0", ADDRESS_PUBLIC }, { "126.255.255.255", ADDRESS_PUBLIC },
	{ "127.0.0.0", ADDRESS_LOOPBACK }, { "127.0.0.1", ADDRESS_LOOPBACK },
	{ "127.255.255.255", ADDRESS_LOOPBACK }, { "128.0.0.0", ADDRESS_PUBLIC },
	{ "168.63.129.15", ADDRESS_PUBLIC }, { "168.63.129.16", ADDRESS_METADATA },
	{ "169.253.255.255", ADDRESS_PUBLIC }, { "169.254.0.0", ADDRESS_LINK_LOCAL },
	{ "169.254.169.254", ADDRESS_LINK_LOCAL }, { "169.254.255.255", ADDRESS_LINK_LOCAL },
	{ "169.255.0.0", ADDRESS_PUBLIC }, { "172.15.255.255", ADDRESS_PUBLIC },
	{ "172.16.0.0", ADDRESS_PRIVATE }, { "172.31.255.255", ADDRESS_PRIVATE },
	{ "172.32.0.0", ADDRESS_PUBLIC }, { "191.255.255.255", ADDRESS_PUBLIC },
	{ "192.0.0.0", ADDRESS_RESERVED }, { "192.0.0.192", ADDRESS_METADATA },
	{ "192.0.1.0", ADDRESS_PUBLIC }, { "192.0.2.1", ADDRESS_RESERVED },
	{ "192.0.3.0", ADDRESS_PUBLIC }, { "192.88.99.1", ADDRESS_RESERVED },
	{ "192.167.255.255", ADDRESS_PUBLIC }, { "192.168.0.0", ADDRESS_PRIVATE },
	{ "192.168.255.255", ADDRESS_PRIVATE }, { "192.169.0.0", ADDRESS_PUBLIC },
	{ "198.17.255.255", ADDRESS_PUBLIC }, { "198.18.0.0", ADDRESS_RESERVED },
	{ "198.19.255.255", ADDRESS_RESERVED }, { "198.20.0.0", ADDRESS_PUBLIC },
	{ "198.51.100.7", ADDRESS_RESERVED }, { "203.0.113.255", ADDRESS_RESERVED },
	{ "223.255.255.255", ADDRESS_PUBLIC }, { "224.0.0.1", ADDRESS_MULTICAST },
	{ "239.255.255.255", ADDRESS_MULTICAST }, { "240.0.0.0", ADDRESS_RESERVED },
	{ "255.255.255.255", ADDRESS_RESERVED }, { "8.8.8.8", ADDRESS_PUBLIC },

	{ "::", ADDRESS_UNSPECIFIED }, { "::1", ADDRESS_LOOPBACK },
	{ "2000::", ADDRESS_PUBLIC }, { "2a00:1450:4001:80b::200e", ADDRESS_PUBLIC },
	{ "3ffe:ffff::", ADDRESS_PUBLIC }, { "3fff::1", ADDRESS_RESERVED },
	{ "3fff:1000::", ADDRESS_PUBLIC }, { "4000::", ADDRESS_RESERVED },
	{ "1fff:ffff::", ADDRESS_RESERVED }, { "100::1", ADDRESS_RESERVED },
	{ "2001::1", ADDRESS_RESERVED }, { "2001:1ff:ffff::", ADDRESS_RESERVED },
	{ "2001:200::", ADDRESS_PUBLIC }, { "2001:db8::1", ADDRESS_RESERVED },
	{ "2001:db9::1", ADDRESS_PUBLIC }, { "5f00::1", ADDRESS_RESERVED },
	{ "fbff::", ADDRESS_RESERVED }, { "fc00::", ADDRESS_PRIVATE },
	{ "fd12:3456::1", ADDRESS_PRIVATE }, { "fdff:ffff::", ADDRESS_PRIVATE },
	{ "fd00:ec2::254", ADDRESS_METADATA }, { "fd00:ec2::253", ADDRESS_PRIVATE },
	{ "fd20:ce::254", ADDRESS_METADATA }, { "fd00:42::42", ADDRESS_METADATA },
	{ "fe00::", ADDRESS_RESERVED }, { "fe80::1", ADDRESS_LINK_LOCAL },
	{ "febf:ffff::", ADDRESS_LINK_LOCAL }, { "fec0::", ADDRESS_PRIVATE },
	{ "feff::", ADDRESS_PRIVATE }, { "ff02::1", ADDRESS_MULTICAST },

	{ "::127.0.0.1", ADDRESS_LOOPBACK }, { "::8.8.8.8", ADDRESS_PUBLIC },
	{ "::ffff:127.0.0.1", ADDRESS_LOOPBACK }, { "::ffff:7f00:1", ADDRESS_LOOPBACK },
	{ "::ffff:10.1.2.3", ADDRESS_PRIVATE }, { "::ffff:8.8.8.8", ADDRESS_PUBLIC },
	{ "::ffff:169.254.169.254", ADDRESS_LINK_LOCAL }, { "::ffff:0.0.0.0", ADDRESS_UNSPECIFIED },
	{ "::ffff:0:127.0.0.1", ADDRESS_LOOPBACK }, { "64:ff9b::7f00:1", ADDRESS_LOOPBACK },
	{ "64:ff9b::a9fe:a9fe", ADDRESS_LINK_LOCAL }, { "64:ff9b::8.8.4.4", ADDRESS_PUBLIC },
	{ "64:ff9b:1::8.8.4.4", ADDRESS_PRIVATE }, { "2002:7f00:1::", ADDRESS_LOOPBACK },
	{ "2002:a00:1::5", ADDRESS_PRIVATE }, { "2002:a9fe:a9fe::1", ADDRESS_LINK_LOCAL },
	{ "2002:808:808::1", ADDRESS_PUBLIC }, { "2002:a83f:8110::", ADDRESS_METADATA },
};
/* clang-format on */

static void test_kinds(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(samples); i++)
		if (kind_of(samples[i].text) != samples[i].kind)
			fail_msg("%s is %s", samples[i].text,
				 address_kind_name(kind_of(samples[i].text)));
}

static void test_other_families(void **state UNUSED)
{
	struct sockaddr address = { .sa_family = AF_UNIX };
	char text[ADDRESS_TEXT];

	assert_int_equal(address_kind(&address), ADDRESS_RESERVED);
	address_format(&address, text);
	assert_string_equal(text, "?");
}

static void test_text(void **state UNUSED)
{
	static const char *const not [] = { "",		"127.1",    "1.2.3.4.5",
					    "0x7f.1",	"::1%lo",   "[::1]",
					    "1.2.3.4 ", "01.2.3.4", "host" };
	struct sockaddr_storage address;
	char text[ADDRESS_TEXT];

	assert_true(address_read("2001:DB8:0::1", &address));
	address_format((const struct sockaddr *)&address, text);
	assert_string_equal(text, "2001:db8::1");
	for (size_t i = 0; i < ARRAY_LEN(not ); i++)
		assert_false(address_read(not [i], &address));
}

/* However a resolver's user spells it, what is looked at is where it leads. */
static void test_odd_spellings_resolve(void **state UNUSED)
{
	static const char *const spellings[] = {
		"127.0.0.1",  "127.1",	      "127.0.1",    "2130706433",
		"0x7f000001", "017700000001", "0x7f.0.0.1", "0177.0.0.01",
		"0",	      "::1",	      "0:0::0:1",   "::ffff:7f00:1",
	};
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST };

	for (size_t i = 0; i < ARRAY_LEN(spellings); i++) {
		struct addrinfo *all = NULL;

		assert_int_equal(getaddrinfo(spellings[i], NULL, &hints, &all),
				 0);
		for (struct addrinfo *a = all; a; a = a->ai_next)
			assert_false(address_is_allowed(
				EGRESS_PUBLIC, address_kind(a->ai_addr)));
		freeaddrinfo(all);
	}
}

static void test_plain_hosts(void **state UNUSED)
{
	static const char *const plain[] = {
		"example.org", "Example.ORG.", "a",	    "x-1.y2",
		"127.0.0.1",   "[::1]",	       "[fd00::1]", "xn--bcher-kva.ch",
		"1and1.com",   "4chan.0rg",    "localhost"
	};
	static const char *const odd[] = {
		"",	      "127.1",
		"2130706433", "0x7f.0.0.1",
		"0177.0.0.1", "1.2.3.4.",
		"1.2.3",      "a.0x1",
		"a..b",	      ".",
		".a",	      "-a.b",
		"a-.b",	      "a_b.c",
		"a b",	      "user@host",
		"[::1%lo]",   "[::1",
		"::1",	      "[127.0.0.1]",
		"[]",	      "b\xc3\xbc.ch",
		"h/..",	      "h#f",
		"h%2e",	      "h:80",
		"1.2.3.256",  "127.0.0.01",
	};
	char label[80];

	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		if (!address_host_is_plain(slice_of(plain[i])))
			fail_msg("%s is refused", plain[i]);
	for (size_t i = 0; i < ARRAY_LEN(odd); i++)
		if (address_host_is_plain(slice_of(odd[i])))
			fail_msg("%s is accepted", odd[i]);
	assert_false(address_host_is_plain((struct slice){ "a\0b", 3 }));
	assert_false(address_host_is_plain((struct slice){ "a/b", 0 }));
	assert_true(address_host_is_plain((struct slice){ "a/b", 1 }));
	memset(label, 'a', sizeof(label));
	assert_true(address_host_is_plain((struct slice){ label, 63 }));
	assert_false(address_host_is_plain((struct slice){ label, 64 }));
}

static void test_lengths_of_names(void **state UNUSED)
{
	char name[300];

	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = i % 4 == 3 ? '.' : 'a';
	assert_true(address_host_is_plain((struct slice){ name, 251 }));
	assert_true(address_host_is_plain((struct slice){ name, 253 }));
	assert_false(address_host_is_plain((struct slice){ name, 255 }));
	assert_false(address_host_is_plain((struct slice){ name, 299 }));
}

static void test_egress(void **state UNUSED)
{
	for (enum address_kind k = ADDRESS_PUBLIC; k <= ADDRESS_METADATA; k++) {
		assert_true(address_is_allowed(EGRESS_FREE, k));
		assert_int_equal(address_is_allowed(EGRESS_PUBLIC, k),
				 k == ADDRESS_PUBLIC);
		assert_int_equal(address_is_allowed(EGRESS_ANY, k),
				 k != ADDRESS_METADATA &&
					 k != ADDRESS_LINK_LOCAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_other_families),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_odd_spellings_resolve),
		cmocka_unit_test(test_plain_hosts),
		cmocka_unit_test(test_lengths_of_names),
		cmocka_unit_test(test_egress),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

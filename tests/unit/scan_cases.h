/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is JSON and what is not, by RFC 8259 and our stricter rules, in the
 * manner of JSONTestSuite.  For test_scan.c.
 */
#ifndef SKYCLUST_TESTS_UNIT_SCAN_CASES_H
#define SKYCLUST_TESTS_UNIT_SCAN_CASES_H

#include "base/mem.h"

/* clang-format off */
#define YES(text) { text, sizeof(text) - 1, true }
#define NO(text) { text, sizeof(text) - 1, false }

static const struct {
	const char *text;
	size_t n;
	bool valid;
} cases[] = {
	/* arrays */
	YES("[]"), YES(" [ ] "), YES("[[]   ]"), YES("[\"\"]"),
	YES("[1,null,\"2\",{}]"), YES("[null, 1, \"1\", {}]\n"),
	YES("\t[\r\n1\t]"), YES("[false]"), YES("[true]"), YES("[[[[1]]],2]"),
	NO("[1,]"), NO("[,]"), NO("[,1]"), NO("[1,,2]"), NO("[1 true]"),
	NO("[1"), NO("["), NO("]"), NO("[]]"), NO("[[]"), NO("[1}"),
	NO("[\"x\""), NO("[1,\n"), NO("[:1]"), NO("[*]"), NO("[a]"),
	NO("[\v1]"), NO("[\f]"), NO("[1;2]"), NO("[\"a\",4,]"), NO("[3[4]]"),
	NO("[\"\": 1]"), NO("[][]"), NO("[1]x"),
	/* objects */
	YES("{}"), YES("{ }"), YES("{\"a\":1}"), YES("{\"\":0}"),
	YES("{\"a\":[],\"b\":{\"a\":{}}}"), YES("{\"a\" : 1 , \"b\"\t:\n2}"),
	YES("{\"a\":{\"x\":1},\"b\":{\"x\":1}}"), YES("[{\"a\":1},{\"a\":1}]"),
	YES("{\"foo\\u0001\":42}"), YES("{\"a\":1,\"A\":2}"),
	NO("{"), NO("}"), NO("{\"a\"}"), NO("{\"a\":}"), NO("{\"a\" 1}"),
	NO("{\"a\":1,}"), NO("{,\"a\":1}"), NO("{\"a\":1,,\"b\":2}"),
	NO("{\"a\"::1}"), NO("{a:1}"), NO("{1:1}"), NO("{null:1}"),
	NO("{'a':1}"), NO("{\"a\":1"), NO("{\"a\":1]"), NO("{\"a\""),
	NO("{\"a\":1 \"b\":2}"), NO("{\"a\",1}"), NO("{\"a\":1}}"),
	NO("{\"a\":1}#"), NO("{\"a\":/**/1}"), NO("{[]:1}"), NO("{\"a\":\"b"),
	/* names that come twice, also as another spelling of the same */
	NO("{\"a\":1,\"a\":1}"), NO("{\"a\":1,\"b\":{},\"a\":2}"),
	NO("{\"\":1,\"\":2}"), NO("{\"a\":1,\"\\u0061\":2}"),
	NO("{\"\\u0061\":1,\"a\":2}"), NO("{\"a\\/\":1,\"a/\":2}"),
	NO("{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}"),
	NO("[{\"x\":[{\"a\":1,\"a\":1}]}]"),
	NO("{\"a name of many bytes\":1,\"a name of many bytes\":2}"),
	YES("{\"a name of many bytes\":1,\"a name of many bytez\":2}"),
	YES("{\"\\\"\":1,\"\\\\\":2,\"\\\\\\\"\":3}"),
	/* strings */
	YES("\"\""), YES("\"asd \""), YES("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
	YES("\"\\u0060\\u012a\\u12AB\""), YES("\"\\uD801\\udc37\""),
	YES("\"\\ud83d\\ude39\\ud83d\\udc8d\""), YES("\"\\u0001\""),
	YES("\"\x7f\""), YES("\"\xe2\x82\xac\xf0\x9d\x84\x9e\""),
	YES("\"\xf4\x8f\xbf\xbf\""), YES("\"\xef\xbf\xbf\""), YES("\"\xed\x9f\xbf\""),
	YES("\"\xe0\xa0\x80\""), YES("\"\\u2028\xe2\x80\xa8\""),
	YES("\"0123456789abcdef0123456789abcdef\""),
	YES("\"0123456789abcde\\n0123456789abcde\xc3\xa9\""),
	NO("\""), NO("\"abc"), NO("\"\\\""), NO("\"\\"), NO("'a'"),
	NO("\"\\x00\""), NO("\"\\a\""), NO("\"\\'\""), NO("\"\\\t\""),
	NO("\"\\u\""), NO("\"\\u12\""), NO("\"\\u00A\""), NO("\"\\uqqqq\""),
	NO("\"\\U0041\""), NO("\"\\\0\""), NO("\"\\\xc3\xa9\""),
	NO("\"\\uD800\""), NO("\"\\uD800x\""), NO("\"\\uD800\\n\""),
	NO("\"\\uD800\\uD800\""), NO("\"\\uDC00\""), NO("\"\\uDC00\\uD800\""),
	NO("\"\\uD800\\u00\""), NO("\"\\uD800\\"), NO("\"\\u0000\""),
	NO("\"a\nb\""), NO("\"a\tb\""), NO("\"a\0b\""), NO("\"\x1f\""),
	NO("\"0123456789abcdef0123456789abcde\x01\""),
	NO("\"\x80\""), NO("\"\xbf\""), NO("\"\xc0\xaf\""), NO("\"\xc1\x81\""),
	NO("\"\xc3\""), NO("\"\xc3\x28\""), NO("\"\xe0\x80\xaf\""),
	NO("\"\xe2\x82\""), NO("\"\xe2\x28\xa1\""), NO("\"\xed\xa0\x80\""),
	NO("\"\xf0\x80\x80\xaf\""), NO("\"\xf0\x9f\x98\""),
	NO("\"\xf4\x90\x80\x80\""), NO("\"\xf5\x80\x80\x80\""), NO("\"\xff\""),
	NO("\"\xfe\""), NO("\"\xc3"), NO("{\"\xff\":1}"),
	/* numbers */
	YES("0"), YES("-0"), YES("123"), YES("-1"), YES("1.5"), YES("0.1e1"),
	YES("1e5"), YES("1E+2"), YES("1e-2"), YES("-1.5E-10"), YES("20e1"),
	YES("123.456e78"), YES("0e1"), YES("0e+1"), YES("[0]"), YES("[-0,0.0]"),
	YES("9007199254740992"), YES("-9007199254740992"), YES(" 4 "),
	YES("1e308"), YES("1e-400"), YES("-0.0000000000000000000000000000001"),
	YES("123456789012345678901234567890.0"),
	NO("9007199254740993"), NO("-9007199254740993"),
	NO("[100000000000000000000]"), NO("1e309"), NO("-1e9999"),
	NO("[1e400,1]"), NO("+1"), NO("01"), NO("-01"), NO("-"), NO("- 1"),
	NO("--1"), NO("."), NO(".5"), NO("-.5"), NO("1."), NO("1.e1"), NO("1e"),
	NO("1e+"), NO("1E"), NO("1.5e-"), NO("0x1"), NO("0b1"), NO("1_000"),
	NO("1 000"), NO("Infinity"), NO("-Infinity"), NO("NaN"), NO("1e1.5"),
	NO("1+2"), NO("\xef\xbc\x91"), NO("[-]"), NO("[1e]"), NO("[0.]"),
	NO("[012]"), NO("1a"),
	/* words */
	YES("true"), YES("false"), YES("null"), YES("[true,false,null]"),
	NO("tru"), NO("truE"), NO("TRUE"), NO("fals"), NO("nul"), NO("nulls"),
	NO("truefalse"), NO("undefined"), NO("t"), NO("f"), NO("n"),
	/* around it */
	NO(""), NO(" "), NO("\n"), NO("\xef\xbb\xbf{}"), NO("\0"), NO("{}\0"),
	NO("[]\0"), NO("1 2"), NO("// x\n1"), NO("/* */1"), NO("[1]]"),
	NO("\xff\xfe[\0]\0"), NO("<html>"), NO("\xc2\xa0[]"), NO("[\xe2\x80\x83]"),
};

/* clang-format on */

/* A copy of exactly @n bytes, so that ASan sees a read beyond the end. */
static UNUSED char *exact(const char *text, size_t n)
{
	char *copy = mem_realloc(NULL, n ? n : 1);

	memcpy(copy, text, n);
	return copy;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Tables: widths, what is dropped and cut, hostile and wide text. */
#include "unit.h"

#include <string.h>

#include "cli/cell.h"
#include "cli/table.h"
#include "printed.h"

static struct output table(const char *kind, int columns)
{
	const struct cat_kind *of = cat_kind_find(kind);

	return (struct output){ .record = of ? of->record : NULL,
				.columns = columns,
				.header = true };
}

#define UUID "6f1c9a52-0f0b-4f7e-9d7a-1b2c3d4e5f60"
#define SERVERS \
	"[{'id':'" UUID "','name':'web','status':'running'," \
	"'instance_type':'m1.small','private_ip':'10.0.0.4'," \
	"'public_ip':null,'zone':'a','tags':{'team':'shop'}," \
	"'created_at':'2026-11-21T09:41:59.120Z'}]"

static void test_wide_terminal(void **state UNUSED)
{
	check_printed(table("instance", 200), SERVERS, true,
		      "ID                                    NAME  STATUS   "
		      "INSTANCE_TYPE  PRIVATE_IP  ZONE  CREATED_AT\n" UUID
		      "  web   running  m1.small       10.0.0.4    a     "
		      "2026-11-21 09:41\n");
}

/* What matters least goes first; the identifier is whole while it can be. */
static void test_narrower(void **state UNUSED)
{
	check_printed(table("instance", 80), SERVERS, true,
		      "ID                                    NAME  STATUS   "
		      "INSTANCE_TYPE  PRIVATE_IP\n" UUID
		      "  web   running  m1.small       10.0.0.4\n");
	check_printed(table("instance", 79), SERVERS, true,
		      "ID                                    NAME  STATUS   "
		      "INSTANCE_TYPE  PRIVATE_IP\n" UUID
		      "  web   running  m1.small       10.0.0.4\n");
	check_printed(table("instance", 77), SERVERS, true,
		      "ID                                    NAME  STATUS   "
		      "INSTANCE_TYPE\n" UUID "  web   running  m1.small\n");
	check_printed(table("instance", 40), SERVERS, true,
		      "ID                                  NAME\n"
		      "6f1c9a52-0f0b-4f7e-9d7a-1b2c3d4e5…  web\n");
	check_printed(table("instance", 20), SERVERS, true,
		      "ID              NAME\n6f1c9a52-0f0b…  web\n");
}

static void test_no_terminal_is_never_cut(void **state UNUSED)
{
	char *out = printed(table("instance", 0), SERVERS, true);

	assert_non_null(strstr(out, UUID "  web   running  m1.small"));
	assert_non_null(strstr(out, "2026-11-21 09:41\n"));
	free(out);
}

static void test_fields_are_kept(void **state UNUSED)
{
	struct output o = table("instance", 20);

	o.fields = "name,status,tags.team,private_ip";
	check_printed(o, SERVERS, true,
		      "NAME  STA…  TA…  PR…\nweb   run…  sh…  10…\n");
	o.header = false;
	o.columns = 0;
	check_printed(o, SERVERS, true, "web  running  shop  10.0.0.4\n");
}

/* All columns with a value, whole, in the order of the catalogue. */
static void test_wide_format(void **state UNUSED)
{
	struct output o = table("instance", 20);

	o.format = OUTPUT_WIDE;
	check_printed(
		o, SERVERS, true,
		"ID                                    NAME  STATUS   "
		"INSTANCE_TYPE  PRIVATE_IP  ZONE  TAGS       CREATED_AT\n" UUID
		"  web   running  m1.small       10.0.0.4    a     "
		"team=shop  2026-11-21 09:41\n");
}

static void test_numbers_and_units(void **state UNUSED)
{
	check_printed(table("instance_type", 0),
		      "[{'id':'1','name':'s','vcpus':1,'memory_mib':512,"
		      "'price':'0.0104'},{'id':'2','name':'l','vcpus':16,"
		      "'memory_mib':65536,'price':'10.5'}]",
		      true,
		      "ID  NAME  VCPUS  MEMORY_MIB   PRICE\n"
		      "1   s         1         512  0.0104\n"
		      "2   l        16       65536    10.5\n");
	check_printed(
		table("image", 0),
		"[{'id':'1','name':'a','status':'available','size':2361393152},"
		"{'id':'2','name':'b','status':'available','size':1024}]",
		true,
		"ID  NAME  STATUS           SIZE\n"
		"1   a     available     2.2 GiB\n"
		"2   b     available  1024 bytes\n");
	check_printed(table("snapshot", 0),
		      "[{'id':'1','name':'a','status':'creating','size_gib':10,"
		      "'progress':50}]",
		      true,
		      "ID  NAME  STATUS    SIZE_GIB  PROGRESS\n"
		      "1   a     creating        10       50%\n");
}

/* What is no time in UTC is left as it is. */
static void test_times(void **state UNUSED)
{
	struct output o = table("zone", 0);

	o.fields = "created_at";
	o.header = false;
	check_printed(o,
		      "[{'created_at':'2026-11-21T09:41:59Z'},"
		      "{'created_at':'2026-11-21T09:41:59+01:00'},"
		      "{'created_at':'yesterday'},"
		      "{'created_at':'xxxxxxxxxxxxxxxxxxxZ'},"
		      "{'created_at':''},{'created_at':7}]",
		      true,
		      "2026-11-21 09:41\n2026-11-21T09:41:59+01:00\n"
		      "yesterday\nxxxxxxxxxxxxxxxxxxxZ\n-\n7\n");
	o.record = cat_kind_find("instance_type")->record;
	o.fields = "network_mbps";
	check_printed(o, "[{'network_mbps':100}]", true, "100\n");
}

static void test_nested_cells(void **state UNUSED)
{
	struct output o = table("security_group", 0);

	check_printed(o,
		      "[{'id':'1','name':'a','rules':[{'direction':'egress'},"
		      "{'direction':'ingress'}]},"
		      "{'id':'2','name':'b','rules':[{'direction':'egress'}]},"
		      "{'id':'3','name':'c','rules':[]}]",
		      true,
		      "ID  NAME  RULES\n1   a     2 items\n"
		      "2   b     1 item\n3   c     -\n");
	o.fields = "id,rules.direction,rules.0.direction,native";
	check_printed(o,
		      "[{'id':'1','rules':[{'direction':'egress'},"
		      "{'direction':'ingress'}],'native':{'a':[1,null]}}]",
		      true,
		      "ID  RULES.DIRECTION  RULES.0.DIRECTION  NATIVE\n"
		      "1   egress,ingress   egress             "
		      "{\"a\":[1,null]}\n");
}

static void test_nothing(void **state UNUSED)
{
	struct output o = table("instance", 80);

	check_printed(o, "[]", true, "ID  NAME  STATUS\n");
	o.header = false;
	check_printed(o, "[]", true, "");
}

/* A kind of a vendor: what items bring, names first, nested ones left out. */
static void test_unknown_kind(void **state UNUSED)
{
	check_printed(table(NULL, 0),
		      "[{'weight':7,'parts':[1],'name':'x','state':'ok'},"
		      "{'weight':12,'id':'w-2','name':'y','color':null}]",
		      true,
		      "ID   NAME  STATE  WEIGHT\n-    x     ok          7\n"
		      "w-2  y     -          12\n");
	check_printed(table(NULL, 0), "['a',2,null]", true, "VALUE\na\n2\n-\n");
}

/* Names that repeat the identifier say nothing. */
static void test_name_is_id(void **state UNUSED)
{
	check_printed(table("zone", 0),
		      "[{'id':'a','name':'a'},{'id':'b','name':'b'}]", true,
		      "ID\na\nb\n");
	check_printed(table("zone", 0),
		      "[{'id':'a','name':'a'},{'id':'b','name':'c'}]", true,
		      "ID  NAME\na   a\nb   c\n");
}

/* ---- hostile and wide text ----------------------------------------------- */

static void test_controls_are_shown(void **state UNUSED)
{
	check_printed(
		table("zone", 0),
		"[{'id':'1','name':'\\u001b]0;owned\\u0007\\u009b31m\\r\\n"
		"\\u007f\\u202eabc\\u200b\\ufeff'}]",
		true,
		"ID  NAME\n1   \\x1b]0;owned\\x07\\x9b31m\\r\\n\\x7f\\u202eabc"
		"\\u200b\\ufeff\n");
	check_printed(table(NULL, 0), "[{'\\u001b[2J':1}]", true,
		      "\\X1B[2J\n      1\n");
}

static bool is_harmless(const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c < 0x20 && c != '\n') || c == 0x7f ||
		    (c == 0xc2 && (unsigned char)text[1] < 0xa0))
			return false;
	}
	return true;
}

/* In every format on a terminal, as value and as name. */
static void check_control(enum output_format format, const char *text)
{
	struct output o = table(NULL, 80);
	char *out;

	o.format = format;
	out = printed(o, text, false);
	if (!is_harmless(out))
		fail_msg("format %d: %s", (int)format, text);
	free(out);
}

static void test_controls_in_every_format(void **state UNUSED)
{
	for (unsigned c = 1; c < 0xa0; c++) {
		char one[120], list[124];

		if (c >= 0x20 && c < 0x7f)
			continue;
		snprintf(one, sizeof(one),
			 "{'id':'a\\u%04xb','n\\u%04x':'\\u%04x',"
			 "'list':['\\u%04x',{'\\u%04x':1}]}",
			 c, c, c, c, c);
		snprintf(list, sizeof(list), "[%s]", one);
		for (int f = OUTPUT_TABLE; f <= OUTPUT_NAME; f++) {
			check_control((enum output_format)f, list);
			check_control((enum output_format)f, one);
		}
	}
}

static void test_width(void **state UNUSED)
{
	assert_int_equal(cell_width(slice_of("abc")), 3);
	assert_int_equal(cell_width(slice_of("日本語")), 6);
	assert_int_equal(cell_width(slice_of("e\xcc\x81")), 1);
	assert_int_equal(cell_width(slice_of("🦊")), 2);
	assert_int_equal(cell_cut(slice_of("日本語"), 5), 6);
	assert_int_equal(cell_cut(slice_of("e\xcc\x81x"), 1), 3);
	assert_int_equal(cell_cut(slice_of("abc"), 0), 0);
}

/* A character of two columns is never cut in half, and what follows is still
 * in line. */
static void test_wide_characters_are_cut_whole(void **state UNUSED)
{
	struct output o = table("zone", 12);

	o.fields = "name,region";
	check_printed(o,
		      "[{'name':'日本語日本','region':'r1'},"
		      "{'name':'abcdefghij','region':'r2'}]",
		      true, "NAME   REGI…\n日本…  r1\nabcd…  r2\n");
}

/* No line is wider than the terminal, whatever the values. */
static void test_fits_always(void **state UNUSED)
{
	static const int widths[] = { 8, 20, 40, 80, 200 };
	static const char items[] =
		"[{'id':'" UUID UUID UUID "','name':'日本語日本語日本語日本語"
		"日本語日本語日本語','status':'\\u001b\\u001b\\u001b\\u001b',"
		"'cidr':'10.0.0.0/8','description':'" UUID UUID UUID UUID UUID
		"e\\u0301e\\u0301'},{'id':'','name':'x','mtu':9000}]";

	for (size_t i = 0; i < ARRAY_LEN(widths); i++) {
		char *out = printed(table("network", widths[i]), items, true);
		size_t lines = 0;

		for (const char *line = out; *line; lines++) {
			size_t n = strcspn(line, "\n");

			assert_in_range(cell_width((struct slice){ line, n }),
					1, widths[i]);
			line += n + (line[n] == '\n');
		}
		assert_int_equal(lines, 3);
		free(out);
	}
}

/* ---- the layout alone ---------------------------------------------------- */

static void test_fit(void **state UNUSED)
{
	const size_t natural[] = { 36, 60, 7, 8 };
	size_t width[4];

	assert_int_equal(table_fit(natural, 4, 0, false, width), 4);
	assert_memory_equal(width, natural, sizeof(natural));
	assert_int_equal(table_fit(natural, 4, 200, false, width), 4);
	assert_memory_equal(width, natural, sizeof(natural));
	assert_int_equal(table_fit(natural, 4, 80, false, width), 4);
	assert_int_equal(width[0] + width[1] + width[2] + width[3] + 6, 80);
	assert_int_equal(width[1], 23);
	assert_int_equal(table_fit(natural, 4, 60, false, width), 2);
	assert_int_equal(width[0], 36);
	assert_int_equal(width[1], 22);
	assert_int_equal(table_fit(natural, 4, 10, false, width), 2);
	assert_int_equal(width[0] + width[1], 8);
	assert_int_equal(table_fit(natural, 4, 5, true, width), 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(width[i], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wide_terminal),
		cmocka_unit_test(test_narrower),
		cmocka_unit_test(test_no_terminal_is_never_cut),
		cmocka_unit_test(test_fields_are_kept),
		cmocka_unit_test(test_wide_format),
		cmocka_unit_test(test_numbers_and_units),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_nested_cells),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_unknown_kind),
		cmocka_unit_test(test_name_is_id),
		cmocka_unit_test(test_controls_are_shown),
		cmocka_unit_test(test_controls_in_every_format),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_wide_characters_are_cut_whole),
		cmocka_unit_test(test_fits_always),
		cmocka_unit_test(test_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

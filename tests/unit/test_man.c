/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "base/man.h"

static struct buf out;

/* What was written since the last time. */
static const char *written(void)
{
	static char text[1024];

	assert_true(out.n < sizeof(text));
	memcpy(text, out.n ? out.p : "", out.n);
	text[out.n] = 0;
	buf_done(&out);
	return text;
}

static void test_head(void **state UNUSED)
{
	const char *text;

	man_begin(&out, "prog", 8, "a \"thing\" of .dots");
	text = written();
	assert_memory_equal(text, ".Dd ", 4);
	assert_non_null(strstr(text, "\n.Dt PROG 8\n"));
	assert_non_null(strstr(text, "\n.Sh NAME\n.Nm prog\n"
				     ".Nd a \\(dqthing\\(dq of .dots\n"));
}

static void test_text_is_never_markup(void **state UNUSED)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "plain", "plain\n" },
		{ ".Sh gotcha", "\\&.Sh gotcha\n" },
		{ "'quoted'", "\\&'quoted'\n" },
		{ "a\\fBb", "a\\efBb\n" },
		{ "say \"x\" ~ ^ `", "say \\(dqx\\(dq \\(ti \\(ha \\(ga\n" },
		{ "well-known --force (-o) -", "well-known \\%\\-\\-force \\%(\\-o) -\n" },
		{ "caf\xc3\xa9 \xe2\x80\xa6 \xf0\x9f\x98\x80",
		  "caf\\[u00E9] \\[u2026] \\[u1F600]\n" },
		{ "bad \xff byte", "bad   byte\n" },
		{ "One. Two", "One.\nTwo\n" },
		{ "one\n\ntwo\nthree", "one\n.Pp\ntwo three\n" },
		{ "\n\ntwo \n", ".Pp\ntwo\n" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		man_text(&out, cases[i][0]);
		assert_string_equal(written(), cases[i][1]);
	}
}

static void test_long_lines_are_broken(void **state UNUSED)
{
	char text[512];
	size_t lines = 0;

	for (size_t i = 0; i + 3 < sizeof(text); i += 3)
		memcpy(text + i, ".a ", 3);
	text[510] = 0;
	man_text(&out, text);
	for (const char *p = written(), *end; *p; p = end + 1, lines++) {
		end = strchr(p, '\n');
		assert_true(end - p < 80);
		assert_memory_equal(p, "\\&.a", 4);
	}
	assert_true(lines > 5);
}

static void test_usages(void **state UNUSED)
{
	static const char *const cases[][2] = {
		{ "--file FILE", ".It Fl \\&\\-file Ar FILE\n" },
		{ "-o json|name", ".It Fl \\&o Cm json|name\n" },
		{ "list [--json]", ".It Cm list Oo Fl \\&\\-json Oc\n" },
		{ "[--as NAME [ID]]",
		  ".It Oo Fl \\&\\-as Ar NAME Oo Ar \\&ID Oc Oc\n" },
		{ "KIND[.VERB] --wait[=S]",
		  ".It Ar KIND[.VERB] Fl \\&\\-wait[=S]\n" },
		{ "Nm \"x\"", ".It Cm \\&Nm Cm \\&\\(dqx\\(dq\n" },
		{ "128+N", ".It Ar \\&128+N\n" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		man_item(&out, cases[i][0], NULL);
		assert_string_equal(written(), cases[i][1]);
	}
	man_item(&out, "x", "Is so.");
	assert_string_equal(written(), ".It Cm \\&x\nIs so.\n");
	man_usage(&out, "prog", "--version");
	assert_string_equal(written(), ".Nm prog\n.Fl \\&\\-version\n");
	man_usage(&out, "prog", "");
	assert_string_equal(written(), ".Nm prog\n");
}

static void test_code_stays_as_it_is(void **state UNUSED)
{
	man_code(&out, "a  'b' -c\n.d\n\n'e'");
	assert_string_equal(written(), ".Bd -literal -offset indent\n"
				       "a  \\(aqb\\(aq \\-c\n\\&.d\n\n"
				       "\\&\\(aqe\\(aq\n.Ed\n");
}

static void test_parts(void **state UNUSED)
{
	man_heading(&out, "EXIT STATUS");
	man_subheading(&out, "Ab c");
	man_list(&out);
	man_list_end(&out);
	man_see(&out, "other", 1, false);
	man_see(&out, "last", 8, true);
	assert_string_equal(written(),
			    ".Sh EXIT STATUS\n.Ss \\&Ab c\n"
			    ".Bl -tag -width Ds\n.El\n"
			    ".Xr other 1 ,\n.Xr last 8\n");
	man_entries(&out, "FILES",
		    (const struct man_entry[]){ { "a", "Is so." },
						{ "b", NULL },
						{ NULL } });
	assert_string_equal(written(),
			    ".Sh FILES\n.Bl -tag -width Ds\n"
			    ".It Cm \\&a\nIs so.\n.It Cm \\&b\n.El\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_text_is_never_markup),
		cmocka_unit_test(test_long_lines_are_broken),
		cmocka_unit_test(test_usages),
		cmocka_unit_test(test_code_stays_as_it_is),
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

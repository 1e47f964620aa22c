/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: words, options, arguments, and what may come next. */
#include "unit.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/command.h"

#define MAX_WORDS 24

/* Cut @line at its blanks; gives argc. */
static int cut(char *line, char **argv)
{
	int argc = 1;

	argv[0] = (char *)"skyclust";
	for (char *word; (word = strsep(&line, " ")) && argc < MAX_WORDS;)
		if (*word)
			argv[argc++] = word;
	return argc;
}

static void add_json(struct buf *out, const char *name, const json_t *v)
{
	if (!json_object_size(v) && !json_array_size(v))
		return;
	buf_printf(out, " %s=", name);
	json_write(v, out);
}

/* What was understood, as text, or "! message". */
static char *understood(const char *line, const struct cat_kind *vendor)
{
	AUTO_FREE char *copy = mem_strdup(line);
	char *argv[MAX_WORDS];
	int argc = cut(copy, argv);
	struct command c;
	struct error err;
	struct buf out = { 0 };

	if (!command_parse(&c, argc, argv, vendor, &err)) {
		buf_printf(&out, "! %s", err.message);
	} else {
		buf_add_str(&out, c.provider ? c.provider : "-");
		if (c.builtin)
			buf_printf(&out, " /%s%s%s", c.builtin->name,
				   c.builtin->sub ? "/" : "",
				   c.builtin->sub ? c.builtin->sub : "");
		if (c.vendor)
			buf_printf(&out, " %s", c.vendor);
		if (c.op)
			buf_printf(&out, " %s", c.op->name);
		add_json(&out, "words", c.words);
		add_json(&out, "args", c.args);
		for (size_t i = 0; i < OPTION_COUNT; i++)
			if (c.option[i])
				buf_printf(&out, " %s:%s",
					   command_options[i].name,
					   c.option[i]);
	}
	command_done(&c);
	return buf_steal(&out, NULL);
}

/* clang-format off */
static const struct {
	const char *line, *gives; /* the beginning is enough for errors */
} lines[] = {
	/* words */
	{ "openstack instances list", "openstack instance.list" },
	{ "instances list", "- instance.list" },
	{ "instance list", "- instance.list" },
	{ "security-group list", "- security_group.list" },
	{ "security_groups list", "- security_group.list" },
	{ "instance-types ls", "- instance_type.list" },
	{ "servers show web", "- instance.get words=[\"web\"]" },
	{ "flavors ls", "- instance_type.list" },
	{ "sim networks rm a b", "sim network.delete words=[\"a\",\"b\"]" },
	{ "security-groups add-rule g --direction ingress",
	  "- security_group.add_rule words=[\"g\"] args={\"direction\":\"ingress\"}" },
	{ "security-groups add_rule g", "- security_group.add_rule words=[\"g\"]" },
	{ "cost estimate --type small", "- cost.estimate args={\"instance_type\":\"small\"}" },
	{ "network subnets list", "network subnet.list" },
	{ "network list", "- network.list" },
	{ "instances create web", "- instance.create args={\"name\":\"web\"}" },
	{ "instances delete -- -x", "- instance.delete words=[\"-x\"]" },
	{ "instances get -", "- instance.get words=[\"-\"]" },
	/* other commands */
	{ "providers", "- /providers/list" },
	{ "providers list", "- /providers/list" },
	{ "providers show sim", "- /providers/show words=[\"sim\"]" },
	{ "explain network", "- /explain words=[\"network\"]" },
	{ "context use home", "- /context/use words=[\"home\"]" },
	/* options of the program, anywhere */
	{ "--provider sim instances list -o json", "- instance.list provider:sim output:json" },
	{ "instances -ojson list --limit=5", "- instance.list output:json limit:5" },
	{ "instances delete x -yq", "- instance.delete words=[\"x\"] yes: quiet:" },
	{ "instances start x --wait", "- instance.start words=[\"x\"] wait:" },
	{ "instances start --wait=9 x", "- instance.start words=[\"x\"] wait:9" },
	{ "-o json -o csv providers", "- /providers/list output:csv" },
	{ "--timeout 2m providers", "- /providers/list timeout:2m" },
	/* arguments */
	{ "instances create --name web --type m1.small --image-id i --tag a=b --tags c=d=e",
	  "- instance.create args={\"name\":\"web\",\"instance_type\":\"m1.small\","
	  "\"image_id\":\"i\",\"tags\":{\"a\":\"b\",\"c\":\"d=e\"}}" },
	{ "instances create --image_id=i --spec-id=s",
	  "- instance.create args={\"image_id\":\"i\",\"instance_type\":\"s\"}" },
	{ "instances create --boot-disk-gib 20 --security-groups a,b --security-group c",
	  "- instance.create args={\"boot_disk_gib\":20,\"security_groups\":[\"a\",\"b\",\"c\"]}" },
	{ "instances stop x --force", "- instance.stop words=[\"x\"] args={\"force\":true}" },
	{ "instances stop --no-force x", "- instance.stop words=[\"x\"] args={\"force\":false}" },
	{ "instances stop x --force=no", "- instance.stop words=[\"x\"] args={\"force\":false}" },
	{ "instances create --assign-public-ip --name n",
	  "- instance.create args={\"assign_public_ip\":true,\"name\":\"n\"}" },
	{ "instances create --tags {\"a\":\"b\"} --tag c=d",
	  "- instance.create args={\"tags\":{\"a\":\"b\",\"c\":\"d\"}}" },
	{ "security-groups create --rules direction=ingress,port-from=80 "
	  "--rule {\"direction\":\"egress\"}",
	  "- security_group.create args={\"rules\":[{\"direction\":\"ingress\",\"port_from\":80},"
	  "{\"direction\":\"egress\"}]}" },
	{ "security-groups create --rules [{\"direction\":\"egress\"}]",
	  "- security_group.create args={\"rules\":[{\"direction\":\"egress\"}]}" },
	{ "clusters create --node-pool machine_type=small,node_count=2",
	  "- cluster.create args={\"node_pool\":{\"instance_type\":\"small\",\"node_count\":2}}" },
	{ "instances create --user-data @@x --name=--odd",
	  "- instance.create args={\"user_data\":\"@x\",\"name\":\"--odd\"}" },
	{ "instances list --network-id n --limit 3 --native",
	  "- instance.list args={\"network_id\":\"n\",\"native\":true} limit:3" },
	{ "subnets create --public", "- subnet.create args={\"is_public\":true}" },
	/* help stops the search for what is missing */
	{ "--help", "- help:" },
	{ "instances --help", "- help:" },
	{ "instances create -h", "- instance.create help:" },
	{ "instances get --help", "- instance.get help:" },
	/* faults */
	{ "instnces list",
	  "! there is no command or kind \"instnces\"; did you mean \"instances\"?" },
	{ "sim instnces list", "! there is no kind \"instnces\"; did you mean \"instances\"?" },
	{ "statsu", "! there is no command or kind \"statsu\"; did you mean \"status\"?" },
	{ "zzzzzzzz list", "! list what? skyclust zzzzzzzz COLLECTION list; `skyclust kinds`" },
	{ "zzzzzzzz nothing", "! there is no kind \"nothing\"; `skyclust kinds`" },
	{ "list instances", "! the verb stands behind: skyclust instances list" },
	{ "delete instances web", "! the verb stands behind: skyclust instances delete" },
	{ "sim", "! what of \"sim\"?" },
	{ "sim instances", "! what shall be done with instances? There is list, get," },
	{ "instances lst", "! instances has no \"lst\"; did you mean \"list\"? It has list," },
	{ "instances zzzzzzz", "! instances has no \"zzzzzzz\"; it has list," },
	{ "instances get", "! which one? skyclust instances get ID" },
	{ "instances resize a b --type x", "! instances resize takes one identifier" },
	{ "instances list web", "! instances list takes options, not the word \"web\"" },
	{ "instances create web --name x", "! instances create takes options" },
	{ "instances create --nmae x", "! there is no option --nmae; did you mean --name?" },
	{ "instances create --outptu json",
	  "! there is no option --outptu; did you mean --output?" },
	{ "instances create --zzzzzzzz", "! there is no option --zzzzzzzz; --help lists them" },
	{ "instances list --file x", "! there is no option --file" },
	{ "--name web instances create", "! --name: options of a verb stand behind it" },
	{ "instances create --name", "! --name wants a value" },
	{ "instances list --output", "! --output wants a value: FORMAT" },
	{ "instances list -o jsn",
	  "! --output: there is no FORMAT \"jsn\"; did you mean \"json\"?" },
	{ "instances list -z", "! there is no option -z" },
	{ "instances list --yes=1", "! --yes takes no value" },
	{ "instances list --limit 0",
	  "! --limit must be a number from 1 to 1000000000, not \"0\"" },
	{ "instances list --watch=x", "! --watch must be a number" },
	{ "instances list --watch=s", "! --watch must be a number" },
	{ "instances list --limit 2m", "! --limit must be a number" },
	{ "instances start x --wait=200h", "! --wait must be a number from 1 to 604800" },
	{ "instances list --server=", "! --server is empty" },
	{ "instances create --name a --name b", "! --name is given twice" },
	{ "instances create --boot-disk-gib x",
	  "! --boot-disk-gib must be a whole number, not \"x\"" },
	{ "instances stop x --force=maybe", "! --force must be true or false, not \"maybe\"" },
	{ "instances create --tag x", "! --tags wants name=value, not \"x\"" },
	{ "instances create --tags [1]", "! --tags wants an object" },
	{ "instances create --tags {\"a\"", "! --tags: " },
	{ "instances get \xff", "! \"?\" is not UTF-8 text" },
	{ "instances create --tag \xff=1", "! \"?=1\" is not UTF-8 text" },
	{ "instances create --user-data @/nonesuch", "! /nonesuch cannot be read: " },
	{ "clusters create --node-pool x", "! --node-pool wants name=value" },
	{ "context foo", "! there is no \"foo\" here; there is list, use, set, delete" },
	{ "context use", "! usage: skyclust context use NAME" },
	{ "version now", "! usage: skyclust version" },
};
/* clang-format on */

static void test_parse(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		AUTO_FREE char *got = understood(lines[i].line, NULL);
		bool fits = *got == '!' ? text_starts(got, lines[i].gives)
					: !strcmp(got, lines[i].gives);

		if (!fits)
			fail_msg("%s\n got:  %s\n want: %s", lines[i].line, got,
				 lines[i].gives);
	}
}

static void test_numbers(void **state UNUSED)
{
	struct command c = { .option = { [OPTION_WAIT] = "15m",
					 [OPTION_TIMEOUT] = "90",
					 [OPTION_WATCH] = "" } };

	assert_int_equal(command_number(&c, OPTION_WAIT, 1), 900);
	assert_int_equal(command_number(&c, OPTION_TIMEOUT, 1), 90);
	assert_int_equal(command_number(&c, OPTION_WATCH, 2), 2);
	assert_int_equal(command_number(&c, OPTION_LIMIT, 0), 0);
}

/* ---- vendor kinds ----------------------------------------------------------------- */

static const struct cat_kind widgets;
static const struct cat_op widget_ops[] = {
	{ .name = "x.test.widget.double",
	  .verb = "double",
	  .flags = CAT_MUTATES | CAT_BY_ID | CAT_ACTION,
	  .kind = &widgets,
	  .args = (const struct cat_field[]){ { "times", CAT_INT },
					      { NULL } } },
	{ NULL },
};
static const struct cat_kind widgets = { .name = "x.test.widget",
					 .collection = "x.test.widget",
					 .help = "",
					 .ops = widget_ops };

/* First only the options of the program are understood, then all of it. */
static void test_vendor(void **state UNUSED)
{
	static const char line[] =
		"w x.test.widget double 1 --times 3 --server u";
	AUTO_FREE char *first = understood(line, NULL);
	AUTO_FREE char *then = understood(line, &widgets);

	assert_true(text_starts(first, "w x.test.widget words="));
	assert_non_null(strstr(first, "server:u"));
	assert_string_equal(then, "w x.test.widget x.test.widget.double "
				  "words=[\"1\"] args={\"times\":3} server:u");
}

/* ---- what may come next ------------------------------------------------------------- */

/* clang-format off */
static const struct {
	const char *line, *begun;
	const char *has[4];	/* words that are offered */
	const char *lacks;	/* one that is not, or NULL */
	enum live live[3];
	const char *kind;	/* of LIVE_RESOURCE */
} nexts[] = {
	{ "", "", { "instances", "context" }, "list", { LIVE_KIND, LIVE_PROVIDER } },
	{ "sim", "", { "instances" }, "context", { LIVE_KIND } },
	{ "sim instances", "", { "list", "status-list" }, "instances", { LIVE_NONE } },
	{ "sim instances get", "", { NULL }, NULL, { LIVE_RESOURCE }, "instance" },
	{ "instances get a", "", { NULL }, NULL, { LIVE_RESOURCE }, "instance" },
	{ "instances resize a", "", { NULL }, NULL, { LIVE_NONE } },
	{ "instances list", "", { NULL }, NULL, { LIVE_NONE } },
	{ "instances create", "--", { "--name", "--assign-public-ip", "--output",
	  "--no-assign-public-ip" }, "--file" },
	{ "instances create --network-id", "", { NULL }, NULL, { LIVE_RESOURCE }, "network" },
	{ "instances create", "--type=", { NULL }, NULL, { LIVE_RESOURCE }, "instance_type" },
	{ "instances list --status", "", { "running", "error" }, "list" },
	{ "instances list -o", "", { "json", "name" }, "list" },
	{ "instances list", "--output=j", { "json" }, "list" },
	{ "instances list --token-file", "", { NULL }, NULL, { LIVE_FILE } },
	{ "instances create --user-data", "@", { NULL }, NULL, { LIVE_FILE } },
	{ "--provider", "", { NULL }, NULL, { LIVE_PROVIDER } },
	{ "members create --user-id", "", { NULL }, NULL, { LIVE_RESOURCE }, "skyclust_user" },
	{ "members list", "--", { "--role", "--workspace" }, "--workspace-id" },
	{ "--workspace", "", { NULL }, NULL, { LIVE_WORKSPACE } },
	{ "sim instances list --credential", "", { NULL }, NULL, { LIVE_CREDENTIAL } },
	{ "audit verify", "--", { "--export", "--checkpoint" }, "--file" },
	{ "audit export", "--", { "--file", "--format" }, "--export" },
	{ "sim roles list", "--", { "--output" }, "--workspace-id" },
	{ "context", "", { "use", "set" }, "instances" },
	{ "context use", "", { NULL }, NULL, { LIVE_CONTEXT } },
	{ "context use home", "", { NULL }, NULL, { LIVE_NONE } },
	{ "help", "", { NULL }, NULL, { LIVE_TOPIC } },
};
/* clang-format on */

static bool offers(const struct next *next, const char *word)
{
	size_t i;
	json_t *pair;

	json_array_foreach (next->words, i, pair)
		if (!strcmp(json_string_value(json_array_get(pair, 0)), word))
			return true;
	return false;
}

static void check_next(size_t row, const struct next *next)
{
	for (size_t i = 0; i < 4 && nexts[row].has[i]; i++)
		if (!offers(next, nexts[row].has[i]))
			fail_msg("%s %s: no %s", nexts[row].line,
				 nexts[row].begun, nexts[row].has[i]);
	if (nexts[row].lacks && offers(next, nexts[row].lacks))
		fail_msg("%s: offers %s", nexts[row].line, nexts[row].lacks);
	for (size_t i = 0; i < ARRAY_LEN(nexts[row].live); i++)
		assert_int_equal(next->live[i], nexts[row].live[i]);
	if (nexts[row].kind)
		assert_string_equal(next->kind->name, nexts[row].kind);
}

static void test_next(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(nexts); i++) {
		AUTO_FREE char *copy = mem_strdup(nexts[i].line);
		char *argv[MAX_WORDS];
		int argc = cut(copy, argv);
		struct next next;

		command_next((const char *const *)argv + 1, (size_t)argc - 1,
			     nexts[i].begun, NULL, &next);
		check_next(i, &next);
		command_next_done(&next);
	}
}

static void test_next_tells_whom_to_ask(void **state UNUSED)
{
	static const char *const words[] = { "w", "x.test.widget", "get" };
	static const char *const option[] = { "--provider", "sim" };
	struct next next;

	command_next(words, ARRAY_LEN(words), "", NULL, &next);
	assert_string_equal(next.provider, "w");
	assert_string_equal(next.vendor, "x.test.widget");
	command_next_done(&next);
	command_next(option, ARRAY_LEN(option), "", NULL, &next);
	assert_string_equal(next.provider, "sim");
	command_next_done(&next);
}

/* ---- the tables ------------------------------------------------------------------------ */

/* An operation's argument must not be hidden by an option of the program, nor a
 * kind by a command. */
static void test_names_do_not_collide(void **state UNUSED)
{
	const struct cat_kind *const *kinds = command_kinds();
	const struct command none = { 0 };
	const struct cat_field *f;

	for (size_t k = 0; kinds[k]; k++) {
		for (const struct builtin *b = command_builtins; b->name; b++)
			assert_ptr_equal(command_kind(b->name), NULL);
		for (const struct cat_op *op = kinds[k]->ops; op->name; op++)
			for (size_t i = 0; (f = command_arg(op, i)); i++) {
				AUTO_FREE char *name = command_option_name(f);

				if (command_option(&none, name, strlen(name)))
					fail_msg("%s --%s", op->name, name);
			}
	}
}

/* Every argument can be given, and by the name that help shows. */
static void test_every_argument_has_an_option(void **state UNUSED)
{
	const struct cat_kind *const *kinds = command_kinds();
	const struct cat_field *f;

	for (size_t k = 0; kinds[k]; k++)
		for (const struct cat_op *op = kinds[k]->ops; op->name; op++)
			for (size_t i = 0; (f = command_arg(op, i)); i++) {
				AUTO_FREE char *name = command_option_name(f);

				assert_ptr_equal(command_arg_find(op, name), f);
			}
}

static void test_tables_are_whole(void **state UNUSED)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		assert_non_null(command_options[i].name);
		assert_non_null(command_options[i].help);
	}
	for (const struct builtin *b = command_builtins; b->name; b++) {
		assert_non_null(b->run);
		assert_true(b->least <= b->most);
		assert_true(!b->help || text_ends(b->help, "."));
	}
	for (const struct status_row *r = command_statuses; r->help; r++)
		assert_true(text_ends(r->help, "."));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_vendor),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_next_tells_whom_to_ask),
		cmocka_unit_test(test_names_do_not_collide),
		cmocka_unit_test(test_every_argument_has_an_option),
		cmocka_unit_test(test_tables_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

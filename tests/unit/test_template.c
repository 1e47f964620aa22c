/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "cloud/template.h"

static const char values[] =
	"{\"args\": {\"id\": \"a b/c\", \"n\": 7, \"yes\": true, \"empty\": "
	"\"\","
	"   \"nil\": null, \"name\": \"w\\u00e9b\", \"list\": [\"a\", \"b,c\"],"
	"   \"none\": [], \"object\": {\"k\": \"v\", \"deep\": {\"x\": 1},"
	"     \"a:b/c\": \"q\", \"x:y\": \"z\"}, \"ports\": \"80:443:\", \"port\": \"80\","
	"   \"rules\": [{\"p\": 1, \"q\": \"x\"}, {\"p\": 2}], \"nested\": "
	"[[1]],"
	"   \"pair\": \"node1/100\", \"dots\": \"..\", \"sneaky\": \"x/../y\","
	"   \"back\": \"x\\\\..\\\\y\", \"hidden\": \"%2e%2E\", \"crlf\": "
	"\"a\\r\\nb\","
	"   \"quote\": \"a\\\"b\", \"key\": \"a:b/c\", \"apostrophe\": \"it's']\"},"
	" \"cred\": {\"user\": \"u\", \"password\": \"p w\"},"
	" \"config\": {\"port\": 8080, \"by_name\": {\"a:b/c\": 5},"
	"  \"region\": \"r-config\"},"
	" \"session\": {\"url\": \"https://h:1/v2\", \"token\": \"t\"}}";

static json_t *root;
static struct template_scope scope;

static int set_up(void **state)
{
	(void)state;
	root = json_read(values, strlen(values), NULL);
	if (!root)
		return -1;
	scope = (struct template_scope){
		.args = json_object_get(root, "args"),
		.cred = json_object_get(root, "cred"),
		.config = json_object_get(root, "config"),
		.session = json_object_get(root, "session"),
		.op = "op-1",
	};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	json_decref(root);
	return 0;
}

/* Without `made` it must fail, with this code, pointer, and words in the text.
 */
struct row {
	const char *text, *made;
	enum err_code code;
	const char *path, *why;
};

static void expect(const struct row *r, bool ok, const char *made,
		   const struct error *err)
{
	if (r->made && !ok)
		fail_msg("%s: %s", r->text, err->message);
	if (!r->made && ok)
		fail_msg("%s: made %s", r->text, made);
	if (r->made && strcmp(r->made, made))
		fail_msg("%s: %s, not %s", r->text, made, r->made);
	if (r->made)
		return;
	if (err->code != r->code || (r->path && strcmp(err->path, r->path)) ||
	    (r->why && !strstr(err->message, r->why)))
		fail_msg("%s: %d at \"%s\": %s", r->text, err->code, err->path,
			 err->message);
}

static const struct row urls[] = {
	{ "/servers", "/servers" },
	{ "/servers/{id}", "/servers/a%20b%2Fc" },
	{ "/servers/{name}?n={n}&b={yes}", "/servers/w%C3%A9b?n=7&b=true" },
	{ "/s?x={missing?}", "/s" },
	{ "/s?x={missing?}&n={n}", "/s?n=7" },
	{ "/s?n={n}&x={missing?}&m={n?}", "/s?n=7&m=7" },
	{ "/s?x={empty?}", "/s" },
	{ "/s?x={nil?}", "/s" },
	{ "/s?flag&x={n}", "/s?flag&x=7" },
	{ "/s?x=a{missing?}b", "/s" },
	{ "/s?l={list}", "/s?l=a,b,c" },
	{ "/s?o={object.k}", "/s?o=v" },
	{ "/n/{pair/0}/{pair/1}", "/n/node1/100" },
	{ "/n/{pair/2}", NULL, ERR_INVALID, "/pair", "part 2" },
	{ "/n/{id:1}", NULL, ERR_NOT_FOUND, "/id", "part 1" },
	{ "/n?x={pair?/2}", "/n" },
	{ "/n/{ports:1}", "/n/443" },
	{ "/n/{ports:3}", NULL, ERR_INVALID, "/ports", "split at :" },
	{ "/n/{ports:3|=80}", "/n/80" },
	{ "/n/{object.'a:b/c'}", "/n/q" },
	{ "/n/{object.'a:b/c'/0}", "/n/q" },
	{ "/n/{object.x:y}", "/n/z" },
	{ "/n/{object.x:y:0}", "/n/z" },
	{ "/n/{n:base64}", "/n/Nw%3D%3D" },
	{ "/s/{missing|id}", "/s/a%20b%2Fc" },
	{ "/s/{nil|empty|n}", "/s/7" },
	{ "/s/{n|id}", "/s/7" },
	{ "/s/{empty|nil|missing}", NULL, ERR_INVALID, "/empty",
	  "empty or nil|missing is needed" },
	{ "/s?x={missing|empty?}&y={missing|n?}", "/s?y=7" },
	{ "/s?x={missing|pair?/1}", "/s?x=100" },
	{ "/s?x={missing|=a/b?c:d&e}", "/s?x=a%2Fb%3Fc:d%26e" },
	{ "/s?x={missing|empty|=}", NULL, ERR_INVALID, "/missing", "needed" },
	{ "/s?x={missing?|=n}", "/s?x=n" },
	{ "/s?x={missing|config.port|=1}", "/s?x=8080" },
	{ "/s?x={cred.no|config.no|=1}", "/s?x=1" },
	{ "/s?x={quote:until \"}", "/s?x=a" },
	{ "/s?x={id:until  }&y={n:until 7}&z={missing?:until x}", "/s?x=a&y=7" },
	{ "/s/{id:until }", NULL, ERR_INVALID, NULL, "bad hole" },
	{ "/s?x={ports:80*=web *=other}", "/s?x=web" },
	{ "/s?x={pair:80*=web *=other}", "/s?x=other" },
	{ "/s?x={pair:80*=web}", "/s?x=node1%2F100" },
	{ "/s?x={n:7=seven|VII 8}", "/s?x=seven" },
	{ "/s?x={missing|n:-=none 7=VII}", "/s?x=VII" },
	{ "/s?x={missing:*=some -=none}", "/s?x=none" },
	{ "/s?x={empty?:-=none *=some}&y={missing?:*=some}", "/s?x=none" },
	{ "/s?x={n?:7=}&y={n}", "/s?y=7" },
	{ "/s/{n:7=}", NULL, ERR_INVALID, "/n", "needed" },
	{ "/s?x={list[only]}", "/s?x=a" },
	{ "/s?x={none[only]?}&y={missing[only]?}&z={n[only]}", "/s?z=7" },
	{ "/s/{missing|=..}", NULL, ERR_INVALID, "/missing", "\"..\"" },
	{ "/s/{missing|dots}", NULL, ERR_INVALID, "/missing", "\"..\"" },
	{ "/n/{n/0}", NULL, ERR_INVALID, "/n", "part" },
	{ "/p/{+pair}", "/p/node1/100" },
	{ "/p/{cred.user}/{config.port}", "/p/u/8080" },
	{ "/p/{region}?t={op}", "/p/r-config?t=op-1" },
	{ "/s/{missing}", NULL, ERR_INVALID, "/missing", "missing is needed" },
	{ "/s/{nil}", NULL, ERR_INVALID, "/nil", "needed" },
	{ "/s/{empty}", NULL, ERR_INVALID, "/empty", "needed" },
	{ "/s?x={empty}", NULL, ERR_INVALID, "/empty", "needed" },
	{ "/s/{missing?}", NULL, ERR_INVALID, NULL, "optional" },
	{ "/s/{cred.nobody}", NULL, ERR_UNAUTHENTICATED, "",
	  "credential has no nobody" },
	{ "/s/{config.nobody}", NULL, ERR_INVALID, "", "setting nobody" },
	{ "/s/{session.volume}", NULL, ERR_UNSUPPORTED, "", "\"volume\"" },
	{ "/s/{dots}", NULL, ERR_INVALID, "/dots", "\"..\"" },
	{ "/s/{sneaky}", NULL, ERR_INVALID, "/sneaky", "\"..\"" },
	{ "/s/{back}", NULL, ERR_INVALID, "/back", "\"..\"" },
	{ "/s/{+sneaky}", NULL, ERR_INVALID, "/sneaky", "\"..\"" },
	{ "/s/{+hidden}", NULL, ERR_INVALID, "/hidden", "\"..\"" },
	{ "/s/{hidden}", "/s/%252e%252E" },
	{ "/s/.{+empty?}./x", NULL, ERR_INVALID, NULL, NULL },
	{ "/s/../x", NULL, ERR_INVALID, NULL, "segment" },
	{ "/s?d={dots}", "/s?d=.." },
	{ "/s/{crlf}", NULL, ERR_INVALID, "/crlf", "control" },
	{ "/s?x={crlf}", NULL, ERR_INVALID, "/crlf", "control" },
	{ "/s/{object}", NULL, ERR_INVALID, "/object", "plain" },
	{ "/s?x={nested}", NULL, ERR_INVALID, "/nested", "plain" },
	{ "/s/{", NULL, ERR_INVALID, NULL, "bad hole" },
	{ "/s/{}", NULL, ERR_INVALID, NULL, "bad hole" },
	{ "/s/{a b}", NULL, ERR_INVALID, NULL, "bad hole" },
	{ "/s/{id/x}", NULL, ERR_INVALID, NULL, "bad hole" },
	{ "/s/{id/}", NULL, ERR_INVALID, NULL, "bad hole" },
	{ "/s/{id/0?}", NULL, ERR_INVALID, NULL, "bad hole" },
	{ "/s/{id/1234}", NULL, ERR_INVALID, NULL, "bad hole" },
	{ "/s/{id|}", NULL, ERR_INVALID, NULL, "bad hole" },
	{ "/s/{|id}", NULL, ERR_INVALID, NULL, "bad hole" },
	{ "/s/{id||n}", NULL, ERR_INVALID, NULL, "bad hole" },
	{ "/s/{missing|list[]}", NULL, ERR_INVALID, "/missing", "or list[]" },
	{ "/s/{id|list[}", NULL, ERR_INVALID, NULL, "bad hole" },
	{ "/s/{id:base64/0}", NULL, ERR_INVALID, "/id:base64", "part 0" },
	{ "/s/{id?|n}", NULL, ERR_INVALID, NULL, "bad hole" },
	{ "/s/{list[}", NULL, ERR_INVALID, NULL, "bad hole" },
	{ "/s/{list[].}", NULL, ERR_INVALID, NULL, "bad hole" },
	{ "/s/{list[]x}", NULL, ERR_INVALID, NULL, "bad hole" },
	{ "/s/{list[]}", NULL, ERR_INVALID, "/list", "element" },
};

static void test_url(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		AUTO(buf_done) struct buf out = { 0 };
		struct error err = { 0 };
		bool ok = template_url(urls[i].text, &scope, &out, &err);

		expect(&urls[i], ok, out.p ? out.p : "", &err);
	}
}

static const struct row texts[] = {
	{ "X-Auth-Token: {session.token}", "X-Auth-Token: t" },
	{ "{session.url}/", "https://h:1/v2/" },
	{ "Authorization: {cred.password}", "Authorization: p w" },
	{ "X-Op: {cred.nobody?}", "" },
	{ "X: {empty}", "X: " },
	{ "X: {empty|n}", "X: 7" },
	{ "X: {empty|missing}", NULL, ERR_INVALID, "/empty", "or missing" },
	{ "X: {missing|=a b}", "X: a b" },
	{ "X: {object[key].x}", NULL, ERR_INVALID, NULL, "bad hole" },
	{ "X: {object[key]}", "X: q" },
	{ "X: {object[n]?}", "" },
	{ "X: {object[missing]?}", "" },
	{ "X: {object.deep[key]|n}", "X: 7" },
	{ "X: {config.by_name[key]}", "X: 5" },
	{ "X: {session.url[key]?}", "" },
	{ "X: {crlf}", NULL, ERR_INVALID, "/crlf", "control" },
	{ "X: {object}", NULL, ERR_INVALID, "/object", "plain" },
};

static void test_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO(buf_done) struct buf out = { 0 };
		struct error err = { 0 };
		bool dropped = false;
		bool ok = template_text(texts[i].text, &scope, &out, &dropped,
					&err);

		expect(&texts[i], ok, out.p ? out.p : "", &err);
		if (ok)
			assert_int_equal(dropped, !*texts[i].made);
	}
}

static const struct row bodies[] = {
	{ "{'a': '{id}', 'n': '{n}', 'b': '{yes}'}",
	  "{\"a\":\"a b/c\",\"n\":7,\"b\":true}" },
	{ "{'o': '{object.deep}', 'l': '{list}'}",
	  "{\"o\":{\"x\":1},\"l\":[\"a\",\"b,c\"]}" },
	{ "{'a': '{missing?}', 'b': 1}", "{\"b\":1}" },
	{ "{'a': '{nil?}', 'b': 1}", "{\"b\":1}" },
	{ "{'a': '{empty}'}", "{\"a\":\"\"}" },
	{ "{'a': 'x-{n}-{yes}-{quote}'}", "{\"a\":\"x-7-true-a\\\"b\"}" },
	{ "{'a': 'x-{missing?}', 'b': 1}", "{\"b\":1}" },
	{ "{'a': 'l={list}'}", "{\"a\":\"l=a,b,c\"}" },
	{ "{'outer': {'a': '{missing?}'}, 'b': 1}", "{\"b\":1}" },
	{ "{'outer': [{'a': '{missing?}'}], 'b': 1}", "{\"b\":1}" },
	{ "{'outer': {'a': {'b': '{missing?}'}}}", "null" },
	{ "{'t': {'*': '{object.deep}', 'x': 2, 'y': '{n}'}}", "{\"t\":{\"x\":2,\"y\":7}}" },
	{ "{'t': {'*': '{missing?}', 'y': '{missing?}'}, 'b': 1}", "{\"b\":1}" },
	{ "{'t': {'*': '{missing?}', 'y': '{n}'}}", "{\"t\":{\"y\":7}}" },
	{ "{'*': '{id}'}", NULL, ERR_INVALID, NULL, "no object" },
	{ "{'a': {'|': [{'x': '{missing?}'}, ['{n}', '{missing?}'], 'auto']}}", "{\"a\":[7]}" },
	{ "{'a': {'|': [{'x': '{missing?}'}, 'auto']}}", "{\"a\":\"auto\"}" },
	{ "{'a': {'|': ['{missing?}']}, 'b': 1}", "{\"b\":1}" },
	{ "{'a': {'|': ['{missing}', {'x': {'y': ['{missing}', '{n}']}}, 1]}}", "{\"a\":1}" },
	{ "{'a': {'|': ['{missing?}', '{missing}']}}", NULL, ERR_INVALID, "/missing", "needed" },
	{ "{'a': {'|': ['x{object}', 1]}}", NULL, ERR_INVALID, "/object", "plain" },
	{ "{'a': {'|': [['{missing[]}'], ['{list[]}']]}}", "{\"a\":[\"a\",\"b,c\"]}" },
	{ "{'os-start': null, 'e': {}, 'f': []}",
	  "{\"os-start\":null,\"e\":{},\"f\":[]}" },
	{ "'{object.deep}'", "{\"x\":1}" },
	{ "'{missing?}'", "null" },
	{ "{'a': 'it\\'s'}", "{\"a\":\"it's\"}" },
	{ "[1, '{n}', {'x': '{n}'}]", "[1,7,{\"x\":7}]" },
	{ "{'g': [{'name': '{list[]}'}]}",
	  "{\"g\":[{\"name\":\"a\"},{\"name\":\"b,c\"}]}" },
	{ "{'g': ['{list[]}']}", "{\"g\":[\"a\",\"b,c\"]}" },
	{ "{'g': ['x-{list[]}']}", "{\"g\":[\"x-a\",\"x-b,c\"]}" },
	{ "{'g': [{'name': '{none[]}'}]}", "{\"g\":[]}" },
	{ "{'g': [{'name': '{missing[]?}'}], 'b': 1}", "{\"b\":1}" },
	{ "{'g': [{'name': '{missing[]}'}]}", NULL, ERR_INVALID, "/missing",
	  "needed" },
	{ "{'g': [{'name': '{id[]}'}]}", NULL, ERR_INVALID, NULL,
	  "not a list" },
	{ "{'r': [{'port': '{rules[].p}', 'q': '{rules[].q?}', 'n': '{n}'}]}",
	  "{\"r\":[{\"port\":1,\"q\":\"x\",\"n\":7},{\"port\":2,\"n\":7}]}" },
	{ "{'r': [{'p': '{rules[].p}', 'l': [{'a': '{list[]}', 'p': '{rules[].q|rules[].p}'}]}]}",
	  "{\"r\":[{\"p\":1,\"l\":[{\"a\":\"a\",\"p\":\"x\"},{\"a\":\"b,c\",\"p\":\"x\"}]},"
	  "{\"p\":2,\"l\":[{\"a\":\"a\",\"p\":2},{\"a\":\"b,c\",\"p\":2}]}]}" },
	{ "{'i': '{missing|port:int}', 'n': '{n:int}', 't': '{id:int}'}",
	  "{\"i\":80,\"n\":7,\"t\":\"a b/c\"}" },
	{ "{'y': '{yes:true=false false=true}', 'v': '{id?:*:*=6 *=4}', 'm': '{missing?:*=4}'}",
	  "{\"y\":false,\"v\":4}" },
	{ "{'r': [{'deep': {'port': '{rules[].p}'}}]}",
	  "{\"r\":[{\"deep\":{\"port\":1}},{\"deep\":{\"port\":2}}]}" },
	{ "{'r': [{'q': '{rules[].q}'}]}", NULL, ERR_INVALID, "/rules",
	  "no value" },
	{ "{'r': [{'a': '{rules[].p}', 'b': '{list[]}'}]}", NULL, ERR_INVALID,
	  "/list", "no value" },
	{ "{'a': '{list[]}'}", NULL, ERR_INVALID, "/list", "no value" },
	{ "{'a': '{missing}'}", NULL, ERR_INVALID, "/missing", "needed" },
	{ "{'a': 'x{missing}'}", NULL, ERR_INVALID, "/missing", "needed" },
	{ "{'a': [[{'b': '{missing}'}]]}", NULL, ERR_INVALID, "/missing",
	  "needed" },
	{ "{'a': 'x{object}'}", NULL, ERR_INVALID, "/object", "plain" },
	{ "{'a': 'x{'}", NULL, ERR_INVALID, NULL, "bad hole" },
	{ "{'a': {b}}", NULL, ERR_INVALID, NULL, "body template" },
	{ "{'p': '{cred.password}', 'r': '{region}', 's': '{session.token}'}",
	  "{\"p\":\"p w\",\"r\":\"r-config\",\"s\":\"t\"}" },
	{ "{'d': '{id:base64}', 'e': '{empty:base64}', 'l': '{list:base64}'}",
	  "{\"d\":\"YSBiL2M=\",\"e\":\"\",\"l\":\"WyJhIiwiYixjIl0=\"}" },
	{ "{'d': '{missing?:base64}', 'b': 1}", "{\"b\":1}" },
	{ "{'d': '{missing:base64}'}", NULL, ERR_INVALID, "/missing",
	  "needed" },
	{ "{'a': '{missing|list}', 'b': '{missing|nil?}'}",
	  "{\"a\":[\"a\",\"b,c\"]}" },
	{ "{'a': '{empty|n}', 'b': 'x{empty|n}', 'c': '{missing|n}'}",
	  "{\"a\":\"\",\"b\":\"x7\",\"c\":7}" },
	{ "[['{x|=text}','{x|=12}','{x|=true}','{x|=1.50}','{x|=007}','{x|=}']"
	  "]",
	  "[[\"text\",12,true,\"1.50\",\"007\",\"\"]]" },
	{ "['-{x|=12}-{x|=1.50}', '{x|=null}', '{x|=[1]}']",
	  "[\"-12-1.50\",\"null\",\"[1]\"]" },
	{ "{'r': [{'q': '{rules[].q|name}', 'p': '{rules[].p|=0}'}]}",
	  "{\"r\":[{\"q\":\"x\",\"p\":1},{\"q\":\"w\u00e9b\",\"p\":2}]}" },
	{ "{'r': [{'p': '{rules[].p}', 'q': '{rules[].q|=none}'}]}",
	  "{\"r\":[{\"p\":1,\"q\":\"x\"},{\"p\":2,\"q\":\"none\"}]}" },
	{ "{'crlf': '{crlf}'}", "{\"crlf\":\"a\\r\\nb\"}" },
};

static void test_body(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		AUTO(buf_done) struct buf out = { 0 };
		struct error err = { 0 };
		AUTO_JSON json_t *made =
			template_body(bodies[i].text, &scope, &err);

		if (made)
			json_write(made, &out);
		expect(&bodies[i], made != NULL, out.p, &err);
	}
}

static const struct row paths[] = {
	{ "", "" },
	{ "a[].b[k=v].c", "a[].b[k=v].c" },
	{ "a[k={n}]", "a[k='7']" },
	{ "a[k!=x{n}-{yes}].b[l|m={name}]?",
	  "a[k!='x7-true'].b[l|m='w\303\251b']?" },
	{ "a[k={crlf}]", "a[k='a\r\nb']" },
	{ "a[k={apostrophe}]", "a[k='it''s'']']" },
	{ "a[k={missing?}].b", "a[].b" },
	{ "a[k={empty?}]", "a[]" },
	{ "a[k={missing|n}]", "a[k='7']" },
	{ "a[k={missing|=]}]", "a[k=']']" },
	{ "a[k={pair/1}]", "a[k='100']" },
	{ "a[k={list}]", "a[k='a,b,c']" },
	{ "a['x{n}'={n}].b[k='{n}']", "a['x{n}'='7'].b[k='{n}']" },
	{ "a[k={object.'a:b/c'}]", "a[k='q']" },
	{ "a[k={arg.x}]", "a[k='row''s']" },
	{ "a[k={missing}]", NULL, ERR_INVALID, "/missing", "needed" },
	{ "a[k={object}]", NULL, ERR_INVALID, "/object", "plain" },
	{ "a[k={n/x}]", NULL, ERR_INVALID, NULL, "bad hole" },
};

static void test_path(void **state)
{
	AUTO_JSON json_t *row = json_pack("{s:s}", "x", "row's");
	struct template_scope own = scope;

	(void)state;
	own.row = row;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		AUTO(buf_done) struct buf out = { 0 };
		struct error err = { 0 };
		bool ok = template_path(paths[i].text, &own, &out, &err);

		expect(&paths[i], ok, out.p ? out.p : "", &err);
	}
}

static void test_is_path(void **state)
{
	(void)state;
	assert_true(template_is_path("a.b[]"));
	assert_true(template_is_path("a[k={x}].b[l={y|=]}]"));
	assert_false(template_is_path("{a}"));
	assert_false(template_is_path("a[k={x}].{b}"));
	assert_false(template_is_path("[{ip}]:{port}"));
	assert_false(template_is_path("[{ip}]"));
	assert_false(template_is_path("it's {x}[k=v]"));
}

static void test_region(void **state)
{
	AUTO(buf_done) struct buf out = { 0 };
	struct template_scope own = scope;
	struct error err;

	(void)state;
	own.region = "r-request";
	assert_true(template_url("/{region}", &own, &out, &err));
	assert_string_equal(out.p, "/r-request");
	own = (struct template_scope){ 0 };
	assert_false(template_url("/{region}", &own, &out, &err));
	assert_false(template_url("/{x}", &own, &out, &err));
	assert_false(template_url("/{cred.x}", &own, &out, &err));
}

static void test_explain(void **state)
{
	AUTO(buf_done) struct buf out = { 0 };
	struct template_scope own = scope;
	struct error err;

	(void)state;
	own.explain = true;
	own.cred = NULL;
	assert_true(template_text("{session.url}", &own, &out, NULL, &err));
	assert_true(template_url("/{session.id}?c={cred.x}", &own, &out, &err));
	assert_string_equal(out.p, "{session.url}/{session.id}?c={cred.x}");
	assert_false(template_url("/{missing}", &own, &out, &err));
}

static bool count_hole(const struct hole *h, void *arg)
{
	(void)h;
	++*(int *)arg;
	return true;
}

static bool stop_at_hole(const struct hole *h, void *arg)
{
	(void)h;
	(void)arg;
	return false;
}

static void test_holes(void **state)
{
	const char *body =
		"{'a': '{x}', 'b': ['{y?} {cred.z}', 1, {'c': '-'}]}";
	struct error err = { 0 };
	int n = 0;

	(void)state;
	assert_true(template_holes(body, TEMPLATE_BODY, count_hole, &n, &err));
	assert_int_equal(n, 3);
	assert_true(template_holes("/{a}/{b/1}?{c|d.e|cred.f?}", TEMPLATE_URL,
				   count_hole, &n, &err));
	assert_int_equal(n, 8);
	assert_false(
		template_holes("/{a}", TEMPLATE_URL, stop_at_hole, NULL, &err));
	assert_int_equal(err.code, ERR_NONE);
	assert_false(template_holes("/{a", TEMPLATE_URL, count_hole, &n, &err));
	assert_int_equal(err.code, ERR_INVALID);
	assert_false(template_holes("{'a': '{'}", TEMPLATE_BODY, count_hole, &n,
				    &err));
	assert_false(
		template_holes("{'a'", TEMPLATE_BODY, count_hole, &n, &err));
	assert_false(template_holes("[['{a}']]", TEMPLATE_BODY, stop_at_hole,
				    NULL, &err));
}

static void test_uses(void **state)
{
	(void)state;
	assert_true(template_uses("{'a': '{session.x}'}", TEMPLATE_BODY,
				  "session."));
	assert_true(
		template_uses("/a?b={session.x?}", TEMPLATE_URL, "session."));
	assert_true(
		template_uses("/a?b={x|session.y}", TEMPLATE_URL, "session."));
	assert_false(
		template_uses("/a?b={sessions}", TEMPLATE_URL, "session."));
	assert_false(template_uses(NULL, TEMPLATE_BODY, "session."));
	assert_false(template_uses("/{", TEMPLATE_URL, "session."));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_url),	cmocka_unit_test(test_text),
		cmocka_unit_test(test_body),	cmocka_unit_test(test_region),
		cmocka_unit_test(test_path),	cmocka_unit_test(test_is_path),
		cmocka_unit_test(test_explain), cmocka_unit_test(test_holes),
		cmocka_unit_test(test_uses),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

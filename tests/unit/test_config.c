/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration: what is read from which layout, what is refused and in which
 * words, and that what is printed can be read again.
 */
#include "unit.h"

#include "config.h"
#include "config_table.h"
#include "config_yaml.h"
#include "host.h"

static struct error err;

static struct config *load(const char *text)
{
	return config_load(host_file("c.yaml", text), &err);
}

static struct config *load_ok(const char *text)
{
	struct config *c = load(text);

	if (!c)
		fail_msg("%s", err.message);
	return c;
}

/* What @text is refused with, after the file's name. */
static void refused(const char *text, const char *why)
{
	struct config *c = load(text);
	const char *after = strstr(err.message, "c.yaml");

	assert_null(c);
	assert_int_equal(err.code, ERR_INVALID);
	if (!after || strncmp(after + 6, why, strlen(why)) != 0)
		fail_msg("%s", err.message);
}

static void test_defaults(void **state UNUSED)
{
	struct config *c = config_load(NULL, &err);

	assert_non_null(c);
	assert_string_equal(c->listen, "127.0.0.1:8080");
	assert_int_equal(c->call_timeout_ms, 30000);
	assert_int_equal(c->backoff_max_ms, 120000);
	assert_true(c->auto_load);
	assert_true(list_empty(&c->providers));
	config_free(c);
	c = load_ok("");
	config_free(c);
	config_free(NULL);
}

static void test_settings(void **state UNUSED)
{
	struct config *c = load_ok(
		"server:\n  listen: '[::1]:0'\n  max_body: 4096\nlog:\n"
		"  format: json\n  level:\nplugins:\n  timeout: 1500ms\n"
		"  auto_load: false\nsupervisor:\n  backoff_min: 2m\n");

	assert_string_equal(c->listen, "[::1]:0");
	assert_int_equal(c->max_body, 4096);
	assert_string_equal(c->log_format, "json");
	assert_string_equal(c->log_level, "info");
	assert_int_equal(c->call_timeout_ms, 1500);
	assert_int_equal(c->backoff_min_ms, 120000);
	assert_false(c->auto_load);
	assert_true(config_set(c, "server.listen", "127.0.0.1:1", &err));
	assert_string_equal(c->listen, "127.0.0.1:1");
	assert_false(config_set(c, "server.listne", "x", &err));
	assert_non_null(strstr(err.message, "server.listen"));
	config_free(c);
}

static void test_refuses(void **state UNUSED)
{
	refused("server:\n  listne: x\n", ":2: server.listne: no such setting; "
					  "did you mean server.listen?");
	refused("sever: {}\n", ":1: sever: no such setting");
	refused("server:\n  max_body: 12\n",
		":2: server.max_body: must be an integer, from 1024 to");
	refused("server:\n  max_body: many\n", ":2: server.max_body: must be");
	refused("\nplugins:\n  timeout: 30\n",
		":3: plugins.timeout: must be a duration such as 500ms");
	refused("plugins:\n  timeout: 99999h\n", ":2: plugins.timeout: must");
	refused("plugins:\n  timeout: 1d\n", ":2: plugins.timeout: must");
	refused("plugins:\n  auto_load: yes\n",
		":2: plugins.auto_load: must be true or false");
	refused("log:\n  level: loud\n",
		":2: log.level: \"loud\" is none of: debug, info, warn, error");
	refused("log:\n  level: [info]\n", ":2: log.level: must be one value");
	refused("log: 3\n", ":1: log: must be a section");
	refused("- a\n- b\n", ":1: must be sections");
	refused("log:\n  level: info\n  level: warn\n",
		":3: level: given twice, first in line 2; join the two");
	refused("plugins:\n  a: {enabled: true}\n\nplugins:\n  b: {}\n",
		":4: plugins: given twice, first in line 1");
	refused("log: {level: info\n", ":2: ");
	refused("a: &x 1\nlog: *x\n", ":2: aliases");
	refused("log: {}\n---\nlog: {}\n", ":2: a second document");
	refused("? [a]\n: b\n", ":1: a key must be plain text");
}

static void test_limits(void **state UNUSED)
{
	struct buf text = { 0 };

	for (int i = 0; i < 100; i++)
		buf_add_str(&text, "[");
	refused(text.p, ":1: nested too deeply");
	buf_clear(&text);
	buf_add_str(&text, "a: [");
	for (int i = 0; i < 25000; i++)
		buf_add_str(&text, "1,");
	buf_add_str(&text, "]");
	refused(text.p, ":1: too many values");
	buf_clear(&text);
	for (int i = 0; i < 200000; i++)
		buf_add_str(&text, "# much\n");
	assert_null(load(text.p));
	assert_non_null(strstr(err.message, "cannot be read"));
	buf_done(&text);
	assert_null(config_load("/nowhere/c.yaml", &err));
	assert_non_null(strstr(err.message, "/nowhere/c.yaml"));
	assert_null(config_yaml_read("x", "a: \"\\0\"", 7, &err));
	assert_non_null(strstr(err.message, "NUL"));
}

/* ---- providers ---------------------------------------------------------------- */

static void test_three_layouts(void **state UNUSED)
{
	static const char *const texts[] = {
		"plugins:\n  providers:\n    cloud:\n      enabled: true\n"
		"      config: {user: me, size: 7, ratio: 0.5, on: true,"
		" none: null, text: '7', list: [1, a]}\n",
		"plugins:\n  cloud:\n    enabled: true\n"
		"    config: {user: me, size: 7, ratio: 0.5, on: true,"
		" none: null, text: '7', list: [1, a]}\n",
		"providers:\n  cloud: {user: me, size: 7, ratio: 0.5, on: true,"
		" none: null, text: '7', list: [1, a]}\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct config *c = load_ok(texts[i]);
		struct config_provider *p = config_provider_find(c, "cloud");
		AUTO_JSON json_t *wanted =
			json_pack("{s:s, s:i, s:f, s:b, s:n, s:s, s:[i, s]}",
				  "user", "me", "size", 7, "ratio", 0.5, "on",
				  1, "none", "text", "7", "list", 1, "a");

		assert_non_null(p);
		assert_true(p->enabled);
		assert_string_equal(p->driver, "cloud");
		assert_true(json_equal(p->config, wanted));
		assert_null(config_provider_find(c, "other"));
		config_free(c);
	}
}

static void test_provider_members(void **state UNUSED)
{
	struct config *c = load_ok(
		"plugins:\n  providers:\n    lab:\n      driver: openstack\n"
		"      path: /opt/x\n      start: eager\n      enabled: false\n"
		"      shared: true\n      private_networks: true\n"
		"    bare:\nproviders:\n  old:\n    enabled: true\n"
		"    config: {a: 1}\n");
	struct config_provider *p = config_provider_find(c, "lab");

	assert_string_equal(p->driver, "openstack");
	assert_string_equal(p->path, "/opt/x");
	assert_true(p->eager);
	assert_false(p->enabled);
	assert_true(p->shared);
	assert_true(p->private_networks);
	p = config_provider_find(c, "bare");
	assert_true(p->enabled);
	assert_false(p->shared);
	assert_false(p->private_networks);
	p = config_provider_find(c, "old");
	assert_int_equal(json_int(p->config, "a", 0), 1);
	config_free(c);
}

static void test_refuses_providers(void **state UNUSED)
{
	refused("plugins:\n  providers:\n    a: {}\nproviders:\n  a: {}\n",
		":5: providers.a: given twice, first in line 3");
	refused("plugins:\n  providers:\n    Cloud: {}\n",
		":3: plugins.providers.Cloud: a provider's name is");
	refused("plugins:\n  providers:\n    a:\n      enabled: maybe\n",
		":4: plugins.providers.a.enabled: must be true or false");
	refused("plugins:\n  providers:\n    a:\n      start: soon\n",
		":4: plugins.providers.a.start: must be eager or lazy");
	refused("plugins:\n  providers:\n    a:\n      shared: 1\n",
		":4: plugins.providers.a.shared: must be true or false");
	refused("plugins:\n  providers:\n    a:\n      private_networks: lan\n",
		":4: plugins.providers.a.private_networks: must be true or");
	refused("plugins:\n  providers:\n    a:\n      user: me\n",
		":4: plugins.providers.a.user: no such setting; the driver's "
		"own");
	refused("plugins:\n  providers:\n    a:\n      config: 3\n",
		":4: plugins.providers.a.config: must be a block");
	refused("plugins:\n  providers:\n    a:\n      path: []\n",
		":4: plugins.providers.a.path: must be text");
	refused("plugins:\n  providers: 3\n", ":2: plugins.providers: must be");
	refused("providers:\n  a: 3\n", ":2: providers.a: must be a block");
}

static void test_expands(void **state UNUSED)
{
	struct config *c;
	const json_t *v;

	setenv("HOST_TEST_WHO", "someone", 1);
	unsetenv("HOST_TEST_NOBODY");
	host_file("secret", "top\n");
	c = load_ok("providers:\n  a:\n    who: x-${HOST_TEST_WHO}-y\n"
		    "    else: '${HOST_TEST_NOBODY:-no one}'\n"
		    "    literal: '$${HOST_TEST_WHO}'\n    pass: file:secret\n"
		    "    url: file://not/a/file\n    deep: {in: "
		    "['${HOST_TEST_WHO}']}\n");
	v = config_provider_find(c, "a")->config;
	assert_string_equal(json_str(v, "who", ""), "x-someone-y");
	assert_string_equal(json_str(v, "else", ""), "no one");
	assert_string_equal(json_str(v, "literal", ""), "${HOST_TEST_WHO}");
	assert_string_equal(json_str(v, "pass", ""), "top");
	assert_string_equal(json_str(v, "url", ""), "file://not/a/file");
	assert_string_equal(
		json_string_value(json_at((json_t *)v, "/deep/in/0")),
		"someone");
	config_free(c);
	refused("providers:\n  a:\n    deep: {pass: '${HOST_TEST_NOBODY}'}\n",
		":2: providers.a: deep: pass: ${HOST_TEST_NOBODY}: the "
		"environment has no variable HOST_TEST_NOBODY");
	refused("providers:\n  a:\n    pass: '${X'\n",
		":2: providers.a: pass: ${");
	refused("providers:\n  a:\n    pass: file:nothing\n",
		":2: providers.a: pass: file:nothing cannot be read");
	c = load_ok("plugins:\n  a:\n    enabled: false\n"
		    "    config: {pass: '${HOST_TEST_NOBODY}'}\n");
	config_free(c);
}

/* ---- OpenID providers ------------------------------------------------------------ */

#define CORP "oidc:\n  corp:\n    client_id: c\n"

static void test_oidc(void **state UNUSED)
{
	struct config *c = load_ok(CORP "    issuer: https://x.example\n"
					"    client_secret: ${HOME}\n");
	const json_t *corp = json_object_get(c->oidc, "corp");

	assert_string_equal(json_str(corp, "issuer", ""), "https://x.example");
	assert_string_equal(json_str(corp, "client_secret", ""),
			    getenv("HOME"));
	assert_string_equal(json_str(corp, "scopes", ""),
			    "openid profile email");
	config_free(c);
}

static void test_refuses_oidc(void **state UNUSED)
{
	refused(CORP, ":2: oidc.corp: issuer is missing");
	refused(CORP "    issuer: http://x.example\n",
		":2: oidc.corp: issuer must begin with https://");
	refused(CORP "    isuer: https://x\n",
		":4: oidc.corp.isuer: no such setting; did you mean issuer?");
	refused("oidc: [corp]\n", ":1: oidc: must be OpenID providers");
	refused("oidc:\n  Corp: {issuer: 'https://x'}\n",
		":2: oidc.Corp: must be a block of settings");
	refused(CORP "    issuer: {a: b}\n",
		":4: oidc.corp.issuer: must be one value");
}

/* ---- printing ------------------------------------------------------------------- */

static char *printed(const struct config *c)
{
	struct buf out = { 0 };

	config_print(c, &out);
	return buf_steal(&out, NULL);
}

static void test_prints_what_it_reads(void **state UNUSED)
{
	struct config *c = load_ok(
		"server: {listen: '127.0.0.1:9', data_dir: \"a \\\"b\\\\ c\"}\n"
		"plugins:\n  timeout: 90s\n  providers:\n    a:\n      driver: "
		"b\n"
		"      start: eager\n      path: /x\n      shared: true\n"
		"      private_networks: true\n      config: {n: 1, s: "
		"'1', big: 22222222222222222222.222, text: 1.5e999,"
		" password: secret, deep: {api_key: k}, lit: '$${HOME}'}\n"
		"    c: {enabled: false}\n");
	char *first = printed(c), *second;
	struct config *again = load_ok(first);

	second = printed(again);
	assert_string_equal(first, second);
	assert_string_equal(again->data_dir, "a \"b\\ c");
	assert_int_equal(again->call_timeout_ms, 90000);
	assert_true(config_provider_find(again, "a")->shared);
	assert_true(config_provider_find(again, "a")->private_networks);
	assert_null(strstr(first, "secret"));
	assert_non_null(strstr(first, "\"password\":\"***\""));
	assert_non_null(strstr(first, "\"api_key\":\"***\""));
	assert_string_equal(
		json_str(config_provider_find(again, "a")->config, "lit", ""),
		"${HOME}");
	assert_true(json_is_real(json_object_get(
		config_provider_find(again, "a")->config, "big")));
	assert_string_equal(
		json_str(config_provider_find(again, "a")->config, "text", ""),
		"1.5e999");
	mem_free(first);
	mem_free(second);
	config_free(c);
	config_free(again);
}

static void check_store_url(const char *url, const char *shown)
{
	AUTO_FREE char *yaml = mem_printf("store: {url: '%s'}\n", url);
	struct config *c = load_ok(yaml);
	AUTO_FREE char *text = printed(c);
	AUTO_FREE char *line = mem_printf("  url: \"%s\"\n", shown);

	assert_non_null(strstr(text, line));
	config_free(c);
}

static void test_passwords_of_urls_are_not_printed(void **state UNUSED)
{
	check_store_url("postgresql://u:pa:ss@h/d?a=1",
			"postgresql://u:***@h/d?a=1");
	check_store_url("postgresql:///d?password=s%2e&user=u",
			"postgresql:///d?password=***&user=u");
	check_store_url("postgresql://u@h:5432/d", "postgresql://u@h:5432/d");
	check_store_url("sqlite:/var/db/a:b@c", "sqlite:/var/db/a:b@c");
}

static void test_sample_holds_the_defaults(void **state UNUSED)
{
	struct config *defaults = config_load(NULL, &err);
	struct config *sample =
		config_load(HOST_SOURCE "/config/skyclust.yaml", &err);
	char *a = printed(defaults), *b;

	if (!sample)
		fail_msg("%s", err.message);
	b = printed(sample);
	assert_string_equal(a, b);
	mem_free(a);
	mem_free(b);
	config_free(defaults);
	config_free(sample);
}

/* Every setting stands in the sample, so that nobody has to guess one. */
static void test_sample_names_every_setting(void **state UNUSED)
{
	struct buf text = { 0 };

	assert_int_equal(sys_read_file(HOST_SOURCE "/config/skyclust.yaml",
				       1 << 20, &text),
			 0);
	for (const struct setting *s = config_settings; s->key; s++) {
		AUTO_FREE char *line =
			mem_printf("\n  %s:", strchr(s->key, '.') + 1);

		if (!strstr(text.p, line))
			fail_msg("config/skyclust.yaml does not name %s",
				 s->key);
	}
	buf_done(&text);
}

static void test_schema_is_the_printed_one(void **state UNUSED)
{
	AUTO_JSON json_t *now = config_schema();
	struct buf text = { 0 };
	AUTO_JSON json_t *kept = NULL;

	assert_int_equal(sys_read_file(HOST_SOURCE
				       "/config/skyclust.schema.json",
				       1 << 20, &text),
			 0);
	kept = json_read(text.p, text.n, &err);
	if (!json_equal(now, kept))
		fail_msg("write it anew: skyclustd --print-schema > "
			 "config/skyclust.schema.json");
	buf_done(&text);
}

/* ---- --enable-plugin --------------------------------------------------------------- */

static void enables(const char *before, const char *after)
{
	const char *path = host_file("e.yaml", before);
	struct buf text = { 0 };

	if (!config_enable_plugin(path, "cloud", &err))
		fail_msg("%s", err.message);
	assert_int_equal(sys_read_file(path, 1 << 16, &text), 0);
	assert_string_equal(text.p, after);
	buf_done(&text);
}

static void test_enables(void **state UNUSED)
{
	enables("# mine\nplugins: # here\n  providers:\n    cloud: # the "
		"cloud\n"
		"      enabled: false # not yet\n      config: {a: 1}\n# end\n",
		"# mine\nplugins: # here\n  providers:\n    cloud: # the "
		"cloud\n"
		"      enabled: true # not yet\n      config: {a: 1}\n# end\n");
	enables("plugins:\n  providers:\n    cloud:\n        config: {a: 1}\n",
		"plugins:\n  providers:\n    cloud:\n        enabled: true\n"
		"        config: {a: 1}\n");
	enables("plugins:\n  cloud:\n    enabled: false\n",
		"plugins:\n  cloud:\n    enabled: true\n");
	enables("plugins:\n  providers:\n    other: {}\n",
		"plugins:\n  providers:\n    cloud:\n      enabled: true\n"
		"    other: {}\n");
	enables("plugins:\n  auto_load: false\n",
		"plugins:\n  providers:\n    cloud:\n      enabled: true\n"
		"  auto_load: false\n");
	enables("",
		"plugins:\n  providers:\n    cloud:\n      enabled: true\n");
	enables("log: {level: info}",
		"log: {level: info}\nplugins:\n  providers:\n    cloud:\n"
		"      enabled: true\n");
	enables("plugins:\n  providers:\n    cloud:\n      enabled: true # y\n",
		"plugins:\n  providers:\n    cloud:\n      enabled: true # "
		"y\n");
	enables("providers:\n  cloud: # settings themselves\n    user: me\n",
		"providers:\n  cloud: # settings themselves\n    user: me\n");
	enables("providers:\n  cloud:\n    enabled: false\n    config: {}\n",
		"providers:\n  cloud:\n    enabled: true\n    config: {}\n");
}

static void test_does_not_enable(void **state UNUSED)
{
	static const char flow[] = "plugins: {auto_load: true}\n";
	const char *path = host_file("e.yaml", flow);
	struct buf text = { 0 };

	assert_false(config_enable_plugin(path, "cloud", &err));
	assert_non_null(strstr(err.message, "by hand"));
	assert_int_equal(sys_read_file(path, 1 << 16, &text), 0);
	assert_string_equal(text.p, flow);
	buf_done(&text);
	assert_false(config_enable_plugin(path, "No Name", &err));
	assert_false(config_enable_plugin("/nowhere/x", "cloud", &err));
	path = host_file("e.yaml", "a: [\n");
	assert_false(config_enable_plugin(path, "cloud", &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_three_layouts),
		cmocka_unit_test(test_provider_members),
		cmocka_unit_test(test_refuses_providers),
		cmocka_unit_test(test_expands),
		cmocka_unit_test(test_oidc),
		cmocka_unit_test(test_refuses_oidc),
		cmocka_unit_test(test_prints_what_it_reads),
		cmocka_unit_test(test_passwords_of_urls_are_not_printed),
		cmocka_unit_test(test_sample_holds_the_defaults),
		cmocka_unit_test(test_sample_names_every_setting),
		cmocka_unit_test(test_schema_is_the_printed_one),
		cmocka_unit_test(test_enables),
		cmocka_unit_test(test_does_not_enable),
	};

	return cmocka_run_group_tests(tests, host_setup, host_teardown);
}

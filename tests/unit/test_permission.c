/* SPDX-License-Identifier: Apache-2.0 */
/* Permissions, and what the built-in roles hold of them. */
#include "unit.h"

#include "access/permission.h"
#include "access/role.h"
#include "base/json.h"

static struct error err;

/* ---- permissions ----------------------------------------------------------- */

static void operations_are_permissions(void **state UNUSED)
{
	const struct permission *p = permission_find("instance:create");

	assert_non_null(p);
	assert_null(p->noun);
	assert_false(p->reads);
	assert_true(permission_find("instance:list")->reads);
	assert_string_equal(permission_find("member:list")->noun->kind->name,
			    "member");
	assert_true(permission_find("system:read")->reads);
	assert_null(permission_find("instance:fly"));
	assert_null(permission_find("instance"));
	assert_null(permission_find(NULL));
	permission_done();
}

/* What gives a way in is no read, though it changes nothing. */
static void secrets_are_no_reads(void **state UNUSED)
{
	assert_false(permission_find("cluster:kubeconfig")->reads);
	assert_false(permission_find("instance:console")->reads);
	assert_true(permission_find("cost:estimate")->reads);
	permission_done();
}

static void patterns_match(void **state UNUSED)
{
	static const struct {
		const char *pattern, *name;
		bool matches;
	} rows[] = {
		{ "instance:create", "instance:create", true },
		{ "instance:create", "instance:creates", false },
		{ "instance:*", "instance:create", true },
		{ "instance:*", "instance_type:list", false },
		{ "*:list", "volume:list", true },
		{ "*:list", "volume:get", false },
		{ "*", "volume:delete", true },
		{ "*", "x.acme.rack:paint", true },
		{ "x.acme.rack:*", "x.acme.rack:paint", true },
		{ "x.acme.rack:*", "x.acme.racks:paint", false },
		{ "*", "x.*.*:*", true },
		{ "x.acme.rack:*", "x.*.*:*", false },
		{ "*:list", "x.*.*:*", false },
		{ "", "instance:create", false },
		{ ":", "instance:create", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (permission_matches(rows[i].pattern, rows[i].name) !=
		    rows[i].matches)
			fail_msg("%s and %s", rows[i].pattern, rows[i].name);
}

static void patterns_are_checked(void **state UNUSED)
{
	static const char *const good[] = {
		"*",
		"*:list",
		"*:get",
		"instance:*",
		"instance:create",
		"member:*",
		"x.acme.rack:paint",
		"x.acme.rack:*",
	};
	static const char *const bad[] = {
		"",
		":",
		"*:*",
		"*:create",
		"instance",
		"instance:",
		"instance:fly",
		"nonesuch:*",
		"x.acme:list",
		"x.acme.rack",
		"x.a.b.c:list",
		"x..rack:list",
		"x.*.*:list",
		"*:list ",
		"instance:create:now",
	};

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (!permission_check(good[i], &err))
			fail_msg("%s: %s", good[i], err.message);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (permission_check(bad[i], &err))
			fail_msg("\"%s\" must be refused", bad[i]);
	assert_false(permission_check("instnace:create", &err));
	assert_non_null(
		strstr(err.message, "did you mean \"instance:create\""));
	permission_done();
}

static void list_names_the_place(void **state UNUSED)
{
	json_t *list = json_read_quoted("['*:get', 'instance:fly']", &err);
	json_t *many = json_array();

	assert_false(permission_check_list(list, "/permissions", &err));
	assert_int_equal(err.code, ERR_INVALID);
	assert_string_equal(err.path, "/permissions/1");
	for (int i = 0; i <= PERMISSIONS_MAX; i++)
		json_array_append_new(many, json_string("*"));
	assert_false(permission_check_list(many, "/permissions", &err));
	assert_string_equal(err.path, "/permissions");
	json_decref(many);
	json_decref(list);
	permission_done();
}

/* ---- built-in roles ---------------------------------------------------------- */

static bool builtin_holds(const char *name, bool of_workspace,
			  const char *permission)
{
	struct role role = { .builtin = role_builtin_find(name, of_workspace) };

	assert_non_null(role.builtin);
	return role_holds(&role, permission);
}

/* Each workspace role holds what the one below it does. */
static void workspace_roles_are_steps(void **state UNUSED)
{
	static const char *const steps[] = { "viewer", "member", "admin",
					     "owner" };
	size_t n;
	const struct permission *all = permission_all(&n);

	for (size_t i = 0; i < n; i++)
		for (size_t step = 0; step + 1 < ARRAY_LEN(steps); step++)
			if (builtin_holds(steps[step], true, all[i].name) &&
			    !builtin_holds(steps[step + 1], true, all[i].name))
				fail_msg("%s holds %s, %s does not",
					 steps[step], all[i].name,
					 steps[step + 1]);
	permission_done();
}

static void viewers_only_read(void **state UNUSED)
{
	size_t n;
	const struct permission *all = permission_all(&n);

	for (size_t i = 0; i < n; i++) {
		if (!all[i].reads && builtin_holds("viewer", true, all[i].name))
			fail_msg("a viewer may %s", all[i].name);
		if (!all[i].reads &&
		    builtin_holds("viewer", false, all[i].name))
			fail_msg("the system's viewer may %s", all[i].name);
	}
	assert_true(builtin_holds("viewer", true, "x.acme.rack:list"));
	assert_false(builtin_holds("viewer", true, "x.acme.rack:paint"));
	permission_done();
}

static void roles_hold_what_they_say(void **state UNUSED)
{
	static const struct {
		const char *role;
		bool of_workspace;
		const char *permission;
		bool held;
	} rows[] = {
		{ "owner", true, "workspace:delete", true },
		{ "admin", true, "workspace:delete", false },
		{ "admin", true, "member:create", true },
		{ "admin", true, "workspace_quota:update", false },
		{ "owner", true, "workspace:create", false },
		{ "member", true, "instance:create", true },
		{ "member", true, "cluster:kubeconfig", true },
		{ "member", true, "x.acme.rack:paint", true },
		{ "member", true, "member:create", false },
		{ "member", true, "workspace:update", false },
		{ "viewer", true, "cluster:kubeconfig", false },
		{ "admin", false, "workspace:create", true },
		{ "user", false, "workspace:create", true },
		{ "user", false, "provider:list", true },
		{ "user", false, "instance:list", false },
		{ "user", false, "system:read", false },
		{ "user", false, "x.acme.rack:list", false },
		{ "viewer", false, "system:read", true },
		{ "viewer", false, "instance:list", true },
		{ "viewer", false, "workspace:get", false },
		{ "viewer", false, "member:list", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (builtin_holds(rows[i].role, rows[i].of_workspace,
				  rows[i].permission) != rows[i].held)
			fail_msg("%s of the %s, %s", rows[i].role,
				 rows[i].of_workspace ? "workspace" : "system",
				 rows[i].permission);
	permission_done();
}

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operations_are_permissions),
		cmocka_unit_test(secrets_are_no_reads),
		cmocka_unit_test(patterns_match),
		cmocka_unit_test(patterns_are_checked),
		cmocka_unit_test(list_names_the_place),
		cmocka_unit_test(workspace_roles_are_steps),
		cmocka_unit_test(viewers_only_read),
		cmocka_unit_test(roles_hold_what_they_say),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}

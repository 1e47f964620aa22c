/* SPDX-License-Identifier: Apache-2.0 */
/* Quotas: counted where the operation is committed. */
#include "unit.h"

#include "people.h"

#include "tenancy/workspace.h"

static void set_quota(const char *ws, const char *name, const char *most)
{
	act_works(as("root"), quota_update,
		  arena_printf(&people_arena,
			       "{'workspace_id': '%s', 'id': '%s', 'most': %s}",
			       ws, name, most));
}

static void put_operation(struct tx *tx, const char *ws, const char *id,
			  const char *method)
{
	tx_put(tx,
	       "INSERT INTO operations (id, workspace_id, user_id, provider,"
	       " method, state, effect, args, attempt, cancel_requested,"
	       " owner, lease_until, created_at, updated_at, version)"
	       " VALUES ($1, $2, 'usr_ada', 'sim', $3, 'running', 'none', $4,"
	       " 1, 0, 'host', 1, 1, 1, 1)",
	       P_TEXT(id), P_TEXT(ws), P_TEXT(method), P_BLOB(SLICE("args")));
}

/* What an operation's commit does; false with @e. */
static bool begin_operation(const char *ws, const char *id, const char *kind,
			    struct error *e)
{
	struct tx *tx = tx_begin(store, ws);
	char method[64];

	snprintf(method, sizeof(method), "%s.%s", kind ? kind : "instance",
		 kind ? "create" : "start");
	quota_put(tx, ws, kind);
	put_operation(tx, ws, id, method);
	return tx_commit(tx, e);
}

static bool begins(const char *ws, const char *id, const char *kind)
{
	memset(&err, 0, sizeof(err));
	if (begin_operation(ws, id, kind, &err))
		return true;
	if (err.code != ERR_QUOTA)
		fail_msg("%s", err.message);
	return false;
}

static void add_resource(const char *ws, const char *kind, const char *id)
{
	struct tx *tx = tx_begin(store, ws);

	tx_put(tx,
	       "INSERT INTO resources (workspace_id, provider, kind, id,"
	       " operation_id, created_at) VALUES ($1, 'sim', $2, $3, 'op', 1)",
	       P_TEXT(ws), P_TEXT(kind), P_TEXT(id));
	assert_true(tx_commit(tx, &store_err));
}

/* Its record of @ws's list; "most" -1 when it is not there. */
static void assert_quota(const char *ws, const char *name, long long most,
			 long long used)
{
	json_t *list = act_by(
		as("root"), quota_list,
		arena_printf(&people_arena, "{'workspace_id': '%s'}", ws));
	json_t *item, *found = NULL;
	size_t i;

	json_array_foreach (json_object_get(list, "items"), i, item)
		if (!strcmp(json_str(item, "id", ""), name))
			found = item;
	assert_int_equal(json_int(found, "most", -1), most);
	assert_int_equal(json_int(found, "used", 0), used);
	json_decref(list);
}

/* ---- what is counted --------------------------------------------------------- */

static void without_one_there_is_no_limit(void)
{
	make_workspace("ws_a");
	for (int i = 0; i < 20; i++)
		assert_true(begins("ws_a",
				   arena_printf(&people_arena, "op_%d", i),
				   "instance"));
}
PEOPLE_DEFINE(without_one_there_is_no_limit)

static void operations_are_limited(void)
{
	make_workspace("ws_a");
	make_workspace("ws_b");
	set_quota("ws_a", "operations", "2");
	assert_true(begins("ws_a", "op_1", NULL));
	assert_true(begins("ws_a", "op_2", NULL));
	assert_false(begins("ws_a", "op_3", NULL));
	assert_non_null(strstr(err.message, "operations"));
	assert_quota("ws_a", "operations", 2, 2);
	/* Another workspace's are not counted, nor what has ended. */
	assert_true(begins("ws_b", "op_4", NULL));
	store_exec("UPDATE operations SET state = 'succeeded'"
		   " WHERE id = 'op_1'");
	assert_true(begins("ws_a", "op_5", NULL));
	set_quota("ws_a", "operations", "0");
	assert_false(begins("ws_a", "op_6", NULL));
	set_quota("ws_a", "operations", "null");
	assert_true(begins("ws_a", "op_7", NULL));
	assert_quota("ws_a", "operations", -1, 0);
}
PEOPLE_DEFINE(operations_are_limited)

static void resources_are_limited(void)
{
	make_workspace("ws_a");
	make_workspace("ws_b");
	set_quota("ws_a", "instance", "3");
	add_resource("ws_a", "instance", "i-1");
	add_resource("ws_a", "volume", "v-1");
	add_resource("ws_b", "instance", "i-1");
	/* What is being made counts as made. */
	assert_true(begins("ws_a", "op_1", "instance"));
	assert_true(begins("ws_a", "op_2", "instance"));
	assert_false(begins("ws_a", "op_3", "instance"));
	assert_non_null(strstr(err.message, "instance"));
	assert_quota("ws_a", "instance", 3, 3);
	assert_true(begins("ws_a", "op_4", "volume"));
	assert_true(begins("ws_a", "op_5", NULL));
	assert_true(begins("ws_b", "op_6", "instance"));
	store_exec("DELETE FROM resources");
	assert_true(begins("ws_a", "op_7", "instance"));
}
PEOPLE_DEFINE(resources_are_limited)

static void both_limits_hold(void)
{
	make_workspace("ws_a");
	set_quota("ws_a", "operations", "5");
	set_quota("ws_a", "instance", "1");
	assert_true(begins("ws_a", "op_1", "instance"));
	assert_false(begins("ws_a", "op_2", "instance"));
	set_quota("ws_a", "instance", "9");
	set_quota("ws_a", "operations", "1");
	assert_false(begins("ws_a", "op_2", "instance"));
	assert_int_equal(store_number("SELECT COUNT(*) AS n FROM operations"),
			 1);
}
PEOPLE_DEFINE(both_limits_hold)

/* ---- setting ------------------------------------------------------------------- */

static void quotas_are_of_what_can_be_made(void)
{
	make_workspace("ws_a");
	act_fails(as("root"), quota_update,
		  "{'workspace_id': 'ws_a', 'id': 'instnace', 'most': 1}",
		  ERR_INVALID);
	act_fails(as("root"), quota_update,
		  "{'workspace_id': 'ws_a', 'id': 'region', 'most': 1}",
		  ERR_INVALID);
	act_fails(as("root"), quota_update,
		  "{'workspace_id': 'ws_a', 'id': 'workspace', 'most': 1}",
		  ERR_INVALID);
	act_fails(as("root"), quota_update,
		  "{'workspace_id': 'ws_none', 'id': 'instance', 'most': 1}",
		  ERR_NOT_FOUND);
	set_quota("ws_a", "x.acme.rack", "2");
	assert_string_equal(told.action, "workspace_quota.update");
	assert_string_equal(told.target, "x.acme.rack");
	set_quota("ws_a", "x.acme.rack", "3");
	assert_quota("ws_a", "x.acme.rack", 3, 0);
}
PEOPLE_DEFINE(quotas_are_of_what_can_be_made)

/* ---- many at once ----------------------------------------------------------------- */

#define MANY 24
#define MOST 5

static struct {
	unsigned number, running, done, refused;
} race;

static void race_one(void *arg)
{
	const char *kind = arg;
	struct error e = { 0 };
	char id[16];

	snprintf(id, sizeof(id), "op_%u", race.number++);
	if (begin_operation("ws_a", id, kind, &e))
		race.done++;
	else if (e.code == ERR_QUOTA)
		race.refused++;
	race.running--;
}

static bool race_over(void *arg UNUSED)
{
	return race.running == 0;
}

static void run_race(const char *quota, char *kind)
{
	memset(&race, 0, sizeof(race));
	make_workspace("ws_a");
	set_quota("ws_a", quota, "5");
	race.running = MANY;
	for (int i = 0; i < MANY; i++)
		assert_non_null(fiber_spawn("race", race_one, kind));
	host_await(race_over, NULL);
	assert_int_equal(race.done, MOST);
	assert_int_equal(race.refused, MANY - MOST);
}

static void operations_race(void)
{
	run_race("operations", NULL);
}
PEOPLE_DEFINE(operations_race)

static void resources_race(void)
{
	static char kind[] = "instance";

	run_race(kind, kind);
}
PEOPLE_DEFINE(resources_race)

static bool body_fits(const char *ws, size_t n)
{
	memset(&err, 0, sizeof(err));
	if (quota_allows_body(&trust, ws, n, &err))
		return true;
	assert_int_equal(err.code, ERR_TOO_LARGE);
	return false;
}

static void bodies_are_limited(void)
{
	make_workspace("ws_a");
	make_workspace("ws_b");
	assert_true(body_fits("ws_a", 1000000));
	set_quota("ws_a", "body", "5000");
	assert_true(body_fits("ws_a", 5000));
	assert_false(body_fits("ws_a", 5001));
	assert_true(body_fits("ws_b", 5001));
	set_quota("ws_a", "body", "0");
	assert_true(body_fits("ws_a", QUOTA_BODY_FREE));
	assert_false(body_fits("ws_a", QUOTA_BODY_FREE + 1));
	set_quota("ws_a", "body", "null");
	assert_true(body_fits("ws_a", 5001));
}
PEOPLE_DEFINE(bodies_are_limited)

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		STORE_ROW(without_one_there_is_no_limit)
		STORE_ROW(operations_are_limited)
		STORE_ROW(resources_are_limited)
		STORE_ROW(both_limits_hold)
		STORE_ROW(quotas_are_of_what_can_be_made)
		STORE_ROW(operations_race)
		STORE_ROW(resources_race)
		STORE_ROW(bodies_are_limited)
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}

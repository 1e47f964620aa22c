/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each step's first statement inserts its version, which is unique: of two
 * hosts that start at once the second finds it there, and looks again.
 */
#include "store/migrate.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/backend.h"

static const char versions[] =
	"CREATE TABLE IF NOT EXISTS schema_versions"
	" (version BIGINT PRIMARY KEY, applied_at BIGINT NOT NULL);";

static WAITS bool script(struct store *s, const char *sql, struct error *err)
{
	return s->engine->script(s->state, sql, err);
}

static WAITS bool current(struct store *s, int64_t *version, struct error *err)
{
	struct rows rows;

	if (!store_read(s, NULL,
			"SELECT max(version) AS version FROM schema_versions",
			&rows, err))
		return false;
	*version = row_int(&rows, 0, "version");
	rows_done(&rows);
	return true;
}

static WAITS bool step_to(struct store *s, int64_t version, struct error *err)
{
	const struct migration *m = &store_migrations[version - 1];
	bool postgres = strcmp(s->engine->scheme, "postgresql") == 0;
	struct buf sql = { 0 };
	bool ok;

	buf_printf(&sql,
		   "INSERT INTO schema_versions (version, applied_at)"
		   " VALUES (%" PRId64 ", %" PRId64 ");\n",
		   version, clock_wall_ms());
	buf_add_str(&sql, m->sql);
	if (postgres && m->postgres)
		buf_add_str(&sql, m->postgres);
	ok = script(s, sql.p, err);
	buf_done(&sql);
	if (ok)
		log_info("the schema of the store is new",
			 LOG_INT("version", version));
	return ok || err->code == ERR_CONFLICT; /* another host was faster */
}

WAITS bool store_migrate(struct store *s, struct error *err)
{
	int64_t newest = (int64_t)store_migrations_count, version = 0;
	int64_t tried = 0;
	struct error unheard;

	err = err ? err : &unheard;
	if (!script(s, versions, err) && err->code != ERR_CONFLICT)
		return false;
	while (current(s, &version, err)) {
		if (version == newest)
			return true;
		if (version > newest)
			return fail(err, ERR_INVALID,
				    "the database has schema version %" PRId64
				    ", this program knows %" PRId64
				    "; use a newer skyclustd",
				    version, newest);
		if (tried == version + 1 || !step_to(s, version + 1, err))
			return false;
		tried = version + 1;
	}
	return false;
}

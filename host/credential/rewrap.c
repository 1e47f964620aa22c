/* SPDX-License-Identifier: Apache-2.0 */
#include "credential/rewrap.h"

#include "base/mem.h"

static char *credential_place(const struct rows *rows, size_t i)
{
	return mem_printf("credentials:%s:%s:%s:%lld", row_text(rows, i, "id"),
			  row_text(rows, i, "workspace_id"),
			  row_text(rows, i, "provider"),
			  (long long)row_int(rows, i, "version"));
}

static char *password_place(const struct rows *rows, size_t i)
{
	return mem_printf("users:%s:password", row_text(rows, i, "id"));
}

static char *operation_place(const struct rows *rows, size_t i)
{
	return mem_printf("operations:%s:%s:%s", row_text(rows, i, "id"),
			  row_text(rows, i, "name"),
			  row_text(rows, i, "workspace_id"));
}

/* Rows are read as a table. */
/* clang-format off */

#define SELECT(table, column, more)                                                   \
	"SELECT id, " more ", " column " AS text FROM " table                          \
	" WHERE id > $1 AND substr(" column ", 1, 9) <> $2 ORDER BY id LIMIT $3"
#define UPDATE(table, column, more)                                                   \
	"UPDATE " table " SET " column " = $1" more " WHERE id = $2 AND " column " = $3"
#define COUNT(table, column)                                                          \
	"SELECT COUNT(*) AS n FROM " table " WHERE substr(" column ", 1, 9) = $1"
#define OPERATION(column)                                                             \
	{ "operations." column,                                                        \
	  SELECT("operations", column, "workspace_id, '" column "' AS name"),          \
	  UPDATE("operations", column, ""), false, COUNT("operations", column),        \
	  operation_place }

const struct rewrap_column rewrap_columns[] = {
	{ "credentials.sealed", SELECT("credentials", "sealed", "workspace_id, provider, version"),
	  UPDATE("credentials", "sealed", ", key_version = $4"), true,
	  COUNT("credentials", "sealed"), credential_place },
	{ "users.password", SELECT("users", "password", "name"),
	  UPDATE("users", "password", ""), false, COUNT("users", "password"), password_place },
	OPERATION("args"), OPERATION("result"), OPERATION("checkpoint"), OPERATION("handle"),
	{ NULL },
};

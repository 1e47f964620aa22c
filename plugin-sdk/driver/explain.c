/* SPDX-License-Identifier: Apache-2.0 */
/* --explain: the exact HTTP that an operation would send; nothing is sent. */
#include <stdio.h>

#include "base/auto.h"
#include "base/buf.h"
#include "catalog/catalog.h"
#include "cloud/rest.h"
#include "driver/commands.h"
#include "driver/options.h"

static bool explain(const struct sc_driver *driver, const struct options *o,
		    struct buf *out, struct error *err)
{
	const struct sc_rest *row;
	const struct cat_op *op = cat_op_find(o->op);
	struct sc_call call = {
		.driver = driver,
		.method = o->op,
		.args = o->args,
		.secrets = o->secrets,
		.config = o->config,
		.region = o->region,
		.state_dir = o->state_dir,
	};
	bool ok;

	if (!rest_find(driver, o->op))
		return fail(err, ERR_NOT_FOUND, "%s: no table has a row for it",
			    o->op);
	if (op && !cat_check_args(op, o->args, false, err))
		return false;
	row = rest_choose(driver, o->op, o->args);
	if (!row)
		return rest_no_row(driver, o->op, o->args, err);
	if (!rest_understands(driver, row, o->args, err))
		return false;
	if (row->run)
		buf_add_str(out, "(a function answers this operation; its row, "
				 "if it uses it:)\n");
	ok = rest_explain(&call, row, o->args, out, err);
	arena_done(&call.arena);
	return ok;
}

int explain_main(const struct sc_driver *driver, int argc, char **argv)
{
	AUTO(buf_done) struct buf out = { 0 };
	struct options o;
	struct error err;
	int status = EX_USAGE;

	if (options_read(&o, driver, argc, argv, &err))
		status = explain(driver, &o, &out, &err) ? 0 : 1;
	if (status == 0)
		printf("%s%s", out.p, out.p[out.n - 1] == '\n' ? "" : "\n");
	else
		fprintf(stderr, "%s --explain: %s\n", driver->name,
			err.message);
	options_done(&o);
	return status;
}

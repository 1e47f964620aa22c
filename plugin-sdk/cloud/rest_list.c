/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that give many records: page by page into a sink. */
#include <string.h>

#include "base/auto.h"
#include "base/text.h"
#include "cloud/path.h"
#include "cloud/rest_run.h"

enum flow { FLOW_ON, FLOW_ENOUGH, FLOW_FAILED };

WAITS static enum flow give(const struct rest_run *run, json_t *answer,
			    rest_sink sink, void *arg)
{
	AUTO_FREE char *items = rest_items(run, "[]");
	AUTO_JSON json_t *nodes = NULL;
	json_t *node, *record;
	size_t i;

	if (!items)
		return FLOW_FAILED;
	nodes = path_records(answer, items);
	if (!path_exists(answer, items) && !text_ends(items, "?")) {
		rest_bad_answer(run, "the answer has no list at \"%s\"", items);
		return FLOW_FAILED;
	}
	json_array_foreach (nodes, i, node) {
		record = rest_record(run, node);
		if (!record)
			return FLOW_FAILED;
		if (!sink(arg, record))
			return FLOW_ENOUGH;
	}
	return FLOW_ON;
}

/* Read @page, which becomes the one after it. */
WAITS static enum flow read_page(const struct rest_run *run,
				 struct rest_page *page, json_t *seen,
				 rest_sink sink, void *arg)
{
	AUTO_JSON json_t *answer = rest_ask(run, page);
	enum flow flow = answer ? give(run, answer, sink, arg) : FLOW_FAILED;

	rest_page_done(page);
	if (flow == FLOW_ON && !rest_page_next(run, answer, seen, page))
		flow = FLOW_FAILED;
	return flow;
}

/* One page of the cloud when @run is asked for one, else all of them. */
WAITS static enum flow read_pages(const struct rest_run *run, rest_sink sink,
				  void *arg, char **next_page_token)
{
	AUTO_JSON json_t *seen = json_object();
	bool one = rest_is_paged(run);
	struct rest_page page;
	enum flow flow;

	if (!rest_page_first(run, &page))
		return FLOW_FAILED;
	do {
		flow = read_page(run, &page, seen, sink, arg);
	} while (flow == FLOW_ON && !one && !rest_page_is_end(&page));
	if (flow == FLOW_ON && one)
		*next_page_token = rest_page_token(&page);
	rest_page_done(&page);
	return flow;
}

bool rest_list(struct sc_call *call, const struct sc_rest *row, json_t *args,
	       rest_sink sink, void *arg, char **next_page_token)
{
	enum flow flow = FLOW_FAILED;
	struct rest_run run;

	*next_page_token = NULL;
	if (row->over || row->also)
		return rest_list_join(call, row, args, sink, arg);
	if (rest_run_init(&run, call, row, args) && rest_look_up(&run))
		flow = read_pages(&run, sink, arg, next_page_token);
	rest_run_done(&run);
	return flow != FLOW_FAILED;
}

static bool append(void *arg, json_t *record)
{
	return json_array_append_new(arg, record) == 0;
}

json_t *rest_whole_list(struct sc_call *call, const struct sc_rest *row,
			json_t *args)
{
	json_t *items = json_array();
	char *next;

	if (rest_list(call, row, args, append, items, &next)) {
		mem_free(next);
		return items;
	}
	json_decref(items);
	return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all kinds have in common: look up, list, create, update, delete, and
 * going from state to state.  Each is the `run` of a verb's row.
 */
#ifndef SKYCLUST_SIM_RESOURCE_H
#define SKYCLUST_SIM_RESOURCE_H

#include "request.h"

bool run_list(struct request *req);
bool run_get(struct request *req);
bool run_create(struct request *req);
bool run_update(struct request *req);
bool run_delete(struct request *req);
bool run_state(struct request *req);

/* Copy of @entry, changed by the arguments and on its way to the state of the
 * verb's row; NULL: refused.  What special updates begin with. */
json_t *update_entry(struct request *req);

/* Replace what an argument refers to by its identifier; false: there is no
 * such thing (invalid, with the argument's pointer). */
bool resolve_refs(struct request *req, const struct kind *kind,
		  json_t *record);

/* Fill in defaults; the record of a row as if it had been created. */
void fill_defaults(const struct kind *kind, json_t *record);

/* Answer with this entry's record. */
bool answer_entry(struct request *req, const json_t *entry);

/* Every part of @record that names a thing of this kind by @id. */
bool refers(const json_t *record, const char *member, const char *id);

#endif

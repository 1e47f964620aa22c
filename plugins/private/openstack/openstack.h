/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the driver: a table for each service, and the login. */
#ifndef SKYCLUST_OPENSTACK_OPENSTACK_H
#define SKYCLUST_OPENSTACK_OPENSTACK_H

#include <skyclust/driver.h>

/* A body's metadata: the user's tags and, for op.reconcile, the operation. */
#define TAGGED "{'*': '{tags?}', 'skyclust-op': '{op?}'}"
/* Where that is found again. */
#define MARKED .mark = "metadata.skyclust-op"

/* What takes no tags when it is made has the operation in its description,
 * with the user's or alone, and the user does not see it. */
#define SIGN "'description': 'skyclust-op={op?}'"
#define SIGN_TEXT                                                              \
	"'description': {'|': ['{description} skyclust-op={op}',"              \
	"                      ' skyclust-op={op}', '{description?}']}"
#define SIGNED_TEXT { "description", "description", .until = " skyclust-op=" }
#define SIGNED .mark = "description"

extern const struct sc_rest keystone_rest[], compute_rest[], storage_rest[];
extern const struct sc_rest account_rest[], network_rest[], balancer_rest[];
extern const struct sc_rest cluster_rest[], stack_rest[];

/* The login: what struct sc_driver says. */
SC_WAITS json_t *keystone_login(struct sc_call *call);

/* Add `nova_version` to @session, which has `compute`: the microversion to
 * speak.  False: sc_fail()ed. */
SC_WAITS bool nova_version(struct sc_call *call, json_t *session);

/* After a 403 of Nova's: is a quota full for what @call wants? */
SC_WAITS bool quota_is_full(struct sc_call *call);

/* The text member @name of @object, borrowed, or NULL. */
static inline const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

#endif

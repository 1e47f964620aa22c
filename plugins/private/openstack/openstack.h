/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the driver: one table per service, and the login. */
#ifndef SKYCLUST_OPENSTACK_OPENSTACK_H
#define SKYCLUST_OPENSTACK_OPENSTACK_H

#include <skyclust/driver.h>

/* The tag that says which operation made a server. */
#define OP_TAG "skyclust-op"

#define NO_TAGS "Neutron's tags are words without values"

extern const struct sc_rest identity_rest[];
extern const struct sc_rest nova_rest[];
extern const struct sc_rest flavor_rest[];
extern const struct sc_rest quota_rest[];
extern const struct sc_rest recover_rest[];
extern const struct sc_rest neutron_rest[];
extern const struct sc_rest glance_rest[];
extern const struct sc_rest cinder_rest[];
extern const struct sc_rest security_rest[];
extern const struct sc_rest cluster_rest[];
extern const struct sc_rest node_pool_rest[];
extern const struct sc_rest router_rest[];

SC_WAITS json_t *keystone_login(struct sc_call *call);

/* Refuse the argument at @path (a JSON pointer) before anything was done. */
struct sc_reply *fail_arg(struct sc_call *call, enum sc_code code,
			  const char *path, const char *why);

/* The element of @list whose @member is @text, borrowed, or NULL. */
json_t *record_find(json_t *list, const char *member, const char *text);

/* @text in base64 (RFC 4648), new; NULL when it has more than BASE64_MAX
 * characters then, which is what Nova takes. */
#define BASE64_MAX 65535
json_t *openstack_base64(const char *text);

/* Magnum's states in our words. */
extern const char magnum_status[];

/* The id of the cluster template that is @version (NULL: the only one), new;
 * NULL: failed. */
SC_WAITS json_t *magnum_template(struct sc_call *call, const char *version);

/* Refuse the first of @names that @args have, at the JSON pointer @under; NULL
 * when they have none. */
struct sc_reply *magnum_refuse(struct sc_call *call, const json_t *args,
			       const char *const *names, const char *under);

/* cluster.kubeconfig */
SC_WAITS struct sc_reply *cluster_kubeconfig(struct sc_call *call);

/* The flavor with this id or name as a record of ours, new; NULL: failed. */
SC_WAITS json_t *nova_find_type(struct sc_call *call, const char *type);

/*
 * Answer a 403 of Nova's.  @type is the flavor of the instance that was to be
 * made; NULL: it was a key pair.
 */
SC_WAITS struct sc_reply *nova_refused(struct sc_call *call,
				       const json_t *type);

/* instance.resize */
SC_WAITS struct sc_reply *nova_resize(struct sc_call *call);

#endif

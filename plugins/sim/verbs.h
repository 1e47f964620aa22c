/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations of the catalogue that are more than the common ones of
 * resource.h, each the `run` of a row in verbs.c.
 */
#ifndef SKYCLUST_SIM_VERBS_H
#define SKYCLUST_SIM_VERBS_H

#include "request.h"

/* All operations; the last row has a NULL op. */
extern struct verb verbs[];
struct verb *verb_find(const char *op);

/* instance.c */
bool run_console(struct request *req);
bool run_status_list(struct request *req);
/* key.c */
bool run_key_create(struct request *req);
/* attach.c */
bool run_attach(struct request *req);
bool run_detach(struct request *req);
/* @instance (a record) gets, or loses, this address. */
void public_ip_joined(struct request *req, json_t *public_ip, json_t *instance);
/* network.c */
bool run_router_attach(struct request *req);
bool run_router_detach(struct request *req);
/* rules.c */
bool run_add_rule(struct request *req);
bool run_remove_rule(struct request *req);
bool run_set_rules(struct request *req);
/* balance.c */
bool run_add_target(struct request *req);
bool run_remove_target(struct request *req);
/* storage.c */
bool run_volume_resize(struct request *req);
/* cluster.c */
bool run_upgrade(struct request *req);
bool run_kubeconfig(struct request *req);
bool run_versions(struct request *req);
bool run_scale(struct request *req);
bool run_cordon(struct request *req);
bool run_uncordon(struct request *req);
/* stack.c */
bool run_stack_update(struct request *req);
/* cost.c */
bool run_estimate(struct request *req);
bool run_cost_report(struct request *req);
/* usage.c */
bool run_quotas(struct request *req);
bool run_metric(struct request *req);
/* sim.c */
bool run_reconcile(struct request *req);
bool run_poll(struct request *req);

#endif

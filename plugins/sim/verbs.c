/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every operation of the catalogue: most are the common ones of resource.c
 * with the states they go through, in percent of boot_ms.
 */
#include "verbs.h"

#include <string.h>

#include "resource.h"

struct verb *verb_find(const char *op)
{
	for (struct verb *v = verbs; v->op; v++)
		if (!strcmp(v->op, op))
			return v;
	return NULL;
}

#define READ false
#define WRITE true

/* clang-format off */
#define LOOK(kind) { kind ".list", run_list, READ }, { kind ".get", run_get, READ }
#define MAKE(kind) { kind ".create", run_create, WRITE }, { kind ".delete", run_delete, WRITE }

struct verb verbs[] = {
	LOOK("region"), LOOK("zone"), LOOK("instance_type"),
	LOOK("image"), MAKE("image"),
	LOOK("instance"), MAKE("instance"),
	{ "instance.update",  run_update, WRITE },
	{ "instance.start",   run_state, WRITE, "stopped", "pending", "running", 100 },
	{ "instance.stop",    run_state, WRITE, "running", "stopping", "stopped", 50 },
	{ "instance.restart", run_state, WRITE, "running", "rebooting", "running", 100 },
	{ "instance.suspend", run_state, WRITE, "running", "suspending", "suspended", 50 },
	{ "instance.resume",  run_state, WRITE, "suspended", "pending", "running", 25 },
	{ "instance.resize",  run_update, WRITE, "running stopped" },
	{ "instance.console", run_console, READ, "running rebooting pending" },
	{ "instance.status_list", run_status_list, READ },
	LOOK("key_pair"),
	{ "key_pair.create",  run_key_create, WRITE },
	{ "key_pair.import",  run_create, WRITE },
	{ "key_pair.delete",  run_delete, WRITE },
	LOOK("network"), MAKE("network"),
	{ "network.update",   run_update, WRITE },
	LOOK("subnet"), MAKE("subnet"),
	{ "subnet.update",    run_update, WRITE },
	LOOK("router"), MAKE("router"),
	{ "router.attach",    run_router_attach, WRITE },
	{ "router.detach",    run_router_detach, WRITE },
	LOOK("security_group"), MAKE("security_group"),
	{ "security_group.add_rule",    run_add_rule, WRITE },
	{ "security_group.remove_rule", run_remove_rule, WRITE },
	{ "security_group.set_rules",   run_set_rules, WRITE },
	LOOK("vnic"), MAKE("vnic"),
	{ "vnic.attach",      run_attach, WRITE, "available", "pending", "in_use", 10 },
	{ "vnic.detach",      run_detach, WRITE, "in_use", "pending", "available", 10 },
	LOOK("public_ip"), MAKE("public_ip"),
	{ "public_ip.attach", run_attach, WRITE, "available", "pending", "in_use", 10 },
	{ "public_ip.detach", run_detach, WRITE, "in_use", "pending", "available", 10 },
	LOOK("load_balancer"), MAKE("load_balancer"),
	{ "load_balancer.add_target",    run_add_target, WRITE },
	{ "load_balancer.remove_target", run_remove_target, WRITE },
	LOOK("volume"), MAKE("volume"),
	{ "volume.resize",    run_volume_resize, WRITE, "available", "resizing", "available", 25 },
	{ "volume.attach",    run_attach, WRITE, "available", "attaching", "in_use", 10 },
	{ "volume.detach",    run_detach, WRITE, "in_use", "detaching", "available", 10 },
	LOOK("snapshot"), MAKE("snapshot"),
	LOOK("cluster"), MAKE("cluster"),
	{ "cluster.update",   run_update, WRITE, "running", "updating", "running", 50 },
	{ "cluster.upgrade",  run_upgrade, WRITE, "running", "upgrading", "running", 200 },
	{ "cluster.kubeconfig", run_kubeconfig, READ, "running updating upgrading degraded" },
	{ "cluster.versions", run_versions, READ },
	LOOK("node_pool"), MAKE("node_pool"),
	{ "node_pool.update", run_update, WRITE, "running", "updating", "running", 25 },
	{ "node_pool.scale",  run_scale, WRITE, "running", "updating", "running", 100 },
	{ "node_pool.upgrade", run_upgrade, WRITE, "running", "upgrading", "running", 200 },
	LOOK("node"),
	{ "node.cordon",      run_cordon, WRITE },
	{ "node.uncordon",    run_uncordon, WRITE },
	{ "node.drain",       run_cordon, WRITE },
	{ "cost.estimate",    run_estimate, READ },
	{ "cost.billing",     run_cost_report, READ },
	{ "cost.trend",       run_cost_report, READ },
	{ "quota.list",       run_quotas, READ },
	{ "metric.query",     run_metric, READ },
	LOOK("project"), MAKE("project"),
	LOOK("user"), MAKE("user"),
	LOOK("role"), MAKE("role"),
	LOOK("stack"), MAKE("stack"),
	{ "stack.update",     run_stack_update, WRITE, "available", "updating", "available", 50 },
	{ "op.reconcile",     run_reconcile, READ },
	{ "op.poll",          run_poll, READ },
	{ NULL },
};
/* clang-format on */

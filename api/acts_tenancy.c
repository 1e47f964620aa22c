/* SPDX-License-Identifier: Apache-2.0 */
#include "acts.h"
#include "tenancy/workspace.h"

const struct act_row acts_tenancy[] = {
	{ "workspace.list", workspace_list },
	{ "workspace.get", workspace_get },
	{ "workspace.create", workspace_create },
	{ "workspace.update", workspace_update },
	{ "workspace.delete", workspace_delete },
	{ "member.list", member_list },
	{ "member.get", member_get },
	{ "member.create", member_create },
	{ "member.update", member_update },
	{ "member.delete", member_delete },
	{ "member.leave", member_leave },
	{ "workspace_quota.list", quota_list },
	{ "workspace_quota.update", quota_update },
	{ NULL },
};

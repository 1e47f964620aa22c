/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access.h"
#include "acts.h"

const struct act_row acts_access[] = {
	{ "skyclust_role.list", role_list },
	{ "skyclust_role.get", role_get },
	{ "skyclust_role.create", role_create },
	{ "skyclust_role.update", role_update },
	{ "skyclust_role.delete", role_delete },
	{ "access.check", access_check },
	{ "access.permissions", access_permissions },
	{ NULL },
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "acts.h"
#include "operation/operation.h"

const struct act_row acts_operation[] = {
	{ "operation.list", operation_list },
	{ "operation.get", operation_get },
	{ "operation.cancel", operation_cancel },
	{ NULL },
};

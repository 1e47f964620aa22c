/* SPDX-License-Identifier: Apache-2.0 */
#include "acts.h"
#include "audit/audit.h"

/* clang-format off */
const struct act_row acts_audit[] = {
	{ "audit_record.list", audit_record_list },
	{ "audit_record.stats", audit_stats },
	{ "audit_record.verify", audit_verify_now },
	{ "audit_checkpoint.list", audit_checkpoint_list },
	{ "audit_checkpoint.create", audit_checkpoint_create },
	{ "audit_checkpoint.key", audit_key },
	{ NULL },
};

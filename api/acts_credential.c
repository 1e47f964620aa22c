/* SPDX-License-Identifier: Apache-2.0 */
#include "acts.h"
#include "credential/credential.h"

const struct act_row acts_credential[] = {
	{ "credential.list", credential_list },
	{ "credential.get", credential_get },
	{ "credential.create", credential_create },
	{ "credential.update", credential_update },
	{ "credential.delete", credential_delete },
	{ "credential.verify", credential_verify },
	{ "wrap_key.list", wrap_key_list },
	{ "wrap_key.rotate", wrap_key_rotate },
	{ "wrap_key.delete", wrap_key_delete },
	{ NULL },
};

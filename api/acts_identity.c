/* SPDX-License-Identifier: Apache-2.0 */
#include "acts.h"

#include "identity/identity.h"

const struct act_row acts_identity[] = {
	{ "auth.bootstrap", auth_bootstrap },
	{ "auth.login", auth_login },
	{ "auth.refresh", auth_refresh },
	{ "auth.logout", auth_logout },
	{ "auth.me", auth_me },
	{ "auth.password", auth_change_password },
	{ "session.list", auth_session_list },
	{ "session.delete", auth_session_delete },
	{ "api_token.list", api_token_list },
	{ "api_token.create", api_token_create },
	{ "api_token.delete", api_token_delete },
	{ "skyclust_user.list", user_list },
	{ "skyclust_user.get", user_get },
	{ "skyclust_user.create", user_create },
	{ "skyclust_user.update", user_update },
	{ "skyclust_user.delete", user_delete },
	{ "signing_key.list", signing_key_list },
	{ "signing_key.rotate", signing_key_rotate },
	{ NULL },
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who somebody is (identity/): logging in, sessions, API tokens, users, and the
 * keys that access tokens are signed by.
 */
#include "nouns/tables.h"

extern const struct cat_kind noun_kind_auth, noun_kind_session,
	noun_kind_api_token, noun_kind_skyclust_user, noun_kind_signing_key;

/* Rows are read as a table. */
/* clang-format off */

#define NAME_MAX_BYTES 254
#define PASSWORD_LEAST 12
#define PASSWORD_MOST 1024

#define WHOSE                                                                  \
	{ "user_id", CAT_STRING, 0,                                             \
	  "User whose it is; yours without it, another's needs the right to manage users.",        \
	  .min = 1, .max = 64 }
#define NEW_PASSWORD(name, flags, help)                                        \
	{ name, CAT_STRING, (flags) | CAT_SECRET, help, .min = PASSWORD_LEAST, \
	  .max = PASSWORD_MOST }

/* ---- skyclust_user ----------------------------------------------------------- */

static const char *const user_kinds[] = { "person", "service", NULL };
static const char *const user_states[] = { "active", "disabled", NULL };

#define USER_ROLE(flags)                                                       \
	{ "role", CAT_STRING, flags, "System role: admin, user, viewer, or a custom role.", \
	  .min = 1, .max = 64, .example = "\"user\"" }
#define USER_DISPLAY_NAME                                                      \
	{ "display_name", CAT_STRING, 0, "What the user is called.", .min = 0, .max = 256 }
#define USER_EMAIL                                                             \
	{ "email", CAT_STRING, 0, "Address of mail.", .min = 0, .max = 254 }

static const struct cat_record noun_record_skyclust_user = {
	"skyclust_user", "A person, or a service account, that can log in.",
	(const struct cat_field[]){
		F_ID,
		{ "name", CAT_STRING, REQ | FIXED, "What one logs in with." },
		USER_DISPLAY_NAME,
		USER_EMAIL,
		{ "kind", CAT_STRING, REQ | FIXED, "person, or service: without a password.",
		  .words = user_kinds },
		USER_ROLE(REQ),
		{ "state", CAT_STRING, REQ, "active or disabled.", .words = user_states },
		{ "issuer", CAT_STRING, FIXED, "OpenID provider the user comes from." },
		{ "has_password", CAT_BOOL, REQ | FIXED, "Whether the user has one." },
		{ "password_changed_at", CAT_TIME, FIXED, "Since when it is the one it is." },
		F_VERSION,
		F_CREATED,
		F_UPDATED,
		{ NULL },
	},
};

static const struct cat_field user_list[] = {
	{ "name", CAT_STRING, FILTER, "Only the one of this name." },
	{ "role", CAT_STRING, FILTER, "Only those of this system role." },
	{ "state", CAT_STRING, FILTER, "Only those in this state.", .words = user_states },
	{ "kind", CAT_STRING, FILTER, "Only those of this kind.", .words = user_kinds },
	{ NULL },
};

static const struct cat_field user_create[] = {
	{ "name", CAT_STRING, REQ, "Lower-case letters, digits and . _ - + @, by which it logs in.",
	  .min = 1, .max = NAME_MAX_BYTES, .example = "\"ada\"" },
	NEW_PASSWORD("password", 0, "Password; without it the user cannot log in by one."),
	USER_DISPLAY_NAME,
	USER_EMAIL,
	USER_ROLE(REQ),
	{ "kind", CAT_STRING, 0, "person (when not said), or service: only with API tokens.",
	  .words = user_kinds },
	{ NULL },
};

static const struct cat_field user_update[] = {
	USER_DISPLAY_NAME,
	USER_EMAIL,
	USER_ROLE(0),
	{ "state", CAT_STRING, 0, "disabled ends all sessions.", .words = user_states },
	NEW_PASSWORD("password", 0, "A new one; ends all sessions."),
	{ NULL },
};

const struct cat_kind noun_kind_skyclust_user = {
	"skyclust_user", "users", "User", "Users and service accounts.",
	&noun_record_skyclust_user,
	(const struct cat_op[]){
		NOUN_LIST(skyclust_user, user_list),
		NOUN_OP(skyclust_user, get, CAT_BY_ID, "Get one.",
			.result = &noun_record_skyclust_user),
		NOUN_OP(skyclust_user, create, CAT_MUTATES, "Make one.", .args = user_create,
			.result = &noun_record_skyclust_user),
		NOUN_OP(skyclust_user, update, CHANGES, "Change one.", .args = user_update,
			.result = &noun_record_skyclust_user),
		NOUN_OP(skyclust_user, delete, DELETES,
			"Delete one, with its sessions, tokens and memberships."),
		{ NULL },
	},
};

/* ---- auth -------------------------------------------------------------------- */

static const struct cat_record noun_record_login = {
	"login", "What one gets who has shown who he is.",
	(const struct cat_field[]){
		{ "access_token", CAT_STRING, REQ | CAT_SECRET,
		  "For the header Authorization: Bearer." },
		{ "token_type", CAT_STRING, REQ, "Bearer." },
		{ "expires_in", CAT_INT, REQ, "How long the access token is good.",
		  .unit = "seconds" },
		{ "refresh_token", CAT_STRING, REQ | CAT_SECRET, "Good once, for the next pair." },
		{ "refresh_expires_at", CAT_TIME, REQ, "When it is not good any more." },
		{ "user", CAT_OBJECT, REQ, "Who logged in.", .of = &noun_record_skyclust_user },
		{ NULL },
	},
};

static const struct cat_record noun_record_me = {
	"me", "Who is asking.",
	(const struct cat_field[]){
		{ "id", CAT_STRING, REQ, "User; of the unix socket \"local\"." },
		{ "name", CAT_STRING, 0, "What the user logs in with." },
		{ "display_name", CAT_STRING, 0, "What the user is called." },
		{ "email", CAT_STRING, 0, "Address of mail." },
		{ "kind", CAT_STRING, REQ, "person, service, or local: by the unix socket." },
		{ "role", CAT_STRING, 0, "System role." },
		{ "session_id", CAT_STRING, 0, "Session of the token; null: there is none." },
		{ "token_id", CAT_STRING, 0, "API token; null: it is none." },
		{ NULL },
	},
};

#define LOGIN_NAME                                                             \
	{ "name", CAT_STRING, REQ, "What the user logs in with.", .min = 1, .max = NAME_MAX_BYTES, \
	  .example = "\"ada\"" }

static const struct cat_field auth_bootstrap[] = {
	{ "token", CAT_STRING, REQ | CAT_SECRET,
	  "The one in bootstrap.token in the data directory.",
	  .min = 1, .max = 256 },
	LOGIN_NAME,
	NEW_PASSWORD("password", REQ, "Password of the new administrator."),
	{ NULL },
};

static const struct cat_field auth_login[] = {
	LOGIN_NAME,
	{ "password", CAT_STRING, REQ | CAT_SECRET, "Password.", .min = 1, .max = PASSWORD_MOST },
	{ NULL },
};

static const struct cat_field auth_refresh[] = {
	{ "refresh_token", CAT_STRING, REQ | CAT_SECRET, "The last one of the session.",
	  .min = 1, .max = 256 },
	{ NULL },
};

static const struct cat_field auth_password[] = {
	{ "current", CAT_STRING, REQ | CAT_SECRET, "The one until now.", .min = 1,
	  .max = PASSWORD_MOST },
	NEW_PASSWORD("new", REQ, "The one from now on."),
	{ NULL },
};

const struct cat_kind noun_kind_auth = {
	"auth", "auth", "Authentication", "Logging in and out.", NULL,
	(const struct cat_op[]){
		NOUN_OP(auth, bootstrap, CAT_MUTATES | CAT_ACTION,
			"Make the first administrator, by the token of the first start.",
			.args = auth_bootstrap, .result = &noun_record_login),
		NOUN_OP(auth, login, CAT_MUTATES | CAT_ACTION, "Log in with a password.",
			.args = auth_login, .result = &noun_record_login),
		NOUN_OP(auth, refresh, CAT_MUTATES | CAT_ACTION,
			"Get new tokens; one that comes twice ends the session.",
			.args = auth_refresh, .result = &noun_record_login),
		NOUN_OP(auth, logout, CAT_MUTATES | CAT_ACTION | CAT_NATURAL, "End this session."),
		NOUN_OP(auth, me, CAT_ACTION, "Tell who is asking.", .result = &noun_record_me),
		NOUN_OP(auth, password, CAT_MUTATES | CAT_ACTION,
			"Change your password; ends your other sessions.", .args = auth_password),
		{ NULL },
	},
};

/* ---- session ------------------------------------------------------------------- */

static const struct cat_record noun_record_session = {
	"session", "A login that has not ended.",
	(const struct cat_field[]){
		F_ID,
		{ "user_id", CAT_STRING, REQ | FIXED, "Whose it is." },
		{ "method", CAT_STRING, REQ | FIXED, "password, oidc, bootstrap." },
		{ "source", CAT_STRING, FIXED, "Address the login came from." },
		{ "agent", CAT_STRING, FIXED, "What the client called itself." },
		{ "current", CAT_BOOL, REQ | FIXED, "Whether it is the one that asks." },
		F_CREATED,
		{ "used_at", CAT_TIME, REQ | FIXED, "Last use, to the minute." },
		{ "expires_at", CAT_TIME, REQ | FIXED, "When it ends unless it is refreshed." },
		{ NULL },
	},
};

static const struct cat_field whose[] = { WHOSE, { NULL } };

const struct cat_kind noun_kind_session = {
	"session", "sessions", "Session", "Where somebody is logged in.", &noun_record_session,
	(const struct cat_op[]){
		NOUN_LIST(session, whose),
		NOUN_OP(session, delete, DELETES, "End one, at once.", .args = whose),
		{ NULL },
	},
};

/* ---- api_token ------------------------------------------------------------------- */

#define TOKEN_WORKSPACE(flags)                                                 \
	{ "workspace_id", CAT_STRING, flags, "Only there; null: wherever its user may.", \
	  .min = 1, .max = 64 }
#define TOKEN_PERMISSIONS(flags)                                               \
	{ "permissions", CAT_STRING, (flags) | LIST,                            \
	  "Only these of its user's: KIND:VERB, KIND:*, *:list, *:get; null: all.", \
	  .min = 1, .max = 160, .example = "[\"instance:*\"]" }
#define TOKEN_EXPIRES(flags)                                                   \
	{ "expires_at", CAT_TIME, flags, "When it stops being good; null: never." }

static const struct cat_record noun_record_api_token = {
	"api_token", "A token for programs, good for some or all of its user's rights.",
	(const struct cat_field[]){
		F_ID,
		{ "user_id", CAT_STRING, REQ | FIXED, "Whose it is." },
		{ "name", CAT_STRING, REQ | FIXED, "Name; no two of a user have the same." },
		TOKEN_WORKSPACE(FIXED),
		TOKEN_PERMISSIONS(FIXED),
		F_CREATED,
		TOKEN_EXPIRES(FIXED),
		{ "used_at", CAT_TIME, FIXED, "Last use, to the minute; null: never." },
		{ "token", CAT_STRING, FIXED | CAT_SECRET,
		  "The token; told once, when it is made." },
		{ NULL },
	},
};

static const struct cat_field token_create[] = {
	{ "name", CAT_STRING, REQ, "Name.", .min = 1, .max = 128, .example = "\"backup\"" },
	TOKEN_WORKSPACE(0),
	TOKEN_PERMISSIONS(0),
	TOKEN_EXPIRES(0),
	WHOSE,
	{ NULL },
};

const struct cat_kind noun_kind_api_token = {
	"api_token", "tokens", "API token", "Tokens for programs.", &noun_record_api_token,
	(const struct cat_op[]){
		NOUN_LIST(api_token, whose),
		NOUN_OP(api_token, create, CAT_MUTATES, "Make one.", .args = token_create,
			.result = &noun_record_api_token),
		NOUN_OP(api_token, delete, DELETES, "Delete one; it ends at once.", .args = whose),
		{ NULL },
	},
};

/* ---- signing_key ----------------------------------------------------------------- */

static const struct cat_record noun_record_signing_key = {
	"signing_key", "A key that access tokens are signed by.",
	(const struct cat_field[]){
		F_ID,
		{ "use", CAT_STRING, REQ | FIXED, "token." },
		{ "version", CAT_INT, REQ | FIXED, "Counts from 1." },
		{ "state", CAT_STRING, REQ | FIXED,
		  "active: signs; old: is good for its tokens only." },
		{ "algorithm", CAT_STRING, REQ | FIXED, "HS256, RS256, ES256." },
		F_CREATED,
		{ NULL },
	},
};

const struct cat_kind noun_kind_signing_key = {
	"signing_key", "signing-keys", "Signing key", "Keys of access tokens.",
	&noun_record_signing_key,
	(const struct cat_op[]){
		NOUN_LIST(signing_key, NULL),
		NOUN_OP(signing_key, rotate, CAT_MUTATES | CAT_ACTION,
			"Sign with a new key from now on; nobody is logged out.",
			.result = &noun_record_signing_key),
		{ NULL },
	},
};

const struct noun nouns_identity[] = {
	{ &noun_kind_auth, "/api/v1/auth", ACCESS_SELF,
	  .open = WORDS("bootstrap", "login", "refresh") },
	{ &noun_kind_session, "/api/v1/auth/sessions", ACCESS_SELF },
	{ &noun_kind_api_token, "/api/v1/auth/tokens", ACCESS_SELF },
	{ &noun_kind_skyclust_user, "/api/v1/users", ACCESS_SYSTEM },
	{ &noun_kind_signing_key, "/api/v1/system/signing-keys", ACCESS_SYSTEM },
	{ NULL },
};

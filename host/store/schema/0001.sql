-- The first schema, for both engines. Times are milliseconds since 1970, UTC;
-- identifiers are a prefix and random text (usr_, ses_, tok_, ws_, crd_, op_).
-- workspace_id '' is nobody's: what the installation does itself.

-- Raised by each change of who may do what, so that every host of an
-- installation forgets what it remembers of it.
CREATE TABLE revision (id BIGINT PRIMARY KEY, n BIGINT NOT NULL);
INSERT INTO revision (id, n) VALUES (1, 1);

CREATE TABLE users (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,            -- what one logs in with
	display_name TEXT, email TEXT,
	kind TEXT NOT NULL,                   -- person, service
	role TEXT NOT NULL,                   -- system role: admin, user, viewer, or one of roles
	state TEXT NOT NULL,                  -- active, disabled
	password BLOB,                        -- sealed Argon2id text, or NULL
	issuer TEXT, subject TEXT,            -- of an OpenID provider
	version BIGINT NOT NULL,
	created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
	password_changed_at BIGINT,
	UNIQUE (issuer, subject));

CREATE TABLE sessions (
	id TEXT PRIMARY KEY,
	user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	refresh BLOB NOT NULL,                -- MAC of the refresh token of `generation`
	generation BIGINT NOT NULL,
	method TEXT NOT NULL,                 -- password, oidc, bootstrap
	source TEXT, agent TEXT,
	created_at BIGINT NOT NULL, used_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL, revoked_at BIGINT);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE api_tokens (
	id TEXT PRIMARY KEY,
	user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	name TEXT NOT NULL,
	mac BLOB NOT NULL,                    -- over the token and this row's other fields
	workspace_id TEXT NOT NULL,           -- '': all of the user's
	permissions TEXT,                     -- JSON array, or NULL: all of the user's
	created_at BIGINT NOT NULL, expires_at BIGINT, used_at BIGINT, revoked_at BIGINT,
	UNIQUE (user_id, name));

CREATE TABLE login_failures (
	account TEXT NOT NULL, source TEXT NOT NULL,
	failures BIGINT NOT NULL, last_at BIGINT NOT NULL, locked_until BIGINT NOT NULL,
	PRIMARY KEY (account, source));

CREATE TABLE workspaces (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL, description TEXT,
	settings TEXT NOT NULL,               -- JSON object
	created_by TEXT NOT NULL,
	named_by TEXT,                        -- who gave the name: the creator, or who changed it last
	version BIGINT NOT NULL,
	created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
	UNIQUE (named_by, name));

CREATE TABLE roles (
	id TEXT PRIMARY KEY,
	workspace_id TEXT NOT NULL,           -- '': a system role
	name TEXT NOT NULL, description TEXT,
	permissions TEXT NOT NULL,            -- JSON array of "kind:verb"
	version BIGINT NOT NULL,
	created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
	UNIQUE (workspace_id, name));

CREATE TABLE members (
	workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
	user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	role TEXT NOT NULL,                   -- owner, admin, member, viewer, or one of roles
	created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
	PRIMARY KEY (workspace_id, user_id));
CREATE INDEX members_user ON members (user_id);

CREATE TABLE quotas (
	workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
	name TEXT NOT NULL,                   -- "operations", or a kind: "instance"
	most BIGINT NOT NULL,
	PRIMARY KEY (workspace_id, name));

CREATE TABLE credentials (
	id TEXT PRIMARY KEY,
	workspace_id TEXT NOT NULL REFERENCES workspaces (id),
	provider TEXT NOT NULL,
	name TEXT NOT NULL,
	sealed BLOB NOT NULL,                 -- all fields, JSON
	key_version BIGINT NOT NULL,          -- of the key that wraps the data key
	public TEXT NOT NULL,                 -- JSON: the fields that are no secret
	is_default BIGINT NOT NULL,
	state TEXT NOT NULL,                  -- unverified, valid, invalid, expired
	last_error TEXT,
	expires_at BIGINT, verified_at BIGINT,
	warned_at BIGINT,                     -- when the log was told that it ends soon
	created_by TEXT NOT NULL,
	version BIGINT NOT NULL,
	created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
	UNIQUE (workspace_id, provider, name));
CREATE UNIQUE INDEX credentials_default ON credentials (workspace_id, provider)
	WHERE is_default = 1;

CREATE TABLE operations (
	id TEXT PRIMARY KEY,
	workspace_id TEXT NOT NULL,
	user_id TEXT NOT NULL,
	credential_id TEXT,
	provider TEXT NOT NULL, method TEXT NOT NULL,
	region TEXT, zone TEXT,
	state TEXT NOT NULL,                  -- see operation/operation.h
	effect TEXT NOT NULL,                 -- none, partial, applied, unknown
	args BLOB NOT NULL,                   -- sealed JSON
	result BLOB,                          -- sealed JSON
	checkpoint BLOB,                      -- sealed JSON
	handle BLOB,                          -- sealed JSON, of pending work
	error TEXT,                           -- JSON
	progress TEXT,                        -- JSON
	resource_id TEXT,
	attempt BIGINT NOT NULL,
	cancel_requested BIGINT NOT NULL,
	owner TEXT NOT NULL, lease_until BIGINT NOT NULL,
	request_id TEXT, trace TEXT,
	created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, finished_at BIGINT,
	version BIGINT NOT NULL);
CREATE INDEX operations_workspace ON operations (workspace_id, created_at, id);
CREATE INDEX operations_created ON operations (created_at, id);
CREATE INDEX operations_finished ON operations (finished_at);
CREATE INDEX operations_open ON operations (state, lease_until);

CREATE TABLE idempotency_keys (
	user_id TEXT NOT NULL, route TEXT NOT NULL, key TEXT NOT NULL,
	body BLOB NOT NULL,                   -- SHA-256 of what was asked
	operation_id TEXT,                    -- or NULL: `status` and `response` say it
	status BIGINT, response BLOB,         -- sealed
	created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL,
	PRIMARY KEY (user_id, route, key));
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);

-- What operations have made and not deleted: quotas count these.
CREATE TABLE resources (
	workspace_id TEXT NOT NULL, provider TEXT NOT NULL, kind TEXT NOT NULL,
	id TEXT NOT NULL,                     -- the cloud's
	credential_id TEXT, operation_id TEXT NOT NULL, created_at BIGINT NOT NULL,
	PRIMARY KEY (workspace_id, provider, kind, id));

CREATE TABLE audit (
	lane BIGINT NOT NULL, seq BIGINT NOT NULL,
	before BLOB NOT NULL, hash BLOB NOT NULL,
	record TEXT NOT NULL,                 -- JSON; the columns below repeat parts of it
	at BIGINT NOT NULL, workspace_id TEXT NOT NULL,
	actor TEXT NOT NULL, action TEXT NOT NULL, outcome TEXT NOT NULL,
	target TEXT, provider TEXT,
	PRIMARY KEY (lane, seq));
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_workspace ON audit (workspace_id, at);

CREATE TABLE audit_heads (
	lane BIGINT PRIMARY KEY, seq BIGINT NOT NULL, hash BLOB NOT NULL);

CREATE TABLE audit_checkpoints (
	id BIGINT PRIMARY KEY, at BIGINT NOT NULL,
	body TEXT NOT NULL,                   -- JSON: the heads of all lanes, where each begins
	key_id TEXT NOT NULL, signature BLOB NOT NULL);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options, variables and exit statuses: help, completion and the manual
 * page are made from these rows.
 */
#include "cli/command.h"

#define WORDS(...) (const char *const[]){ __VA_ARGS__, NULL }

/* clang-format off */
const struct option_row command_options[OPTION_COUNT] = {
	[OPTION_SERVER] = { "server", 0, TAKES_VALUE, "URL", "SKYCLUST_SERVER",
		.help = "Server to talk to, a URL or unix:PATH of its socket; without it "
			"./data/skyclust.sock if there is one, else http://127.0.0.1:8080." },
	[OPTION_TOKEN_FILE] = { "token-file", 0, TAKES_VALUE, "FILE", "SKYCLUST_TOKEN_FILE",
		.live = LIVE_FILE,
		.help = "File with an API token; without it the login is used." },
	[OPTION_WORKSPACE] = { "workspace", 0, TAKES_VALUE, "WORKSPACE", "SKYCLUST_WORKSPACE",
		.live = LIVE_WORKSPACE,
		.help = "Workspace to work in, by name or identifier, - for none; your only one "
			"without it." },
	[OPTION_CREDENTIAL] = { "credential", 0, TAKES_VALUE, "CREDENTIAL",
		"SKYCLUST_CREDENTIAL", .live = LIVE_CREDENTIAL,
		.help = "Credential of the cloud account; the workspace's default without it." },
	[OPTION_CA_FILE] = { "ca-file", 0, TAKES_VALUE, "FILE", "SKYCLUST_CA_FILE",
		.live = LIVE_FILE,
		.help = "PEM file with the authority of the server's certificate." },
	[OPTION_CERT] = { "cert", 0, TAKES_VALUE, "FILE", "SKYCLUST_CERT", .live = LIVE_FILE,
		.help = "PEM file with our own certificate, for a server that wants one." },
	[OPTION_KEY] = { "key", 0, TAKES_VALUE, "FILE", "SKYCLUST_KEY", .live = LIVE_FILE,
		.help = "PEM file with its private key; of `audit verify --export` the public "
			"key of the audit log." },
	[OPTION_PROVIDER] = { "provider", 0, TAKES_VALUE, "NAME", "SKYCLUST_PROVIDER",
		.live = LIVE_PROVIDER,
		.help = "Provider to work with; the server's only one without it." },
	[OPTION_REGION] = { "region", 0, TAKES_VALUE, "REGION", "SKYCLUST_REGION",
		.live = LIVE_REGION,
		.help = "Region to work in; the provider's own without it." },
	[OPTION_CONTEXT] = { "context", 0, TAKES_VALUE, "NAME",
		.live = LIVE_CONTEXT,
		.help = "Saved settings to use; those of `skyclust context use` without it." },
	[OPTION_OUTPUT] = { "output", 'o', TAKES_VALUE, "FORMAT", "SKYCLUST_OUTPUT",
		.words = WORDS("table", "wide", "json", "yaml", "csv", "name"),
		.help = "How to print: table, wide, json, yaml, csv or name." },
	[OPTION_FIELDS] = { "fields", 0, TAKES_VALUE, "FIELD,…",
		.help = "Columns to print, such as id,name,tags.team." },
	[OPTION_FILTER] = { "filter", 0, TAKES_VALUE, "CONDITION,…",
		.help = "Keep of a list what fits all: field=value, field!=value, field~part." },
	[OPTION_LIMIT] = { "limit", 0, TAKES_VALUE, "NUMBER", .min = 1, .max = 1000000000,
		.help = "Most items of a list; all without it." },
	[OPTION_NO_HEADERS] = { "no-headers", 0, TAKES_NONE,
		.help = "Print tables and CSV without their first line." },
	[OPTION_WATCH] = { "watch", 0, TAKES_OPTIONAL, "SECONDS", .min = 1, .max = 86400,
		.help = "Look again every 2 seconds, or so many, and print what changed." },
	[OPTION_WAIT] = { "wait", 0, TAKES_OPTIONAL, "SECONDS", .min = 1, .max = 604800,
		.help = "Wait until the change is done, 10 minutes at most or so long (90, 15m)." },
	[OPTION_YES] = { "yes", 'y', TAKES_NONE,
		.help = "Do not ask before something is destroyed." },
	[OPTION_QUIET] = { "quiet", 'q', TAKES_NONE,
		.help = "Say nothing but errors and what was asked for." },
	[OPTION_VERBOSE] = { "verbose", 'v', TAKES_NONE,
		.help = "Show the requests, without the token and other secrets." },
	[OPTION_TIMEOUT] = { "timeout", 0, TAKES_VALUE, "SECONDS", .min = 1, .max = 86400,
		.help = "Longest time of one request; 60 without it." },
	[OPTION_HELP] = { "help", 'h', TAKES_NONE,
		.help = "Tell about what stands before it." },
	[OPTION_MAN] = { "man", 0, TAKES_NONE,
		.help = "Print the manual page: skyclust --man | man -l -" },
	[OPTION_FILE] = { "file", 'f', TAKES_VALUE, "FILE",
		.only = "apply delete audit_record.export", .live = LIVE_FILE,
		.help = "File with the resources, YAML or JSON; - is standard input. Of `audit "
			"export` the file to write." },
	[OPTION_EXPORT] = { "export", 0, TAKES_VALUE, "FILE", .only = "audit_record.verify",
		.live = LIVE_FILE,
		.help = "Verify this export by skyclust-audit-verify, without the server." },
	[OPTION_CHECKPOINT] = { "checkpoint", 0, TAKES_VALUE, "FILE",
		.only = "audit_record.verify", .live = LIVE_FILE,
		.help = "Signed checkpoint that the export is held to." },
	[OPTION_USER] = { "user", 0, TAKES_VALUE, "NAME", "SKYCLUST_USER", .only = "login",
		.help = "Who logs in; asked for without it." },
	[OPTION_BOOTSTRAP] = { "bootstrap", 0, TAKES_VALUE, "FILE", .only = "login",
		.live = LIVE_FILE,
		.help = "Make the first administrator, by the host's one-time token in FILE." },
	[OPTION_EXEC] = { "exec-credential", 0, TAKES_NONE, .only = "token",
		.help = "Print it as kubectl wants it of an exec plugin." },
	[OPTION_DRY_RUN] = { "dry-run", 0, TAKES_NONE, .only = "apply delete",
		.help = "Tell what would be done, and do nothing." },
};

const struct variable_row command_variables[] = {
	{ "SKYCLUST_TOKEN", "The token itself, before any file with one and any login." },
	{ "XDG_CONFIG_HOME", "Folder with skyclust/config.yaml, the contexts, and "
			     "skyclust/logins.json, what logins leave; ~/.config without it." },
	{ "NO_COLOR", "When it is not empty, nothing is coloured." },
	{ NULL },
};

const struct status_row command_statuses[] = {
	{ STATUS_OK, "Done." },
	{ STATUS_FAILED, "The server, a driver or the cloud failed; `audit verify` found that "
			 "the log was altered." },
	{ STATUS_USAGE, "The command line, an argument or a file is wrong; nothing was "
			"changed." },
	{ STATUS_NOT_FOUND, "There is no such thing." },
	{ STATUS_CONFLICT, "It conflicts with what there is: it exists already, its state does "
			   "not allow it, a quota is used up, or several have the name." },
	{ STATUS_NOT_ALLOWED, "The server refuses the token (401), or the cloud the "
			      "provider's credential (403, 424)." },
	{ STATUS_UNAVAILABLE, "The server cannot be reached, or the cloud is not available now "
			      "(429, 503, 504)." },
	{ STATUS_WAIT, "--wait: the resource came into state error, or time was over." },
	{ STATUS_INTERRUPTED, "Interrupted, or the question before destroying was answered "
			      "with no." },
	{ 0, NULL },
};
/* clang-format on */

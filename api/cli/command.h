/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of `skyclust`, as tables and as a tree of words:
 *
 *	skyclust [PROVIDER] COLLECTION VERB [ID…] [--argument value…]
 *	skyclust COMMAND [WORD…]
 *
 * Collections, verbs and arguments are the catalogue's; the commands and the
 * options that every command takes are the tables below.  Parsing, help, shell
 * completion and the manual page are all made from these.  Pure: nothing here
 * talks to a server.
 */
#ifndef SKYCLUST_CLI_COMMAND_H
#define SKYCLUST_CLI_COMMAND_H

#include <jansson.h>

#include "base/error.h"
#include "catalog/catalog.h"

struct session;

/* ---- tables ---------------------------------------------------------------- */

/* What a word names that only the server, the user or the disk knows. */
enum live {
	LIVE_NONE,
	LIVE_PROVIDER,
	LIVE_CONTEXT,
	LIVE_FILE,
	LIVE_KIND,	/* a collection, of the catalogue or a vendor's */
	LIVE_TOPIC,	/* a command or a collection */
	LIVE_REGION,
	LIVE_RESOURCE,	/* an identifier or name of struct next.kind */
	LIVE_WORKSPACE,
	LIVE_CREDENTIAL,
};

enum option_id {
	OPTION_SERVER, OPTION_TOKEN_FILE, OPTION_PROVIDER, OPTION_REGION,
	OPTION_CONTEXT, OPTION_OUTPUT, OPTION_FIELDS, OPTION_FILTER,
	OPTION_LIMIT, OPTION_NO_HEADERS, OPTION_WATCH, OPTION_WAIT, OPTION_YES,
	OPTION_QUIET, OPTION_VERBOSE, OPTION_TIMEOUT, OPTION_HELP, OPTION_MAN,
	OPTION_FILE,
	OPTION_DRY_RUN, OPTION_WORKSPACE, OPTION_CREDENTIAL, OPTION_CA_FILE,
	OPTION_CERT, OPTION_KEY, OPTION_USER, OPTION_BOOTSTRAP, OPTION_EXEC,
	OPTION_EXPORT, OPTION_CHECKPOINT,
	OPTION_COUNT
};

struct option_row {
	const char *name;	/* "output": --output */
	char letter;		/* 'o': -o; 0: none */
	enum { TAKES_NONE, TAKES_VALUE, TAKES_OPTIONAL } takes; /* --wait[=S] */
	const char *value;	/* "FORMAT", for people */
	const char *variable;	/* of the environment, says the same; or NULL */
	const char *only;	/* the commands and operations it belongs to,
				 * blanks between them; NULL: all */
	enum live live;		/* what its value names */
	const char *const *words; /* closed set of values, or NULL */
	long long min, max;	/* of numbers; both 0: none */
	const char *help;	/* one sentence */
};

/* One row for each enum option_id, in its order. */
extern const struct option_row command_options[OPTION_COUNT];

/* Variables of the environment that are no option's; ends with a NULL name. */
struct variable_row {
	const char *name, *help;
};
extern const struct variable_row command_variables[];

/* A command that is not the catalogue's: one row for each sub-word. */
struct builtin {
	const char *name;	/* "context" */
	const char *sub;	/* "use", or NULL */
	const char *arguments;	/* "NAME", for people; "" */
	int least, most;	/* how many words follow */
	enum live live;		/* what they name */
	const char *help;
	int (*run)(struct session *s); /* gives the exit status */
};

/* Ends with a NULL name.  The first row of a name is meant when there is no
 * sub-word. */
extern const struct builtin command_builtins[];

/* Exit statuses; ends with a NULL help. */
enum exit_status {
	STATUS_OK = 0, STATUS_FAILED = 1, STATUS_USAGE = 2,
	STATUS_NOT_FOUND = 3, STATUS_CONFLICT = 4, STATUS_NOT_ALLOWED = 5,
	STATUS_UNAVAILABLE = 6, STATUS_WAIT = 7, STATUS_INTERRUPTED = 130,
};
struct status_row {
	int status;
	const char *help;
};
extern const struct status_row command_statuses[];

/* ---- words of the catalogue ------------------------------------------------- */

/* Every kind there are commands for: SkyClust's own (host/nouns), then the
 * catalogue's; the array ends with NULL. */
const struct cat_kind *const *command_kinds(void);
/* The kind that @word means: its collection or name, with dashes or
 * underscores, or a name that other clouds' tools have for it; NULL: none.
 * Of two with one name (users, roles, quotas) SkyClust's own is meant. */
const struct cat_kind *command_kind(const char *word);
/* The same of a cloud's kinds only: a provider stands before it. */
const struct cat_kind *command_cloud_kind(const char *word);
/* What people call one of @kind: its name, "user" for skyclust_user. */
const char *command_word(const struct cat_kind *kind);
/* Is @kind SkyClust's own, of no provider? */
bool command_is_own(const struct cat_kind *kind);
/* The operation of @kind that @word means: a verb with dashes or underscores,
 * or an alias (show, ls, rm); NULL: none. */
const struct cat_op *command_op(const struct cat_kind *kind, const char *word);
/* The name of a kind (@with_builtins: or of a command) that is nearest to @word;
 * borrowed, NULL: none is near. */
const char *command_nearest(const char *word, bool with_builtins);
/* "x.VENDOR.KIND" */
bool command_is_vendor(const char *word);
/* @name with dashes, as options, verbs and collections are written; new. */
char *command_dashed(const char *name);

/*
 * The @i-th argument of @op that is given as --option: those of the catalogue
 * without `id` (a word) and what options of the program do (limit, page_token,
 * fields, region; of SkyClust's own kinds workspace_id and provider).  NULL at the end.
 */
const struct cat_field *command_arg(const struct cat_op *op, size_t i);
/* The option that the argument @f is given by, without the dashes; new. */
char *command_option_name(const struct cat_field *f);
/* The argument that --@name means (aliases too; the singular of lists and
 * tags), or NULL. */
const struct cat_field *command_arg_find(const struct cat_op *op,
					 const char *name);
/* The kind, SkyClust's @own or a cloud's, that the argument @f names one of
 * ("network_id": network), or NULL. */
const struct cat_kind *command_refers_to(const struct cat_field *f, bool own);
/* Whether several identifiers may follow: get, and changes that need nothing
 * else. */
bool command_takes_many(const struct cat_op *op);

/* ---- parsing ----------------------------------------------------------------- */

struct command {
	const char *option[OPTION_COUNT]; /* as given; "": without a value;
					   * NULL: not given; of argv */
	const struct builtin *builtin;	/* or NULL: the catalogue's */
	const char *provider;		/* the word, or NULL */
	const char *vendor;		/* "x.test.widget", or NULL */
	const struct cat_kind *kind;	/* NULL: a vendor's, not yet known */
	const struct cat_op *op;	/* NULL: as for kind, or only help */
	json_t *words;			/* new: the builtin's words, or the
					 * identifiers */
	json_t *args;			/* new: object, typed, not yet checked
					 * by cat_check_args() */
};

/*
 * Read the command line; argv[0] is left out.  @vendor describes the kind that
 * an earlier call left in `vendor`, NULL at first: then only the options of the
 * program are good.  With --help anything that can be told about is right.
 * False: ERR_INVALID; `option` is then filled in as far as it was read.
 */
bool command_parse(struct command *c, int argc, char **argv,
		   const struct cat_kind *vendor, struct error *err);
void command_done(struct command *c);

/* The option of the program called @name (of @n bytes) that may be used with
 * what is known by now, or NULL. */
const struct option_row *command_option(const struct command *c,
					const char *name, size_t n);

/* The number given for option @id, or @otherwise when none was. */
long long command_number(const struct command *c, enum option_id id,
			 long long otherwise);

/* ---- what may come next -------------------------------------------------------- */

/*
 * What may follow some words, for completion.  `words` are pairs of a word and
 * its help; `live` (and `kind`) say what else may stand there.
 */
struct next {
	json_t *words;			/* new: [[word, help], …] */
	enum live live[4];		/* ends with LIVE_NONE, or full */
	const struct cat_kind *kind;	/* of LIVE_RESOURCE */
	const char *provider;		/* as given by the words, or NULL */
	const char *vendor;		/* "x.test.widget" stands before; or
					 * NULL */
};

/*
 * What may stand after @words (of @n; without the program's name), when @begun
 * is the part of the next word that is there already ("": nothing; "--na":
 * options only; "--type=": the value).  @vendor describes the kind that an
 * earlier call left in `vendor`, NULL at first.  @words stay borrowed by @next.
 */
void command_next(const char *const *words, size_t n, const char *begun,
		  const struct cat_kind *vendor, struct next *next);
void command_next_done(struct next *next);

#endif

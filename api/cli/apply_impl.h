/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of apply share.
 */
#ifndef SKYCLUST_CLI_APPLY_IMPL_H
#define SKYCLUST_CLI_APPLY_IMPL_H

#include "cli/apply.h"
#include "cli/manifest.h"

/* What became of a resource of the manifest, by its place. */
struct outcome {
	json_t *record; /* as it is in the cloud; NULL: not there */
	bool failed;	/* or not tried, because of another one */
};

struct apply {
	struct session *s;
	struct manifest m;
	struct outcome *outcomes;
	char *provider, *region; /* of those that name none, or NULL */
	json_t *results;	 /* [{"kind", "name", "action", …}, …] */
	json_t *support;	 /* {provider: its `support`} */
	bool dry_run;
	bool guesses; /* a reference to what is not there yet stays
				 * as it is written */
	bool lines;   /* results are printed as they come */
	int lock;     /* descriptor, or -1 */
	char *lock_name;
	enum exit_status status;
};

/* apply_file.c: the options, the file, whether the providers can do it (@verb
 * is create or delete), the lock.  False: the fault is reported, @a->status
 * says so. */
bool apply_begin(struct apply *a, struct session *s, const char *verb);
/* Print what was not printed as it came; gives the exit status. */
int apply_end(struct apply *a);

/* apply_find.c.  Work with the provider and region of @r from here on. */
void apply_go_to(struct apply *a, const struct resource *r);
/* The arguments of @r, references filled in, checked, in the catalogue's
 * spelling; new, or NULL with @err. */
json_t *apply_args(struct apply *a, const struct resource *r,
		   struct error *err);
/* The resource of @r's kind and name into its outcome's `record`; none is no
 * failure. */
bool apply_find(struct apply *a, const struct resource *r, const json_t *args,
		struct error *err);
struct outcome *apply_outcome(struct apply *a, const struct resource *r);
/* Ask what the provider can do, once; then: does it do @op? */
bool apply_ask_support(struct apply *a, struct error *err);
bool apply_can(struct apply *a, const struct cat_op *op);

/* apply_make.c, apply_change.c: one resource; its result is told. */
bool apply_make(struct apply *a, const struct resource *r, json_t *args,
		enum exit_status *status, struct error *err);
bool apply_change(struct apply *a, const struct resource *r, const json_t *args,
		  enum exit_status *status, struct error *err);
/* Will its state change by itself? */
bool apply_is_moving(const json_t *record);
/* Wait until @r is settled after @op, when another one needs it, --wait says so
 * or @must. */
bool apply_settle(struct apply *a, const struct resource *r,
		  const struct cat_op *op, bool must, enum exit_status *status,
		  struct error *err);

/* apply_result.c.  @fields (or NULL): the names of what is changed. */
void apply_tell(struct apply *a, const struct resource *r, const char *action,
		const json_t *fields);
void apply_tell_secrets(struct apply *a, const struct resource *r);
/* Report @err on @r; those that depend on it will not be tried. */
void apply_tell_failure(struct apply *a, const struct resource *r,
			enum exit_status status, struct error *err);
/* @r is not tried because of @other (NULL: the run is over). */
void apply_tell_skipped(struct apply *a, const struct resource *r,
			const struct resource *other);
/* Is it in vain to go on with others? */
bool apply_is_over(const struct apply *a, const struct error *err);

/* apply_lock.c.  One apply at a time for a user and server: waits for another
 * one.  apply_unlock() also when there was none. */
bool apply_lock(struct apply *a, struct error *err);
void apply_unlock(struct apply *a);

#endif

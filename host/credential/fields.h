/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of a credential: what the driver's credential_schema asks for, as
 * a client gives it and as it is shown.  All JSON here holds secrets: what is
 * new is to be ended by json_wipe() and json_decref().
 */
#ifndef SKYCLUST_HOST_CREDENTIAL_FIELDS_H
#define SKYCLUST_HOST_CREDENTIAL_FIELDS_H

#include <jansson.h>

#include "base/address.h"
#include "base/error.h"

#define FIELDS_MASK "***"      /* shown for a secret, whatever its length */
#define FIELDS_MAX (64u << 10) /* bytes of all of them as JSON */

/*
 * Put into @fields what the cloud's own key file @text says (driver's @hello):
 *
 *   - all of it into the field key_file or service_account, if the schema has
 *     one of them as a string;
 *   - of a JSON object those members that are fields of the schema;
 *   - of lines `NAME=value` and `export NAME=value` (an OpenStack openrc) those
 *     variables that the driver declares in `env`; values with a $ are the
 *     shell's business and left out.
 *
 * ERR_INVALID with the pointer /key_file: it is none of these.
 */
bool fields_read_file(json_t *fields, const json_t *hello, const char *text,
		      struct error *err);

/* Put @given (object) over @fields: null takes a field away, FIELDS_MASK leaves
 * the one that is there as it is. */
bool fields_merge(json_t *fields, const json_t *given, struct error *err);

/* Do they fit the schema, without any it does not know, and do all places they
 * name lie where a tenant may go?  ERR_INVALID with the pointer /fields/NAME. */
WAITS bool fields_check(json_t *fields, const json_t *hello, enum egress egress,
			struct error *err);

/* The same with secrets as FIELDS_MASK; new, no secret. */
json_t *fields_shown(const json_t *fields, const json_t *hello);

/* Is @shown what fields_shown() made of @fields?  (It is kept beside them in
 * plain text, where it could be altered.) */
bool fields_are_as_shown(const json_t *fields, const json_t *shown);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of an --option as the value that the catalogue wants.
 *
 *	numbers, --force, --no-force, --force=false
 *	lists		a,b or the option again, or a JSON array
 *	tags		name=value, the option again for each, or a JSON object
 *	objects		a JSON object, or name=value,name=value
 *	@FILE		text, JSON: what the file holds; @-: standard input;
 *			@@x stands for the text @x
 *	secrets		@FILE, @-; - is asked for, or a line of standard input
 *	key files	the name of the file, - for standard input
 *	credentials	name=value, the option again for each, the values as
 *			those of secrets; or a JSON object
 */
#ifndef SKYCLUST_CLI_ARGUMENT_H
#define SKYCLUST_CLI_ARGUMENT_H

#include <jansson.h>

#include "base/error.h"
#include "catalog/catalog.h"

#define ARGUMENT_FILE_MAX (1 << 20) /* bytes */

/* Put @text, given for @f, into @args (an object).  ERR_INVALID with the pointer
 * when it is not of the type, or a single value is given twice. */
bool argument_add(json_t *args, const struct cat_field *f, const char *text,
		  struct error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON values as YAML 1.2 (block style), such that readers of YAML 1.1 get the
 * same values: a text that could be taken for something else is in quotes.
 */
#ifndef SKYCLUST_CLI_YAML_WRITE_H
#define SKYCLUST_CLI_YAML_WRITE_H

#include <jansson.h>

#include "base/buf.h"

/* Append @value as one document, without "---", with a line end. */
void yaml_write(const json_t *value, struct buf *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "nouns/tables.h"

const struct noun nouns_tenancy[] = { { NULL } };

/* SPDX-License-Identifier: Apache-2.0 */
#include "acts.h"

const struct act_row acts_identity[] = {
	{ NULL },
};

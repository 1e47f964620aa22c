/* SPDX-License-Identifier: Apache-2.0 */
#include "status.h"

#include <ctype.h>
#include <stdio.h>

#include "members.h"

void status_write(json_t *record, const char *word)
{
	char theirs[32] = "";

	if (!word)
		return;
	for (size_t i = 0; word[i] && i + 1 < sizeof(theirs); i++)
		theirs[i] = (char)toupper((unsigned char)word[i]);
	set_str(record, "status", word);
	set_str(record, "provider_status", theirs);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last wall in front of a credential: a text for people that holds one of
 * its values does not leave the process, whoever put it there (SDP-121).
 */
#include "cloud/redact.h"
#include "driver/runtime.h"

const char *withhold(struct sc_call *call, const char *text)
{
	struct redact secrets = { 0 };
	bool hit;

	if (!json_object_size(call->secrets))
		return text;
	redact_init(&secrets, call);
	hit = redact_hits(&secrets, text);
	redact_done(&secrets);
	return hit ? "(withheld: the text holds a part of the credential)"
		   : text;
}

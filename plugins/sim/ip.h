/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IPv4 addresses: ranges, and which addresses of them are free.
 */
#ifndef SKYCLUST_SIM_IP_H
#define SKYCLUST_SIM_IP_H

#include "request.h"

struct range {
	uint32_t first, last;
	int prefix;
};

/* "10.0.0.0/16", as the catalogue has checked it; false: not IPv4. */
bool range_parse(const char *cidr, struct range *range);
bool range_within(struct range inner, struct range outer);
bool range_overlaps(struct range a, struct range b);
bool ip_parse(const char *text, uint32_t *ip);
/* "10.0.0.5" in dotted form, new. */
json_t *ip_json(uint32_t ip);

/* A free address of the subnet with this entry, or @wanted if that is free;
 * new; NULL: refused (quota, or invalid at @path). */
json_t *ip_in_subnet(struct request *req, const json_t *subnet,
		     const char *wanted, const char *path);
/* A free public address of the region; new; NULL: refused (quota). */
json_t *ip_public(struct request *req);

#endif

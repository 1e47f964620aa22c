/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What several kinds look for when they are made: the default network, a
 * subnet of a network, the region's first zone.
 */
#ifndef SKYCLUST_SIM_LOOKUP_H
#define SKYCLUST_SIM_LOOKUP_H

#include "request.h"

/* The entry that @kind_name has by this identifier; NULL: none. */
json_t *lookup(const struct request *req, const char *kind_name,
	       const json_t *record, const char *member);
/* How many of a kind this region has. */
long long count_here(const struct request *req, const char *kind_name);
/* The default one of the region: network, security_group; NULL: none. */
json_t *find_default(const struct request *req, const char *kind_name);
/* A subnet of @network in @zone (NULL: any); NULL: none. */
json_t *find_subnet(const struct request *req, const char *network,
		    const char *zone);
/* Fill in network_id where it is absent; false: there is no default one. */
bool choose_network(struct request *req, json_t *record);
/* Fill in zone where it is absent: the region's first. */
void choose_zone(const struct request *req, json_t *record);
/* Fill in subnet_ids where they are absent: all of the network. */
void choose_subnets(const struct request *req, json_t *record);

#endif

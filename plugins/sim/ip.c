/* SPDX-License-Identifier: Apache-2.0 */
#include "ip.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "members.h"

/* Clouds keep the first addresses of a subnet for themselves. */
#define RESERVED 4

bool ip_parse(const char *text, uint32_t *ip)
{
	struct in_addr addr;

	if (inet_pton(AF_INET, text, &addr) != 1)
		return false;
	*ip = ntohl(addr.s_addr);
	return true;
}

json_t *ip_json(uint32_t ip)
{
	struct in_addr addr = { .s_addr = htonl(ip) };
	char text[INET_ADDRSTRLEN];

	return json_string(inet_ntop(AF_INET, &addr, text, sizeof(text)));
}

bool range_parse(const char *cidr, struct range *range)
{
	const char *slash = strchr(cidr, '/');
	char ip[INET_ADDRSTRLEN];

	snprintf(ip, sizeof(ip), "%.*s", (int)(slash - cidr), cidr);
	if (!ip_parse(ip, &range->first))
		return false;
	range->prefix = (int)strtol(slash + 1, NULL, 10);
	range->last = range->first;
	if (range->prefix < 32)
		range->last |= UINT32_MAX >> range->prefix;
	return true;
}

bool range_within(struct range inner, struct range outer)
{
	return inner.first >= outer.first && inner.last <= outer.last;
}

bool range_overlaps(struct range a, struct range b)
{
	return a.first <= b.last && b.first <= a.last;
}

/* ---- who has an address -------------------------------------------------- */

/* Whether an entry of @kind has @text as @member (and @where is its subnet,
 * unless NULL), in the world or in what this request makes. */
static bool has_address(const struct request *req, const char *kind,
			const char *member, const char *text,
			const char *subnet)
{
	const char *id;
	json_t *entry, *pair;
	size_t i;

	json_object_foreach(world_all(req->world, kind), id, entry)
		if (same_str(record_of(entry), member, text) &&
		    (!subnet ||
		     same_str(record_of(entry), "subnet_id", subnet)))
			return true;
	json_array_foreach(req->put, i, pair)
		if (is_str(json_array_get(pair, 0), kind) &&
		    same_str(record_of(json_array_get(pair, 1)), member, text))
			return true;
	return false;
}

static bool is_private_taken(const struct request *req, const char *text,
			     const char *subnet)
{
	return has_address(req, "vnic", "private_ip", text, subnet) ||
	       has_address(req, "instance", "private_ip", text, subnet) ||
	       has_address(req, "load_balancer", "address", text, NULL);
}

static bool is_public_taken(const struct request *req, const char *text,
			    const char *subnet)
{
	(void)subnet;
	return has_address(req, "public_ip", "address", text, NULL) ||
	       has_address(req, "load_balancer", "address", text, NULL) ||
	       has_address(req, "router", "public_ip", text, NULL);
}

/* Search [first, last] from a place that is likely free; new or NULL. */
static json_t *search(const struct request *req, uint32_t first, uint32_t last,
		      const char *subnet,
		      bool (*is_taken)(const struct request *req,
				       const char *text, const char *subnet))
{
	uint32_t span = last - first + 1;
	uint32_t start = (uint32_t)req->world->seq % span;

	for (uint32_t i = 0; i < span; i++) {
		json_t *ip = ip_json(first + (start + i) % span);

		if (!is_taken(req, json_string_value(ip), subnet))
			return ip;
		json_decref(ip);
	}
	return NULL;
}

/* ---- giving them out ----------------------------------------------------- */

static json_t *ip_wanted(struct request *req, struct range range,
			 const char *subnet, const char *wanted,
			 const char *path)
{
	uint32_t ip;

	if (!ip_parse(wanted, &ip) || ip < range.first + RESERVED ||
	    ip >= range.last)
		refuse(req, SC_INVALID, path,
		       "%s is no address that subnet %s can give", wanted,
		       subnet);
	else if (is_private_taken(req, wanted, subnet))
		refuse(req, SC_CONFLICT, path, "%s is in use in subnet %s",
		       wanted, subnet);
	else
		return json_string(wanted);
	return NULL;
}

json_t *ip_in_subnet(struct request *req, const json_t *subnet,
		     const char *wanted, const char *path)
{
	const char *id = get_str(record_of(subnet), "id");
	struct range range;
	json_t *ip;

	range_parse(get_str(record_of(subnet), "cidr"), &range);
	if (wanted)
		return ip_wanted(req, range, id, wanted, path);
	ip = search(req, range.first + RESERVED, range.last - 1, id,
		    is_private_taken);
	if (!ip)
		refuse(req, SC_QUOTA, "/subnet_id",
		       "subnet %s has no free address", id);
	return ip;
}

json_t *ip_public(struct request *req)
{
	/* RFC 5737: addresses for documentation, which are nobody's. */
	bool east = !strcmp(req->region, "sim-east");
	struct range range;
	json_t *ip;

	range_parse(east ? "203.0.113.0/24" : "198.51.100.0/24", &range);
	ip = search(req, range.first + 1, range.last - 1, NULL,
		    is_public_taken);
	if (!ip)
		refuse(req, SC_QUOTA, NULL,
		       "region %s has no free public address; delete a public "
		       "address or a load balancer",
		       req->region);
	return ip;
}

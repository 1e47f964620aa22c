/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handlers that the route table names.  Each runs in the request's fiber
 * and answers it.
 */
#ifndef SKYCLUST_API_HANDLERS_H
#define SKYCLUST_API_HANDLERS_H

#include "http.h"

/* health.c */
void health_live(struct request *req);	  /* /health */
void health_ready(struct request *req);	  /* /ready */
void health_metrics(struct request *req); /* /metrics */
void health_status(struct request *req);  /* /api/v1/system/status */

/* openapi.c, docs.c */
void openapi_get(struct request *req);
void docs_page(struct request *req);
void docs_style(struct request *req);

/* providers.c */
WAITS void providers_list(struct request *req);
WAITS void providers_get(struct request *req);

/* resources.c: any operation of the catalogue, named by the route */
WAITS void resource_call(struct request *req);

/* noun.c: what SkyClust itself is asked for, named by the route */
WAITS void noun_call(struct request *req);

/* oidc.c: signing in with an OpenID provider */
void oidc_list(struct request *req);
WAITS void oidc_go(struct request *req);
WAITS void oidc_back(struct request *req);

/* audit_export.c: the audit log, in pieces */
WAITS void audit_export_get(struct request *req);

/* vendor.c: kinds that only one driver has, x.VENDOR.KIND */
WAITS void vendor_call(struct request *req);

#endif

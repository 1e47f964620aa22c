/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a request to a driver and back: a call whose answer is the request's.
 */
#ifndef SKYCLUST_API_CALL_H
#define SKYCLUST_API_CALL_H

#include <jansson.h>

#include "http.h"

enum call_outcome {
	CALL_VALUE,   /* 200 with what the driver gave, 204 if it is nothing */
	CALL_CREATED, /* 201 with Location */
	CALL_DELETED, /* 204 */
	CALL_LIST,    /* 200 with items, streamed */
};

struct cloud_call {
	const char *method; /* "instance.list" */
	json_t *args;	    /* borrowed; `region` is taken out of it */
	enum call_outcome outcome;
	bool mutates;
	bool gives; /* the value must be an object */
};

/* Call the driver of req->provider and answer @req, with a problem document
 * when it failed.  What mutates becomes an operation (mutation.h). */
WAITS void call_answer(struct request *req, const struct cloud_call *call);

/* ---- for mutation.c -------------------------------------------------------- */

/* The region tells where, not what: it goes out of the arguments. */
const char *call_take_region(struct request *req, json_t *args);
/* @err of a driver that answered @method wrongly.  Returns false. */
bool call_bad_answer(struct request *req, const char *method, const char *what,
		     struct error *err);

#endif

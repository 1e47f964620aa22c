/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/fetch.h"

#include <curl/curl.h>
#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/offload.h"
#include "base/text.h"

struct job {
	const char *url, *form, *user, *password;
	struct buf body;
	long status;
	bool too_large;
	CURLcode result;
	char why[CURL_ERROR_SIZE];
};

static size_t on_data(char *p, size_t size, size_t n, void *arg)
{
	struct job *job = arg;

	if (n * size > FETCH_MAX - job->body.n) {
		job->too_large = true;
		return 0;
	}
	buf_add(&job->body, p, n * size);
	return n * size;
}

static void set_up(CURL *curl, struct job *job)
{
	bool plain = text_starts(job->url, "http://");

	curl_easy_setopt(curl, CURLOPT_URL, job->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https");
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)FETCH_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, job->why);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, job);
	if (job->form)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, job->form);
	if (!job->user)
		return;
	curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
	curl_easy_setopt(curl, CURLOPT_USERNAME, job->user);
	curl_easy_setopt(curl, CURLOPT_PASSWORD, job->password);
}

/* On a thread of the pool. */
static void run(void *arg)
{
	struct job *job = arg;
	CURL *curl = curl_easy_init();

	job->result = CURLE_FAILED_INIT;
	if (!curl)
		return;
	set_up(curl, job);
	job->result = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &job->status);
	curl_easy_cleanup(curl);
}

WAITS static json_t *fetch(struct job *job, struct error *err)
{
	json_t *value = NULL;

	offload(run, job);
	if (job->too_large)
		fail(err, ERR_CLOUD_BAD_ANSWER, "%s answers more than %d bytes",
		     job->url, FETCH_MAX);
	else if (job->result != CURLE_OK)
		fail(err, ERR_CLOUD_UNAVAILABLE, "%s: %s", job->url,
		     *job->why ? job->why : curl_easy_strerror(job->result));
	else
		value = json_read(job->body.n ? job->body.p : "", job->body.n,
				  NULL);
	if (value && !json_is_object(value)) {
		json_decref(value);
		value = NULL;
	}
	if (!value && job->result == CURLE_OK)
		fail(err, ERR_CLOUD_BAD_ANSWER,
		     "%s answers %ld and no JSON object", job->url,
		     job->status);
	buf_wipe(&job->body);
	return value;
}

WAITS json_t *fetch_json(const char *url, struct error *err)
{
	struct job job = { .url = url };
	json_t *value = fetch(&job, err);

	if (!value || job.status == 200)
		return value;
	json_decref(value);
	fail(err, ERR_CLOUD_BAD_ANSWER, "%s answers %ld", url, job.status);
	return NULL;
}

WAITS json_t *fetch_form(const char *url, const char *form, const char *user,
			 const char *password, long *status, struct error *err)
{
	struct job job = {
		.url = url,
		.form = form,
		.user = user,
		.password = password ? password : "",
	};
	json_t *value = fetch(&job, err);

	*status = job.status;
	return value;
}

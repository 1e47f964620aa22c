/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any token.  The first byte chooses a key ring and what the rest is: the text
 * of a token, or its header and payload (with a line end between them), which
 * are then signed rightly, so that what comes behind the signature is reached.
 *
 * Beside memory faults it finds a token that nobody signed and is accepted, and
 * accepted claims that are empty or out of time.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "unit/jwt_forge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const algorithms[] = { "HS256", "ES256" };

static struct keyring *open_ring(const char *algorithm)
{
	char file[] = "/tmp/skyclust-fuzz-XXXXXX";
	int fd = mkstemp(file);
	struct keyring *ring;

	forge_must(fd >= 0 && close(fd) == 0 && unlink(file) == 0);
	ring = keyring_open(file, algorithm, NULL);
	unlink(file);
	forge_must(ring != NULL);
	return ring;
}

static const struct keyring *ring_for(uint8_t choice)
{
	static struct keyring *rings[ARRAY_LEN(algorithms)];
	size_t i = choice % ARRAY_LEN(algorithms);

	if (!rings[i])
		rings[i] = open_ring(algorithms[i]);
	return rings[i];
}

static void check(const struct keyring *ring, struct slice token,
		  bool is_signed)
{
	struct jwt_claims c;
	struct error err = { 0 };

	if (!jwt_gate_verify(ring, token, FORGE_NOW, &c, &err)) {
		forge_must(err.code == ERR_UNAUTHORIZED);
		return;
	}
	forge_must(is_signed && token.n <= JWT_MAX);
	forge_must(*c.subject && *c.session && *c.id);
	forge_must(c.expires_at > FORGE_NOW && c.issued_at < c.expires_at);
}

static void check_signed(const struct keyring *ring, struct slice text)
{
	const struct key *key = keyring_active(ring, KEY_TOKEN);
	char *header = mem_strndup(text.p, text.n);
	size_t n = strcspn(header, "\n");
	struct buf head = { 0 }, token = { 0 };
	struct slice payload = { text.p + n, text.n - n };

	if (payload.n) {
		payload.p++;
		payload.n--;
		header[n] = 0;
	}
	forge_header(&head, header, key);
	forge_token(&token, key, buf_slice(&head), payload);
	check(ring, buf_slice(&token), true);
	buf_done(&head);
	buf_done(&token);
	mem_free(header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text;

	if (size < 2)
		return 0;
	text = (struct slice){ (const char *)data + 1, size - 1 };
	if (data[0] & 2)
		check_signed(ring_for(data[0]), text);
	else
		check(ring_for(data[0]), text, false);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may be wrong with a signature, under an honest header and payload.
 */
#ifndef SKYCLUST_TESTS_UNIT_JWT_SIGNATURES_H
#define SKYCLUST_TESTS_UNIT_JWT_SIGNATURES_H

#include "jwt_forge.h"

struct forgery {
	const struct key *key;
	const struct key *stranger; /* of another ring, same algorithm */
	struct slice text;	    /* what is signed */
	struct buf *signature;	    /* the right one; at the end the forged */
};

static inline void no_signature(struct forgery *f)
{
	buf_clear(f->signature);
}

static inline void cut_signature(struct forgery *f)
{
	buf_truncate(f->signature, f->signature->n - 1);
}

static inline void half_signature(struct forgery *f)
{
	buf_truncate(f->signature, f->signature->n / 2);
}

static inline void one_byte(struct forgery *f)
{
	buf_truncate(f->signature, 1);
}

static inline void longer_signature(struct forgery *f)
{
	buf_add_char(f->signature, 0);
}

static inline void first_bit(struct forgery *f)
{
	f->signature->p[0] ^= 1;
}

static inline void last_bit(struct forgery *f)
{
	f->signature->p[f->signature->n - 1] ^= (char)0x80;
}

static inline void all_zero(struct forgery *f)
{
	memset(f->signature->p, 0, f->signature->n);
}

static inline void all_ones(struct forgery *f)
{
	memset(f->signature->p, 0xff, f->signature->n);
}

static inline void of_other_text(struct forgery *f)
{
	buf_clear(f->signature);
	forge_signature(f->key, SLICE("eyJhbGciOiJIUzI1NiJ9.e30"),
			f->signature);
}

static inline void of_stranger(struct forgery *f)
{
	buf_clear(f->signature);
	forge_signature(f->stranger, f->text, f->signature);
}

static inline void empty_key(struct forgery *f)
{
	buf_clear(f->signature);
	forge_hmac(SLICE(""), f->text, f->signature);
}

static inline void key_of_zeros(struct forgery *f)
{
	static const char zeros[32];

	buf_clear(f->signature);
	forge_hmac((struct slice){ zeros, sizeof(zeros) }, f->text,
		   f->signature);
}

static inline void key_is_kid(struct forgery *f)
{
	buf_clear(f->signature);
	forge_hmac(slice_of(f->key->id), f->text, f->signature);
}

static inline void text_twice(struct forgery *f)
{
	buf_clear(f->signature);
	buf_add_slice(f->signature, f->text);
}

/* r = s = 0, and r = s = the order of P-256: what CVE-2022-21449 let in. */
static inline void zero_and_zero(struct forgery *f)
{
	static const char zeros[64];

	buf_clear(f->signature);
	buf_add(f->signature, zeros, sizeof(zeros));
}

static inline void order_and_order(struct forgery *f)
{
	static const unsigned char n[] = {
		0xff, 0xff, 0xff, 0xff, 0,    0,    0,	  0,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
		0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
	};

	buf_clear(f->signature);
	buf_add(f->signature, n, sizeof(n));
	buf_add(f->signature, n, sizeof(n));
}

static inline void in_der(struct forgery *f)
{
	if (strcmp(f->key->algorithm, "ES256") != 0) {
		no_signature(f);
		return;
	}
	buf_clear(f->signature);
	forge_pair_signature(f->key->secret, f->text, f->signature);
}

/* clang-format off */
static const struct { const char *name; void (*forge)(struct forgery *f); } signatures[] = {
	{ "signature empty", no_signature },
	{ "signature without its last byte", cut_signature },
	{ "half a signature", half_signature },
	{ "signature of one byte", one_byte },
	{ "signature with a byte more", longer_signature },
	{ "signature with its first bit flipped", first_bit },
	{ "signature with its last byte changed", last_bit },
	{ "signature of zeros", all_zero },
	{ "signature of ones", all_ones },
	{ "signature of another token", of_other_text },
	{ "signature by somebody else's key", of_stranger },
	{ "HMAC with an empty key", empty_key },
	{ "HMAC with a key of zeros", key_of_zeros },
	{ "HMAC with the kid as key", key_is_kid },
	{ "the text for its signature", text_twice },
	{ "ECDSA with r = s = 0", zero_and_zero },
	{ "ECDSA with r = s = n", order_and_order },
	{ "ECDSA in DER", in_der },
};
/* clang-format on */

#endif

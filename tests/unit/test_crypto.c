/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The primitives, by the published test vectors.
 */
#include "unit.h"

#include <openssl/crypto.h>

#include "base/auto.h"
#include "keys/crypto.h"

static struct buf unhex(const char *hex)
{
	struct buf b = { 0 };
	size_t n;

	buf_reserve(&b, strlen(hex) / 2);
	if (*hex)
		assert_int_equal(OPENSSL_hexstr2buf_ex((unsigned char *)b.p,
						       b.cap, &n, hex, '\0'),
				 1);
	b.n = strlen(hex) / 2;
	return b;
}

/* ---- AES-256-GCM ------------------------------------------------------------- */

/* McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B: test
 * cases 13 to 16, those of 256-bit keys and 96-bit nonces. */
#define KEY_0 \
	"00000000000000000000000000000000" \
	"00000000000000000000000000000000"
#define KEY_1 \
	"feffe9928665731c6d6a8f9467308308" \
	"feffe9928665731c6d6a8f9467308308"
#define NONCE_0 "000000000000000000000000"
#define NONCE_1 "cafebabefacedbaddecaf888"
#define PLAIN_60 \
	"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" \
	"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
#define SEALED_60 \
	"522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa" \
	"8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"

static const struct {
	const char *key, *nonce, *aad, *plain, *sealed, *tag;
} gcm[] = {
	{ KEY_0, NONCE_0, "", "", "", "530f8afbc74536b9a963b4f1c4cb738b" },
	{ KEY_0, NONCE_0, "", "00000000000000000000000000000000",
	  "cea7403d4d606b6e074ec5d3baf39d18",
	  "d0d1c8a799996bf0265b98b5d48ab919" },
	{ KEY_1, NONCE_1, "", PLAIN_60 "1aafd255", SEALED_60 "898015ad",
	  "b094dac5d93471bdec1a502270e3cc6c" },
	{ KEY_1, NONCE_1, "feedfacedeadbeeffeedfacedeadbeefabaddad2", PLAIN_60,
	  SEALED_60, "76fc6ece0f4e1768cddf8853bb2d551b" },
};

static void check_gcm(size_t i)
{
	AUTO(buf_done) struct buf key = unhex(gcm[i].key);
	AUTO(buf_done) struct buf nonce = unhex(gcm[i].nonce);
	AUTO(buf_done) struct buf aad = unhex(gcm[i].aad);
	AUTO(buf_done) struct buf plain = unhex(gcm[i].plain);
	AUTO(buf_done) struct buf sealed = unhex(gcm[i].sealed);
	AUTO(buf_done) struct buf tag = unhex(gcm[i].tag);
	const unsigned char *k = (const void *)key.p, *n = (void *)nonce.p;
	unsigned char out[64], out_tag[CRYPTO_TAG];

	crypto_gcm_seal(k, n, buf_slice(&aad), buf_slice(&plain), out, out_tag);
	assert_memory_equal(out, sealed.p, sealed.n);
	assert_memory_equal(out_tag, tag.p, tag.n);
	assert_true(crypto_gcm_open(k, n, buf_slice(&aad), buf_slice(&sealed),
				    (const void *)tag.p, out));
	assert_memory_equal(out, plain.p, plain.n);
	tag.p[15] ^= 1;
	assert_false(crypto_gcm_open(k, n, buf_slice(&aad), buf_slice(&sealed),
				     (const void *)tag.p, out));
	for (size_t j = 0; j < sealed.n; j++)
		assert_int_equal(out[j], 0);
}

static void test_gcm(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(gcm); i++)
		check_gcm(i);
}

/* ---- digests ------------------------------------------------------------------- */

/* RFC 4231, test cases 1, 2, 3 and 6. */
static const struct {
	const char *key, *text, *mac;
} hmacs[] = {
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
	  "b0344c61d8db38535ca8afceaf0bf12b"
	  "881dc200c9833da726e9376c2e32cff7" },
	{ "4a656665",
	  "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
	  "5bdcc146bf60754e6a042426089575c7"
	  "5a003f089d2739839dec58b964ec3843" },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "dddddddddddddddddddddddddddddddddddddddddddddddddd"
	  "dddddddddddddddddddddddddddddddddddddddddddddddddd",
	  "773ea91e36800e46854db8ebd09181a7"
	  "2959098b3ef8c122d9635514ced565fe" },
};

static void test_hmac(void **state UNUSED)
{
	unsigned char mac[CRYPTO_DIGEST];
	char long_key[131];

	for (size_t i = 0; i < ARRAY_LEN(hmacs); i++) {
		AUTO(buf_done) struct buf key = unhex(hmacs[i].key);
		AUTO(buf_done) struct buf text = unhex(hmacs[i].text);
		AUTO(buf_done) struct buf wanted = unhex(hmacs[i].mac);

		crypto_hmac(buf_slice(&key), buf_slice(&text), mac);
		assert_memory_equal(mac, wanted.p, sizeof(mac));
	}
	memset(long_key, 0xaa, sizeof(long_key));
	crypto_hmac((struct slice){ long_key, sizeof(long_key) },
		    SLICE("Test Using Larger Than Block-Size Key - "
			  "Hash Key First"),
		    mac);
	assert_memory_equal(mac, "\x60\xe4\x31\x59\x1e\xe0\xb6\x7f", 8);
}

/* FIPS 180-2, appendix B.1; and of nothing. */
static void test_sha256(void **state UNUSED)
{
	AUTO(buf_done)
	struct buf abc = unhex("ba7816bf8f01cfea414140de5dae2223"
			       "b00361a396177a9cb410ff61f20015ad");
	AUTO(buf_done)
	struct buf nothing = unhex("e3b0c44298fc1c149afbf4c8996fb924"
				   "27ae41e4649b934ca495991b7852b855");
	unsigned char digest[CRYPTO_DIGEST];

	crypto_sha256(SLICE("abc"), digest);
	assert_memory_equal(digest, abc.p, sizeof(digest));
	crypto_sha256((struct slice){ 0 }, digest);
	assert_memory_equal(digest, nothing.p, sizeof(digest));
}

static void test_random(void **state UNUSED)
{
	unsigned char a[32] = { 0 }, b[32] = { 0 };

	crypto_random(a, sizeof(a));
	crypto_random(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
}

/* ---- pairs --------------------------------------------------------------------- */

/* RFC 8032, 7.1, test 2, as PEM. */
#define PRIVATE \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n" \
	"-----END PRIVATE KEY-----\n"
#define PUBLIC \
	"-----BEGIN PUBLIC KEY-----\n" \
	"MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n" \
	"-----END PUBLIC KEY-----\n"
#define SIGNATURE \
	"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" \
	"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"

static void test_sign(void **state UNUSED)
{
	AUTO(buf_done) struct buf wanted = unhex(SIGNATURE), public = { 0 };
	unsigned char signature[CRYPTO_SIGNATURE];

	assert_true(crypto_sign(SLICE(PRIVATE), SLICE("\x72"), signature));
	assert_memory_equal(signature, wanted.p, sizeof(signature));
	assert_true(crypto_pair_public("Ed25519", SLICE(PRIVATE), &public));
	assert_string_equal(public.p, PUBLIC);
	assert_false(crypto_sign(SLICE(PUBLIC), SLICE("\x72"), signature));
}

static void test_verify(void **state UNUSED)
{
	AUTO(buf_done) struct buf s = unhex(SIGNATURE);
	struct crypto_public *key = crypto_public_new(SLICE(PUBLIC));

	assert_non_null(key);
	assert_true(crypto_verify(key, SLICE("\x72"), buf_slice(&s)));
	assert_false(crypto_verify(key, SLICE("\x73"), buf_slice(&s)));
	for (size_t i = 0; i < s.n; i++) {
		s.p[i] ^= 1;
		assert_false(crypto_verify(key, SLICE("\x72"), buf_slice(&s)));
		s.p[i] ^= 1;
	}
	s.n--;
	assert_false(crypto_verify(key, SLICE("\x72"), buf_slice(&s)));
	crypto_public_free(key);
	assert_null(crypto_public_new(SLICE("no key")));
	assert_null(crypto_public_new(SLICE(PRIVATE)));
}

/* A public key of another kind signs no checkpoint. */
static void test_no_ed25519(void **state UNUSED)
{
	AUTO(buf_wipe) struct buf pem = { 0 }, public = { 0 };

	crypto_pair_new("ES256", &pem);
	assert_true(crypto_pair_public("ES256", buf_slice(&pem), &public));
	assert_null(crypto_public_new(buf_slice(&public)));
}

/* Each pair is of its own algorithm and of no other. */
static void test_pairs(void **state UNUSED)
{
	static const char *const names[] = { "RS256", "ES256", "Ed25519" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO(buf_wipe) struct buf pem = { 0 }, public = { 0 };

		crypto_pair_new(names[i], &pem);
		assert_non_null(strstr(pem.p, "BEGIN PRIVATE KEY"));
		for (size_t j = 0; j < ARRAY_LEN(names); j++)
			assert_int_equal(crypto_pair_public(names[j],
							    buf_slice(&pem),
							    &public),
					 i == j);
		assert_non_null(strstr(public.p, "BEGIN PUBLIC KEY"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gcm),
		cmocka_unit_test(test_hmac),
		cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_sign),
		cmocka_unit_test(test_verify),
		cmocka_unit_test(test_no_ed25519),
		cmocka_unit_test(test_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

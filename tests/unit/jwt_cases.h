/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may be wrong with a token: its header, its payload, its spelling.  In
 * each row one thing is wrong, all else, the signature too, is right.
 */
#ifndef SKYCLUST_TESTS_UNIT_JWT_CASES_H
#define SKYCLUST_TESTS_UNIT_JWT_CASES_H

#include "jwt_forge.h"

/* clang-format off */

/* ---- headers: ALG and KID stand for those of the key ------------------------ */

#define WITH(members) "{\"alg\":\"ALG\",\"kid\":\"KID\",\"typ\":\"JWT\"," members "}"
#define ALG(alg) "{\"alg\":" alg ",\"kid\":\"KID\",\"typ\":\"JWT\"}"
#define KID(kid) "{\"alg\":\"ALG\",\"kid\":" kid ",\"typ\":\"JWT\"}"
#define TYP(typ) "{\"alg\":\"ALG\",\"kid\":\"KID\",\"typ\":" typ "}"

static const struct { const char *name, *header; } headers[] = {
	{ "alg none", ALG("\"none\"") },
	{ "alg None", ALG("\"None\"") },
	{ "alg NONE", ALG("\"NONE\"") },
	{ "alg nOnE", ALG("\"nOnE\"") },
	{ "alg none, spelt with an escape", ALG("\"non\\u0065\"") },
	{ "alg empty", ALG("\"\"") },
	{ "alg null", ALG("null") },
	{ "alg a number", ALG("256") },
	{ "alg a list", ALG("[\"ALG\"]") },
	{ "alg unknown", ALG("\"XX256\"") },
	{ "alg in lower case", ALG("\"hs256\"") },
	{ "alg of the same family: HS384", ALG("\"HS384\"") },
	{ "alg of the same family: RS512", ALG("\"RS512\"") },
	{ "alg of the same family: ES384", ALG("\"ES384\"") },
	{ "alg PS256", ALG("\"PS256\"") },
	{ "alg with a space", ALG("\"ALG \"") },
	{ "alg missing", "{\"kid\":\"KID\",\"typ\":\"JWT\"}" },
	{ "alg missing, another member instead", "{\"Alg\":\"ALG\",\"kid\":\"KID\",\"typ\":\"JWT\"}" },
	{ "alg twice", "{\"alg\":\"none\",\"alg\":\"ALG\",\"kid\":\"KID\",\"typ\":\"JWT\"}" },
	{ "alg twice, once with an escape",
	  "{\"al\\u0067\":\"none\",\"alg\":\"ALG\",\"kid\":\"KID\",\"typ\":\"JWT\"}" },
	{ "kid missing", "{\"alg\":\"ALG\",\"typ\":\"JWT\"}" },
	{ "kid missing, another member instead", "{\"alg\":\"ALG\",\"key\":\"KID\",\"typ\":\"JWT\"}" },
	{ "kid of no key", KID("\"token-99\"") },
	{ "kid of version 0", KID("\"token-0\"") },
	{ "kid with a leading zero", KID("\"token-01\"") },
	{ "kid of the wrapping key", KID("\"wrap-1\"") },
	{ "kid of the MAC key", KID("\"mac-1\"") },
	{ "kid of the audit key", KID("\"audit-1\"") },
	{ "kid a path", KID("\"../../../../../../dev/null\"") },
	{ "kid a URL", KID("\"https://example.com/key\"") },
	{ "kid an SQL text", KID("\"' UNION SELECT 'k\"") },
	{ "kid a number", KID("1") },
	{ "kid null", KID("null") },
	{ "kid empty", KID("\"\"") },
	{ "kid with a NUL", KID("\"KID\\u0000\"") },
	{ "kid twice", "{\"alg\":\"ALG\",\"kid\":\"KID\",\"kid\":\"KID\",\"typ\":\"JWT\"}" },
	{ "kid very long", KID("\"token-1111111111111111111111111111111111111111111111111111\"") },
	{ "typ missing", "{\"alg\":\"ALG\",\"kid\":\"KID\"}" },
	{ "typ in lower case", TYP("\"jwt\"") },
	{ "typ of another kind of token", TYP("\"logout+jwt\"") },
	{ "typ as a media type", TYP("\"application/jwt\"") },
	{ "typ null", TYP("null") },
	{ "typ empty", TYP("\"\"") },
	{ "jku", WITH("\"jku\":\"https://example.com/jwks\"") },
	{ "x5u", WITH("\"x5u\":\"https://example.com/chain\"") },
	{ "jwk", WITH("\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}") },
	{ "x5c", WITH("\"x5c\":[\"MIIB\"]") },
	{ "x5t", WITH("\"x5t\":\"AAAA\"") },
	{ "crit", WITH("\"crit\":[\"exp\"]") },
	{ "crit, empty", WITH("\"crit\":[]") },
	{ "b64 false", WITH("\"b64\":false") },
	{ "zip", WITH("\"zip\":\"DEF\"") },
	{ "cty: a token in a token", WITH("\"cty\":\"JWT\"") },
	{ "enc", WITH("\"enc\":\"A256GCM\"") },
	{ "header a list", "[\"ALG\",\"KID\",\"JWT\"]" },
	{ "header a string", "\"ALG\"" },
	{ "header empty object", "{}" },
	{ "header cut", "{\"alg\":\"ALG\",\"kid\":\"KID\",\"typ\":\"JWT\"" },
	{ "header with more behind", FORGE_HEADER "{}" },
	{ "header with a comma too many", "{\"alg\":\"ALG\",\"kid\":\"KID\",\"typ\":\"JWT\",}" },
	{ "header in other quotes", "{'alg':'ALG','kid':'KID','typ':'JWT'}" },
	{ "header in invalid UTF-8", "{\"alg\":\"ALG\",\"kid\":\"KID\xff\",\"typ\":\"JWT\"}" },
	{ "header behind a byte order mark", "\xef\xbb\xbf" FORGE_HEADER },
};

/* ---- payloads: a member with another value; NULL: without it ----------------- */

static const struct { const char *name, *member, *value; } payloads[] = {
	{ "exp missing", "exp", NULL },
	{ "exp past", "exp", "1767225599" },
	{ "exp now", "exp", "1767225600" },
	{ "exp before iat", "exp", "1767225605" },
	{ "exp a string", "exp", "\"1767226500\"" },
	{ "exp a float", "exp", "1767226500.5" },
	{ "exp a float that is whole", "exp", "1767226500.0" },
	{ "exp with an exponent", "exp", "1.7672265e9" },
	{ "exp negative", "exp", "-1" },
	{ "exp zero", "exp", "0" },
	{ "exp true", "exp", "true" },
	{ "exp null", "exp", "null" },
	{ "exp in milliseconds", "exp", "1767226500000" },
	{ "exp beyond what we give", "exp", "1767312011" },
	{ "exp huge", "exp", "9007199254740992" },
	{ "exp beyond 64 bits", "exp", "18446744075476777116" },
	{ "exp infinite", "exp", "1e999" },
	{ "exp a list", "exp", "[1767226500]" },
	{ "nbf missing", "nbf", NULL },
	{ "nbf in the future", "nbf", "1767225631" },
	{ "nbf negative", "nbf", "-1" },
	{ "nbf a string", "nbf", "\"1767225600\"" },
	{ "iat missing", "iat", NULL },
	{ "iat in the future", "iat", "1767225631" },
	{ "iat a float", "iat", "1767225600.1" },
	{ "iss missing", "iss", NULL },
	{ "iss another", "iss", "\"https://accounts.example.com\"" },
	{ "iss in upper case", "iss", "\"SKYCLUST\"" },
	{ "iss a list", "iss", "[\"skyclust\"]" },
	{ "iss with a NUL", "iss", "\"skyclust\\u0000\"" },
	{ "aud missing", "aud", NULL },
	{ "aud another", "aud", "\"skyclust\"" },
	{ "aud a list with ours in it", "aud", "[\"skyclust-api\",\"other\"]" },
	{ "aud null", "aud", "null" },
	{ "sub missing", "sub", NULL },
	{ "sub empty", "sub", "\"\"" },
	{ "sub a number", "sub", "1" },
	{ "sub too long", "sub", "\"usr_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"" },
	{ "sub with a NUL", "sub", "\"usr_forged\\u0000x\"" },
	{ "sub in invalid UTF-8", "sub", "\"usr_\xc3\x28\"" },
	{ "sid missing", "sid", NULL },
	{ "sid empty", "sid", "\"\"" },
	{ "sid null", "sid", "null" },
	{ "sid an object", "sid", "{}" },
	{ "jti missing", "jti", NULL },
	{ "jti empty", "jti", "\"\"" },
	{ "jti too long", "jti", "\"jti_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"" },
	{ "exp twice", "exp", "1,\"exp\":1767226500" },
	{ "sub twice", "sub", "\"usr_forged\",\"sub\":\"usr_admin\"" },
	{ "sub twice, once with an escape", "sub", "\"usr_forged\",\"s\\u0075b\":\"usr_admin\"" },
	{ "a member more", "jti", "\"jti_forged\",\"role\":\"admin\"" },
	{ "deep JSON", "jti", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1"
		"]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]" },
};

/* ---- spellings of an honest HEADER.PAYLOAD.SIGNATURE; T: all of it in base64 --- */

static const struct { const char *name, *form; } texts[] = {
	{ "nothing", "" },
	{ "a dot", "." },
	{ "two dots", ".." },
	{ "three dots", "..." },
	{ "one segment", "H" },
	{ "two segments", "H.P" },
	{ "no signature and its dot", "H.P." },
	{ "four segments", "H.P.S.S" },
	{ "five segments, as of encryption", "H.P.S.S.S" },
	{ "a dot behind", "H.P.S." },
	{ "a dot before", ".H.P.S" },
	{ "no header", ".P.S" },
	{ "no payload", "H..S" },
	{ "payload and header changed places", "P.H.S" },
	{ "token in a token", "H.T.S" },
	{ "padding behind the header", "H=.P.S" },
	{ "padding behind the payload", "H.P=.S" },
	{ "padding behind the signature", "H.P.S=" },
	{ "two of them", "H.P.S==" },
	{ "a space before", " H.P.S" },
	{ "a space behind", "H.P.S " },
	{ "a line end behind", "H.P.S\n" },
	{ "a space inside", "H. P.S" },
	{ "a line end inside", "H.P\n.S" },
	{ "Bearer before", "Bearer H.P.S" },
	{ "quotes around", "\"H.P.S\"" },
	{ "a plus of the other base64", "H.P.S+" },
	{ "a slash of the other base64", "H.P.S/" },
	{ "a percent escape", "H.P.S%3D" },
	{ "invalid UTF-8", "H.P.S\xff" },
	{ "a comma and another", "H.P.S,H.P.S" },
	{ "in JSON serialization", "{\"protected\":\"H\",\"payload\":\"P\",\"signature\":\"S\"}" },
};

/* clang-format on */

#endif

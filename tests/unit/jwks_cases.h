/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and tokens that were made for test_jwks.c. */
#ifndef SKYCLUST_UNIT_JWKS_CASES_H
#define SKYCLUST_UNIT_JWKS_CASES_H

#include "identity/jwks.h"

static const char jwks_set[] =
	"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"jxKSLuvNA5F5UbmcwqZtUCtNdRqaf"
	"Sdr8MCp6GHi67NOlIFM76G5Ir3-GcQNs35n3Js0OzcnVeo2-sM9z-ZG3"
	"FeMCJr1M3oUGx_C1lweLTZ_RRAlDm8-bnvDYhFIzy-CUloGBkY6Rr6GF"
	"l-LHPc5m0HRJBuhCJH9DSt_0vV2yCNTr-XGZRdm-s-ojLW2-pUkVtZLa"
	"ceVqrTzUGipTR7MuP-uClpHz5SAy8we32AYc0o9rdkStxDfTFscaPnvv"
	"pAqX4FAI5NPD-A_j4r-r-ezDAaU8ntOuIkyb77OVcoziomwggz4bpEZq"
	"F9lkn3_UB_i4Bv6o-Qgzbl6VZcDHUh1cQ\",\"e\":\"AQAB\",\"kid\":\"r\","
	"\"use\":\"sig\",\"alg\":\"RS256\"},{\"kty\":\"EC\",\"x\":\"W2bB_FjSzxkj"
	"FsiNJM0_HULic6hSo90tjRUgOVkEmZA\",\"y\":\"TdBy3Djsoignty0qtE"
	"tpjHF8C9Ani7bisfDviapNrF4\",\"crv\":\"P-256\",\"kid\":\"e\",\"use\""
	":\"sig\"},{\"kty\":\"RSA\",\"n\":\"sxEyF0r9MtIH_fdENe4I2DftHyN6M9"
	"PpbCUf_CvTHvRuWsKDbKDc-9o1cYn2MyN62vPnA7KoqIi_ws2fgZN6eB"
	"QfRCDGkdr78MIU0Xwm3gdus6Nw2ZsryvMqEmLS6TDghCCNOkVn0jXoTx"
	"zhST9vhvGfEQGC0EHD3fsXpH3u3cc\",\"e\":\"AQAB\",\"kid\":\"weak\"},"
	"{\"kty\":\"RSA\",\"n\":\"1bLlti5qf9qbde57BYBwBI8vEI0BDSMXkRVcE8"
	"-S8LBOFLZLBoxkMt3sBBfwe-lDbzXTN4yDg8bvPBBqD_20x0zMsL8Ycn"
	"KKmDuOaswB4lS4cabSQmymFJJZfJvMQ9i2kXQs2w7SmKpwgc7BcxOyxS"
	"zlTTbuKCoWyK80NfaUib0fU4ZWiSzQicsSKJYjdCSkb0DHaZIlG9y2V8"
	"r-3hGuq1OEP2voyFvdMFg_3nXzXbQgoB_oIQcZcMQOlJ2qEzg6vo2hNK"
	"Cv3zkjz6-AG2Yfx9f2z72bwPMeeRlYHsNsNQQ3mmUlvPo7mlplE8h1Z0"
	"n8nSjYRF7C-Dp7LSZlFkvU3w\",\"e\":\"AQAB\",\"kid\":\"enc\",\"use\":\""
	"enc\"},{\"kty\":\"EC\",\"x\":\"xerqwX9eJ12GFjl8vUiRQz_1MPE-RxmvL"
	"jq6HLwMREbZ-_sAi_FFva9iBUH5UWOX\",\"y\":\"BxuKOE-spV1N1kb-QL"
	"KaxuS6bNVxg091TNSSNiuDXinCZOXF5GB0CCeIGyhtpH7i\",\"crv\":\"P"
	"-384\",\"kid\":\"e384\"}]}";

static const struct {
	const char *what;
	enum jwks_result result;
	const char *token;
} jwks_cases[] = {
	{ "RS256", JWKS_GOOD,
	  "eyJhbGciOiJSUzI1NiIsImtpZCI6InIifQ.eyJzdWIiOiJhbm4ifQ.LC"
	  "wYQNzHIoCtyhciLIAt1Bj-W7rpGfypPWWfnvRJ75vu-yNhQCPpYyCyt6"
	  "zhrwq_Ims7hUyb_Nj_V6EVGFULgGwslxzEg3ONSbWjdGIJ4jpIwTS9xH"
	  "tyuIklmd4gmmQS8w-Z3A72XVtI2SI7DgG9Ryg2IScfx4xM0-7L-cXQ40"
	  "Erm7-96oIlGtkjP3oe2H2YrfImm08ETA7SopqBX40b7MJaUx3J9iwSYz"
	  "kqj5Pxnb9xwOgXQtrf0_3t5Y0iEp06vK_wO6SyZCLBB_RxwTWmi66PlF"
	  "imZbHR6UQoKmNctfKe0eQ0SL_Xd0O9g-u_GpPFvV7CpQOZ7KqfevFoSZ"
	  "8DYg" },
	{ "ES256", JWKS_GOOD,
	  "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUifQ.eyJzdWIiOiJhbm4ifQ.JG"
	  "3c9HNAWlXR5FPdFa2A3hNfJ2iQNJoANOpxrZdNMh2HtpUwH2NrYUtGgz"
	  "MetxVZRrz_o3r5DNkpRI9x5aEhbA" },
	{ "no kid, keys of that kind: one is too many", JWKS_NO_KEY,
	  "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.PTl9wIqiqEjfe1gJ"
	  "oWZrg6-qGWZYvDEQHnkuOWpixdgg8-YeG1AdLL074Gf6I71BXJKPHhsp"
	  "TGBwJqfrC2yDNqyH-DdOqq9Pb0JGdJmV7l2hMIl5kfE4gRy-Ypank_0J"
	  "yGcbotK1Rb1-xM20VgivWuth5uw9ccF4jmrt1n0CtmdgCu_DEbhFWotp"
	  "dvt_cTFQPyT3CpMPqT6skgHVT1XTdtSyOHgiIDIniowdIhddVrfdeZN0"
	  "BmCbB8lJM3rSLxwpwgb2G0ok1uLWaCCAIfvnxTdN6dgDsW-4C9uxvL-n"
	  "3bvmF34rdzhc4FtjKzOOPlaER8CbBUWCSwXjluNqpGYWgQ" },
	{ "kid nobody has", JWKS_NO_KEY,
	  "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJzdWIiOiJhbm4ifQ.VR"
	  "kjedYZfffnoE7hB0j3Z4txttYJH3UKGUqTkz-WiS1JjVOk-h9GPwi9oL"
	  "PRIWPMmI9NjZhwe5aDIh1xh-7yVSxxNQO0SCcRxGfdH7kDaUcIVXMnFo"
	  "lntMXPO_HvO3UeSPaUDPNN8IVzCMrSw4NYqIXS__tvVNjyPVOfLX0VMl"
	  "9LtnTHWYJDSfJneHRj_bLdlUnnPkwmx8ZXPd8SfRvEJ3qPdycN6oIKlu"
	  "FdyYMLhiFiwm1fIIYytYjlHaCxlT0qc16lAO3vsKZB9Y5Vnk5gF2-dJu"
	  "BSZspZVEVSJyX5TkRDYEOA9eQrApmpsjGNRG5a2F0Qp34qTOS1t5rkXu"
	  "owfg" },
	{ "key of another", JWKS_BAD,
	  "eyJhbGciOiJSUzI1NiIsImtpZCI6InIifQ.eyJzdWIiOiJhbm4ifQ.ga"
	  "MBAguLRm5rSYemX4EU7i2_vcdNsKbJ6c4F9Ni40xJBDJrpPgDqFbs1q1"
	  "SFNNSSrYUw2m7MJ0_RdNh3I1AIbqSChxFxvSURyd85scl0u0I8XbSaUQ"
	  "seRgQIuX--ijbJ6BD8CSe5O0hsCblDiY0JBSHX7r6sWEHlubaxiFA05T"
	  "5jSVw4KnKBhpWKRVcDuWksfeb5QGQggHSWtRmsDZbBXQzEujFvEuI7KE"
	  "DZ-5Abm-zdJ445-oEwaUrkfSQ8saSYi6UELGu2IO4WzTwVLL2nMARkzC"
	  "XyhWuwAX2iCwZ9bmws_VsStkG3E7PjOJZAYXQN4jneBDvuCBwenmh1EW"
	  "C7EA" },
	{ "payload changed", JWKS_BAD,
	  "eyJhbGciOiJSUzI1NiIsImtpZCI6InIifQ.eyJzdWIiOAJhbm4ifQ.LC"
	  "wYQNzHIoCtyhciLIAt1Bj-W7rpGfypPWWfnvRJ75vu-yNhQCPpYyCyt6"
	  "zhrwq_Ims7hUyb_Nj_V6EVGFULgGwslxzEg3ONSbWjdGIJ4jpIwTS9xH"
	  "tyuIklmd4gmmQS8w-Z3A72XVtI2SI7DgG9Ryg2IScfx4xM0-7L-cXQ40"
	  "Erm7-96oIlGtkjP3oe2H2YrfImm08ETA7SopqBX40b7MJaUx3J9iwSYz"
	  "kqj5Pxnb9xwOgXQtrf0_3t5Y0iEp06vK_wO6SyZCLBB_RxwTWmi66PlF"
	  "imZbHR6UQoKmNctfKe0eQ0SL_Xd0O9g-u_GpPFvV7CpQOZ7KqfevFoSZ"
	  "8DYg" },
	{ "signature changed", JWKS_BAD,
	  "eyJhbGciOiJSUzI1NiIsImtpZCI6InIifQ.eyJzdWIiOiJhbm4ifQ.LC"
	  "wYQNzHIoCtyhciLIAt1Bj-W7rpGfypPWWfnvRJ75vu-yNhQCPpYyCyt6"
	  "zhrwq_Ims7hUyb_Nj_V6EVGFULgGwslxzEg3ONSbWjdGIJ4jpIwTS9xH"
	  "tyuIklmd4gmmQS8w-Z3A72XVtI2SI7DgG9Ryg2IScfx4xM0-7L-cXQ40"
	  "EAm7-96oIlGtkjP3oe2H2YrfImm08ETA7SopqBX40b7MJaUx3J9iwSYz"
	  "kqj5Pxnb9xwOgXQtrf0_3t5Y0iEp06vK_wO6SyZCLBB_RxwTWmi66PlF"
	  "imZbHR6UQoKmNctfKe0eQ0SL_Xd0O9g-u_GpPFvV7CpQOZ7KqfevFoSZ"
	  "8DYg" },
	{ "signature of a curve changed", JWKS_BAD,
	  "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUifQ.eyJzdWIiOiJhbm4ifQ.JG"
	  "3c9HNAWlXR5FPdFa2A3hNfJ2iQNJoANOpxrZdNMh2AtpUwH2NrYUtGgz"
	  "MetxVZRrz_o3r5DNkpRI9x5aEhbA" },
	{ "r and s are zero", JWKS_BAD,
	  "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUifQ.eyJzdWIiOiJhbm4ifQ.AA"
	  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	  "AAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
	{ "DER signature", JWKS_BAD,
	  "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUifQ.eyJzdWIiOiJhbm4ifQ.ME"
	  "UCICV8DZg5mDvAyzhTtBqlGsa-tuDYEDio4a7pamCraAoSAiEAi5o5KK"
	  "pIvQzM6S7UBpXGX69IoVHj-Hios0EFSx157zw" },
	{ "RSA key too short", JWKS_BAD,
	  "eyJhbGciOiJSUzI1NiIsImtpZCI6IndlYWsifQ.eyJzdWIiOiJhbm4if"
	  "Q.KrCsVtMDRpWb8jqkn1M5uIGAisTvmMYmAfEmT_C3AnPAEgkI77UhZq"
	  "sC0RT4YsLpIaqgf-QUIlGUAhUvUuDsAeQ6ON65ROAaCrEpdquzINRPl_"
	  "mN-thQsJloE9MDyD7yqdK6XuQc7Lpj1Ty1_dLoz1ORYZ20FAgqY0Bn7G"
	  "QAzhA" },
	{ "key for encryption", JWKS_NO_KEY,
	  "eyJhbGciOiJSUzI1NiIsImtpZCI6ImVuYyJ9.eyJzdWIiOiJhbm4ifQ."
	  "HEFUZsDf2N6qJT3C6Ep0z3oH842FAyW-_FbQK2QjhOTyZ9aW9-_MMYRe"
	  "WbAHRNGG8LHbsd1rZ9NTDFpZlY7U_PhgG09mI8pur-F6RZostz2RCMPp"
	  "QhubcT7eVx-P7c6puJ4XJ5NGwpjBezL0kXYt0S3e1pIk2tlqQaFkVcUU"
	  "N9pg_8PTuPyT-ZyizvL1q_s5_1mXIrguEZj4ns-xfq6oZoiqi1LY-R-P"
	  "Im40EnC0_Ev8--xgBnBe_FzNUuU5BXjYP9Bh5-fvYyAa5nAojtbR23CU"
	  "1h076uF-DnlNEnVOcVkzDYCDuBsMgAqDaXGor3baMq2ZJ2fPFE5ssuZl"
	  "eFbUOg" },
	{ "key of another curve", JWKS_BAD,
	  "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUzODQifQ.eyJzdWIiOiJhbm4if"
	  "Q.iEf7JziHZqXUlnVJUaaYhW0YWGUWIyq2NUr4ryx-4C_l27fadAUmsl"
	  "RnWV6k4hd3Fik-lTr71Brb1eclEqxqkceATpfWFGqcnzA3-8FjUht0U3"
	  "a_HvI2e-FeMlqPQQ0b" },
	{ "alg none", JWKS_BAD,
	  "eyJhbGciOiJub25lIiwia2lkIjoiciJ9.eyJzdWIiOiJhbm4ifQ." },
	{ "HS256 by the public key", JWKS_BAD,
	  "eyJhbGciOiJIUzI1NiIsImtpZCI6InIifQ.eyJzdWIiOiJhbm4ifQ.sd"
	  "x6LqLCWY_xOHdDQF323oOwDvjs_Y-hvi7-PJ4mmZk" },
	{ "RS256 named ES256", JWKS_NO_KEY,
	  "eyJhbGciOiJFUzI1NiIsImtpZCI6InIifQ.eyJzdWIiOiJhbm4ifQ.IJ"
	  "cr3a2askGS6L2gYBgDt98M585LmM6eUvSund9oNTX7HM_ZOQ2ZuSwRYt"
	  "kSzHA2ImmbxjElvftMk_YdC7NWZsy5oi-kFc4zcy7DE26CEWG1rPdozk"
	  "f4daXkK4ItSCSst6F-AmouKzKxm2yK6hMcrJWM0mQGdrQBoFQLqHpocv"
	  "pdx91xcf8AlXneyDbfs8eiP8S_nUYqh9ek-wHN74hUUcOkuklP7dip4a"
	  "0WsaUo5REF2XhFvLhK-2h3jrL7w2O8AP26pikPP9Xb3N_CTN-4mCGl2z"
	  "kB9qAnUA2XUHinWkVLWr5PS9kV-hZSFlVvZgBRPxAfk_bhIR6PIHbWzE"
	  "zvqw" },
	{ "RS512", JWKS_BAD,
	  "eyJhbGciOiJSUzUxMiIsImtpZCI6InIifQ.eyJzdWIiOiJhbm4ifQ.RP"
	  "3AZV_fii_De_5A5hGoRXvQ52H6E-oA7jnBHRLwYUT6CgLxPZTTIXx_R7"
	  "P54979BuxP8xNuV2tFgMGzzK8fd3J8jlWBCZ2rMgi4qYJsl1P1jsIKhn"
	  "jZfqO7YbfUZP4iWZLipAmgdmZDSiAtwDCZa-rJUM_dQPb694sLYYk1Lr"
	  "L8X3AuE20sRVXZGx7Z8r7DzxKrR1a6RHTuULvC2RfSQEkQCDhCIHx921"
	  "7QP1BwFNX6J3-wLaEiGJeo2iDL4wN1tOxuHiOrHqQQBpDS7hnM4iY79j"
	  "bjkG99tSRAkIUgGw9dG50nUbkFUA1XIp5htSXtbaRWEq8AmXxz59B0mj"
	  "gw7Q" },
	{ "crit", JWKS_BAD,
	  "eyJhbGciOiJSUzI1NiIsImtpZCI6InIiLCJjcml0IjpbIngiXSwieCI6"
	  "MX0.eyJzdWIiOiJhbm4ifQ.JueYayjaSU7fNX4uAchoULNjYCJo-KnDA"
	  "LIySrQ8iGlFhyrzN35Z5OpIfFs50ROyigZnBfWdBsVGs-xHFz8n0NPoL"
	  "t-Y3TKa6E1Geyk_9KSBYx62Iko3VYsbqOR3GP4-V4OVAEl6kzrkljMc6"
	  "9HByoX20YuVaUL1uMHazD9BrvKyhdkS7Uvbl7gqKlZ94gYGIMNzjkYQ3"
	  "OU51gbiBWRFvQ1bdXcXJqrjQW7G6VazobcqNLaw0ZQ_HJ3iLYhyOKu4r"
	  "1ELNoQJ4g2-XmSAzljVurIwJ4x0bNYqLryN9ZFmzD43nBk0nNuB03zhc"
	  "pSn4yhcuWD-KT8jLfetmTO407l3VA" },
	{ "payload is no object", JWKS_BAD,
	  "eyJhbGciOiJSUzI1NiIsImtpZCI6InIifQ.WzFd.BBYZ8mHlasE94UmI"
	  "Ltdw4t6qtZKJTkkllp2RrRnD5RkTrokwqRb_RRQ83-Bi6dBj8eJ1sVXo"
	  "CtT6v2QwPkojaUbA1cVdKbDtFT-qma59Vvzw3vNQg-fP58j3I0kD-aRj"
	  "hvTeIWB1nNb_y9GFP8hMb2uHkNQeX-Gys8nC03Z2vNH5djRN97jw4acS"
	  "ybMU_VnbKs4s1F-M01HUuJ3_cp3hlma0bLjr0Km-cDYVjQGeXFjJVOF8"
	  "JtiiPVrme4ShcfHFozNR1qNgvtAhCWz4yvOX-xmBhuvjCTx9B3xe0268"
	  "iskFpFWH_7TwnNkJ4jVLs9nkzfNRxpY-wEPo8v9nYdWZMA" },
	{ "payload is no JSON", JWKS_BAD,
	  "eyJhbGciOiJSUzI1NiIsImtpZCI6InIifQ.ew.DmJToV5Vh-W6vQW5mg"
	  "rVJ_pkncR_FgoBYhJu4_75H7ZGkwwg9SgxB3Lek8jO_9EGYfJrPp1CyJ"
	  "HvXylx9QWs8BzmRVwbMN9eohVXNanYKeETHvK9VziTMQW9UC1-P0PoYP"
	  "FuRSigA1C4jpLd7of6Zrl3_Po0JPvAGm22BjVPa9nG4LEH_IgI8XxxeH"
	  "2_4o4hd-6WrNU7oOS-fMMce0J5iZrYWYTGnUKWXMz3BVvqc0zPpMWxmS"
	  "xLstv9TIKzQ6NPISdudJqBZYYt28PHERl6yMxalL0dtjqFG7mdc8iH-2"
	  "2DuFFmMFJpF_9fcMV62UrM-Djb6_4E007vl8UqZ3yjQw" },
	{ "two parts", JWKS_BAD,
	  "eyJhbGciOiJSUzI1NiIsImtpZCI6InIifQ.eyJzdWIiOiJhbm4ifQ" },
	{ "four parts", JWKS_BAD,
	  "eyJhbGciOiJSUzI1NiIsImtpZCI6InIifQ.eyJzdWIiOiJhbm4ifQ.LC"
	  "wYQNzHIoCtyhciLIAt1Bj-W7rpGfypPWWfnvRJ75vu-yNhQCPpYyCyt6"
	  "zhrwq_Ims7hUyb_Nj_V6EVGFULgGwslxzEg3ONSbWjdGIJ4jpIwTS9xH"
	  "tyuIklmd4gmmQS8w-Z3A72XVtI2SI7DgG9Ryg2IScfx4xM0-7L-cXQ40"
	  "Erm7-96oIlGtkjP3oe2H2YrfImm08ETA7SopqBX40b7MJaUx3J9iwSYz"
	  "kqj5Pxnb9xwOgXQtrf0_3t5Y0iEp06vK_wO6SyZCLBB_RxwTWmi66PlF"
	  "imZbHR6UQoKmNctfKe0eQ0SL_Xd0O9g-u_GpPFvV7CpQOZ7KqfevFoSZ"
	  "8DYg.x" },
	{ "empty", JWKS_BAD,
	  "" },
	{ "dots", JWKS_BAD,
	  ".." },
	{ "padding", JWKS_BAD,
	  "eyJhbGciOiJSUzI1NiIsImtpZCI6InIifQ.eyJzdWIiOiJhbm4ifQ.LC"
	  "wYQNzHIoCtyhciLIAt1Bj-W7rpGfypPWWfnvRJ75vu-yNhQCPpYyCyt6"
	  "zhrwq_Ims7hUyb_Nj_V6EVGFULgGwslxzEg3ONSbWjdGIJ4jpIwTS9xH"
	  "tyuIklmd4gmmQS8w-Z3A72XVtI2SI7DgG9Ryg2IScfx4xM0-7L-cXQ40"
	  "Erm7-96oIlGtkjP3oe2H2YrfImm08ETA7SopqBX40b7MJaUx3J9iwSYz"
	  "kqj5Pxnb9xwOgXQtrf0_3t5Y0iEp06vK_wO6SyZCLBB_RxwTWmi66PlF"
	  "imZbHR6UQoKmNctfKe0eQ0SL_Xd0O9g-u_GpPFvV7CpQOZ7KqfevFoSZ"
	  "8DYg=" },
};

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and tokens that were made for test_jwks.c. */
#include "identity/jwks.h"

static const char jwks_set[] =
	"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"ldcLHn8axagllNdNzQO19uRYNH4w_zIfL1MhZ0Afekait"
	"2NSm97ra9MRJCjRZ0CIfN22UKfOGJMfbHYgjUWzIMUF9E8oUX5aNmHyho5UiKrUcVV4G5nRf"
	"ozB50t8NJHtwMmx741ZV1SQZQOiS7d2Xl6-Va6dza6uJP7bpUROMbuM5aL1ciVLd8dkEHoqq"
	"vN45jqfE96t_XPaTT23LqqXhYo94BpDWk5_wB6160ddVdeNDHLHOWbzSxgQKS_pbe1AVZgXP"
	"2-SpWWle-8UN_AjhyDI8pMx3QNRZFUC6EIjrk-_zkzFySRtoRayZmRNkztGIaqMyRCG5FTko"
	"lzmNbNJYQ\",\"e\":\"AQAB\",\"kid\":\"r\",\"use\":\"sig\",\"alg\":\"RS256\"},{\"kty\":\"EC\",\""
	"x\":\"EOYtJjLBjeiW24fAzrsFYcpaZJRVqSCT2JfvhyKS2Fc\",\"y\":\"rpLXtA9jasJvn2viE3"
	"cuc01QgCevXRfVKlRTc9xPFno\",\"crv\":\"P-256\",\"kid\":\"e\",\"use\":\"sig\"},{\"kty\":\""
	"RSA\",\"n\":\"tMz10TDzpHfRcO1FXDG_mjxHIAv7DS70cUo6bJvAswcmWqmLt8mV9pRkLpNHYI"
	"vd2IHrWneEo7RjRbyBlH2g-VvU2dO4rhGPqXLZIOptrncvUEm0HQ1w4qGiXQK6QCvDVEv74R"
	"lotG7ULUYpFkAljc0L_ACWQPj6A-dEw5vkXqc\",\"e\":\"AQAB\",\"kid\":\"weak\"},{\"kty\":\""
	"RSA\",\"n\":\"mRXeFjOwwRhUzG6AtsT3zxoSkcUp_iR-k_VhhI8cdPngzIX9Fh8AzeQFimDx42"
	"w8nobSmqXfgNEkeAlBlKSR_53DH0zRZnCoRQGn1IsYenLJr_2R4cg_-dYw84M07qTPnp0Xde"
	"2wefc_3bwN_ZaXSZ1kML-ltszpeZf2iDCxl2VEdQc0ciEbZqPp1JjXkVQaRs-V9MovTiDB_w"
	"n78dHgB-29fgH1OSjahr_iQ5vgcEOLTN4bQyESMbhLXGmBIn-2kaMqKkWNvmq-nIRARiwG7A"
	"0zrQuZD9Sh_u8ZJnQD267VFZcAm_NE5JDgzoV_fBEcHDQ91isUFSXh0C7hCsFDfQ\",\"e\":\"A"
	"QAB\",\"kid\":\"enc\",\"use\":\"enc\"},{\"kty\":\"EC\",\"x\":\"6Zag0X1Emj0ACFALrzhwYZCgQ"
	"DEEk4CWdM6XllnZiJijsI_9vsqXN2RIhfXSTbtZ\",\"y\":\"8hNslqcs3CQpYllFavgZ0uciuo"
	"yvQYz8gCLhCTG9sRrL3iODPMXDgoXwFXbGD77a\",\"crv\":\"P-384\",\"kid\":\"e384\"}]}";

static const struct {
	const char *what;
	enum jwks_result result;
	const char *token;
} jwks_cases[] = {
	{ "RS256", JWKS_GOOD,
	  "eyJhbGciOiJSUzI1NiIsImtpZCI6InIifQ.eyJzdWIiOiJhbm4ifQ.F0CL5vHVR-adBLEiJ1"
	  "rMDHpAG0oR_wvPcqpNp0VnfKbewYD52WxhBRlXaHAC_9k2qEubjqPrM-Cr_1Kj5VG3OBSUPe"
	  "qrF8m4j3LGKavXdm0us2O4dw5hwPRUFle_1t72dSH4q2o9pZGPGOc4NmE7Bygo4mBOetkxLR"
	  "RkJWYzatzK0Glzflr6vaNNL55IA3d3QoSdwOMhtlAgto-lAr3J2U0NhJKtBaHsgPb8zduAQF"
	  "oAsu2YJvakIZGoKeKWaTT7MSqSp3vi-TqkUcJ-z_z5b2v_08G_lQg-bu4R-V2sfDIyZnbbSt"
	  "oChoOrK7EbyFr0iE2du2axoIJgJs5UwByjdg" },
	{ "ES256", JWKS_GOOD,
	  "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUifQ.eyJzdWIiOiJhbm4ifQ.lkLN58oTkgKDu23I3r"
	  "pQfbsZSvL6IiwLVie_1rnVIcU6obXiXPy5whvCbKuZCY51xdKtxHxI34S5NvTtFxqrgg" },
	{ "no kid, keys of that kind: one is too many", JWKS_NO_KEY,
	  "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.VCTgY5m6MYdVpd8uoF_ADPjbaA8Xvyld"
	  "Xsiqw2k7lkuv7jkjxAHfMoDNjAsZSx_9_46cTCcWK7w8lOpOoHsWDxt85kaPvecxPg13iYiy"
	  "zhYuyaxNI_-4uET1p0TKdfwVjAdPo-P2DRf7YtcVjIemRHIVWzR-JLdA0TBchIEmbXOuuN6l"
	  "93Z1sryAFrIhPj5sTgKvzaY8ties30cnh2CwTXmQeszAcLlYXSzbKLiQJhhVAwkDFU1d-8U6"
	  "ecVFAY96OXXFE4wa64SdZdqnziY9z8UlbYyBbD2Ksn-t71BzV_v6RnsLGOAwjfsikMkpgMpK"
	  "yQ2vEdyl9SSPUCKYckqWMQ" },
	{ "kid nobody has", JWKS_NO_KEY,
	  "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJzdWIiOiJhbm4ifQ.RkXSD89k3Q67j3yloO"
	  "YxB9oM0imzFWpqzvy_0I1Lccp4OsyzKa0WMuHHd6nA1tLjMMquU7RwWx1Ci1A2h-YZBQPV_D"
	  "t91mX2cUJPmq-YPH5SGiTgM43TvnpaEydES-VguhhSjEHPYLfLENR_ZqkEWVQpRxmfzCSdGV"
	  "Z3i_Df6RFLnnA-Xzf5_jrmCTD6V58c3kVCyw_H1jB7Wc9SUhez9RayxdJvuNHPr2werWj_z7"
	  "34eothfv8NoB_QSDaaAzBlQjfi_Z5ja7bfvJN1_os5D3KReONYWRhy869bCdIuaNtoZfG-ul"
	  "qvPql6BJCOtwNWvSECuDQGZd3ldsFnDWgPig" },
	{ "key of another", JWKS_BAD,
	  "eyJhbGciOiJSUzI1NiIsImtpZCI6InIifQ.eyJzdWIiOiJhbm4ifQ.mBUaiaROy-xUf_Rc9i"
	  "rOI5cmqHR1p62v2efbeBk1NqZqKwa3PPgjlWOlWMTH68gpyf1MaUVOrUgxMVVUI-UuOFZk7a"
	  "__EeYxRD95HFo0LENFNN5eT1UqGWg7kCgyBwN4_XsnYVDLrIqgyFsFVvkqXKntjDZ8lx-L1M"
	  "g-k-PST-bBbxNa31tP9vlPfhsweCD7lZ-lNDVYV4gcyAs2Akp7N49HglvSDGWsWkbI8OIlgZ"
	  "zK-wYbFscMLvnBdlLiES8Pjv400MdUE7SMRxnaIs1I50XQxMGCBEgmv7qYXCP-zPRrld4G_t"
	  "ZDNk1PrPCOYVC79WNWgpjp_Q0NFzGSVFQ3rQ" },
	{ "payload changed", JWKS_BAD,
	  "eyJhbGciOiJSUzI1NiIsImtpZCI6InIifQ.eyJzdWIiOAJhbm4ifQ.F0CL5vHVR-adBLEiJ1"
	  "rMDHpAG0oR_wvPcqpNp0VnfKbewYD52WxhBRlXaHAC_9k2qEubjqPrM-Cr_1Kj5VG3OBSUPe"
	  "qrF8m4j3LGKavXdm0us2O4dw5hwPRUFle_1t72dSH4q2o9pZGPGOc4NmE7Bygo4mBOetkxLR"
	  "RkJWYzatzK0Glzflr6vaNNL55IA3d3QoSdwOMhtlAgto-lAr3J2U0NhJKtBaHsgPb8zduAQF"
	  "oAsu2YJvakIZGoKeKWaTT7MSqSp3vi-TqkUcJ-z_z5b2v_08G_lQg-bu4R-V2sfDIyZnbbSt"
	  "oChoOrK7EbyFr0iE2du2axoIJgJs5UwByjdg" },
	{ "signature changed", JWKS_BAD,
	  "eyJhbGciOiJSUzI1NiIsImtpZCI6InIifQ.eyJzdWIiOiJhbm4ifQ.F0CL5vHVR-adBLEiJ1"
	  "rMDHpAG0oR_wvPcqpNp0VnfKbewYD52WxhBRlXaHAC_9k2qEubjqPrM-Cr_1Kj5VG3OBSUPe"
	  "qrF8m4j3LGKavXdm0us2O4dw5hwPRUFle_1t72dSH4q2o9pZGPGOc4NmE7Bygo4mBOetkxLR"
	  "RkJWYzatzA0Glzflr6vaNNL55IA3d3QoSdwOMhtlAgto-lAr3J2U0NhJKtBaHsgPb8zduAQF"
	  "oAsu2YJvakIZGoKeKWaTT7MSqSp3vi-TqkUcJ-z_z5b2v_08G_lQg-bu4R-V2sfDIyZnbbSt"
	  "oChoOrK7EbyFr0iE2du2axoIJgJs5UwByjdg" },
	{ "signature of a curve changed", JWKS_BAD,
	  "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUifQ.eyJzdWIiOiJhbm4ifQ.lkLN58oTkgKDu23I3r"
	  "pQfbsZSvL6IiwLVie_1rnVIcUAobXiXPy5whvCbKuZCY51xdKtxHxI34S5NvTtFxqrgg" },
	{ "r and s are zero", JWKS_BAD,
	  "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUifQ.eyJzdWIiOiJhbm4ifQ.AAAAAAAAAAAAAAAAAA"
	  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
	{ "DER signature", JWKS_BAD,
	  "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUifQ.eyJzdWIiOiJhbm4ifQ.MEQCIBpbLemHsxO8PK"
	  "5wNi_mf8MkOdAJdvlPk-dZM0e-gI2mAiB3sbTeiy-j48fyLh76itfqNcyts0_aQoUbJELcEv"
	  "YtHw" },
	{ "RSA key too short", JWKS_BAD,
	  "eyJhbGciOiJSUzI1NiIsImtpZCI6IndlYWsifQ.eyJzdWIiOiJhbm4ifQ.fhaDDEXNxC_Hu7"
	  "o-MdCStKI_rjzg1DTX9a2sDNeaFYIM1iR5IXgoRVXgr4qzfmBldtX_XfpTnlnTl-mW0SQoOB"
	  "ojqjPU-GMSE-9GgOH6G1jEhPSPDI6ajfx8NFjl9PS77Iz1ctvRo-mAz1PXtEes5QSnjffCaq"
	  "W4hOYEQ_1efWM" },
	{ "key for encryption", JWKS_NO_KEY,
	  "eyJhbGciOiJSUzI1NiIsImtpZCI6ImVuYyJ9.eyJzdWIiOiJhbm4ifQ.Sm6bL1B9CdjdTDJf"
	  "bPgkM4rZpb_lVvvwmbeuIOj6xccrlacY4i6rcz8Lt_XJhdUiVpdy0K5nWuB31Yl5XU1rq394"
	  "2g8JQIy_ovAZ7wuxxUPaeqGIp75pirLuxzY3hlviRbKS8TIJW-g0hCQwFfQC7qGC7GvgLO8v"
	  "HD4H8ra-WrthJO2nrpEnRygIpp4x-o6e-kYpR_sW_iweothJvtrhTkNmc96fVzMWedohRfT-"
	  "TtfcS_IST1wKUdGnlZ0Nq_HZYlQfYojqKzWbCFmaGK-SdUw76weXz2O7n_4Ewq0sBbrXnFx_"
	  "qe8DVkI6srH34y0mqbNwm_maHNP0wB7EqEF8pg" },
	{ "key of another curve", JWKS_BAD,
	  "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUzODQifQ.eyJzdWIiOiJhbm4ifQ.EL0bui1SsTC00J"
	  "unkz_XtN1cUGlOmUYeHO7r7UohcgREl3IcT83xprq5MatF2uASFwkatzjOeEhh7q63YBtu9n"
	  "J_IRzBKYF-MWG0E_aCek1g4gs75SFkC0agOULYOF11" },
	{ "alg none", JWKS_BAD,
	  "eyJhbGciOiJub25lIiwia2lkIjoiciJ9.eyJzdWIiOiJhbm4ifQ." },
	{ "HS256 by the public key", JWKS_BAD,
	  "eyJhbGciOiJIUzI1NiIsImtpZCI6InIifQ.eyJzdWIiOiJhbm4ifQ.1a5Lriw4g9EIIcZB2n"
	  "pTGlqCkGOuwv4mxvIrgpPMPH0" },
	{ "RS256 named ES256", JWKS_NO_KEY,
	  "eyJhbGciOiJFUzI1NiIsImtpZCI6InIifQ.eyJzdWIiOiJhbm4ifQ.Mxe4Lpz1BC5BHauj6V"
	  "u9nhbY9aXejv70vLDYGI3LrVb8FlU3NbgcSJGa17aLI9ROk5u9OlKgyP2hphe_aam-8qJOzv"
	  "p01A9o-DOpdJkQpcAIcdNPBSXJ-vWw35u5i-nBXdyFNN_riv-yj97v2rVuXqy8iIcWNkXrHP"
	  "u9MDv5i8Hsve4BXyqirH-DaX99siBMNXjRYt9XMd3uXjWgqmtie7En_ouWDSpgWbSlpPWoG-"
	  "rz2KE8BM9nDYwkExiA4mjO_dxvI8uMsLm96fobSJdLYZ1PN_XFdEbcw6OCUVJvRBq0MH9gBr"
	  "Y99UjAG5lvUGK5FDCyb1qKQPfYfL95TpHZRQ" },
	{ "RS512", JWKS_BAD,
	  "eyJhbGciOiJSUzUxMiIsImtpZCI6InIifQ.eyJzdWIiOiJhbm4ifQ.C8tTTPigcgQ9avWZqb"
	  "Kz5BsmAlp41TFv3DgLqI6p_iUVrDdaAw21XHWxGS_RWY-Kj5qERnjvaEfY-kXXNrmI5o4osU"
	  "Wu7rQAExHgvHX87Uw1S2KGkNYBPufTSNbz1vYqU2UYPRYV0XyXE6OOxkGBv2Q8g-U-Z86ezk"
	  "eMibmfz1w_SYEbJZvGj5zvg99H7RQYjXOFgbNcjYUZ5tNDyYxipm79dk2sgEXsxV064_fAN4"
	  "ggC0gefJPphVwjYewXfjfF9oNJYVrcl094amNvyeg0a_WKSjTsQrTcGdwrwxQXFxTXvJRUp9"
	  "KFzQlrJrvvVjISc08VV1ZE6A517jXQrzHSOA" },
	{ "crit", JWKS_BAD,
	  "eyJhbGciOiJSUzI1NiIsImtpZCI6InIiLCJjcml0IjpbIngiXSwieCI6MX0.eyJzdWIiOiJh"
	  "bm4ifQ.UvBcFkJcGW_TXSzguVX-avCKVJ3lGDAdIGztdOlyIsETzS-PbDLcjWEcswm2jmXjl"
	  "ek8bLkesvsapU_VzZT2oRB2O28PAotG4HRCqGiqKZpmJjNT6iKfU0v3Uf41-RQcIiT-Npwqv"
	  "veyJC1mY1YPhV734kONVbLTwLNqd5xvp66Y1_pqjC1KQA610pCzpFhQS9EAmnBEaJjANPyTK"
	  "mbMyEfSdD7w_SrpnG9B-muQcr9tPMrrpZ-atiQgoouNXekBpCXMD3LPe5Ia_ZaODxXohzLNf"
	  "lyR16Dj25kGVJGhwRQorBudL9FbyChRAY3Q7pQiTtXwxE6ffAd99ApyMLi7zA" },
	{ "payload is no object", JWKS_BAD,
	  "eyJhbGciOiJSUzI1NiIsImtpZCI6InIifQ.WzFd.DADAn9WeIeBiewnLzJnmNtzpdByhRwlP"
	  "iwEM35FawOiO76aSLAXFjcHso2XmMTiMgEl6fJTR2d6kln4BiEF6DKVbtWOKyagb3EbzsczS"
	  "nTeLUHnx2_hhL7uuk0RagJ7p-5SWt3r_TX5T0D5g71GSPMh7teMnHbbq-MuI43IzNcnCTMSt"
	  "A7vzkKtcLIQROu2AUVtjR5LEAjwnu_TmeLDRmiCdCkiNFXYkmig02Qpnw79r8AeVCIQxMw6i"
	  "mqTFCbNcrREdhAfzLpfyWIRvqqw2xIXoZ351iaVQvs24IIEJY6W20-0M2AschL327G-S6vO6"
	  "N_lArPaHATh2zloZyP2s0g" },
	{ "payload is no JSON", JWKS_BAD,
	  "eyJhbGciOiJSUzI1NiIsImtpZCI6InIifQ.ew.Hiz9jz9nmVVSvNJOyUKa3Aqkuw5MZahF2H"
	  "QK9wyvrWndKeNh6843u-3DRg9BBcoMuYschFOlj9wqS3aVJJoWkAnDI90LmdMkmrN7jrUBNd"
	  "ta81ZNttl-JOZg15PyNLj4x0eghctfT52nZBXXuthdyzgBc5IKetdCyV26zsNGl6gd0CCyT0"
	  "2jMEuFzBCwjWkCskAm_6DhRIB0GIF08NZ0AzkQtuR-N2w9AFTnpZtRouYR-pgPOWOB6OHxpo"
	  "Y8ptn_F-F87ko8viUDWRDwUNf8OFgqT7-jJ1gXIzQ71q-91xXaNqeiiZqtxqGkSg4-Dm_E8C"
	  "Ad9cCvY2-JnSJNaNc_pw" },
	{ "two parts", JWKS_BAD,
	  "eyJhbGciOiJSUzI1NiIsImtpZCI6InIifQ.eyJzdWIiOiJhbm4ifQ" },
	{ "four parts", JWKS_BAD,
	  "eyJhbGciOiJSUzI1NiIsImtpZCI6InIifQ.eyJzdWIiOiJhbm4ifQ.F0CL5vHVR-adBLEiJ1"
	  "rMDHpAG0oR_wvPcqpNp0VnfKbewYD52WxhBRlXaHAC_9k2qEubjqPrM-Cr_1Kj5VG3OBSUPe"
	  "qrF8m4j3LGKavXdm0us2O4dw5hwPRUFle_1t72dSH4q2o9pZGPGOc4NmE7Bygo4mBOetkxLR"
	  "RkJWYzatzK0Glzflr6vaNNL55IA3d3QoSdwOMhtlAgto-lAr3J2U0NhJKtBaHsgPb8zduAQF"
	  "oAsu2YJvakIZGoKeKWaTT7MSqSp3vi-TqkUcJ-z_z5b2v_08G_lQg-bu4R-V2sfDIyZnbbSt"
	  "oChoOrK7EbyFr0iE2du2axoIJgJs5UwByjdg.x" },
	{ "empty", JWKS_BAD,
	  "" },
	{ "dots", JWKS_BAD,
	  ".." },
	{ "padding", JWKS_BAD,
	  "eyJhbGciOiJSUzI1NiIsImtpZCI6InIifQ.eyJzdWIiOiJhbm4ifQ.F0CL5vHVR-adBLEiJ1"
	  "rMDHpAG0oR_wvPcqpNp0VnfKbewYD52WxhBRlXaHAC_9k2qEubjqPrM-Cr_1Kj5VG3OBSUPe"
	  "qrF8m4j3LGKavXdm0us2O4dw5hwPRUFle_1t72dSH4q2o9pZGPGOc4NmE7Bygo4mBOetkxLR"
	  "RkJWYzatzK0Glzflr6vaNNL55IA3d3QoSdwOMhtlAgto-lAr3J2U0NhJKtBaHsgPb8zduAQF"
	  "oAsu2YJvakIZGoKeKWaTT7MSqSp3vi-TqkUcJ-z_z5b2v_08G_lQg-bu4R-V2sfDIyZnbbSt"
	  "oChoOrK7EbyFr0iE2du2axoIJgJs5UwByjdg=" },
};

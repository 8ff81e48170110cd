// SPDX-License-Identifier: GPL-2.0
#include "jose.h"
#include "crypto.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define MAX_KEY_ID    256
#define MIN_RSA_BITS  2048
#define MAX_RSA_BYTES 1024
#define MAX_SIGNATURE MAX_RSA_BYTES

struct key {
	EVP_PKEY *pkey;
	int type;	   /* EVP_PKEY_RSA or EVP_PKEY_EC */
	size_t half;	   /* EC: bytes of a coordinate */
	char *id;	   /* NULL: has none */
	char algorithm[8]; /* the only one that it is for, or "" */
};

struct control_jose_keys {
	struct key v[JOSE_MAX_KEYS];
	size_t n;
};

static const struct algorithm {
	const char *name;
	int type;
	const char *hash;
	size_t half;
} algorithms[] = {
	{"RS256", EVP_PKEY_RSA, "SHA256", 0}, {"RS384", EVP_PKEY_RSA, "SHA384", 0},
	{"RS512", EVP_PKEY_RSA, "SHA512", 0}, {"ES256", EVP_PKEY_EC, "SHA256", 32},
	{"ES384", EVP_PKEY_EC, "SHA384", 48},
};

static const struct curve {
	const char *jose;
	const char *openssl;
	size_t half;
} curves[] = {{"P-256", "prime256v1", 32}, {"P-384", "secp384r1", 48}};

/* base64url without padding. Return: bytes, or -1. */
static long unbase64url(uint8_t *out, size_t max, const char *in, size_t len)
{
	size_t n;

	/* The library takes bytes outside ASCII for digits. */
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)in[i] >= 0x80)
			return -1;
	if (sodium_base642bin(out, max, in, len, NULL, &n, NULL,
			      sodium_base64_VARIANT_URLSAFE_NO_PADDING))
		return -1;
	return (long)n;
}

static const char *member(const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));

	return s ? s : "";
}

/* A number of a key, most significant byte first. */
static long number(const json_t *jwk, const char *name, uint8_t *out, size_t max)
{
	const char *text = member(jwk, name);

	return *text ? unbase64url(out, max, text, strlen(text)) : -1;
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *bld)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) <= 0 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return pkey;
}

static EVP_PKEY *rsa_key(const json_t *jwk)
{
	uint8_t n[MAX_RSA_BYTES], e[8];
	long n_len = number(jwk, "n", n, sizeof(n)), e_len = number(jwk, "e", e, sizeof(e));
	OSSL_PARAM_BLD *bld;
	BIGNUM *bn_n, *bn_e;
	EVP_PKEY *pkey = NULL;

	if (n_len <= 0 || e_len <= 0)
		return NULL;
	bld = OSSL_PARAM_BLD_new();
	bn_n = BN_bin2bn(n, (int)n_len, NULL);
	bn_e = BN_bin2bn(e, (int)e_len, NULL);
	if (bld && bn_n && bn_e && BN_num_bits(bn_n) >= MIN_RSA_BITS && BN_is_odd(bn_n) &&
	    BN_is_odd(bn_e) && BN_num_bits(bn_e) > 1 &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, bn_n) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, bn_e))
		pkey = from_params("RSA", bld);
	OSSL_PARAM_BLD_free(bld);
	BN_free(bn_n);
	BN_free(bn_e);
	return pkey;
}

/* OpenSSL refuses a point that is not on the curve. */
static EVP_PKEY *ec_key(const json_t *jwk, size_t *half)
{
	const char *name = member(jwk, "crv");
	const struct curve *curve = NULL;
	uint8_t point[1 + 2 * 48];
	OSSL_PARAM_BLD *bld;
	EVP_PKEY *pkey = NULL;

	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		if (!strcmp(name, curves[i].jose))
			curve = &curves[i];
	if (!curve || number(jwk, "x", point + 1, curve->half) != (long)curve->half ||
	    number(jwk, "y", point + 1 + curve->half, curve->half) != (long)curve->half)
		return NULL;
	point[0] = POINT_CONVERSION_UNCOMPRESSED;
	*half = curve->half;
	bld = OSSL_PARAM_BLD_new();
	if (bld &&
	    OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, curve->openssl, 0) &&
	    OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point,
					     1 + 2 * curve->half))
		pkey = from_params("EC", bld);
	OSSL_PARAM_BLD_free(bld);
	return pkey;
}

static void add_key(struct control_jose_keys *keys, const json_t *jwk)
{
	const char *use = member(jwk, "use"), *kty = member(jwk, "kty"), *id = member(jwk, "kid"),
		   *algorithm = member(jwk, "alg");
	struct key *k = &keys->v[keys->n];

	memset(k, 0, sizeof(*k));
	if ((*use && strcmp(use, "sig")) || strlen(id) > MAX_KEY_ID ||
	    strlen(algorithm) >= sizeof(k->algorithm))
		return;
	if (!strcmp(kty, "RSA")) {
		k->type = EVP_PKEY_RSA;
		k->pkey = rsa_key(jwk);
	} else if (!strcmp(kty, "EC")) {
		k->type = EVP_PKEY_EC;
		k->pkey = ec_key(jwk, &k->half);
	}
	if (!k->pkey)
		return;
	strcpy(k->algorithm, algorithm);
	k->id = *id ? mesh_strdup(id) : NULL;
	keys->n++;
}

struct control_jose_keys *control_jose_keys_parse(const char *text, size_t len,
						  struct mesh_error *err)
{
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL), *jwk;
	struct control_jose_keys *keys = mesh_alloc(sizeof(*keys));
	size_t i;

	json_array_foreach(json_object_get(root, "keys"), i, jwk)
	{
		if (keys->n < JOSE_MAX_KEYS)
			add_key(keys, jwk);
	}
	json_decref(root);
	if (keys->n)
		return keys;
	mesh_error_set(err, "the key set has no RSA (2048 bits or more) or EC signing key");
	control_jose_keys_free(keys);
	return NULL;
}

void control_jose_keys_free(struct control_jose_keys *keys)
{
	if (!keys)
		return;
	for (size_t i = 0; i < keys->n; i++) {
		EVP_PKEY_free(keys->v[i].pkey);
		free(keys->v[i].id);
	}
	free(keys);
}

/* One part of a token as a JSON object. */
static json_t *part(const char *text, size_t len)
{
	uint8_t *bytes = mesh_alloc(len + 1);
	long n = unbase64url(bytes, len, text, len);
	json_t *value =
		n > 0 ? json_loadb((char *)bytes, (size_t)n, JSON_REJECT_DUPLICATES, NULL) : NULL;

	mesh_crypto_wipe(bytes, len);
	free(bytes);
	if (json_is_object(value))
		return value;
	json_decref(value);
	return NULL;
}

/* The two numbers of an EC signature in the form that OpenSSL takes. Return: bytes, or -1. */
static int ec_to_der(uint8_t **der, const uint8_t *sig, size_t half)
{
	ECDSA_SIG *pair = ECDSA_SIG_new();
	int n;

	*der = NULL;
	if (!pair || !ECDSA_SIG_set0(pair, BN_bin2bn(sig, (int)half, NULL),
				     BN_bin2bn(sig + half, (int)half, NULL))) {
		ECDSA_SIG_free(pair);
		return -1;
	}
	n = i2d_ECDSA_SIG(pair, der);
	ECDSA_SIG_free(pair);
	return n;
}

static bool signature_ok(const struct key *k, const struct algorithm *a, const char *text,
			 size_t len, const uint8_t *sig, size_t sig_len)
{
	EVP_MD_CTX *ctx;
	uint8_t *der = NULL;
	bool ok;
	int n;

	if (a->type == EVP_PKEY_EC) {
		if (sig_len != 2 * a->half || k->half != a->half)
			return false;
		n = ec_to_der(&der, sig, a->half);
		if (n < 0)
			return false;
		sig = der;
		sig_len = (size_t)n;
	}
	ctx = EVP_MD_CTX_new();
	ok = ctx && EVP_DigestVerifyInit_ex(ctx, NULL, a->hash, NULL, NULL, k->pkey, NULL) == 1 &&
	     EVP_DigestVerify(ctx, sig, sig_len, (const uint8_t *)text, len) == 1;
	EVP_MD_CTX_free(ctx);
	OPENSSL_free(der);
	return ok;
}

static const struct algorithm *find_algorithm(const char *name)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (!strcmp(algorithms[i].name, name))
			return &algorithms[i];
	return NULL;
}

json_t *control_jose_verify(const struct control_jose_keys *keys, const char *token, bool *unknown,
			    struct mesh_error *err)
{
	const char *dot = strchr(token, '.'), *dot2 = dot ? strchr(dot + 1, '.') : NULL, *id;
	const struct algorithm *a;
	uint8_t sig[MAX_SIGNATURE];
	bool known = false, ok = false;
	json_t *header, *claims = NULL;
	long sig_len;

	*unknown = false;
	if (!dot2 || strlen(token) > JOSE_MAX_TOKEN) {
		mesh_error_set(err, "this is not a signed token");
		return NULL;
	}
	header = part(token, (size_t)(dot - token));
	sig_len = unbase64url(sig, sizeof(sig), dot2 + 1, strlen(dot2 + 1));
	a = find_algorithm(member(header, "alg"));
	id = json_string_value(json_object_get(header, "kid"));
	if (!header || sig_len < 0) {
		mesh_error_set(err, "the token is malformed");
	} else if (!a) {
		mesh_error_set(err, "the token is signed with \"%.20s\", which is not accepted",
			       member(header, "alg"));
	} else if (json_object_get(header, "crit")) {
		mesh_error_set(err, "the token has extensions that must be understood");
	} else {
		for (size_t i = 0; i < keys->n && !ok; i++) {
			const struct key *k = &keys->v[i];

			if (k->type != a->type || (id && (!k->id || strcmp(id, k->id))) ||
			    (*k->algorithm && strcmp(k->algorithm, a->name)))
				continue;
			known = true;
			ok = signature_ok(k, a, token, (size_t)(dot2 - token), sig,
					  (size_t)sig_len);
		}
		*unknown = !known;
		if (!ok)
			mesh_error_set(err, "%s",
				       known ? "the token's signature is wrong"
					     : "the token is signed with an unknown key");
	}
	if (ok && !(claims = part(dot + 1, (size_t)(dot2 - dot - 1))))
		mesh_error_set(err, "the token's payload is no JSON object");
	json_decref(header);
	return claims;
}

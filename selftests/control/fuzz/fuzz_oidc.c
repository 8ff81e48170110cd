// SPDX-License-Identifier: GPL-2.0
/*
 * What an identity provider sends. The first byte says what the rest is: a discovery document, a
 * key set, a token, or claims.
 */
#include "fuzz.h"
#include "oidc.h"

#include <stdlib.h>
#include <string.h>

/* The P-256 key of RFC 7517, appendix A.1. */
static const char key_set[] =
	"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
	"\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
	"\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\",\"use\":\"sig\"}]}";

static void claims_of(const struct control_config *config, const char *text, size_t size)
{
	json_t *claims = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	struct control_identity id = {0};
	struct mesh_error err;

	if (json_is_object(claims) && control_oidc_claims(claims, config, "n", 1700000000, &err)) {
		control_oidc_incomplete(claims, config);
		control_oidc_identity(&id, claims, claims, config, &err);
		control_identity_free(&id);
	}
	json_decref(claims);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct control_config *config;
	static struct control_jose_keys *keys;
	struct control_oidc_provider provider;
	struct mesh_error err;
	const char *text = (const char *)data + 1;
	char *token;
	bool unknown;

	fuzz_init();
	if (!config) {
		config = control_config_load(NULL, &err);
		config->oidc.issuer = "https://i";
		config->oidc.client_id = "c";
		keys = control_jose_keys_parse(key_set, strlen(key_set), &err);
		if (!keys)
			abort();
	}
	if (!size)
		return 0;
	switch (data[0] & 3) {
	case 0:
		control_oidc_discovery(&provider, config, text, size - 1, &err);
		control_oidc_provider_free(&provider);
		break;
	case 1:
		control_jose_keys_free(control_jose_keys_parse(text, size - 1, &err));
		break;
	case 2:
		token = mesh_alloc(size);
		memcpy(token, text, size - 1);
		json_decref(control_jose_verify(keys, token, &unknown, &err));
		free(token);
		break;
	case 3:
		claims_of(config, text, size - 1);
		break;
	}
	return 0;
}

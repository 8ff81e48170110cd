// SPDX-License-Identifier: GPL-2.0
/* Signed tokens and what an identity provider says, with the vectors of RFC 7515, appendix A. */
#include "ktap.h"
#include "oidc.h"

#include <stdlib.h>
#include <string.h>

#define PAYLOAD                                                                                    \
	"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0" \
	"cnVlfQ"

static const char rsa_token[] =
	"eyJhbGciOiJSUzI1NiJ9." PAYLOAD
	".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
	"O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNP"
	"vkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1ph"
	"CnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

static const char ec_token[] =
	"eyJhbGciOiJFUzI1NiJ9." PAYLOAD
	".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

#define RSA_KEY                                                                                    \
	"{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_"               \
	"wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-"             \
	"pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-"                                   \
	"bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-"                                                        \
	"KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_"                        \
	"I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_"                                                       \
	"h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\"}"
#define EC_KEY                                                                                     \
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"

static struct control_jose_keys *keys_of(const char *text)
{
	struct mesh_error err;

	return control_jose_keys_parse(text, strlen(text), &err);
}

static bool verifies(const struct control_jose_keys *keys, const char *token)
{
	struct mesh_error err;
	bool unknown;
	json_t *claims = control_jose_verify(keys, token, &unknown, &err);
	bool ok = claims && !strcmp(json_string_value(json_object_get(claims, "iss")), "joe");

	json_decref(claims);
	return ok;
}

TEST(jose_signatures_of_rfc_7515)
{
	struct control_jose_keys *keys = keys_of("{\"keys\":[" RSA_KEY "," EC_KEY "]}");

	EXPECT(keys && verifies(keys, rsa_token) && verifies(keys, ec_token));
	control_jose_keys_free(keys);
	keys = keys_of("{\"keys\":[" RSA_KEY "]}");
	EXPECT(keys && verifies(keys, rsa_token) && !verifies(keys, ec_token));
	control_jose_keys_free(keys);
}

TEST(jose_notices_every_changed_character)
{
	struct control_jose_keys *keys = keys_of("{\"keys\":[" EC_KEY "]}");
	char *token = mesh_strdup(ec_token);

	EXPECT(verifies(keys, token));
	/* The last character holds bits that must be zero. */
	for (size_t i = 0; token[i]; i++) {
		char was = token[i];

		token[i] = was == 'A' ? 'B' : 'A';
		EXPECT(!verifies(keys, token));
		token[i] = was;
	}
	free(token);
	control_jose_keys_free(keys);
}

TEST(jose_keys_keep_to_their_purpose)
{
	EXPECT(!keys_of("{\"keys\":[]}") && !keys_of("[]") && !keys_of("") && !keys_of("{}"));
	EXPECT(!keys_of("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}"));
	/* Not on the curve; for encryption; not base64url. */
	EXPECT(!keys_of(
		"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1"
		"gHMzV76e8Tus9uPHvRVEU\",\"y\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}"
		"]}"));
	EXPECT(!keys_of(
		"{\"keys\":[{\"use\":\"enc\",\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"AQAB\"}]}"));
	EXPECT(!keys_of("{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"AQAB\"}]}"));
	EXPECT(!keys_of(
		"{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"\xc3\xa9\xc3\xa9\"}]}"));
}

TEST(urls_go_to_https_or_to_this_machine)
{
	EXPECT(control_oidc_url_ok("https://id.example.com/a?b=c"));
	EXPECT(control_oidc_url_ok("http://127.0.0.1:5556/dex"));
	EXPECT(control_oidc_url_ok("http://localhost") && control_oidc_url_ok("http://[::1]:80/"));
	EXPECT(!control_oidc_url_ok("http://id.example.com/"));
	EXPECT(!control_oidc_url_ok("http://127.0.0.1.evil.example/"));
	EXPECT(!control_oidc_url_ok("http://localhost:80@evil.example/"));
	EXPECT(!control_oidc_url_ok("http://localhostevil.example/"));
	EXPECT(!control_oidc_url_ok("https://") && !control_oidc_url_ok("https:///x"));
	EXPECT(!control_oidc_url_ok("file:///etc/passwd") && !control_oidc_url_ok("ftp://x/"));
	EXPECT(!control_oidc_url_ok("https://a/\r\nX: y") && !control_oidc_url_ok("https://a/ b"));
}

// SPDX-License-Identifier: GPL-2.0
#include "oidc.h"
#include "crypto.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LEEWAY	    60 /* seconds by which clocks may differ */
#define MAX_URL	    2000
#define MAX_SUBJECT 255 /* of the specification */
#define MAX_NAME    63
#define MAX_TEXT    200

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

bool control_oidc_url_ok(const char *url)
{
	static const char *const local[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};
	size_t n;

	if (strlen(url) > MAX_URL || url[strcspn(url, " \t\r\n\"<>\\^`{|}#")])
		return false;
	if (!strncmp(url, "https://", 8))
		return url[8] && url[8] != '/' && url[8] != ':';
	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
		n = strlen(local[i]);
		if (!strncmp(url, local[i], n) && (!url[n] || url[n] == ':' || url[n] == '/') &&
		    !strchr(url, '@'))
			return true;
	}
	return false;
}

static char *endpoint(const json_t *root, const char *name, bool needed, struct mesh_error *err)
{
	const char *url = text_of(root, name);

	if (!url && !needed)
		return NULL;
	if (url && control_oidc_url_ok(url))
		return mesh_strdup(url);
	mesh_error_set(err, "the provider's \"%s\" is %s", name, url ? "no https URL" : "missing");
	return NULL;
}

static bool lists(const json_t *root, const char *name, const char *value)
{
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(root, name), i, item)
	{
		if (json_is_string(item) && !strcmp(json_string_value(item), value))
			return true;
	}
	return false;
}

bool control_oidc_discovery(struct control_oidc_provider *p, const struct control_config *config,
			    const char *text, size_t len, struct mesh_error *err)
{
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	const char *issuer = text_of(root, "issuer");
	bool ok;

	memset(p, 0, sizeof(*p));
	if (!issuer || strcmp(issuer, config->oidc.issuer)) {
		mesh_error_set(err, "the provider calls itself \"%.80s\", not \"%.80s\"",
			       issuer ? issuer : "", config->oidc.issuer);
		json_decref(root);
		return false;
	}
	p->userinfo = endpoint(root, "userinfo_endpoint", false, err);
	p->authorize = endpoint(root, "authorization_endpoint", true, err);
	p->token = p->authorize ? endpoint(root, "token_endpoint", true, err) : NULL;
	p->keys = p->token ? endpoint(root, "jwks_uri", true, err) : NULL;
	/* Left out means the header. */
	p->secret_post =
		lists(root, "token_endpoint_auth_methods_supported", "client_secret_post") &&
		!lists(root, "token_endpoint_auth_methods_supported", "client_secret_basic");
	ok = p->keys != NULL;
	json_decref(root);
	return ok;
}

void control_oidc_provider_free(struct control_oidc_provider *p)
{
	free(p->authorize);
	free(p->token);
	free(p->keys);
	free(p->userinfo);
	memset(p, 0, sizeof(*p));
}

static bool refuse(struct mesh_error *err, const char *why)
{
	mesh_error_set(err, "%s", why);
	return false;
}

/* "aud" is us, alone; or us among others, and the token was given to us. */
static bool audience_ok(const json_t *claims, const char *client)
{
	const json_t *aud = json_object_get(claims, "aud");
	const char *party = text_of(claims, "azp");

	if (json_object_get(claims, "azp") && (!party || strcmp(party, client)))
		return false;
	if (json_is_string(aud))
		return !strcmp(json_string_value(aud), client);
	return lists(claims, "aud", client) && (json_array_size(aud) == 1 || party);
}

static bool time_of(const json_t *claims, const char *name, double *t)
{
	const json_t *v = json_object_get(claims, name);

	*t = json_number_value(v);
	return json_is_number(v) && *t >= 0 && *t < 1e12;
}

bool control_oidc_claims(const json_t *claims, const struct control_config *config,
			 const char *nonce, int64_t now, struct mesh_error *err)
{
	const char *issuer = text_of(claims, "iss"), *subject = text_of(claims, "sub"),
		   *got = text_of(claims, "nonce");
	double t;

	if (!issuer || strcmp(issuer, config->oidc.issuer))
		return refuse(err, "the ID token is of another issuer");
	if (!audience_ok(claims, config->oidc.client_id))
		return refuse(err, "the ID token is for another audience");
	if (!time_of(claims, "exp", &t) || t <= (double)(now - LEEWAY))
		return refuse(err, "the ID token has expired");
	if (!time_of(claims, "iat", &t) || t > (double)(now + LEEWAY))
		return refuse(err, "the ID token is from the future");
	if (json_object_get(claims, "nbf") &&
	    (!time_of(claims, "nbf", &t) || t > (double)(now + LEEWAY)))
		return refuse(err, "the ID token is not valid yet");
	if (!got || strlen(got) != strlen(nonce) || !mesh_crypto_equal(got, nonce, strlen(nonce)))
		return refuse(err, "the ID token has another nonce: it is not of this login");
	if (!subject || !*subject || strlen(subject) > MAX_SUBJECT)
		return refuse(err, "the ID token has no usable \"sub\"");
	return true;
}

bool control_oidc_incomplete(const json_t *claims, const struct control_config *config)
{
	return !json_object_get(claims, "email") || !json_object_get(claims, "email_verified") ||
	       !json_object_get(claims, config->oidc.groups_claim) ||
	       !json_object_get(claims, config->oidc.name_claim);
}

/* A claim, from the token or else from the userinfo endpoint. */
static const json_t *claim(const json_t *claims, const json_t *info, const char *name)
{
	const json_t *v = json_object_get(claims, name);

	return v ? v : json_object_get(info, name);
}

static const char *claim_text(const json_t *claims, const json_t *info, const char *name)
{
	const char *s = json_string_value(claim(claims, info, name));

	return s && strlen(s) <= MAX_TEXT ? s : "";
}

/* The address and its verification go together: both from the same answer. */
static char *address(const json_t *claims, const json_t *info, bool must_be_verified)
{
	const json_t *from = json_object_get(claims, "email") ? claims : info;
	const json_t *verified = json_object_get(from, "email_verified");
	const char *email = text_of(from, "email");

	if (!email || strlen(email) > MAX_TEXT || !strchr(email, '@'))
		return mesh_strdup("");
	/* Some providers write it as a string. */
	if (must_be_verified && !json_is_true(verified) &&
	    !(json_is_string(verified) && !strcmp(json_string_value(verified), "true")))
		return mesh_strdup("");
	return mesh_strdup(email);
}

static char *groups_of(const json_t *list)
{
	struct mesh_buf out = {0};
	size_t i, n = 0;
	json_t *item;
	char *text;

	if (json_is_string(list)) {
		const char *one = json_string_value(list);

		if (*one && strlen(one) <= OIDC_MAX_GROUP && !strchr(one, '\n'))
			mesh_buf_str(&out, one);
	}
	json_array_foreach(list, i, item)
	{
		const char *name = json_string_value(item);

		if (!name || !*name || strlen(name) > OIDC_MAX_GROUP || strchr(name, '\n') ||
		    n == OIDC_MAX_GROUPS)
			continue;
		mesh_buf_printf(&out, "%s%s", n++ ? "\n" : "", name);
	}
	mesh_buf_add(&out, "", 1);
	text = mesh_strdup((char *)out.data);
	mesh_buf_free(&out);
	return text;
}

static bool has_line(const char *lines, const char *want)
{
	size_t len = strlen(want), n;

	for (; *lines; lines += n + (lines[n] == '\n')) {
		n = strcspn(lines, "\n");
		if (n == len && !memcmp(lines, want, n))
			return true;
	}
	return false;
}

/* What a user that is made now is called: a claim, if it can be a name, else from the subject. */
static char *user_name(const json_t *claims, const json_t *info, const struct control_identity *id,
		       const struct control_config *config)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@";
	const char *name = !strcmp(config->oidc.name_claim, "email")
				   ? id->email
				   : claim_text(claims, info, config->oidc.name_claim);
	uint8_t hash[32];
	char text[5 + 17] = "oidc-";

	if (*name && strlen(name) <= MAX_NAME && !name[strspn(name, allowed)] && *name != '-' &&
	    *name != '.')
		return mesh_strdup(name);
	mesh_crypto_hash(hash, id->issuer, strlen(id->issuer), id->subject, strlen(id->subject));
	mesh_text_hex(text + 5, hash, 8);
	return mesh_strdup(text);
}

static bool in_domain(const char *email, const mesh_strings *domains)
{
	const char *at = strrchr(email, '@');

	for (size_t i = 0; at && i < domains->n; i++)
		if (!strcasecmp(at + 1, domains->v[i]))
			return true;
	return false;
}

static bool is_among(const mesh_strings *addresses, const char *email)
{
	for (size_t i = 0; *email && i < addresses->n; i++)
		if (!strcasecmp(addresses->v[i], email))
			return true;
	return false;
}

static bool in_group(const mesh_strings *groups, const struct control_identity *id)
{
	for (size_t i = 0; i < groups->n; i++)
		if (has_line(id->groups, groups->v[i]))
			return true;
	return false;
}

static bool allowed(const struct control_identity *id, const struct control_config *config,
		    struct mesh_error *err)
{
	const mesh_strings *domains = &config->oidc.allowed_domains,
			   *users = &config->oidc.allowed_users,
			   *groups = &config->oidc.allowed_groups;

	if ((domains->n || users->n) && !*id->email)
		return refuse(err, "the provider gives no verified e-mail address");
	if (domains->n && !in_domain(id->email, domains)) {
		mesh_error_set(err, "%.120s is not in an allowed domain", id->email);
		return false;
	}
	if (users->n && !is_among(users, id->email)) {
		mesh_error_set(err, "%.120s is not an allowed user", id->email);
		return false;
	}
	if (groups->n && !in_group(groups, id)) {
		mesh_error_set(err, "%.120s is in no allowed group", id->name);
		return false;
	}
	return true;
}

bool control_oidc_identity(struct control_identity *id, const json_t *claims, const json_t *info,
			   const struct control_config *config, struct mesh_error *err)
{
	const char *subject = text_of(claims, "sub"), *other = text_of(info, "sub");

	memset(id, 0, sizeof(*id));
	/* An answer about somebody else is no answer. */
	if (info && (!other || strcmp(other, subject)))
		return refuse(err, "the provider's userinfo speaks of somebody else");
	id->issuer = config->oidc.issuer;
	id->subject = mesh_strdup(subject);
	id->email = address(claims, info, config->oidc.require_verified_email);
	id->display_name = mesh_strdup(claim_text(claims, info, "name"));
	id->groups = groups_of(claim(claims, info, config->oidc.groups_claim));
	id->name = user_name(claims, info, id, config);
	id->expires = (int64_t)json_number_value(json_object_get(claims, "exp"));
	return allowed(id, config, err);
}

bool control_oidc_is_admin(const struct control_identity *id, const struct control_config *config)
{
	return is_among(&config->oidc.admin_users, id->email) ||
	       in_group(&config->oidc.admin_groups, id);
}

void control_identity_free(struct control_identity *id)
{
	free(id->subject);
	free(id->name);
	free(id->display_name);
	free(id->email);
	free(id->groups);
	memset(id, 0, sizeof(*id));
}

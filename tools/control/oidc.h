/* SPDX-License-Identifier: GPL-2.0 */
/*
 * OpenID Connect, the parts that decide: what a provider says about itself, whether an ID token is
 * for us, who it speaks of, and whether the configuration lets that person in. Pure; the flow with
 * its requests and pages is in signin.c.
 */
#ifndef CONTROL_OIDC_H
#define CONTROL_OIDC_H

#include "config.h"
#include "jose.h"

#define OIDC_MAX_GROUPS 256
#define OIDC_MAX_GROUP	128 /* bytes of a name; longer ones are left out */

/* The discovery document, as far as it is used. */
struct control_oidc_provider {
	char *authorize; /* URLs */
	char *token;
	char *keys;
	char *userinfo;	  /* or NULL */
	bool secret_post; /* the secret goes into the body, not into a header */
};

/**
 * control_oidc_discovery() - read a discovery document
 * @p: result; control_oidc_provider_free() frees it, also after a failure
 * @config: names the issuer that it must be of
 * @text: JSON
 * @len: its length
 * @err: what is wrong
 */
bool control_oidc_discovery(struct control_oidc_provider *p, const struct control_config *config,
			    const char *text, size_t len, struct mesh_error *err);
void control_oidc_provider_free(struct control_oidc_provider *p);

/* Whether requests may go to this URL: https, or http to this machine itself. */
bool control_oidc_url_ok(const char *url);

/**
 * control_oidc_claims() - check the claims of an ID token whose signature is right
 * @claims: the payload
 * @config: issuer, client
 * @nonce: that this login was begun with
 * @now: the time
 * @err: what is wrong
 */
bool control_oidc_claims(const json_t *claims, const struct control_config *config,
			 const char *nonce, int64_t now, struct mesh_error *err);

/* Whether the ID token leaves out what is needed, so that the provider has to be asked for it. */
bool control_oidc_incomplete(const json_t *claims, const struct control_config *config);

/* Who signed in. */
struct control_identity {
	const char *issuer;
	char *subject; /* the provider's own name for the person; never another's */
	char *name;    /* for a user that is made now */
	char *display_name;
	char *email;	 /* "" unless it is to be believed */
	char *groups;	 /* one a line */
	int64_t expires; /* of the token */
};

/**
 * control_oidc_identity() - who the claims speak of, and whether that person may come in
 * @id: result; control_identity_free() frees it, also after a failure
 * @claims: of the ID token
 * @info: answer of the userinfo endpoint, or NULL; only fills what @claims leaves out
 * @config: rules
 * @err: why not
 */
bool control_oidc_identity(struct control_identity *id, const json_t *claims, const json_t *info,
			   const struct control_config *config, struct mesh_error *err);
/* Whether the configuration makes the person an administrator, who signs in on the web page. */
bool control_oidc_is_admin(const struct control_identity *id, const struct control_config *config);
void control_identity_free(struct control_identity *id);

#endif /* CONTROL_OIDC_H */

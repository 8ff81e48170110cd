// SPDX-License-Identifier: GPL-2.0
#include "session.h"
#include "server.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The prefix makes a browser refuse the cookie from anybody but this host over https. */
#define COOKIE	      "warren"
#define COOKIE_SECURE "__Host-warren"

static void forget(struct control_session **at)
{
	struct control_session *s = *at;

	*at = s->next;
	mesh_crypto_wipe(s, sizeof(*s));
	free(s);
}

static bool valid(struct control_server *srv, const struct control_session *s)
{
	int64_t now = control_now();
	const struct control_apikey *key = NULL;

	if (s->expires <= now || s->used + SESSION_IDLE <= now)
		return false;
	if (!s->key)
		return true;
	key = control_apikey_find(srv->state, s->key);
	return key && key->expires > now;
}

/* Takes out those that have ended, and the oldest when there are too many. */
static void tidy(struct control_server *srv)
{
	struct control_session **at = &srv->sessions;
	size_t n = 0;

	while (*at) {
		if (n < SESSION_MAX && valid(srv, *at)) {
			at = &(*at)->next;
			n++;
		} else {
			forget(at);
		}
	}
}

static void cookie_line(char *out, const char *value, bool secure, int64_t seconds)
{
	snprintf(out, SESSION_COOKIE,
		 "Set-Cookie: %s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%lld%s\r\n",
		 secure ? COOKIE_SECURE : COOKIE, value, (long long)seconds,
		 secure ? "; Secure" : "");
}

static void hash_token(uint8_t hash[SECRET_HASH], const char *token, size_t len)
{
	crypto_hash_sha256(hash, (const uint8_t *)token, len);
}

struct control_session *control_session_open(struct control_server *srv, const char *actor,
					     bool all, int64_t key, bool secure,
					     char cookie[SESSION_COOKIE])
{
	struct control_session *s = mesh_alloc(sizeof(*s));
	char token[SESSION_TOKEN + 1];

	control_secret_id(token, SESSION_TOKEN);
	control_secret_id(s->token, SESSION_TOKEN);
	hash_token(s->hash, token, SESSION_TOKEN);
	snprintf(s->actor, sizeof(s->actor), "%s", actor);
	s->key = key;
	s->all = all;
	s->used = control_now();
	s->expires = s->used + srv->config->session;
	s->next = srv->sessions;
	srv->sessions = s;
	tidy(srv);
	cookie_line(cookie, token, secure, srv->config->session);
	mesh_crypto_wipe(token, sizeof(token));
	return s;
}

struct control_session *control_session_find(struct control_server *srv,
					     const struct control_http *req)
{
	uint8_t hash[SECRET_HASH];
	const char *value;
	size_t len = 0;

	value = control_http_cookie(req, COOKIE_SECURE, &len);
	if (!value)
		value = control_http_cookie(req, COOKIE, &len);
	if (!value || len != SESSION_TOKEN)
		return NULL;
	hash_token(hash, value, len);
	tidy(srv);
	for (struct control_session *s = srv->sessions; s; s = s->next) {
		if (!control_secret_equal(s->hash, hash))
			continue;
		s->used = control_now();
		return s;
	}
	return NULL;
}

void control_session_close(struct control_server *srv, struct control_session *session, bool secure,
			   char cookie[SESSION_COOKIE])
{
	struct control_session **at = &srv->sessions;

	while (*at != session)
		at = &(*at)->next;
	forget(at);
	cookie_line(cookie, "", secure, 0);
}

void control_session_close_all(struct control_server *srv)
{
	while (srv->sessions)
		forget(&srv->sessions);
}

bool control_session_own_origin(const struct control_server *srv, const struct control_http *req)
{
	const char *origin = control_http_header(req, "Origin");
	const char *host = control_http_header(req, "Host");

	if (!origin)
		return false;
	/* A proxy may have put another name into Host. */
	if (!strcasecmp(origin, srv->config->server_url))
		return true;
	if (!host || !*host)
		return false;
	if (!strncasecmp(origin, "https://", 8))
		return !strcasecmp(origin + 8, host);
	return !strncasecmp(origin, "http://", 7) && !strcasecmp(origin + 7, host);
}

bool control_session_secure(const struct control_http *req)
{
	const char *origin = control_http_header(req, "Origin");

	return origin && !strncasecmp(origin, "https://", 8);
}

bool control_session_guards(const struct control_server *srv, const struct control_session *session,
			    const struct control_http *req)
{
	const char *token = control_http_header(req, SESSION_HEADER);

	return token && strlen(token) == SESSION_TOKEN &&
	       !sodium_memcmp(token, session->token, SESSION_TOKEN) &&
	       control_session_own_origin(srv, req);
}

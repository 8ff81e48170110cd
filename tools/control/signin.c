// SPDX-License-Identifier: GPL-2.0
#include "signin.h"
#include "fetch.h"
#include "hujson.h"
#include "log.h"
#include "oidc.h"
#include "page.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ATTEMPTS	1024
#define ATTEMPT_SECONDS 600
#define FRESH_SECONDS	3600 /* what the provider said about itself is believed for so long */
#define VISIT_SECONDS	50   /* four requests, each with its limit */
#define RANDOM_DIGITS	64
#define MAX_CODE	2048
#define COOKIE		"warren-login"

/* One person's login, from the first redirect to the answer on the last page. */
struct attempt {
	struct attempt *next;
	char login[LOGIN_ID_SIZE + 1]; /* of the device, or "" for the web page */
	char state[RANDOM_DIGITS + 1];
	char nonce[RANDOM_DIGITS + 1];
	char verifier[RANDOM_DIGITS + 1];
	char cookie[RANDOM_DIGITS + 1];
	int64_t created;
	bool spent; /* the provider sent the person back; nobody may do that again */
	bool known; /* .id says who it is */
	struct control_identity id;
};

/* A browser that waits for the provider's answers. */
struct visit {
	struct visit *next;
	struct control_signin *s;
	struct control_conn *conn; /* NULL when the browser left */
	struct control_fetch *fetch;
	char state[RANDOM_DIGITS + 1]; /* of the attempt, which may have been forgotten */
	char *code;
	char *id_token;
	char *access_token;
	json_t *claims;
	bool keys_renewed;
};

struct control_signin {
	struct control_server *srv;
	const struct control_config *config;
	struct control_fetcher *fetcher;
	struct attempt *attempts; /* newest first */
	size_t n_attempts;
	struct visit *visits;
	struct control_oidc_provider provider;
	int64_t provider_at; /* 0: not known */
	struct control_jose_keys *keys;
	int64_t keys_at;
};

static void free_attempt(struct attempt *a)
{
	control_identity_free(&a->id);
	mesh_crypto_wipe(a, sizeof(*a));
	free(a);
}

static void forget(struct control_signin *s, struct attempt *a)
{
	struct attempt **at = &s->attempts;

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	s->n_attempts--;
	free_attempt(a);
}

static struct attempt *find(struct control_signin *s, const char *state)
{
	for (struct attempt *a = s->attempts; a; a = a->next)
		if (!strcmp(a->state, state))
			return a;
	return NULL;
}

void control_signin_expire(struct control_signin *s)
{
	int64_t limit = control_now() - ATTEMPT_SECONDS;
	struct attempt *a, *next;

	for (a = s->attempts; a; a = next) {
		next = a->next;
		if (a->created < limit)
			forget(s, a);
	}
}

static void wipe_text(char *text)
{
	if (text)
		mesh_crypto_wipe(text, strlen(text));
	free(text);
}

static void end_visit(struct visit *v)
{
	struct visit **at = &v->s->visits;

	while (*at != v)
		at = &(*at)->next;
	*at = v->next;
	if (v->conn) {
		v->conn->handler = &control_outer_handler;
		v->conn->handler_data = NULL;
	}
	control_fetch_cancel(v->fetch);
	wipe_text(v->code);
	wipe_text(v->id_token);
	wipe_text(v->access_token);
	json_decref(v->claims);
	free(v);
}

static void visit_data(struct control_conn *conn)
{
	conn->in.len = 0;
}

static void visit_closed(struct control_conn *conn)
{
	struct visit *v = conn->handler_data;

	v->conn = NULL;
	end_visit(v);
}

static const struct control_handler visiting = {visit_data, NULL, visit_closed};

/* The connection waits from here on. */
static struct visit *begin_visit(struct control_signin *s, struct control_conn *conn,
				 const struct attempt *a)
{
	struct visit *v = mesh_alloc(sizeof(*v));

	v->s = s;
	v->conn = conn;
	memcpy(v->state, a->state, sizeof(v->state));
	v->next = s->visits;
	s->visits = v;
	mesh_buf_free(&conn->in);
	conn->handler = &visiting;
	conn->handler_data = v;
	control_conn_deadline(conn, VISIT_SECONDS);
	return v;
}

static void origin_of(const struct control_conn *conn, char out[MESH_ADDR_TEXT])
{
	*out = 0;
	if (conn->peer.ip.family)
		mesh_text_ip(out, &conn->peer.ip);
}

/* Ends a visit with a refusal: a page, the log, the audit log. */
static void fail(struct visit *v, int status, const char *who, const char *why)
{
	struct control_server *srv = v->s->srv;
	struct control_conn *conn = v->conn;
	struct attempt *a = find(v->s, v->state);
	char origin[MESH_ADDR_TEXT];

	origin_of(conn, origin);
	control_log(LOG_WARN, "login by the identity provider failed: %s", why);
	control_server_refused(srv, who, origin, why);
	if (status == 403)
		control_limiter_take(&srv->failures, &conn->peer.ip, uv_now(&srv->loop));
	if (a)
		forget(v->s, a);
	end_visit(v);
	control_page_message(conn, NULL, status,
			     status == 403 ? "You were not let in" : "The login failed", why);
}

static void ask(struct visit *v, const struct control_fetch_request *req, control_fetch_done *done)
{
	v->fetch = control_fetch_start(v->s->fetcher, req, done, v);
	if (!v->fetch)
		fail(v, 503, "oidc", "too many logins are under way; try again in a moment");
}

/* Percent-encodes all but unreserved characters. */
static void escape(struct mesh_buf *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    strchr("-._~", c))
			mesh_buf_add(out, text, 1);
		else
			mesh_buf_printf(out, "%%%02X", c);
	}
}

static void parameter(struct mesh_buf *out, const char *name, const char *value)
{
	mesh_buf_str(out, "&");
	escape(out, name);
	mesh_buf_str(out, "=");
	escape(out, value);
}

static void redirect_uri(struct mesh_buf *out, const struct control_config *config)
{
	struct mesh_buf uri = {0};

	mesh_buf_printf(&uri, "%s/oidc/callback", config->server_url);
	mesh_buf_add(&uri, "", 1);
	parameter(out, "redirect_uri", (char *)uri.data);
	mesh_buf_free(&uri);
}

/* Sends the browser to the provider. */
static void send_away(struct control_signin *s, struct control_conn *conn, const struct attempt *a)
{
	const struct control_config *config = s->config;
	uint8_t hash[crypto_hash_sha256_BYTES];
	char challenge[sodium_base64_ENCODED_LEN(sizeof(hash),
						 sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
	struct mesh_buf extra = {0}, page = {0}, scope = {0};

	crypto_hash_sha256(hash, (const uint8_t *)a->verifier, RANDOM_DIGITS);
	sodium_bin2base64(challenge, sizeof(challenge), hash, sizeof(hash),
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	for (size_t i = 0; i < config->oidc.scopes.n; i++)
		mesh_buf_printf(&scope, "%s%s", i ? " " : "", config->oidc.scopes.v[i]);
	mesh_buf_add(&scope, "", 1);
	mesh_buf_printf(&extra, "Location: %s%cresponse_type=code", s->provider.authorize,
			strchr(s->provider.authorize, '?') ? '&' : '?');
	parameter(&extra, "client_id", config->oidc.client_id);
	redirect_uri(&extra, config);
	parameter(&extra, "scope", (char *)scope.data);
	parameter(&extra, "state", a->state);
	parameter(&extra, "nonce", a->nonce);
	parameter(&extra, "code_challenge", challenge);
	parameter(&extra, "code_challenge_method", "S256");
	for (size_t i = 0; i < config->oidc.params.n; i++)
		parameter(&extra, config->oidc.params.v[i].key, config->oidc.params.v[i].value);
	/* Lax: the provider's redirect is to carry it. */
	mesh_buf_printf(
		&extra,
		"\r\nSet-Cookie: %s=%s; Path=/oidc; HttpOnly; SameSite=Lax; Max-Age=%d%s\r\n",
		COOKIE, a->cookie, ATTEMPT_SECONDS, config->server_tls ? "; Secure" : "");
	mesh_buf_add(&extra, "", 1);
	control_page_begin(&page, "To the identity provider");
	control_page_send(conn, NULL, 303, &page, (char *)extra.data);
	mesh_buf_free(&scope);
	mesh_buf_free(&extra);
}

static void on_discovery(void *ctx, const char *body, size_t len, const char *why)
{
	struct visit *v = ctx;
	struct control_signin *s = v->s;
	struct control_conn *conn = v->conn;
	struct control_oidc_provider p = {0};
	struct attempt *a = find(s, v->state);
	struct mesh_error err;

	v->fetch = NULL;
	if (!body || !control_oidc_discovery(&p, s->config, body, len, &err)) {
		control_oidc_provider_free(&p);
		fail(v, 502, "oidc", body ? err.text : why);
		return;
	}
	control_oidc_provider_free(&s->provider);
	s->provider = p;
	s->provider_at = control_now();
	if (!a) {
		fail(v, 410, "oidc", "the login took too long; start it again");
		return;
	}
	end_visit(v);
	send_away(s, conn, a);
}

static struct attempt *new_attempt(struct control_signin *s, const char *login)
{
	struct attempt *a = mesh_alloc(sizeof(*a)), *oldest;

	if (s->n_attempts == MAX_ATTEMPTS) {
		for (oldest = s->attempts; oldest->next; oldest = oldest->next)
			;
		forget(s, oldest);
	}
	snprintf(a->login, sizeof(a->login), "%s", login);
	control_secret_id(a->state, RANDOM_DIGITS);
	control_secret_id(a->nonce, RANDOM_DIGITS);
	control_secret_id(a->verifier, RANDOM_DIGITS);
	control_secret_id(a->cookie, RANDOM_DIGITS);
	a->created = control_now();
	a->next = s->attempts;
	s->attempts = a;
	s->n_attempts++;
	return a;
}

/* A login for a device, or for the web page with @login "". */
static void begin(struct control_signin *s, struct control_conn *conn,
		  const struct control_http *req, const char *login)
{
	struct mesh_buf url = {0};
	struct attempt *a;
	struct visit *v;

	if (!control_limiter_take(&s->srv->handshakes, &conn->peer.ip, uv_now(&s->srv->loop))) {
		control_page_message(conn, req, 429, "Too many logins",
				     "Too many logins were begun from your address. Try again in "
				     "a moment.");
		return;
	}
	a = new_attempt(s, login);
	if (s->provider_at && s->provider_at > control_now() - FRESH_SECONDS) {
		send_away(s, conn, a);
		return;
	}
	v = begin_visit(s, conn, a);
	mesh_buf_str(&url, s->config->oidc.issuer);
	if (url.data[url.len - 1] == '/')
		url.len--;
	mesh_buf_str(&url, "/.well-known/openid-configuration");
	mesh_buf_add(&url, "", 1);
	ask(v, &(struct control_fetch_request){.url = (char *)url.data}, on_discovery);
	mesh_buf_free(&url);
}

static void begin_device(struct control_signin *s, struct control_conn *conn,
			 const struct control_http *req)
{
	char id[LOGIN_ID_SIZE + 1];

	if (control_http_query(req->query, "id", id, sizeof(id)) &&
	    control_login_find(s->srv->login, id))
		begin(s, conn, req, id);
	else
		control_page_message(conn, req, 404, "Add a device",
				     "No device is waiting under this address. Start the login "
				     "again on the device.");
}

static void begin_admin(struct control_signin *s, struct control_conn *conn,
			const struct control_http *req)
{
	if (control_signin_admins(s))
		begin(s, conn, req, "");
	else
		control_page_message(conn, req, 404, "Nothing here",
				     "The configuration names no administrators.");
}

/* The cookie's value; false when the browser has none. */
static bool cookie(const struct control_http *req, char out[RANDOM_DIGITS + 1])
{
	const char *p = control_http_header(req, "Cookie");

	for (; p; p = strchr(p, ';')) {
		p += strspn(p, "; ");
		if (strncmp(p, COOKIE "=", sizeof(COOKIE)))
			continue;
		p += sizeof(COOKIE);
		if (strcspn(p, "; ") != RANDOM_DIGITS)
			return false;
		memcpy(out, p, RANDOM_DIGITS);
		out[RANDOM_DIGITS] = 0;
		return true;
	}
	return false;
}

/* The attempt that this browser began; else NULL, and it was told. */
static struct attempt *own_attempt(struct control_signin *s, struct control_conn *conn,
				   const struct control_http *req, const char *parameters)
{
	char state[RANDOM_DIGITS + 1], value[RANDOM_DIGITS + 1];
	struct attempt *a = NULL;

	if (control_http_query(parameters, "state", state, sizeof(state)))
		a = find(s, state);
	if (a && cookie(req, value) && mesh_crypto_equal(value, a->cookie, RANDOM_DIGITS))
		return a;
	control_page_message(conn, req, 400, "The login failed",
			     "This login was not begun in this browser, or took too long. Open "
			     "the address that the device shows again.");
	return NULL;
}

/* Asks the person. */
static void show_confirmation(struct visit *v, struct attempt *a)
{
	struct control_pending *p = control_login_find(v->s->srv->login, a->login);
	struct control_conn *conn = v->conn;
	struct mesh_buf page = {0};

	if (!p) {
		fail(v, 410, a->id.name, "the device is not waiting any more; start it again");
		return;
	}
	a->known = true;
	end_visit(v);
	control_page_begin(&page, "Is this device yours?");
	control_page_device(&page, p);
	mesh_buf_str(&page, "<p>You are signed in as <b>");
	control_page_text(&page, *a->id.email ? a->id.email : a->id.name);
	mesh_buf_printf(&page,
			"</b>.</p><p>If you did not start this login yourself, on this device, "
			"somebody wants to get in as you.</p>"
			"<form method=\"post\" action=\"/oidc/confirm\">"
			"<input type=\"hidden\" name=\"state\" value=\"%s\">"
			"<button name=\"answer\" value=\"add\">Add this device</button>"
			"<button name=\"answer\" value=\"refuse\">It is not mine</button></form>",
			a->state);
	control_page_send(conn, NULL, 200, &page, NULL);
}

/* The browser gets a session of the web page. */
static void open_session(struct visit *v, struct attempt *a)
{
	struct control_server *srv = v->s->srv;
	const char *who = *a->id.email ? a->id.email : a->id.name;
	char actor[SESSION_ACTOR], origin[MESH_ADDR_TEXT];
	char cookie[SESSION_COOKIE], extra[SESSION_COOKIE + 40];
	struct control_conn *conn = v->conn;
	struct mesh_buf page = {0};
	struct mesh_error err;

	if (!control_oidc_is_admin(&a->id, v->s->config)) {
		fail(v, 403, who, "you are no administrator");
		return;
	}
	snprintf(actor, sizeof(actor), "%.60s (web page)", who);
	mesh_text_repair(actor);
	origin_of(conn, origin);
	control_db_actor(srv->state->db, actor, origin);
	if (control_db_audit(srv->state->db, &err, "session.open", "", "by oidc") < 0) {
		fail(v, 500, who, err.text);
		return;
	}
	control_session_open(srv, actor, true, 0, conn->ssl || v->s->config->server_tls, cookie);
	forget(v->s, a);
	end_visit(v);
	snprintf(extra, sizeof(extra), "Location: /admin/\r\n%s", cookie);
	control_page_begin(&page, "Signed in");
	control_page_send(conn, NULL, 303, &page, extra);
	mesh_crypto_wipe(cookie, sizeof(cookie));
	mesh_crypto_wipe(extra, sizeof(extra));
}

/* Everything is there: who is it, and may they come in? */
static void identify(struct visit *v, const json_t *info)
{
	struct attempt *a = find(v->s, v->state);
	char who[160];
	struct mesh_error err;

	if (!a) {
		fail(v, 410, "oidc", "the login took too long; start it again");
		return;
	}
	if (control_oidc_identity(&a->id, v->claims, info, v->s->config, &err)) {
		if (*a->login)
			show_confirmation(v, a);
		else
			open_session(v, a);
		return;
	}
	snprintf(who, sizeof(who), "oidc %s", a->id.name && *a->id.name ? a->id.name : "");
	fail(v, 403, who, err.text);
}

static void on_userinfo(void *ctx, const char *body, size_t len, const char *why)
{
	struct visit *v = ctx;
	json_t *info = body ? json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL) : NULL;

	v->fetch = NULL;
	if (json_is_object(info))
		identify(v, info);
	else
		fail(v, 502, "oidc", why ? why : "the provider's userinfo is no JSON object");
	json_decref(info);
}

static void check_token(struct visit *v);

static void on_keys(void *ctx, const char *body, size_t len, const char *why)
{
	struct visit *v = ctx;
	struct control_signin *s = v->s;
	struct control_jose_keys *keys;
	struct mesh_error err;

	v->fetch = NULL;
	keys = body ? control_jose_keys_parse(body, len, &err) : NULL;
	if (!keys) {
		fail(v, 502, "oidc", body ? err.text : why);
		return;
	}
	control_jose_keys_free(s->keys);
	s->keys = keys;
	s->keys_at = control_now();
	check_token(v);
}

static void check_token(struct visit *v)
{
	struct control_signin *s = v->s;
	struct attempt *a = find(s, v->state);
	bool unknown = true, stale = s->keys_at <= control_now() - FRESH_SECONDS;
	struct mesh_error err = {"the provider's keys are not known"};

	if (!a) {
		fail(v, 410, "oidc", "the login took too long; start it again");
		return;
	}
	if (s->keys && (!stale || v->keys_renewed))
		v->claims = control_jose_verify(s->keys, v->id_token, &unknown, &err);
	/* A login costs one request for keys at most, whatever its token says. */
	if (!v->claims && unknown && !v->keys_renewed) {
		v->keys_renewed = true;
		ask(v, &(struct control_fetch_request){.url = s->provider.keys}, on_keys);
		return;
	}
	if (!v->claims ||
	    !control_oidc_claims(v->claims, s->config, a->nonce, control_now(), &err)) {
		fail(v, 403, "oidc", err.text);
		return;
	}
	if (s->provider.userinfo && v->access_token &&
	    control_oidc_incomplete(v->claims, s->config))
		ask(v,
		    &(struct control_fetch_request){.url = s->provider.userinfo,
						    .bearer = v->access_token},
		    on_userinfo);
	else
		identify(v, NULL);
}

static char *take_text(const json_t *root, const char *name)
{
	const char *text = json_string_value(json_object_get(root, name));

	/* It becomes part of a header. */
	return text && *text && strlen(text) <= JOSE_MAX_TOKEN && !strpbrk(text, "\r\n")
		       ? mesh_strdup(text)
		       : NULL;
}

static void on_token(void *ctx, const char *body, size_t len, const char *why)
{
	struct visit *v = ctx;
	json_t *root = body ? json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL) : NULL;

	v->fetch = NULL;
	v->id_token = take_text(root, "id_token");
	v->access_token = take_text(root, "access_token");
	json_decref(root);
	if (v->id_token)
		check_token(v);
	else
		fail(v, 502, "oidc", why ? why : "the provider gave no ID token");
}

/* The secret without the newline that editors leave. NULL with @err. */
static const char *load_secret(struct mesh_arena *arena, const struct control_config *config,
			       struct mesh_error *err)
{
	size_t len;
	char *text = control_hujson_load(arena, config->oidc.secret_file, 4096, &len, err);

	if (!text)
		return NULL;
	text = mesh_arena_strdup(arena, text, len);
	text[strcspn(text, "\r\n")] = 0;
	if (*text)
		return text;
	mesh_error_set(err, "%s: the client secret is empty", config->oidc.secret_file);
	return NULL;
}

/* Trades the code for tokens. */
static void redeem(struct visit *v, const struct attempt *a)
{
	const struct control_config *config = v->s->config;
	struct mesh_buf form = {0}, id = {0}, password = {0};
	struct control_fetch_request req = {.url = v->s->provider.token};
	struct mesh_arena arena = {0};
	const char *secret = NULL;
	struct mesh_error err;

	if (config->oidc.secret_file && !(secret = load_secret(&arena, config, &err))) {
		fail(v, 500, "oidc", err.text);
		mesh_arena_free(&arena);
		return;
	}
	mesh_buf_str(&form, "grant_type=authorization_code");
	parameter(&form, "code", v->code);
	redirect_uri(&form, config);
	parameter(&form, "code_verifier", a->verifier);
	if (!secret || v->s->provider.secret_post)
		parameter(&form, "client_id", config->oidc.client_id);
	if (secret && v->s->provider.secret_post) {
		parameter(&form, "client_secret", secret);
	} else if (secret) {
		escape(&id, config->oidc.client_id);
		escape(&password, secret);
		mesh_buf_add(&id, "", 1);
		mesh_buf_add(&password, "", 1);
		req.user = (char *)id.data;
		req.password = (char *)password.data;
	}
	mesh_buf_add(&form, "", 1);
	req.form = (char *)form.data;
	ask(v, &req, on_token);
	mesh_buf_free(&form);
	mesh_buf_free(&id);
	mesh_buf_free(&password);
	mesh_arena_free(&arena);
}

static void callback(struct control_signin *s, struct control_conn *conn,
		     const struct control_http *req)
{
	struct attempt *a = own_attempt(s, conn, req, req->query);
	char code[MAX_CODE], issuer[MAX_CODE], error[200] = "";
	bool has_code, mixed_up;
	struct visit *v;

	if (!a)
		return;
	if (a->spent) {
		control_page_message(conn, req, 400, "The login failed",
				     "This page was opened already. Start again with the address "
				     "that the device shows.");
		return;
	}
	a->spent = true;
	has_code = control_http_query(req->query, "code", code, sizeof(code)) && *code;
	control_http_query(req->query, "error", error, sizeof(error));
	/* RFC 9207: an answer that another provider sent. */
	mixed_up = control_http_query(req->query, "iss", issuer, sizeof(issuer)) &&
		   strcmp(issuer, s->config->oidc.issuer);
	v = begin_visit(s, conn, a);
	if (mixed_up || *error || !has_code || !s->provider_at) {
		struct mesh_error err;

		mesh_error_set(&err, "%s%.120s",
			       mixed_up	  ? "the answer is of another provider"
			       : *error	  ? "the provider says: "
			       : has_code ? "the server was started again; begin anew"
					  : "the provider sent no code",
			       mixed_up ? "" : error);
		fail(v, 403, "oidc", err.text);
		return;
	}
	v->code = mesh_strdup(code);
	mesh_crypto_wipe(code, sizeof(code));
	redeem(v, a);
}

/* The device comes in as the person's. */
static void let_in(struct control_signin *s, struct control_conn *conn,
		   const struct control_http *req, struct attempt *a, struct control_pending *p)
{
	struct control_server *srv = s->srv;
	char origin[MESH_ADDR_TEXT];
	struct control_node *node = NULL;
	struct control_user *user;
	struct mesh_error err;
	int64_t expires = 0;

	origin_of(conn, origin);
	control_db_actor(srv->state->db, a->id.name, origin);
	if (s->config->oidc.expiry_from_token)
		expires = a->id.expires;
	else if (s->config->node_expiry)
		expires = control_now() + s->config->node_expiry;
	user = control_state_sign_in(srv->state, &a->id, &err);
	if (user)
		node = control_login_admit(srv->login, p, user, "oidc", expires, &err);
	if (node) {
		control_page_message(conn, req, 200, "The device is in",
				     "It belongs to the mesh now. You can close this page.");
		return;
	}
	control_log(LOG_WARN, "login by the identity provider failed: %s", err.text);
	control_server_refused(srv, a->id.name, origin, err.text);
	control_page_message(conn, req, 403, "You were not let in", err.text);
}

static void confirm(struct control_signin *s, struct control_conn *conn,
		    const struct control_http *req)
{
	struct control_pending *p;
	struct attempt *a;
	char *form = mesh_alloc(req->body_len + 1), answer[8] = "";

	memcpy(form, req->body, req->body_len);
	a = own_attempt(s, conn, req, form);
	control_http_query(form, "answer", answer, sizeof(answer));
	free(form);
	if (!a)
		return;
	p = control_login_find(s->srv->login, a->login);
	if (!a->known || !p) {
		control_page_message(conn, req, 410, "The login failed",
				     "The device is not waiting any more. Start the login again.");
	} else if (!strcmp(answer, "add")) {
		let_in(s, conn, req, a, p);
	} else {
		char origin[MESH_ADDR_TEXT];

		origin_of(conn, origin);
		control_server_refused(s->srv, a->id.name, origin,
				       "the person says that the device is not theirs");
		control_login_reject(s->srv->login, p);
		control_page_message(conn, req, 200, "The device stays out",
				     "Whoever started this login was refused.");
	}
	forget(s, a);
}

bool control_signin_admins(const struct control_signin *s)
{
	return s->config->web && (s->config->oidc.admin_users.n || s->config->oidc.admin_groups.n);
}

void control_signin_request(struct control_signin *s, struct control_conn *conn,
			    const struct control_http *req)
{
	bool get = !strcmp(req->method, "GET"), post = !strcmp(req->method, "POST");

	if (!control_limiter_has(&s->srv->failures, &conn->peer.ip, uv_now(&s->srv->loop)))
		control_page_message(conn, req, 429, "Too many logins",
				     "Too many logins from your address were refused.");
	else if (get && !strcmp(req->path, "/oidc/login"))
		begin_device(s, conn, req);
	else if (get && !strcmp(req->path, "/oidc/admin"))
		begin_admin(s, conn, req);
	else if (get && !strcmp(req->path, "/oidc/callback"))
		callback(s, conn, req);
	else if (post && !strcmp(req->path, "/oidc/confirm"))
		confirm(s, conn, req);
	else
		control_page_message(conn, req, 404, "Nothing here", "There is nothing here.");
}

struct control_signin *control_signin_new(struct control_server *srv, struct mesh_error *err)
{
	struct control_signin *s;
	struct mesh_arena arena = {0};
	bool ok = !srv->config->oidc.secret_file || load_secret(&arena, srv->config, err);

	mesh_arena_free(&arena);
	if (!ok)
		return NULL;
	s = mesh_alloc(sizeof(*s));
	s->srv = srv;
	s->config = srv->config;
	s->fetcher = control_fetcher_new(&srv->loop, srv->config->oidc.ca_file);
	return s;
}

void control_signin_free(struct control_signin *s)
{
	if (!s)
		return;
	while (s->visits)
		end_visit(s->visits);
	while (s->attempts)
		forget(s, s->attempts);
	control_fetcher_free(s->fetcher);
	control_oidc_provider_free(&s->provider);
	control_jose_keys_free(s->keys);
	free(s);
}

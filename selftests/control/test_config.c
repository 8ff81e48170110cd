// SPDX-License-Identifier: GPL-2.0
/* HuJSON, the configuration file, tokens, HTTP. */
#include "hujson.h"
#include "http.h"
#include "ktap.h"
#include "limiter.h"
#include "secret.h"
#include "world.h"

#include <stdlib.h>
#include <unistd.h>

static const char *parse_error(const char *text)
{
	static struct mesh_error err;
	struct mesh_arena arena = {0};
	bool ok = control_hujson_parse(&arena, text, strlen(text), &err);

	mesh_arena_free(&arena);
	return ok ? "(no error)" : err.text;
}

TEST(hujson_reads_comments_and_trailing_commas)
{
	static const char text[] = "// head\n{ /* a\n b */ \"a\": [1, -2.5e1, \"x\\u00e9\\n\",],\n"
				   "  \"b\": {\"c\": null, \"d\": true,},\n}\n";
	struct mesh_arena arena = {0};
	struct mesh_error err;
	const struct control_hujson *v = control_hujson_parse(&arena, text, strlen(text), &err), *a;

	EXPECT(v && v->type == HUJSON_OBJECT && v->n == 2);
	a = control_hujson_get(v, "a");
	EXPECT(a && a->type == HUJSON_ARRAY && a->n == 3);
	EXPECT(a->first->next->number == -25);
	EXPECT_STR(a->first->next->next->string, "x\xc3\xa9\n");
	a = control_hujson_get(control_hujson_get(v, "b"), "d");
	EXPECT(a && a->boolean);
	EXPECT(a->line == 4 && a->column == 25);
	mesh_arena_free(&arena);
}

TEST(hujson_errors_have_line_and_column)
{
	EXPECT_STR(parse_error("{\n  \"a\": 1\n  \"b\": 2}"),
		   "line 3, column 3: ',' or '}' was expected");
	EXPECT_STR(parse_error("[1 2]"), "line 1, column 4: ',' or ']' was expected");
	EXPECT_STR(parse_error("{\"a\": 1, \"a\": 2}"),
		   "line 1, column 13: this name appears twice in the object");
	EXPECT_STR(parse_error("/* open"), "line 1, column 8: the comment does not end");
	EXPECT_STR(parse_error("\"open"), "line 1, column 6: the string does not end");
	EXPECT_STR(parse_error("\"\\ud800\""), "line 1, column 8: half of a surrogate pair");
	EXPECT_STR(parse_error("01"),
		   "line 1, column 2: nothing more was expected after the value");
	EXPECT_STR(parse_error(""), "line 1, column 1: a value was expected");
	EXPECT_STR(parse_error("nul"), "line 1, column 1: a value was expected");
	EXPECT(strstr(
		parse_error("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["),
		"nested too deeply"));
}

/* The error for a configuration file of this text; "" when it loads. */
static const char *config_error(const char *text)
{
	static struct mesh_error err;
	char path[] = "/tmp/warren-control-conf-XXXXXX";
	int fd = mkstemp(path);
	struct control_config *c;

	err.text[0] = 0;
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return "cannot write";
	close(fd);
	c = control_config_load(path, &err);
	unlink(path);
	control_config_free(c);
	return strchr(err.text, ' ') ? strchr(err.text, ' ') + 1 : "";
}

TEST(config_of_nothing_has_defaults)
{
	struct mesh_error err;
	struct control_config *c = control_config_load(NULL, &err);

	EXPECT(c && c->node_expiry == 180 * 86400 && c->relay.enabled && c->dns.magic);
	EXPECT(!strncmp(c->server_url, "http://", 7) && c->server_port == 8080);
	EXPECT_STR(c->database, "/var/lib/warren-control/control.sqlite");
	control_config_free(c);
}

TEST(config_mistakes_are_named)
{
	EXPECT_STR(config_error("{}"), "");
	EXPECT_STR(config_error("{\"listne\": 1}"), "line 1, column 12: unknown key \"listne\"");
	EXPECT_STR(config_error("{\"dns\": {\n\"magic\": 1}}"),
		   "line 2, column 10: \"magic\" must be true or false, not a number");
	EXPECT_STR(config_error("{\"nodes\": {\"expiry\": \"1 year\"}}"),
		   "line 1, column 22: \"expiry\" must be a duration like \"30m\", \"12h\", "
		   "\"180d\" or "
		   "\"0\", not a string");
	EXPECT_STR(config_error("{\"addresses\": {\"ipv4\": \"100.64.0.1/10\"}}"),
		   "line 1, column 24: \"ipv4\" must be an IPv4 prefix with zero host bits, not a "
		   "string");
	EXPECT(strstr(config_error("{\"server_url\": \"ftp://x\"}"), "must begin with http"));
	EXPECT(strstr(config_error("{\"server_url\": \"https://x/y\"}"), "a host and a port only"));
	EXPECT(strstr(config_error("{\"tls\": {\"certificate\": \"/x\"}}"), "needs both"));
	EXPECT(strstr(config_error("{\"dns\": {\"base_domain\": \"single\"}}"), "two labels"));
	EXPECT(strstr(
		config_error(
			"{\"server_url\": \"https://a.b\", \"dns\": {\"base_domain\": \"a.b\"}}"),
		"could not find the server"));
	EXPECT(strstr(config_error("{\"relay\": {\"region_id\": 70000}}"), "from 1 to 65535"));
	EXPECT(strstr(config_error("[]"), "must be an object"));
}

TEST(config_of_an_identity_provider)
{
#define OIDC "\"server_url\": \"https://m.example\", \"oidc\": {\"issuer\": "
	EXPECT_STR(config_error("{" OIDC "\"https://id.example\", \"client_id\": \"x\"}}"), "");
	EXPECT(strstr(config_error("{" OIDC "\"https://id.example\"}}"), "needs both"));
	EXPECT(strstr(config_error("{" OIDC "\"http://id.example\", \"client_id\": \"x\"}}"),
		      "must be an https URL"));
	EXPECT(strstr(config_error("{" OIDC "\"https://id.example\", \"client_id\": \"x\", "
				   "\"scopes\": [\"email\"]}}"),
		      "needs \"openid\""));
	EXPECT(strstr(config_error("{" OIDC "\"https://id.example\", \"client_id\": \"x\", "
				   "\"parameters\": {\"nonce\": \"1\"}}}"),
		      "\"nonce\" cannot be set here"));
	EXPECT(strstr(config_error("{\"server_url\": \"http://m.example\", \"oidc\": {\"issuer\": "
				   "\"https://id.example\", \"client_id\": \"x\"}}"),
		      "begins with https://"));
}

TEST(config_durations)
{
	int64_t s;

	EXPECT(control_config_duration("90s", &s) && s == 90);
	EXPECT(control_config_duration("180d", &s) && s == 180 * 86400);
	EXPECT(control_config_duration("0", &s) && s == 0);
	EXPECT(!control_config_duration("5", &s) && !control_config_duration("-5s", &s));
	EXPECT(!control_config_duration("5x", &s) && !control_config_duration("5mm", &s));
	EXPECT(!control_config_duration("99999999999999999999s", &s));
}

TEST(secret_is_recognised_and_no_other)
{
	char text[SECRET_TEXT], prefix[SECRET_PREFIX + 1], again[SECRET_PREFIX + 1];
	uint8_t hash[SECRET_HASH], other[SECRET_HASH];

	control_secret_new("auth", text, prefix, hash);
	EXPECT(control_secret_parse("auth", text, again, other));
	EXPECT(!strcmp(prefix, again) && control_secret_equal(hash, other));
	EXPECT(!control_secret_parse("api", text, again, other));
	text[strlen(text) - 1] ^= 1;
	EXPECT(control_secret_parse("auth", text, again, other) ? !control_secret_equal(hash, other)
								: true);
	text[strlen(text) - 1] = 0;
	EXPECT(!control_secret_parse("auth", text, again, other));
	EXPECT(!control_secret_parse("auth", "", again, other));
}

TEST(http_request_in_pieces)
{
	static const char text[] =
		"\r\nPOST /a/b?x=1&y=%20z HTTP/1.1\r\nHost: h\r\nUPGRADE:  derp \r\n"
		"Connection: keep-alive, Upgrade\r\nContent-Length: 3\r\n\r\nabcNEXT";
	size_t whole = sizeof(text) - 1 - 4;
	struct control_http r;
	char buf[256], value[16];

	for (size_t n = 0; n < whole; n++) {
		memcpy(buf, text, n);
		EXPECT(control_http_parse(&r, buf, n) == 0);
	}
	memcpy(buf, text, sizeof(text));
	EXPECT(control_http_parse(&r, buf, sizeof(text) - 1) == (long)whole);
	EXPECT_STR(r.method, "POST");
	EXPECT_STR(r.path, "/a/b");
	EXPECT_STR(control_http_header(&r, "Upgrade"), "derp");
	EXPECT(control_http_has_token(&r, "connection", "upgrade"));
	EXPECT(!control_http_has_token(&r, "connection", "close"));
	EXPECT(r.body_len == 3 && !memcmp(r.body, "abc", 3) && r.keep_alive);
	EXPECT(control_http_query(r.query, "y", value, sizeof(value)));
	EXPECT_STR(value, " z");
	EXPECT(!control_http_query(r.query, "z", value, sizeof(value)));
}

static int http_status(const char *text)
{
	static char buf[HTTP_MAX_HEAD + 1024];
	struct control_http r;
	size_t len = strlen(text);

	memcpy(buf, text, len);
	return control_http_parse(&r, buf, len) < 0 ? r.status : 0;
}

TEST(http_bad_requests_are_refused)
{
	static char big[HTTP_MAX_HEAD + 100];

	EXPECT(http_status("GET\r\n\r\n") == 400);
	EXPECT(http_status("GET / HTTP/2.0\r\n\r\n") == 400);
	EXPECT(http_status("GET x HTTP/1.1\r\n\r\n") == 400);
	EXPECT(http_status("GET / HTTP/1.1\r\nBad Header: x\r\n\r\n") == 400);
	EXPECT(http_status("GET / HTTP/1.1\r\nno colon\r\n\r\n") == 400);
	EXPECT(http_status("GET / HTTP/1.1\r\nA: b\x01\r\n\r\n") == 400);
	EXPECT(http_status("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n") == 400);
	EXPECT(http_status("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n") ==
	       400);
	EXPECT(http_status("POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n") == 413);
	EXPECT(http_status("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n") == 501);
	memset(big, 'a', sizeof(big) - 1);
	EXPECT(http_status(big) == 431);
}

TEST(limiter_is_per_address_and_refills)
{
	struct control_limiter l;
	struct mesh_ip a = mesh_text_ip4(0x0a000001), b = mesh_text_ip4(0x0a000002);

	control_limiter_init(&l, 1, 3);
	for (int i = 0; i < 3; i++)
		EXPECT(control_limiter_take(&l, &a, 1000));
	EXPECT(!control_limiter_take(&l, &a, 1000));
	EXPECT(control_limiter_take(&l, &b, 1000));
	EXPECT(!control_limiter_take(&l, &a, 1900));
	EXPECT(control_limiter_take(&l, &a, 2100));
	control_limiter_free(&l);
}

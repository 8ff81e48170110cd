// SPDX-License-Identifier: GPL-2.0
/* HTTP/2 client against server, through records, without a socket. */
#include "http2.h"
#include "ktap.h"
#include "record.h"

#include <errno.h>
#include <stdlib.h>

static struct {
	struct mesh_http2 *client;
	struct mesh_http2 *server;
	struct mesh_record tx[2];
	struct mesh_record rx[2];
	char method[16];
	char path[64];
	struct mesh_buf body;
	int32_t stream; /* of the last request, at the server */
	int requests;
	bool answer; /* whether requests are answered at once */
	int status;
	struct mesh_buf got;
	int closed[2];
	uint32_t error;
} t;

static void on_request(void *ctx, int32_t stream, const char *method, const char *path,
		       const uint8_t *body, size_t len)
{
	(void)ctx;
	t.requests++;
	t.stream = stream;
	snprintf(t.method, sizeof(t.method), "%s", method);
	snprintf(t.path, sizeof(t.path), "%s", path);
	t.body.len = 0;
	mesh_buf_add(&t.body, body, len);
	if (t.answer)
		mesh_http2_respond(t.server, stream, 200, "text/plain", "fine", 4);
}

static void on_response(void *ctx, int32_t stream, int status)
{
	(void)ctx;
	(void)stream;
	t.status = status;
}

static void on_data(void *ctx, int32_t stream, const uint8_t *data, size_t len)
{
	(void)ctx;
	(void)stream;
	mesh_buf_add(&t.got, data, len);
}

static void on_closed(void *ctx, int32_t stream, uint32_t error)
{
	(void)stream;
	t.closed[ctx != NULL]++;
	t.error = error;
}

static const struct mesh_http2_events events = {on_request, on_response, on_data, on_closed};

static void start(void)
{
	uint8_t key[2][32] = {{1}, {2}};

	memset(&t, 0, sizeof(t));
	t.client = mesh_http2_client(&events, NULL);
	t.server = mesh_http2_server(&events, &t);
	for (int i = 0; i < 2; i++) {
		mesh_record_init(&t.tx[i], key[i]);
		mesh_record_init(&t.rx[i], key[i]);
	}
}

static void stop(void)
{
	mesh_http2_free(t.client);
	mesh_http2_free(t.server);
	mesh_buf_free(&t.body);
	mesh_buf_free(&t.got);
}

/* Carries one direction once; whether there was anything. */
static bool carry(struct mesh_http2 *from, struct mesh_http2 *to, int dir)
{
	struct mesh_buf plain = {0}, wire = {0};
	bool any;

	mesh_http2_pull(from, &plain, 0);
	any = plain.len;
	mesh_record_seal(&t.tx[dir], &wire, plain.data, plain.len);
	plain.len = 0;
	mesh_record_open(&t.rx[dir], &wire, &plain);
	if (plain.len && mesh_http2_receive(to, plain.data, plain.len))
		any = false;
	mesh_buf_free(&plain);
	mesh_buf_free(&wire);
	return any;
}

static void run(void)
{
	while (carry(t.client, t.server, 0) | carry(t.server, t.client, 1))
		;
}

TEST(http2_request_and_answer)
{
	start();
	t.answer = true;
	EXPECT(mesh_http2_request(t.client, "POST", "unused", "/machine/register", "{}", 2) > 0);
	run();
	EXPECT_STR(t.method, "POST");
	EXPECT_STR(t.path, "/machine/register");
	EXPECT(t.body.len == 2 && !memcmp(t.body.data, "{}", 2));
	EXPECT(t.status == 200 && t.got.len == 4 && !memcmp(t.got.data, "fine", 4));
	EXPECT(t.closed[0] == 1 && t.closed[1] == 1 && !t.error);
	stop();
}

TEST(http2_request_without_body)
{
	start();
	t.answer = true;
	EXPECT(mesh_http2_request(t.client, "GET", "unused", "/x", NULL, 0) > 0);
	run();
	EXPECT(t.requests == 1 && !t.body.len && t.status == 200);
	stop();
}

TEST(http2_stream_that_grows)
{
	static uint8_t big[300000];

	start();
	EXPECT(mesh_http2_request(t.client, "POST", "unused", "/machine/map", "{}", 2) > 0);
	run();
	EXPECT(!mesh_http2_open(t.server, t.stream, 200, "application/json"));
	run();
	EXPECT(t.status == 200 && !t.got.len);
	EXPECT(!mesh_http2_send(t.server, t.stream, "one", 3));
	run();
	EXPECT(t.got.len == 3);
	/* Larger than any window: both sides must replenish it. */
	EXPECT(!mesh_http2_send(t.server, t.stream, big, sizeof(big)));
	run();
	EXPECT(t.got.len == 3 + sizeof(big) && !mesh_http2_pending(t.server, t.stream));
	EXPECT(!t.closed[0]);
	EXPECT(!mesh_http2_end(t.server, t.stream));
	run();
	EXPECT(t.closed[0] == 1);
	EXPECT(mesh_http2_send(t.server, t.stream, "x", 1) == -ENOENT);
	stop();
}

TEST(http2_many_streams_at_once)
{
	start();
	for (int i = 0; i < 100; i++)
		EXPECT(mesh_http2_request(t.client, "POST", "unused", "/machine/map", "{}", 2) > 0);
	run();
	EXPECT(t.requests == 100);
	t.answer = true;
	EXPECT(mesh_http2_request(t.client, "POST", "unused", "/machine/map", "{}", 2) > 0);
	run();
	EXPECT(t.status == 200);
	stop();
	EXPECT(t.closed[1] == 101);
}

TEST(http2_cancel_tells_the_server)
{
	int32_t id;

	start();
	id = mesh_http2_request(t.client, "POST", "unused", "/machine/map", "{}", 2);
	run();
	mesh_http2_open(t.server, t.stream, 200, NULL);
	run();
	mesh_http2_cancel(t.client, id);
	run();
	EXPECT(t.closed[1] == 1);
	stop();
}

TEST(http2_body_beyond_the_limit_is_refused)
{
	uint8_t *big = calloc(1, MESH_HTTP2_MAX_BODY + 1);

	start();
	t.answer = true;
	EXPECT(mesh_http2_request(t.client, "POST", "unused", "/x", big, MESH_HTTP2_MAX_BODY + 1) >
	       0);
	run();
	EXPECT(t.status == 413 && !t.requests && t.closed[1] == 1);
	/* The connection goes on. */
	EXPECT(mesh_http2_request(t.client, "POST", "unused", "/x", big, MESH_HTTP2_MAX_BODY) > 0);
	run();
	EXPECT(t.requests == 1 && t.status == 200 && t.body.len == MESH_HTTP2_MAX_BODY);
	stop();
	free(big);
}

TEST(http2_long_path_is_refused)
{
	char path[MESH_HTTP2_MAX_PATH + 2];

	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = 0;
	start();
	EXPECT(mesh_http2_request(t.client, "GET", "unused", path, NULL, 0) > 0);
	run();
	EXPECT(t.status == 414 && !t.requests);
	stop();
}

TEST(http2_noise_is_refused)
{
	start();
	EXPECT(mesh_http2_receive(t.server, (const uint8_t *)"GET / HTTP/1.1\r\n\r\n", 18) ==
	       -EBADMSG);
	stop();
}

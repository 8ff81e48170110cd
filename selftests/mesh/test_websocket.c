// SPDX-License-Identifier: GPL-2.0
#include "ktap.h"
#include "websocket.h"

#include <errno.h>
#include <stdlib.h>

/* What a server makes of bytes that come one by one; -1 for trouble. */
static int feed(struct mesh_websocket *ws, const uint8_t *data, size_t len, struct mesh_buf *out,
		struct mesh_buf *reply)
{
	struct mesh_buf in = {0};
	int ret = 0;

	for (size_t i = 0; i < len && !ret; i++) {
		mesh_buf_add(&in, data + i, 1);
		ret = mesh_websocket_receive(ws, &in, out, reply);
	}
	mesh_buf_free(&in);
	return ret;
}

#define FEED(...)                                                                                  \
	feed(&ws, (const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__}), &out, &reply)

/* Whether @reply is a close frame with this status. */
static bool closes(const struct mesh_buf *reply, unsigned int why)
{
	return reply->len == 4 && reply->data[0] == 0x88 && reply->data[1] == 2 &&
	       mesh_be16(reply->data + 2) == why;
}

static void forget(struct mesh_websocket *ws, struct mesh_buf *out, struct mesh_buf *reply)
{
	memset(ws, 0, sizeof(*ws));
	mesh_buf_free(out);
	mesh_buf_free(reply);
}

/* RFC 6455, 1.3. */
TEST(websocket_accept_is_the_rfcs)
{
	char out[MESH_WEBSOCKET_ACCEPT];

	EXPECT(mesh_websocket_accept(out, "dGhlIHNhbXBsZSBub25jZQ=="));
	EXPECT_STR(out, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	EXPECT(!mesh_websocket_accept(out, "") && !mesh_websocket_accept(out, "dGhlIHNhbXBsZQ=="));
	EXPECT(!mesh_websocket_accept(out, "not base64, that is, at all"));
}

/* The masked "Hello" of RFC 6455, 5.7, as a binary message, whole and in two frames. */
TEST(websocket_messages_are_a_byte_stream)
{
	struct mesh_buf out = {0}, reply = {0};
	struct mesh_websocket ws = {0};

	EXPECT(!FEED(0x82, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58));
	EXPECT(out.len == 5 && !memcmp(out.data, "Hello", 5) && !reply.len);
	out.len = 0;
	EXPECT(!FEED(0x02, 0x83, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x80, 0x82, 0, 0, 0, 0,
		     'l', 'o'));
	EXPECT(out.len == 5 && !memcmp(out.data, "Hello", 5) && !reply.len);
	forget(&ws, &out, &reply);
}

TEST(websocket_ping_between_frames_is_answered)
{
	static const uint8_t pong[] = {0x8a, 2, 'h', 'i'};
	struct mesh_buf out = {0}, reply = {0};
	struct mesh_websocket ws = {0};

	EXPECT(!FEED(0x02, 0x81, 0, 0, 0, 0, 'a', 0x89, 0x82, 1, 2, 3, 4, 'h' ^ 1, 'i' ^ 2, 0x80,
		     0x81, 0, 0, 0, 0, 'b'));
	EXPECT(out.len == 2 && !memcmp(out.data, "ab", 2));
	EXPECT(reply.len == sizeof(pong) && !memcmp(reply.data, pong, sizeof(pong)));
	forget(&ws, &out, &reply);
}

TEST(websocket_close_is_answered)
{
	struct mesh_buf out = {0}, reply = {0};
	struct mesh_websocket ws = {0};

	EXPECT(FEED(0x88, 0x80, 0, 0, 0, 0) == -EPIPE && closes(&reply, MESH_WEBSOCKET_NORMAL));
	forget(&ws, &out, &reply);
}

TEST(websocket_refuses_what_may_not_come)
{
	static const struct {
		const char *what;
		uint8_t bytes[14];
		size_t len;
		unsigned int why;
	} bad[] = {
		{"not masked", {0x82, 1, 'a'}, 3, MESH_WEBSOCKET_PROTOCOL},
		{"text", {0x81, 0x80, 0, 0, 0, 0}, 6, MESH_WEBSOCKET_NOT_BINARY},
		{"reserved bit", {0xc2, 0x80, 0, 0, 0, 0}, 6, MESH_WEBSOCKET_PROTOCOL},
		{"unknown opcode", {0x83, 0x80, 0, 0, 0, 0}, 6, MESH_WEBSOCKET_PROTOCOL},
		{"unknown control", {0x8b, 0x80, 0, 0, 0, 0}, 6, MESH_WEBSOCKET_PROTOCOL},
		{"continues nothing", {0x80, 0x80, 0, 0, 0, 0}, 6, MESH_WEBSOCKET_PROTOCOL},
		{"long ping", {0x89, 0xfe, 0, 126, 0, 0, 0, 0}, 8, MESH_WEBSOCKET_PROTOCOL},
		{"ping in parts", {0x09, 0x80, 0, 0, 0, 0}, 6, MESH_WEBSOCKET_PROTOCOL},
		{"long form of a length",
		 {0x82, 0xfe, 0, 125, 0, 0, 0, 0},
		 8,
		 MESH_WEBSOCKET_PROTOCOL},
		{"longest form of one",
		 {0x82, 0xff, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0},
		 14,
		 MESH_WEBSOCKET_PROTOCOL},
		{"negative",
		 {0x82, 0xff, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		 14,
		 MESH_WEBSOCKET_PROTOCOL},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct mesh_buf out = {0}, reply = {0};
		struct mesh_websocket ws = {0};
		int ret = feed(&ws, bad[i].bytes, bad[i].len, &out, &reply);

		if (ret != -EBADMSG || !closes(&reply, bad[i].why))
			printf("# %s\n", bad[i].what);
		EXPECT(ret == -EBADMSG && closes(&reply, bad[i].why) && !out.len);
		forget(&ws, &out, &reply);
	}
	{
		struct mesh_buf out = {0}, reply = {0};
		struct mesh_websocket ws = {0};

		/* A new message within one. */
		EXPECT(!FEED(0x02, 0x80, 0, 0, 0, 0));
		EXPECT(FEED(0x82, 0x80, 0, 0, 0, 0) == -EBADMSG);
		forget(&ws, &out, &reply);
	}
}

/* Both directions, across all forms of a length. */
TEST(websocket_receives_what_it_sends)
{
	static const size_t sizes[] = {1, 125, 126, 127, 16384, 16385, 70000};
	static const uint8_t mask[4] = {1, 200, 3, 77};
	uint8_t *data = malloc(70000);

	for (size_t i = 0; i < 70000; i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
	for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct mesh_websocket ws = {.client = i % 2};
		struct mesh_buf wire = {0}, out = {0}, reply = {0};
		size_t len = sizes[i / 2];
		bool same;

		mesh_websocket_send(&wire, data, len, ws.client ? NULL : mask);
		same = !mesh_websocket_receive(&ws, &wire, &out, &reply) && out.len == len &&
		       !memcmp(out.data, data, len) && !wire.len && !reply.len;
		mesh_buf_free(&wire);
		forget(&ws, &out, &reply);
		EXPECT(same);
	}
	free(data);
}

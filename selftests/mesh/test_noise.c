// SPDX-License-Identifier: GPL-2.0
/* The handshake and the records against the published vectors, and against misuse. */
#include "ktap.h"
#include "noise.h"
#include "record.h"
#include "text.h"
#include "vectors.h"

#include <errno.h>
#include <sodium.h>

/* One handshake with the keys of the vectors; both sides' results. */
struct pair {
	uint8_t init[MESH_NOISE_INIT_SIZE];
	uint8_t resp[MESH_NOISE_RESP_SIZE];
	struct mesh_noise_session agent;
	struct mesh_noise_session server;
};

static bool handshake(struct pair *p)
{
	struct mesh_key machine = seq(1), server = seq(0x81), pub;
	struct mesh_key ce = clamped(0x20), se = clamped(0x40);
	struct mesh_noise_initiator hs;

	mesh_key_public(&pub, &server);
	return !mesh_noise_init(&hs, &machine, &pub, 145, &ce, p->init) &&
	       !mesh_noise_accept(&p->server, &server, p->init, &se, p->resp) &&
	       mesh_noise_finish(&hs, p->resp, sizeof(p->resp), &p->agent, NULL) ==
		       MESH_NOISE_RESP_SIZE;
}

TEST(noise_matches_the_vectors)
{
	struct pair p;

	EXPECT(handshake(&p));
	EXPECT(is_hex(p.init, sizeof(p.init),
		      "0091010060358072d6365880d1aeea329adf9121383851ed21a28e3b75e965d0d2cd166254"
		      "2fedc2b1fe8c9614148055718fa12b27935203b803129e154f21841d1b8d32f7617cd75933"
		      "8166b15b5df9bf91d4d2ac847ad1d256d5d8c426cc5ac5f4de14ba"));
	EXPECT(is_hex(p.resp, sizeof(p.resp),
		      "02003079a631eede1bf9c98f12032cdeadd0e7a079398fc786b88cc846ec89af85a51aa328"
		      "f5d74c4a281bc4f61d344b2fe340"));
	EXPECT(is_hex(p.agent.hash, 32,
		      "9fa677aa8fa47abadada6e264b9f0bdb2092b88639a5f5695107748768030bfd"));
	EXPECT(is_hex(p.agent.send, 32,
		      "78ef8569248d9fc22fe5cd90ab4efe73c1c28fee3530f1892b1d7e60cbdefdf6"));
	EXPECT(is_hex(p.agent.receive, 32,
		      "8a3a3cf923d7d691c13d150288d0808c8a2e543134a18eabf5e2a3cccd028c31"));
}

TEST(noise_both_sides_agree)
{
	struct mesh_key machine = seq(1), pub;
	struct pair p;

	EXPECT(handshake(&p));
	EXPECT(!memcmp(p.agent.send, p.server.receive, 32));
	EXPECT(!memcmp(p.agent.receive, p.server.send, 32));
	EXPECT(!memcmp(p.agent.hash, p.server.hash, 32));
	EXPECT(p.server.version == 145);
	mesh_key_public(&pub, &machine);
	EXPECT(mesh_key_same(&p.server.peer, &pub));
}

TEST(noise_refuses_every_changed_byte)
{
	struct mesh_key server = seq(0x81);
	struct mesh_noise_session s;
	uint8_t out[MESH_NOISE_RESP_SIZE];
	struct pair p;

	EXPECT(handshake(&p));
	for (size_t i = 0; i < sizeof(p.init); i++) {
		p.init[i] ^= 1;
		EXPECT(mesh_noise_accept(&s, &server, p.init, NULL, out) < 0);
		p.init[i] ^= 1;
	}
	EXPECT(!mesh_noise_accept(&s, &server, p.init, NULL, out));
}

TEST(noise_agent_refuses_every_changed_byte)
{
	struct mesh_key machine = seq(1), server = seq(0x81), pub, ce = clamped(0x20);
	struct mesh_noise_initiator hs;
	struct mesh_noise_session s;
	struct pair p;

	EXPECT(handshake(&p));
	mesh_key_public(&pub, &server);
	for (size_t i = 0; i < sizeof(p.resp); i++) {
		EXPECT(!mesh_noise_init(&hs, &machine, &pub, 145, &ce, p.init));
		p.resp[i] ^= 1;
		EXPECT(mesh_noise_finish(&hs, p.resp, sizeof(p.resp), &s, NULL) < 0);
		p.resp[i] ^= 1;
	}
}

TEST(noise_for_another_server_is_refused)
{
	struct mesh_key other = seq(0x33);
	struct mesh_noise_session s;
	uint8_t out[MESH_NOISE_RESP_SIZE];
	struct pair p;

	EXPECT(handshake(&p));
	EXPECT(mesh_noise_accept(&s, &other, p.init, NULL, out) == -EACCES);
}

TEST(noise_refuses_a_low_order_server_key)
{
	struct mesh_key machine = seq(1), zero = {{0}};
	struct mesh_noise_initiator hs;
	uint8_t init[MESH_NOISE_INIT_SIZE];

	EXPECT(mesh_noise_init(&hs, &machine, &zero, 145, NULL, init) == -EBADMSG);
}

TEST(noise_error_text_reaches_the_agent)
{
	struct mesh_key machine = seq(1), server = seq(0x81), pub;
	struct mesh_noise_initiator hs;
	struct mesh_noise_session s;
	uint8_t init[MESH_NOISE_INIT_SIZE];
	struct mesh_buf out = {0};
	struct mesh_error err;

	mesh_key_public(&pub, &server);
	EXPECT(!mesh_noise_init(&hs, &machine, &pub, 145, NULL, init));
	mesh_noise_refuse(&out, "client too old");
	EXPECT(mesh_noise_finish(&hs, out.data, 2, &s, &err) == -EAGAIN);
	EXPECT(mesh_noise_finish(&hs, out.data, out.len - 1, &s, &err) == -EAGAIN);
	EXPECT(mesh_noise_finish(&hs, out.data, out.len, &s, &err) == -ECONNREFUSED);
	EXPECT_STR(err.text, "client too old");
	mesh_buf_free(&out);
}

TEST(record_matches_the_vectors)
{
	struct mesh_record rec;
	struct mesh_buf out = {0}, plain = {0};
	uint8_t sum[32];
	struct pair p;

	EXPECT(handshake(&p));
	mesh_record_init(&rec, p.agent.send);
	EXPECT(!mesh_record_seal(&rec, &out, "hello", 5));
	EXPECT(is_hex(out.data, out.len, "040015da61b4a78be282e41ca68e922c6a1d4f70d1ecc2c3"));
	out.len = 0;

	mesh_record_init(&rec, p.server.send);
	memset(mesh_buf_grow(&plain, 5000), 'z', 5000);
	EXPECT(!mesh_record_seal(&rec, &out, plain.data, 5000));
	EXPECT(out.len == 4096 + 942);
	crypto_hash_sha256(sum, out.data, 4096);
	EXPECT(is_hex(sum, 32, "9404d172cc9553ac2ab7541c865a59c3aaed363c826ec2a5c366f2b75453c3d4"));
	/* The second record shows the byte order of the counter. */
	crypto_hash_sha256(sum, out.data + 4096, 942);
	EXPECT(is_hex(sum, 32, "e2af3b337f670c34ae50708e5058ea986fb01248e8a6b29bf8233349f962e7ff"));
	mesh_buf_free(&out);
	mesh_buf_free(&plain);
}

TEST(record_stream_in_any_pieces)
{
	struct mesh_record tx, rx;
	struct mesh_buf sent = {0};
	uint8_t key[32] = {7}, data[10000];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	mesh_record_init(&tx, key);
	EXPECT(!mesh_record_seal(&tx, &sent, data, sizeof(data)));
	for (size_t step = 1; step < 6000; step = step * 3 + 1) {
		struct mesh_buf in = {0}, out = {0};

		mesh_record_init(&rx, key);
		for (size_t at = 0; at < sent.len; at += step) {
			mesh_buf_add(&in, sent.data + at,
				     sent.len - at < step ? sent.len - at : step);
			EXPECT(!mesh_record_open(&rx, &in, &out));
		}
		EXPECT(!in.len && out.len == sizeof(data) && !memcmp(out.data, data, out.len));
		mesh_buf_free(&in);
		mesh_buf_free(&out);
	}
	mesh_buf_free(&sent);
}

TEST(record_refuses_replay_and_change)
{
	struct mesh_record tx, rx;
	struct mesh_buf sent = {0}, in = {0}, out = {0};
	uint8_t key[32] = {7};

	mesh_record_init(&tx, key);
	mesh_record_init(&rx, key);
	EXPECT(!mesh_record_seal(&tx, &sent, "x", 1));
	mesh_buf_add(&in, sent.data, sent.len);
	EXPECT(!mesh_record_open(&rx, &in, &out));
	mesh_buf_add(&in, sent.data, sent.len);
	EXPECT(mesh_record_open(&rx, &in, &out) == -EACCES);
	EXPECT(out.len == 1);
	mesh_buf_free(&in);
	mesh_buf_free(&out);
	mesh_buf_free(&sent);
}

TEST(record_refuses_bad_headers)
{
	static const uint8_t bad[][3] = {{3, 0, 16}, {4, 0, 15}, {4, 0x0f, 0xfe}, {4, 0xff, 0xff}};
	uint8_t key[32] = {0};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct mesh_buf in = {0}, out = {0};
		struct mesh_record rx;

		mesh_record_init(&rx, key);
		mesh_buf_add(&in, bad[i], 3);
		EXPECT(mesh_record_open(&rx, &in, &out) == -EBADMSG);
		mesh_buf_free(&in);
	}
}

TEST(record_key_ends_before_its_last_nonce)
{
	struct mesh_record tx = {.counter = UINT64_MAX};
	struct mesh_buf out = {0};

	EXPECT(mesh_record_seal(&tx, &out, "x", 1) == -EOVERFLOW);
	mesh_buf_free(&out);
}

TEST(early_payload_is_skipped_in_any_pieces)
{
	struct mesh_key challenge = seq(9), got;
	struct mesh_buf all = {0}, in = {0};

	mesh_record_early(&all, &challenge);
	for (size_t i = 0; i < all.len; i++) {
		EXPECT(mesh_record_skip_early(&in, &got) == 0);
		mesh_buf_add(&in, all.data + i, 1);
	}
	mesh_buf_str(&in, "next");
	EXPECT(mesh_record_skip_early(&in, &got) == 1);
	EXPECT(mesh_key_same(&got, &challenge));
	EXPECT(in.len == 4 && !memcmp(in.data, "next", 4));
	mesh_buf_free(&in);
	mesh_buf_free(&all);
}

TEST(early_payload_may_be_absent)
{
	struct mesh_buf in = {0};
	struct mesh_key got;

	mesh_buf_add(&in, "\x00\x00\x06\x04", 4);
	EXPECT(mesh_record_skip_early(&in, &got) == 1 && in.len == 4);
	EXPECT(mesh_key_is_zero(&got));
	mesh_buf_free(&in);
}

TEST(early_payload_that_is_huge_or_no_json_is_refused)
{
	struct mesh_buf in = {0};
	struct mesh_key got;

	mesh_buf_add(&in, "\xff\xff\xffTS\x7f\xff\xff\xff", 9);
	EXPECT(mesh_record_skip_early(&in, &got) == -EMSGSIZE);
	in.len = 0;
	mesh_buf_add(&in, "\xff\xff\xffTS\0\0\0\2[]", 11);
	EXPECT(mesh_record_skip_early(&in, &got) == -EBADMSG);
	mesh_buf_free(&in);
}

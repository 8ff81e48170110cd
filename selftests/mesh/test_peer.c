// SPDX-License-Identifier: GPL-2.0
/* What peers and relays say: disco, STUN, DERP, against the published vectors. */
#include "derp.h"
#include "disco.h"
#include "ktap.h"
#include "stun.h"
#include "vectors.h"

#include <errno.h>

static const uint8_t txid[12] = {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5,
				 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab};

static struct mesh_addrport at(const char *text)
{
	struct mesh_addrport ap;

	if (!mesh_text_unaddrport(&ap, text))
		memset(&ap, 0, sizeof(ap));
	return ap;
}

TEST(disco_ping_matches_the_vector)
{
	struct mesh_key from = clamped(0x80), to = clamped(0xa0), node = seq(1), from_pub, to_pub,
			got;
	struct mesh_disco_message msg = {.type = MESH_DISCO_PING}, back;
	uint8_t shared[32], other[32], nonce[24];
	struct mesh_buf out = {0};

	memcpy(msg.txid, txid, 12);
	mesh_key_public(&msg.node, &node);
	mesh_key_public(&from_pub, &from);
	mesh_key_public(&to_pub, &to);
	for (int i = 0; i < 24; i++)
		nonce[i] = (uint8_t)(0xc0 + i);
	EXPECT(mesh_crypto_box_key(shared, to_pub.b, from.b));
	mesh_disco_seal(&out, &from_pub, shared, nonce, &msg);
	EXPECT(is_hex(out.data, out.len,
		      "5453f09f92ac493e82fc74464a59268817623d2053c5eb8e2cc4a988b4fee179ec6b010d531d"
		      "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7fb638ed3c2c18e13ba237583333d"
		      "48741fda0f548aff28269a48b63f86ae97cf3bde7275d898bc4578813e083a2d4df5490e2cf4"
		      "4c7ca08b91a8dc9608ed"));
	EXPECT(mesh_disco_is(out.data, out.len));
	mesh_disco_sender(out.data, &got);
	EXPECT(mesh_key_same(&got, &from_pub));
	EXPECT(mesh_crypto_box_key(other, from_pub.b, to.b));
	EXPECT(!mesh_disco_open(&back, other, out.data, out.len));
	EXPECT(back.type == MESH_DISCO_PING && mesh_key_same(&back.node, &msg.node));
	EXPECT(!memcmp(back.txid, txid, 12) && !back.padding);
	for (size_t i = MESH_DISCO_HEADER - 24; i < out.len; i++) {
		out.data[i] ^= 1;
		EXPECT(mesh_disco_open(&back, other, out.data, out.len) == -EACCES);
		out.data[i] ^= 1;
	}
	mesh_buf_free(&out);
}

TEST(disco_pong_and_call_me_maybe_match_the_vectors)
{
	struct mesh_disco_message msg = {.type = MESH_DISCO_PONG}, back;
	struct mesh_buf out = {0};
	char text[MESH_ADDR_TEXT];

	memcpy(msg.txid, txid, 12);
	msg.src = at("192.0.2.7:41641");
	mesh_disco_encode(&out, &msg);
	EXPECT(is_hex(out.data, out.len,
		      "0200a0a1a2a3a4a5a6a7a8a9aaab00000000000000000000ffffc0000207a2a9"));
	EXPECT(!mesh_disco_decode(&back, out.data, out.len));
	mesh_text_addrport(text, &back.src);
	EXPECT_STR(text, "192.0.2.7:41641");

	out.len = 0;
	msg.type = MESH_DISCO_CALL_ME_MAYBE;
	msg.endpoints[msg.n_endpoints++] = at("192.0.2.7:41641");
	msg.endpoints[msg.n_endpoints++] = at("[2001:db8::1]:3478");
	mesh_disco_encode(&out, &msg);
	EXPECT(is_hex(
		out.data, out.len,
		"030000000000000000000000ffffc0000207a2a920010db80000000000000000000000010d96"));
	EXPECT(!mesh_disco_decode(&back, out.data, out.len));
	EXPECT(back.n_endpoints == 2);
	mesh_text_addrport(text, &back.endpoints[1]);
	EXPECT_STR(text, "[2001:db8::1]:3478");
	mesh_buf_free(&out);
}

TEST(disco_short_messages_are_refused_and_long_ones_taken)
{
	uint8_t ping[2 + 12 + 32 + 100] = {MESH_DISCO_PING};
	uint8_t pong[2 + 12 + 18 + 5] = {MESH_DISCO_PONG};
	uint8_t call[2 + 18 * 100] = {MESH_DISCO_CALL_ME_MAYBE};
	struct mesh_disco_message m;

	EXPECT(mesh_disco_decode(&m, ping, 1) == -EBADMSG);
	EXPECT(mesh_disco_decode(&m, ping, 13) == -EBADMSG);
	EXPECT(!mesh_disco_decode(&m, ping, 14));
	EXPECT(!mesh_disco_decode(&m, ping, sizeof(ping)) && m.padding == 100);
	EXPECT(mesh_disco_decode(&m, pong, 31) == -EBADMSG);
	EXPECT(!mesh_disco_decode(&m, pong, sizeof(pong)));
	EXPECT(!mesh_disco_decode(&m, call, sizeof(call)));
	EXPECT(m.n_endpoints == MESH_DISCO_MAX_ENDPOINTS);
	call[0] = 99;
	EXPECT(!mesh_disco_decode(&m, call, sizeof(call)) && m.type == 99);
}

TEST(stun_request_matches_the_vector)
{
	uint8_t out[MESH_STUN_REQUEST_SIZE], got[12];

	mesh_stun_request(out, txid);
	EXPECT(is_hex(out, sizeof(out),
		      "000100142112a442a0a1a2a3a4a5a6a7a8a9aaab802200087461696c6e6f64658028000428a5"
		      "4bbb"));
	EXPECT(mesh_stun_is(out, sizeof(out)));
	EXPECT(!mesh_stun_parse_request(out, sizeof(out), got) && !memcmp(got, txid, 12));
}

TEST(stun_server_is_silent_to_others)
{
	uint8_t out[MESH_STUN_REQUEST_SIZE], got[12];

	mesh_stun_request(out, txid);
	for (size_t i = 0; i < sizeof(out); i++) {
		out[i] ^= 1;
		EXPECT(mesh_stun_parse_request(out, sizeof(out), got) == -EBADMSG);
		out[i] ^= 1;
	}
	for (size_t n = 0; n < sizeof(out); n++)
		EXPECT(mesh_stun_parse_request(out, n, got) == -EBADMSG);
}

TEST(stun_responses_match_the_vectors)
{
	uint8_t out[MESH_STUN_MAX_RESPONSE], got[12];
	struct mesh_addrport ap = at("192.0.2.7:41641"), back;
	char text[MESH_ADDR_TEXT];
	size_t n;

	n = mesh_stun_response(out, txid, &ap);
	EXPECT(is_hex(out, n, "0101000c2112a442a0a1a2a3a4a5a6a7a8a9aaab00200008000183bbe112a645"));
	EXPECT(!mesh_stun_parse_response(out, n, got, &back));
	mesh_text_addrport(text, &back);
	EXPECT_STR(text, "192.0.2.7:41641");
	ap = at("[2001:db8::1]:41641");
	n = mesh_stun_response(out, txid, &ap);
	EXPECT(is_hex(out, n,
		      "010100182112a442a0a1a2a3a4a5a6a7a8a9aaab00200014000283bb0113a9faa0a1a2a3a4a5"
		      "a6a7a8a9aaaa"));
	EXPECT(!mesh_stun_parse_response(out, n, got, &back) && !memcmp(got, txid, 12));
	mesh_text_addrport(text, &back);
	EXPECT_STR(text, "[2001:db8::1]:41641");
}

TEST(stun_mapped_ipv6_is_unwrapped)
{
	uint8_t out[MESH_STUN_MAX_RESPONSE], got[12];
	struct mesh_addrport ap = {.ip.family = 6, .port = 7}, back;
	char text[MESH_ADDR_TEXT];
	size_t n;

	ap.ip = mesh_text_ip4(0xc0000207);
	ap.ip.family = 6;
	n = mesh_stun_response(out, txid, &ap);
	EXPECT(n == 44 && !mesh_stun_parse_response(out, n, got, &back));
	mesh_text_addrport(text, &back);
	EXPECT_STR(text, "192.0.2.7:7");
}

TEST(derp_client_info_box_matches_the_vector)
{
	struct mesh_key node = seq(1), server = seq(0x81), server_pub, node_pub;
	struct mesh_derp_client_info info = {.version = 2}, back;
	struct mesh_derp_frame f;
	struct mesh_buf out = {0};
	uint8_t nonce[24];

	for (int i = 0; i < 24; i++)
		nonce[i] = (uint8_t)(0x60 + i);
	mesh_key_public(&server_pub, &server);
	mesh_key_public(&node_pub, &node);
	mesh_derp_client_info(&out, &node, &server_pub, nonce, &info);
	EXPECT(mesh_derp_next(&f, out.data, out.len, MESH_DERP_MAX_INFO) == (int)out.len);
	EXPECT(is_hex(f.payload + 32, f.len - 32,
		      "606162636465666768696a6b6c6d6e6f7071727374757677c2f21718b8d9dbf74cfa4ac085bd"
		      "508c3f3e1705d2ad8965ef20ece368"));
	EXPECT(!mesh_derp_parse_client_info(&f, &server, &back));
	EXPECT(mesh_key_same(&back.node, &node_pub) && back.version == 2);
	for (size_t i = MESH_DERP_HEADER; i < out.len; i++) {
		out.data[i] ^= 1;
		EXPECT(mesh_derp_parse_client_info(&f, &server, &back) == -EACCES);
		out.data[i] ^= 1;
	}
	mesh_buf_free(&out);
}

TEST(derp_handshake_frames_both_ways)
{
	struct mesh_key node = seq(1), server = seq(0x81), server_pub, node_pub, got;
	struct mesh_buf out = {0};
	struct mesh_derp_frame f;
	int version = 0;

	mesh_key_public(&server_pub, &server);
	mesh_key_public(&node_pub, &node);
	mesh_derp_server_key(&out, &server_pub);
	EXPECT(mesh_derp_next(&f, out.data, out.len, 100) > 0);
	EXPECT(!mesh_derp_parse_server_key(&f, &got) && mesh_key_same(&got, &server_pub));
	f.len--;
	EXPECT(mesh_derp_parse_server_key(&f, &got) == -EBADMSG);
	out.len = 0;
	mesh_derp_server_info(&out, &server, &node_pub);
	EXPECT(mesh_derp_next(&f, out.data, out.len, 1000) > 0);
	EXPECT(!mesh_derp_parse_server_info(&f, &node, &server_pub, &version) && version == 2);
	mesh_buf_free(&out);
}

TEST(derp_frames_in_pieces_and_limits)
{
	struct mesh_buf out = {0};
	struct mesh_derp_frame f;
	struct mesh_key k = seq(3), got;
	const uint8_t *data;
	size_t len;

	mesh_derp_packet(&out, MESH_DERP_SEND_PACKET, &k, "abc", 3);
	for (size_t n = 0; n < out.len; n++)
		EXPECT(mesh_derp_next(&f, out.data, n, 1000) == 0);
	EXPECT(mesh_derp_next(&f, out.data, out.len, 1000) == (int)out.len);
	EXPECT(!mesh_derp_parse_packet(&f, &got, &data, &len));
	EXPECT(mesh_key_same(&got, &k) && len == 3 && !memcmp(data, "abc", 3));
	EXPECT(mesh_derp_next(&f, out.data, out.len, 34) == -EMSGSIZE);
	f.len = 31;
	EXPECT(mesh_derp_parse_packet(&f, &got, &data, &len) == -EBADMSG);
	mesh_buf_free(&out);
}

TEST(derp_small_frames)
{
	enum mesh_derp_gone reason;
	struct mesh_buf out = {0};
	struct mesh_derp_frame f;
	struct mesh_key k = seq(3), got;
	bool home;

	mesh_derp_peer_gone(&out, &k, MESH_DERP_GONE_NOT_HERE);
	EXPECT(mesh_derp_next(&f, out.data, out.len, 1000) > 0);
	EXPECT(!mesh_derp_parse_peer_gone(&f, &got, &reason) && reason == MESH_DERP_GONE_NOT_HERE);
	f.len = 32;
	EXPECT(!mesh_derp_parse_peer_gone(&f, &got, &reason));
	EXPECT(reason == MESH_DERP_GONE_DISCONNECTED);
	out.len = 0;
	mesh_derp_note_preferred(&out, true);
	EXPECT(mesh_derp_next(&f, out.data, out.len, 1000) == 6);
	EXPECT(!mesh_derp_parse_note_preferred(&f, &home) && home);
	out.data[5] = 2;
	EXPECT(mesh_derp_parse_note_preferred(&f, &home) == -EBADMSG);
	mesh_buf_free(&out);
}

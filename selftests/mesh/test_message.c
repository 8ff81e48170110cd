// SPDX-License-Identifier: GPL-2.0
/* Register and map messages, and their frames on the stream. */
#include "ktap.h"
#include "message.h"
#include "vectors.h"
#include "zframe.h"

#include <errno.h>
#include <stdlib.h>

#define ZERO64 "0000000000000000000000000000000000000000000000000000000000000000"
#define KEY64  "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"

/* Decodes, and checks that encoding gives @want (or the same text when it is NULL). */
static bool round_trip(const struct mesh_schema *schema, const char *json, const char *want)
{
	struct mesh_arena arena = {0};
	struct mesh_buf out = {0};
	struct mesh_error err = {""};
	void *msg = calloc(1, schema->size);
	bool ok = !mesh_codec_decode(schema, msg, &arena, json, strlen(json), MESH_CODEC_MAX_JSON,
				     &err);

	if (!want)
		want = json;
	if (ok) {
		mesh_codec_encode(schema, msg, &out);
		ok = out.len == strlen(want) && !memcmp(out.data, want, out.len);
		if (!ok)
			printf("# got  %.*s\n# want %s\n", (int)out.len, (char *)out.data, want);
	} else {
		printf("# %s\n", err.text);
	}
	mesh_buf_free(&out);
	mesh_arena_free(&arena);
	free(msg);
	return ok;
}

/* The error for a message that must be refused. */
static const char *refusal(const struct mesh_schema *schema, const char *json)
{
	static struct mesh_error err;
	struct mesh_arena arena = {0};
	void *msg = calloc(1, schema->size);
	int ret;

	err.text[0] = 0;
	ret = mesh_codec_decode(schema, msg, &arena, json, strlen(json), MESH_CODEC_MAX_JSON, &err);
	mesh_arena_free(&arena);
	free(msg);
	return ret == -EBADMSG ? err.text : "(not refused)";
}

TEST(register_request_round_trip)
{
	EXPECT(round_trip(&mesh_register_request_schema,
			  "{\"Version\":113,\"NodeKey\":\"nodekey:" KEY64
			  "\",\"OldNodeKey\":\"nodekey:" ZERO64
			  "\",\"Auth\":{\"AuthKey\":\"k\"},\"Expiry\":\"0001-01-01T00:00:00Z\","
			  "\"Followup\":\"\"}",
			  NULL));
}

TEST(register_request_of_a_client)
{
	static const char json[] =
		"{\"Version\":113,\"NodeKey\":\"nodekey:" KEY64
		"\",\"OldNodeKey\":\"nodekey:" ZERO64 "\",\"NLKey\":\"nlpub:" ZERO64
		"\",\"Auth\":null,\"Expiry\":\"1970-01-01T00:02:03Z\","
		"\"Followup\":\"\",\"Hostinfo\":{\"OS\":\"linux\",\"Hostname\":\"box1\",\"New\":[1]"
		","
		"\"RoutableIPs\":[\"10.0.0.0/8\"],\"NetInfo\":{\"WorkingUDP\":true,\"WorkingIPv6\":"
		"false,\"PreferredDERP\":900,\"DERPLatency\":{\"900-v4\":0.25}}},\"Timestamp\":"
		"null}";
	struct mesh_register_request req;
	struct mesh_arena arena = {0};

	EXPECT(!mesh_codec_decode(&mesh_register_request_schema, &req, &arena, json, strlen(json),
				  MESH_CODEC_MAX_JSON, NULL));
	EXPECT(req.version == 113 && !req.auth && req.expiry == 123);
	EXPECT(mesh_key_is_zero(&req.old_node_key) && !mesh_key_is_zero(&req.node_key));
	EXPECT_STR(req.hostinfo->hostname, "box1");
	EXPECT(req.hostinfo->routable_ips.n == 1 && req.hostinfo->routable_ips.v[0].bits == 8);
	EXPECT(req.hostinfo->net_info->working_udp == MESH_TRUE);
	EXPECT(req.hostinfo->net_info->working_ipv6 == MESH_FALSE);
	EXPECT(req.hostinfo->net_info->os_has_ipv6 == MESH_UNSET);
	EXPECT(req.hostinfo->net_info->preferred_derp == 900);
	EXPECT(req.hostinfo->net_info->derp_latency.v[0].value == 0.25);
	/* What nobody here knows is kept for the peers. */
	EXPECT(strstr(req.hostinfo_raw, "\"New\":[1]"));
	mesh_arena_free(&arena);
}

TEST(register_response_round_trip)
{
	EXPECT(round_trip(
		&mesh_register_response_schema,
		"{\"User\":{\"ID\":1,\"DisplayName\":\"ann\",\"Created\":"
		"\"2026-01-01T00:00:00Z\"},\"Login\":{\"ID\":1,\"LoginName\":\"ann\","
		"\"DisplayName\":\"ann\"},\"NodeKeyExpired\":false,\"MachineAuthorized\":true,"
		"\"AuthURL\":\"\"}",
		NULL));
}

TEST(map_request_round_trip)
{
	EXPECT(round_trip(&mesh_map_request_schema,
			  "{\"Version\":113,\"Compress\":\"zstd\",\"KeepAlive\":true,\"NodeKey\":"
			  "\"nodekey:" KEY64 "\",\"DiscoKey\":\"discokey:" KEY64
			  "\",\"Stream\":true,\"Endpoints\":[\"198.51.100.4:41641\","
			  "\"[2001:db8::1]:1\"],\"EndpointTypes\":[2,1]}",
			  NULL));
}

TEST(map_response_round_trip)
{
	EXPECT(round_trip(
		&mesh_map_response_schema,
		"{\"Node\":{\"ID\":7,\"StableID\":\"7\",\"Name\":\"box1.tail.example.\",\"User\":1,"
		"\"Key\":\"nodekey:" KEY64 "\",\"Addresses\":[\"100.64.0.7/32\"],\"AllowedIPs\":"
		"[\"100.64.0.7/"
		"32\"],\"HomeDERP\":900,\"Hostinfo\":{\"OS\":\"linux\"},\"Online\":true,"
		"\"MachineAuthorized\":true,\"CapMap\":{\"a\":null,\"b\":[],\"c\":[true,{\"x\":1}]}"
		"},"
		"\"DERPMap\":{\"Regions\":{\"900\":{\"RegionID\":900,\"RegionCode\":\"own\","
		"\"RegionName\":\"Own\",\"Nodes\":[{\"Name\":\"900a\",\"RegionID\":900,"
		"\"HostName\":"
		"\"derp.example\",\"STUNPort\":3478}]}}},\"PeersRemoved\":[3,4],"
		"\"PeersChangedPatch\":[{\"NodeID\":5,\"DERPRegion\":900,\"Online\":false}],"
		"\"OnlineChange\":{\"5\":true},\"DNSConfig\":{\"Routes\":{\"tail.example\":[]},"
		"\"Domains\":[\"tail.example\"],\"Proxied\":true},\"Domain\":\"tail.example\","
		"\"CollectServices\":false,\"PacketFilters\":{\"base\":[{\"SrcIPs\":[\"*\"],"
		"\"DstPorts\":[{\"IP\":\"*\",\"Ports\":{\"First\":0,\"Last\":65535}}]}],\"old\":"
		"null},"
		"\"UserProfiles\":[{\"ID\":1,\"LoginName\":\"ann\",\"DisplayName\":\"ann\"}],"
		"\"ControlTime\":\"2026-01-01T00:00:00Z\",\"Debug\":{\"DisableLogTail\":true}}",
		NULL));
}

TEST(empty_and_absent_lists_differ)
{
	/* An empty filter blocks, an absent one changes nothing. */
	EXPECT(round_trip(&mesh_map_response_schema, "{\"PacketFilter\":[]}", NULL));
	EXPECT(round_trip(&mesh_map_response_schema, "{\"PacketFilter\":null}", "{}"));
	EXPECT(round_trip(&mesh_map_response_schema, "{}", NULL));
}

TEST(unknown_members_are_ignored)
{
	EXPECT(round_trip(&mesh_map_response_schema, "{\"Future\":{\"a\":[1,2]},\"Domain\":\"x\"}",
			  "{\"Domain\":\"x\"}"));
}

TEST(refusals_name_the_member)
{
	EXPECT_STR(refusal(&mesh_map_request_schema, "{\"NodeKey\":\"mkey:" KEY64 "\"}"),
		   "NodeKey: not a key of the right kind");
	EXPECT_STR(refusal(&mesh_map_request_schema, "{\"Endpoints\":[\"1.2.3.4:5\",\"x\"]}"),
		   "Endpoints[1]: not an address and port");
	EXPECT_STR(refusal(&mesh_map_request_schema, "{\"Stream\":1}"),
		   "Stream: not true or false");
	EXPECT_STR(refusal(&mesh_map_request_schema, "{\"Version\":1.5}"),
		   "Version: not a whole number");
	EXPECT_STR(refusal(&mesh_map_request_schema,
			   "{\"Hostinfo\":{\"RoutableIPs\":[\"10.0.0.1/8\"]}}"),
		   "Hostinfo.RoutableIPs[0]: not a prefix with zero host bits (10.0.0.0/8)");
	EXPECT_STR(refusal(&mesh_map_request_schema, "{\"Compress\":\"a\\u0000b\"}"),
		   "Compress: not text without NUL bytes");
	EXPECT_STR(refusal(&mesh_map_request_schema, "[]"), "the message is not an object");
	EXPECT(strstr(refusal(&mesh_map_request_schema, "{\"Version\":"), "not JSON"));
	EXPECT_STR(refusal(&mesh_map_response_schema, "{\"DERPMap\":{\"Regions\":{\"1\":7}}}"),
		   "DERPMap.Regions.1: not an object");
}

TEST(message_beyond_the_limit_is_refused)
{
	struct mesh_map_request req;
	struct mesh_arena arena = {0};

	EXPECT(mesh_codec_decode(&mesh_map_request_schema, &req, &arena, "{}", 2, 1, NULL) ==
	       -EMSGSIZE);
}

TEST(strings_are_escaped)
{
	struct mesh_buf out = {0};

	mesh_codec_string(&out, "a\"\\\n\x01\xc3\xa9\xff\xc0\x80\xed\xa0\x80\xf0\x9f\x92\xac/");
	mesh_buf_add(&out, "", 1);
	EXPECT_STR((char *)out.data, "\"a\\\"\\\\\\u000a\\u0001\xc3\xa9\\ufffd\\ufffd\\ufffd\\ufffd"
				     "\\ufffd\\ufffd\xf0\x9f\x92\xac/\"");
	mesh_buf_free(&out);
}

TEST(zframe_length_is_little_endian)
{
	struct mesh_zframe z = {0};
	struct mesh_buf out = {0};

	EXPECT(!mesh_zframe_write(&z, &out, "{}", 2, false));
	EXPECT(out.len == 6 && !memcmp(out.data, "\2\0\0\0{}", 6));
	mesh_buf_free(&out);
	mesh_zframe_free(&z);
}

TEST(zframe_both_ways_in_pieces)
{
	struct mesh_zframe z = {0};
	struct mesh_buf out = {0}, in = {0}, json = {0}, big = {0};

	for (int i = 0; i < 100000; i++)
		mesh_buf_printf(&big, "%d,", i);
	EXPECT(!mesh_zframe_write(&z, &out, "{}", 2, true));
	EXPECT(!mesh_zframe_write(&z, &out, big.data, big.len, true));
	EXPECT(out.len < big.len);
	mesh_buf_add(&in, out.data, 5);
	EXPECT(mesh_zframe_read(&z, &in, &json, true) == 0);
	mesh_buf_add(&in, out.data + 5, out.len - 5);
	EXPECT(mesh_zframe_read(&z, &in, &json, true) == 1);
	EXPECT(json.len == 2 && !memcmp(json.data, "{}", 2));
	EXPECT(mesh_zframe_read(&z, &in, &json, true) == 1);
	EXPECT(json.len == big.len && !memcmp(json.data, big.data, big.len));
	EXPECT(mesh_zframe_read(&z, &in, &json, true) == 0 && !in.len);
	mesh_buf_free(&out);
	mesh_buf_free(&in);
	mesh_buf_free(&json);
	mesh_buf_free(&big);
	mesh_zframe_free(&z);
}

TEST(zframe_refuses_bombs_and_noise)
{
	struct mesh_zframe z = {0};
	struct mesh_buf out = {0}, json = {0};
	uint8_t *zeros = calloc(1, MESH_ZFRAME_MAX);

	/* Two frames in one message expand beyond the limit. */
	EXPECT(!mesh_zframe_write(&z, &out, zeros, MESH_ZFRAME_MAX, true));
	{
		size_t n = out.len - 4;
		uint8_t *copy = malloc(n);

		memcpy(copy, out.data + 4, n);
		mesh_buf_add(&out, copy, n);
		free(copy);
		n = out.len - 4;
		for (int i = 0; i < 4; i++)
			out.data[i] = (uint8_t)(n >> (8 * i));
	}
	EXPECT(mesh_zframe_read(&z, &out, &json, true) == -EMSGSIZE);
	out.len = 0;
	mesh_buf_add(&out, "\4\0\0\0nope", 8);
	EXPECT(mesh_zframe_read(&z, &out, &json, true) == -EBADMSG);
	out.len = 0;
	mesh_buf_add(&out, "\xff\xff\xff\xff", 4);
	EXPECT(mesh_zframe_read(&z, &out, &json, true) == -EMSGSIZE);
	free(zeros);
	mesh_buf_free(&out);
	mesh_buf_free(&json);
	mesh_zframe_free(&z);
}

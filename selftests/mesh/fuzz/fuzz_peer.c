// SPDX-License-Identifier: GPL-2.0
/* What arrives on the shared UDP socket and from a relay: disco, STUN, DERP frames. */
#include "derp.h"
#include "disco.h"
#include "fuzz.h"
#include "stun.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mesh_key priv = {{8, [31] = 64}};
	static const uint8_t shared[32];
	struct mesh_derp_client_info info;
	struct mesh_disco_message msg;
	struct mesh_addrport ap;
	struct mesh_derp_frame f;
	enum mesh_derp_gone reason;
	const uint8_t *payload;
	uint8_t txid[12];
	struct mesh_key k;
	size_t at = 0, len;
	bool home;
	int n, version;

	fuzz_init();
	mesh_stun_parse_request(data, size, txid);
	mesh_stun_parse_response(data, size, txid, &ap);
	mesh_disco_decode(&msg, data, size);
	mesh_disco_open(&msg, shared, data, size);
	while ((n = mesh_derp_next(&f, data + at, size - at, MESH_DERP_MAX_FRAME)) > 0) {
		at += (size_t)n;
		mesh_derp_parse_packet(&f, &k, &payload, &len);
		mesh_derp_parse_server_key(&f, &k);
		mesh_derp_parse_peer_gone(&f, &k, &reason);
		mesh_derp_parse_note_preferred(&f, &home);
		mesh_derp_parse_client_info(&f, &priv, &info);
		mesh_derp_parse_server_info(&f, &priv, &priv, &version);
	}
	return 0;
}

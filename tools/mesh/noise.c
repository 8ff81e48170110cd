// SPDX-License-Identifier: GPL-2.0
#include "noise.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define INIT_PAYLOAD  96
#define RESP_PAYLOAD  48
#define MAX_ERROR     512
#define PROTOCOL_NAME "Noise_IK_25519_ChaChaPoly_BLAKE2s"

/* The symmetric state of the Noise framework, section 5.2. */
struct symmetric {
	uint8_t h[32];
	uint8_t ck[32];
	uint8_t k[32];
};

static void mix_hash(struct symmetric *s, const void *data, size_t len)
{
	mesh_crypto_hash(s->h, s->h, sizeof(s->h), data, len);
}

static bool mix_dh(struct symmetric *s, const struct mesh_key *priv, const uint8_t pub[32])
{
	uint8_t dh[32];
	bool ok = mesh_crypto_dh(dh, priv->b, pub);

	if (ok)
		mesh_crypto_hkdf(s->ck, s->k, s->ck, dh, sizeof(dh));
	mesh_crypto_wipe(dh, sizeof(dh));
	return ok;
}

/* Every key seals one message only, so the nonce is always zero. */
static const uint8_t zero_nonce[12];

static void seal(struct symmetric *s, uint8_t *out, const void *in, size_t len)
{
	mesh_crypto_seal(out, s->k, zero_nonce, s->h, sizeof(s->h), in, len);
	mix_hash(s, out, len + MESH_TAG_SIZE);
}

static bool open_sealed(struct symmetric *s, uint8_t *out, const uint8_t *in, size_t len)
{
	if (!mesh_crypto_open(out, s->k, zero_nonce, s->h, sizeof(s->h), in, len))
		return false;
	mix_hash(s, in, len);
	return true;
}

static void start(struct symmetric *s, uint16_t version, const struct mesh_key *server)
{
	char prologue[48];
	int n = snprintf(prologue, sizeof(prologue), "Tailscale Control Protocol v%u", version);

	mesh_crypto_hash(s->h, PROTOCOL_NAME, strlen(PROTOCOL_NAME), NULL, 0);
	memcpy(s->ck, s->h, sizeof(s->ck));
	mix_hash(s, prologue, (size_t)n);
	mix_hash(s, server->b, sizeof(server->b));
}

static void split(struct symmetric *s, struct mesh_noise_session *session, bool initiator)
{
	uint8_t *to_server = initiator ? session->send : session->receive;
	uint8_t *to_agent = initiator ? session->receive : session->send;

	mesh_crypto_hkdf(to_server, to_agent, s->ck, NULL, 0);
	memcpy(session->hash, s->h, sizeof(s->h));
}

static void choose_ephemeral(struct mesh_key *priv, const struct mesh_key *given)
{
	if (given)
		*priv = *given;
	else
		mesh_key_generate(priv);
}

int mesh_noise_init(struct mesh_noise_initiator *hs, const struct mesh_key *machine,
		    const struct mesh_key *server, uint16_t version,
		    const struct mesh_key *ephemeral, uint8_t out[MESH_NOISE_INIT_SIZE])
{
	struct symmetric s;
	struct mesh_key pub;
	int ret = -EBADMSG;

	hs->machine = *machine;
	hs->server = *server;
	hs->version = version;
	choose_ephemeral(&hs->ephemeral, ephemeral);

	mesh_put16(out, version);
	out[2] = MESH_NOISE_INITIATION;
	mesh_put16(out + 3, INIT_PAYLOAD);
	start(&s, version, server);
	mesh_crypto_public(out + 5, hs->ephemeral.b);
	mix_hash(&s, out + 5, 32);
	if (!mix_dh(&s, &hs->ephemeral, server->b))
		goto out;
	mesh_key_public(&pub, machine);
	seal(&s, out + 37, pub.b, sizeof(pub.b));
	if (!mix_dh(&s, machine, server->b))
		goto out;
	seal(&s, out + 85, NULL, 0);
	memcpy(hs->h, s.h, sizeof(s.h));
	memcpy(hs->ck, s.ck, sizeof(s.ck));
	ret = 0;
out:
	mesh_crypto_wipe(&s, sizeof(s));
	return ret;
}

int mesh_noise_accept(struct mesh_noise_session *session, const struct mesh_key *server,
		      const uint8_t init[MESH_NOISE_INIT_SIZE], const struct mesh_key *ephemeral,
		      uint8_t out[MESH_NOISE_RESP_SIZE])
{
	struct mesh_key e, pub;
	struct symmetric s;
	uint8_t empty[1];
	int ret = -EACCES;

	if (init[2] != MESH_NOISE_INITIATION || mesh_be16(init + 3) != INIT_PAYLOAD)
		return -EBADMSG;
	session->version = mesh_be16(init);
	mesh_key_public(&pub, server);
	start(&s, session->version, &pub);
	mix_hash(&s, init + 5, 32);
	if (!mix_dh(&s, server, init + 5) || !open_sealed(&s, session->peer.b, init + 37, 48))
		goto out;
	if (!mix_dh(&s, server, session->peer.b) || !open_sealed(&s, empty, init + 85, 16))
		goto out;

	choose_ephemeral(&e, ephemeral);
	out[0] = MESH_NOISE_RESPONSE;
	mesh_put16(out + 1, RESP_PAYLOAD);
	mesh_crypto_public(out + 3, e.b);
	mix_hash(&s, out + 3, 32);
	if (mix_dh(&s, &e, init + 5) && mix_dh(&s, &e, session->peer.b)) {
		seal(&s, out + 35, NULL, 0);
		split(&s, session, false);
		ret = 0;
	}
	mesh_crypto_wipe(&e, sizeof(e));
out:
	mesh_crypto_wipe(&s, sizeof(s));
	return ret;
}

static int finish(struct mesh_noise_initiator *hs, const uint8_t *in,
		  struct mesh_noise_session *session)
{
	struct symmetric s;
	uint8_t empty[1];
	int ret = -EACCES;

	memcpy(s.h, hs->h, sizeof(s.h));
	memcpy(s.ck, hs->ck, sizeof(s.ck));
	mix_hash(&s, in + 3, 32);
	if (mix_dh(&s, &hs->ephemeral, in + 3) && mix_dh(&s, &hs->machine, in + 3) &&
	    open_sealed(&s, empty, in + 35, 16)) {
		split(&s, session, true);
		session->peer = hs->server;
		session->version = hs->version;
		ret = MESH_NOISE_RESP_SIZE;
	}
	mesh_crypto_wipe(&s, sizeof(s));
	return ret;
}

int mesh_noise_finish(struct mesh_noise_initiator *hs, const uint8_t *in, size_t len,
		      struct mesh_noise_session *session, struct mesh_error *err)
{
	size_t payload;
	int ret;

	if (len < 3)
		return -EAGAIN;
	payload = mesh_be16(in + 1);
	if (in[0] == MESH_NOISE_ERROR) {
		if (payload > MAX_ERROR)
			payload = MAX_ERROR;
		if (len < 3 + payload)
			return -EAGAIN;
		mesh_error_set(err, "%.*s", (int)payload, (const char *)in + 3);
		ret = -ECONNREFUSED;
	} else if (in[0] != MESH_NOISE_RESPONSE || payload != RESP_PAYLOAD) {
		mesh_error_set(err, "the server's handshake response is malformed");
		ret = -EBADMSG;
	} else if (len < MESH_NOISE_RESP_SIZE) {
		return -EAGAIN;
	} else {
		ret = finish(hs, in, session);
		if (ret < 0)
			mesh_error_set(err,
				       "the server's handshake response does not authenticate");
	}
	mesh_crypto_wipe(hs, sizeof(*hs));
	return ret;
}

void mesh_noise_refuse(struct mesh_buf *out, const char *text)
{
	size_t len = strlen(text);
	uint8_t head[3] = {MESH_NOISE_ERROR};

	if (len > MAX_ERROR)
		len = MAX_ERROR;
	mesh_put16(head + 1, (uint16_t)len);
	mesh_buf_add(out, head, sizeof(head));
	mesh_buf_add(out, text, len);
}

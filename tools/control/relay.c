// SPDX-License-Identifier: GPL-2.0
/*
 * The embedded relay: DERP frames between devices that cannot reach each other directly. It sees
 * only ciphertext. Whoever connects proves a node key, and the node must be one of ours.
 */
#include "derp.h"
#include "disco.h"
#include "log.h"
#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEEP_ALIVE_MS 60000
#define MAX_QUEUED    (512 << 10) /* to a client that reads slowly; more is dropped */
#define MAX_SENT_TO   4096	  /* peers that are told when a client leaves */
#define GONE_BURST    3

struct client {
	struct client *next;
	struct client **prev;
	struct client *same; /* another connection of the same node, less recently used */
	struct control_relay *relay;
	struct control_conn *conn;
	struct mesh_key key;
	bool admitted;
	uint64_t sent; /* ms */
	struct control_index sent_to;
	uint64_t gone_at; /* when the last PeerGone left */
	unsigned int gone_tokens;
};

struct control_relay {
	struct control_server *srv;
	struct mesh_key priv;
	struct mesh_key pub;
	struct client *clients;
	struct control_index by_key; /* the most recently used connection of each node */
	struct control_relay_stats stats;
};

struct control_relay *control_relay_new(struct control_server *srv, struct mesh_error *err)
{
	struct control_relay *r = mesh_alloc(sizeof(*r));
	char path[512];

	r->srv = srv;
	snprintf(path, sizeof(path), "%s/relay.key", srv->config->state_dir);
	if (control_cert_private_key(path, &r->priv, err)) {
		free(r);
		return NULL;
	}
	mesh_key_public(&r->pub, &r->priv);
	return r;
}

void control_relay_free(struct control_relay *relay)
{
	if (!relay)
		return;
	control_index_free(&relay->by_key);
	mesh_crypto_wipe(relay, sizeof(*relay));
	free(relay);
}

const struct mesh_key *control_relay_key(const struct control_relay *relay)
{
	return &relay->pub;
}

void control_relay_stats(const struct control_relay *relay, struct control_relay_stats *out)
{
	*out = relay->stats;
}

static void write_frame(struct client *c, struct mesh_buf *frame)
{
	c->sent = uv_now(&c->relay->srv->loop);
	control_conn_write(c->conn, frame->data, frame->len);
	mesh_buf_free(frame);
}

/* A node may have several connections: the list of the same key, newest first. */
static void add_client(struct client *c)
{
	struct control_relay *r = c->relay;

	c->same = control_index_get(&r->by_key, &c->key);
	control_index_set(&r->by_key, &c->key, c);
	c->admitted = true;
	r->stats.clients++;
}

static void remove_client(struct client *c)
{
	struct control_relay *r = c->relay;
	struct client *head = control_index_get(&r->by_key, &c->key);

	if (head == c) {
		if (c->same)
			control_index_set(&r->by_key, &c->key, c->same);
		else
			control_index_remove(&r->by_key, &c->key);
	} else {
		while (head && head->same != c)
			head = head->same;
		if (head)
			head->same = c->same;
	}
	r->stats.clients--;
}

/* The connection that sent last is the one that receives. */
static void make_active(struct client *c)
{
	struct client *head = control_index_get(&c->relay->by_key, &c->key);

	if (head == c)
		return;
	remove_client(c);
	add_client(c);
}

static bool allowed(struct control_relay *r, const struct mesh_key *key)
{
	struct control_node *n;

	if (!r->srv->config->relay.verify_clients)
		return true;
	n = control_node_by_key(r->srv->state, key);
	return n && !control_node_expired(n);
}

/* Return: false when the client has to go. */
static bool handshake(struct client *c, const struct mesh_derp_frame *f)
{
	struct mesh_derp_client_info info;
	struct mesh_buf out = {0};
	char ip[MESH_ADDR_TEXT];

	mesh_text_ip(ip, &c->conn->peer.ip);
	if (mesh_derp_parse_client_info(f, &c->relay->priv, &info)) {
		control_log(LOG_WARN, "relay: a client at %s does not own its key", ip);
		return false;
	}
	if (!allowed(c->relay, &info.node)) {
		control_log(LOG_WARN, "relay: refused a client at %s that is no node of this mesh",
			    ip);
		return false;
	}
	c->key = info.node;
	add_client(c);
	if (c->relay->srv->config->relay.verify_clients)
		control_conn_known(c->conn);
	mesh_derp_server_info(&out, &c->relay->priv, &c->key);
	write_frame(c, &out);
	control_conn_deadline(c->conn, 0);
	return true;
}

static void peer_gone(struct client *to, const struct mesh_key *peer, enum mesh_derp_gone why)
{
	struct mesh_buf out = {0};

	mesh_derp_peer_gone(&out, peer, why);
	write_frame(to, &out);
}

static void not_here(struct client *c, const struct mesh_key *peer)
{
	uint64_t now = uv_now(&c->relay->srv->loop);

	if (now - c->gone_at >= 1000) {
		c->gone_tokens = GONE_BURST;
		c->gone_at = now;
	}
	if (!c->gone_tokens)
		return;
	c->gone_tokens--;
	peer_gone(c, peer, MESH_DERP_GONE_NOT_HERE);
}

static void forward(struct client *c, const struct mesh_derp_frame *f)
{
	struct control_relay *r = c->relay;
	struct mesh_buf out = {0};
	struct mesh_key to_key;
	struct client *to;
	const uint8_t *data;
	size_t len;

	if (mesh_derp_parse_packet(f, &to_key, &data, &len))
		return;
	make_active(c);
	to = control_index_get(&r->by_key, &to_key);
	if (!to) {
		r->stats.dropped++;
		/* Only path discovery wants to know. */
		if (mesh_disco_is(data, len))
			not_here(c, &to_key);
		return;
	}
	if (to->conn->queued > MAX_QUEUED) {
		r->stats.dropped++;
		return;
	}
	if (c->sent_to.n < MAX_SENT_TO)
		control_index_set(&c->sent_to, &to_key, r);
	r->stats.packets++;
	r->stats.bytes += len;
	mesh_derp_packet(&out, MESH_DERP_RECV_PACKET, &c->key, data, len);
	write_frame(to, &out);
}

static bool on_frame(struct client *c, const struct mesh_derp_frame *f)
{
	struct mesh_buf out = {0};

	if (!c->admitted)
		return handshake(c, f);
	switch (f->type) {
	case MESH_DERP_SEND_PACKET:
		forward(c, f);
		break;
	case MESH_DERP_PING:
		if (f->len < 8 || f->len > 1000)
			return false;
		if (c->conn->queued > MAX_QUEUED)
			break;
		mesh_derp_frame(&out, MESH_DERP_PONG, f->payload, f->len);
		write_frame(c, &out);
		break;
	default:
		/* NotePreferred is only a hint; what is unknown is skipped. */
		break;
	}
	return true;
}

static void on_bytes(struct control_conn *conn)
{
	struct client *c = conn->handler_data;
	struct mesh_derp_frame f;
	size_t used = 0;
	bool ok = true;
	int n = 0;

	while (ok && !conn->closing &&
	       (n = mesh_derp_next(&f, conn->in.data + used, conn->in.len - used,
				   c->admitted ? MESH_DERP_MAX_PACKET + MESH_KEY_SIZE
					       : MESH_DERP_MAX_INFO)) > 0) {
		used += (size_t)n;
		ok = on_frame(c, &f);
	}
	mesh_buf_take(&conn->in, used);
	if (!ok || n < 0)
		control_conn_close(conn);
}

static void on_closed(struct control_conn *conn)
{
	struct client *c = conn->handler_data;
	struct control_relay *r = c->relay;

	*c->prev = c->next;
	if (c->next)
		c->next->prev = c->prev;
	if (c->admitted) {
		remove_client(c);
		for (size_t i = 0; i < c->sent_to.size; i++) {
			struct client *to =
				c->sent_to.slots[i].value
					? control_index_get(&r->by_key, &c->sent_to.slots[i].key)
					: NULL;

			if (to && !control_index_get(&r->by_key, &c->key))
				peer_gone(to, &c->key, MESH_DERP_GONE_DISCONNECTED);
		}
	}
	control_index_free(&c->sent_to);
	free(c);
}

static const struct control_handler relay_handler = {on_bytes, NULL, on_closed};

void control_relay_start(struct control_relay *relay, struct control_conn *conn)
{
	struct client *c = mesh_alloc(sizeof(*c));
	struct mesh_buf out = {0};

	c->relay = relay;
	c->conn = conn;
	c->next = relay->clients;
	c->prev = &relay->clients;
	if (c->next)
		c->next->prev = &c->next;
	relay->clients = c;
	conn->handler = &relay_handler;
	conn->handler_data = c;
	control_conn_deadline(conn, 10);
	mesh_derp_server_key(&out, &relay->pub);
	write_frame(c, &out);
	if (conn->in.len)
		on_bytes(conn);
}

void control_relay_tick(struct control_relay *relay)
{
	uint64_t now = uv_now(&relay->srv->loop);
	struct client *c, *next;

	for (c = relay->clients; c; c = next) {
		struct mesh_buf out = {0};

		next = c->next;
		if (!c->admitted)
			continue;
		/* Removed or expired in the meantime. Later, as closing may free the next one too.
		 */
		if (!allowed(relay, &c->key)) {
			c->conn->deadline = 1;
		} else if (now - c->sent > KEEP_ALIVE_MS) {
			mesh_derp_frame(&out, MESH_DERP_KEEP_ALIVE, NULL, 0);
			write_frame(c, &out);
		}
	}
}

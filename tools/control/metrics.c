// SPDX-License-Identifier: GPL-2.0
/* Numbers for Prometheus. */
#include "server.h"

static void gauge(struct mesh_buf *out, const char *name, size_t value)
{
	mesh_buf_printf(out, "# TYPE warren_control_%s gauge\nwarren_control_%s %zu\n", name, name,
			value);
}

static void counter(struct mesh_buf *out, const char *name, uint64_t value)
{
	mesh_buf_printf(out,
			"# TYPE warren_control_%s_total counter\nwarren_control_%s_total %llu\n",
			name, name, (unsigned long long)value);
}

void control_metrics_write(const struct control_server *srv, struct mesh_buf *out)
{
	struct control_relay_stats relay = {0};
	size_t online = 0;

	for (size_t i = 0; i < srv->state->n_slots; i++)
		online += srv->state->nodes[i] && srv->state->nodes[i]->online;
	if (srv->relay)
		control_relay_stats(srv->relay, &relay);
	gauge(out, "nodes", srv->state->n_nodes);
	gauge(out, "nodes_online", online);
	gauge(out, "streams", srv->n_polls);
	gauge(out, "connections", srv->conns.n);
	gauge(out, "logins_waiting", srv->login->n_pending);
	gauge(out, "relay_clients", relay.clients);
	counter(out, "logins_refused", srv->refused);
	counter(out, "map_messages", srv->mapper->messages);
	counter(out, "map_bytes", srv->mapper->bytes);
	counter(out, "relay_packets", relay.packets);
	counter(out, "relay_bytes", relay.bytes);
	counter(out, "relay_dropped", relay.dropped);
}

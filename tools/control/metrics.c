// SPDX-License-Identifier: GPL-2.0
/* Numbers for Prometheus. */
#include "server.h"

void control_metrics_write(const struct control_server *srv, struct mesh_buf *out)
{
	struct control_relay_stats relay = {0};
	size_t online = 0;

	for (size_t i = 0; i < srv->state->n_slots; i++)
		online += srv->state->nodes[i] && srv->state->nodes[i]->online;
	if (srv->relay)
		control_relay_stats(srv->relay, &relay);
	mesh_buf_printf(
		out,
		"# TYPE warren_control_nodes gauge\nwarren_control_nodes %zu\n"
		"# TYPE warren_control_nodes_online gauge\nwarren_control_nodes_online %zu\n"
		"# TYPE warren_control_streams gauge\nwarren_control_streams %zu\n"
		"# TYPE warren_control_connections gauge\nwarren_control_connections %zu\n"
		"# TYPE warren_control_logins_waiting gauge\n"
		"warren_control_logins_waiting %zu\n",
		srv->state->n_nodes, online, srv->n_polls, srv->conns.n, srv->login->n_pending);
	mesh_buf_printf(
		out,
		"# TYPE warren_control_map_messages_total counter\n"
		"warren_control_map_messages_total %llu\n"
		"# TYPE warren_control_map_bytes_total counter\n"
		"warren_control_map_bytes_total %llu\n"
		"# TYPE warren_control_relay_clients gauge\nwarren_control_relay_clients %zu\n"
		"# TYPE warren_control_relay_packets_total counter\n"
		"warren_control_relay_packets_total %llu\n"
		"# TYPE warren_control_relay_bytes_total counter\n"
		"warren_control_relay_bytes_total %llu\n"
		"# TYPE warren_control_relay_dropped_total counter\n"
		"warren_control_relay_dropped_total %llu\n",
		(unsigned long long)srv->mapper->messages, (unsigned long long)srv->mapper->bytes,
		relay.clients, (unsigned long long)relay.packets, (unsigned long long)relay.bytes,
		(unsigned long long)relay.dropped);
}

// SPDX-License-Identifier: GPL-2.0
/* The tables of the control protocol's messages. */
#include "message.h"

/*
 * F() is a member that is always written, O() one that is left out when empty. The suffix is the
 * shape: none for a value, L for a list, M for a map, P for a pointer, ML for a map of lists.
 */
#define MEMBER(s, json, member, t, sh, ...)                                                        \
	{                                                                                          \
		.name = json, .type = t, .shape = sh, .offset = offsetof(struct s, member),        \
		__VA_ARGS__                                                                        \
	}
#define F(s, json, member, t, ...) MEMBER(s, json, member, t, MESH_ONE, __VA_ARGS__)
#define O(s, json, member, t, ...)                                                                 \
	MEMBER(s, json, member, t, MESH_ONE, .omit_empty = true, __VA_ARGS__)
#define OP(s, json, member, t, ...)                                                                \
	MEMBER(s, json, member, t, MESH_POINTER, .omit_empty = true, __VA_ARGS__)
#define FL(s, json, member, t, ...) MEMBER(s, json, member, t, MESH_LIST, __VA_ARGS__)
#define OL(s, json, member, t, ...)                                                                \
	MEMBER(s, json, member, t, MESH_LIST, .omit_empty = true, __VA_ARGS__)
#define OM(s, json, member, t, ...)                                                                \
	MEMBER(s, json, member, t, MESH_MAP, .omit_empty = true, __VA_ARGS__)
#define FM(s, json, member, t, ...) MEMBER(s, json, member, t, MESH_MAP, __VA_ARGS__)
#define OML(s, json, member, t, ...)                                                               \
	MEMBER(s, json, member, t, MESH_MAP, .omit_empty = true, .of_lists = true, __VA_ARGS__)

#define SCHEMA(name, fields_)                                                                      \
	const struct mesh_schema name##_schema = {                                                 \
		.size = sizeof(struct name),                                                       \
		.fields = fields_,                                                                 \
		.n = sizeof(fields_) / sizeof(fields_[0]),                                         \
	}

static const struct mesh_field net_info[] = {
	O(mesh_net_info, "MappingVariesByDestIP", mapping_varies_by_dest_ip, MESH_TRISTATE),
	O(mesh_net_info, "WorkingIPv6", working_ipv6, MESH_TRISTATE),
	O(mesh_net_info, "OSHasIPv6", os_has_ipv6, MESH_TRISTATE),
	O(mesh_net_info, "WorkingUDP", working_udp, MESH_TRISTATE),
	O(mesh_net_info, "PreferredDERP", preferred_derp, MESH_INT),
	OM(mesh_net_info, "DERPLatency", derp_latency, MESH_DOUBLE),
};
static SCHEMA(mesh_net_info, net_info);

static const struct mesh_field service[] = {
	F(mesh_service, "Proto", proto, MESH_STRING),
	F(mesh_service, "Port", port, MESH_INT),
	O(mesh_service, "Description", description, MESH_STRING),
};
static SCHEMA(mesh_service, service);

static const struct mesh_field hostinfo[] = {
	O(mesh_hostinfo, "IPNVersion", ipn_version, MESH_STRING),
	O(mesh_hostinfo, "BackendLogID", backend_log_id, MESH_STRING),
	O(mesh_hostinfo, "OS", os, MESH_STRING),
	O(mesh_hostinfo, "OSVersion", os_version, MESH_STRING),
	O(mesh_hostinfo, "Hostname", hostname, MESH_STRING),
	O(mesh_hostinfo, "ShieldsUp", shields_up, MESH_BOOL),
	OL(mesh_hostinfo, "RoutableIPs", routable_ips, MESH_PREFIX),
	OL(mesh_hostinfo, "RequestTags", request_tags, MESH_STRING),
	OL(mesh_hostinfo, "Services", services, MESH_STRUCT, .sub = &mesh_service_schema),
	OP(mesh_hostinfo, "NetInfo", net_info, MESH_STRUCT, .sub = &mesh_net_info_schema),
};
SCHEMA(mesh_hostinfo, hostinfo);

static const struct mesh_field register_auth[] = {
	O(mesh_register_auth, "AuthKey", auth_key, MESH_STRING),
};
static SCHEMA(mesh_register_auth, register_auth);

/* The decoder fills the typed and the raw Hostinfo; an encoder sets only one of them. */
static const struct mesh_field register_request[] = {
	F(mesh_register_request, "Version", version, MESH_INT),
	F(mesh_register_request, "NodeKey", node_key, MESH_KEY, .arg = MESH_KEY_NODE),
	F(mesh_register_request, "OldNodeKey", old_node_key, MESH_KEY, .arg = MESH_KEY_NODE),
	OP(mesh_register_request, "Auth", auth, MESH_STRUCT, .sub = &mesh_register_auth_schema),
	F(mesh_register_request, "Expiry", expiry, MESH_TIME),
	F(mesh_register_request, "Followup", followup, MESH_STRING),
	OP(mesh_register_request, "Hostinfo", hostinfo, MESH_STRUCT, .sub = &mesh_hostinfo_schema),
	O(mesh_register_request, "Hostinfo", hostinfo_raw, MESH_RAW),
	O(mesh_register_request, "Ephemeral", ephemeral, MESH_BOOL),
	O(mesh_register_request, "Tailnet", tailnet, MESH_STRING),
};
SCHEMA(mesh_register_request, register_request);

static const struct mesh_field user[] = {
	F(mesh_user, "ID", id, MESH_INT),
	F(mesh_user, "DisplayName", display_name, MESH_STRING),
	O(mesh_user, "ProfilePicURL", profile_pic_url, MESH_STRING),
	F(mesh_user, "Created", created, MESH_TIME),
};
static SCHEMA(mesh_user, user);

static const struct mesh_field login[] = {
	F(mesh_login, "ID", id, MESH_INT),
	O(mesh_login, "Provider", provider, MESH_STRING),
	F(mesh_login, "LoginName", login_name, MESH_STRING),
	F(mesh_login, "DisplayName", display_name, MESH_STRING),
	O(mesh_login, "ProfilePicURL", profile_pic_url, MESH_STRING),
};
SCHEMA(mesh_login, login);

static const struct mesh_field register_response[] = {
	F(mesh_register_response, "User", user, MESH_STRUCT, .sub = &mesh_user_schema),
	F(mesh_register_response, "Login", login, MESH_STRUCT, .sub = &mesh_login_schema),
	F(mesh_register_response, "NodeKeyExpired", node_key_expired, MESH_BOOL),
	F(mesh_register_response, "MachineAuthorized", machine_authorized, MESH_BOOL),
	F(mesh_register_response, "AuthURL", auth_url, MESH_STRING),
	O(mesh_register_response, "Error", error, MESH_STRING),
};
SCHEMA(mesh_register_response, register_response);

static const struct mesh_field map_request[] = {
	F(mesh_map_request, "Version", version, MESH_INT),
	F(mesh_map_request, "Compress", compress, MESH_STRING),
	F(mesh_map_request, "KeepAlive", keep_alive, MESH_BOOL),
	F(mesh_map_request, "NodeKey", node_key, MESH_KEY, .arg = MESH_KEY_NODE),
	F(mesh_map_request, "DiscoKey", disco_key, MESH_KEY, .arg = MESH_KEY_DISCO),
	F(mesh_map_request, "Stream", stream, MESH_BOOL),
	OP(mesh_map_request, "Hostinfo", hostinfo, MESH_STRUCT, .sub = &mesh_hostinfo_schema),
	O(mesh_map_request, "Hostinfo", hostinfo_raw, MESH_RAW),
	OL(mesh_map_request, "Endpoints", endpoints, MESH_ADDRPORT),
	OL(mesh_map_request, "EndpointTypes", endpoint_types, MESH_INT),
	O(mesh_map_request, "OmitPeers", omit_peers, MESH_BOOL),
	O(mesh_map_request, "ReadOnly", read_only, MESH_BOOL),
};
SCHEMA(mesh_map_request, map_request);

static const struct mesh_field node[] = {
	F(mesh_node, "ID", id, MESH_INT),
	F(mesh_node, "StableID", stable_id, MESH_STRING),
	F(mesh_node, "Name", name, MESH_STRING),
	F(mesh_node, "User", user, MESH_INT),
	F(mesh_node, "Key", key, MESH_KEY, .arg = MESH_KEY_NODE),
	O(mesh_node, "KeyExpiry", key_expiry, MESH_TIME),
	O(mesh_node, "Machine", machine, MESH_KEY, .arg = MESH_KEY_MACHINE),
	O(mesh_node, "DiscoKey", disco_key, MESH_KEY, .arg = MESH_KEY_DISCO),
	FL(mesh_node, "Addresses", addresses, MESH_PREFIX),
	OL(mesh_node, "AllowedIPs", allowed_ips, MESH_PREFIX),
	OL(mesh_node, "Endpoints", endpoints, MESH_ADDRPORT),
	O(mesh_node, "HomeDERP", home_derp, MESH_INT),
	O(mesh_node, "Hostinfo", hostinfo, MESH_RAW),
	O(mesh_node, "Created", created, MESH_TIME),
	O(mesh_node, "Cap", cap, MESH_INT),
	OL(mesh_node, "Tags", tags, MESH_STRING),
	OL(mesh_node, "PrimaryRoutes", primary_routes, MESH_PREFIX),
	O(mesh_node, "LastSeen", last_seen, MESH_TIME),
	O(mesh_node, "Online", online, MESH_TRISTATE),
	O(mesh_node, "MachineAuthorized", machine_authorized, MESH_BOOL),
	OML(mesh_node, "CapMap", cap_map, MESH_RAW),
	O(mesh_node, "Expired", expired, MESH_BOOL),
	O(mesh_node, "IsWireGuardOnly", wireguard_only, MESH_BOOL),
};
SCHEMA(mesh_node, node);

static const struct mesh_field peer_change[] = {
	F(mesh_peer_change, "NodeID", node_id, MESH_INT),
	O(mesh_peer_change, "DERPRegion", derp_region, MESH_INT),
	OL(mesh_peer_change, "Endpoints", endpoints, MESH_ADDRPORT),
	O(mesh_peer_change, "Key", key, MESH_KEY, .arg = MESH_KEY_NODE),
	O(mesh_peer_change, "DiscoKey", disco_key, MESH_KEY, .arg = MESH_KEY_DISCO),
	O(mesh_peer_change, "Online", online, MESH_TRISTATE),
	O(mesh_peer_change, "LastSeen", last_seen, MESH_TIME),
	O(mesh_peer_change, "KeyExpiry", key_expiry, MESH_TIME),
};
SCHEMA(mesh_peer_change, peer_change);

static const struct mesh_field derp_node[] = {
	F(mesh_derp_node, "Name", name, MESH_STRING),
	F(mesh_derp_node, "RegionID", region_id, MESH_INT),
	F(mesh_derp_node, "HostName", host_name, MESH_STRING),
	O(mesh_derp_node, "CertName", cert_name, MESH_STRING),
	O(mesh_derp_node, "IPv4", ipv4, MESH_STRING),
	O(mesh_derp_node, "IPv6", ipv6, MESH_STRING),
	O(mesh_derp_node, "STUNPort", stun_port, MESH_INT),
	O(mesh_derp_node, "STUNOnly", stun_only, MESH_BOOL),
	O(mesh_derp_node, "DERPPort", derp_port, MESH_INT),
	O(mesh_derp_node, "InsecureForTests", insecure_for_tests, MESH_BOOL),
	O(mesh_derp_node, "CanPort80", can_port_80, MESH_BOOL),
};
static SCHEMA(mesh_derp_node, derp_node);

static const struct mesh_field derp_region[] = {
	F(mesh_derp_region, "RegionID", region_id, MESH_INT),
	F(mesh_derp_region, "RegionCode", region_code, MESH_STRING),
	F(mesh_derp_region, "RegionName", region_name, MESH_STRING),
	O(mesh_derp_region, "Avoid", avoid, MESH_BOOL),
	O(mesh_derp_region, "NoMeasureNoHome", no_measure_no_home, MESH_BOOL),
	FL(mesh_derp_region, "Nodes", nodes, MESH_STRUCT, .sub = &mesh_derp_node_schema),
};
static SCHEMA(mesh_derp_region, derp_region);

static const struct mesh_field derp_map[] = {
	FM(mesh_derp_map, "Regions", regions, MESH_STRUCT, .sub = &mesh_derp_region_schema),
};
SCHEMA(mesh_derp_map, derp_map);

static const struct mesh_field resolver[] = {
	F(mesh_resolver, "Addr", addr, MESH_STRING),
	OL(mesh_resolver, "BootstrapResolution", bootstrap, MESH_IP),
	O(mesh_resolver, "UseWithExitNode", use_with_exit_node, MESH_BOOL),
};
static SCHEMA(mesh_resolver, resolver);

static const struct mesh_field dns_record[] = {
	F(mesh_dns_record, "Name", name, MESH_STRING),
	O(mesh_dns_record, "Type", type, MESH_STRING),
	F(mesh_dns_record, "Value", value, MESH_STRING),
};
static SCHEMA(mesh_dns_record, dns_record);

static const struct mesh_field dns_config[] = {
	OL(mesh_dns_config, "Resolvers", resolvers, MESH_STRUCT, .sub = &mesh_resolver_schema),
	OML(mesh_dns_config, "Routes", routes, MESH_STRUCT, .sub = &mesh_resolver_schema),
	OL(mesh_dns_config, "FallbackResolvers", fallback_resolvers, MESH_STRUCT,
	   .sub = &mesh_resolver_schema),
	OL(mesh_dns_config, "Domains", domains, MESH_STRING),
	O(mesh_dns_config, "Proxied", proxied, MESH_BOOL),
	OL(mesh_dns_config, "ExtraRecords", extra_records, MESH_STRUCT,
	   .sub = &mesh_dns_record_schema),
};
SCHEMA(mesh_dns_config, dns_config);

static const struct mesh_field port_range[] = {
	F(mesh_port_range, "First", first, MESH_INT),
	F(mesh_port_range, "Last", last, MESH_INT),
};
static SCHEMA(mesh_port_range, port_range);

static const struct mesh_field net_port_range[] = {
	F(mesh_net_port_range, "IP", ip, MESH_STRING),
	F(mesh_net_port_range, "Ports", ports, MESH_STRUCT, .sub = &mesh_port_range_schema),
};
static SCHEMA(mesh_net_port_range, net_port_range);

static const struct mesh_field cap_grant[] = {
	FL(mesh_cap_grant, "Dsts", dsts, MESH_PREFIX),
	OML(mesh_cap_grant, "CapMap", cap_map, MESH_RAW),
};
static SCHEMA(mesh_cap_grant, cap_grant);

static const struct mesh_field filter_rule[] = {
	FL(mesh_filter_rule, "SrcIPs", src_ips, MESH_STRING),
	OL(mesh_filter_rule, "DstPorts", dst_ports, MESH_STRUCT,
	   .sub = &mesh_net_port_range_schema),
	OL(mesh_filter_rule, "IPProto", ip_proto, MESH_INT),
	OL(mesh_filter_rule, "CapGrant", cap_grant, MESH_STRUCT, .sub = &mesh_cap_grant_schema),
};
SCHEMA(mesh_filter_rule, filter_rule);

static const struct mesh_field debug[] = {
	O(mesh_debug, "DisableLogTail", disable_log_tail, MESH_BOOL),
};
static SCHEMA(mesh_debug, debug);

static const struct mesh_field ping_request[] = {
	O(mesh_ping_request, "URL", url, MESH_STRING),
	O(mesh_ping_request, "URLIsNoise", url_is_noise, MESH_BOOL),
	O(mesh_ping_request, "Types", types, MESH_STRING),
	O(mesh_ping_request, "IP", ip, MESH_IP),
};
static SCHEMA(mesh_ping_request, ping_request);

static const struct mesh_field map_response[] = {
	O(mesh_map_response, "KeepAlive", keep_alive, MESH_BOOL),
	OP(mesh_map_response, "PingRequest", ping_request, MESH_STRUCT,
	   .sub = &mesh_ping_request_schema),
	OP(mesh_map_response, "Node", node, MESH_STRUCT, .sub = &mesh_node_schema),
	OP(mesh_map_response, "DERPMap", derp_map, MESH_STRUCT, .sub = &mesh_derp_map_schema),
	OL(mesh_map_response, "Peers", peers, MESH_STRUCT, .sub = &mesh_node_schema),
	OL(mesh_map_response, "PeersChanged", peers_changed, MESH_STRUCT, .sub = &mesh_node_schema),
	OL(mesh_map_response, "PeersRemoved", peers_removed, MESH_INT),
	OL(mesh_map_response, "PeersChangedPatch", peers_changed_patch, MESH_STRUCT,
	   .sub = &mesh_peer_change_schema),
	OM(mesh_map_response, "OnlineChange", online_change, MESH_BOOL),
	OP(mesh_map_response, "DNSConfig", dns_config, MESH_STRUCT, .sub = &mesh_dns_config_schema),
	O(mesh_map_response, "Domain", domain, MESH_STRING),
	O(mesh_map_response, "CollectServices", collect_services, MESH_TRISTATE),
	OL(mesh_map_response, "PacketFilter", packet_filter, MESH_STRUCT,
	   .sub = &mesh_filter_rule_schema),
	OML(mesh_map_response, "PacketFilters", packet_filters, MESH_STRUCT,
	    .sub = &mesh_filter_rule_schema),
	OL(mesh_map_response, "UserProfiles", user_profiles, MESH_STRUCT,
	   .sub = &mesh_login_schema),
	OL(mesh_map_response, "Health", health, MESH_STRING),
	O(mesh_map_response, "ControlTime", control_time, MESH_TIME),
	OP(mesh_map_response, "Debug", debug, MESH_STRUCT, .sub = &mesh_debug_schema),
};
SCHEMA(mesh_map_response, map_response);

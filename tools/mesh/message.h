/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The messages of the control protocol as C structures: registration, map requests, and the map.
 * Member names follow the JSON ones; message.c holds the tables. Encode and decode with codec.h:
 *
 *   mesh_codec_decode(&mesh_map_request_schema, &req, &arena, json, len, max, &err);
 *   mesh_codec_encode(&mesh_map_response_schema, &resp, &buf);
 *
 * Members that other implementations define and nobody here uses are not listed; a decoder skips
 * them. Zero keys, times and numbers mean "absent" throughout.
 */
#ifndef MESH_MESSAGE_H
#define MESH_MESSAGE_H

#include "codec.h"

/* The lowest capability version whose messages look like this (clients from 1.80 on). */
#define MESH_MIN_VERSION 113
/* User ID that owns tagged nodes on the wire. */
#define MESH_TAGGED_USER 2147455555

typedef MESH_LIST_OF(const char *) mesh_strings;
typedef MESH_LIST_OF(struct mesh_prefix) mesh_prefixes;
typedef MESH_LIST_OF(struct mesh_addrport) mesh_addrports;
typedef MESH_LIST_OF(int64_t) mesh_ints;

struct mesh_net_info {
	enum mesh_tristate mapping_varies_by_dest_ip;
	enum mesh_tristate working_ipv6;
	enum mesh_tristate os_has_ipv6;
	enum mesh_tristate working_udp;
	int64_t preferred_derp;				   /* home region, 0 unknown */
	MESH_LIST_OF(MESH_MAP_ENTRY(double)) derp_latency; /* "<region>-v4": seconds */
};

struct mesh_service {
	const char *proto;
	int64_t port;
	const char *description;
};

struct mesh_hostinfo {
	const char *ipn_version;
	const char *backend_log_id;
	const char *os;
	const char *os_version;
	const char *hostname;
	bool shields_up;
	mesh_prefixes routable_ips;
	mesh_strings request_tags;
	MESH_LIST_OF(struct mesh_service) services;
	struct mesh_net_info *net_info;
};

struct mesh_register_auth {
	const char *auth_key;
};

struct mesh_register_request {
	int64_t version;
	struct mesh_key node_key;
	struct mesh_key old_node_key;
	struct mesh_register_auth *auth;
	int64_t expiry; /* 1 or in the past: log out */
	const char *followup;
	struct mesh_hostinfo *hostinfo;
	const char *hostinfo_raw; /* the same member as text, for what is stored and passed on */
	bool ephemeral;
	const char *tailnet;
};

struct mesh_user {
	int64_t id;
	const char *display_name;
	const char *profile_pic_url;
	int64_t created;
};

struct mesh_login {
	int64_t id;
	const char *provider;
	const char *login_name;
	const char *display_name;
	const char *profile_pic_url;
};

struct mesh_register_response {
	struct mesh_user user;
	struct mesh_login login;
	bool node_key_expired;
	bool machine_authorized;
	const char *auth_url;
	const char *error;
};

struct mesh_map_request {
	int64_t version;
	const char *compress; /* "zstd" or "" */
	bool keep_alive;
	struct mesh_key node_key;
	struct mesh_key disco_key;
	bool stream;
	struct mesh_hostinfo *hostinfo;
	const char *hostinfo_raw;
	mesh_addrports endpoints;
	mesh_ints endpoint_types; /* enum mesh_endpoint_type */
	bool omit_peers;
	bool read_only;
};

enum mesh_endpoint_type {
	MESH_ENDPOINT_UNKNOWN,
	MESH_ENDPOINT_LOCAL,
	MESH_ENDPOINT_STUN,
	MESH_ENDPOINT_MAPPED,
	MESH_ENDPOINT_STUN_LOCAL_PORT,
	MESH_ENDPOINT_EXPLICIT,
};

struct mesh_node {
	int64_t id;
	const char *stable_id;
	const char *name; /* with the dot at the end */
	int64_t user;
	struct mesh_key key;
	int64_t key_expiry;
	struct mesh_key machine;
	struct mesh_key disco_key;
	mesh_prefixes addresses;
	mesh_prefixes allowed_ips;
	mesh_addrports endpoints;
	int64_t home_derp;
	const char *hostinfo; /* raw */
	int64_t created;
	int64_t cap;
	mesh_strings tags;
	mesh_prefixes primary_routes;
	int64_t last_seen;
	enum mesh_tristate online;
	bool machine_authorized;
	/* capability: list of raw values */
	MESH_LIST_OF(MESH_MAP_ENTRY(mesh_strings)) cap_map;
	bool expired;
	bool wireguard_only;
};

/* A partial update of a peer; zero members are unchanged. */
struct mesh_peer_change {
	int64_t node_id;
	int64_t derp_region;
	mesh_addrports endpoints;
	struct mesh_key key;
	struct mesh_key disco_key;
	enum mesh_tristate online;
	int64_t last_seen;
	int64_t key_expiry;
};

struct mesh_derp_node {
	const char *name;
	int64_t region_id;
	const char *host_name;
	const char *cert_name;
	const char *ipv4;
	const char *ipv6;
	int64_t stun_port; /* 0 is 3478, -1 none */
	bool stun_only;
	int64_t derp_port; /* 0 is 443 */
	bool insecure_for_tests;
	bool can_port_80;
};

struct mesh_derp_region {
	int64_t region_id;
	const char *region_code;
	const char *region_name;
	bool avoid;
	bool no_measure_no_home;
	MESH_LIST_OF(struct mesh_derp_node) nodes;
};

struct mesh_derp_map {
	MESH_LIST_OF(MESH_MAP_ENTRY(struct mesh_derp_region)) regions; /* by decimal ID */
};

struct mesh_resolver {
	const char *addr;
	MESH_LIST_OF(struct mesh_ip) bootstrap;
	bool use_with_exit_node;
};

typedef MESH_LIST_OF(struct mesh_resolver) mesh_resolvers;

struct mesh_dns_record {
	const char *name;
	const char *type;
	const char *value;
};

struct mesh_dns_config {
	mesh_resolvers resolvers;
	/* Suffix: resolvers. An empty list (not null) is answered by the client itself. */
	MESH_LIST_OF(MESH_MAP_ENTRY(mesh_resolvers)) routes;
	mesh_resolvers fallback_resolvers;
	mesh_strings domains;
	bool proxied;
	MESH_LIST_OF(struct mesh_dns_record) extra_records;
};

struct mesh_port_range {
	int64_t first;
	int64_t last;
};

struct mesh_net_port_range {
	const char *ip;
	struct mesh_port_range ports;
};

struct mesh_cap_grant {
	mesh_prefixes dsts;
	MESH_LIST_OF(MESH_MAP_ENTRY(mesh_strings)) cap_map;
};

struct mesh_filter_rule {
	mesh_strings src_ips;
	MESH_LIST_OF(struct mesh_net_port_range) dst_ports;
	mesh_ints ip_proto;
	MESH_LIST_OF(struct mesh_cap_grant) cap_grant;
};

typedef MESH_LIST_OF(struct mesh_filter_rule) mesh_filter_rules;

struct mesh_debug {
	bool disable_log_tail;
};

struct mesh_ping_request {
	const char *url;
	bool url_is_noise;
	const char *types;
	struct mesh_ip ip;
};

struct mesh_map_response {
	bool keep_alive;
	struct mesh_ping_request *ping_request;
	struct mesh_node *node;
	struct mesh_derp_map *derp_map;
	MESH_LIST_OF(struct mesh_node) peers; /* when not empty: all there are */
	MESH_LIST_OF(struct mesh_node) peers_changed;
	mesh_ints peers_removed;
	MESH_LIST_OF(struct mesh_peer_change) peers_changed_patch;
	MESH_LIST_OF(MESH_MAP_ENTRY(bool)) online_change; /* by decimal ID */
	struct mesh_dns_config *dns_config;
	const char *domain;
	enum mesh_tristate collect_services;
	mesh_filter_rules packet_filter;
	/* Name: rules; a null list deletes the name, "*" with null all of them first. */
	MESH_LIST_OF(MESH_MAP_ENTRY(mesh_filter_rules)) packet_filters;
	MESH_LIST_OF(struct mesh_login) user_profiles;
	mesh_strings health;
	int64_t control_time;
	struct mesh_debug *debug;
};

extern const struct mesh_schema mesh_hostinfo_schema;
extern const struct mesh_schema mesh_register_request_schema;
extern const struct mesh_schema mesh_register_response_schema;
extern const struct mesh_schema mesh_login_schema;
extern const struct mesh_schema mesh_map_request_schema;
extern const struct mesh_schema mesh_map_response_schema;
extern const struct mesh_schema mesh_node_schema;
extern const struct mesh_schema mesh_peer_change_schema;
extern const struct mesh_schema mesh_derp_map_schema;
extern const struct mesh_schema mesh_dns_config_schema;
extern const struct mesh_schema mesh_filter_rule_schema;

#endif /* MESH_MESSAGE_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The configuration file: HuJSON, every key optional. control_config_load() checks everything that
 * can be checked without starting, and names line and column of what is wrong.
 */
#ifndef CONTROL_CONFIG_H
#define CONTROL_CONFIG_H

#include "mesh.h"
#include "message.h"

struct control_config {
	struct mesh_arena arena;
	const char *path; /* NULL: defaults only */

	const char *server_url; /* what devices are told; ends without a slash */
	const char *server_host;
	uint16_t server_port;
	bool server_tls; /* the URL is https */
	struct mesh_addrport listen;
	const char *state_dir;	 /* keys, database */
	const char *socket_path; /* of the command line */
	const char *database;
	mesh_prefixes proxies; /* whose X-Forwarded-For is believed */
	const char *tls_cert;  /* files; NULL for a certificate of our own making */
	const char *tls_key;

	struct mesh_prefix v4; /* family 0: none */
	struct mesh_prefix v6;
	int64_t node_expiry;	   /* seconds, 0 never */
	int64_t ephemeral_timeout; /* seconds */

	struct {
		bool magic;
		const char *base_domain;
		mesh_strings nameservers;
		bool override_local;
		MESH_LIST_OF(MESH_MAP_ENTRY(mesh_strings)) split;
		mesh_strings search;
		MESH_LIST_OF(struct mesh_dns_record) extra;
	} dns;

	struct {
		bool enabled;
		bool verify_clients;
		int64_t region_id;
		const char *region_code;
		const char *region_name;
		struct mesh_addrport stun;
	} relay;
	const char *relay_map; /* file with other regions, or NULL */

	/* Logins by an OpenID Connect provider; without an issuer there are none. */
	struct {
		const char *issuer; /* URL, or NULL */
		const char *client_id;
		const char *secret_file; /* or NULL: a public client */
		const char *ca_file; /* certificates to trust instead of the system's, or NULL */
		mesh_strings scopes;
		MESH_LIST_OF(MESH_MAP_ENTRY(const char *)) params; /* of the authorization */
		mesh_strings allowed_domains;			   /* each empty list allows all */
		mesh_strings allowed_users;
		mesh_strings allowed_groups;
		mesh_strings admin_users; /* who signs in on the web page; both empty: nobody */
		mesh_strings admin_groups;
		const char *groups_claim;
		const char *name_claim;
		bool require_verified_email;
		bool expiry_from_token;
	} oidc;

	const char *policy_file; /* or NULL: the policy is in the database */
	int64_t batch_ms;	 /* changes are gathered for so long */
	int64_t handshake_rate;	 /* a second, of one source address; 0 no limit */
	bool debug;
	bool web;	 /* whether the page is served */
	int64_t session; /* seconds that one of the page lasts */
};

/**
 * control_config_load() - read and check a configuration
 * @path: file, or NULL for the defaults
 * @err: what is wrong, with the place
 *
 * Return: NULL on failure. control_config_free() frees it.
 */
struct control_config *control_config_load(const char *path, struct mesh_error *err);
void control_config_free(struct control_config *config);

/**
 * control_config_duration() - read "90s", "30m", "12h", "180d"
 * @text: the text
 * @seconds: result
 *
 * Return: false for anything else.
 */
bool control_config_duration(const char *text, int64_t *seconds);

#endif /* CONTROL_CONFIG_H */

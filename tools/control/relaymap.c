// SPDX-License-Identifier: GPL-2.0
/* Which relays devices are told of: ours, and those of a file. */
#include "hujson.h"
#include "server.h"

#include <stdio.h>
#include <string.h>

#define MAX_FILE (1 << 20)

static void own_region(const struct control_config *config, const struct control_cert *cert,
		       struct mesh_derp_region *r, struct mesh_arena *arena)
{
	struct mesh_derp_node *n = mesh_arena_alloc(arena, sizeof(*n));
	char name[32];
	struct mesh_ip ip;

	snprintf(name, sizeof(name), "%lld-own", (long long)config->relay.region_id);
	r->region_id = config->relay.region_id;
	r->region_code = config->relay.region_code;
	r->region_name = config->relay.region_name;
	r->nodes.v = n;
	r->nodes.n = 1;
	n->name = mesh_arena_strdup(arena, name, strlen(name));
	n->region_id = config->relay.region_id;
	n->host_name = config->server_host;
	n->derp_port = config->server_port;
	n->stun_port = config->relay.stun.port ? config->relay.stun.port : -1;
	/* With an https URL and no certificate here, a proxy in front has one that is trusted. */
	if (cert->own && !config->server_tls)
		n->cert_name = cert->pin;
	if (mesh_text_unip(&ip, config->server_host)) {
		n->ipv4 = ip.family == 4 ? config->server_host : "none";
		n->ipv6 = ip.family == 6 ? config->server_host : "none";
	}
}

/* The file's regions, decoded like a client would. */
static bool load_file(const char *path, struct mesh_arena *arena, struct mesh_derp_map *map,
		      struct mesh_error *err)
{
	struct mesh_buf json = {0};
	struct control_hujson *root;
	struct mesh_error inner;
	size_t len;
	char *text = control_hujson_load(arena, path, MAX_FILE, &len, err);
	int ret;

	if (!text)
		return false;
	root = control_hujson_parse(arena, text, len, &inner);
	if (!root) {
		mesh_error_set(err, "%s: %s", path, inner.text);
		return false;
	}
	control_hujson_json(&json, root);
	ret = mesh_codec_decode(&mesh_derp_map_schema, map, arena, (char *)json.data, json.len,
				MAX_FILE, &inner);
	mesh_buf_free(&json);
	if (ret)
		mesh_error_set(err, "%s: %s", path, inner.text);
	for (size_t i = 0; !ret && i < map->regions.n; i++) {
		const struct mesh_derp_region *r = &map->regions.v[i].value;

		if (r->region_id >= 1 && r->region_id <= 65535 && r->nodes.n)
			continue;
		mesh_error_set(err, "%s: region \"%s\" needs a RegionID of 1 to 65535 and Nodes",
			       path, map->regions.v[i].key);
		ret = -1;
	}
	return !ret;
}

char *control_relaymap_build(const struct control_config *config, const struct control_cert *cert,
			     struct mesh_error *err)
{
	struct mesh_arena arena = {0};
	struct mesh_derp_map file = {0}, map = {0};
	struct mesh_buf json = {0};
	char *text = NULL, id[24];

	if (config->relay_map && !load_file(config->relay_map, &arena, &file, err))
		goto out;
	map.regions.set = true;
	map.regions.v = mesh_arena_alloc(&arena, (file.regions.n + 1) * sizeof(*map.regions.v));
	for (size_t i = 0; i < file.regions.n; i++) {
		if (config->relay.enabled &&
		    file.regions.v[i].value.region_id == config->relay.region_id) {
			mesh_error_set(err, "%s: region %lld is the embedded relay's",
				       config->relay_map, (long long)config->relay.region_id);
			goto out;
		}
		map.regions.v[map.regions.n++] = file.regions.v[i];
	}
	if (config->relay.enabled) {
		snprintf(id, sizeof(id), "%lld", (long long)config->relay.region_id);
		map.regions.v[map.regions.n].key = id;
		own_region(config, cert, &map.regions.v[map.regions.n++].value, &arena);
	}
	mesh_codec_encode(&mesh_derp_map_schema, &map, &json);
	mesh_buf_add(&json, "", 1);
	text = mesh_strdup((char *)json.data);
out:
	mesh_buf_free(&json);
	mesh_arena_free(&arena);
	return text;
}

// SPDX-License-Identifier: GPL-2.0
/* Plain WireGuard peers: what they are in the map, and what their file says. */
#include "ktap.h"
#include "plain.h"
#include "vectors.h"
#include "world.h"

#include <errno.h>
#include <stdlib.h>

static struct control_node *add(struct world *w, const char *name, struct control_user *user,
				uint8_t key, const char *endpoint, const char *routes)
{
	struct control_plain p = {.name = name, .user = user, .tags = "", .key = seq(key)};
	struct mesh_addrport e;
	struct mesh_error err;
	struct control_node *n;

	if (mesh_text_unaddrport(&e, endpoint)) {
		p.endpoints = &e;
		p.n_endpoints = 1;
	}
	control_prefixes_parse(&p.routes, routes);
	n = control_plain_add(w->st, &p, &err);
	free(p.routes.v);
	return n;
}

/* To be freed. */
static char *config(struct world *w, struct control_node *node, const struct mesh_key *priv,
		    struct control_node *only)
{
	struct mesh_buf out = {0};
	struct mesh_error err;
	char *text = NULL;

	control_mapper_flush(w->m);
	if (control_plain_config(w->m, node, priv, &only, only != NULL, &out, &err)) {
		mesh_buf_add(&out, "", 1);
		text = mesh_strdup((char *)out.data);
	}
	mesh_buf_free(&out);
	return text;
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

TEST(plain_peer_survives_a_restart)
{
	struct world w;
	struct control_node *n;
	struct mesh_key key = seq(0x60);

	world_open(&w);
	EXPECT(add(&w, "router", world_user(&w, "ann"), 0x60, "192.0.2.1:51820", "10.1.0.0/16"));
	world_reopen(&w);
	n = control_node_by_key(w.st, &key);
	EXPECT(n && n->plain && n->n_endpoints == 1 && n->endpoints[0].port == 51820);
	EXPECT(n->approved.n == 1 && control_node_serves(n, &n->approved.v[0]));
	EXPECT(n->expires == world_clock + w.config->node_expiry);
	world_close(&w);
}

TEST(plain_peer_is_told_of_as_one)
{
	struct world w;
	struct control_user *ann;
	struct control_node *a;
	struct control_stream *s;
	struct seen seen;

	world_open(&w);
	ann = world_user(&w, "ann");
	a = world_node(&w, ann, "", 10, "laptop");
	s = world_stream(&w, a, &seen);
	EXPECT(s);
	seen_clear(&seen);
	EXPECT(add(&w, "router", ann, 0x60, "192.0.2.1:51820", "10.1.0.0/16"));
	EXPECT(add(&w, "other", world_user(&w, "bob"), 0x61, "", ""));
	control_mapper_flush(w.m);
	EXPECT(seen.map.peers_changed.n == 1);
	EXPECT(seen.map.peers_changed.v[0].wireguard_only);
	EXPECT(seen.map.peers_changed.v[0].online == MESH_UNSET);
	EXPECT(seen.map.peers_changed.v[0].endpoints.n == 1);
	EXPECT(seen_has(&seen, "10.1.0.0/16") && !seen_has(&seen, "\"other"));
	control_mapper_close(s);
	seen_free(&seen);
	world_close(&w);
}

TEST(plain_config_says_whom_the_policy_allows)
{
	struct world w;
	struct control_user *ann;
	struct control_node *a, *router, *phone;
	struct mesh_addrport ends[3];
	struct mesh_map_request req = {.version = 113};
	struct mesh_key priv = seq(1);
	char *text;

	world_open(&w);
	ann = world_user(&w, "ann");
	a = world_node(&w, ann, "", 10, "laptop");
	world_node(&w, world_user(&w, "bob"), "", 20, "stranger");
	/* A public endpoint is better than the first one. */
	mesh_text_unaddrport(&ends[0], "192.168.1.5:41641");
	mesh_text_unaddrport(&ends[1], "[2001:db8::5]:41641");
	mesh_text_unaddrport(&ends[2], "203.0.113.5:4001");
	req.endpoints.v = ends;
	req.endpoints.n = 3;
	control_report_apply(w.st, a, &req);
	router = add(&w, "router", ann, 0x60, "192.0.2.1:51820", "10.1.0.0/16");
	phone = add(&w, "phone", ann, 0x61, "", "");
	EXPECT(router && phone && add(&w, "tablet", ann, 0x62, "", ""));

	text = config(&w, phone, &priv, NULL);
	EXPECT(text && count(text, "[Peer]") == 2);
	EXPECT(strstr(text, "PrivateKey = AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\n"));
	EXPECT(strstr(text, "Address = 100.64.0.4/32, fd7a:115c:a1e0::4/128\n"));
	EXPECT(strstr(text, "Endpoint = 203.0.113.5:4001\nPersistentKeepalive = 4\n"));
	EXPECT(strstr(text, "AllowedIPs = 100.64.0.3/32, fd7a:115c:a1e0::3/128, 10.1.0.0/16\n"));
	EXPECT(!strstr(text, "stranger") && !strstr(text, "tablet") && !strstr(text, "ListenPort"));
	free(text);

	text = config(&w, router, NULL, NULL);
	EXPECT(text && count(text, "[Peer]") == 3);
	EXPECT(!strstr(text, "\nPrivateKey") && strstr(text, "ListenPort = 51820\n"));
	EXPECT(!strstr(text, "PersistentKeepalive"));
	free(text);

	/* Only some, and none that the policy keeps apart. */
	text = config(&w, phone, NULL, router);
	EXPECT(text && count(text, "[Peer]") == 1 && strstr(text, "# router\n"));
	free(text);
	EXPECT(world_policy(&w, "{}"));
	EXPECT(!config(&w, phone, NULL, router));
	text = config(&w, phone, NULL, NULL);
	EXPECT(text && !count(text, "[Peer]"));
	free(text);
	world_close(&w);
}

TEST(expired_nodes_are_in_no_file)
{
	struct world w;
	struct control_user *ann;
	struct control_node *phone, *a;
	struct mesh_error err;
	char *text;

	world_open(&w);
	ann = world_user(&w, "ann");
	a = world_node(&w, ann, "", 10, "laptop");
	phone = add(&w, "phone", ann, 0x61, "", "");
	EXPECT(!control_node_expire(w.st, a, world_clock, &err));
	text = config(&w, phone, NULL, NULL);
	EXPECT(text && !count(text, "[Peer]"));
	free(text);
	world_close(&w);
}

TEST(bad_plain_peers_are_refused)
{
	struct world w;
	struct control_user *ann;

	world_open(&w);
	ann = world_user(&w, "ann");
	EXPECT(add(&w, "phone", ann, 0x61, "", ""));
	EXPECT(!add(&w, "phone", ann, 0x62, "", ""));
	EXPECT(!add(&w, "tablet", ann, 0x61, "", ""));
	EXPECT(!add(&w, "No Name", ann, 0x63, "", ""));
	EXPECT(!add(&w, "nobody-s", NULL, 0x64, "", ""));
	EXPECT(w.st->n_nodes == 1);
	world_close(&w);
}

TEST(plain_peer_is_changed_in_parts)
{
	struct control_plain p = {.tags = "tag:r", .key = seq(0x70)};
	struct mesh_key old = seq(0x61), key = seq(0x70);
	struct control_node *n, *other;
	struct control_user *ann;
	struct mesh_error err;
	struct world w;

	world_open(&w);
	ann = world_user(&w, "ann");
	n = add(&w, "phone", ann, 0x61, "192.0.2.1:51820", "10.1.0.0/16");
	other = add(&w, "tablet", ann, 0x62, "", "");
	world_clock += 100;
	EXPECT(!control_plain_change(w.st, n, &p, PLAIN_KEY, &err));
	EXPECT(!control_node_by_key(w.st, &old) && control_node_by_key(w.st, &key) == n);
	EXPECT(n->user == ann && n->n_endpoints == 1 && n->approved.n == 1);
	EXPECT(n->expires == world_clock + w.config->node_expiry);
	EXPECT(control_plain_change(w.st, other, &p, PLAIN_KEY, &err) == -EEXIST);
	EXPECT_STR(err.text, "\"phone\" has this public key");
	EXPECT(!control_plain_change(w.st, n, &p, PLAIN_OWNER, &err));
	EXPECT(!n->user && ann->n_nodes == 1 && !n->expires);
	EXPECT(!control_plain_change(w.st, n, &p, PLAIN_ROUTES | PLAIN_ENDPOINTS, &err));
	EXPECT(!n->n_endpoints && !n->approved.n && !n->advertised.n);
	p.tags = "";
	EXPECT(control_plain_change(w.st, n, &p, PLAIN_OWNER, &err) == -EINVAL);
	world_reopen(&w);
	n = control_node_by_key(w.st, &key);
	EXPECT(n && n->plain && control_node_has_tag(n, "tag:r") && !n->n_endpoints);
	EXPECT(!n->approved.n && !n->advertised.n);
	world_close(&w);
}

TEST(router_that_is_online_is_better_than_a_plain_one)
{
	struct world w;
	struct control_user *ann;
	struct control_node *plain, *router;
	struct mesh_prefix p;

	world_open(&w);
	ann = world_user(&w, "ann");
	plain = add(&w, "plain", ann, 0x61, "192.0.2.1:51820", "10.1.0.0/16");
	router = world_node(&w, ann, "", 10, "router");
	mesh_text_unprefix(&p, "10.1.0.0/16");
	world_routes(&w, router, "10.1.0.0/16");
	EXPECT(!control_node_approve(w.st, router, &p, 1, NULL));
	control_mapper_flush(w.m);
	EXPECT(control_routes_primary(&w.m->routes, plain, &p));
	control_report_online(w.st, router, true);
	control_mapper_flush(w.m);
	EXPECT(control_routes_primary(&w.m->routes, router, &p));
	control_report_online(w.st, router, false);
	control_mapper_flush(w.m);
	EXPECT(control_routes_primary(&w.m->routes, plain, &p));
	world_close(&w);
}

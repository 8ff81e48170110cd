// SPDX-License-Identifier: GPL-2.0
/* The policy, what devices see of each other, and how little they are told of a change. */
#include "ktap.h"
#include "vectors.h"
#include "world.h"

#include <stdlib.h>

#define ALLOW_ALL "{\"acls\": [{\"action\": \"accept\", \"src\": [\"*\"], \"dst\": [\"*:*\"]}]}"

static const char *policy_error(const char *text)
{
	static struct mesh_error err;
	struct control_policy *p = control_policy_parse(text, strlen(text), &err);

	control_policy_free(p);
	return p ? "(no error)" : err.text;
}

TEST(policy_mistakes_have_line_and_column)
{
	EXPECT_STR(policy_error("{\"acl\": []}"), "line 1, column 9: unknown member \"acl\"");
	EXPECT_STR(policy_error("{\"acls\": [\n  {\"action\": \"accept\", \"src\": [\"group:x\"], "
				"\"dst\": [\"*:*\"]}]}"),
		   "line 2, column 32: \"group:x\" is not defined in \"groups\"");
	EXPECT_STR(
		policy_error("{\"acls\": [{\"action\": \"deny\", \"src\": [\"*\"], \"dst\": []}]}"),
		"line 1, column 22: the only action is \"accept\"; everything that no rule accepts "
		"is "
		"refused");
	EXPECT_STR(policy_error("{\"acls\": [{\"action\": \"accept\", \"src\": [\"*\"], \"dst\": "
				"[\"a\"]}]}"),
		   "line 1, column 54: \"a\" needs ports after a colon, like \"a:*\"");
	EXPECT(strstr(
		policy_error("{\"acls\": [{\"action\": \"accept\", \"src\": [\"*\"], \"dst\": "
			     "[\"10.0.0.1/8:*\"]}]}"),
		"zero host bits"));
	EXPECT(strstr(policy_error("{\"acls\": [{\"action\": \"accept\", \"src\": [\"tag:a\"], "
				   "\"dst\": []}]}"),
		      "not defined in \"tagOwners\""));
	EXPECT(strstr(
		policy_error("{\"acls\": [{\"action\": \"accept\", \"src\": [\"*\"], \"dst\": "
			     "[\"*:70000\"]}]}"),
		"are no ports"));
	EXPECT(strstr(
		policy_error("{\"acls\": [{\"action\": \"accept\", \"proto\": \"icmp\", \"src\": "
			     "[\"*\"], \"dst\": [\"*:80\"]}]}"),
		"only tcp, udp and sctp have ports"));
	EXPECT(strstr(policy_error("{\"groups\": {\"group:a\": [\"ann\"]}}"), "write \"ann@\""));
	EXPECT(strstr(policy_error("{\"tagOwners\": {\"tag:1x\": []}}"), "is not a tag"));
	EXPECT(strstr(policy_error("{\"grants\": [{\"src\": [\"*\"], \"dst\": [\"*\"]}]}"),
		      "needs \"ip\" or \"app\""));
	EXPECT(strstr(
		policy_error("{\"acls\": [{\"action\": \"accept\", \"src\": [\"10.0.0.0/8\"], "
			     "\"dst\": [\"autogroup:self:*\"]}]}"),
		"needs users"));
}

TEST(without_a_policy_only_own_devices_see_each_other)
{
	struct world w;
	struct control_user *ann, *bob;
	struct control_node *a1, *a2, *b, *t;

	world_open(&w);
	ann = world_user(&w, "ann");
	bob = world_user(&w, "bob");
	a1 = world_node(&w, ann, "", 10, "a1");
	a2 = world_node(&w, ann, "", 20, "a2");
	b = world_node(&w, bob, "", 30, "b");
	t = world_node(&w, NULL, "tag:srv", 40, "t");
	EXPECT(control_reach_sees(w.m->reach, a1, a2) && control_reach_sees(w.m->reach, a2, a1));
	EXPECT(!control_reach_sees(w.m->reach, a1, b) && !control_reach_sees(w.m->reach, b, a2));
	EXPECT(!control_reach_sees(w.m->reach, a1, t) && !control_reach_sees(w.m->reach, t, t));
	world_close(&w);
}

TEST(an_empty_policy_lets_nobody_reach_anybody)
{
	struct world w;
	struct control_user *ann;
	struct control_node *a1, *a2;

	world_open(&w);
	ann = world_user(&w, "ann");
	a1 = world_node(&w, ann, "", 10, "a1");
	a2 = world_node(&w, ann, "", 20, "a2");
	EXPECT(world_policy(&w, "{}"));
	EXPECT(!control_reach_sees(w.m->reach, a1, a2));
	world_close(&w);
}

TEST(groups_tags_hosts_and_ports)
{
	struct world w;
	struct control_user *ann, *bob;
	struct control_node *a, *b, *t;
	struct seen seen;
	struct control_stream *s;

	world_open(&w);
	ann = world_user(&w, "ann");
	bob = world_user(&w, "bob");
	a = world_node(&w, ann, "", 10, "a");
	b = world_node(&w, bob, "", 20, "b");
	t = world_node(&w, NULL, "tag:srv", 30, "t");
	EXPECT(world_policy(
		&w, "{\"groups\": {\"group:ops\": [\"ann@\"]}, \"hosts\": {\"bee\": "
		    "\"100.64.0.2\"}, \"tagOwners\": {\"tag:srv\": [\"group:ops\"]},\n"
		    "\"acls\": [{\"action\": \"accept\", \"src\": [\"group:ops\"], \"dst\": "
		    "[\"tag:srv:22,80-81\"]}, {\"action\": \"accept\", \"proto\": \"udp\", "
		    "\"src\": [\"tag:srv\"], \"dst\": [\"bee:53\"]}]}"));
	EXPECT(control_reach_sees(w.m->reach, a, t) && control_reach_sees(w.m->reach, t, a));
	EXPECT(control_reach_sees(w.m->reach, t, b) && !control_reach_sees(w.m->reach, a, b));
	s = world_stream(&w, t, &seen);
	EXPECT(seen_has(
		&seen,
		"\"rule0\":[{\"SrcIPs\":[\"100.64.0.1\",\"fd7a:115c:a1e0::1\"],"
		"\"DstPorts\":[{\"IP\":\"100.64.0.3\",\"Ports\":{\"First\":22,\"Last\":22}}"));
	EXPECT(!seen_has(&seen, "rule1"));
	control_mapper_close(s);
	seen_free(&seen);
	s = world_stream(&w, b, &seen);
	EXPECT(seen_has(
		&seen,
		"\"rule1\":[{\"SrcIPs\":[\"100.64.0.3\",\"fd7a:115c:a1e0::3\"],"
		"\"DstPorts\":[{\"IP\":\"100.64.0.2/32\",\"Ports\":{\"First\":53,\"Last\":53}}],"
		"\"IPProto\":[17]}]"));
	control_mapper_close(s);
	seen_free(&seen);
	world_close(&w);
}

TEST(a_user_named_by_the_policy_may_come_later)
{
	struct world w;
	struct control_node *a, *t;

	world_open(&w);
	t = world_node(&w, NULL, "tag:srv", 30, "t");
	EXPECT(world_policy(
		&w, "{\"tagOwners\": {\"tag:srv\": []}, \"acls\": [{\"action\": \"accept\", "
		    "\"src\": [\"ann@\"], \"dst\": [\"tag:srv:*\"]}]}"));
	a = world_node(&w, world_user(&w, "bob"), "", 10, "a");
	EXPECT(!control_reach_sees(w.m->reach, a, t));
	{
		struct mesh_error err;

		EXPECT(!control_state_rename_user(w.st, a->user, "ann", &err));
	}
	EXPECT(control_reach_sees(w.m->reach, a, t));
	world_close(&w);
}

TEST(grants_give_ports_and_capabilities)
{
	struct world w;
	struct control_user *ann;
	struct control_node *a, *b;
	struct seen seen;
	struct control_stream *s;

	world_open(&w);
	ann = world_user(&w, "ann");
	a = world_node(&w, ann, "", 10, "a");
	b = world_node(&w, world_user(&w, "bob"), "", 20, "b");
	EXPECT(world_policy(
		&w, "{\"grants\": [{\"src\": [\"ann@\"], \"dst\": [\"bob@\"], \"ip\": "
		    "[\"tcp:443\", \"icmp:*\"], \"app\": {\"example.com/cap\": [{\"x\": 1}]}}]}"));
	EXPECT(control_reach_sees(w.m->reach, a, b));
	s = world_stream(&w, b, &seen);
	EXPECT(seen_has(&seen,
			"\"CapGrant\":[{\"Dsts\":[\"100.64.0.2/32\",\"fd7a:115c:a1e0::2/128\"],"
			"\"CapMap\":{\"example.com/cap\":[{\"x\":1}]}}]"));
	EXPECT(seen_has(&seen, "\"IPProto\":[6]") && seen_has(&seen, "\"IPProto\":[1,58]"));
	control_mapper_close(s);
	seen_free(&seen);
	world_close(&w);
}

TEST(policy_tests_hold_or_say_which_fails)
{
	struct world w;
	struct mesh_error err;

	world_open(&w);
	world_node(&w, world_user(&w, "ann"), "", 10, "a");
	world_node(&w, world_user(&w, "bob"), "", 20, "b");
	EXPECT(world_policy(
		&w, "{\"acls\": [{\"action\": \"accept\", \"src\": [\"ann@\"], \"dst\": "
		    "[\"bob@:80\"]}], \"tests\": [{\"src\": \"ann@\", \"accept\": [\"b:80\"], "
		    "\"deny\": [\"b:81\", \"nobody:80\"]}]}"));
	EXPECT(control_reach_test(w.m->reach, &err));
	EXPECT(world_policy(&w, "{\"acls\": [],\n\"tests\": [\n{\"src\": \"a\", \"accept\": "
				"[\"100.64.0.2:80\"]}]}"));
	EXPECT(!control_reach_test(w.m->reach, &err));
	EXPECT_STR(err.text, "line 3, column 1: test failed: a does not reach 100.64.0.2:80");
	world_close(&w);
}

TEST(first_message_has_what_a_client_needs)
{
	struct world w;
	struct control_user *ann;
	struct control_node *a;
	struct seen seen;
	struct control_stream *s;

	world_open(&w);
	ann = world_user(&w, "ann");
	a = world_node(&w, ann, "", 10, "a");
	world_node(&w, ann, "", 20, "b");
	s = world_stream(&w, a, &seen);
	EXPECT(seen.messages == 1 && seen.map.node && seen.map.derp_map && seen.map.dns_config);
	EXPECT_STR(seen.map.node->name, "a.mesh.internal.");
	EXPECT(mesh_key_same(&seen.map.node->key, &a->key) && seen.map.node->machine_authorized);
	EXPECT(seen.map.node->addresses.n == 2 && seen.map.node->allowed_ips.n == 2);
	EXPECT(seen.map.peers_changed.n == 1 && seen.map.peers_changed.v[0].id == 2);
	EXPECT(seen.map.user_profiles.n == 1 && seen.map.user_profiles.v[0].id == ann->id);
	EXPECT(seen.map.packet_filters.n >= 2 && seen.map.control_time == world_clock);
	EXPECT_STR(seen.map.domain, "mesh.internal");
	/* A zone that the client answers itself is an empty list, not null. */
	EXPECT(seen_has(&seen, "\"mesh.internal\":[]"));
	control_mapper_close(s);
	seen_free(&seen);
	world_close(&w);
}

TEST(changes_are_small_and_only_for_those_concerned)
{
	struct world w;
	struct control_user *ann, *bob;
	struct control_node *a1, *a2;
	struct mesh_map_request req = {.version = 113, .disco_key = seq(0x70)};
	struct mesh_addrport ap;
	struct control_stream *sa, *sb;
	struct seen a, b;

	world_open(&w);
	ann = world_user(&w, "ann");
	bob = world_user(&w, "bob");
	a1 = world_node(&w, ann, "", 10, "a1");
	a2 = world_node(&w, ann, "", 20, "a2");
	sa = world_stream(&w, a1, &a);
	sb = world_stream(&w, world_node(&w, bob, "", 30, "b"), &b);
	control_mapper_flush(w.m);
	seen_clear(&a);
	seen_clear(&b);

	/* Endpoint and disco key of a2: one patch to a1, nothing to bob's. */
	mesh_text_unaddrport(&ap, "192.0.2.7:41641");
	req.endpoints.v = &ap;
	req.endpoints.n = 1;
	control_report_apply(w.st, a2, &req);
	control_mapper_flush(w.m);
	EXPECT(a.messages == 1 && a.map.peers_changed_patch.n == 1 && !a.map.peers_changed.n);
	EXPECT(a.map.peers_changed_patch.v[0].node_id == a2->id);
	EXPECT(a.map.peers_changed_patch.v[0].endpoints.n == 1);
	EXPECT(!a.map.node && !a.map.dns_config && !a.map.packet_filters.n && a.bytes < 300);
	EXPECT(b.messages == 0);

	/* The same report again: nothing at all. */
	seen_clear(&a);
	control_report_apply(w.st, a2, &req);
	control_mapper_flush(w.m);
	EXPECT(a.messages == 0);

	/* Presence, gathered with another change into one message. */
	control_report_online(w.st, a2, true);
	control_report_online(w.st, a2, false);
	control_report_online(w.st, a2, true);
	control_mapper_flush(w.m);
	EXPECT(a.messages == 1 && a.map.peers_changed_patch.n == 1);
	EXPECT(a.map.peers_changed_patch.v[0].online == MESH_TRUE);

	/* A new device of ann's: the whole node and the one filter rule whose sources grew. */
	seen_clear(&a);
	world_node(&w, ann, "", 40, "a3");
	control_mapper_flush(w.m);
	EXPECT(a.messages == 1 && a.map.peers_changed.n == 1 && !a.map.peers_changed_patch.n);
	EXPECT(a.map.packet_filters.n == 1 && seen_has(&a, "100.64.0.1-100.64.0.2"));
	EXPECT(b.messages == 0);

	/* A new user concerns nobody. */
	seen_clear(&a);
	world_user(&w, "eve");
	control_mapper_flush(w.m);
	EXPECT(a.messages == 0 && b.messages == 0);
	control_mapper_close(sa);
	control_mapper_close(sb);
	seen_free(&a);
	seen_free(&b);
	world_close(&w);
}

TEST(one_device_cannot_make_the_map_large)
{
	struct world w;
	struct control_node *a, *b;
	struct mesh_hostinfo hi = {.os = "linux"};
	struct mesh_service services[200];
	static char big[20000];
	struct control_stream *s;
	struct seen seen;

	memset(big, 'x', sizeof(big) - 1);
	world_open(&w);
	a = world_node(&w, world_user(&w, "ann"), "", 10, "a");
	b = world_node(&w, a->user, "", 20, "b");
	s = world_stream(&w, a, &seen);
	for (int i = 0; i < 200; i++)
		services[i] = (struct mesh_service){.proto = "tcp", .port = i + 1000};
	hi.services.v = services;
	hi.services.n = 200;
	control_report_hostinfo(w.st, b, &hi, NULL);
	control_mapper_flush(w.m);
	EXPECT(seen_has(&seen, "\"Port\":1063}") && !seen_has(&seen, "\"Port\":1064}"));
	services[0].description = big;
	hi.hostname = big;
	control_report_hostinfo(w.st, b, &hi, NULL);
	control_mapper_flush(w.m);
	EXPECT(!seen_has(&seen, "xxxx") && strlen(seen.last) < 2000);
	EXPECT_STR(b->hostname, "b");
	control_mapper_close(s);
	seen_free(&seen);
	world_close(&w);
}

TEST(removed_and_expired_peers_go)
{
	struct world w;
	struct mesh_error err;
	struct control_user *ann;
	struct control_node *a1, *a2, *a3;
	struct control_stream *s, *own;
	struct seen seen, gone;

	world_open(&w);
	ann = world_user(&w, "ann");
	a1 = world_node(&w, ann, "", 10, "a1");
	a2 = world_node(&w, ann, "", 20, "a2");
	a3 = world_node(&w, ann, "", 30, "a3");
	s = world_stream(&w, a1, &seen);
	own = world_stream(&w, a2, &gone);
	control_mapper_flush(w.m);
	seen_clear(&seen);
	EXPECT(!control_node_remove(w.st, a2, &err));
	EXPECT(gone.gone);
	control_mapper_close(own);
	/* Its slot and address go to another device before the flush. */
	world_node(&w, ann, "", 50, "a4");
	control_mapper_flush(w.m);
	EXPECT(seen.messages == 1 && seen.map.peers_removed.n == 1 &&
	       seen.map.peers_removed.v[0] == 2);
	EXPECT(seen.map.peers_changed.n == 1 && seen.map.peers_changed.v[0].id == 4);

	seen_clear(&seen);
	EXPECT(!control_node_expire(w.st, a3, world_clock + 10, &err));
	control_mapper_flush(w.m);
	EXPECT(seen.map.peers_changed.n == 1 &&
	       seen.map.peers_changed.v[0].key_expiry == world_clock + 10);
	seen_clear(&seen);
	world_clock += 20;
	control_mapper_expire(w.m);
	control_mapper_flush(w.m);
	EXPECT(seen.map.peers_removed.n == 1 && seen.map.peers_removed.v[0] == 3);
	/* Extended: it is back. */
	seen_clear(&seen);
	EXPECT(!control_node_expire(w.st, a3, 0, &err));
	control_mapper_flush(w.m);
	EXPECT(seen.map.peers_changed.n == 1 && seen.map.peers_changed.v[0].id == 3);
	control_mapper_close(s);
	seen_free(&seen);
	seen_free(&gone);
	world_close(&w);
}

TEST(an_expired_device_is_told_and_sees_nobody)
{
	struct world w;
	struct mesh_error err;
	struct control_user *ann;
	struct control_node *a1;
	struct control_stream *s;
	struct seen seen;

	world_open(&w);
	ann = world_user(&w, "ann");
	a1 = world_node(&w, ann, "", 10, "a1");
	world_node(&w, ann, "", 20, "a2");
	s = world_stream(&w, a1, &seen);
	control_mapper_flush(w.m);
	seen_clear(&seen);
	EXPECT(!control_node_expire(w.st, a1, world_clock, &err));
	control_mapper_flush(w.m);
	EXPECT(seen.map.node && seen.map.node->expired && seen.map.peers_removed.n == 1);
	control_mapper_close(s);
	seen_free(&seen);
	world_close(&w);
}

TEST(policy_change_moves_peers_and_filters)
{
	struct world w;
	struct control_node *a, *b;
	struct control_stream *s;
	struct seen seen;

	world_open(&w);
	a = world_node(&w, world_user(&w, "ann"), "", 10, "a");
	b = world_node(&w, world_user(&w, "bob"), "", 20, "b");
	s = world_stream(&w, a, &seen);
	EXPECT(!seen.map.peers_changed.n);
	control_mapper_flush(w.m);
	EXPECT(world_policy(&w, ALLOW_ALL));
	control_mapper_flush(w.m);
	EXPECT(seen.map.peers_changed.n == 1 && seen.map.peers_changed.v[0].id == b->id);
	EXPECT(seen_has(&seen,
			"\"PacketFilters\":{\"*\":null,\"base\":[],\"rule0\":[{\"SrcIPs\":["
			"\"100.64.0.0/10\",\"fd7a:115c:a1e0::/48\"],\"DstPorts\":[{\"IP\":\"*\""));
	EXPECT(world_policy(&w, "{}"));
	control_mapper_flush(w.m);
	EXPECT(seen.map.peers_removed.n == 1 && !seen.map.peers_changed.n);
	control_mapper_close(s);
	seen_free(&seen);
	world_close(&w);
}

TEST(routes_need_approval_and_policy)
{
	struct world w;
	struct mesh_error err;
	struct control_node *router, *ann, *bob;
	struct mesh_prefix p;
	struct control_stream *sa, *sb;
	struct seen a, b;

	world_open(&w);
	ann = world_node(&w, world_user(&w, "ann"), "", 10, "ann");
	bob = world_node(&w, world_user(&w, "bob"), "", 20, "bob");
	router = world_node(&w, NULL, "tag:router", 30, "router");
	EXPECT(world_policy(
		&w, "{\"tagOwners\": {\"tag:router\": []}, \"acls\": [{\"action\": "
		    "\"accept\", \"src\": [\"ann@\"], \"dst\": [\"10.1.0.0/16:*\", "
		    "\"tag:router:*\"]}, {\"action\": \"accept\", \"src\": [\"bob@\"], \"dst\": "
		    "[\"tag:router:*\"]}]}"));
	sa = world_stream(&w, ann, &a);
	sb = world_stream(&w, bob, &b);
	world_routes(&w, router, "10.1.2.0/24 10.9.0.0/16");
	control_mapper_flush(w.m);
	EXPECT(!seen_has(&a, "10.1.2.0/24"));
	mesh_text_unprefix(&p, "10.1.2.0/24");
	EXPECT(!control_node_approve(w.st, router, &p, 1, &err));
	control_mapper_flush(w.m);
	EXPECT(a.map.peers_changed.n == 1 && a.map.peers_changed.v[0].allowed_ips.n == 3);
	EXPECT(a.map.peers_changed.v[0].primary_routes.n == 1);
	EXPECT(b.map.peers_changed.n == 1 && b.map.peers_changed.v[0].allowed_ips.n == 2);
	/* No longer advertised: no longer there, and the approval waits for it. */
	world_routes(&w, router, "");
	control_mapper_flush(w.m);
	EXPECT(a.map.peers_changed.v[0].allowed_ips.n == 2 && router->approved.n == 1);
	control_mapper_close(sa);
	control_mapper_close(sb);
	seen_free(&a);
	seen_free(&b);
	world_close(&w);
}

TEST(routes_are_approved_by_the_policy)
{
	struct world w;
	struct control_node *r;

	world_open(&w);
	r = world_node(&w, NULL, "tag:router", 30, "router");
	EXPECT(world_policy(
		&w, "{\"tagOwners\": {\"tag:router\": []}, \"autoApprovers\": {\"routes\": "
		    "{\"10.0.0.0/8\": [\"tag:router\"]}, \"exitNode\": [\"tag:router\"]}}"));
	world_routes(&w, r, "10.1.0.0/16 192.168.0.0/16 0.0.0.0/0 ::/0");
	control_mapper_flush(w.m);
	EXPECT(r->approved.n == 3 && control_node_is_exit(r));
	world_close(&w);
}

TEST(routes_that_were_refused_stay_so)
{
	struct mesh_prefix route;
	struct mesh_error err;
	struct control_node *r;
	struct world w;

	world_open(&w);
	r = world_node(&w, NULL, "tag:router", 30, "router");
	EXPECT(world_policy(&w, "{\"tagOwners\": {\"tag:router\": []}, \"autoApprovers\": "
				"{\"routes\": {\"10.0.0.0/8\": [\"tag:router\"]}}}"));
	world_routes(&w, r, "10.1.0.0/16 10.2.0.0/16");
	control_mapper_flush(w.m);
	EXPECT(r->approved.n == 2);
	mesh_text_unprefix(&route, "10.1.0.0/16");
	EXPECT(!control_node_refuse(w.st, r, &route, 1, &err));
	control_mapper_flush(w.m);
	EXPECT(r->approved.n == 1 && !control_node_serves(r, &route));
	EXPECT(!control_node_waits(r, &route));
	/* Not even over a restart, or when the device offers it anew. */
	world_reopen(&w);
	r = w.st->nodes[0];
	EXPECT(r->refused.n == 1);
	EXPECT(world_policy(&w, "{\"tagOwners\": {\"tag:router\": []}, \"autoApprovers\": "
				"{\"routes\": {\"10.0.0.0/8\": [\"tag:router\"]}}}"));
	world_routes(&w, r, "");
	control_mapper_flush(w.m);
	world_routes(&w, r, "10.1.0.0/16 10.2.0.0/16");
	control_mapper_flush(w.m);
	EXPECT(r->approved.n == 1 && !control_node_serves(r, &route));
	/* Until somebody changes his mind. */
	EXPECT(!control_node_approve(w.st, r, &route, 1, &err));
	EXPECT(control_node_serves(r, &route) && !r->refused.n);
	world_close(&w);
}

TEST(second_router_takes_over)
{
	struct world w;
	struct mesh_error err;
	struct control_node *r[2], *viewer;
	struct control_stream *s;
	struct mesh_prefix p;
	struct seen seen;

	world_open(&w);
	EXPECT(world_policy(&w, ALLOW_ALL));
	viewer = world_node(&w, world_user(&w, "ann"), "", 10, "ann");
	mesh_text_unprefix(&p, "10.1.0.0/16");
	for (int i = 0; i < 2; i++) {
		r[i] = world_node(&w, viewer->user, "", (uint8_t)(30 + 10 * i), "router");
		world_routes(&w, r[i], "10.1.0.0/16");
		control_report_online(w.st, r[i], true);
		EXPECT(!control_node_approve(w.st, r[i], &p, 1, &err));
	}
	control_mapper_flush(w.m);
	EXPECT(control_routes_primary(&w.m->routes, r[0], &p));
	s = world_stream(&w, viewer, &seen);
	control_mapper_flush(w.m);
	seen_clear(&seen);
	control_report_online(w.st, r[0], false);
	control_mapper_flush(w.m);
	EXPECT(control_routes_primary(&w.m->routes, r[1], &p));
	EXPECT(seen.messages == 1 && seen.map.peers_changed.n == 2);
	/* The first one is back, and the second one stays. */
	control_report_online(w.st, r[0], true);
	control_mapper_flush(w.m);
	EXPECT(control_routes_primary(&w.m->routes, r[1], &p));
	EXPECT(!control_node_remove(w.st, r[1], &err));
	EXPECT(control_routes_primary(&w.m->routes, r[0], &p));
	control_mapper_close(s);
	seen_free(&seen);
	world_close(&w);
}

TEST(a_new_key_ends_the_old_stream)
{
	struct world w;
	struct mesh_error err;
	struct control_admission again = {
		.machine = seq(10), .key = seq(99), .tags = "", .method = "key"};
	struct control_node *a1, *a2;
	struct control_stream *s, *own;
	struct seen seen, old;

	world_open(&w);
	again.user = world_user(&w, "ann");
	a1 = world_node(&w, again.user, "", 10, "a1");
	a2 = world_node(&w, again.user, "", 20, "a2");
	s = world_stream(&w, a2, &seen);
	own = world_stream(&w, a1, &old);
	control_mapper_flush(w.m);
	EXPECT(control_node_admit(w.st, &again, &err) == a1);
	EXPECT(old.gone);
	control_mapper_close(own);
	control_mapper_flush(w.m);
	EXPECT(seen.map.peers_changed.n == 1 &&
	       mesh_key_same(&seen.map.peers_changed.v[0].key, &again.key));
	control_mapper_close(s);
	seen_free(&seen);
	seen_free(&old);
	world_close(&w);
}

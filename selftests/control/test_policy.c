// SPDX-License-Identifier: GPL-2.0
/* What the policy's language can say beyond who reaches whom: via, danger-all, protocols in tests.
 */
#include "ktap.h"
#include "reach.h"
#include "vectors.h"
#include "world.h"

static struct control_node *router(struct world *w, const char *tag, uint8_t key, const char *route)
{
	struct control_node *n = world_node(w, NULL, tag, key, "router");
	struct mesh_prefix p;
	struct mesh_error err;

	world_routes(w, n, route);
	mesh_text_unprefix(&p, route);
	control_node_approve(w->st, n, &p, 1, &err);
	control_report_online(w->st, n, true);
	return n;
}

/* Whether the viewer is told to send the prefix to the node. */
static bool told(struct world *w, const struct control_node *viewer, struct control_node *node,
		 const char *prefix)
{
	struct mesh_arena arena = {0};
	mesh_prefixes allowed;
	struct mesh_prefix p;
	bool found = false;

	mesh_text_unprefix(&p, prefix);
	control_mapnode_allowed(w->m, node, viewer, &arena, &allowed);
	for (size_t i = 0; i < allowed.n; i++)
		found |= mesh_text_prefix_same(&allowed.v[i], &p);
	mesh_arena_free(&arena);
	return found;
}

static const char two_ways[] =
	"{\"tagOwners\": {\"tag:one\": [], \"tag:two\": []}, \"grants\": ["
	"{\"src\": [\"ann@\"], \"dst\": [\"10.1.0.0/16\"], \"ip\": [\"*\"], \"via\": "
	"[\"tag:two\"]},"
	"{\"src\": [\"bob@\"], \"dst\": [\"10.1.0.0/16\"], \"ip\": [\"tcp:22\"]}]}";

TEST(via_chooses_the_router_for_its_sources)
{
	struct world w;
	struct control_node *one, *two, *a, *b;

	world_open(&w);
	one = router(&w, "tag:one", 10, "10.1.0.0/16");
	two = router(&w, "tag:two", 20, "10.1.0.0/16");
	a = world_node(&w, world_user(&w, "ann"), "", 30, "a");
	b = world_node(&w, world_user(&w, "bob"), "", 40, "b");
	EXPECT(world_policy(&w, two_ways));
	control_mapper_flush(w.m);
	EXPECT(!told(&w, a, one, "10.1.0.0/16") && told(&w, a, two, "10.1.0.0/16"));
	EXPECT(told(&w, b, one, "10.1.0.0/16") && !told(&w, b, two, "10.1.0.0/16"));
	/* Ann has nothing to do with the other router, and it takes nothing from her. */
	EXPECT(control_reach_sees(w.m->reach, a, two) && !control_reach_sees(w.m->reach, a, one));
	EXPECT(control_reach_version(w.m->reach, two, 0) &&
	       !control_reach_version(w.m->reach, one, 0));
	world_close(&w);
}

TEST(via_fails_over_among_its_routers_only)
{
	struct world w;
	struct control_node *one, *two, *spare, *a;
	struct control_stream *s;
	struct seen seen;
	struct mesh_error err;

	world_open(&w);
	one = router(&w, "tag:one", 10, "10.1.0.0/16");
	two = router(&w, "tag:two", 20, "10.1.0.0/16");
	spare = router(&w, "tag:two", 30, "10.1.0.0/16");
	a = world_node(&w, world_user(&w, "ann"), "", 40, "a");
	EXPECT(world_policy(&w, two_ways));
	s = world_stream(&w, a, &seen);
	control_mapper_flush(w.m);
	EXPECT(told(&w, a, two, "10.1.0.0/16") && !told(&w, a, spare, "10.1.0.0/16"));
	seen_clear(&seen);
	control_report_online(w.st, two, false);
	control_mapper_flush(w.m);
	EXPECT(!told(&w, a, two, "10.1.0.0/16") && told(&w, a, spare, "10.1.0.0/16"));
	/* And she hears of it. */
	EXPECT(seen_has(&seen, "\"PrimaryRoutes\":[\"10.1.0.0/16\"]"));
	control_report_online(w.st, spare, false);
	EXPECT(!control_node_expire(w.st, two, world_clock, &err));
	EXPECT(!control_node_expire(w.st, spare, world_clock, &err));
	control_mapper_flush(w.m);
	EXPECT(!told(&w, a, one, "10.1.0.0/16"));
	control_mapper_close(s);
	seen_free(&seen);
	world_close(&w);
}

TEST(via_chooses_exit_nodes)
{
	struct world w;
	struct control_node *one, *two, *a;

	world_open(&w);
	one = router(&w, "tag:one", 10, "0.0.0.0/0");
	two = router(&w, "tag:two", 20, "0.0.0.0/0");
	a = world_node(&w, world_user(&w, "ann"), "", 40, "a");
	EXPECT(world_policy(&w, "{\"tagOwners\": {\"tag:one\": [], \"tag:two\": []}, \"grants\": ["
				"{\"src\": [\"ann@\"], \"dst\": [\"autogroup:internet\"], "
				"\"ip\": [\"*\"], \"via\": [\"tag:two\"]}]}"));
	control_mapper_flush(w.m);
	EXPECT(!told(&w, a, one, "0.0.0.0/0") && told(&w, a, two, "0.0.0.0/0"));
	world_close(&w);
}

TEST(a_viewer_with_another_tag_is_told_of_its_routes)
{
	struct world w;
	struct control_node *one, *a;
	struct control_stream *s;
	struct seen seen;
	struct mesh_error err;

	world_open(&w);
	one = router(&w, "tag:one", 10, "10.1.0.0/16");
	a = world_node(&w, NULL, "tag:two", 40, "a");
	EXPECT(world_policy(&w,
			    "{\"tagOwners\": {\"tag:one\": [], \"tag:two\": [], \"tag:in\": []}, "
			    "\"acls\": [{\"action\": \"accept\", \"src\": [\"*\"], \"dst\": "
			    "[\"tag:one:22\"]}, {\"action\": \"accept\", \"src\": [\"tag:in\"], "
			    "\"dst\": [\"10.1.0.0/16:*\"]}]}"));
	s = world_stream(&w, a, &seen);
	control_mapper_flush(w.m);
	EXPECT(!told(&w, a, one, "10.1.0.0/16"));
	seen_clear(&seen);
	EXPECT(!control_node_tag(w.st, a, "tag:in", &err));
	control_mapper_flush(w.m);
	EXPECT(seen_has(&seen, "\"PrimaryRoutes\":[\"10.1.0.0/16\"]"));
	control_mapper_close(s);
	seen_free(&seen);
	world_close(&w);
}

TEST(rule_whose_sources_nobody_is_gives_an_empty_filter)
{
	struct world w;
	struct control_node *t;
	struct control_stream *s;
	struct seen seen;

	world_open(&w);
	t = world_node(&w, NULL, "tag:one", 10, "t");
	EXPECT(world_policy(&w, "{\"tagOwners\": {\"tag:one\": []}, \"acls\": [{\"action\": "
				"\"accept\", \"src\": [\"ann@\"], \"dst\": [\"tag:one:80\"]}]}"));
	s = world_stream(&w, t, &seen);
	EXPECT(s && !seen_has(&seen, "rule0"));
	seen_clear(&seen);
	world_node(&w, world_user(&w, "ann"), "", 20, "a");
	control_mapper_flush(w.m);
	EXPECT(seen_has(&seen, "\"rule0\":[{\"SrcIPs\":[\"100.64.0.2\""));
	control_mapper_close(s);
	seen_free(&seen);
	world_close(&w);
}

TEST(attributes_go_to_their_targets)
{
	struct control_stream *sa, *st;
	struct control_node *a, *t;
	struct seen ann, tagged;
	struct world w;

	world_open(&w);
	a = world_node(&w, world_user(&w, "ann"), "", 10, "a");
	t = world_node(&w, NULL, "tag:one", 20, "t");
	sa = world_stream(&w, a, &ann);
	st = world_stream(&w, t, &tagged);
	EXPECT(world_policy(&w,
			    "{\"tagOwners\": {\"tag:one\": []}, \"nodeAttrs\": [{\"target\": "
			    "[\"autogroup:member\"], \"attr\": [\"randomize-client-port\"]}]}"));
	control_mapper_flush(w.m);
	EXPECT(seen_has(&ann, "\"randomize-client-port\":"));
	EXPECT(!seen_has(&tagged, "randomize-client-port"));
	EXPECT(world_policy(&w, "{}"));
	control_mapper_flush(w.m);
	EXPECT(!seen_has(&ann, "randomize-client-port"));
	control_mapper_close(sa);
	control_mapper_close(st);
	seen_free(&ann);
	seen_free(&tagged);
	world_close(&w);
}

TEST(danger_all_is_everybody)
{
	struct world w;
	struct control_node *t;
	struct control_stream *s;
	struct seen seen;

	world_open(&w);
	t = world_node(&w, NULL, "tag:one", 10, "t");
	EXPECT(world_policy(&w, "{\"tagOwners\": {\"tag:one\": []}, \"acls\": [{\"action\": "
				"\"accept\", \"src\": [\"autogroup:danger-all\"], \"dst\": "
				"[\"tag:one:80\"]}]}"));
	s = world_stream(&w, t, &seen);
	EXPECT(seen_has(&seen, "\"rule0\":[{\"SrcIPs\":[\"*\"],"));
	control_mapper_close(s);
	seen_free(&seen);
	world_close(&w);
}

/* Whether the policy with these tests passes, on its own. */
static bool passes(struct world *w, const char *tests)
{
	char text[1024];
	struct mesh_error err;
	struct control_policy *p;
	struct control_reach *r;
	bool ok;

	snprintf(text, sizeof(text),
		 "{\"hosts\": {\"printer\": \"10.1.0.9\"}, \"tagOwners\": {\"tag:one\": []}, "
		 "\"acls\": [{\"action\": \"accept\", \"proto\": \"udp\", \"src\": [\"ann@\"], "
		 "\"dst\": [\"tag:one:53\"]}, {\"action\": \"accept\", \"src\": [\"ann@\"], "
		 "\"dst\": [\"10.1.0.0/24:80\", \"autogroup:internet:443\"]}], \"tests\": [%s]}",
		 tests);
	p = control_policy_parse(text, strlen(text), &err);
	if (!p)
		return false;
	r = control_reach_new(w->st);
	control_reach_set(r, p);
	ok = control_reach_test(r, &err);
	control_reach_free(r);
	return ok;
}

TEST(tests_know_protocols_and_what_is_behind_routers)
{
	struct world w;

	world_open(&w);
	router(&w, "tag:one", 10, "10.1.0.0/16");
	world_node(&w, world_user(&w, "ann"), "", 40, "a");
	EXPECT(passes(&w, "{\"src\": \"ann@\", \"proto\": \"udp\", \"accept\": [\"router:53\"], "
			  "\"deny\": [\"router:54\"]}"));
	EXPECT(passes(&w, "{\"src\": \"ann@\", \"deny\": [\"router:53\"]}"));
	EXPECT(passes(&w, "{\"src\": \"ann@\", \"accept\": [\"10.1.0.7:80\", \"printer:80\"], "
			  "\"deny\": [\"10.1.0.7:81\", \"10.1.1.7:80\", \"10.2.0.7:80\"]}"));
	EXPECT(!passes(&w, "{\"src\": \"ann@\", \"deny\": [\"printer:80\"]}"));
	EXPECT(!passes(&w, "{\"src\": \"ann@\", \"proto\": \"teleport\", \"deny\": [\"a:1\"]}"));
	/* There is no exit node. */
	EXPECT(passes(&w, "{\"src\": \"ann@\", \"deny\": [\"8.8.8.8:443\"]}"));
	router(&w, "tag:one", 20, "0.0.0.0/0");
	EXPECT(passes(&w, "{\"src\": \"ann@\", \"accept\": [\"8.8.8.8:443\"], "
			  "\"deny\": [\"192.168.0.1:443\"]}"));
	world_close(&w);
}

static void refuses(const char *text, const char *why)
{
	struct mesh_error err = {""};
	struct control_policy *p = control_policy_parse(text, strlen(text), &err);

	EXPECT(!p);
	EXPECT_STR(err.text, why);
	control_policy_free(p);
}

TEST(mistakes_are_named_with_their_place)
{
	refuses("{\"grants\": [{\"src\": [\"a@\"], \"dst\": [\"*\"], \"ip\": [\"*\"],\n"
		"\"via\": [\"tag:x\"]}]}",
		"line 2, column 9: \"tag:x\" is not defined in \"tagOwners\"");
	refuses("{\"tagOwners\": {\"tag:x\": []}, \"grants\": [{\"src\": [\"a@\"],\n"
		"\"dst\": [\"*\"], \"ip\": [\"*\"], \"via\": [\"tag:x\"]}]}",
		"line 2, column 9: with \"via\" the destination must be a prefix, a host or "
		"autogroup:internet");
	refuses("{\"grants\": [{\"src\": [\"a@\"], \"dst\": [\"10.0.0.0/8\"], \"ip\": [\"*\"],\n"
		"\"via\": [\"b@\"]}]}",
		"line 2, column 8: \"via\" takes tags of routers");
	refuses("{\"grants\": [{\"src\": [\"a@\"], \"dst\": [\"10.0.0.0/8\"], \"ip\": [\"*\"],\n"
		"\"via\": []}]}",
		"line 2, column 8: \"via\" is empty");
	refuses("{\"acls\": [{\"action\": \"accept\", \"src\": [\"*\"],\n"
		"\"dst\": [\"autogroup:danger-all:22\"]}]}",
		"line 2, column 9: \"autogroup:danger-all\" can only be a source");
	refuses("{\"nodeAttrs\": [{\"target\": [\"autogroup:danger-all\"], \"attr\": []}]}",
		"line 1, column 28: \"autogroup:danger-all\" cannot be used here");
	refuses("{\"groups\": {\"group:a\": [\"oidc:\"]}}",
		"line 1, column 25: \"oidc:\" is no user: write \"oidc:@\", or \"oidc:NAME\" for a "
		"group of the identity provider (groups cannot be nested)");
}

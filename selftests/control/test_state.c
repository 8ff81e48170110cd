// SPDX-License-Identifier: GPL-2.0
/* Users, pre-auth keys and nodes; that they survive a restart; logins. */
#include "ktap.h"
#include "vectors.h"
#include "world.h"

#include <errno.h>

TEST(users_survive_a_restart)
{
	struct world w;
	struct mesh_error err;
	struct control_user *u;

	world_open(&w);
	u = world_user(&w, "ann");
	EXPECT(u && world_user(&w, "bob@example.com"));
	EXPECT(!world_user(&w, "ann") && !world_user(&w, "a b") && !world_user(&w, ""));
	EXPECT(!control_state_rename_user(w.st, u, "anna", &err));
	EXPECT(control_state_rename_user(w.st, u, "bob@example.com", &err) == -EEXIST);
	world_reopen(&w);
	u = control_state_user_named(w.st, "anna");
	EXPECT(u && u->id == 1 && u->created == world_clock);
	EXPECT(!control_state_remove_user(w.st, u, &err));
	world_reopen(&w);
	EXPECT(!control_state_user_named(w.st, "anna"));
	EXPECT(control_state_user_named(w.st, "bob@example.com"));
	world_close(&w);
}

TEST(node_keeps_everything_over_a_restart)
{
	struct world w;
	struct mesh_error err;
	struct control_node *n;
	struct mesh_prefix route;
	struct mesh_map_request req = {.version = 113, .disco_key = seq(0x70)};
	struct mesh_addrport ap;
	struct mesh_key key = seq(11);
	char ip[MESH_ADDR_TEXT];

	world_open(&w);
	n = world_node(&w, world_user(&w, "ann"), "", 10, "Ann's MacBook.local");
	EXPECT(n);
	EXPECT_STR(n->name, "ann-s-macbook");
	mesh_text_unprefix(&route, "10.1.0.0/16");
	EXPECT(!control_node_approve(w.st, n, &route, 1, &err));
	EXPECT(!control_node_rename(w.st, n, "laptop", &err));
	EXPECT(!control_node_expire(w.st, n, world_clock + 100, &err));
	mesh_text_unaddrport(&ap, "192.0.2.7:41641");
	req.endpoints.v = &ap;
	req.endpoints.n = 1;
	control_report_apply(w.st, n, &req);
	EXPECT(!control_report_flush(w.st, &err) && !w.st->dirty);
	world_reopen(&w);
	EXPECT(!w.st->dirty);
	n = control_node_by_key(w.st, &key);
	EXPECT(n && n == control_node_by_id(w.st, 1));
	EXPECT_STR(n->name, "laptop");
	EXPECT_STR(n->user->name, "ann");
	EXPECT(n->approved.n == 1 && n->approved.v[0].bits == 16);
	EXPECT(n->expires == world_clock + 100 && n->n_endpoints == 1);
	EXPECT(mesh_key_same(&n->disco, &req.disco_key));
	mesh_text_ip(ip, &n->ip6);
	EXPECT_STR(ip, "fd7a:115c:a1e0::1");
	world_close(&w);
}

TEST(a_device_that_reports_much_is_not_believed)
{
	static char big[70000];
	struct mesh_hostinfo hi = {.hostname = "box", .ipn_version = "1.102.3"};
	struct control_node *n;
	struct world w;

	world_open(&w);
	n = world_node(&w, world_user(&w, "ann"), "", 10, "box");
	control_report_hostinfo(w.st, n, &hi, "{}");
	memset(big, 'x', sizeof(big) - 1);
	hi.hostname = hi.ipn_version = hi.os = big;
	control_report_hostinfo(w.st, n, &hi, big);
	EXPECT_STR(n->hostname, "box");
	EXPECT_STR(n->client_version, "1.102.3");
	EXPECT_STR(n->hostinfo, "{}");
	EXPECT_STR(n->peer_hostinfo, "{}");
	world_close(&w);
}

TEST(addresses_are_unique_and_reused)
{
	struct world w;
	struct mesh_error err;
	struct control_user *u;
	struct control_node *n[4];
	char ip[MESH_ADDR_TEXT];

	world_open(&w);
	u = world_user(&w, "ann");
	for (int i = 0; i < 3; i++)
		n[i] = world_node(&w, u, "", (uint8_t)(10 * i + 1), "box");
	EXPECT_STR(n[0]->name, "box");
	EXPECT_STR(n[1]->name, "box-1");
	EXPECT_STR(n[2]->name, "box-2");
	mesh_text_ip(ip, &n[2]->ip4);
	EXPECT_STR(ip, "100.64.0.3");
	EXPECT(!control_node_remove(w.st, n[1], &err));
	n[3] = world_node(&w, u, "", 50, "other");
	mesh_text_ip(ip, &n[3]->ip4);
	EXPECT_STR(ip, "100.64.0.2");
	EXPECT(w.st->n_nodes == 3 && u->n_nodes == 3);
	EXPECT(control_state_remove_user(w.st, u, &err) == -EBUSY);
	world_close(&w);
}

TEST(small_prefix_runs_out_with_a_clear_error)
{
	struct world w;
	struct control_user *u;

	world_open(&w);
	mesh_text_unprefix(&w.config->v4, "100.100.100.96/29");
	u = world_user(&w, "ann");
	/* .97 to .102 without the service address .100. */
	for (int i = 0; i < 5; i++)
		EXPECT(world_node(&w, u, "", (uint8_t)(10 * i + 1), "box"));
	EXPECT(!world_node(&w, u, "", 90, "box"));
	EXPECT(w.st->n_nodes == 5);
	world_close(&w);
}

TEST(same_device_again_keeps_its_address)
{
	struct world w;
	struct control_user *u;
	struct control_node *a, *b;
	struct control_admission again = {
		.machine = seq(10), .key = seq(99), .tags = "", .method = "key"};
	struct mesh_key old = seq(11);
	struct mesh_error err;

	world_open(&w);
	u = world_user(&w, "ann");
	a = world_node(&w, u, "", 10, "box");
	again.user = u;
	b = control_node_admit(w.st, &again, &err);
	EXPECT(a == b && w.st->n_nodes == 1);
	EXPECT(!control_node_by_key(w.st, &old) && control_node_by_key(w.st, &again.key) == a);
	world_reopen(&w);
	EXPECT(control_node_by_key(w.st, &again.key) && !control_node_by_key(w.st, &old));
	world_close(&w);
}

TEST(preauth_keys_and_their_limits)
{
	struct world w;
	struct mesh_error err;
	struct control_user *u;
	struct control_preauth *k;
	char once[SECRET_TEXT], brief[SECRET_TEXT];
	struct mesh_key machine = seq(1);

	world_open(&w);
	u = world_user(&w, "ann");
	EXPECT(!control_preauth_add(w.st, NULL, "", false, false, world_clock + 10, once, &err));
	EXPECT(!control_preauth_add(w.st, u, "nottag", false, false, world_clock + 10, once, &err));
	EXPECT(!control_preauth_add(w.st, u, "", false, false, world_clock, once, &err));
	k = control_preauth_add(w.st, u, "", false, false, world_clock + 1000, once, &err);
	EXPECT(k && control_preauth_check(w.st, once, &machine, &err) == k);
	EXPECT(control_preauth_add(w.st, u, "tag:a tag:b", true, true, world_clock + 10, brief,
				   &err));
	world_clock += 11;
	EXPECT(!control_preauth_check(w.st, brief, &machine, &err));
	EXPECT_STR(err.text, "the pre-auth key has expired");
	world_reopen(&w);
	k = control_preauth_check(w.st, once, &machine, &err);
	EXPECT(k && !control_preauth_expire(w.st, k, &err) &&
	       !control_preauth_check(w.st, once, &machine, &err));
	EXPECT(!control_preauth_remove(w.st, k, &err));
	EXPECT(!control_preauth_check(w.st, once, &machine, &err));
	EXPECT_STR(err.text, "unknown pre-auth key");
	EXPECT(!control_preauth_check(w.st, "nonsense", &machine, &err));
	world_close(&w);
}

TEST(database_of_others_or_in_use_is_refused_untouched)
{
	struct world w;
	struct mesh_error err;
	struct control_db *second;

	world_open(&w);
	world_user(&w, "ann");
	second = control_db_open(w.config->database, &err);
	EXPECT(!second && strstr(err.text, "in use"));
	world_reopen(&w);
	EXPECT(control_db_run(w.st->db, &err, "PRAGMA user_version = 99", "") >= 0);
	world_detach(&w);
	EXPECT(!control_state_open(w.config, &err) && strstr(err.text, "newer"));
	world_close(&w);
}

static int count_actions(sqlite3_stmt *stmt, void *ctx)
{
	struct mesh_buf *out = ctx;

	mesh_buf_printf(out, "%s %s by %s from %s;", sqlite3_column_text(stmt, 0),
			sqlite3_column_text(stmt, 1), sqlite3_column_text(stmt, 2),
			sqlite3_column_text(stmt, 3));
	return 0;
}

TEST(every_change_is_in_the_audit_log)
{
	struct world w;
	struct mesh_error err;
	struct mesh_buf log = {0};
	struct control_node *n;
	struct mesh_map_request req = {.version = 113, .disco_key = seq(0x70)};

	world_open(&w);
	control_db_actor(w.st->db, "eve", "192.0.2.1");
	n = world_node(&w, world_user(&w, "ann"), "", 10, "box");
	EXPECT(!control_node_rename(w.st, n, "crate", &err));
	EXPECT(!control_node_tag(w.st, n, "tag:x", &err));
	/* What a device reports about itself is no change by anybody. */
	control_report_apply(w.st, n, &req);
	EXPECT(!control_report_flush(w.st, &err));
	control_db_actor(w.st->db, NULL, "");
	EXPECT(!control_node_remove(w.st, n, &err));
	/* A change that fails leaves no entry. */
	EXPECT(control_db_run(w.st->db, &err, "INSERT INTO users (name, created) VALUES ('ann', 1)",
			      "") == -EEXIST);
	EXPECT(!control_db_each(w.st->db, &err, "SELECT action, target, actor, origin FROM audit",
				count_actions, &log));
	mesh_buf_add(&log, "", 1);
	EXPECT_STR((char *)log.data,
		   "user.create ann by eve from 192.0.2.1;node.create box by eve from 192.0.2.1;"
		   "node.rename crate by eve from 192.0.2.1;node.tag crate by eve from 192.0.2.1;"
		   "node.delete crate by server from ;");
	mesh_buf_free(&log);
	world_close(&w);
}

TEST(api_keys_expire_and_survive_a_restart)
{
	struct world w;
	struct mesh_error err;
	struct control_apikey *k;
	char text[SECRET_TEXT], other[SECRET_TEXT];

	world_open(&w);
	EXPECT(control_apikey_add(w.st, true, world_clock + 100, text, &err));
	EXPECT(control_apikey_add(w.st, false, world_clock + 1000, other, &err));
	world_reopen(&w);
	k = control_apikey_check(w.st, text);
	EXPECT(k && k->all && k->id == 1);
	k = control_apikey_check(w.st, other);
	EXPECT(k && !k->all);
	world_clock += 101;
	EXPECT(!control_apikey_check(w.st, text));
	EXPECT(!control_apikey_expire(w.st, k, &err) && !control_apikey_check(w.st, other));
	EXPECT(!control_apikey_remove(w.st, k, &err) && !control_apikey_find(w.st, 2));
	EXPECT(!control_apikey_check(w.st, "wrk-api-") && !control_apikey_check(w.st, ""));
	world_close(&w);
}

/* Logins. */

struct reply {
	struct control_waiter w;
	bool done;
	char error[200];
	char url[300];
	bool authorized;
	bool expired;
};

static void on_done(struct control_waiter *w, const struct mesh_register_response *resp)
{
	struct reply *r = (struct reply *)w;

	r->done = true;
	snprintf(r->error, sizeof(r->error), "%s", resp->error ? resp->error : "");
	snprintf(r->url, sizeof(r->url), "%s", resp->auth_url ? resp->auth_url : "");
	r->authorized = resp->machine_authorized;
	r->expired = resp->node_key_expired;
}

static void ask_from(struct world *w, struct reply *r, const struct mesh_key *machine,
		     const struct mesh_register_request *req, const char *origin)
{
	memset(r, 0, sizeof(*r));
	r->w.done = on_done;
	r->w.origin = origin;
	control_login_register(w->login, machine, req, &r->w);
}

static void ask(struct world *w, struct reply *r, const struct mesh_key *machine,
		const struct mesh_register_request *req)
{
	ask_from(w, r, machine, req, "192.0.2.9");
}

TEST(login_with_a_key_once)
{
	struct world w;
	struct mesh_error err;
	char text[SECRET_TEXT];
	struct mesh_register_auth auth = {.auth_key = text};
	struct mesh_register_request req = {.version = 113, .node_key = seq(2), .auth = &auth};
	struct mesh_key machine = seq(1), other = seq(50);
	struct control_node *n;
	struct reply r;

	world_open(&w);
	EXPECT(control_preauth_add(w.st, world_user(&w, "ann"), "", false, false,
				   world_clock + 1000, text, &err));
	ask(&w, &r, &machine, &req);
	EXPECT(r.done && r.authorized);
	n = control_node_by_key(w.st, &req.node_key);
	EXPECT(n && n->expires == world_clock + 180 * 86400);
	/* The same device asks again with its spent key: nothing is wrong. */
	ask(&w, &r, &machine, &req);
	EXPECT(r.authorized);
	/* Another machine with the same node key is not let in, key or no key. */
	ask(&w, &r, &other, &req);
	EXPECT(!r.authorized);
	EXPECT_STR(r.error, "this node key belongs to another machine");
	/* A second device with the same key. */
	req.node_key = seq(60);
	ask(&w, &r, &other, &req);
	EXPECT_STR(r.error, "the pre-auth key was used already");
	EXPECT(w.st->n_nodes == 1);
	world_close(&w);
}

TEST(disturbed_login_is_repeated_with_its_key)
{
	struct world w;
	struct mesh_error err;
	char text[SECRET_TEXT];
	struct mesh_register_auth auth = {.auth_key = text};
	struct mesh_register_request req = {.version = 113, .node_key = seq(2), .auth = &auth};
	struct mesh_key machine = seq(1);
	struct control_preauth *k;
	struct control_user *ann;
	struct reply r;

	world_open(&w);
	ann = world_user(&w, "ann");
	k = control_preauth_add(w.st, ann, "", false, false, world_clock + 1000, text, &err);
	ask(&w, &r, &machine, &req);
	EXPECT(r.authorized);
	/* Before it heard that, it began anew, with a node key of its own. */
	req.node_key = seq(3);
	ask(&w, &r, &machine, &req);
	EXPECT(r.authorized && w.st->n_nodes == 1 && k->uses == 1);
	EXPECT(control_node_by_key(w.st, &req.node_key));
	/* Not for long, */
	world_clock += 120;
	req.node_key = seq(4);
	ask(&w, &r, &machine, &req);
	EXPECT_STR(r.error, "the pre-auth key was used already");
	/* and not when an administrator has ended it. */
	k = control_preauth_add(w.st, ann, "", false, false, world_clock + 1000, text, &err);
	ask(&w, &r, &machine, &req);
	EXPECT(r.authorized);
	EXPECT(!control_node_expire(w.st, control_node_by_key(w.st, &req.node_key), world_clock,
				    &err));
	req.node_key = seq(5);
	ask(&w, &r, &machine, &req);
	EXPECT_STR(r.error, "the pre-auth key was used already");
	world_close(&w);
}

TEST(login_with_tags_has_no_owner_and_no_expiry)
{
	struct world w;
	struct mesh_error err;
	char text[SECRET_TEXT];
	const char *want = "tag:b";
	struct mesh_hostinfo hi = {.hostname = "srv"};
	struct mesh_register_auth auth = {.auth_key = text};
	struct mesh_register_request req = {.node_key = seq(2), .auth = &auth, .hostinfo = &hi};
	struct mesh_key machine = seq(1);
	struct control_node *n;
	struct reply r;

	world_open(&w);
	EXPECT(control_preauth_add(w.st, NULL, "tag:srv", true, false, world_clock + 1000, text,
				   &err));
	hi.request_tags.v = &want;
	hi.request_tags.n = 1;
	ask(&w, &r, &machine, &req);
	EXPECT(strstr(r.error, "gets its tags from the key"));
	hi.request_tags.n = 0;
	ask(&w, &r, &machine, &req);
	EXPECT(r.authorized);
	n = control_node_by_key(w.st, &req.node_key);
	EXPECT(n && !n->user && !n->expires && control_node_has_tag(n, "tag:srv"));
	EXPECT(!control_node_has_tag(n, "tag:sr"));
	world_close(&w);
}

TEST(login_by_approval_is_held_until_the_verdict)
{
	struct world w;
	struct mesh_error err;
	struct mesh_register_request req = {.node_key = seq(2)}, follow = req;
	struct mesh_key machine = seq(1), other = seq(50);
	struct control_user *u;
	struct reply r, wait, stranger;
	char url[300];

	world_open(&w);
	u = world_user(&w, "ann");
	ask(&w, &r, &machine, &req);
	EXPECT(r.done && strstr(r.url, "/register/") && !r.authorized);
	strcpy(url, r.url);
	ask(&w, &r, &machine, &req);
	EXPECT_STR(r.url, url);
	follow.followup = url;
	ask(&w, &wait, &machine, &follow);
	EXPECT(!wait.done);
	/* Another machine that knows the address waits for nothing of ours. */
	follow.node_key = seq(70);
	ask(&w, &stranger, &other, &follow);
	EXPECT(stranger.done && *stranger.url && strcmp(stranger.url, url));
	EXPECT(control_login_approve(w.login, control_login_find(w.login, strrchr(url, '/') + 1), u,
				     &err));
	EXPECT(wait.done && wait.authorized);
	EXPECT(control_node_by_key(w.st, &req.node_key)->user == u);
	/* The page is used up. */
	EXPECT(!control_login_find(w.login, strrchr(url, '/') + 1));
	world_close(&w);
}

TEST(login_rejected_or_forgotten_ends_the_wait)
{
	struct world w;
	struct mesh_register_request req = {.node_key = seq(2)};
	struct mesh_key machine = seq(1);
	struct reply r, wait;
	char url[300];

	world_open(&w);
	ask(&w, &r, &machine, &req);
	strcpy(url, r.url);
	req.followup = url;
	ask(&w, &wait, &machine, &req);
	control_login_reject(w.login, w.login->pending);
	EXPECT(wait.done);
	EXPECT_STR(wait.error, "the login was rejected");
	req.followup = NULL;
	ask(&w, &r, &machine, &req);
	strcpy(url, r.url);
	req.followup = url;
	ask(&w, &wait, &machine, &req);
	world_clock += LOGIN_SECONDS + 1;
	control_login_expire(w.login);
	EXPECT(wait.done && strstr(wait.error, "in time"));
	/* A client that leaves before the verdict is forgotten. */
	req.followup = NULL;
	ask(&w, &r, &machine, &req);
	strcpy(url, r.url);
	req.followup = url;
	ask(&w, &wait, &machine, &req);
	control_login_cancel(&wait.w);
	control_login_reject(w.login, w.login->pending);
	EXPECT(!wait.done);
	world_close(&w);
}

TEST(login_that_asks_for_tags_needs_an_owner_of_them)
{
	struct world w;
	struct mesh_error err;
	const char *tags[] = {"tag:srv"};
	struct mesh_hostinfo hi = {.hostname = "srv"};
	struct mesh_register_request req = {
		.node_key = seq(2),
		.hostinfo = &hi,
		.hostinfo_raw = "{\"Hostname\":\"srv\",\"RequestTags\":[\"tag:srv\"]}"};
	struct mesh_key machine = seq(1);
	struct control_user *ann, *bob;
	struct reply r;

	world_open(&w);
	hi.request_tags.v = tags;
	hi.request_tags.n = 1;
	ann = world_user(&w, "ann");
	bob = world_user(&w, "bob");
	EXPECT(world_policy(&w, "{\"tagOwners\": {\"tag:srv\": [\"ann@\"]}}"));
	ask(&w, &r, &machine, &req);
	EXPECT(!control_login_approve(w.login, w.login->pending, bob, &err));
	EXPECT_STR(err.text, "the policy's tagOwners do not let bob give tag:srv");
	EXPECT(control_login_approve(w.login, w.login->pending, ann, &err));
	EXPECT(!control_node_by_key(w.st, &req.node_key)->user);
	world_close(&w);
}

TEST(logins_that_wait_are_limited)
{
	struct world w;
	struct mesh_register_request req = {0};
	struct mesh_key machine = seq(1);
	struct reply r;

	world_open(&w);
	for (unsigned int i = 0; i < LOGIN_MAX + 10; i++) {
		char from[MESH_ADDR_TEXT];

		snprintf(from, sizeof(from), "192.0.2.%u", i % 200);
		mesh_put32(req.node_key.b, i + 1);
		ask_from(&w, &r, &machine, &req, from);
		EXPECT(r.done && *r.url);
	}
	EXPECT(w.login->n_pending == LOGIN_MAX);
	world_close(&w);
}

TEST(one_source_pushes_out_only_its_own_logins)
{
	struct world w;
	struct mesh_register_request req = {.node_key = seq(2)};
	struct mesh_key machine = seq(1);
	struct reply r;
	char url[300];

	world_open(&w);
	ask_from(&w, &r, &machine, &req, "192.0.2.1");
	strcpy(url, r.url);
	for (unsigned int i = 0; i < LOGIN_MAX + 10; i++) {
		mesh_put32(req.node_key.b, i + 1);
		ask_from(&w, &r, &machine, &req, "192.0.2.2");
		EXPECT(r.done && *r.url);
	}
	EXPECT(w.login->n_pending == LOGIN_MAX_ORIGIN + 1);
	EXPECT(control_login_find(w.login, strrchr(url, '/') + 1));
	EXPECT(control_login_find(w.login, strrchr(r.url, '/') + 1));
	world_close(&w);
}

TEST(logout_expires_and_removes_ephemeral_nodes)
{
	struct world w;
	struct mesh_error err;
	char text[SECRET_TEXT];
	struct mesh_register_auth auth = {.auth_key = text};
	struct mesh_register_request req = {.node_key = seq(11), .expiry = 123};
	struct mesh_key machine = seq(10), m2 = seq(30);
	struct control_user *u;
	struct control_node *n;
	struct reply r;

	world_open(&w);
	u = world_user(&w, "ann");
	n = world_node(&w, u, "", 10, "box");
	ask(&w, &r, &machine, &req);
	EXPECT(r.expired && control_node_expired(n));
	/* It comes back without a key: it has to make a new one. */
	req.expiry = 0;
	ask(&w, &r, &machine, &req);
	EXPECT(r.expired && !r.authorized);

	EXPECT(control_preauth_add(w.st, u, "", true, true, world_clock + 1000, text, &err));
	req.node_key = seq(31);
	req.auth = &auth;
	ask(&w, &r, &m2, &req);
	EXPECT(r.authorized && w.st->n_nodes == 2);
	req.expiry = 123;
	ask(&w, &r, &m2, &req);
	EXPECT(r.expired && w.st->n_nodes == 1);
	world_close(&w);
}

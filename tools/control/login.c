// SPDX-License-Identifier: GPL-2.0
#include "login.h"
#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct control_login *control_login_new(struct control_mapper *mapper)
{
	struct control_login *l = mesh_alloc(sizeof(*l));

	l->mapper = mapper;
	l->state = mapper->state;
	return l;
}

void control_login_cancel(struct control_waiter *w)
{
	if (!w->prev)
		return;
	*w->prev = w->next;
	if (w->next)
		w->next->prev = w->prev;
	w->prev = NULL;
}

static void answer(struct control_waiter *w, const struct mesh_register_response *resp)
{
	control_login_cancel(w);
	w->done(w, resp);
}

static void refuse(struct control_waiter *w, const char *why)
{
	answer(w, &(struct mesh_register_response){.error = why});
}

/* Ends a pending login with the same answer to all who wait for it. */
static void conclude(struct control_login *l, struct control_pending *p,
		     const struct mesh_register_response *resp)
{
	struct control_pending **at = &l->pending;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	l->n_pending--;
	l->state->revision++;
	while (p->waiters)
		answer(p->waiters, resp);
	mesh_arena_free(&p->arena);
	free(p);
}

void control_login_free(struct control_login *l)
{
	if (!l)
		return;
	while (l->pending)
		conclude(l, l->pending,
			 &(struct mesh_register_response){.error = "the server is stopping"});
	free(l);
}

static void accepted(const struct control_node *node, struct mesh_register_response *resp)
{
	const struct control_user *u = node->user;

	memset(resp, 0, sizeof(*resp));
	resp->machine_authorized = true;
	resp->user.id = resp->login.id = u ? u->id : MESH_TAGGED_USER;
	resp->login.login_name = u ? *u->email ? u->email : u->name : "tagged-devices";
	resp->login.display_name =
		u ? *u->display_name ? u->display_name : u->name : "Tagged devices";
	resp->user.display_name = resp->login.display_name;
	resp->user.created = u ? u->created : 0;
}

static void log_out(struct control_login *l, struct control_node *node, struct control_waiter *w)
{
	struct mesh_error err;
	int ret = 0;

	if (node && node->ephemeral)
		ret = control_node_remove(l->state, node, &err);
	else if (node && !control_node_expired(node))
		ret = control_node_expire(l->state, node, control_now(), &err);
	if (ret < 0)
		refuse(w, err.text);
	else
		answer(w, &(struct mesh_register_response){.node_key_expired = true});
}

static void with_key(struct control_login *l, const struct mesh_key *machine,
		     const struct mesh_register_request *req, struct control_waiter *w)
{
	struct mesh_register_response resp;
	struct mesh_error err;
	struct control_preauth *key =
		control_preauth_check(l->state, req->auth->auth_key, machine, &err);
	struct control_admission a = {
		.machine = *machine,
		.key = req->node_key,
		.method = "key",
		.hostinfo = req->hostinfo,
		.hostinfo_raw = req->hostinfo_raw,
	};
	struct control_node *node;

	if (!key) {
		refuse(w, err.text);
		return;
	}
	if (req->hostinfo && req->hostinfo->request_tags.n) {
		refuse(w, "a device that joins with a pre-auth key gets its tags from the key; "
			  "leave --advertise-tags out");
		return;
	}
	/* One that is used again is counted already. */
	a.preauth = control_preauth_spent(key) ? NULL : key;
	a.tags = key->tags;
	a.user = *key->tags ? NULL : key->user;
	a.ephemeral = key->ephemeral;
	/* A device without an owner has nobody who could log it in again. */
	if (a.user && l->state->config->node_expiry)
		a.expires = control_now() + l->state->config->node_expiry;
	node = control_node_admit(l->state, &a, &err);
	if (!node) {
		control_log(LOG_WARN, "registration failed: %s", err.text);
		refuse(w, err.text);
		return;
	}
	accepted(node, &resp);
	answer(w, &resp);
}

static char *join_tags(struct mesh_arena *arena, const mesh_strings *tags)
{
	struct mesh_buf out = {0};
	char *text;

	for (size_t i = 0; i < tags->n; i++)
		mesh_buf_printf(&out, "%s%s", i ? " " : "", tags->v[i]);
	text = mesh_arena_strdup(arena, out.len ? (char *)out.data : "", out.len);
	mesh_buf_free(&out);
	return text;
}

/* Makes room for one more from @origin: who asks often pushes out its own first. */
static void make_room(struct control_login *l, const char *origin)
{
	static const struct mesh_register_response crowded = {
		.error = "too many logins are waiting"};
	struct control_pending *oldest = NULL, *own = NULL;
	size_t n = 0;

	for (struct control_pending *p = l->pending; p; p = p->next) {
		oldest = p;
		if (strcmp(p->origin, origin))
			continue;
		own = p;
		n++;
	}
	if (n >= LOGIN_MAX_ORIGIN)
		conclude(l, own, &crowded);
	else if (l->n_pending == LOGIN_MAX)
		conclude(l, oldest, &crowded);
}

static struct control_pending *begin(struct control_login *l, const struct mesh_key *machine,
				     const struct mesh_register_request *req, const char *origin)
{
	struct control_pending *p;

	/* A device that asks again gets the same page. */
	for (p = l->pending; p; p = p->next)
		if (mesh_key_same(&p->machine, machine) && mesh_key_same(&p->key, &req->node_key))
			return p;
	make_room(l, origin);
	p = mesh_alloc(sizeof(*p));
	snprintf(p->origin, sizeof(p->origin), "%s", origin);
	control_secret_id(p->id, LOGIN_ID_SIZE);
	p->machine = *machine;
	p->key = req->node_key;
	p->created = control_now();
	p->hostname = p->tags = "";
	if (req->hostinfo_raw && strlen(req->hostinfo_raw) <= LOGIN_HOSTINFO) {
		size_t len = strlen(req->hostinfo_raw);

		p->hostinfo_raw = mesh_arena_strdup(&p->arena, req->hostinfo_raw, len);
		/* It was decoded once already, so it decodes again. */
		mesh_codec_decode(&mesh_hostinfo_schema, &p->hostinfo, &p->arena, p->hostinfo_raw,
				  len, MESH_CODEC_MAX_JSON, NULL);
		if (p->hostinfo.hostname)
			p->hostname = p->hostinfo.hostname;
		p->tags = join_tags(&p->arena, &p->hostinfo.request_tags);
	}
	p->next = l->pending;
	l->pending = p;
	l->n_pending++;
	l->state->revision++;
	control_log(LOG_INFO,
		    "device \"%.60s\" waits for approval: warren-control auth approve %s USER",
		    p->hostname, p->id);
	return p;
}

static void send_to_page(struct control_login *l, const struct control_pending *p,
			 struct control_waiter *w)
{
	char url[512];

	snprintf(url, sizeof(url), "%s/register/%s", l->state->config->server_url, p->id);
	answer(w, &(struct mesh_register_response){.auth_url = url});
}

/* The login that a follow-up URL names. */
static struct control_pending *followed(struct control_login *l, const char *url)
{
	const char *slash = strrchr(url, '/');

	return slash ? control_login_find(l, slash + 1) : NULL;
}

static void wait(struct control_pending *p, struct control_waiter *w)
{
	size_t n = 0;

	for (struct control_waiter *o = p->waiters; o; o = o->next)
		n++;
	if (n >= LOGIN_MAX_WAITER) {
		refuse(w, "this login is being waited for already");
		return;
	}
	w->next = p->waiters;
	w->prev = &p->waiters;
	if (w->next)
		w->next->prev = &w->next;
	p->waiters = w;
}

static void judge(struct control_login *l, const struct mesh_key *machine,
		  const struct mesh_register_request *req, struct control_waiter *w)
{
	struct control_node *node = control_node_by_key(l->state, &req->node_key);
	struct mesh_register_response resp;
	struct control_pending *p;

	if (mesh_key_is_zero(&req->node_key)) {
		refuse(w, "the request has no node key");
		return;
	}
	if (node && !mesh_key_same(&node->machine, machine)) {
		control_log(LOG_WARN,
			    "a machine presented the node key of node %lld, which is another's",
			    (long long)node->id);
		refuse(w, "this node key belongs to another machine");
		return;
	}
	if (req->expiry && req->expiry <= control_now()) {
		log_out(l, node, w);
		return;
	}
	/* A known device; its pre-auth key may be used up by now, and need not be asked for again.
	 */
	if (node && !control_node_expired(node)) {
		accepted(node, &resp);
		answer(w, &resp);
		return;
	}
	if (req->followup && *req->followup) {
		p = followed(l, req->followup);
		if (p && mesh_key_same(&p->machine, machine) &&
		    mesh_key_same(&p->key, &req->node_key)) {
			wait(p, w);
			return;
		}
	} else if (req->auth && req->auth->auth_key) {
		with_key(l, machine, req, w);
		return;
	} else if (node) {
		/* Expired: it makes itself a new key and comes back. */
		answer(w, &(struct mesh_register_response){.node_key_expired = true});
		return;
	}
	send_to_page(l, begin(l, machine, req, w->origin), w);
}

void control_login_register(struct control_login *l, const struct mesh_key *machine,
			    const struct mesh_register_request *req, struct control_waiter *w)
{
	w->prev = NULL;
	control_db_actor(l->state->db, "device", w->origin);
	control_db_defer(l->state->db, true);
	judge(l, machine, req, w);
	control_db_defer(l->state->db, false);
}

struct control_pending *control_login_find(struct control_login *l, const char *id)
{
	for (struct control_pending *p = l->pending; p; p = p->next)
		if (!strcmp(p->id, id))
			return p;
	return NULL;
}

static bool may_tag(struct control_login *l, struct control_pending *p,
		    const struct control_user *user, struct mesh_error *err)
{
	const mesh_strings *tags = &p->hostinfo.request_tags;

	for (size_t i = 0; i < tags->n; i++) {
		if (!control_preauth_tags_ok(tags->v[i], err))
			return false;
		if (!control_policy_may_tag(l->mapper->reach->policy, user, tags->v[i])) {
			mesh_error_set(err, "the policy's tagOwners do not let %s give %s",
				       user->name, tags->v[i]);
			return false;
		}
	}
	return true;
}

struct control_node *control_login_admit(struct control_login *l, struct control_pending *p,
					 struct control_user *user, const char *method,
					 int64_t expires, struct mesh_error *err)
{
	struct control_admission a = {
		.machine = p->machine,
		.key = p->key,
		.tags = p->tags,
		.user = *p->tags ? NULL : user,
		.method = method,
		.expires = *p->tags ? 0 : expires,
		.hostinfo = p->hostinfo_raw ? &p->hostinfo : NULL,
		.hostinfo_raw = p->hostinfo_raw,
	};
	struct mesh_register_response resp;
	struct control_node *node;

	if (!may_tag(l, p, user, err))
		return NULL;
	node = control_node_admit(l->state, &a, err);
	if (!node)
		return NULL;
	accepted(node, &resp);
	conclude(l, p, &resp);
	return node;
}

struct control_node *control_login_approve(struct control_login *l, struct control_pending *p,
					   struct control_user *user, struct mesh_error *err)
{
	int64_t expiry = l->state->config->node_expiry;

	return control_login_admit(l, p, user, "approval", expiry ? control_now() + expiry : 0,
				   err);
}

void control_login_reject(struct control_login *l, struct control_pending *p)
{
	conclude(l, p, &(struct mesh_register_response){.error = "the login was rejected"});
}

void control_login_expire(struct control_login *l)
{
	int64_t limit = control_now() - LOGIN_SECONDS;
	struct control_pending *p, *next;

	for (p = l->pending; p; p = next) {
		next = p->next;
		if (p->created < limit)
			conclude(l, p,
				 &(struct mesh_register_response){
					 .error = "nobody approved the login in time"});
	}
}

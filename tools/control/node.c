// SPDX-License-Identifier: GPL-2.0
/* Nodes: coming in, changes by an administrator, removal. */
#include "state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_HOSTNAME 255

struct control_node *control_node_by_key(struct control_state *st, const struct mesh_key *key)
{
	return control_index_get(&st->by_key, key);
}

struct control_node *control_node_by_id(struct control_state *st, int64_t id)
{
	struct mesh_key k = control_index_number((uint64_t)id);

	return control_index_get(&st->by_id, &k);
}

static struct mesh_key name_key(const char *name)
{
	struct mesh_key k;

	mesh_crypto_hash(k.b, name, strlen(name), NULL, 0);
	return k;
}

struct control_node *control_node_of_machine(struct control_state *st,
					     const struct mesh_key *machine,
					     const struct control_user *user, bool tagged)
{
	for (size_t i = 0; i < st->n_slots; i++) {
		struct control_node *n = st->nodes[i];

		if (n && mesh_key_same(&n->machine, machine) &&
		    (tagged ? !n->user : n->user == user))
			return n;
	}
	return NULL;
}

bool control_node_expired(const struct control_node *node)
{
	return node->expires && node->expires <= control_now();
}

bool control_node_has_tag(const struct control_node *node, const char *tag)
{
	size_t len = strlen(tag);

	for (const char *p = node->tags; *p; p += strcspn(p, " "), p += *p == ' ')
		if (!strncmp(p, tag, len) && (p[len] == ' ' || !p[len]))
			return true;
	return false;
}

static bool has_prefix(const struct control_prefixes *list, const struct mesh_prefix *p)
{
	for (size_t i = 0; i < list->n; i++)
		if (mesh_text_prefix_same(&list->v[i], p))
			return true;
	return false;
}

bool control_node_serves(const struct control_node *node, const struct mesh_prefix *route)
{
	return has_prefix(&node->advertised, route) && has_prefix(&node->approved, route);
}

bool control_node_waits(const struct control_node *node, const struct mesh_prefix *route)
{
	return has_prefix(&node->advertised, route) && !has_prefix(&node->approved, route) &&
	       !has_prefix(&node->refused, route);
}

bool control_node_is_exit(const struct control_node *node)
{
	for (size_t i = 0; i < node->approved.n; i++)
		if (!node->approved.v[i].bits && control_node_serves(node, &node->approved.v[i]))
			return true;
	return false;
}

bool control_prefixes_parse(struct control_prefixes *out, const char *text)
{
	char word[MESH_ADDR_TEXT];

	memset(out, 0, sizeof(*out));
	while (*text) {
		size_t n = strcspn(text, " ");

		if (n >= sizeof(word))
			return false;
		memcpy(word, text, n);
		word[n] = 0;
		out->v = mesh_realloc(out->v, (out->n + 1) * sizeof(*out->v));
		if (!mesh_text_unprefix(&out->v[out->n], word))
			return false;
		out->n++;
		text += n + (text[n] == ' ');
	}
	return true;
}

void control_prefixes_text(struct mesh_buf *out, const struct mesh_prefix *v, size_t n)
{
	char text[MESH_ADDR_TEXT];

	for (size_t i = 0; i < n; i++) {
		mesh_text_prefix(text, &v[i]);
		mesh_buf_printf(out, "%s%s", i ? " " : "", text);
	}
	mesh_buf_add(out, "", 1);
}

/* Puts a complete node into the tables. */
static void insert(struct control_state *st, struct control_node *n)
{
	struct mesh_key id = control_index_number((uint64_t)n->id), name = name_key(n->name);
	size_t slot = st->next_slot;

	while (slot < st->n_slots && st->nodes[slot])
		slot++;
	if (slot == st->n_slots) {
		st->nodes = mesh_realloc(st->nodes, (st->n_slots + 64) * sizeof(*st->nodes));
		memset(st->nodes + st->n_slots, 0, 64 * sizeof(*st->nodes));
		st->n_slots += 64;
	}
	n->slot = (uint32_t)slot;
	st->nodes[slot] = n;
	st->next_slot = slot + 1;
	st->n_nodes++;
	if (n->user)
		n->user->n_nodes++;
	control_index_set(&st->by_key, &n->key, n);
	control_index_set(&st->by_id, &id, n);
	control_index_set(&st->by_name, &name, n);
	control_address_hold(st, n);
}

static bool key_column(struct mesh_key *key, sqlite3_stmt *stmt, int i)
{
	memset(key, 0, sizeof(*key));
	if (sqlite3_column_type(stmt, i) == SQLITE_NULL)
		return true;
	if (sqlite3_column_bytes(stmt, i) != sizeof(key->b))
		return false;
	memcpy(key->b, sqlite3_column_blob(stmt, i), sizeof(key->b));
	return true;
}

static const char *text_column(sqlite3_stmt *stmt, int i)
{
	const char *text = (const char *)sqlite3_column_text(stmt, i);

	return text ? text : "";
}

static void load_reported(struct control_state *st, struct control_node *n, const char *raw)
{
	struct mesh_arena arena = {0};
	struct mesh_hostinfo hi;

	if (*raw && !mesh_codec_decode(&mesh_hostinfo_schema, &hi, &arena, raw, strlen(raw),
				       MESH_CODEC_MAX_JSON, NULL))
		control_report_hostinfo(st, n, &hi, raw);
	mesh_arena_free(&arena);
}

static void load_endpoints(struct control_node *n, const char *text)
{
	char word[MESH_ADDR_TEXT];

	while (*text) {
		size_t len = strcspn(text, " ");

		n->endpoints =
			mesh_realloc(n->endpoints, (n->n_endpoints + 1) * sizeof(*n->endpoints));
		if (len < sizeof(word)) {
			memcpy(word, text, len);
			word[len] = 0;
			if (mesh_text_unaddrport(&n->endpoints[n->n_endpoints], word))
				n->n_endpoints++;
		}
		text += len + (text[len] == ' ');
	}
}

int control_node_load(sqlite3_stmt *stmt, void *ctx)
{
	struct control_state *st = ctx;
	struct control_node *n = mesh_alloc(sizeof(*n));

	n->id = sqlite3_column_int64(stmt, 0);
	n->name = mesh_strdup(text_column(stmt, 3));
	n->hostname = mesh_strdup(text_column(stmt, 4));
	n->user = control_state_user(st, sqlite3_column_int64(stmt, 5));
	n->tags = mesh_strdup(text_column(stmt, 6));
	n->ephemeral = sqlite3_column_int(stmt, 9);
	n->method = mesh_strdup(text_column(stmt, 10));
	n->plain = !strcmp(n->method, CONTROL_PLAIN);
	n->created = sqlite3_column_int64(stmt, 11);
	n->expires = sqlite3_column_int64(stmt, 12);
	n->hostinfo = mesh_strdup("");
	n->peer_hostinfo = mesh_strdup("{}");
	n->client_version = mesh_strdup("");
	n->home_derp = sqlite3_column_int64(stmt, 17);
	n->last_seen = sqlite3_column_int64(stmt, 18);
	if (!key_column(&n->machine, stmt, 1) || !key_column(&n->key, stmt, 2) ||
	    !key_column(&n->disco, stmt, 14) ||
	    (*text_column(stmt, 7) && !mesh_text_unip(&n->ip4, text_column(stmt, 7))) ||
	    (*text_column(stmt, 8) && !mesh_text_unip(&n->ip6, text_column(stmt, 8))) ||
	    !control_prefixes_parse(&n->approved, text_column(stmt, 13)) ||
	    !control_prefixes_parse(&n->refused, text_column(stmt, 19))) {
		control_node_free(n);
		return -EIO;
	}
	load_endpoints(n, text_column(stmt, 16));
	insert(st, n);
	load_reported(st, n, text_column(stmt, 15));
	return 0;
}

void control_node_free(struct control_node *n)
{
	free(n->name);
	free(n->hostname);
	free(n->tags);
	free(n->method);
	free(n->approved.v);
	free(n->refused.v);
	free(n->hostinfo);
	free(n->peer_hostinfo);
	free(n->advertised.v);
	free(n->endpoints);
	free(n->client_version);
	free(n->wire);
	free(n);
}

/* The rows of an admission: the node's, and the use of the key. */
static int write_admission(struct control_state *st, struct control_node *n,
			   const struct control_admission *a, bool fresh, struct mesh_error *err)
{
	char ip4[MESH_ADDR_TEXT], ip6[MESH_ADDR_TEXT];
	struct mesh_buf approved = {0}, endpoints = {0};
	int ret = control_db_begin(st->db, err);

	if (ret)
		return ret;
	control_prefixes_text(&approved, a->approved.v, a->approved.n);
	control_report_endpoints(&endpoints, a->endpoints, a->n_endpoints);
	mesh_text_ip(ip4, &n->ip4);
	mesh_text_ip(ip6, &n->ip6);
	if (fresh)
		ret = control_db_run(
			st->db, err,
			"INSERT INTO nodes (machine_key, node_key, name, hostname, user, tags, "
			"ipv4, ipv6, ephemeral, method, created, expires, hostinfo, approved, "
			"endpoints) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
			"bbssnsssisiisss", a->machine.b, sizeof(a->machine.b), a->key.b,
			sizeof(a->key.b), n->name, n->hostname, a->user ? a->user->id : (int64_t)0,
			a->tags, n->ip4.family ? ip4 : NULL, n->ip6.family ? ip6 : NULL,
			(int64_t)a->ephemeral, a->method, n->created, a->expires,
			a->hostinfo_raw ? a->hostinfo_raw : "", (char *)approved.data,
			(char *)endpoints.data);
	else
		ret = control_db_run(st->db, err,
				     "UPDATE nodes SET node_key = ?2, tags = ?3, ephemeral = ?4, "
				     "method = ?5, expires = ?6 WHERE id = ?1",
				     "ibsisi", n->id, a->key.b, sizeof(a->key.b), a->tags,
				     (int64_t)a->ephemeral, a->method, a->expires);
	if (ret >= 0 && fresh)
		n->id = control_db_last_id(st->db);
	if (ret >= 0 && a->preauth)
		ret = control_db_run(st->db, err,
				     "UPDATE preauth_keys SET uses = uses + 1 WHERE id = ?1", "i",
				     a->preauth->id);
	mesh_buf_free(&approved);
	mesh_buf_free(&endpoints);
	return control_db_end(st->db, ret, err);
}

static void replace(char **at, const char *text)
{
	char *copy = mesh_strdup(text);

	free(*at);
	*at = copy;
}

/* What a device reports itself, unless it cannot. */
static void take_plain(struct control_node *n, const struct control_admission *a)
{
	n->plain = !strcmp(a->method, CONTROL_PLAIN);
	n->endpoints = mesh_alloc(a->n_endpoints * sizeof(*n->endpoints));
	n->n_endpoints = a->n_endpoints;
	if (a->n_endpoints)
		memcpy(n->endpoints, a->endpoints, a->n_endpoints * sizeof(*n->endpoints));
	n->approved.v = mesh_alloc(a->approved.n * sizeof(*n->approved.v));
	n->approved.n = a->approved.n;
	if (a->approved.n)
		memcpy(n->approved.v, a->approved.v, a->approved.n * sizeof(*n->approved.v));
}

struct control_node *control_node_admit(struct control_state *st, const struct control_admission *a,
					struct mesh_error *err)
{
	struct control_node *n = control_node_of_machine(st, &a->machine, a->user, *a->tags != 0);
	bool fresh = !n;
	char name[64];

	if (control_node_by_key(st, &a->key) && control_node_by_key(st, &a->key) != n) {
		mesh_error_set(err, "this node key is in use by another device");
		return NULL;
	}
	if (fresh) {
		n = mesh_alloc(sizeof(*n));
		control_address_name(
			st, a->hostinfo && a->hostinfo->hostname ? a->hostinfo->hostname : "",
			name);
		n->name = mesh_strdup(name);
		n->hostname = mesh_strdup(
			a->hostinfo && a->hostinfo->hostname ? a->hostinfo->hostname : "");
		if (strlen(n->hostname) > MAX_HOSTNAME)
			n->hostname[MAX_HOSTNAME] = 0;
		n->machine = a->machine;
		n->user = a->user;
		n->created = control_now();
		n->last_seen = n->created;
		n->hostinfo = mesh_strdup("");
		n->peer_hostinfo = mesh_strdup("{}");
		n->client_version = mesh_strdup("");
		n->tags = mesh_strdup(a->tags);
		n->method = mesh_strdup(a->method);
		if (control_address_take(st, &n->ip4, &n->ip6, err)) {
			control_node_free(n);
			return NULL;
		}
	}
	if (write_admission(st, n, a, fresh, err) < 0) {
		if (fresh)
			control_node_free(n);
		return NULL;
	}
	if (a->preauth) {
		a->preauth->uses++;
		a->preauth->last_machine = a->machine;
		a->preauth->last_use = control_now();
	}
	replace(&n->tags, a->tags);
	replace(&n->method, a->method);
	n->ephemeral = a->ephemeral;
	n->expires = a->expires;
	if (fresh) {
		n->key = a->key;
		take_plain(n, a);
		insert(st, n);
	} else {
		control_index_remove(&st->by_key, &n->key);
		n->key = a->key;
		control_index_set(&st->by_key, &n->key, n);
	}
	if (a->hostinfo)
		control_report_hostinfo(st, n, a->hostinfo, a->hostinfo_raw);
	control_state_changed(st, n,
			      fresh ? CHANGE_ADDED : CHANGE_KEY | CHANGE_WHOLE | CHANGE_REACH);
	return n;
}

int control_node_expire(struct control_state *st, struct control_node *node, int64_t when,
			struct mesh_error *err)
{
	int ret = control_db_run(st->db, err, "UPDATE nodes SET expires = ?2 WHERE id = ?1", "ii",
				 node->id, when);

	if (ret < 0)
		return ret;
	node->expires = when;
	control_state_changed(st, node, CHANGE_EXPIRY);
	return 0;
}

int control_node_rename(struct control_state *st, struct control_node *node, const char *name,
			struct mesh_error *err)
{
	struct mesh_key k = name_key(name), old = name_key(node->name);
	struct control_node *other = control_index_get(&st->by_name, &k);
	int ret;

	if (!control_address_is_label(name)) {
		mesh_error_set(err,
			       "\"%.70s\" is not a name for DNS: 1 to 63 of a-z, 0-9 and -, "
			       "with no - at the ends",
			       name);
		return -EINVAL;
	}
	if (other && other != node) {
		mesh_error_set(err, "node %lld has the name \"%s\" already", (long long)other->id,
			       name);
		return -EEXIST;
	}
	ret = control_db_run(st->db, err, "UPDATE nodes SET name = ?2 WHERE id = ?1", "is",
			     node->id, name);
	if (ret < 0)
		return ret;
	control_index_remove(&st->by_name, &old);
	replace(&node->name, name);
	control_index_set(&st->by_name, &k, node);
	control_state_changed(st, node, CHANGE_WHOLE);
	return 0;
}

int control_node_tag(struct control_state *st, struct control_node *node, const char *tags,
		     struct mesh_error *err)
{
	int ret;

	if (!control_preauth_tags_ok(tags, err))
		return -EINVAL;
	if (!*tags) {
		mesh_error_set(err, "a node without tags needs an owner: log it in again instead");
		return -EINVAL;
	}
	ret = control_db_run(st->db, err,
			     "UPDATE nodes SET tags = ?2, user = NULL, expires = 0 WHERE id = ?1",
			     "is", node->id, tags);
	if (ret < 0)
		return ret;
	replace(&node->tags, tags);
	if (node->user)
		node->user->n_nodes--;
	node->user = NULL;
	node->expires = 0;
	control_state_changed(st, node, CHANGE_WHOLE | CHANGE_REACH);
	return 0;
}

/* A copy of @list without what is in @but. */
static struct control_prefixes without(const struct control_prefixes *list,
				       const struct control_prefixes *but)
{
	struct control_prefixes out = {.v = mesh_alloc(list->n * sizeof(*list->v))};

	for (size_t i = 0; i < list->n; i++)
		if (!has_prefix(but, &list->v[i]))
			out.v[out.n++] = list->v[i];
	return out;
}

/* Sets both lists, which become the node's. */
static int judge_routes(struct control_state *st, struct control_node *node,
			struct control_prefixes approved, struct control_prefixes refused,
			struct mesh_error *err)
{
	struct mesh_buf yes = {0}, no = {0};
	int ret;

	control_prefixes_text(&yes, approved.v, approved.n);
	control_prefixes_text(&no, refused.v, refused.n);
	ret = control_db_run(st->db, err,
			     "UPDATE nodes SET approved = ?2, refused = ?3 WHERE id = ?1", "iss",
			     node->id, (char *)yes.data, (char *)no.data);
	mesh_buf_free(&yes);
	mesh_buf_free(&no);
	if (ret < 0) {
		free(approved.v);
		free(refused.v);
		return ret;
	}
	free(node->approved.v);
	free(node->refused.v);
	node->approved = approved;
	node->refused = refused;
	control_state_changed(st, node, CHANGE_WHOLE | CHANGE_REACH);
	return 0;
}

int control_node_approve(struct control_state *st, struct control_node *node,
			 const struct mesh_prefix *routes, size_t n, struct mesh_error *err)
{
	const struct control_prefixes wanted = {(struct mesh_prefix *)routes, n}, none = {0};

	return judge_routes(st, node, without(&wanted, &none), without(&node->refused, &wanted),
			    err);
}

int control_node_refuse(struct control_state *st, struct control_node *node,
			const struct mesh_prefix *routes, size_t n, struct mesh_error *err)
{
	const struct control_prefixes unwanted = {(struct mesh_prefix *)routes, n}, none = {0};

	return judge_routes(st, node, without(&node->approved, &unwanted),
			    without(&unwanted, &none), err);
}

int control_node_remove(struct control_state *st, struct control_node *node, struct mesh_error *err)
{
	struct mesh_key id = control_index_number((uint64_t)node->id), name = name_key(node->name);
	int ret = control_db_run(st->db, err, "DELETE FROM nodes WHERE id = ?1", "i", node->id);

	if (ret < 0)
		return ret;
	control_state_changed(st, node, CHANGE_REMOVED);
	for (struct control_node **p = &st->dirty; *p; p = &(*p)->next_dirty) {
		if (*p == node) {
			*p = node->next_dirty;
			break;
		}
	}
	control_index_remove(&st->by_key, &node->key);
	control_index_remove(&st->by_id, &id);
	control_index_remove(&st->by_name, &name);
	control_address_drop(st, node);
	if (node->user)
		node->user->n_nodes--;
	st->nodes[node->slot] = NULL;
	if (node->slot < st->next_slot)
		st->next_slot = node->slot;
	st->n_nodes--;
	control_node_free(node);
	return 0;
}

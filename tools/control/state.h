/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the server knows: users, pre-auth keys, nodes. Everything is in memory and in the database.
 * A function that changes something writes the database first; when that fails, memory is as
 * before and the error names the reason. When it succeeds, the change is on disk, and the listener
 * is told what kind of change it was, so that no more is sent to the devices than needed.
 *
 *   state.c      opening, changes, users
 *   person.c     users whom an identity provider knows
 *   preauth.c    pre-auth keys
 *   apikey.c     keys of the REST interface
 *   node.c       nodes: making, changing, removing
 *   report.c     what devices report about themselves, presence
 *   address.c    addresses and names for new nodes
 *
 * Single-threaded, like the event loop that calls it.
 */
#ifndef CONTROL_STATE_H
#define CONTROL_STATE_H

#include "clock.h"
#include "config.h"
#include "db.h"
#include "index.h"
#include "message.h"
#include "secret.h"

struct control_user {
	struct control_user *next;
	int64_t id;
	char *name;
	char *display_name;
	char *email;
	char *issuer; /* of the identity provider that knows the user, or "" */
	char *subject;
	char *groups; /* there, one a line */
	int64_t created;
	size_t n_nodes;
};

struct control_identity;

struct control_preauth {
	struct control_preauth *next;
	int64_t id;
	char prefix[SECRET_PREFIX + 1];
	uint8_t hash[SECRET_HASH];
	struct control_user *user; /* NULL: only tagged devices */
	char *tags;		   /* space-separated, "" for none */
	bool reusable;
	bool ephemeral;
	int64_t uses;
	struct mesh_key last_machine; /* that used it, since the server started */
	int64_t last_use;
	int64_t created;
	int64_t expires;
};

/* A key for the REST interface over the network. */
struct control_apikey {
	struct control_apikey *next;
	int64_t id;
	char prefix[SECRET_PREFIX + 1];
	uint8_t hash[SECRET_HASH];
	bool all; /* may change things; otherwise it only looks */
	int64_t created;
	int64_t expires;
};

/* Bits of a change to a node. */
enum control_change {
	CHANGE_ADDED = 1 << 0,
	CHANGE_REMOVED = 1 << 1,
	CHANGE_WHOLE = 1 << 2, /* name, hostinfo, owner, tags, routes: no patch exists for these */
	CHANGE_ENDPOINTS = 1 << 3,
	CHANGE_DERP = 1 << 4,
	CHANGE_DISCO = 1 << 5,
	CHANGE_KEY = 1 << 6,
	CHANGE_EXPIRY = 1 << 7,
	CHANGE_ONLINE = 1 << 8,
	CHANGE_REACH = 1 << 9, /* who may reach it may be different now */
	/* Without a node. */
	CHANGE_USERS = 1 << 10,
};

struct control_prefixes {
	struct mesh_prefix *v;
	size_t n;
};

struct control_node {
	int64_t id;
	uint32_t slot; /* small number, for bit sets; another node may get it later */
	struct mesh_key machine;
	struct mesh_key key;
	char *name;
	char *hostname;
	struct control_user *user; /* NULL when tagged */
	char *tags;		   /* space-separated */
	struct mesh_ip ip4;
	struct mesh_ip ip6;
	bool ephemeral;
	bool plain; /* speaks WireGuard only: no session, no reports (plain.h) */
	char *method;
	int64_t created;
	int64_t expires; /* 0 never */
	struct control_prefixes approved;
	struct control_prefixes refused; /* the policy does not approve these */

	/* Reported by the device. */
	struct mesh_key disco;
	char *hostinfo;			    /* as it came */
	char *peer_hostinfo;		    /* what peers get to see of it */
	struct control_prefixes advertised; /* routes */
	struct mesh_addrport *endpoints;
	size_t n_endpoints;
	int64_t home_derp;
	int64_t version; /* capability version, of this run */
	char *client_version;
	int64_t last_seen;
	bool dirty; /* reported state not written yet */
	struct control_node *next_dirty;

	/* Presence. */
	unsigned int sessions;
	bool online;  /* has a session, or lost it moments ago */
	int64_t lost; /* when the last session ended */

	/* Of the mapper. */
	unsigned int change; /* bits not told yet */
	bool told_expired;
	char *wire; /* as peers see it, without routes */
};

struct control_state {
	const struct control_config *config;
	struct control_db *db;
	struct control_user *users;
	struct control_preauth *preauth;
	struct control_apikey *apikeys;
	struct control_node **nodes; /* by slot; NULL where free */
	size_t n_slots;
	size_t next_slot; /* no lower one is free */
	size_t n_nodes;
	struct control_index by_key;
	struct control_index by_id;
	struct control_index by_name;
	struct control_index by_address;
	struct control_node *dirty;
	uint64_t revision;    /* moves with everything that an administrator sees */
	uint64_t next_offset; /* no lower host number is free */

	/* The listener. A removed node is still complete when it is told. */
	void (*changed)(void *ctx, struct control_node *node, unsigned int what);
	void *changed_ctx;
};

struct control_state *control_state_open(const struct control_config *config,
					 struct mesh_error *err);
void control_state_close(struct control_state *st);
/* Tells the listener. */
void control_state_changed(struct control_state *st, struct control_node *node, unsigned int what);

/* Users. Names are 1 to 63 of letters, digits and ._-@ */
struct control_user *control_state_user(struct control_state *st, int64_t id);
struct control_user *control_state_user_named(struct control_state *st, const char *name);
struct control_user *control_state_add_user(struct control_state *st, const char *name,
					    const char *display_name, const char *email,
					    struct mesh_error *err);
int control_state_rename_user(struct control_state *st, struct control_user *user, const char *name,
			      struct mesh_error *err);
/**
 * control_state_sign_in() - the user that an identity provider speaks of
 * @st: state
 * @id: who signed in and may come in
 * @err: what is wrong
 *
 * Known by issuer and subject. A user of our own with the same verified e-mail address becomes that
 * user; otherwise a new one is made. Address, display name and groups are brought up to date.
 *
 * Return: NULL on failure.
 */
struct control_user *control_state_sign_in(struct control_state *st,
					   const struct control_identity *id,
					   struct mesh_error *err);
/* Whether the identity provider says that the user is in the group. */
bool control_state_in_group(const struct control_user *user, const char *group);
/* Refused with -EBUSY while the user has nodes. */
int control_state_remove_user(struct control_state *st, struct control_user *user,
			      struct mesh_error *err);

/**
 * control_preauth_add() - make a pre-auth key
 * @st: state
 * @user: owner of the devices, or NULL
 * @tags: tags of the devices, "" for none; one of the two is needed
 * @reusable: whether it works more than once
 * @ephemeral: whether its devices are removed when they are gone
 * @expires: when it ends
 * @text: the key, which is not stored anywhere
 * @err: what is wrong
 */
struct control_preauth *control_preauth_add(struct control_state *st, struct control_user *user,
					    const char *tags, bool reusable, bool ephemeral,
					    int64_t expires, char text[SECRET_TEXT],
					    struct mesh_error *err);
struct control_preauth *control_preauth_find(struct control_state *st, int64_t id);
/*
 * The key that @text is, if @machine may use it now; else NULL and why. May be spent, if it
 * just used it itself, and logs its node in once more, with another node key.
 */
struct control_preauth *control_preauth_check(struct control_state *st, const char *text,
					      const struct mesh_key *machine,
					      struct mesh_error *err);
/* Whether it has been used as often as it may. */
bool control_preauth_spent(const struct control_preauth *key);
int control_preauth_expire(struct control_state *st, struct control_preauth *key,
			   struct mesh_error *err);
int control_preauth_remove(struct control_state *st, struct control_preauth *key,
			   struct mesh_error *err);
/* Whether every word is tag:name. */
bool control_preauth_tags_ok(const char *tags, struct mesh_error *err);

/* A new key; @text is shown once and not stored. NULL with @err. */
struct control_apikey *control_apikey_add(struct control_state *st, bool all, int64_t expires,
					  char text[SECRET_TEXT], struct mesh_error *err);
struct control_apikey *control_apikey_find(struct control_state *st, int64_t id);
/* The key that @text is, if it is valid now; else NULL. */
struct control_apikey *control_apikey_check(struct control_state *st, const char *text);
int control_apikey_expire(struct control_state *st, struct control_apikey *key,
			  struct mesh_error *err);
int control_apikey_remove(struct control_state *st, struct control_apikey *key,
			  struct mesh_error *err);
/* Loading; used by state.c. */
int control_apikey_load(sqlite3_stmt *stmt, void *state);

/* Nodes. */
struct control_node *control_node_by_key(struct control_state *st, const struct mesh_key *key);
struct control_node *control_node_by_id(struct control_state *st, int64_t id);
/* The device's node for this owner, so that a new login keeps its address. */
struct control_node *control_node_of_machine(struct control_state *st,
					     const struct mesh_key *machine,
					     const struct control_user *user, bool tagged);

/* The method of a plain WireGuard peer. */
#define CONTROL_PLAIN "wireguard"

/* How a node comes in. */
struct control_admission {
	struct mesh_key machine;
	struct mesh_key key;
	struct control_user *user;	 /* NULL with tags */
	const char *tags;		 /* "" for none */
	struct control_preauth *preauth; /* counted as used in the same transaction; or NULL */
	bool ephemeral;
	const char *method; /* "key", "approval", "oidc", CONTROL_PLAIN */
	int64_t expires;
	const struct mesh_hostinfo *hostinfo;
	const char *hostinfo_raw;
	/* Of a plain WireGuard peer, which cannot report them itself. */
	const struct mesh_addrport *endpoints;
	size_t n_endpoints;
	struct control_prefixes approved;
};

/* A new node, or the same device again with a new key. NULL with @err. */
struct control_node *control_node_admit(struct control_state *st, const struct control_admission *a,
					struct mesh_error *err);
int control_node_expire(struct control_state *st, struct control_node *node, int64_t when,
			struct mesh_error *err);
int control_node_rename(struct control_state *st, struct control_node *node, const char *name,
			struct mesh_error *err);
/* A tagged node has no owner any more, and its key no longer expires. */
int control_node_tag(struct control_state *st, struct control_node *node, const char *tags,
		     struct mesh_error *err);
/* Refuses exactly these prefixes, which are not approved then. */
int control_node_refuse(struct control_state *st, struct control_node *node,
			const struct mesh_prefix *routes, size_t n, struct mesh_error *err);
/* Approves exactly these prefixes, which are not refused then. */
int control_node_approve(struct control_state *st, struct control_node *node,
			 const struct mesh_prefix *routes, size_t n, struct mesh_error *err);
int control_node_remove(struct control_state *st, struct control_node *node,
			struct mesh_error *err);
bool control_node_expired(const struct control_node *node);
/* Whether it advertises the prefix and it is approved. */
bool control_node_serves(const struct control_node *node, const struct mesh_prefix *route);
/* Whether it advertises the prefix, and nobody has approved or refused it yet. */
bool control_node_waits(const struct control_node *node, const struct mesh_prefix *route);
bool control_node_is_exit(const struct control_node *node);
bool control_node_has_tag(const struct control_node *node, const char *tag);
/* Loading; used by state.c. */
int control_node_load(sqlite3_stmt *stmt, void *state);
void control_node_free(struct control_node *node);

/* Takes over what a map request says. Tells the listener what differs. */
void control_report_apply(struct control_state *st, struct control_node *node,
			  const struct mesh_map_request *req);
void control_report_hostinfo(struct control_state *st, struct control_node *node,
			     const struct mesh_hostinfo *hi, const char *raw);
/* Sets the presence and tells the listener when it differs. */
void control_report_online(struct control_state *st, struct control_node *node, bool online);
/* Endpoints as the database has them: space-separated, with a NUL behind. */
void control_report_endpoints(struct mesh_buf *out, const struct mesh_addrport *v, size_t n);
/* Writes what was reported since the last time, in one transaction. */
int control_report_flush(struct control_state *st, struct mesh_error *err);

/* Finds free addresses: one host number for both families. */
int control_address_take(struct control_state *st, struct mesh_ip *ip4, struct mesh_ip *ip6,
			 struct mesh_error *err);
/* Notes that addresses are in use or free again. */
void control_address_hold(struct control_state *st, struct control_node *node);
void control_address_drop(struct control_state *st, struct control_node *node);
/* Makes a DNS label of a host name; unique with a number behind it when needed. */
void control_address_name(struct control_state *st, const char *hostname, char out[64]);
/* Whether it can be a DNS label as it is. */
bool control_address_is_label(const char *name);

/* Space-separated prefixes, both ways. */
bool control_prefixes_parse(struct control_prefixes *out, const char *text);
void control_prefixes_text(struct mesh_buf *out, const struct mesh_prefix *v, size_t n);

#endif /* CONTROL_STATE_H */

// SPDX-License-Identifier: GPL-2.0
#include "server.h"
#include "log.h"
#include "signin.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define TICK_MS	     1000
#define SAVE_TICKS   5 /* what devices report is written that often */
#define EXPIRE_TICKS 5
#define CERT_TICKS   30
#define OWN_FILES    100 /* for the database, the identity provider and administrators */

static void on_flush(uv_timer_t *t)
{
	struct control_server *srv = t->data;

	/* The policy may approve routes. */
	control_db_actor(srv->state->db, NULL, "");
	control_mapper_flush(srv->mapper);
}

/* The mapper has something to tell; more may come in the next moment. */
static void wake(void *ctx)
{
	struct control_server *srv = ctx;

	uv_timer_start(&srv->flush, on_flush, (uint64_t)srv->config->batch_ms, 0);
}

static void remove_ephemeral(struct control_server *srv)
{
	int64_t limit = control_now() - srv->config->ephemeral_timeout;
	struct mesh_error err;

	for (size_t i = 0; i < srv->state->n_slots; i++) {
		struct control_node *n = srv->state->nodes[i];

		if (!n || !n->ephemeral || n->online || n->sessions || n->last_seen > limit)
			continue;
		control_log(LOG_INFO, "removing ephemeral node %lld (%s), which is gone",
			    (long long)n->id, n->name);
		if (control_node_remove(srv->state, n, &err) < 0)
			control_log(LOG_ERROR, "cannot remove it: %s", err.text);
	}
}

static void save(struct control_server *srv)
{
	struct mesh_error err;

	/* Nobody waits for it. */
	control_db_defer(srv->state->db, true);
	if (control_report_flush(srv->state, &err) < 0)
		control_log(LOG_ERROR, "cannot write what devices reported, trying again: %s",
			    err.text);
	control_db_defer(srv->state->db, false);
}

/* What a device was not told yet may be lost; what it was told is on disk. */
static void cannot_flush(void *ctx, int status)
{
	struct control_server *srv = ctx;

	control_log(LOG_ERROR, "cannot write the database to disk, stopping: %s", strerror(status));
	srv->broken = true;
	uv_stop(&srv->loop);
}

void control_server_refused(struct control_server *srv, const char *actor, const char *origin,
			    const char *why)
{
	struct mesh_error err;

	srv->refused++;
	control_db_actor(srv->state->db, actor, origin);
	if (control_db_audit(srv->state->db, &err, "login.refused", "", why) < 0)
		control_log(LOG_ERROR, "cannot write the audit log: %s", err.text);
}

static void on_tick(uv_timer_t *t)
{
	struct control_server *srv = t->data;

	control_db_actor(srv->state->db, NULL, "");

	srv->ticks++;
	control_channel_tick(srv);
	if (srv->relay)
		control_relay_tick(srv->relay);
	if (!(srv->ticks % EXPIRE_TICKS)) {
		control_mapper_expire(srv->mapper);
		control_login_expire(srv->login);
		if (srv->signin)
			control_signin_expire(srv->signin);
		remove_ephemeral(srv);
	}
	if (!(srv->ticks % SAVE_TICKS))
		save(srv);
	if (!(srv->ticks % CERT_TICKS)) {
		control_cert_check(&srv->cert);
		srv->conns.tls = srv->cert.ctx;
	}
	control_conns_expire(&srv->conns);
}

static void on_stop(uv_signal_t *sig, int number)
{
	struct control_server *srv = sig->data;

	(void)number;
	uv_stop(&srv->loop);
}

static int load_newest(sqlite3_stmt *stmt, void *ctx)
{
	struct mesh_buf *text = ctx;

	text->len = 0;
	mesh_buf_add(text, sqlite3_column_text(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0));
	return 0;
}

int control_server_load_policy(struct control_server *srv, struct mesh_error *err)
{
	struct control_policy *policy;
	struct mesh_arena arena = {0};
	struct mesh_buf text = {0};
	struct mesh_error inner;
	const char *where = "the policy in the database";
	char *file;
	size_t len;
	int ret = 0;

	if (srv->config->policy_file) {
		where = srv->config->policy_file;
		file = control_hujson_load(&arena, where, POLICY_MAX_TEXT, &len, err);
		if (!file)
			return -EINVAL;
		mesh_buf_add(&text, file, len);
		mesh_arena_free(&arena);
	} else {
		ret = control_db_each(srv->state->db, err,
				      "SELECT text FROM policies ORDER BY id DESC LIMIT 1",
				      load_newest, &text);
		if (ret || !text.len)
			goto out;
	}
	policy = control_policy_parse((char *)text.data, text.len, &inner);
	if (policy) {
		control_mapper_set_policy(srv->mapper, policy);
	} else {
		mesh_error_set(err, "%s: %s", where, inner.text);
		ret = -EINVAL;
	}
out:
	mesh_buf_free(&text);
	return ret;
}

/* SIGHUP: the files that the configuration names are read again. */
static void on_hangup(uv_signal_t *sig, int number)
{
	struct control_server *srv = sig->data;
	struct mesh_error err;
	char *derp_map;

	(void)number;
	if (srv->config->policy_file && control_server_load_policy(srv, &err))
		control_log(LOG_ERROR, "the policy in force stays: %s", err.text);
	else if (srv->config->policy_file)
		control_log(LOG_INFO, "loaded the policy from %s", srv->config->policy_file);
	if (!srv->config->relay_map)
		return;
	derp_map = control_relaymap_build(srv->config, &srv->cert, &err);
	if (derp_map)
		control_mapper_set_derp_map(srv->mapper, derp_map);
	else
		control_log(LOG_ERROR, "the relay map in force stays: %s", err.text);
	free(derp_map);
}

static void on_tcp(uv_stream_t *listener, int status)
{
	struct control_server *srv = listener->data;

	if (!status)
		control_conns_accept(&srv->conns, listener, false);
}

static void on_pipe(uv_stream_t *listener, int status)
{
	struct control_server *srv = listener->data;

	if (!status)
		control_conns_accept(&srv->conns, listener, true);
}

void control_server_sockaddr(const struct mesh_addrport *ap, struct sockaddr_storage *out)
{
	char ip[MESH_ADDR_TEXT];

	mesh_text_ip(ip, &ap->ip);
	if (ap->ip.family == 4)
		uv_ip4_addr(ip, ap->port, (struct sockaddr_in *)out);
	else
		uv_ip6_addr(ip, ap->port, (struct sockaddr_in6 *)out);
}

static int listen_tcp(struct control_server *srv, struct mesh_error *err)
{
	const struct mesh_addrport *ap = &srv->config->listen;
	struct sockaddr_storage ss;
	char text[MESH_ADDR_TEXT];
	int ret;

	control_server_sockaddr(ap, &ss);
	uv_tcp_init(&srv->loop, &srv->tcp);
	srv->tcp.data = srv;
	ret = uv_tcp_bind(&srv->tcp, (struct sockaddr *)&ss, 0);
	if (!ret)
		ret = uv_listen((uv_stream_t *)&srv->tcp, 1024, on_tcp);
	if (ret) {
		mesh_text_addrport(text, ap);
		mesh_error_set(err, "listen %s: %s", text, uv_strerror(ret));
	}
	return ret;
}

static int listen_pipe(struct control_server *srv, struct mesh_error *err)
{
	/* The database is ours alone by now, so a socket that is there is a dead one. */
	mode_t mask = umask(0117);
	int ret;

	unlink(srv->config->socket_path);
	uv_pipe_init(&srv->loop, &srv->pipe, 0);
	srv->pipe.data = srv;
	ret = uv_pipe_bind(&srv->pipe, srv->config->socket_path);
	if (!ret)
		ret = uv_listen((uv_stream_t *)&srv->pipe, 64, on_pipe);
	umask(mask);
	if (ret)
		mesh_error_set(err, "socket %s: %s", srv->config->socket_path, uv_strerror(ret));
	return ret;
}

static int make_dir(const char *path, struct mesh_error *err)
{
	if (!mkdir(path, 0700) || errno == EEXIST)
		return 0;
	mesh_error_set(err, "state_dir %s: %s", path, strerror(errno));
	return -errno;
}

static void watch(struct control_server *srv, uv_signal_t *sig, uv_signal_cb cb, int number)
{
	uv_signal_init(&srv->loop, sig);
	sig->data = srv;
	uv_signal_start(sig, cb, number);
}

/* Everything that can fail. */
static int start(struct control_server *srv, struct mesh_error *err)
{
	const struct control_config *config = srv->config;
	char path[512], *derp_map;
	int ret = make_dir(config->state_dir, err);

	if (ret)
		return ret;
	srv->state = control_state_open(config, err);
	if (!srv->state)
		return -EIO;
	control_durable_init(&srv->durable, &srv->loop, srv->state->db, cannot_flush, srv);
	snprintf(path, sizeof(path), "%s/noise.key", config->state_dir);
	ret = control_cert_private_key(path, &srv->noise, err);
	if (ret)
		return ret;
	mesh_key_public(&srv->noise_public, &srv->noise);
	ret = control_cert_open(&srv->cert, config, err);
	if (ret)
		return ret;
	srv->conns.tls = srv->cert.ctx;
	if (config->relay.enabled) {
		srv->relay = control_relay_new(srv, err);
		if (!srv->relay)
			return -EIO;
	}
	derp_map = control_relaymap_build(config, &srv->cert, err);
	if (!derp_map)
		return -EINVAL;
	srv->mapper = control_mapper_new(srv->state, derp_map, wake, srv);
	free(derp_map);
	srv->login = control_login_new(srv->mapper);
	if (config->oidc.issuer) {
		srv->signin = control_signin_new(srv, err);
		if (!srv->signin)
			return -EINVAL;
	}
	ret = control_server_load_policy(srv, err);
	if (!ret)
		ret = listen_tcp(srv, err);
	if (!ret)
		ret = listen_pipe(srv, err);
	if (!ret && config->relay.enabled && config->relay.stun.port)
		ret = control_stun_start(srv, err);
	return ret;
}

static void greet(const struct control_server *srv)
{
	char listen[MESH_ADDR_TEXT];

	mesh_text_addrport(listen, &srv->config->listen);
	control_log(LOG_INFO, "warren-control %s listens on %s; devices use %s", CONTROL_VERSION,
		    listen, srv->config->server_url);
	if (!srv->config->relay.enabled && !srv->config->relay_map)
		control_log(LOG_WARN,
			    "no relay is configured: devices that cannot reach each other "
			    "directly stay apart");
	if (srv->config->web)
		control_log(LOG_INFO,
			    "web page: %s/admin/; sign in with a key of: "
			    "warren-control apikeys create",
			    srv->config->server_url);
	if (srv->state->n_nodes)
		return;
	control_log(LOG_INFO, "to add the first device:");
	control_log(LOG_INFO, "  warren-control users create NAME");
	control_log(LOG_INFO, "  warren-control preauthkeys create --user NAME");
	control_log(LOG_INFO, "  and on the device: tailscale up --login-server %s --auth-key KEY",
		    srv->config->server_url);
}

static void close_handle(uv_handle_t *h, void *arg)
{
	(void)arg;
	if (!uv_is_closing(h))
		uv_close(h, NULL);
}

int control_server_run(const struct control_config *config)
{
	struct control_server *srv = mesh_alloc(sizeof(*srv));
	struct rlimit files = {.rlim_cur = RLIM_INFINITY};
	struct mesh_error err = {""};
	int ret;

	signal(SIGPIPE, SIG_IGN);
	/* A connection is a file; ten thousand devices need more than the usual 1024. */
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	srv->config = config;
	srv->started = control_now();
	uv_loop_init(&srv->loop);
	control_conns_init(&srv->conns, &srv->loop, &control_outer_handler, srv);
	if (files.rlim_cur < srv->conns.max + OWN_FILES)
		srv->conns.max =
			files.rlim_cur > 2 * OWN_FILES ? files.rlim_cur - OWN_FILES : OWN_FILES;
	control_limiter_init(&srv->handshakes, (double)config->handshake_rate,
			     10.0 * (double)config->handshake_rate);
	/* A page, a relay and a channel for each device behind one address. */
	control_limiter_init(&srv->connections, 5.0 * (double)config->handshake_rate,
			     50.0 * (double)config->handshake_rate);
	srv->conns.limiter = &srv->connections;
	srv->conns.proxies = &config->proxies;
	control_limiter_init(&srv->failures, 10.0 / 60, 10);
	uv_timer_init(&srv->loop, &srv->tick);
	uv_timer_init(&srv->loop, &srv->flush);
	srv->tick.data = srv->flush.data = srv;
	ret = start(srv, &err);
	if (!ret) {
		watch(srv, &srv->sigint, on_stop, SIGINT);
		watch(srv, &srv->sigterm, on_stop, SIGTERM);
		watch(srv, &srv->sighup, on_hangup, SIGHUP);
		uv_timer_start(&srv->tick, on_tick, TICK_MS, TICK_MS);
		greet(srv);
		uv_run(&srv->loop, UV_RUN_DEFAULT);
		control_log(LOG_INFO, "stopping");
		save(srv);
		ret = srv->broken ? -EIO : 0;
	} else {
		control_log(LOG_ERROR, "%s", err.text);
	}
	control_conns_close_all(&srv->conns);
	control_login_free(srv->login);
	control_session_close_all(srv);
	control_signin_free(srv->signin);
	uv_walk(&srv->loop, close_handle, NULL);
	uv_run(&srv->loop, UV_RUN_DEFAULT);
	control_relay_free(srv->relay);
	control_mapper_free(srv->mapper);
	control_state_close(srv->state);
	control_cert_close(&srv->cert);
	control_conns_free(&srv->conns);
	control_limiter_free(&srv->connections);
	control_limiter_free(&srv->handshakes);
	control_limiter_free(&srv->failures);
	uv_loop_close(&srv->loop);
	mesh_crypto_wipe(srv, sizeof(*srv));
	free(srv);
	return ret ? 1 : 0;
}

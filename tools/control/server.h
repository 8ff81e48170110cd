/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The running server: one event loop, on which everything happens.
 *
 *   server.c     start, stop, timers
 *   outer.c      HTTP/1.1 on the port and on the unix socket: what is asked, and upgrades
 *   page.c       pages for a person who logs a device in
 *   signin.c     logins by an identity provider
 *   channel.c    a device's ts2021 connection: registration and map streams
 *   relay.c      DERP
 *   relaymap.c   which relays devices are told of
 *   stunserver.c STUN
 *   api.h        administration
 *   session.h    who is signed in on the web page
 *   web.c        the web page's files, and where devices send people
 */
#ifndef CONTROL_SERVER_H
#define CONTROL_SERVER_H

#include "cert.h"
#include "conn.h"
#include "durable.h"
#include "http.h"
#include "limiter.h"
#include "login.h"
#include "noise.h"
#include "session.h"

#define CONTROL_VERSION "0.1"

struct control_relay;
struct control_signin;

struct control_server {
	uv_loop_t loop;
	const struct control_config *config;
	struct control_state *state;
	struct control_durable durable;
	struct control_mapper *mapper;
	struct control_login *login;
	struct control_signin *signin; /* NULL without an identity provider */
	struct control_relay *relay;   /* NULL when it is not enabled */
	struct control_cert cert;
	struct control_conns conns;
	struct control_limiter connections; /* for each source address */
	struct control_limiter handshakes;  /* the same */
	struct control_limiter failures;    /* refused logins, for each source address */
	struct mesh_key noise;		    /* private */
	struct mesh_key noise_public;
	uv_tcp_t tcp;
	uv_pipe_t pipe;
	uv_udp_t stun;
	uv_timer_t tick;
	uv_timer_t flush;
	uv_signal_t sigint;
	uv_signal_t sigterm;
	uv_signal_t sighup;
	uint64_t ticks;
	int64_t started;
	bool broken; /* it stops because it cannot write */
	struct control_channel *channels;
	size_t n_polls;
	uint64_t refused;		  /* logins, since the start */
	struct control_session *sessions; /* newest first */
	bool policy_from_file;
};

/**
 * control_server_run() - serve until a signal
 * @config: the configuration
 *
 * Return: exit code.
 */
int control_server_run(const struct control_config *config);

/* An address as the system has it. */
void control_server_sockaddr(const struct mesh_addrport *ap, struct sockaddr_storage *out);

/* Reads the policy (file or database) and puts it in force. */
int control_server_load_policy(struct control_server *srv, struct mesh_error *err);

/* Writes a refused login to the audit log. */
void control_server_refused(struct control_server *srv, const char *actor, const char *origin,
			    const char *why);

/* Handler of new connections, in outer.c. */
extern const struct control_handler control_outer_handler;

/* Sends a response; @extra is more header lines or NULL. Without @req the connection ends. */
void control_outer_respond(struct control_conn *conn, const struct control_http *req, int status,
			   const char *type, const void *body, size_t len, const char *extra);

/**
 * control_channel_start() - take over a connection after its upgrade request
 * @srv: server
 * @conn: the connection; what follows the request is in conn->in
 * @init: the handshake initiation of the request
 * @reply: where the HTTP response is; the handshake response is added and all is sent
 *
 * Return: false when the handshake fails; then nothing was sent.
 */
bool control_channel_start(struct control_server *srv, struct control_conn *conn,
			   const uint8_t init[MESH_NOISE_INIT_SIZE], struct mesh_buf *reply);
/* Keep-alives, once a second. */
void control_channel_tick(struct control_server *srv);

struct control_relay *control_relay_new(struct control_server *srv, struct mesh_error *err);
void control_relay_free(struct control_relay *relay);
void control_relay_start(struct control_relay *relay, struct control_conn *conn);
void control_relay_tick(struct control_relay *relay);
/* The relay's public key. */
const struct mesh_key *control_relay_key(const struct control_relay *relay);

struct control_relay_stats {
	size_t clients;
	uint64_t packets;
	uint64_t bytes;
	uint64_t dropped;
};
void control_relay_stats(const struct control_relay *relay, struct control_relay_stats *out);

/* JSON of the DERPMap, from the configuration; to be freed. NULL with @err. */
char *control_relaymap_build(const struct control_config *config, const struct control_cert *cert,
			     struct mesh_error *err);

int control_stun_start(struct control_server *srv, struct mesh_error *err);

/* An answer over HTTP. */
struct control_answer {
	int status;
	const char *type;
	struct mesh_buf body; /* the caller frees it */
	char headers[1024];   /* more lines, each with CRLF */
};

/**
 * control_api_handle() - answer a request to /api/v1/...
 * @srv: server
 * @conn: where it came from: the unix socket, or a network connection that needs an API key
 * @req: the request
 * @out: the answer, in JSON
 */
void control_api_handle(struct control_server *srv, struct control_conn *conn,
			const struct control_http *req, struct control_answer *out);
/**
 * control_api_admits() - whether the caller may look at what is not JSON
 * @srv: server
 * @conn: the connection
 * @req: a GET or HEAD request
 * @out: the refusal
 */
bool control_api_admits(struct control_server *srv, struct control_conn *conn,
			const struct control_http *req, struct control_answer *out);

/* Answers requests for the web page; false for another path. */
bool control_web_handle(struct control_server *srv, const struct control_conn *conn,
			const struct control_http *req, struct control_answer *out);

/* Writes /metrics. */
void control_metrics_write(const struct control_server *srv, struct mesh_buf *out);

#endif /* CONTROL_SERVER_H */

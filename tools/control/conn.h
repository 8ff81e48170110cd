/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A connection: bytes over TCP or a unix socket, plain or TLS. On a port that speaks both, the
 * first byte tells which. Who handles the bytes changes when a connection is upgraded.
 */
#ifndef CONTROL_CONN_H
#define CONTROL_CONN_H

#include "mesh.h"
#include "limiter.h"
#include "proxy.h"
#include "websocket.h"

#include <openssl/ssl.h>
#include <uv.h>

struct control_conn;

struct control_handler {
	/* Bytes were added to conn->in; the handler takes what it can use. */
	void (*data)(struct control_conn *conn);
	/* What was queued went out; more can be written. May be NULL. */
	void (*drained)(struct control_conn *conn);
	/* The connection ends; conn->handler_data is the handler's to free. */
	void (*closed)(struct control_conn *conn);
};

struct control_conn {
	struct control_conns *conns;
	struct control_conn *next;
	struct control_conn **prev;
	union {
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} uv;
	bool local; /* the unix socket: its peer is an administrator */
	bool sniff; /* nothing received yet */
	bool closing;
	SSL *ssl;
	struct mesh_websocket *ws; /* or NULL */
	struct mesh_addrport peer; /* through a proxy: its address is each request's client */
	struct mesh_ip proxy;	   /* family 0: none */
	struct mesh_buf in;
	struct mesh_buf frames; /* received, and not yet taken apart into @in */
	size_t queued;		/* bytes that the kernel did not take yet */
	uint16_t *crowd;	/* where it counts as a stranger; NULL when it does not */
	uint64_t deadline;	/* of the loop's clock, in ms; 0 none */
	const struct control_handler *handler;
	void *handler_data;
};

/*
 * Strangers from one source address that may be connected at a time, whatever they do. Who turns
 * out to be a device of ours is none: there may be thousands behind one address.
 */
#define CONN_STRANGERS 1000

/* All connections of a loop, and what they share. */
struct control_conns {
	uv_loop_t *loop;
	SSL_CTX *tls; /* or NULL */
	struct control_conn *list;
	size_t n;
	size_t max;
	const struct control_handler *first; /* of new connections */
	struct control_limiter *limiter;     /* of new connections from one source, or NULL */
	uint16_t *crowds;	      /* strangers that are connected, by the limiter's entry */
	const mesh_prefixes *proxies; /* who is no single source, or NULL */
	void *owner;
	char *buffer; /* for reading, shared */
};

#define CONN_READ_SIZE 65536

void control_conns_init(struct control_conns *c, uv_loop_t *loop,
			const struct control_handler *first, void *owner);
void control_conns_free(struct control_conns *c);
/* Accepts from a listening stream. */
void control_conns_accept(struct control_conns *c, uv_stream_t *listener, bool local);
/* Closes those whose deadline has passed. */
void control_conns_expire(struct control_conns *c);
void control_conns_close_all(struct control_conns *c);

/* Queues bytes. Never closes the connection within the call. */
void control_conn_write(struct control_conn *conn, const void *data, size_t len);
/* From now on bytes come and go in WebSocket messages, those that are in conn->in included. */
void control_conn_websocket(struct control_conn *conn);
/* Ends the connection after what is queued, or at once when it does not go out. */
void control_conn_finish(struct control_conn *conn);
/* Ends it now; the handler's closed() is called from within. */
void control_conn_close(struct control_conn *conn);
/* Who is at the other end is one of ours. */
void control_conn_known(struct control_conn *conn);
/* It is closed unless this is called again before @seconds; 0 for no limit. */
void control_conn_deadline(struct control_conn *conn, unsigned int seconds);

#endif /* CONTROL_CONN_H */

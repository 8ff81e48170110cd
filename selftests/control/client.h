/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device that speaks the real protocol over a blocking socket, for tests: fetches the server's
 * key, does the handshake, registers, and reads map streams.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "http2.h"
#include "message.h"
#include "noise.h"
#include "record.h"
#include "websocket.h"
#include "zframe.h"

struct client {
	int fd;
	struct mesh_key server;
	struct mesh_key machine; /* private */
	struct mesh_key node;	 /* public is enough */
	struct mesh_http2 *h2;
	struct mesh_record tx;
	struct mesh_record rx;
	struct mesh_buf in;
	bool browser; /* over WebSocket */
	struct mesh_websocket ws;
	struct mesh_buf frames;
	struct mesh_buf plain; /* until the early payload is over */
	bool begun;	       /* it is */
	struct mesh_zframe zframe;
	mesh_prefixes routes; /* that its map streams advertise */
	/* Of the stream that is being waited for. */
	int32_t stream;
	int status;
	bool closed;
	bool dead; /* the connection ended */
	struct mesh_buf body;
};

/* Called with the socket before a device waits for its server, unless NULL. */
extern void (*client_waiting)(int fd);

/* Opens TCP to a port of 127.0.0.1. Return: a socket with time-outs, or -1. */
int client_dial(uint16_t port);
/* One HTTP/1.1 request; the answer's status, the body in @body. */
int client_http(uint16_t port, const char *request, struct mesh_buf *body);

/*
 * Upgrades @fd to WebSocket: sends GET @path and reads the answer; what came behind it is in @in.
 */
bool client_upgrade(int fd, const char *path, const char *protocol, struct mesh_buf *in);

/* New keys; connects and does the handshake with @version. */
bool client_open(struct client *c, uint16_t port, uint16_t version);
/* The same as a browser has to do it: over WebSocket. */
bool client_open_browser(struct client *c, uint16_t port, uint16_t version);
/* The same device again. */
bool client_reconnect(struct client *c, uint16_t port, uint16_t version);
void client_close(struct client *c);

/* POST; waits for the whole answer. Return: HTTP status or -1. */
int client_post(struct client *c, const char *path, const char *json, size_t len);
/* Registers with a pre-auth key ("" for none). Return: HTTP status; @resp from the body. */
int client_register(struct client *c, const char *auth_key, const char *hostname,
		    struct mesh_register_response *resp, struct mesh_arena *arena);
/* Starts a map stream; messages come from client_next(). */
bool client_stream(struct client *c, const char *hostname);
/* The next message that is not a keep-alive, as text in @json. Return: false when the stream ended.
 */
bool client_next(struct client *c, struct mesh_buf *json);
/* The same on a socket that does not block: false when there is none now; c->dead tells an end. */
bool client_poll(struct client *c, struct mesh_buf *json);

#endif /* CLIENT_H */

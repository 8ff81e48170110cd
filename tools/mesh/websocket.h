/* SPDX-License-Identifier: GPL-2.0 */
/*
 * WebSocket (RFC 6455), as browsers carry ts2021 and DERP: the content of binary messages is a byte
 * stream, and where a message ends means nothing. Frames are handed on as their bytes arrive, so
 * that no length makes anybody wait for memory.
 */
#ifndef MESH_WEBSOCKET_H
#define MESH_WEBSOCKET_H

#include "mesh.h"

#define MESH_WEBSOCKET_ACCEPT 29    /* characters and a NUL */
#define MESH_WEBSOCKET_CHUNK  16384 /* bytes of a message that is sent */

/* Statuses of a close frame. */
enum mesh_websocket_close {
	MESH_WEBSOCKET_NORMAL = 1000,
	MESH_WEBSOCKET_PROTOCOL = 1002,
	MESH_WEBSOCKET_NOT_BINARY = 1003,
};

/* The receiving direction. Zeroed but for @client. */
struct mesh_websocket {
	bool client;   /* we are: what comes is not masked, what a server gets is */
	bool more;     /* the message goes on in another frame */
	uint64_t left; /* bytes of the frame that are yet to come */
	uint8_t mask[4];
	unsigned int at; /* in the mask */
};

/**
 * mesh_websocket_accept() - what proves that a server understood
 * @out: value of Sec-WebSocket-Accept
 * @key: value of Sec-WebSocket-Key
 *
 * Return: false when @key is not 16 bytes in base64.
 */
bool mesh_websocket_accept(char out[MESH_WEBSOCKET_ACCEPT], const char *key);

/**
 * mesh_websocket_receive() - take frames apart
 * @ws: state
 * @in: received bytes; what can be used is taken from the front
 * @out: content of binary messages is appended
 * @reply: frames that have to be sent because of it are appended: pongs and a close
 *
 * Return: 0, -EPIPE when the peer closes, -EBADMSG for what is no frame or one that may not come
 * now. After an error @reply has the last frame to send.
 */
int mesh_websocket_receive(struct mesh_websocket *ws, struct mesh_buf *in, struct mesh_buf *out,
			   struct mesh_buf *reply);

/**
 * mesh_websocket_send() - append bytes as binary messages
 * @out: frames are appended
 * @data: the bytes
 * @len: how many
 * @mask: a client's, new for each call; NULL for a server
 */
void mesh_websocket_send(struct mesh_buf *out, const void *data, size_t len, const uint8_t *mask);

/* Appends a server's close frame. */
void mesh_websocket_close(struct mesh_buf *out, enum mesh_websocket_close why);

#endif /* MESH_WEBSOCKET_H */

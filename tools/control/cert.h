/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The server's TLS certificate: from files, loaded again when they change; or, so that a relay
 * works without any preparation, one of our own making. Clients know that one by its hash, which
 * the map tells them.
 */
#ifndef CONTROL_CERT_H
#define CONTROL_CERT_H

#include "config.h"

#include <openssl/ssl.h>
#include <time.h>

struct control_cert {
	SSL_CTX *ctx;
	const struct control_config *config;
	bool own;
	char pin[80]; /* "sha256-raw:..." of our own certificate */
	struct timespec cert_time;
	struct timespec key_time;
};

int control_cert_open(struct control_cert *cert, const struct control_config *config,
		      struct mesh_error *err);
/* Loads the files again if they changed. A broken file is logged and the old ones stay in use. */
void control_cert_check(struct control_cert *cert);
void control_cert_close(struct control_cert *cert);

/* Reads a private key file in text form, or makes one with mode 0600. */
int control_cert_private_key(const char *path, struct mesh_key *key, struct mesh_error *err);

#endif /* CONTROL_CERT_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * HTTP requests of the server's own, to the identity provider: libcurl on the event loop. Nothing
 * blocks; an answer is limited in size and time, and no redirect is followed.
 */
#ifndef CONTROL_FETCH_H
#define CONTROL_FETCH_H

#include "mesh.h"

#include <uv.h>

#define FETCH_MAX_BODY (256 << 10)
#define FETCH_SECONDS  10
#define FETCH_MAX      64 /* requests under way */

struct control_fetcher;
struct control_fetch;

struct control_fetch_request {
	const char *url;
	const char *form; /* sent as a form with POST; or NULL: GET */
	const char *user; /* with @password: basic authentication; or NULL */
	const char *password;
	const char *bearer; /* token; or NULL */
};

/**
 * typedef control_fetch_done - an answer
 * @ctx: of the request
 * @body: what was received with status 200; NULL for every failure
 * @len: its length
 * @why: of a failure; names the host
 *
 * Never called from within control_fetch_start().
 */
typedef void control_fetch_done(void *ctx, const char *body, size_t len, const char *why);

/* @ca_file: certificates to trust instead of the system's, or NULL. */
struct control_fetcher *control_fetcher_new(uv_loop_t *loop, const char *ca_file);
/* Ends what is under way, without calling anybody back. The loop runs once more afterwards. */
void control_fetcher_free(struct control_fetcher *f);

/* Return: a request that control_fetch_cancel() ends, or NULL when too many are under way. */
struct control_fetch *control_fetch_start(struct control_fetcher *f,
					  const struct control_fetch_request *req,
					  control_fetch_done *done, void *ctx);
void control_fetch_cancel(struct control_fetch *fetch);

#endif /* CONTROL_FETCH_H */

// SPDX-License-Identifier: GPL-2.0
/* resolve: endpoints' names once more, where a peer has not been heard from. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../lib/ipc.h"
#include "quick.h"
#include "verbs.h"

/* A session in use has a handshake at least every 120 seconds; some more to begin one. */
#define SILENCE 135

static int by_key(const void *a, const void *b)
{
	const struct warren_peer *const *x = a, *const *y = b;

	return memcmp((*x)->public_key, (*y)->public_key, WARREN_KEY_BYTES);
}

static const struct warren_peer *find(const struct warren_peer **sorted, size_t n,
				      const struct warren_peer *peer)
{
	const struct warren_peer **at = bsearch(&peer, sorted, n, sizeof(*sorted), by_key);

	return at ? *at : NULL;
}

/* Adds a peer's new endpoint to the request, if it has one. */
static int look_up(struct warren_device *request, struct warren_peer *peer,
		   const struct warren_peer *running, int retries, struct warren_error *err)
{
	char key[WARREN_KEY_BASE64], was[WARREN_ADDR_ENDPOINT] = "(none)";
	char text[WARREN_ADDR_ENDPOINT];
	struct warren_peer *to;

	if (warren_addr_resolve_peer(peer, retries, err))
		return -1;
	if (warren_addr_same_endpoint(&peer->endpoint, &running->endpoint))
		return 0;
	to = warren_device_add_peer(request);
	if (!to)
		return warren_error_nomem(err);
	memcpy(to->public_key, peer->public_key, WARREN_KEY_BYTES);
	to->endpoint = peer->endpoint;
	to->update_only = true;
	if (running->endpoint.addr.sa_family != AF_UNSPEC)
		warren_addr_print_endpoint(was, &running->endpoint);
	printf("~ peer %s endpoint: %s -> %s\n", warren_key_to_base64(key, to->public_key), was,
	       warren_addr_print_endpoint(text, &to->endpoint));
	return 0;
}

/* Goes on after a name that has no address now. */
static int look_up_all(struct warren_device *request, struct quick *q,
		       const struct warren_device *running, struct warren_error *err)
{
	int retries = warren_addr_retries(getenv("WG_ENDPOINT_RESOLUTION_RETRIES"));
	const struct warren_peer **sorted = warren_device_order(running);
	time_t now = time(NULL);
	int ret = 0;
	size_t i;

	if (!sorted)
		return warren_error_nomem(err);
	if (running->peers_n)
		qsort(sorted, running->peers_n, sizeof(*sorted), by_key);
	for (i = 0; i < q->config.device.peers_n; i++) {
		struct warren_peer *peer = &q->config.device.peers[i];
		const struct warren_peer *now_is = find(sorted, running->peers_n, peer);
		struct warren_error one = *err;

		if (!peer->endpoint_name || !now_is || now - now_is->handshake_sec <= SILENCE)
			continue;
		warren_error_place(&one, q->path, 0, NULL);
		if (!look_up(request, peer, now_is, retries, &one))
			continue;
		/* All failures but the last are told as warnings. */
		if (ret)
			warren_error_warn(err, err->remedy, "%s", err->text);
		*err = one;
		ret = -1;
	}
	free(sorted);
	return ret;
}

static int resolve(struct quick *q, struct warren_error *err)
{
	struct warren_device running, request;
	struct warren_error one = *err;
	int ret;

	warren_device_init(&request, q->name);
	ret = warren_ipc_get(&running, q->name, err);
	if (!ret)
		ret = look_up_all(&request, q, &running, err);
	if (request.peers_n && warren_ipc_set(&request, &one)) {
		*err = one;
		ret = -1;
	}
	warren_device_free(&request);
	warren_device_free(&running);
	return ret;
}

int verb_resolve(struct warren_error *err, int argc, char **argv)
{
	return quick_run(err, argc, argv, resolve);
}

// SPDX-License-Identifier: GPL-2.0
#include "sync.h"

#include <stdlib.h>
#include <string.h>

#include "addr.h"

/* One peer as it shall be, all sections with its key taken together. */
struct wanted {
	const struct warren_peer *last;
	const struct warren_peer *psk;
	const struct warren_peer *endpoint;
	const struct warren_peer *keepalive;
	size_t index;
};

/* One network and the wanted peer that shall have it. */
struct claim {
	struct warren_prefix prefix;
	size_t owner;
	size_t order;
};

struct state {
	struct wanted *wanted;
	size_t wanted_n;
	struct claim *claims;
	size_t claims_n;
	const struct warren_peer **running;
	size_t running_n;
	enum warren_sync_silence silence;
};

static int by_key(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;
	int ret = memcmp(x->last->public_key, y->last->public_key, WARREN_KEY_BYTES);

	/* Public keys only: no need to hide how far they agree. */
	return ret ? ret : (x->index > y->index) - (x->index < y->index);
}

static int running_by_key(const void *a, const void *b)
{
	const struct warren_peer *const *x = a, *const *y = b;

	return memcmp((*x)->public_key, (*y)->public_key, WARREN_KEY_BYTES);
}

static int by_prefix(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;
	int ret = warren_addr_compare(&x->prefix, &y->prefix);

	return ret ? ret : (x->order > y->order) - (x->order < y->order);
}

static int by_owner(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;

	if (x->owner != y->owner)
		return x->owner < y->owner ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static void collect_peers(struct state *s, const struct warren_device *dev)
{
	size_t i, n = 0;

	for (i = 0; i < dev->peers_n; i++) {
		const struct warren_peer *p = &dev->peers[i];

		s->wanted[i] = (struct wanted){.last = p,
					       .psk = p->has_preshared_key ? p : NULL,
					       .endpoint = p->endpoint.addr.sa_family ? p : NULL,
					       .keepalive = p->has_keepalive ? p : NULL,
					       .index = i};
	}
	if (dev->peers_n)
		qsort(s->wanted, dev->peers_n, sizeof(*s->wanted), by_key);
	for (i = 0; i < dev->peers_n; i++) {
		struct wanted *w = &s->wanted[i], *to = n ? &s->wanted[n - 1] : NULL;

		if (!to || memcmp(to->last->public_key, w->last->public_key, WARREN_KEY_BYTES)) {
			s->wanted[n++] = *w;
			continue;
		}
		/* A later section adds to an earlier one; its networks replace. */
		to->last = w->last;
		to->index = w->index;
		to->psk = w->psk ? w->psk : to->psk;
		to->endpoint = w->endpoint ? w->endpoint : to->endpoint;
		to->keepalive = w->keepalive ? w->keepalive : to->keepalive;
	}
	s->wanted_n = n;
}

static void collect_claims(struct state *s)
{
	size_t i, j, n = 0;

	for (i = 0; i < s->wanted_n; i++) {
		const struct warren_peer *p = s->wanted[i].last;

		for (j = 0; j < p->allowedips_n; j++)
			s->claims[n++] = (struct claim){.prefix = p->allowedips[j].prefix,
							.owner = i,
							/* Order in the file, peers by peers. */
							.order = (s->wanted[i].index << 20) + j};
	}
	if (n)
		qsort(s->claims, n, sizeof(*s->claims), by_prefix);
	for (i = 0, j = 0; i < n; i++)
		if (i + 1 == n ||
		    warren_addr_compare(&s->claims[i].prefix, &s->claims[i + 1].prefix))
			s->claims[j++] = s->claims[i];
	if (j)
		qsort(s->claims, j, sizeof(*s->claims), by_owner);
	s->claims_n = j;
}

static bool has_claim(const struct claim *claims, size_t n, const struct warren_prefix *prefix)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!warren_addr_compare(&claims[i].prefix, prefix))
			return true;
	return false;
}

static int diff_allowedips(struct warren_peer *to, const struct warren_peer *from,
			   const struct claim *claims, size_t n, struct warren_error *err)
{
	size_t i, j;

	for (i = 0; from && i < from->allowedips_n; i++)
		if (!has_claim(claims, n, &from->allowedips[i].prefix))
			to->replace_allowedips = true;
	for (i = 0; i < n; i++) {
		bool there = false;

		for (j = 0; from && !to->replace_allowedips && j < from->allowedips_n && !there;
		     j++)
			there = !warren_addr_compare(&claims[i].prefix,
						     &from->allowedips[j].prefix);
		if (!there && !warren_device_add_allowedip(to, &claims[i].prefix))
			return warren_error_nomem(err);
	}
	return 0;
}

static int diff_peer(struct warren_device *request, const struct warren_peer *from,
		     const struct wanted *w, enum warren_sync_silence silence,
		     const struct claim *claims, size_t n, struct warren_error *err)
{
	static const struct warren_peer nothing;
	struct warren_peer *to = warren_device_add_peer(request);
	const struct warren_peer *was = from ? from : &nothing;
	const struct warren_peer *silent = silence == WARREN_SYNC_EXACT ? &nothing : was;
	const uint8_t *psk = (w->psk ? w->psk : silent)->preshared_key;
	uint16_t keepalive = (w->keepalive ? w->keepalive : silent)->keepalive;

	if (!to)
		return warren_error_nomem(err);
	memcpy(to->public_key, w->last->public_key, WARREN_KEY_BYTES);
	to->has_public_key = true;
	if (!warren_key_equal(psk, was->preshared_key)) {
		memcpy(to->preshared_key, psk, WARREN_KEY_BYTES);
		to->has_preshared_key = true;
	}
	if (keepalive != was->keepalive) {
		to->keepalive = keepalive;
		to->has_keepalive = true;
	}
	if (w->endpoint && !warren_addr_same_endpoint(&w->endpoint->endpoint, &was->endpoint))
		to->endpoint = w->endpoint->endpoint;
	if (diff_allowedips(to, from, claims, n, err))
		return -1;
	if (from && !to->has_preshared_key && !to->has_keepalive && !to->replace_allowedips &&
	    !to->allowedips_n && to->endpoint.addr.sa_family == AF_UNSPEC)
		request->peers_n--;
	return 0;
}

static int diff_peers(struct warren_device *request, const struct state *s,
		      struct warren_error *err)
{
	size_t i, r = 0, c = 0;

	/* Removals first: a network may go from a peer that leaves to another. */
	for (i = 0; i < s->running_n; i++) {
		const struct warren_peer *p = s->running[i];
		struct warren_peer *to;

		while (r < s->wanted_n &&
		       memcmp(s->wanted[r].last->public_key, p->public_key, WARREN_KEY_BYTES) < 0)
			r++;
		if (r < s->wanted_n &&
		    !memcmp(s->wanted[r].last->public_key, p->public_key, WARREN_KEY_BYTES))
			continue;
		to = warren_device_add_peer(request);
		if (!to)
			return warren_error_nomem(err);
		memcpy(to->public_key, p->public_key, WARREN_KEY_BYTES);
		to->has_public_key = true;
		to->remove = true;
	}
	for (i = 0, r = 0; i < s->wanted_n; i++) {
		const uint8_t *key = s->wanted[i].last->public_key;
		const struct warren_peer *from = NULL;
		size_t first = c;

		while (r < s->running_n &&
		       memcmp(s->running[r]->public_key, key, WARREN_KEY_BYTES) < 0)
			r++;
		if (r < s->running_n && !memcmp(s->running[r]->public_key, key, WARREN_KEY_BYTES))
			from = s->running[r];
		while (c < s->claims_n && s->claims[c].owner == i)
			c++;
		if (diff_peer(request, from, &s->wanted[i], s->silence, s->claims + first,
			      c - first, err))
			return -1;
	}
	return 0;
}

static void diff_interface(struct warren_device *request, const struct warren_device *running,
			   const struct warren_device *wanted, enum warren_sync_silence silence)
{
	static const uint8_t no_key[WARREN_KEY_BYTES];
	const uint8_t *key = wanted->has_private_key ? wanted->private_key : no_key;
	uint32_t mark = wanted->has_fwmark ? wanted->fwmark : 0;

	if ((wanted->has_private_key || silence == WARREN_SYNC_AS_WG) &&
	    !warren_key_equal(key, running->private_key)) {
		memcpy(request->private_key, key, WARREN_KEY_BYTES);
		request->has_private_key = true;
	}
	if (wanted->has_listen_port && wanted->listen_port &&
	    wanted->listen_port != running->listen_port) {
		request->listen_port = wanted->listen_port;
		request->has_listen_port = true;
	}
	if (mark != running->fwmark) {
		request->fwmark = mark;
		request->has_fwmark = true;
	}
	/* What a file does not say about binding is "to nothing", however it is read. */
	if (strcmp(wanted->bind, running->bind)) {
		memcpy(request->bind, wanted->bind, sizeof(request->bind));
		request->has_bind = true;
	}
	if (memcmp(&wanted->bind4, &running->bind4, sizeof(wanted->bind4)) ||
	    memcmp(&wanted->bind6, &running->bind6, sizeof(wanted->bind6))) {
		request->bind4 = wanted->bind4;
		request->bind6 = wanted->bind6;
		request->has_bind_address = true;
	}
}

int warren_sync_diff(struct warren_device *request, const struct warren_device *running,
		     const struct warren_device *wanted, enum warren_sync_silence silence,
		     struct warren_error *err)
{
	struct state s = {.silence = silence};
	size_t i, claims = 0;
	int ret = -1;

	warren_device_init(request, running->name);
	request->kind = running->kind;
	request->ifindex = running->ifindex;
	diff_interface(request, running, wanted, silence);
	for (i = 0; i < wanted->peers_n; i++)
		claims += wanted->peers[i].allowedips_n;
	s.wanted = calloc(wanted->peers_n + 1, sizeof(*s.wanted));
	s.claims = calloc(claims + 1, sizeof(*s.claims));
	s.running = calloc(running->peers_n + 1, sizeof(*s.running));
	if (!s.wanted || !s.claims || !s.running) {
		warren_error_nomem(err);
		goto out;
	}
	collect_peers(&s, wanted);
	collect_claims(&s);
	for (i = 0; i < running->peers_n; i++)
		s.running[s.running_n++] = &running->peers[i];
	if (s.running_n)
		qsort(s.running, s.running_n, sizeof(*s.running), running_by_key);
	ret = diff_peers(request, &s, err);
out:
	free(s.wanted);
	free(s.claims);
	free(s.running);
	return ret;
}

bool warren_sync_empty(const struct warren_device *request)
{
	return !request->peers_n && !request->has_private_key && !request->has_listen_port &&
	       !request->has_fwmark && !request->has_bind && !request->has_bind_address;
}

static bool loses_one(const struct warren_peer *peer)
{
	size_t i;

	for (i = 0; i < peer->allowedips_n; i++)
		if (peer->allowedips[i].remove)
			return true;
	return false;
}

bool warren_sync_takes_away(const struct warren_device *request)
{
	size_t i;

	for (i = 0; i < request->peers_n; i++)
		if (loses_one(&request->peers[i]))
			return true;
	return false;
}

/* Applies one entry of a request to a list. */
static int apply_entry(struct warren_peer *list, const struct warren_allowedip *ip)
{
	size_t i;

	for (i = 0; i < list->allowedips_n; i++)
		if (!warren_addr_compare(&list->allowedips[i].prefix, &ip->prefix))
			break;
	if (ip->remove && i < list->allowedips_n) {
		list->allowedips_n--;
		memmove(&list->allowedips[i], &list->allowedips[i + 1],
			(list->allowedips_n - i) * sizeof(*list->allowedips));
	} else if (!ip->remove && i == list->allowedips_n) {
		return warren_device_add_allowedip(list, &ip->prefix) ? 0 : -1;
	}
	return 0;
}

static int whole_list(struct warren_peer *peer, const struct warren_peer *running)
{
	struct warren_peer list = {};
	size_t i;
	int ret = 0;

	for (i = 0; running && i < running->allowedips_n && !ret; i++)
		ret = warren_device_add_allowedip(&list, &running->allowedips[i].prefix) ? 0 : -1;
	for (i = 0; i < peer->allowedips_n && !ret; i++)
		ret = apply_entry(&list, &peer->allowedips[i]);
	if (ret) {
		free(list.allowedips);
		return -1;
	}
	free(peer->allowedips);
	peer->allowedips = list.allowedips;
	peer->allowedips_n = list.allowedips_n;
	peer->allowedips_room = list.allowedips_room;
	peer->replace_allowedips = true;
	return 0;
}

int warren_sync_whole_lists(struct warren_device *request, const struct warren_device *running,
			    struct warren_error *err)
{
	size_t i, j;

	for (i = 0; i < request->peers_n; i++) {
		struct warren_peer *peer = &request->peers[i];
		const struct warren_peer *was = NULL;

		if (!loses_one(peer))
			continue;
		for (j = 0; j < running->peers_n && !was && !peer->replace_allowedips; j++)
			if (!memcmp(running->peers[j].public_key, peer->public_key,
				    WARREN_KEY_BYTES))
				was = &running->peers[j];
		if (whole_list(peer, was))
			return warren_error_nomem(err);
	}
	return 0;
}

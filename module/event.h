/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What user space hears without asking: the group "events" (uapi/warren.h).
 *
 * Nothing is put together while nobody listens. Sending sleeps: what happens in
 * a softirq or a timer is noted with the peer and said by its work, so that
 * what happens again before that is said once.
 */
#ifndef WARREN_EVENT_H
#define WARREN_EVENT_H

#include <linux/jiffies.h>
#include <linux/types.h>
#include "uapi/warren.h"

struct warren_device;
struct warren_peer;

/* Of each peer: how often strangers' messages may be spoken of. */
#define WARREN_EVENT_INTERVAL HZ

/**
 * struct warren_event_limit - embedded in the peer
 * @last: jiffies of the last failure said, for each reason
 * @said: the reasons that were said at all
 */
struct warren_event_limit {
	unsigned long last[WARREN_HANDSHAKE_FAILURES];
	unsigned long said;
};

/* Is anybody listening where the device is? Context: any. */
bool warren_event_wanted(struct warren_device *warren);

/* Says it. Context: process. */
void warren_event_send(struct warren_peer *peer, enum warren_event_type type);

/* WARREN_EVENT_HANDSHAKE_DONE. @initiator: we began it. Context: process. */
void warren_event_handshake_done(struct warren_peer *peer, bool initiator);

/**
 * warren_event_handshake_failed() - say WARREN_EVENT_HANDSHAKE_FAILED
 * @peer: whose
 * @why: said no more than once an interval, as a stranger may repeat messages
 *
 * Context: process.
 */
void warren_event_handshake_failed(struct warren_peer *peer,
				   enum warren_handshake_failure why);

#endif /* WARREN_EVENT_H */

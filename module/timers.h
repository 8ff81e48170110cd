/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A peer's clock (paper, section 6).
 *
 * Five deadlines, one kernel timer. The packet path, once a batch, only moves a
 * deadline; the timer, when it fires, looks which are due and arms itself for
 * the next. A deadline that was pushed back costs no timer operation.
 */
#ifndef WARREN_TIMERS_H
#define WARREN_TIMERS_H

#include <linux/atomic.h>
#include <linux/time64.h>
#include <linux/timer.h>

struct warren_peer;

enum warren_deadline {
	/* No response came: initiate again, or give up (6.4). */
	WARREN_DEADLINE_RETRY,
	/* We received data and had nothing to send: passive keepalive (6.5). */
	WARREN_DEADLINE_KEEPALIVE,
	/* We sent data and nothing came back: initiate (6.5). */
	WARREN_DEADLINE_STALLED,
	/* Keys were not renewed for long: wipe them (6.3). */
	WARREN_DEADLINE_WIPE,
	/* Persistent keepalive, by configuration. */
	WARREN_DEADLINE_PERSISTENT,
	WARREN_DEADLINES
};

/**
 * struct warren_timers - embedded in the peer
 * @timer: fires at the earliest deadline, or before
 * @deadline: in jiffies, 0 for none
 * @attempts: handshakes tried since the last one that worked
 * @keepalive_again: more data came while a passive keepalive was due
 * @persistent_interval: seconds, 0 for off
 * @last_initiation: boottime ns of the last initiation sent
 * @unanswered_since: boottime ns of the first one without a response, or of when
 *	that was last told; 0 for none
 * @last_handshake: wall clock time of the last finished handshake
 */
struct warren_timers {
	struct timer_list timer;
	unsigned long deadline[WARREN_DEADLINES];
	unsigned int attempts;
	bool keepalive_again;
	u16 persistent_interval;
	atomic64_t last_initiation;
	atomic64_t unanswered_since;
	struct timespec64 last_handshake;
};

void warren_timers_init(struct warren_peer *peer);

/* Disarms all and waits for the timer. Context: process. */
void warren_timers_stop(struct warren_peer *peer);

/*
 * What the protocol sees happen. Context: any; cheap when called often. All but
 * those of the handshake may be called once for a batch.
 */
void warren_timers_data_sent(struct warren_peer *peer);
void warren_timers_data_received(struct warren_peer *peer);
void warren_timers_authenticated_sent(struct warren_peer *peer);
void warren_timers_authenticated_received(struct warren_peer *peer);
void warren_timers_initiation_sent(struct warren_peer *peer);
void warren_timers_session_derived(struct warren_peer *peer);
void warren_timers_handshake_done(struct warren_peer *peer);
void warren_timers_traversed(struct warren_peer *peer);

/*
 * An initiation was sent: is it time to tell that none was answered? However
 * often packets make us start anew, and never give up. Context: process.
 */
bool warren_timers_unanswered(struct warren_peer *peer);

/* The persistent interval was changed, or the device came up. */
void warren_timers_persistent_changed(struct warren_peer *peer);

#endif /* WARREN_TIMERS_H */

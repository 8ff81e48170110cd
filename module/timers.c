// SPDX-License-Identifier: GPL-2.0
#include <linux/jiffies.h>
#include <linux/random.h>
#include "compat/timer.h"
#include "device.h"
#include "packet.h"
#include "peer.h"
#include "timers.h"

/* Tries in REKEY_ATTEMPT_TIME, after the first. */
#define MAX_ATTEMPTS (WARREN_REKEY_ATTEMPT_TIME / WARREN_REKEY_TIMEOUT)

/* A deadline is not moved for less than this: it saves writes a batch. */
#define SLACK (HZ / 16)

static bool running(const struct warren_peer *peer)
{
	return netif_running(peer->warren->dev) && !READ_ONCE(peer->dead);
}

/* Two ticks at least, so that the coarse clock has seen the time pass too. */
static unsigned long jitter(void)
{
	return 2 + get_random_u32() %
			   msecs_to_jiffies(WARREN_REKEY_TIMEOUT_JITTER_MS);
}

/*
 * The kernel's timers are coarse, by an eighth of how far away they are: more
 * than the jitter of retries, so that two hosts which began at once would go on
 * at once. Hence not for the whole distance, and then for the rest.
 */
static void arm(struct warren_timers *timers, unsigned long when)
{
	long distance = when - jiffies;

	timer_reduce(&timers->timer,
		     distance > 64 ? when - distance / 8 : when);
}

/*
 * xchg() orders against run_due(): either that sees the new deadline, or this
 * sees that the old one was taken away, and arms the timer. A deadline moved
 * back needs nothing, as the timer then fires early and looks again.
 */
static void set(struct warren_peer *peer, enum warren_deadline which,
		unsigned long delay)
{
	unsigned long *place = &peer->timers.deadline[which];
	unsigned long when = jiffies + delay, old = READ_ONCE(*place);

	when += !when; /* 0 means none */
	if (old && when - old < SLACK)
		return;
	if (unlikely(!running(peer)))
		return;
	old = xchg(place, when);
	if (!old || time_before(when, old))
		arm(&peer->timers, when);
}

static bool is_set(const struct warren_peer *peer, enum warren_deadline which)
{
	return READ_ONCE(peer->timers.deadline[which]);
}

static void unset(struct warren_peer *peer, enum warren_deadline which)
{
	if (is_set(peer, which))
		WRITE_ONCE(peer->timers.deadline[which], 0);
}

static void retry(struct warren_peer *peer)
{
	struct warren_timers *timers = &peer->timers;

	if (timers->attempts >= MAX_ATTEMPTS) {
		net_dbg_ratelimited("%s: peer %llu does not answer, giving up after %u handshakes\n",
				    peer->warren->dev->name, peer->id,
				    timers->attempts + 1);
		atomic64_set(&timers->unanswered_since, 0);
		unset(peer, WARREN_DEADLINE_KEEPALIVE);
		warren_send_purge_staged(peer, WARREN_STAT_TX_STAGED_EXPIRED);
		/* Half-made handshakes are wiped as well in the end. */
		if (!is_set(peer, WARREN_DEADLINE_WIPE))
			set(peer, WARREN_DEADLINE_WIPE,
			    3 * WARREN_REJECT_AFTER_TIME * HZ);
		return;
	}
	timers->attempts++;
	/* Put off once more when it is sent; it may fail to be. */
	warren_timers_initiation_sent(peer);
	/* Perhaps it is our address that has gone. */
	warren_peer_clear_endpoint_source(peer);
	warren_handshake_request(peer, true);
}

static void fire(struct warren_peer *peer, enum warren_deadline which)
{
	struct warren_timers *timers = &peer->timers;

	switch (which) {
	case WARREN_DEADLINE_RETRY:
		retry(peer);
		break;
	case WARREN_DEADLINE_KEEPALIVE:
		warren_send_keepalive(peer);
		if (READ_ONCE(timers->keepalive_again)) {
			WRITE_ONCE(timers->keepalive_again, false);
			set(peer, which, WARREN_KEEPALIVE_TIMEOUT * HZ);
		}
		break;
	case WARREN_DEADLINE_STALLED:
		warren_peer_clear_endpoint_source(peer);
		warren_peer_queue_event(peer, WARREN_PEER_TELL_STALLED);
		warren_handshake_request(peer, false);
		break;
	case WARREN_DEADLINE_WIPE:
		warren_peer_queue_work(peer, WARREN_PEER_EXPIRE_KEYS);
		break;
	case WARREN_DEADLINE_PERSISTENT:
		if (READ_ONCE(timers->persistent_interval))
			warren_send_keepalive(peer);
		break;
	case WARREN_DEADLINES:
		break;
	}
}

static void run_due(struct timer_list *timer)
{
	struct warren_peer *peer =
		warren_timer_container(peer, timer, timers.timer);
	unsigned long now = jiffies, when, next = 0;
	int which;

	for (which = 0; which < WARREN_DEADLINES; which++) {
		unsigned long *place = &peer->timers.deadline[which];

		when = READ_ONCE(*place);
		if (when && time_after_eq(now, when) &&
		    cmpxchg(place, when, 0) == when)
			fire(peer, which);
	}
	for (which = 0; which < WARREN_DEADLINES; which++) {
		when = READ_ONCE(peer->timers.deadline[which]);
		if (when && (!next || time_before(when, next)))
			next = when;
	}
	if (next && running(peer))
		arm(&peer->timers, next);
}

void warren_timers_init(struct warren_peer *peer)
{
	memset(&peer->timers, 0, sizeof(peer->timers));
	timer_setup(&peer->timers.timer, run_due, 0);
}

void warren_timers_stop(struct warren_peer *peer)
{
	int which;

	warren_timer_delete_sync(&peer->timers.timer);
	for (which = 0; which < WARREN_DEADLINES; which++)
		WRITE_ONCE(peer->timers.deadline[which], 0);
	peer->timers.attempts = 0;
	peer->timers.keepalive_again = false;
}

void warren_timers_data_sent(struct warren_peer *peer)
{
	if (!is_set(peer, WARREN_DEADLINE_STALLED))
		set(peer, WARREN_DEADLINE_STALLED,
		    (WARREN_KEEPALIVE_TIMEOUT + WARREN_REKEY_TIMEOUT) * HZ +
			    jitter());
}

void warren_timers_data_received(struct warren_peer *peer)
{
	if (!is_set(peer, WARREN_DEADLINE_KEEPALIVE))
		set(peer, WARREN_DEADLINE_KEEPALIVE,
		    WARREN_KEEPALIVE_TIMEOUT * HZ);
	else if (!READ_ONCE(peer->timers.keepalive_again))
		WRITE_ONCE(peer->timers.keepalive_again, true);
}

void warren_timers_authenticated_sent(struct warren_peer *peer)
{
	unset(peer, WARREN_DEADLINE_KEEPALIVE);
}

void warren_timers_authenticated_received(struct warren_peer *peer)
{
	unset(peer, WARREN_DEADLINE_STALLED);
}

void warren_timers_initiation_sent(struct warren_peer *peer)
{
	set(peer, WARREN_DEADLINE_RETRY, WARREN_REKEY_TIMEOUT * HZ + jitter());
}

bool warren_timers_unanswered(struct warren_peer *peer)
{
	u64 since = atomic64_read(&peer->timers.unanswered_since);
	u64 now = ktime_get_coarse_boottime_ns();

	if (since && now - since < (u64)WARREN_REKEY_ATTEMPT_TIME * NSEC_PER_SEC)
		return false;
	atomic64_set(&peer->timers.unanswered_since, now);
	return since;
}

void warren_timers_session_derived(struct warren_peer *peer)
{
	set(peer, WARREN_DEADLINE_WIPE, 3 * WARREN_REJECT_AFTER_TIME * HZ);
}

void warren_timers_handshake_done(struct warren_peer *peer)
{
	unset(peer, WARREN_DEADLINE_RETRY);
	peer->timers.attempts = 0;
	atomic64_set(&peer->timers.unanswered_since, 0);
	ktime_get_real_ts64(&peer->timers.last_handshake);
}

void warren_timers_traversed(struct warren_peer *peer)
{
	u16 interval = READ_ONCE(peer->timers.persistent_interval);

	if (interval)
		set(peer, WARREN_DEADLINE_PERSISTENT, interval * HZ);
}

void warren_timers_persistent_changed(struct warren_peer *peer)
{
	if (!READ_ONCE(peer->timers.persistent_interval))
		unset(peer, WARREN_DEADLINE_PERSISTENT);
	else if (running(peer))
		warren_send_keepalive(peer);
}

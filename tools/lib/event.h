/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What warren.ko tells without being asked: peers that come and go, handshakes,
 * endpoints, sessions. Documentation/netlink.md says when it tells what.
 */
#ifndef WARREN_LIB_EVENT_H
#define WARREN_LIB_EVENT_H

#include "../../module/uapi/warren.h"
#include "device.h"
#include "genl.h"

/**
 * struct warren_event - one event
 * @type: what happened
 * @name: interface
 * @ifindex: its index
 * @public_key: whose; all zero if it is not told
 * @endpoint: where the peer is; AF_UNSPEC if it is not told
 * @initiator: we asked for the session that began
 * @reason: why a handshake failed, 0 if none did
 */
struct warren_event {
	enum warren_event_type type;
	char name[IFNAMSIZ];
	uint32_t ifindex;
	uint8_t public_key[WARREN_KEY_BYTES];
	union warren_endpoint endpoint;
	bool initiator;
	enum warren_handshake_failure reason;
};

/**
 * struct warren_events - a listener
 * @genl: its socket
 */
struct warren_events {
	struct warren_genl genl;
};

/**
 * warren_events_open() - begin to listen, in the caller's network namespace
 * @events: the listener; closed on failure
 * @err: filled on failure; WARREN_E_UNSUPPORTED without warren.ko or its group
 *
 * Return: 0 or -1.
 */
int warren_events_open(struct warren_events *events, struct warren_error *err);

/**
 * warren_events_close() - stop listening
 * @events: the listener
 */
void warren_events_close(struct warren_events *events);

/**
 * warren_events_fd() - what to poll for events
 * @events: the listener
 *
 * Return: a file descriptor that is readable when warren_events_read() has some.
 */
int warren_events_fd(const struct warren_events *events);

/**
 * warren_events_read() - take the events of one message, or wait for one
 * @events: the listener
 * @each: called for each event
 * @arg: its first argument
 * @lost: set if some were lost since the last call, because they came faster than
 *        they were read; else cleared
 * @err: filled on failure
 *
 * Returns with no event as well when events were lost, or when a signal came.
 *
 * Return: 0 or -1.
 */
int warren_events_read(struct warren_events *events,
		       void (*each)(void *arg, const struct warren_event *event), void *arg,
		       bool *lost, struct warren_error *err);

/**
 * warren_event_name() - an event's name, for programs
 * @type: the type
 *
 * Return: such as "handshake-failed"; "unknown" for one that is newer than this.
 */
const char *warren_event_name(enum warren_event_type type);

/**
 * warren_event_reason() - the name of a reason, for programs
 * @reason: why a handshake failed
 *
 * Return: such as "no-answer"; "unknown" for one that is newer than this.
 */
const char *warren_event_reason(enum warren_handshake_failure reason);

/**
 * warren_event_explain() - the reason, for people
 * @reason: why a handshake failed
 *
 * Return: a clause, with a remedy where there is one.
 */
const char *warren_event_explain(enum warren_handshake_failure reason);

#endif /* WARREN_LIB_EVENT_H */

// SPDX-License-Identifier: GPL-2.0
#include "event.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <string.h>
#include <sys/socket.h>

/* What may wait to be read: some ten thousand events. */
#define ROOM (8 << 20)

const char *warren_event_name(enum warren_event_type type)
{
	static const char *const names[] = {
		[WARREN_EVENT_PEER_ADDED] = "peer-added",
		[WARREN_EVENT_PEER_REMOVED] = "peer-removed",
		[WARREN_EVENT_HANDSHAKE_DONE] = "handshake-done",
		[WARREN_EVENT_HANDSHAKE_FAILED] = "handshake-failed",
		[WARREN_EVENT_ENDPOINT_MOVED] = "endpoint-moved",
		[WARREN_EVENT_SESSION_STALLED] = "session-stalled",
		[WARREN_EVENT_KEYS_EXPIRED] = "keys-expired",
	};

	return type < sizeof(names) / sizeof(*names) && names[type] ? names[type] : "unknown";
}

static const struct {
	const char *name;
	const char *text;
} reasons[WARREN_HANDSHAKE_FAILURES] = {
	[WARREN_HANDSHAKE_NO_ANSWER] = {"no-answer",
					"no answer in 90 seconds: is the endpoint right, the peer "
					"up, and does it know our public key?"},
	[WARREN_HANDSHAKE_BAD_RESPONSE] = {"bad-response",
					   "the response does not fit: another preshared key, or "
					   "forged"},
	[WARREN_HANDSHAKE_BAD_INITIATION] = {"bad-initiation", "its initiation cannot be answered"},
	[WARREN_HANDSHAKE_REPLAYED] = {"replayed",
				       "its initiation is not newer than the last one: repeated by "
				       "others, or the peer's clock went back"},
	[WARREN_HANDSHAKE_EARLY] = {"early", "its initiation came too soon after the last one"},
	[WARREN_HANDSHAKE_NO_PRIVATE_KEY] = {"no-private-key", "the interface has no private key"},
	[WARREN_HANDSHAKE_BAD_PUBLIC_KEY] =
		{"bad-public-key", "the peer's public key is one that no private key has"},
	[WARREN_HANDSHAKE_NO_ENDPOINT] = {"no-endpoint", "it is not known where the peer is"},
	[WARREN_HANDSHAKE_NO_ROUTE] = {"no-route", "there is no way to the endpoint"},
};

const char *warren_event_reason(enum warren_handshake_failure reason)
{
	return reason < WARREN_HANDSHAKE_FAILURES && reasons[reason].name ? reasons[reason].name
									  : "unknown";
}

const char *warren_event_explain(enum warren_handshake_failure reason)
{
	return reason < WARREN_HANDSHAKE_FAILURES && reasons[reason].text
		       ? reasons[reason].text
		       : "for a reason that this program does not know";
}

int warren_events_open(struct warren_events *events, struct warren_error *err)
{
	const int room = ROOM;

	if (warren_genl_open(&events->genl, WARREN_GENL_NAME, WARREN_GENL_VERSION, err))
		return -1;
	/* Less room only means that more is lost. */
	setsockopt(warren_events_fd(events), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (!warren_genl_join(&events->genl, WARREN_GENL_NAME, WARREN_EVENT_GROUP, err))
		return 0;
	warren_events_close(events);
	return -1;
}

void warren_events_close(struct warren_events *events)
{
	warren_genl_close(&events->genl);
}

int warren_events_fd(const struct warren_events *events)
{
	return mnl_socket_get_fd(events->genl.sock);
}

static int event_attr(const struct nlattr *attr, void *data)
{
	size_t size = mnl_attr_get_payload_len(attr);
	const void *value = mnl_attr_get_payload(attr);
	struct warren_event *event = data;

	switch (mnl_attr_get_type(attr)) {
	case WARREN_EVENT_A_TYPE:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			event->type = mnl_attr_get_u32(attr);
		break;
	case WARREN_EVENT_A_IFINDEX:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			event->ifindex = mnl_attr_get_u32(attr);
		break;
	case WARREN_EVENT_A_IFNAME:
		if (size && size <= sizeof(event->name) &&
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			memcpy(event->name, value, size);
		break;
	case WARREN_EVENT_A_PUBLIC_KEY:
		if (size == sizeof(event->public_key))
			memcpy(event->public_key, value, size);
		break;
	case WARREN_EVENT_A_ENDPOINT:
		if (size == sizeof(event->endpoint.in) || size == sizeof(event->endpoint.in6))
			memcpy(&event->endpoint, value, size);
		break;
	case WARREN_EVENT_A_INITIATOR:
		event->initiator = true;
		break;
	case WARREN_EVENT_A_REASON:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			event->reason = mnl_attr_get_u32(attr);
		break;
	}
	return MNL_CB_OK;
}

struct reading {
	void (*each)(void *arg, const struct warren_event *event);
	void *arg;
};

static int event_message(const struct nlmsghdr *nlh, void *data)
{
	const struct genlmsghdr *head = mnl_nlmsg_get_payload(nlh);
	const struct reading *r = data;
	struct warren_event event = {};

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*head) || head->cmd != WARREN_CMD_EVENT ||
	    mnl_attr_parse(nlh, sizeof(*head), event_attr, &event) < 0)
		return MNL_CB_OK;
	r->each(r->arg, &event);
	return MNL_CB_OK;
}

int warren_events_read(struct warren_events *events,
		       void (*each)(void *arg, const struct warren_event *event), void *arg,
		       bool *lost, struct warren_error *err)
{
	struct reading r = {.each = each, .arg = arg};
	ssize_t len;

	*lost = false;
	len = mnl_socket_recvfrom(events->genl.sock, events->genl.buf, WARREN_GENL_MESSAGE);
	if (len < 0 && (errno == EINTR || errno == ENOBUFS)) {
		*lost = errno == ENOBUFS;
		return 0;
	}
	if (len < 0)
		return warren_error_errno(err, WARREN_E_KERNEL, errno, "cannot read events");
	/* Events have no sequence number and no port. */
	if (mnl_cb_run(events->genl.buf, len, 0, 0, event_message, &r) < 0)
		return warren_error_errno(err, WARREN_E_KERNEL, errno, "cannot read events");
	return 0;
}

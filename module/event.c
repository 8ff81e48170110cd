// SPDX-License-Identifier: GPL-2.0
#include <net/genetlink.h>
#include "device.h"
#include "event.h"
#include "netlink.h"
#include "peer.h"

/* What one kind of event tells besides its type and its peer. */
struct details {
	bool initiator;
	enum warren_handshake_failure why; /* 0 for none */
};

/* The device's namespace, with a reference: it may be moving to another. */
static struct net *get_net_of(struct warren_device *warren)
{
	struct net *net;

	rcu_read_lock();
	net = maybe_get_net(dev_net(warren->dev));
	rcu_read_unlock();
	return net;
}

bool warren_event_wanted(struct warren_device *warren)
{
	bool wanted;

	rcu_read_lock();
	wanted = warren_netlink_has_listeners(dev_net(warren->dev));
	rcu_read_unlock();
	return wanted;
}

static int put(struct sk_buff *skb, struct warren_peer *peer,
	       enum warren_event_type type, const struct details *details)
{
	struct net_device *dev = peer->warren->dev;

	if (nla_put_u32(skb, WARREN_EVENT_A_TYPE, type) ||
	    nla_put_u32(skb, WARREN_EVENT_A_IFINDEX, dev->ifindex) ||
	    nla_put_string(skb, WARREN_EVENT_A_IFNAME, dev->name) ||
	    nla_put(skb, WARREN_EVENT_A_PUBLIC_KEY, WARREN_KEY_SIZE,
		    peer->handshake.remote_static) ||
	    warren_netlink_put_endpoint(skb, WARREN_EVENT_A_ENDPOINT, peer))
		return -EMSGSIZE;
	if (details->initiator && nla_put_flag(skb, WARREN_EVENT_A_INITIATOR))
		return -EMSGSIZE;
	if (details->why &&
	    nla_put_u32(skb, WARREN_EVENT_A_REASON, details->why))
		return -EMSGSIZE;
	return 0;
}

static void say(struct warren_peer *peer, enum warren_event_type type,
		const struct details *details)
{
	struct net *net = get_net_of(peer->warren);
	struct sk_buff *skb;
	void *header;

	if (!net)
		return;
	if (!warren_netlink_has_listeners(net))
		goto out;
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		goto out;
	header = warren_netlink_begin_event(skb);
	if (!header || put(skb, peer, type, details)) {
		nlmsg_free(skb);
		goto out;
	}
	genlmsg_end(skb, header);
	warren_netlink_send_event(net, skb);
out:
	put_net(net);
}

void warren_event_send(struct warren_peer *peer, enum warren_event_type type)
{
	say(peer, type, &(struct details){});
}

void warren_event_handshake_done(struct warren_peer *peer, bool initiator)
{
	say(peer, WARREN_EVENT_HANDSHAKE_DONE,
	    &(struct details){ .initiator = initiator });
}

void warren_event_handshake_failed(struct warren_peer *peer,
				   enum warren_handshake_failure why)
{
	struct warren_event_limit *limit = &peer->event_limit;
	unsigned long now = jiffies;

	/* Two workers at once may say it twice: that does no harm. */
	if (test_bit(why, &limit->said) &&
	    time_before(now, READ_ONCE(limit->last[why]) +
				     WARREN_EVENT_INTERVAL))
		return;
	WRITE_ONCE(limit->last[why], now);
	set_bit(why, &limit->said);
	say(peer, WARREN_EVENT_HANDSHAKE_FAILED,
	    &(struct details){ .why = why });
}

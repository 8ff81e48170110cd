#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What monitor tells when a peer falls silent, in virtual time, for it takes minutes."""

from listener import Monitor
import ktap
from ktap import case
from link import Link
from netns import command
from tunnel import b64


@case(timeout=5000)
def a_peer_that_falls_silent():
    link = Link()
    monitor, text = Monitor(link.a.ns, "wg0"), Monitor(link.a.ns, "wg0", as_json=False)
    link.ping()
    link.b.ns.ip("link set wg0 down")
    # A packet now and then would begin the 90 seconds again.
    link.a.ns.run("ping", "-c", "1", "-W", "1", link.b.inner[4], check=False)
    peer = b64(link.b.public)
    monitor.wait(event="session-stalled", peer=peer)
    monitor.wait(event="handshake-failed", peer=peer, reason="no-answer")
    monitor.wait(event="keys-expired", peer=peer)
    told = ["session stalled: data was sent, nothing came back for 15 seconds",
            "handshake failed: no answer in 90 seconds", "keys expired: no handshake for 9 minutes"]
    while told:
        if told[0] in text.line():
            told.pop(0)


command("modprobe", "warren")
ktap.main()

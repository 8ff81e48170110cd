#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Warren and the kernel's own WireGuard over many minutes, on a machine whose
idle time passes at once (selftests/vm/run --icount)."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import ktap
import traffic
from ktap import case, check, within
from link import Link
from netns import command


def handshake(site, other):
    return site.device.peer(other.public).handshake


def minutes(kinds, both_send):
    """Seven minutes of datagrams, each of which has to come, and the sessions
    that were made meanwhile."""
    link = Link(*kinds)
    a, b = link.sites
    link.ping()
    flows = [traffic.Datagrams(a.ns, b.ns, b.inner[4])]
    if both_send:
        flows.append(traffic.Datagrams(b.ns, a.ns, a.inner[4]))
    times, end = set(), time.monotonic() + 400
    while time.monotonic() < end:
        for flow in flows:
            flow.send(200)
            check(flow.receive(1.0 / len(flows)) <= 1, "more than was sent")
        times.add(handshake(a, b))
    for flow in flows:
        flow.all_came()
    within(len(times), 3, 5, "sessions in seven minutes")


def one(kinds, both_send):
    def run():
        minutes(kinds, both_send)

    ways = "both_ways" if both_send else "one_way"
    run.__name__ = f"rekeying_{kinds[0]}_to_{kinds[1]}_{ways}"
    case(run, timeout=5000)


for _kinds in ("warren", "wireguard"), ("wireguard", "warren"):
    for _both in False, True:
        one(_kinds, _both)


@case(timeout=5000)
def both_start_at_once():
    """Initiations that cross may undo each other, but not for ever: of jitter."""
    for outer in 4, 6:
        link = Link("warren", "wireguard", outer=outer)
        for _ in range(5):
            for site, other in link.sites, link.sites[::-1]:
                site.ns.udp(site.inner[4]).sendto(b"x", (other.inner[4], 9))
        link.ping(deadline=60)
        traffic.tcp(link.a.ns, link.b.ns, link.b.inner[4], 50_000)


@case(timeout=5000)
def idle_for_an_hour_and_back():
    link = Link("warren", "wireguard")
    link.ping()
    time.sleep(3600)
    link.ping()
    traffic.tcp(link.b.ns, link.a.ns, link.a.inner[4], 50_000)


@case(timeout=5000)
def keepalives_hold_a_session():
    link = Link("warren", "wireguard", keepalive=25)
    a, b = link.sites
    link.ping()
    before = handshake(a, b), handshake(b, a)
    time.sleep(900)
    for site, other, was in (a, b, before[0]), (b, a, before[1]):
        check(handshake(site, other) - was > 600, "no handshake in the last minutes")


if __name__ == "__main__":
    ktap.main(setup=lambda: command("modprobe", "-a", "warren", "wireguard"))

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""monitor tells what warren.ko tells, and show --stats what it counted.

What takes minutes is in patience.py.
"""

import json
import re
import signal
import subprocess

from common import (NODEV, PEERS, PERM, TOP, UNSUPPORTED, USAGE, WARREN, check, cleanup,
                    environment, equal, file_with, good, refused, run, warren)
import ktap
from ktap import case, eventually
from link import Link
from listener import NAMES, Monitor, listens
from netns import Namespace, command
from tunnel import b64

A, B, C = PEERS
EXAMPLE = str(TOP / "build" / "selftests" / "tool" / "example")


def device(*config):
    ns = Namespace()
    with ns.entered():
        good("add", "wg0")
        if config:
            good("setconf", "wg0", file_with("\n".join(config) + "\n"))
    return ns


def on(ns, *argv, **more):
    with ns.entered():
        return good(*argv, **more)


@case(timeout=120)
def peers_that_come_and_go():
    ns = device()
    monitor, text = Monitor(ns), Monitor(ns, as_json=False)
    on(ns, "set", "wg0", "peer", A, "endpoint", "[2001:db8::1]:7")
    on(ns, "set", "wg0", "peer", A, "remove", "peer", B)
    event = monitor.line()
    index = int(ns.run("ip", "-o", "link", "show", "wg0").split(":")[0])
    check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", event.pop("time")), "time")
    equal(event, {"event": "peer-added", "interface": "wg0", "index": index, "peer": A,
                  "endpoint": "[2001:db8::1]:7", "initiator": None, "reason": None}, "JSON")
    monitor.wait(event="peer-removed", peer=A)
    equal(monitor.wait(event="peer-added")["peer"], B, "the other")
    told = [re.sub(r"^\d\d:\d\d:\d\d\.\d{3} ", "", text.line()) for _ in range(3)]
    equal(sorted(told), sorted((f"wg0: peer {A} added [[2001:db8::1]:7]\n",
                                f"wg0: peer {A} removed [[2001:db8::1]:7]\n",
                                f"wg0: peer {B} added\n")), "text")


@case(timeout=120)
def handshakes_of_both_sides():
    link = Link()
    ours, theirs = Monitor(link.a.ns), Monitor(link.b.ns)
    text = Monitor(link.a.ns, as_json=False)
    link.ping()
    event = ours.wait(event="handshake-done")
    equal((event["peer"], event["initiator"], event["endpoint"]),
          (b64(link.b.public), True, "10.9.0.2:51820"), "the one that asked")
    event = theirs.wait(event="handshake-done")
    equal((event["peer"], event["initiator"]), (b64(link.a.public), False), "the other")
    check("handshake done, begun by us [10.9.0.2:51820]\n" in text.line(), "text")


@case(timeout=120)
def an_endpoint_that_moves():
    link = Link()
    monitor = Monitor(link.b.ns)
    link.ping()
    on(link.a.ns, "set", "wg0", "listen-port", "4444")
    link.ping()
    equal(monitor.wait(event="endpoint-moved")["endpoint"], "10.9.0.1:4444", "where to")


@case(timeout=120)
def why_a_handshake_failed():
    link = Link(psk=b"\7" * 32)
    ours, text = Monitor(link.a.ns), Monitor(link.a.ns, as_json=False)

    def fails(reason):
        link.a.ns.run("ping", "-c", "1", "-W", "1", link.b.inner[4], check=False)
        event = ours.wait(event="handshake-failed")
        equal((event["peer"], event["reason"]), (b64(link.b.public), reason), "why")

    on(link.b.ns, "set", "wg0", "peer", b64(link.a.public), "preshared-key", "/dev/null")
    fails("bad-response")
    check("handshake failed: the response does not fit: another preshared key" in text.line(),
          "text")
    on(link.a.ns, "set", "wg0", "private-key", "/dev/null")
    fails("no-private-key")


@case(timeout=120)
def of_one_interface():
    ns = device()
    with ns.entered():
        good("add", "wg1")
    monitor = Monitor(ns, "wg1")
    on(ns, "set", "wg0", "peer", A)
    on(ns, "set", "wg1", "peer", B)
    equal(monitor.line()["interface"], "wg1", "the first that is told")
    rest, code = monitor.end(signal.SIGINT)
    equal((rest, code), ("", 0), "the rest, and the exit code")


@case(timeout=120)
def it_ends_well():
    ns = device()
    for number in signal.SIGINT, signal.SIGTERM:
        equal(Monitor(ns).end(number), ("", 0), f"after {number}")


@case(timeout=240)
def events_that_were_lost():
    ns = device()
    monitor, text = Monitor(ns), Monitor(ns, as_json=False)
    for one in monitor, text:
        one.process.send_signal(signal.SIGSTOP)
    many = "".join(f"[Peer]\nPublicKey = {A[:10]}{n:08d}{A[18:]}\n" for n in range(20000))
    path = file_with(many)
    for _ in range(2):
        on(ns, "addconf", "wg0", path)
        on(ns, "setconf", "wg0", file_with("[Interface]\n"))
    for one in monitor, text:
        one.process.send_signal(signal.SIGCONT)
    event = monitor.wait(event="lost")
    equal([event[name] for name in NAMES[2:]], [None] * 6, "it is of no interface")
    while "events were lost" not in text.line():
        pass


@case
def what_cannot_be_monitored():
    refused(NODEV, "nosuch", argv=["monitor", "nosuch"])
    refused(USAGE, "Usage: warren monitor", argv=["monitor", "a", "b"])
    refused(USAGE, "Usage: warren monitor", argv=["monitor", "--jsom"])
    good("add", "t0", "--kind", "wireguard")
    cleanup(command, "ip", "link", "del", "t0")
    refused(UNSUPPORTED, "t0", "kind warren", "migrate", argv=["monitor", "t0"])
    done = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", "--inh-caps=-all", WARREN,
                           "monitor"], capture_output=True, text=True, check=False,
                          env=environment())
    equal(done.returncode, PERM, done.stderr)
    check("CAP_NET_ADMIN" in done.stderr, done.stderr)


# --- counters -------------------------------------------------------------------------


def stats_of(ns, name="wg0"):
    (peer,) = json.loads(on(ns, "show", name, "--stats", "--json"))["interfaces"][0]["peers"]
    return peer["stats"]


@case(timeout=120)
def counters_are_those_of_ethtool():
    link = Link()
    link.ping(count=3)
    stats = stats_of(link.a.ns)
    text = link.a.ns.run("ethtool", "-S", "wg0")
    ethtool = {name: int(number) for name, number in re.findall(r"(\w+): (\d+)", text)}
    equal(len(stats), 27, "all there are")
    equal({name: ethtool.get(name) for name in stats}, stats, "with one peer the device's own")
    check(stats["tx_packets"] >= 3 and stats["rx_packets"] >= 3, stats)
    equal((stats["tx_initiation"], stats["rx_response"]), (1, 1), "handshake")


@case(timeout=120)
def drops_by_reason():
    link = Link()
    on(link.a.ns, "set", "wg0", "peer", b64(link.b.public), "remove",
       "peer", A, "allowed-ips", "10.77.0.0/24", "peer", B, "allowed-ips", "10.88.0.0/24")
    link.a.ns.ip("route add 10.77.0.0/16 dev wg0")
    link.a.ns.run("ping", "-c", "2", "-i", "0.2", "-W", "1", "10.77.0.1", check=False)
    text = on(link.a.ns, "show", "wg0", "--stats")
    peers = dict(re.findall(r"peer: (\S+)\n(?:  .*\n)*?  drops: (.*)\n", text))
    equal(peers, {A: "tx_drop_no_endpoint 2", B: "(none)"}, "drops")
    check("stats" not in on(link.a.ns, "show", "wg0", "--json"), "not unless asked for")


@case(timeout=120)
def the_example_of_the_library():
    link = Link()
    with link.a.ns.entered():
        example = subprocess.Popen([EXAMPLE, "wg0"], stdout=subprocess.PIPE, text=True)
        cleanup(example.kill)
        eventually(lambda: listens(example), "it listens", 60)
    link.ping()
    with example.stdout:
        equal(example.stdout.read(), "wg0 has 1 peers\nwg0: 10.9.0.2:51820\n", "what it tells")
    equal(example.wait(), 0, "exit code")


@case(timeout=120)
def apply_keeps_the_session():
    link = Link()
    link.ping()
    with link.a.ns.entered():
        text = good("showconf", "wg0").replace("[Interface]\n", "[Interface]\nTable = off\n"
                                               "Address = 10.66.0.1/24, fd66::1/64\n")
        path = file_with(text + f"[Peer]\nPublicKey = {A}\nAllowedIPs = 10.99.0.0/16\n",
                         "wg0.conf")
        equal(good("apply", path), f"+ peer {A}\n+ peer {A} allowed-ips 10.99.0.0/16\n", "change")
    link.ping()
    stats = json.loads(on(link.a.ns, "show", "wg0", "--stats", "--json"))
    peers = {one["public_key"]: one["stats"] for one in stats["interfaces"][0]["peers"]}
    equal(peers[b64(link.b.public)]["tx_initiation"], 1, "handshakes begun")
    equal(peers[A]["tx_packets"], 0, "packets to the new one")


@case(timeout=240)
def with_sanitizers():
    """What reads events, counters and bindings, and writes these."""
    tool = str(TOP / "build" / "asan" / "bin" / "warren")
    link = Link()
    monitors = [Monitor(link.a.ns, as_json=as_json, tool=tool) for as_json in (True, False)]
    with link.a.ns.entered():
        for argv in (["set", "wg0", "bind", "out0", "bind-address", "10.9.0.1,fd09::1"],
                     ["show", "wg0", "--stats"], ["show", "wg0", "--stats", "--json"],
                     ["setconf", "wg0", file_with(good("showconf", "wg0"))]):
            code, _, err = run(tool, *argv)
            equal((code, err), (0, ""), f"{argv}")
    link.ping()
    monitors[0].wait(event="handshake-done")
    while "handshake done" not in monitors[1].line():
        pass
    for one in monitors:
        equal(one.end(signal.SIGTERM)[1], 0, "exit code, with no word of a leak")


@case
def only_warren_counts():
    good("add", "t0", "--kind", "wireguard")
    cleanup(command, "ip", "link", "del", "t0")
    good("set", "t0", "peer", A)
    code, out, err = warren("show", "t0", "--stats")
    equal((code, "drops" in out), (0, False), "text")
    check("kind warren" in err, err)
    shown = json.loads(good("show", "all", "--stats", "--json"))["interfaces"][0]["peers"][0]
    equal(shown["stats"], None, "JSON")
    for argv in (["show", "t0", "peers", "--stats"], ["show", "interfaces", "--stats"]):
        refused(USAGE, "Usage: warren show", argv=argv)


command("modprobe", "warren")
ktap.main()

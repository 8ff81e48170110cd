#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The kill switch: what is for the tunnel leaves by it or not at all, until down.

A case sends what must not leave, then a packet with the tunnel's own mark, which
must; all that is on the wire before that one has passed.
"""

import socket
import struct

from common import PEERS, PRIVATE, WARREN, check, equal, file_with
import ktap
from ktap import case
from netns import Namespace, command, veth

SO_MARK = 36
MARK = 51820
ENDPOINT = "192.0.2.1"
FAR4, FAR6 = "198.51.100.1", "2001:db8:ffff::1"
MARKER4, MARKER6 = "203.0.113.7", "2001:db8:eeee::1"
INSIDE4, INSIDE6 = "10.9.0.1", "fd09::1"


def config(networks, *lines):
    return "".join(f"{line}\n" for line in (
        "[Interface]", f"PrivateKey = {PRIVATE}", "ListenPort = 7777",
        "Address = 10.1.0.1/24, fd01::1/64", "MTU = 1300", "KillSwitch = true", *lines,
        "[Peer]", f"PublicKey = {PEERS[0]}", f"AllowedIPs = {networks}",
        f"Endpoint = {ENDPOINT}:7"))


EVERYTHING = "0.0.0.0/0, ::/0"


class World:
    """A host with a way out; what it sends there can be seen."""

    def __init__(self):
        self.host, self.out = Namespace("host"), Namespace("out")
        veth(self.host, "eth0", self.out, "eth0")
        for ns, last in (self.host, 9), (self.out, 1):
            with ns.entered():
                command("sysctl", "-qw", "net.ipv6.conf.eth0.accept_dad=0")
            ns.address("eth0", f"192.0.2.{last}/24", f"2001:db8::{last}/64")
        self.host.ip(f"route add default via {ENDPOINT}")
        self.host.ip("route add default via 2001:db8::1", family=6)
        self.begun, self.left = False, set()
        self.wire = self.out.sniff("eth0", timeout=30)
        self.before = self.state()

    def warren(self, *argv, good=True):
        self.said = self.host.run(WARREN, *argv, check=good)
        return self.said

    def state(self):
        return "".join(self.host.run(*line.split()) for line in (
            "nft list ruleset", "ip rule", "ip -6 rule", "ip route", "ip -6 route"))

    def send(self, to, mark=0, payload=b"leak", port=9):
        """Sends a datagram; whether the kernel took it."""
        family = socket.AF_INET6 if ":" in to else socket.AF_INET
        with self.host.entered(), socket.socket(family, socket.SOCK_DGRAM) as s:
            if mark:
                s.setsockopt(socket.SOL_SOCKET, SO_MARK, mark)
            try:
                s.sendto(payload, (to, port))
            except OSError:
                return False
        return True

    def connect(self, to):
        """Begins a TCP connection, which need not be answered."""
        family = socket.AF_INET6 if ":" in to else socket.AF_INET
        with self.host.entered(), socket.socket(family, socket.SOCK_STREAM) as s:
            s.setblocking(False)
            s.connect_ex((to, 80))

    def _next(self):
        """Takes note of one packet on the wire; whether it is a marker."""
        packet, address = self.wire.recvfrom(2048)
        if address[2] == socket.PACKET_OUTGOING:
            return False
        if packet.endswith(b"marker"):
            return True
        if address[1] == 0x0800:
            to, port = socket.inet_ntoa(packet[16:20]), struct.unpack("!H", packet[22:24])[0]
            if (to, port) == (ENDPOINT, 7):
                self.begun = True
            else:
                self.left.add(to)
        elif address[1] == 0x86dd and packet[6] not in (socket.IPPROTO_HOPOPTS,
                                                       socket.IPPROTO_ICMPV6):
            self.left.add(socket.inet_ntop(socket.AF_INET6, packet[24:40]))
        return False

    def handshake_begins(self):
        """Waits for the tunnel's own packets."""
        while not self.begun:
            self._next()

    def seen(self, mark=MARK):
        """Where all went that has left until now, but the tunnel's own packets."""
        for to in MARKER4, MARKER6:
            check(self.send(to, mark, b"marker"), "a packet with the tunnel's mark is let through")
        markers = 0
        while markers < 2:
            markers += self._next()
        left, self.left = self.left, set()
        return left

    def probe(self, *to):
        """Sends to addresses in several ways; which of them it left for."""
        for one in to:
            self.send(one)
            self.connect(one)
        return self.seen() & set(to)


def made(text):
    world = World()
    path = file_with(text, "t0.conf")
    world.warren("up", path)
    return world, path


@case
def nothing_leaks_without_a_handshake():
    world, path = made(config(EVERYTHING))
    equal(world.probe(FAR4, FAR6, "192.0.2.77", "2001:db8::77"), set(), "left")
    world.handshake_begins()
    world.warren("down", path)
    equal(world.state(), world.before, "after down")
    equal(world.probe(FAR4, FAR6), {FAR4, FAR6}, "left after down")


@case
def nothing_leaks_when_the_interface_goes_away():
    world, path = made(config(EVERYTHING))
    world.host.run("ip", "link", "set", "t0", "down")
    equal(world.probe(FAR4, FAR6), set(), "left while it is down")
    world.host.run("ip", "link", "del", "t0")
    equal(world.probe(FAR4, FAR6), set(), "left")
    check(not world.send(FAR4), "the program is told at once")
    world.warren("down", path)
    check("t0 is gone" in world.said, world.said)
    equal(world.state(), world.before, "after down")
    equal(world.probe(FAR4, FAR6), {FAR4, FAR6}, "left after down")
    world.warren("down", path, good=False)
    check("there is no interface" in world.said, "nothing is left for another down")


@case
def it_can_come_up_again():
    world, path = made(config(EVERYTHING))
    up = world.state()
    world.host.run("ip", "link", "del", "t0")
    world.warren("up", path)
    equal(world.state(), up, "as the first time")
    equal(world.probe(FAR4, FAR6), set(), "left")
    world.host.run("ip", "link", "del", "t0")
    failing = file_with(config(EVERYTHING, "PostUp = false"), "t0.conf")
    world.warren("up", failing, good=False)
    equal(world.probe(FAR4, FAR6), set(), "left after an up that failed: it was on before")
    world.warren("down", path)
    equal(world.state(), world.before, "after down")


@case
def without_it_traffic_goes_around():
    world, path = made(config(EVERYTHING).replace("KillSwitch = true\n", ""))
    world.host.run("ip", "link", "del", "t0")
    equal(world.probe(FAR4, FAR6), {FAR4, FAR6}, "left")
    world.warren("down", path)
    equal(world.state(), world.before, "after down")


@case
def only_the_peers_networks_are_held():
    world, path = made(config("10.9.0.0/16, 10.9.1.0/24, fd09::/64"))
    everywhere = (INSIDE4, INSIDE6, FAR4, FAR6)
    equal(world.probe(*everywhere), {FAR4, FAR6}, "left")
    world.host.run("ip", "link", "del", "t0")
    equal(world.probe(*everywhere), {FAR4, FAR6}, "left without the interface")
    world.warren("down", path)
    equal(world.state(), world.before, "after down")
    equal(world.probe(*everywhere), set(everywhere), "left after down")


@case
def one_family_alone_holds_both():
    for networks in "0.0.0.0/0", "::/0", "0.0.0.0/1, 128.0.0.0/1":
        world, path = made(config(networks))
        world.host.run("ip", "link", "del", "t0")
        equal(world.probe(FAR4, FAR6), set(), f"left with {networks}")
        world.warren("down", path)


@case
def exceptions():
    world, path = made(config(EVERYTHING, "KillSwitchExcept = 192.0.2.0/24, 2001:db8::/64"))
    near = ("192.0.2.77", "2001:db8::77")
    with world.out.entered():  # they shall be found on the link
        command("ip", "address", "add", f"{near[0]}/32", "dev", "eth0")
        command("ip", "address", "add", f"{near[1]}/128", "dev", "eth0", "nodad")
    equal(world.probe(FAR4, FAR6, *near), set(near), "left")
    world.warren("down", path)
    equal(world.state(), world.before, "after down")


@case
def a_router_does_not_leak_either():
    world, path = made(config(EVERYTHING, "KillSwitchExcept = 192.168.7.0/24"))
    lan = Namespace("lan")
    veth(lan, "eth0", world.host, "lan0")
    lan.address("eth0", "192.168.7.2/24")
    world.host.address("lan0", "192.168.7.1/24")
    lan.ip("route add default via 192.168.7.1")
    world.host.sysctl("net.ipv4.ip_forward", 1)
    world.host.run("ip", "link", "del", "t0")
    with lan.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(30)
        s.connect((FAR4, 9))
        s.send(b"leak")
        try:
            s.recv(1)
        except TimeoutError as error:
            raise ktap.Failure("the router does not tell the client") from error
        except OSError:
            pass
    equal(world.seen(), set(), "left")
    world.warren("down", path)


@case
def a_failed_up_leaves_nothing():
    world = World()
    path = file_with(config(EVERYTHING, "PostUp = false"), "t0.conf")
    world.warren("up", path, good=False)
    check("PostUp: " in world.said, world.said)
    equal(world.state(), world.before, "afterwards")


@case
def apply_sets_and_takes_it_away():
    text = config("10.9.0.0/16, fd09::/64")
    world, path = made(text)
    equal(world.warren("apply", path, "--dry-run"), "t0: nothing to change\n", "as it is")
    more = file_with(text.replace("10.9.0.0/16", "10.9.0.0/16, 198.51.100.0/24"), "t0.conf")
    world.warren("apply", more)
    equal(world.probe(FAR4, FAR6), {FAR6}, "left with one network more")
    off = file_with(text.replace("KillSwitch = true", "KillSwitch = false"), "t0.conf")
    check("- kill-switch\n" in world.warren("apply", off), world.said)
    equal(world.host.run("nft", "list", "ruleset"), "", "ruleset")
    check("+ kill-switch\n" in world.warren("apply", path, "--dry-run"), world.said)
    equal(world.host.run("nft", "list", "ruleset"), "", "ruleset after a dry run")
    check("+ kill-switch\n" in world.warren("apply", path), world.said)
    equal(world.probe(INSIDE4, INSIDE6), set(), "left with it again")
    equal(world.warren("apply", path), "t0: nothing to change\n", "once more")
    other = file_with(config("10.9.0.0/16, fd09::/64", "KillSwitchExcept = 10.9.0.0/24"), "t0.conf")
    check("~ guard\n" in world.warren("apply", other), world.said)
    check("10.9.0.0/24" in world.host.run("nft", "list", "ruleset"), "the exception is made")
    equal(world.warren("apply", other), "t0: nothing to change\n", "once more")
    world.warren("down", path)
    equal(world.state(), world.before, "after down")


@case
def save_keeps_it():
    world, path = made(config(EVERYTHING, "KillSwitchExcept = 192.0.2.0/24, 10.0.0.0/8",
                              "RulePriority = 700"))
    world.warren("save", path)
    with open(path, encoding="ascii") as f:
        text = f.read()
    for line in ("KillSwitch = true", "KillSwitchExcept = 192.0.2.0/24, 10.0.0.0/8",
                 "RulePriority = 700"):
        check(f"\n{line}\n" in text, text)
    equal(world.warren("apply", path, "--dry-run"), "t0: nothing to change\n", "the same")
    world.warren("down", path)


command("modprobe", "warren")
ktap.main()

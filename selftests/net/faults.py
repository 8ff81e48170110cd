#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""No memory: each allocation of a request fails in turn, and those of the packet
path at random. What was refused must leave things as they were, and all must go
on when there is memory again.

Needs a kernel with fault injection, which no distribution has:
    selftests/vm/debug-kernel -- selftests/net/faults.py"""

import contextlib
import errno
import itertools
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import ktap
import traffic
from ktap import Failure, Skip, case, check, equal
from link import Link
from netns import Namespace, command
from peer import World
from tunnel import KIND, REPLACE_PEERS, Device, peer as setting

DEBUG = "/sys/kernel/debug"
UDP_SEGMENT = 103


def configure(what, **values):
    for name, value in values.items():
        with open(f"{DEBUG}/{what}/{name.replace('_', '-')}", "w") as file:
            file.write(str(value))


def need_faults():
    if not os.path.exists("/proc/self/fail-nth"):
        raise Skip("n/a: this kernel injects no faults; use selftests/vm/debug-kernel")
    if not os.path.isdir(f"{DEBUG}/failslab"):
        command("mount", "-t", "debugfs", "none", DEBUG)
    configure("failslab", ignore_gfp_wait="N", verbose=0)
    configure("fail_page_alloc", verbose=0, min_order=0)


class Armed:
    """A socket during whose next call the @nth allocation fails."""

    def __init__(self, real, nth):
        self.real, self.nth, self.failed = real, nth, False
        self.control = os.open("/proc/thread-self/fail-nth", os.O_RDWR | os.O_CLOEXEC)

    def __getattr__(self, name):
        return getattr(self.real, name)

    def _armed(self, call, *arguments):
        os.pwrite(self.control, b"%d" % self.nth, 0)
        try:
            return call(*arguments)
        finally:
            self.failed = os.pread(self.control, 16, 0).strip() == b"0"
            os.pwrite(self.control, b"0", 0)
            os.close(self.control)

    def send(self, data):
        return self._armed(self.real.send, data)

    def sendto(self, data, to):
        return self._armed(self.real.sendto, data, to)


def each_fails(holder, do, then):
    """Calls do() until all went well, the nth allocation of the next call of
    @holder.socket failing the nth time; then(error or None) after each that had
    a failure."""
    real = holder.socket
    for nth in itertools.count(1):
        holder.socket = armed = Armed(real, nth)
        error = None
        try:
            do()
        except OSError as failure:
            error = failure
        finally:
            holder.socket = real
        if not armed.failed:
            check(not error, f"failed without a cause: {error}")
            check(nth > 1, "nothing was allocated")
            ktap.note(f"{nth - 1} allocations")
            return
        then(error)


@contextlib.contextmanager
def scarce(percent):
    """So many of all allocations that cannot wait fail: those of packets, mostly."""
    for what in "failslab", "fail_page_alloc":
        configure(what, ignore_gfp_wait="Y", times=-1, interval=1, probability=percent)
    try:
        yield
    finally:
        for what in "failslab", "fail_page_alloc":
            configure(what, probability=0)


# --- requests -------------------------------------------------------------------------


@case(timeout=600)
def making_a_device():
    need_faults()
    ns = Namespace("dut")

    def then(_):
        try:
            ns.links.delete("wg0")
        except OSError as error:
            equal(error.errno, errno.ENODEV, "of deleting")

    each_fails(ns.links, lambda: ns.links.add("wg0", KIND), then)
    ns.links.delete("wg0")


@case(timeout=600)
def taking_it_up():
    need_faults()
    world = World(up=False)
    links = world.ns.links

    def then(_):
        links.down("wg0")

    each_fails(links, lambda: links.up("wg0"), then)
    world.peers[0].initiate()
    world.peers[0].ping()


class Genl:
    """A device's netlink socket, where each_fails() looks for it."""

    def __init__(self, device):
        self.genl = device.genl

    socket = property(lambda self: self.genl.socket,
                      lambda self, value: setattr(self.genl, "socket", value))


def state_of(device):
    state = device.get()
    return (state.private_key, state.listen_port, state.fwmark,
            {key: (p.preshared_key, p.endpoint, p.keepalive, sorted(p.allowed))
             for key, p in state.peers.items()})


@case(timeout=600)
def configuring():
    """A peer is there whole or not at all, but for the allowed IPs that did not fit."""
    need_faults()
    ns = Namespace("dut")
    device = Device(ns, up=True)
    keys = [bytes([n]) * 32 for n in (1, 2, 3)]
    wanted = {
        "private_key": b"\x40" * 32, "listen_port": 7777, "fwmark": 5,
        "peers": [setting(key, allowed=[f"10.{n}.0.0/16", f"fd0{n}::/48", f"10.{n}.7.1/32"],
                          endpoint=("192.0.2.1", 9), preshared_key=bytes([9]) * 32, keepalive=7)
                  for n, key in enumerate(keys)]}

    def then(error):
        _, _, _, peers = state_of(device)
        if error:
            check(error.errno in (errno.ENOMEM, errno.ENOBUFS), f"refused: {error}")
        check(set(peers) <= set(keys), "a peer that nobody asked for")
        for psk, endpoint, keepalive, allowed in peers.values():
            equal((psk, endpoint, keepalive), (bytes([9]) * 32, ("192.0.2.1", 9), 7),
                  "a peer that is there")
            check(len(allowed) <= 3, f"allowed IPs {allowed}")
        device.set(peers=[], flags=REPLACE_PEERS)
        equal(state_of(device)[3], {}, "peers after their removal")

    each_fails(Genl(device), lambda: device.set(**wanted), then)
    key, port, mark, peers = state_of(device)
    equal((port, mark, list(peers)), (7777, 5, keys), "what is there in the end")
    equal([len(p[3]) for p in peers.values()], [3, 3, 3], "allowed IPs")


@case(timeout=600)
def reading():
    need_faults()
    world = World(peers=5)
    wanted = state_of(world.device)
    each_fails(Genl(world.device), world.device.get,
               lambda _: equal(state_of(world.device), wanted, "what is read"))


# --- packets -----------------------------------------------------------------------------


def sending(payload, segment=None):
    need_faults()
    world = World()
    (peer,) = world.peers
    peer.initiate()
    peer.ping()

    class Sender:
        socket = world.ns.udp(World.INNER4)

    if segment:
        Sender.socket.setsockopt(socket.SOL_UDP, UDP_SEGMENT, segment)

    def then(_):
        while peer.receive(0.05):
            pass
        peer.ping()

    each_fails(Sender, lambda: Sender.socket.sendto(bytes(payload), (peer.inner4, 9)), then)


@case(timeout=600)
def sending_a_packet():
    sending(100)


@case(timeout=600)
def sending_fragments():
    sending(4000)


@case(timeout=600)
def sending_a_batch():
    sending(20000, 1000)


@case(timeout=600)
def handshakes_and_data_at_random():
    """Each link must come up for good when memory is back."""
    need_faults()
    for percent in 5, 20, 60:
        link = Link()
        with scarce(percent):
            for family in 4, 6:
                with contextlib.suppress(Failure):
                    link.ping(family, deadline=6)
        link.ping()
        with scarce(min(percent, 20)):
            with contextlib.suppress(Failure, OSError):
                traffic.tcp(link.a.ns, link.b.ns, link.b.inner[4], 100_000)
        link.ping()
        traffic.tcp(link.a.ns, link.b.ns, link.b.inner[4], 100_000)


@case(timeout=600)
def configuring_at_random():
    need_faults()
    world = World()
    (peer,) = world.peers
    other = bytes([7]) * 32
    peer.initiate()
    for _ in range(100):
        with scarce(20):
            for change in ({"peers": [setting(other, allowed=["10.77.0.0/16", "fd77::/64"])]},
                           {"peers": [peer.setting()]}, {"listen_port": world.port},
                           {"peers": [setting(other, flags=1)]}):
                with contextlib.suppress(OSError):
                    world.device.set(**change)
        world.device.set(peers=[peer.setting()])
        peer.ping()


if __name__ == "__main__":
    ktap.main()

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Making and taking away: devices, peers, links and the module itself, in any
order and under traffic. What is left behind shows when the module goes, and in
the kernel log, which the runner reads."""

import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import ktap
import traffic
from ktap import Skip, case, check, equal, eventually
from link import Link
from netns import Namespace, command, veth
from peer import World
from tunnel import KIND, OURS, REMOVE_ME, REPLACE_PEERS, Device, peer as setting


class Noise:
    """Datagrams both ways through a link, from another thread, until the end."""

    def __init__(self, link):
        self.stop, self.sent = threading.Event(), 0
        self.pairs = []
        for one, other in (link.a, link.b), (link.b, link.a):
            sender = one.ns.udp(one.inner[4])
            sender.setblocking(False)
            self.pairs.append((sender, (other.inner[4], 9)))
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        ktap.cleanup(self.end)

    def run(self):
        while not self.stop.is_set():
            for sender, to in self.pairs:
                try:
                    sender.sendto(bytes(1000), to)
                    self.sent += 1
                except OSError:
                    pass
            time.sleep(0.003)

    def end(self):
        self.stop.set()
        self.thread.join()


def works(link):
    link.ping()
    traffic.tcp(link.a.ns, link.b.ns, link.b.inner[4], 100_000)


@case(timeout=240)
def peers_come_and_go_under_traffic():
    """100 times: the peer in use, and others at random."""
    link = Link()
    link.ping()
    noise = Noise(link)
    source = random.Random(2)
    a, b = link.sites
    for i in range(100):
        keys = [source.randbytes(32) for _ in range(5)]
        a.device.set(peers=[setting(k, allowed=[f"10.88.{i}.{n}/32"],
                                    endpoint=("10.9.0.2", 9)) for n, k in enumerate(keys)])
        a.device.set(peers=[setting(b.public, flags=REMOVE_ME)])
        a.device.set(peers=[setting(k, flags=REMOVE_ME) for k in keys[:3]])
        a.device.set(flags=REPLACE_PEERS if i % 3 else None, peers=[
            setting(b.public, allowed=["0.0.0.0/0", "::/0"], endpoint=("10.9.0.2", 51820))])
        if i % 10 == 9:
            link.ping()
    noise.end()
    works(link)


@case(timeout=240)
def devices_come_and_go_under_traffic():
    """100 times: a device with its peers, while the other end keeps sending."""
    link = Link()
    link.ping()
    noise = Noise(link)
    a, b = link.sites
    settings = dict(private_key=a.private, listen_port=51820, peers=[
        setting(b.public, allowed=["0.0.0.0/0", "::/0"], endpoint=("10.9.0.2", 51820))])
    for i in range(100):
        a.ns.links.delete("wg0")
        a.ns.links.add("wg0", KIND)
        a.ns.address("wg0", "10.66.0.1/24")
        a.device.set(**settings)
        a.ns.links.up("wg0")
        if i % 20 == 19:
            link.ping()
    noise.end()
    works(link)


@case
def up_and_down_under_traffic():
    link = Link()
    link.ping()
    noise = Noise(link)
    for _ in range(20):
        link.a.ns.links.down("wg0")
        link.a.ns.links.up("wg0")
    noise.end()
    works(link)


@case
def allowed_ips_change_under_traffic():
    """Those that are not touched lose no packet."""
    link = Link()
    link.ping()
    a, b = link.sites
    flow = traffic.Datagrams(a.ns, b.ns, b.inner[4])
    for i in range(300):
        a.device.set(peers=[setting(b.public, allowed=[f"10.1.{i % 250}.0/24", f"fd01:{i}::/32"]),
                            setting(bytes([1 + i % 50]) * 32, allowed=[f"10.2.{i % 250}.0/24"],
                                    flags=REMOVE_ME if i % 2 else 0)])
        flow.send(500)
    flow.all_came()


@case
def dumps_under_traffic_and_change():
    link = Link()
    link.ping()
    noise = Noise(link)
    a, b = link.sites
    for i in range(100):
        a.device.set(peers=[setting(bytes([1 + i % 50]) * 32, allowed=[f"10.2.{i}.0/24"])])
        check(b.public in a.device.get().peers, "the peer is not in a dump")
    noise.end()
    works(link)


@case
def wire_goes_and_comes_back():
    link = Link()
    link.ping()
    noise = Noise(link)
    a, b = link.sites
    for _ in range(5):
        a.ns.ip("link del out0")
        time.sleep(0.02)
        veth(a.ns, "out0", b.ns, "out0")
        for site in link.sites:
            site.ns.ip(f"address add {site.outer[4]}/24 dev out0")
    noise.end()
    works(link)


@case
def route_goes_and_comes_back():
    link = Link()
    link.ping()
    noise = Noise(link)
    for _ in range(20):
        link.a.ns.ip("route del 10.9.0.0/24 dev out0")
        time.sleep(0.01)
        link.a.ns.ip("route add 10.9.0.0/24 dev out0 src 10.9.0.1")
    noise.end()
    works(link)


def order(name, *steps):
    def run():
        link = Link()
        link.ping()
        noise = Noise(link)
        for step in steps:
            step(link)
        noise.end()

    run.__name__ = "teardown_" + name
    case(run)


def del_peer(link):
    link.a.device.set(peers=[setting(link.b.public, flags=REMOVE_ME)])


def del_device(link):
    link.a.ns.ip("link del wg0")


def del_wire(link):
    link.a.ns.ip("link del out0")


def del_namespace(link):
    link.a.device.genl.close()
    link.a.ns.delete()


order("of_peer_then_wire_then_device", del_peer, del_wire, del_device)
order("of_wire_then_device_then_namespace", del_wire, del_device, del_namespace)
order("of_device_then_namespace", del_device, del_namespace)
order("of_namespace_with_all_in_it", del_namespace)
order("of_wire_then_namespace", del_wire, del_namespace)


@case
def waiting_packets_go_with_the_device():
    world = World(peers=8)
    for peer in world.peers:
        for _ in range(100):
            world.transmit(peer, bytes(1000))
    world.ns.ip("link del wg0")


@case
def keys_are_gone_after_suspend():
    """The kernel's own rehearsal of a suspend, up to the freezing of processes."""
    try:
        with open("/sys/power/pm_test") as file:
            levels = file.read()
    except OSError:
        levels = ""
    if "freezer" not in levels:
        raise Skip("n/a: this kernel cannot rehearse a suspend (CONFIG_PM_DEBUG)")
    world = World()
    (peer,) = world.peers
    peer.initiate()
    peer.ping()
    old = peer.sealed(b"old")

    def write(path, text):
        with open(path, "w") as file:
            file.write(text)

    write("/sys/module/suspend/parameters/pm_test_delay", "1")
    write("/sys/power/pm_test", "freezer")
    ktap.cleanup(write, "/sys/power/pm_test", "none")
    write("/sys/power/state", "freeze")
    with world.counts(rx_drop_unknown_index=1):
        peer.send(old)
        world.transmit(peer, b"new")
        peer.respond()
        equal(peer.receive_packet().data, b"new", "the packet that waited")
    world.nothing_delivered()
    peer.ping()


@case
def keys_are_renewed_when_the_machine_was_copied():
    """Two copies would encrypt with the same nonces: no more with these keys."""
    helper = f"build/selftests/net/vmfork/{os.uname().release}/vmfork.ko"
    if not os.path.exists(helper):
        raise Skip("n/a: make -C selftests/net builds the helper for Debian 12's kernels only")
    world = World()
    (peer,) = world.peers
    peer.initiate()
    peer.ping()
    command("insmod", helper)
    ktap.cleanup(command, "rmmod", "vmfork")
    world.transmit(peer, b"new")
    peer.respond()
    equal(peer.receive_packet().data, b"new", "the packet that waited")
    peer.ping()


@case
def many_devices():
    ns = Namespace("many")
    ns.ip(*(f"link add wg{i} type {KIND}" for i in range(50)),
          *(f"link set wg{i} up" for i in range(50)))
    ns.delete()


@case
def privileged_user_space_cannot_make_loops():
    """Two devices that are each other's way out: packets end, the kernel stays."""
    ns = Namespace("loop")
    one = World(ns=ns, peers=1, name="wg0", port=51820, addresses=("10.66.0.1/24",))
    two = World(ns=ns, peers=1, name="wg1", port=51821, addresses=("10.67.0.1/24",))
    one.device.set(peers=[setting(one.peers[0].public, allowed=["10.70.0.0/24"],
                                  endpoint=("10.71.0.1", 1))])
    two.device.set(peers=[setting(two.peers[0].public, allowed=["10.71.0.0/24"],
                                  endpoint=("10.70.0.1", 1))])
    ns.ip("route add 10.70.0.0/24 dev wg0", "route add 10.71.0.0/24 dev wg1")
    sender = ns.udp()
    for i in range(100):
        try:
            sender.sendto(b"x", (f"10.7{i % 2}.0.1", 9))
        except OSError:
            pass


def reload(*parameters):
    """Waits for what still goes, and loads the module anew."""
    if not OURS:
        raise Skip("n/a: only our own module is unloaded")
    if not os.path.exists("/sys/module/warren"):
        raise Skip("n/a: warren is not a module here")

    def unloaded():
        try:
            command("rmmod", "warren")
        except ktap.Failure:
            return False
        return True

    eventually(unloaded, "the module to be unloaded", 20)
    with open("/proc/slabinfo") as file:
        left = [line.split()[0] for line in file if line.startswith("warren")]
    equal(left, [], "slab caches left")
    command("modprobe", "warren", *parameters)


def best_vector_unit():
    with open("/proc/cpuinfo") as file:
        flags = next(line for line in file if line.startswith("flags")).split()
    if not {"avx2", "bmi2"} <= set(flags):
        return 0
    return 2 if "avx512vl" in flags else 1


def vector_unit(name, asked):
    def run():
        reload(f"simd={asked}")
        ktap.cleanup(reload)
        with open("/sys/module/warren/parameters/simd") as file:
            equal(int(file.read()), min(asked, best_vector_unit()), "vector unit in use")
        link = Link()
        link.ping()
        works(link)

    run.__name__ = "messages_" + name
    case(run)


vector_unit("by_the_library", 0)
vector_unit("by_avx2", 1)
vector_unit("by_the_best_unit", 9)


@case
def devices_start_as_the_module_was_told():
    """As they do when the module finds UDP segmentation at fault."""
    reload("udp_segmentation=0")
    ktap.cleanup(reload)
    link = Link()
    link.ping()

    def flag():
        return link.a.ns.run("ethtool", "--show-priv-flags", "wg0").split()[-1]

    equal(flag(), "off", "udp-segmentation of a new device")
    works(link)
    equal(link.a.device.counters()["tx_gso_batches"], 0, "batches that were sent")
    link.a.ns.run("ethtool", "--set-priv-flags", "wg0", "udp-segmentation", "on")
    works(link)
    check(link.a.device.counters()["tx_gso_batches"], "no batch was sent with it switched on")


@case
def module_goes_and_leaves_nothing():
    """Reached last, after all of the above."""
    reload()
    Device(Namespace("again"))


if __name__ == "__main__":
    ktap.main()

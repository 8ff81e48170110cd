#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The outer packets: ECN, DSCP, source address, interface, mark, ports, and the
namespace that they are sent from."""

import errno
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import ktap
import netlink
from ktap import case, check, equal, eventually
from netlink import NetlinkError
from netns import Namespace, veth
from peer import Peer, World
from tunnel import KIND, OURS, REMOVE_ME
from tunnel import peer as setting
from wgproto import INITIATION, RESPONSE

AF41 = 0x88
NOT_ECT, ECT1, ECT0, CE = range(4)


def tos_option(family):
    return (socket.IPPROTO_IP, socket.IP_TOS) if family == 4 else \
        (socket.IPPROTO_IPV6, socket.IPV6_TCLASS)


def two_hosts(addresses=("10.9.0.1/24", "fd09::1/64"), remote=("10.9.0.2/24", "fd09::2/64")):
    """A namespace for the device, and one for its peer, with a veth between."""
    here, there = Namespace("dut"), Namespace("peer")
    veth(here, "out0", there, "eth0")
    for ns, device, mine in (here, "out0", addresses), (there, "eth0", remote):
        ns.address(device, *mine)
    return here, there


def world_of(here, there, outer="10.9.0.1", address="10.9.0.2"):
    world = World(ns=here, peers=0, outer=outer)
    peer = Peer(world, 0, ns=there, address=address)
    world.peers.append(peer)
    world.device.set(peers=[peer.setting()])
    return world, peer


# --- the traffic class ---------------------------------------------------------------


@case
def handshakes_are_af41():
    for outer in "127.0.0.1", "::1":
        world = World(outer=outer)
        (peer,) = world.peers
        peer.send(peer.initiation())
        peer.finish(peer.expect(RESPONSE))
        equal(peer.tos, AF41, f"traffic class of a response to {outer}")
        other = World(outer=outer)
        other.transmit(other.peers[0], b"x")
        other.peers[0].expect(INITIATION)
        equal(other.peers[0].tos, AF41, f"traffic class of an initiation to {outer}")


@case
def ecn_is_copied_outwards_and_dscp_is_not():
    for outer in "127.0.0.1", "::1":
        world = World(outer=outer)
        (peer,) = world.peers
        peer.initiate()
        for family in 4, 6:
            for ecn in NOT_ECT, ECT1, ECT0, CE:
                world.inner(family).setsockopt(*tos_option(family), 0xb8 | ecn)
                world.transmit(peer, b"x", family)
                got = peer.receive_packet()
                equal(got.tos, 0xb8 | ecn, "inner traffic class")
                # RFC 6040 copies CE, RFC 3168 makes it ECT(0): both tell the path.
                check(peer.tos & 3 in ((ECT0, CE) if ecn == CE else (ecn,)),
                      f"outer ECN {peer.tos & 3} for {ecn}, IPv{family} in {outer}")
                equal(peer.tos >> 2, 0, f"outer DSCP, IPv{family} in {outer}")


@case
def congestion_outside_is_told_inside():
    """RFC 6040: a CE mark got on the way reaches the receiver."""
    for outer in "127.0.0.1", "::1":
        world = World(outer=outer)
        (peer,) = world.peers
        peer.initiate()
        peer.ping()
        for family in 4, 6:
            inner = world.inner(family)
            inner.setsockopt(*((socket.IPPROTO_IP, socket.IP_RECVTOS) if family == 4 else
                               (socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS)), 1)
            for mark, before, after in ((CE, ECT0, CE), (CE, ECT1, CE), (NOT_ECT, ECT0, ECT0),
                                        (ECT0, ECT0, ECT0), (NOT_ECT, CE, CE),
                                        (ECT0, NOT_ECT, NOT_ECT)):
                peer.socket.setsockopt(*tos_option(6 if ":" in outer else 4), mark)
                peer.send(peer.session.seal(peer.packet(b"x", family, tos=0xb8 | before)))
                _, extra, _, _ = inner.recvmsg(100, 100)
                equal(extra[0][2][0], 0xb8 | after,
                      f"IPv{family} in {outer}: outer {mark}, inner {before}")


# --- source address and interface ------------------------------------------------------


@case
def answers_come_from_the_address_that_was_called():
    here, there = two_hosts(("10.9.0.1/24", "10.9.0.7/24", "fd09::1/64", "fd09::7/64"))
    world, peer = world_of(here, there)
    for called, address in ("10.9.0.7", "10.9.0.2"), ("10.9.0.1", "10.9.0.2"), \
            ("fd09::7", "fd09::2"), ("fd09::1", "fd09::2"):
        peer.move(address)
        peer.target = called
        time.sleep(0.03)
        peer.initiate()
        equal(peer.source[0], called, "source of the response")
        peer.ping()
        equal(peer.source[0], called, "source of data")


@case
def source_address_that_is_gone():
    here, there = two_hosts(("10.9.0.1/24", "10.9.0.7/24"), ("10.9.0.2/24",))
    world, peer = world_of(here, there)
    peer.target = "10.9.0.7"
    peer.initiate()
    peer.ping()
    equal(peer.source[0], "10.9.0.7", "source")
    here.ip("address del 10.9.0.7/24 dev out0")
    world.transmit(peer, b"from elsewhere")
    equal(peer.receive_packet().data, b"from elsewhere", "payload")
    equal(peer.source[0], "10.9.0.1", "source")


@case
def interface_that_is_gone():
    """Two links to the peer: when the one in use goes, the other carries on."""
    here, there = two_hosts(("10.9.0.1/24",), ("10.9.0.2/24",))
    veth(here, "out1", there, "eth1", "address add 10.9.1.1/24 dev out1")
    there.ip("address add 10.9.1.2/24 dev eth1", "address add 10.8.8.8/32 dev lo",
             "route add 10.8.8.1/32 via 10.9.0.1 metric 1",
             "route add 10.8.8.1/32 via 10.9.1.1 metric 2")
    here.ip("address add 10.8.8.1/32 dev lo",
            "route add 10.8.8.8/32 via 10.9.0.2 metric 1",
            "route add 10.8.8.8/32 via 10.9.1.2 metric 2")
    for ns in here, there:
        ns.sysctl("net.ipv4.conf.all.rp_filter", 2)
    world, peer = world_of(here, there, "10.8.8.1", "10.8.8.8")
    peer.initiate()
    peer.ping()
    here.ip("link del out0")
    peer.ping()
    equal(peer.source[0], "10.8.8.1", "source")


@case
def ipv6_link_local_endpoint():
    here, there = two_hosts(("10.9.0.1/24",), ("10.9.0.2/24",))
    here.ip("address add fe80::a/64 dev out0 nodad")
    there.ip("address add fe80::b/64 dev eth0 nodad")
    world, peer = world_of(here, there)
    with there.entered():
        scope = socket.if_nametoindex("eth0")
        made = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    ktap.cleanup(made.close)
    made.bind(("fe80::b", 0, 0, scope))
    peer.socket = made
    made.connect(("fe80::a", world.port, 0, scope))
    time.sleep(0.03)
    made.send(peer.initiation())
    peer.finish(peer.expect(RESPONSE), confirm=False)
    made.send(peer.sealed(b"in"))
    equal(world.delivered(), b"in", "payload")
    world.transmit(peer, b"out")
    equal(peer.receive_packet().data, b"out", "payload")


# --- binding ------------------------------------------------------------------------------


def ours():
    if not OURS:
        raise ktap.Skip("n/a: the kernel's own module cannot be bound")


def index_of(ns, device):
    with ns.entered():
        return socket.if_nametoindex(device)


def two_links(*more):
    """A namespace for the device with links to two others, and a peer in each."""
    here, there = two_hosts()
    other = Namespace("other")
    veth(here, "out1", other, "eth0", "address add 10.9.1.1/24 dev out1",
         "address add fd19::1/64 dev out1 nodad", *more)
    other.address("eth0", "10.9.1.2/24", "fd19::2/64")
    world, one = world_of(here, there)
    two = Peer(world, 1, ns=other, address="10.9.1.2")
    two.target = "10.9.1.1"
    world.peers.append(two)
    world.device.set(peers=[two.setting()])
    return world, one, two


def unheard(peer):
    """The device does not answer it, nor one who asks after it."""
    peer.send(peer.initiation())
    peer.silent(0.2)


@case
def bound_to_an_interface():
    ours()
    world, one, two = two_links()
    one.initiate()
    one.ping()
    two.initiate()
    two.ping()
    index = index_of(world.ns, "out0")
    for interface in {"ifindex": index}, {"ifindex": 0}, {"ifname": "out0"}:
        world.device.bind(**interface)
        state = world.device.get()
        equal((state.bind_ifindex, state.bind_ifname),
              (0, None) if interface == {"ifindex": 0} else (index, "out0"),
              f"interface in the dump after {interface}")
    one.ping()
    unheard(two)
    world.transmit(two, b"not that way")
    two.silent(0.2)
    for address in "10.9.0.2", "fd09::2":
        one.move(address)
        one.target = "10.9.0.1" if "." in address else "fd09::1"
        one.initiate()
        one.ping()
    world.device.bind(0)
    equal(world.device.get().bind_ifindex, 0, "interface in the dump")
    one.ping()
    two.initiate()
    two.ping()


@case
def bound_to_a_vrf():
    """The routes and addresses of the one network are not the other's."""
    ours()
    world, one, two = two_links("link add red type vrf table 100", "link set red up",
                                "link set out1 master red",
                                "address add fd19::1/64 dev out1 nodad")
    one.initiate()
    one.ping()
    unheard(two)
    world.device.bind(index_of(world.ns, "red"))
    unheard(one)
    for address in "10.9.1.2", "fd19::2":
        two.move(address)
        two.target = "10.9.1.1" if "." in address else "fd19::1"
        two.initiate()
        for _ in range(3):
            two.ping()
        equal(two.source[0], two.target, "source")
    world.device.set(peers=[two.setting()])
    world.transmit(two, b"first", 6)
    equal(two.receive_packet().data, b"first", "payload after the endpoint was set")


@case
def bound_to_an_address():
    ours()
    here, there = two_hosts(("10.9.0.1/24", "10.9.0.7/24", "fd09::1/64", "fd09::7/64"))
    world, peer = world_of(here, there)
    world.device.bind(address4="10.9.0.7", address6="fd09::7")
    equal(world.device.get().bind_addresses, ["10.9.0.7", "fd09::7"], "addresses in the dump")
    for address, bound, free in (("10.9.0.2", "10.9.0.7", "10.9.0.1"),
                                 ("fd09::2", "fd09::7", "fd09::1")):
        peer.move(address)
        peer.target = free
        unheard(peer)
        # Begun by us, when nothing told us how the peer reaches us.
        world.device.set(peers=[setting(peer.public, flags=REMOVE_ME)])
        world.device.set(peers=[peer.setting()])
        world.transmit(peer, b"x")
        initiation = peer.expect(INITIATION)
        equal(peer.source[0], bound, "source of an initiation")
        peer.target = bound
        peer.respond(initiation)
        equal(peer.receive_packet().data, b"x", "payload")
        peer.ping()
        equal(peer.source[0], bound, "source of data")


@case
def binding_changes_under_a_session():
    """Port and session stay, also over down and up."""
    ours()
    here, there = two_hosts(("10.9.0.1/24", "10.9.0.7/24"), ("10.9.0.2/24",))
    world, peer = world_of(here, there)
    peer.initiate()
    peer.ping()
    peer.target = "10.9.0.7"
    for bound in "10.9.0.7", "0.0.0.0", "10.9.0.7":
        world.device.bind(address4=bound)
        peer.send(peer.session.seal())
        peer.ping()
    here.ip("link set wg0 down", "link set wg0 up")
    equal(world.device.get().bind_addresses, ["10.9.0.7"], "address")
    equal(world.device.get().listen_port, world.port, "port")
    peer.initiate()
    peer.ping()


@case
def binding_that_cannot_be():
    """Refused with its name, and the one before goes on."""
    ours()
    world, one, two = two_links()
    world.device.bind(index_of(world.ns, "out0"))
    one.initiate()
    for arguments, number, word in (
            ({"ifindex": 9999}, errno.ENODEV, "BIND_IFINDEX"),
            ({"ifname": "nosuch"}, errno.ENODEV, "_IFNAME"),
            ({"ifname": ""}, errno.EINVAL, "BIND_IFNAME"),
            ({"ifname": "out1", "ifindex": index_of(world.ns, "out1")}, errno.EINVAL,
             "BIND_IFNAME"),
            ({"ifindex": index_of(world.ns, "wg0")}, errno.ELOOP, "BIND_IFINDEX"),
            ({"address4": "10.99.99.99"}, errno.EADDRNOTAVAIL, "BIND_ADDR4"),
            ({"address6": "fd99::9"}, errno.EADDRNOTAVAIL, "ADDR6")):
        try:
            world.device.bind(**arguments)
            check(False, f"{arguments} was accepted")
        except NetlinkError as error:
            equal(error.errno, number, f"errno for {arguments}")
            check(word in error.text, f"'{error.text}' does not name {word}")
        equal(world.device.get().bind_addresses, [], "addresses")
        one.ping()
        unheard(two)


# --- mark and ports --------------------------------------------------------------------


@case
def mark_on_outer_packets():
    """The only route to the peer is for packets with the mark."""
    here, there = two_hosts(("10.9.0.1/24", "fd09::1/64"))
    there.ip("address add 10.8.8.8/32 dev lo", "address add fd08::8/128 dev lo")
    here.ip("route add 10.8.8.8 via 10.9.0.2 table 77", "rule add fwmark 0x1234 lookup 77")
    here.ip("route add fd08::8 via fd09::2 table 77", "rule add fwmark 0x1234 lookup 77", family=6)
    for address in "10.8.8.8", "fd08::8":
        world = World(ns=here, peers=0, outer="fd09::1" if ":" in address else "10.9.0.1",
                      name="wg6" if ":" in address else "wg4",
                      port=51826 if ":" in address else 51824)
        peer = Peer(world, 0, ns=there, address=address)
        world.device.set(peers=[peer.setting()])
        world.transmit(peer, b"without a mark")
        peer.silent(0.1)
        world.device.set(fwmark=0x1234)
        equal(world.device.get().fwmark, 0x1234, "mark in the dump")
        time.sleep(0.03)
        peer.initiate()
        equal(peer.receive_packet().data, b"without a mark", "the packet that waited")
        peer.ping()
        world.device.set(fwmark=0)
        world.transmit(peer, b"without a mark again")
        peer.silent(0.1)
        here.ip(f"link del {world.device.name}")


@case
def port_changes():
    world = World()
    (peer,) = world.peers
    peer.initiate()
    peer.ping()
    world.device.set(listen_port=51999)
    world.port = 51999
    equal(world.device.get().listen_port, 51999, "port in the dump")
    peer.ping()
    equal(peer.source[1], 51999, "source port")
    free = world.ns.udp("127.0.0.1", 51820)
    free.close()


@case
def port_is_chosen():
    world = World(port=0, peers=0)
    world.port = world.device.get().listen_port
    ktap.within(world.port, 1024, 65535, "chosen port")
    peer = Peer(world, 0)
    world.device.set(peers=[peer.setting()])
    peer.initiate()
    peer.ping()


@case
def port_that_is_taken():
    """Refused, and the device goes on with the one it has."""
    world = World()
    (peer,) = world.peers
    peer.initiate()
    world.ns.udp("0.0.0.0", 51900)
    try:
        world.device.set(listen_port=51900)
        check(False, "a taken port was accepted")
    except NetlinkError as error:
        equal(error.errno, errno.EADDRINUSE, "errno")
        check(error.text or not OURS, "no extended-ack text")
    equal(world.device.get().listen_port, world.port, "port in the dump")
    peer.ping()


@case
def port_is_free_while_the_device_is_down():
    world = World()
    world.ns.ip("link set wg0 down")
    taken = world.ns.udp("0.0.0.0", world.port)
    try:
        world.ns.ip("link set wg0 up")
        check(False, "came up without its port")
    except ktap.Failure as failure:
        check("in use" in str(failure), str(failure))
    taken.close()
    world.ns.ip("link set wg0 up")
    world.peers[0].initiate()
    world.peers[0].ping()


# --- namespaces --------------------------------------------------------------------------


@case
def socket_stays_where_the_device_was_made():
    """The way to make a container that has nothing but the tunnel."""
    here, container = Namespace("physical"), Namespace("container")
    world = World(ns=here)
    (peer,) = world.peers
    here.ip(f"link set wg0 netns {container.name}")
    container.ip("address add 10.66.0.1/16 dev wg0", "address add fd66::1/64 dev wg0 nodad",
                 "link set wg0 up")
    world.device.genl.close()
    world.device.ns = container
    with container.entered():
        world.device.genl = netlink.Generic(KIND)
    ktap.cleanup(world.device.genl.close)
    inner = container.udp("10.66.0.1", 2000)
    world._inner = {4: inner, 6: container.udp("fd66::1", 2000)}
    peer.initiate()
    peer.ping()
    peer.ping(6)
    world.device.set(listen_port=51888)
    world.port = 51888
    peer.ping()


@case
def creating_namespace_goes_first():
    """The tunnel has no outside any more: it is silent, and can be deleted."""
    here, container = Namespace("physical"), Namespace("container")
    world = World(ns=here)
    here.ip(f"link set wg0 netns {container.name}")
    container.ip("address add 10.66.0.1/16 dev wg0", "link set wg0 up")
    for handle in world.peers[0].socket, world.device.genl:
        handle.close()
    here.delete()
    inner = container.udp("10.66.0.1", 2000)
    for _ in range(50):
        try:
            inner.sendto(b"x", (world.peers[0].inner4, 9))
        except OSError:
            pass
        time.sleep(0.01)
    container.ip("link set wg0 down")
    try:
        container.ip("link set wg0 up")
    except ktap.Failure:
        pass
    container.ip("link del wg0")


@case
def containing_namespace_goes_first():
    here, container = Namespace("physical"), Namespace("container")
    world = World(ns=here)
    (peer,) = world.peers
    here.ip(f"link set wg0 netns {container.name}")
    container.ip("address add 10.66.0.1/16 dev wg0", "link set wg0 up")
    time.sleep(0.03)
    peer.initiate()
    world.device.genl.close()
    container.delete()

    def port_is_free():
        try:
            here.udp("127.0.0.1", world.port).close()
        except OSError:
            return False
        return True

    eventually(port_is_free, "the port to be free", 10)


@case
def namespace_with_its_device_and_peers():
    """The only namespace goes while a session is in use."""
    here, there = two_hosts()
    world, peer = world_of(here, there)
    peer.initiate()
    peer.ping()
    for _ in range(20):
        peer.send(peer.sealed(b"x"))
        world.transmit(peer, b"x")
    for handle in *world._inner.values(), world.device.genl:
        handle.close()
    here.delete()
    for _ in range(20):
        try:
            peer.send(peer.sealed(b"x"))
        except OSError:
            break  # there is no link any more


if __name__ == "__main__":
    ktap.main()

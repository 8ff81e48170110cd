#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The netlink contract: what a program may ask for, and that whatever is not
right is refused with its name and changes nothing."""

import ctypes
import errno
import ipaddress
import os
import random
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import ktap
import netlink
import tunnel
from ktap import Skip, case, check, equal
from netlink import DUMP, NESTED, NetlinkError, attr, nest, u8, u16, u32
from netns import Namespace
from tunnel import (A_CIDR_MASK, A_FAMILY, A_FLAGS, A_IPADDR, D_FLAGS, D_FWMARK, D_IFINDEX,
                    D_IFNAME, D_LISTEN_PORT, D_PEERS, D_PRIVATE_KEY, D_PUBLIC_KEY, GET_DEVICE,
                    KIND, OURS, P_ALLOWEDIPS, P_ENDPOINT, P_FLAGS, P_KEEPALIVE, P_PRESHARED_KEY,
                    P_PROTOCOL_VERSION, P_PUBLIC_KEY, REMOVE_ME, REPLACE_ALLOWEDIPS,
                    REPLACE_PEERS, SET_DEVICE, UPDATE_ONLY, Device, peer, sockaddr)

# Older generic netlink has no extended ack for who refuses a dump.
DUMPS_CAN_TELL = not os.uname().release.startswith("6.1.")

KEY, OTHER = b"\x01" * 32, b"\x02" * 32
V4, V6 = "192.0.2.1/32", "2001:db8::1/128"


def device(**settings):
    return Device(Namespace("api"), up=False, **settings)


def allowed(made, key=KEY):
    return sorted(made.peer(key).allowed)


def refused(function, *arguments):
    """The NetlinkError that a call ends with."""
    try:
        function(*arguments)
    except NetlinkError as error:
        return error
    raise ktap.Failure("accepted")


# --- what can be set --------------------------------------------------------------


@case
def everything_that_is_set_is_shown():
    made = device(private_key=os.urandom(32), listen_port=12345, fwmark=0xcafe, peers=[
        peer(KEY, allowed=[V4, V6, "10.0.0.0/8"], endpoint=("192.0.2.9", 9),
             preshared_key=OTHER, keepalive=25),
        peer(OTHER, allowed=["::/0"], endpoint=("2001:db8::9", 99))])
    state = made.get()
    equal((state.listen_port, state.fwmark), (12345, 0xcafe), "port and mark")
    one, two = state.peers[KEY], state.peers[OTHER]
    equal((one.endpoint, one.preshared_key, one.keepalive), (("192.0.2.9", 9), OTHER, 25),
          "the first peer")
    equal(sorted(one.allowed), ["10.0.0.0/8", V4, V6], "allowed IPs of the first peer")
    equal((two.endpoint, two.preshared_key, two.keepalive, two.allowed),
          (("2001:db8::9", 99), bytes(32), 0, ["::/0"]), "the second peer")


@case
def private_key_is_clamped():
    made = device(private_key=b"\xff" * 32)
    equal(made.get().private_key, b"\xf8" + b"\xff" * 30 + b"\x7f", "private key")


@case
def device_by_index():
    made = device()
    index = int(made.ns.run("ip", "-o", "link", "show", "wg0").split(":")[0])
    made.genl.call(SET_DEVICE, u32(D_IFINDEX, index), u32(D_FWMARK, 7))
    equal(made.get().fwmark, 7, "mark")
    equal(len(made.genl.call(GET_DEVICE, u32(D_IFINDEX, index), flags=DUMP)), 1, "messages")


@case
def one_allowed_ip_is_added():
    made = device(peers=[peer(KEY, allowed=[V4])])
    made.set(peers=[peer(KEY, allowed=[V6])])
    equal(allowed(made), [V4, V6], "allowed IPs")


@case
def one_allowed_ip_is_taken_away():
    made = device(peers=[peer(KEY, allowed=[V4, "192.0.2.2/32", V6, "2001:db8::2/128"]),
                         peer(OTHER, allowed=["10.0.0.0/8"])])
    if not OURS:
        try:
            made.set(peers=[peer(KEY, allowed=["-" + V4])])
        except NetlinkError:
            raise Skip("n/a: the kernel's own module learned this in 6.16") from None
    made.set(peers=[peer(KEY, allowed=["-" + V4, "-" + V6])])
    equal(allowed(made), ["192.0.2.2/32", "2001:db8::2/128"], "allowed IPs")
    made.set(peers=[peer(KEY, allowed=["-10.0.0.0/8"])])
    equal(allowed(made, OTHER), ["10.0.0.0/8"], "another peer's allowed IPs")


@case
def allowed_ips_are_replaced():
    made = device(peers=[peer(KEY, allowed=[V4, V6]), peer(OTHER, allowed=["10.0.0.0/8"])])
    made.set(peers=[peer(KEY, flags=REPLACE_ALLOWEDIPS, allowed=["192.0.2.7/32"])])
    equal(allowed(made), ["192.0.2.7/32"], "allowed IPs")
    made.set(peers=[peer(KEY, flags=REPLACE_ALLOWEDIPS)])
    equal(allowed(made), [], "allowed IPs")
    equal(allowed(made, OTHER), ["10.0.0.0/8"], "another peer's allowed IPs")


@case
def host_bits_are_dropped():
    made = device(peers=[])
    made.set(peers=[nest(0, attr(P_PUBLIC_KEY, KEY), nest(P_ALLOWEDIPS, nest(
        0, u16(A_FAMILY, 2), attr(A_IPADDR, bytes([192, 0, 2, 77])), u8(A_CIDR_MASK, 28))))])
    equal(allowed(made), ["192.0.2.64/28"], "allowed IPs")


@case
def peers_are_removed_and_replaced():
    made = device(peers=[peer(bytes([i]) * 32) for i in range(1, 6)])
    made.set(peers=[peer(b"\x03" * 32, flags=REMOVE_ME)])
    equal(len(made.get().peers), 4, "peers")
    made.set(peers=[peer(b"\x03" * 32, flags=REMOVE_ME)])
    equal(len(made.get().peers), 4, "peers")
    made.set(flags=REPLACE_PEERS, peers=[peer(b"\x09" * 32)])
    equal(list(made.get().peers), [b"\x09" * 32], "peers")
    made.set(flags=REPLACE_PEERS)
    equal(made.get().peers, {}, "peers")


@case
def update_only_makes_no_peer():
    made = device(peers=[peer(KEY)])
    made.set(peers=[peer(KEY, flags=UPDATE_ONLY, keepalive=9),
                    peer(OTHER, flags=UPDATE_ONLY, keepalive=9)])
    equal(list(made.get().peers), [KEY], "peers")
    equal(made.peer(KEY).keepalive, 9, "keepalive")


@case
def what_is_not_named_stays():
    made = device(private_key=b"\x40" * 32, listen_port=999, fwmark=5, peers=[
        peer(KEY, allowed=[V4], endpoint=("192.0.2.9", 9), preshared_key=OTHER, keepalive=25)])
    before = made.get()
    made.set(peers=[peer(KEY, flags=0)])
    made.set()
    after = made.get()
    equal(vars(after.peers[KEY]), vars(before.peers[KEY]), "the peer")
    equal((after.listen_port, after.fwmark, after.private_key),
          (before.listen_port, before.fwmark, before.private_key), "the device")


# --- many -------------------------------------------------------------------------


@case
def thousands_of_allowed_ips():
    """One peer's list goes over many messages, and comes back whole."""
    made = device(peers=[])
    want = []
    for block in range(8):
        part = [f"10.{block}.{i >> 8}.{i & 255}/32" for i in range(500)]
        part += [f"fd00:{block:x}::{i:x}/128" for i in range(500)]
        made.set(peers=[peer(KEY, allowed=part)])
        want += part
    made.set(peers=[peer(OTHER, allowed=[V4])])
    state = made.get()
    want = {str(ipaddress.ip_network(p)) for p in want}
    check(state.messages > 3, f"only {state.messages} messages")
    check(not state.interrupted, "marked as interrupted")
    equal(len(state.peers[KEY].allowed), len(want), "number of allowed IPs")
    equal(set(state.peers[KEY].allowed), want, "allowed IPs")
    equal(state.peers[OTHER].allowed, [V4], "the other's")


@case
def thousands_of_peers():
    made = device()
    keys = [struct.pack("<I", i + 3) + bytes(27) + b"\1" for i in range(2000)]
    for first in range(0, len(keys), 250):
        made.set(peers=[peer(k, allowed=[f"10.1.{(first + i) >> 8}.{(first + i) & 255}/32"])
                        for i, k in enumerate(keys[first:first + 250])])
    state = made.get()
    equal(len(state.peers), len(keys), "number of peers")
    for i, key in enumerate(keys):
        equal(state.peers[key].allowed, [f"10.1.{i >> 8}.{i & 255}/32"], f"peer {i}")
    made.set(flags=REPLACE_PEERS)
    equal(made.get().peers, {}, "peers")


@case
def change_during_a_dump_is_told():
    """NLM_F_DUMP_INTR: the reader has to ask again."""
    made = device()
    for first in range(0, 3000, 300):
        made.set(peers=[peer(struct.pack("<I", i + 3) + bytes(27) + b"\1",
                             allowed=[f"10.1.{i >> 8}.{i & 255}/32"])
                        for i in range(first, first + 300)])
    with made.ns.entered():
        reader = netlink.Generic(KIND)
    ktap.cleanup(reader.close)
    # A small buffer keeps the kernel from running ahead of us.
    reader.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.send(reader.family, DUMP, struct.pack("=BBH", GET_DEVICE, 1, 0)
                + attr(D_IFNAME, "wg0"))
    state, done, changed = tunnel.DeviceState(), False, False
    while not done:
        for kind, flags, body in reader.receive():
            if kind == netlink.NLMSG_DONE:
                state.interrupted |= bool(flags & netlink.DUMP_INTR)
                done = True
                break
            state.take(flags, body[4:])
        if not changed:
            made.set(flags=REPLACE_PEERS, peers=[peer(KEY)])
            changed = True
    check(state.interrupted, "the dump is not marked as interrupted")
    equal(list(made.get().peers), [KEY], "peers afterwards")


# --- who may ------------------------------------------------------------------------


def in_child(function):
    """Runs function in a child process; returns the errno it raised, 0 or 255."""
    pid = os.fork()
    if not pid:
        code = 255
        try:
            function()
            code = 0
        except OSError as error:
            code = error.errno
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@case
def without_the_capability():
    made = device(private_key=KEY)

    def drop():
        """Keeps root's name, but none of its capabilities."""
        libc = ctypes.CDLL(None, use_errno=True)
        header = struct.pack("=II", 0x20080522, 0)
        if libc.capset(header, bytes(24)):
            raise OSError(254, "capset")

    def get():
        drop()
        made.get()

    def set_():
        drop()
        made.set(fwmark=1)

    equal(in_child(get), errno.EPERM, "errno of a dump")
    equal(in_child(set_), errno.EPERM, "errno of a change")
    equal(made.get().fwmark, 0, "mark")


@case
def root_of_another_user_namespace():
    """Root there, with a socket made there, in our network namespace: nobody."""
    made = device(private_key=KEY)

    def strange(action):
        def run():
            libc = ctypes.CDLL(None, use_errno=True)
            with made.ns.entered():
                if libc.unshare(0x10000000):  # CLONE_NEWUSER
                    raise OSError(254, "unshare")
                made.genl = netlink.Generic(KIND)
                action()
                os._exit(0)
        return run

    equal(in_child(strange(made.get)), errno.EPERM, "errno of a dump")
    equal(in_child(strange(lambda: made.set(fwmark=1))), errno.EPERM, "errno of a change")
    equal(made.get().fwmark, 0, "mark")


@case
def device_of_another_namespace():
    made, other = device(), Namespace("other")
    with other.entered():
        stranger = netlink.Generic(KIND)
    ktap.cleanup(stranger.close)
    for command, flags in (SET_DEVICE, 0), (GET_DEVICE, DUMP):
        error = refused(lambda: stranger.call(command, attr(D_IFNAME, "wg0"), flags=flags))
        equal(error.errno, errno.ENODEV, "errno")
    equal(made.get().fwmark, 0, "mark")


# --- what is not right -----------------------------------------------------------------


def names(error, number, word, request=b"", dump=False):
    """A refusal has the right errno, and a text with the attribute's name. An
    unknown one has none: then the text says so, and the offset says which."""
    if isinstance(number, int):
        number = (number,)
    check(error.errno in number, f"errno {errno.errorcode.get(error.errno)}, want "
          f"{[errno.errorcode[n] for n in number]} ({error.text})")
    if not OURS or dump and not DUMPS_CAN_TELL:
        return
    if isinstance(word, int):
        check("unknown" in error.text and error.offset, f"what is unknown? {error.text!r}")
        (kind,) = struct.unpack("=H", request[error.offset + 2:error.offset + 4])
        equal(kind & 0x3fff, word, "attribute that the extended ack points to")
        return
    check(word.lower().replace("_", " ") in error.text.lower().replace("_", " "),
          f"the extended-ack text does not name {word}: {error.text!r}")


@case
def no_device():
    made = device()
    call = made.genl.call
    names(refused(lambda: call(SET_DEVICE, attr(D_IFNAME, "nope"))), errno.ENODEV, "ifname")
    names(refused(lambda: call(GET_DEVICE, attr(D_IFNAME, "nope"), flags=DUMP)),
          errno.ENODEV, "ifname", dump=True)
    names(refused(lambda: call(SET_DEVICE, u32(D_IFINDEX, 99999))), errno.ENODEV, "ifindex")
    names(refused(lambda: call(SET_DEVICE)), (errno.EBADR, errno.EINVAL), "ifname")
    names(refused(lambda: call(SET_DEVICE, attr(D_IFNAME, "wg0"), u32(D_IFINDEX, 1))),
          (errno.EBADR, errno.EINVAL), "ifname")
    names(refused(lambda: call(GET_DEVICE, flags=DUMP)), (errno.EBADR, errno.EINVAL), "ifname",
          dump=True)


@case
def device_of_another_kind():
    made = device()
    names(refused(lambda: made.genl.call(SET_DEVICE, attr(D_IFNAME, "lo"), u32(D_FWMARK, 1))),
          errno.EOPNOTSUPP, "ifname")
    names(refused(lambda: made.genl.call(GET_DEVICE, attr(D_IFNAME, "lo"), flags=DUMP)),
          errno.EOPNOTSUPP, "ifname", dump=True)


def prefix(**change):
    """A peer with one allowed IP, of which some attribute is as given or left out."""
    fields = {"family": u16(A_FAMILY, 2), "address": attr(A_IPADDR, bytes([192, 0, 2, 5])),
              "mask": u8(A_CIDR_MASK, 32), **change}
    return nest(D_PEERS, nest(0, attr(P_PUBLIC_KEY, KEY),
                              nest(P_ALLOWEDIPS, nest(0, *fields.values()))))


def one_peer(*attributes_):
    return nest(D_PEERS, nest(0, attr(P_PUBLIC_KEY, KEY), *attributes_))


WRONG_SIZE = errno.ERANGE, errno.EINVAL

# What is wrong, the request that has it, its errno, what the text has to name.
BAD = {
    "private_key_too_short": (attr(D_PRIVATE_KEY, bytes(31)), WRONG_SIZE, "private_key"),
    "private_key_too_long": (attr(D_PRIVATE_KEY, bytes(33)), WRONG_SIZE, "private_key"),
    "public_key_of_the_device": (attr(D_PUBLIC_KEY, bytes(32)), errno.EINVAL, "public_key"),
    "port_of_one_byte": (attr(D_LISTEN_PORT, b"x"), WRONG_SIZE, "listen_port"),
    "port_of_four_bytes": (u32(D_LISTEN_PORT, 1), WRONG_SIZE, "listen_port"),
    "mark_of_two_bytes": (u16(D_FWMARK, 1), WRONG_SIZE, "fwmark"),
    "unknown_device_flag": (u32(D_FLAGS, 0x80), (errno.EOPNOTSUPP, errno.EINVAL), "flags"),
    "unknown_device_attribute": (u32(63, 1), errno.EINVAL, 63),
    "unknown_attribute_of_ours": (u32(200, 1), errno.EINVAL, 200),
    "peers_not_nested": (attr(D_PEERS, bytes(8)), errno.EINVAL, "peers"),
    "peers_of_rubbish": (attr(D_PEERS | NESTED, b"\xff" * 24), errno.EINVAL, "peers"),
    "peer_without_a_key": (nest(D_PEERS, nest(0, u16(P_KEEPALIVE, 1))), errno.EINVAL,
                           "public_key"),
    "peer_key_too_short": (nest(D_PEERS, nest(0, attr(P_PUBLIC_KEY, bytes(31)))),
                           WRONG_SIZE, "public_key"),
    "preshared_key_too_short": (one_peer(attr(P_PRESHARED_KEY, bytes(5))), WRONG_SIZE,
                                "preshared_key"),
    "unknown_peer_flag": (one_peer(u32(P_FLAGS, 0x80)), (errno.EOPNOTSUPP, errno.EINVAL),
                          "flags"),
    "unknown_peer_attribute": (one_peer(u32(63, 1)), errno.EINVAL, 63),
    "protocol_version_2": (one_peer(u32(P_PROTOCOL_VERSION, 2)), errno.EPFNOSUPPORT,
                           "protocol_version"),
    "endpoint_too_short": (one_peer(attr(P_ENDPOINT, sockaddr("192.0.2.1", 1)[:15])),
                           (errno.EINVAL, errno.ERANGE), "endpoint"),
    "endpoint_too_long": (one_peer(attr(P_ENDPOINT, sockaddr("2001:db8::1", 1) + b"1234")),
                          (errno.EINVAL, errno.ERANGE), "endpoint"),
    "endpoint_of_a_strange_family": (one_peer(attr(P_ENDPOINT, b"\x11\x00" + bytes(14))),
                                     (errno.EINVAL, errno.EAFNOSUPPORT), "endpoint"),
    "endpoint_ipv4_of_ipv6_size": (one_peer(attr(P_ENDPOINT, b"\x02\x00" + bytes(26))),
                                   errno.EINVAL, "endpoint"),
    "keepalive_of_four_bytes": (one_peer(u32(P_KEEPALIVE, 1)), WRONG_SIZE,
                                "persistent_keepalive"),
    "allowed_ips_not_nested": (one_peer(attr(P_ALLOWEDIPS, bytes(8))), errno.EINVAL,
                               "allowedips"),
    "prefix_too_long_ipv4": (prefix(mask=u8(A_CIDR_MASK, 33)), errno.EINVAL, "cidr_mask"),
    "prefix_too_long_ipv6": (prefix(family=u16(A_FAMILY, 10), address=attr(A_IPADDR, bytes(16)),
                                    mask=u8(A_CIDR_MASK, 129)), errno.EINVAL, "cidr_mask"),
    "prefix_without_a_family": (prefix(family=b""), errno.EINVAL, "family"),
    "prefix_without_an_address": (prefix(address=b""), errno.EINVAL, "ipaddr"),
    "prefix_without_a_mask": (prefix(mask=b""), errno.EINVAL, "cidr_mask"),
    "prefix_of_a_strange_family": (prefix(family=u16(A_FAMILY, 3)),
                                   (errno.EINVAL, errno.EAFNOSUPPORT), "family"),
    "address_of_the_other_family": (prefix(family=u16(A_FAMILY, 10)), errno.EINVAL, "ipaddr"),
    "address_of_five_bytes": (prefix(address=attr(A_IPADDR, bytes(5))),
                              (errno.EINVAL, errno.ERANGE), "ipaddr"),
    "unknown_prefix_flag": (prefix(flags=u32(A_FLAGS, 0x80)),
                            (errno.EOPNOTSUPP, errno.EINVAL), "flags"),
    "interface_of_two_bytes": (u16(tunnel.D_BIND_IFINDEX, 1), WRONG_SIZE, "bind_ifindex"),
    "bind_address_of_five_bytes": (attr(tunnel.D_BIND_ADDR4, bytes(5)), WRONG_SIZE, "bind_addr4"),
    "bind_address_too_short": (attr(tunnel.D_BIND_ADDR6, bytes(15)), WRONG_SIZE, "bind_addr6"),
    "counters_set": (one_peer(nest(tunnel.P_STATS)), errno.EINVAL, "stats"),
    "reading_flag_in_a_change": (u32(D_FLAGS, tunnel.WITH_STATS), errno.EOPNOTSUPP, "flags"),
    "unknown_prefix_attribute": (prefix(more=u32(63, 1)), errno.EINVAL, 63),
}

# What the kernel's own module takes, or refuses in another way.
LENIENT = {"peers_of_rubbish", "public_key_of_the_device", "endpoint_of_a_strange_family",
           "endpoint_too_short", "endpoint_too_long", "endpoint_ipv4_of_ipv6_size",
           "unknown_prefix_flag", "address_of_five_bytes", "reading_flag_in_a_change",
           "interface_of_two_bytes", "bind_address_of_five_bytes", "bind_address_too_short",
           "counters_set"}


def snapshot(made):
    state = made.get()
    return (state.private_key, state.listen_port, state.fwmark,
            {k: vars(p) for k, p in state.peers.items()})


def refuse(name):
    request, number, word = BAD[name]

    def run():
        if not OURS and name in LENIENT:
            raise Skip("n/a: the kernel's own module is more lenient here")
        made = device(private_key=os.urandom(32), listen_port=4000, fwmark=1, peers=[
            peer(KEY, allowed=[V4], keepalive=7, endpoint=("192.0.2.3", 3)),
            peer(OTHER, allowed=[V6])])
        before = snapshot(made)
        # Good settings around the bad one: they may not come true either.
        error = refused(lambda: made.raw(u32(D_FWMARK, 2), u16(D_LISTEN_PORT, 4001), request)
                        if OURS else made.raw(request))
        names(error, number, word, made.genl.request)
        if OURS:
            equal(snapshot(made), before, "the device after the refusal")

    run.__name__ = "refused_" + name
    return run


for _name in BAD:
    case(refuse(_name))


@case
def bad_peer_after_good_ones_changes_nothing():
    if not OURS:
        raise Skip("n/a: the kernel's own module stops halfway")
    made = device(listen_port=4000, peers=[peer(KEY, allowed=[V4])])
    before = snapshot(made)
    error = refused(lambda: made.set(flags=REPLACE_PEERS, listen_port=4001, peers=[
        peer(b"\x04" * 32, allowed=["10.0.0.0/8"]), peer(KEY, flags=REMOVE_ME),
        nest(0, attr(P_PUBLIC_KEY, b"\x05" * 32), u32(P_PROTOCOL_VERSION, 9))]))
    names(error, errno.EPFNOSUPPORT, "protocol_version")
    equal(snapshot(made), before, "the device after the refusal")


@case
def unknown_command():
    made = device()
    error = refused(lambda: made.genl.call(77, attr(D_IFNAME, "wg0")))
    equal(error.errno, errno.EOPNOTSUPP, "errno")


@case
def truncated_and_random_requests():
    """Whatever the bytes: an answer, and a device that can still be used."""
    made = device(private_key=os.urandom(32), peers=[peer(KEY, allowed=[V4])])
    good = attr(D_IFNAME, "wg0") + u32(D_FWMARK, 3) + nest(D_PEERS, peer(
        KEY, allowed=[V4, V6], endpoint=("192.0.2.3", 3), preshared_key=OTHER))
    source = random.Random(1)
    refusals = 0
    for i in range(400):
        request = bytearray(good)
        if i % 2:
            del request[source.randrange(len(request)):]
        for _ in range(source.randrange(1, 6)):
            if request:
                request[source.randrange(len(request))] = source.getrandbits(8)
        try:
            made.genl.call(SET_DEVICE, bytes(request))
        except NetlinkError:
            refusals += 1
    check(refusals > 100, f"only {refusals} refusals")
    made.set(flags=REPLACE_PEERS, fwmark=9, peers=[peer(KEY, allowed=[V4])])
    equal((made.get().fwmark, allowed(made)), (9, [V4]), "mark and allowed IPs")


@case
def device_names_and_link_messages():
    """Links of our kind: many, renamed, and twice the same name."""
    made = device()
    made.ns.ip("link set wg0 name other")
    made.name = "other"
    made.set(fwmark=4)
    equal(made.get().fwmark, 4, "mark")
    try:
        made.ns.ip(f"link add other type {KIND}")
        check(False, "two devices of one name")
    except ktap.Failure as failure:
        check("exists" in str(failure), str(failure))
    made.ns.ip(*(f"link add many{i} type {KIND}" for i in range(20)))
    made.ns.ip(*(f"link del many{i}" for i in range(20)))


if __name__ == "__main__":
    ktap.main()

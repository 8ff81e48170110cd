#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What show and showconf print is what wg prints, to the byte.

Both ask the same device, a socket that tells whatever a case wants.
"""

import base64
import os
import time

from common import (Device, FIELDS, PEERS, SOCKETS, check, equal, good, need_wg, own_namespaces, peer,
                    same, warren)
import ktap
from ktap import case


def full():
    """One device with everything, and peers with all, some and nothing."""
    now = int(time.time())
    return (f"private_key={'ab' * 32}\nlisten_port=51820\nfwmark=4660\n"
            + peer(0, f"preshared_key={'cd' * 32}", "endpoint=[2001:db8::5%2]:51820",
                   f"last_handshake_time_sec={now - 1000000}", "rx_bytes=2224", "tx_bytes=38333",
                   "persistent_keepalive_interval=111", "allowed_ip=192.168.4.4/32",
                   "allowed_ip=10.0.0.0/8", "allowed_ip=fd00::/64")
            + peer(1)
            + peer(2, "endpoint=192.0.2.9:1", f"last_handshake_time_sec={now - 100000}",
                   "rx_bytes=1929999999", "tx_bytes=1212111", "allowed_ip=0.0.0.0/0",
                   "persistent_keepalive_interval=1"))


def second():
    """That of time(2), whose clock follows time.time() by up to a tick."""
    return int(time.clock_gettime(5))  # CLOCK_REALTIME_COARSE


def in_a_second(compare):
    """Compares, again when a second passed meanwhile."""
    for _ in range(9):
        began = second()
        try:
            return compare()
        except ktap.Failure:
            if second() == began:
                raise
    raise ktap.Failure("a second passed nine times between what is compared")


def same_now(*argv, **env):
    return in_a_second(lambda: same(*argv, **env))


@case
def pretty():
    need_wg()
    Device("wgt", full())
    text = same_now("show", "wgt")
    check("peer: " + PEERS[2] in text.split("\n\n")[1], "latest handshake first")


@case
def pretty_of_all_is_the_default():
    need_wg()
    Device("wgt", full())
    Device("wgu", peer(1))
    in_a_second(lambda: equal(same("show"), same("show", "all"), "show"))
    in_a_second(lambda: equal(good(), good("show", "all"), "no arguments"))


@case
def pretty_in_colours():
    need_wg()
    Device("wgt", full())
    Device("wgu", peer(1, "rx_bytes=1"))
    for mode in ("always", "never", "auto", "nonsense"):
        same_now("show", WG_COLOR_MODE=mode)
    check("\033[" in good("show", WG_COLOR_MODE="always"), "colours")
    check("\033[" not in good("show"), "no colours into a pipe")


@case
def secrets_only_when_asked():
    need_wg()
    Device("wgt", full())
    for mode in ("never", "always", "nonsense"):
        same_now("show", "wgt", WG_HIDE_KEYS=mode)
    secret = base64.b64encode(bytes.fromhex("ab" * 32)).decode()
    check(secret not in good("show", "wgt"), "the private key is hidden")
    check(secret in good("show", "wgt", WG_HIDE_KEYS="never"), "and shown when asked")


@case
def every_field_of_one():
    need_wg()
    Device("wgt", full())
    for field in FIELDS:
        same("show", "wgt", field)


@case
def every_field_of_all():
    need_wg()
    Device("wgt", full())
    Device("wgu")
    Device("wgv", peer(2, "endpoint=198.51.100.1:9"))
    for field in FIELDS:
        same("show", "all", field)


@case
def fields_of_an_empty_device():
    need_wg()
    Device("wgt")
    for field in FIELDS:
        same("show", "wgt", field)
    same("show", "wgt")
    same("showconf", "wgt")


@case
def interfaces():
    need_wg()
    equal(same("show", "interfaces"), "", "none")
    Device("wgu")
    equal(same("show", "interfaces"), "wgu\n", "one")
    Device("wgt")
    equal(sorted(good("show", "interfaces").split()), ["wgt", "wgu"], "two")
    open(f"{SOCKETS}/dead.sock", "w").close()
    ktap.cleanup(os.unlink, f"{SOCKETS}/dead.sock")
    check("dead" not in good("show", "interfaces"), "a socket nobody listens at")


@case
def showconf():
    need_wg()
    Device("wgt", full())
    same("showconf", "wgt")


@case
def how_long_ago():
    need_wg()
    device = Device("wgt")
    for ago in (0, 1, 2, 59, 60, 61, 3599, 3600, 3661, 86399, 86400, 90061, 31535999, 31536000,
                99999999, -1, -1000):
        for _ in range(5):
            device.state = peer(0, f"last_handshake_time_sec={int(time.time()) - ago}")
            try:
                same("show", "wgt", WG_COLOR_MODE="always")
                break
            except ktap.Failure:
                continue
        else:
            raise ktap.Failure(f"{ago} seconds ago")


@case
def how_much():
    need_wg()
    device = Device("wgt")
    for amount in (1, 1023, 1024, 1025, 1048575, 1048576, 1073741823, 1073741824, 2**40 - 1,
                   2**40, 2**50, 2**64 - 1):
        device.state = peer(0, f"rx_bytes={amount}", f"tx_bytes={amount // 3}")
        same("show", "wgt")
        same("show", "wgt", "transfer")


@case
def intervals():
    need_wg()
    device = Device("wgt")
    for seconds in (1, 59, 60, 61, 3600, 3661, 65535):
        device.state = peer(0, f"persistent_keepalive_interval={seconds}")
        same("show", "wgt")


@case
def peers_without_handshake_keep_their_order():
    need_wg()
    Device("wgt", peer(2) + peer(0, "last_handshake_time_sec=5") + peer(1, "rx_bytes=1"))
    same_now("show", "wgt")
    same("show", "wgt", "peers")


@case
def mapped_and_scoped_addresses():
    need_wg()
    Device("wgt", peer(0, "endpoint=[::ffff:192.0.2.1]:1", "allowed_ip=::ffff:1.2.3.0/120")
           + peer(1, "endpoint=[fe80::1%1]:65535", "allowed_ip=::/0", "allowed_ip=::1/128"))
    for field in (None, "endpoints", "allowed-ips"):
        same("show", "wgt", *([field] if field else []))


@case
def a_lost_interface_does_not_hide_the_others():
    Device("wgt", full())
    broken = Device("wgu")
    broken.error = 1
    code, out, err = warren("show", "all", "listen-port")
    equal((code, out), (7, "wgt\t51820\n"), "what is left, and the exit code")
    check("wgu" in err, err)


own_namespaces()
ktap.main()

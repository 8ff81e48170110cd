#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What set, setconf, addconf and syncconf ask of a device is what wg asks."""

from common import (Device, PEERS, PRIVATE, VALUE, check, equal, file_with, good, hexed, need_wg,
                    own_namespaces, peer, refused, run, warren)
import ktap
from ktap import case

A, B, C = PEERS


def both(*argv):
    """Runs wg and warren; their requests must be the same. Returns warren's lines."""
    need_wg()
    device = Device()
    argv = [device.name if a == "DEV" else a for a in argv]
    code, _, err = run("wg", *argv)
    equal(code, 0, f"wg {argv}: {err}")
    code, _, err = warren(*argv)
    equal(code, 0, f"warren {argv}: {err}")
    want, got = device.requests
    equal(got, want, f"{argv}")
    ktap._cleanups.pop()[0]()
    return got.splitlines()


@case
def set_interface():
    key = file_with(PRIVATE + "\n")
    both("set", "DEV", "listen-port", "5", "fwmark", "0x10")
    both("set", "DEV", "listen-port", "0", "fwmark", "off")
    both("set", "DEV", "fwmark", "0xFFffFFff")
    both("set", "DEV", "fwmark", "010")
    both("set", "DEV", "private-key", key)
    both("set", "DEV", "private-key", "/dev/null")


@case
def set_peers():
    psk = file_with(PRIVATE)
    both("set", "DEV", "peer", A)
    both("set", "DEV", "peer", A, "remove")
    both("set", "DEV", "peer", A, "remove", "endpoint", "192.0.2.1:5")
    both("set", "DEV", "peer", A, "endpoint", "192.0.2.1:5", "persistent-keepalive", "off",
         "preshared-key", psk, "peer", B, "persistent-keepalive", "25", "endpoint", "[::1]:77",
         "preshared-key", "/dev/null")
    both("set", "DEV", "peer", A, "endpoint", "[fe80::1%lo]:53")
    both("set", "DEV", "peer", A, "endpoint", "::1:99")


@case
def set_allowed_ips():
    both("set", "DEV", "peer", A, "allowed-ips", "")
    both("set", "DEV", "peer", A, "allowed-ips", "10.0.0.1,fd00::/64, 10.0.0.0/8 ,0.0.0.0/0")
    both("set", "DEV", "peer", A, "peer", A, "allowed-ips", "192.0.2.0/24")


@case
def host_bits_are_cleared_with_a_warning():
    device = Device()
    code, _, err = warren("set", "wgt", "peer", A, "allowed-ips", "10.1.2.3/8,fd00::1/64")
    equal(code, 0, err)
    check("10.1.2.3/8" in err and "10.0.0.0/8" in err and "allowed-ips" in err, err)
    check("allowed_ip=10.0.0.0/8\nallowed_ip=fd00::/64\n" in device.requests[0], device.requests)


@case
def increments_do_not_replace():
    device = Device()
    good("set", "wgt", "peer", A, "allowed-ips", "+10.0.0.0/8,-fd00::/64,192.0.2.1")
    equal(device.requests[0].splitlines()[2:],
          ["allowed_ip=10.0.0.0/8", "allowed_ip=-fd00::/64", "allowed_ip=192.0.2.1/32", ""],
          "request")


@case
def whole_lists_where_one_cannot_be_taken_away():
    device = Device("wgt", peer(0, "allowed_ip=10.0.0.0/8", "allowed_ip=fd00::/64",
                                "allowed_ip=192.0.2.1/32"))
    device.refuses = "allowed_ip=-"
    good("set", "wgt", "peer", A, "allowed-ips", "-fd00::/64,+10.1.0.0/16,-10.9.0.0/16")
    equal(len(device.requests), 2, "asked twice")
    equal(device.requests[1].splitlines()[1:-1],
          [f"public_key={hexed(A)}", "replace_allowed_ips=true", "allowed_ip=10.0.0.0/8",
           "allowed_ip=192.0.2.1/32", "allowed_ip=10.1.0.0/16"], "the second time")


@case
def setconf():
    both("setconf", "DEV", file_with(""))
    both("setconf", "DEV", "/dev/null")
    both("setconf", "DEV", file_with("[Interface]\n"))
    both("setconf", "DEV", file_with(f"""# first
        [interface]
        privatekey={PRIVATE} # c
        LISTENPORT = 1
        FwMark = 0x20
         [ Peer ] # x
        Public Key = {A}
        PresharedKey = {PRIVATE}
        Allowed IPs = 1.2.3.4 , 10.0.0.0 / 8
        AllowedIPs=::/0
        Endpoint = [2001:db8::1]:99
        PersistentKeepalive = 25

        [Peer]
        PublicKey={B}
        PersistentKeepalive=off"""))


@case
def setconf_odd_but_valid():
    both("setconf", "DEV", file_with("[Interface]\r\nListenPort=5\r\n"))
    both("setconf", "DEV", file_with("[Interface]\nListenPort=5\nListenPort=6\n"
                                     "[Interface]\nFwMark=off\n"))
    both("setconf", "DEV", file_with(f"[Peer]\nPublicKey={A}\nPublicKey={B}\n"
                                     "Endpoint=192.0.2.1:5\nEndpoint=192.0.2.2:6\n"))
    both("setconf", "DEV", file_with(f"[Peer]\nPublicKey={A}\n[Peer]\nPublicKey={A}\n"
                                     "AllowedIPs=1.1.1.1\n"))


@case
def addconf():
    both("addconf", "DEV", file_with(f"[Interface]\nListenPort=9\n[Peer]\nPublicKey={A}\n"
                                     "AllowedIPs=1.1.1.1/32\n"))
    both("addconf", "DEV", file_with(f"[Peer]\nPublicKey={A}\n"))


@case
def empty_allowed_ips_are_none():
    device = Device()
    good("setconf", "wgt", file_with(f"[Peer]\nPublicKey={A}\nAllowedIPs =\n"))
    check("replace_allowed_ips=true" in device.requests[0], device.requests)


@case
def a_roundtrip_is_the_same():
    device = Device("wgt", f"private_key={'40' * 32}\nlisten_port=7\nfwmark=9\n"
                    + peer(0, "endpoint=192.0.2.1:5", "allowed_ip=10.0.0.0/8",
                           f"preshared_key={'cd' * 32}", "persistent_keepalive_interval=3")
                    + peer(1))
    path = file_with(good("showconf", "wgt"))
    good("syncconf", "wgt", path)
    equal(device.requests, [], "syncconf of what is there asks for nothing")
    good("setconf", "wgt", path)
    for line in device.state.splitlines():
        check(line in device.requests[0], f"{line} in {device.requests[0]}")


def synced(state, text):
    """What syncconf asks of a device in this state, without the first line."""
    device = Device("wgt", state)
    good("syncconf", "wgt", file_with(text))
    ktap._cleanups.pop()[0]()
    ktap._cleanups.pop()[0]()
    return device.requests[0].splitlines()[1:-1] if device.requests else []


@case
def syncconf_changes_only_what_differs():
    state = peer(0, "allowed_ip=10.0.0.0/8") + peer(1, "endpoint=192.0.2.1:5",
                                                    "allowed_ip=10.1.0.0/16")
    stay = f"[Peer]\nPublicKey={A}\nAllowedIPs=10.0.0.0/8\n"
    equal(synced(state, stay), [f"public_key={hexed(B)}", "remove=true"], "a peer goes")
    equal(synced(state, stay + f"[Peer]\nPublicKey={B}\nAllowedIPs=10.1.0.0/16\n"), [],
          "an endpoint learned stays")
    equal(synced(state, stay + f"[Peer]\nPublicKey={B}\nAllowedIPs=10.1.0.0/16, 10.2.0.0/16\n"
                 "Endpoint=192.0.2.1:6\n"),
          [f"public_key={hexed(B)}", "endpoint=192.0.2.1:6", "allowed_ip=10.2.0.0/16"],
          "an address more, and a new endpoint")
    equal(synced(state, stay + f"[Peer]\nPublicKey={B}\nAllowedIPs=10.2.0.0/16\n"),
          [f"public_key={hexed(B)}", "replace_allowed_ips=true", "allowed_ip=10.2.0.0/16"],
          "an address less")


@case
def syncconf_moves_a_network():
    state = peer(0, "allowed_ip=10.0.0.0/8") + peer(1)
    text = f"[Peer]\nPublicKey={A}\n[Peer]\nPublicKey={B}\nAllowedIPs=10.0.0.0/8\n"
    lines = synced(state, text)
    check(f"public_key={hexed(A)}" in lines and "allowed_ip=10.0.0.0/8" in lines, lines)
    device = Device("wgt", peer(0) + peer(1, "allowed_ip=10.0.0.0/8"))
    # Both claim it: the last has it, which is how it is.
    good("syncconf", "wgt", file_with(f"[Peer]\nPublicKey={A}\nAllowedIPs=10.0.0.0/8\n" + text))
    equal(device.requests, [], "nothing to do")


@case
def syncconf_of_interface():
    state = f"private_key={'40' * 32}\nlisten_port=7\nfwmark=9\n"
    equal(synced(state, "[Interface]\nListenPort=8\n"),
          [f"private_key={'00' * 32}", "listen_port=8", "fwmark=0"], "what is not said goes")
    equal(synced("listen_port=7\n", ""), [], "any port will do")


@case
def nothing_is_sent_after_a_mistake():
    device = Device()
    refused(VALUE, "2.2.2.2/33", argv=["set", "wgt", "listen-port", "5", "peer", A, "allowed-ips",
                                       "1.1.1.1,2.2.2.2/33"])
    refused(VALUE, ":4:", argv=["setconf", "wgt", file_with(
        "[Interface]\nListenPort=5\n[Peer]\nPublicKey=x\n")])
    equal(device.requests, [], "requests")


own_namespaces()
ktap.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""JSON of every reading verb: valid, complete, of the documented names and types."""

import base64
import json

from common import (Device, NODEV, PEERS, USAGE, check, equal, good, own_namespaces, peer, refused,
                    warren)
import ktap
from ktap import case

SECRET = base64.b64encode(bytes.fromhex("ab" * 32)).decode()
PSK = base64.b64encode(bytes.fromhex("cd" * 32)).decode()

INTERFACE = {"name": str, "index": int, "kind": str, "public_key": (str, type(None)),
             "has_private_key": bool, "listen_port": int, "fwmark": int,
             "bind": (str, type(None)), "bind_addresses": list, "peers": list}
PEER = {"public_key": str, "has_preshared_key": bool, "endpoint": (str, type(None)),
        "allowed_ips": list, "latest_handshake": int, "rx_bytes": int, "tx_bytes": int,
        "persistent_keepalive": int}


def state():
    return (f"private_key={'ab' * 32}\nlisten_port=51820\nfwmark=4660\n"
            + peer(0, f"preshared_key={'cd' * 32}", "endpoint=[2001:db8::5]:51820",
                   "last_handshake_time_sec=1700000000", "rx_bytes=18446744073709551615",
                   "tx_bytes=38333", "persistent_keepalive_interval=111",
                   "allowed_ip=192.168.4.4/32", "allowed_ip=fd00::/64")
            + peer(1))


def typed(value, types, what):
    """The names are exactly these, and each has its type."""
    equal(sorted(value), sorted(types), what)
    for name, kind in types.items():
        kinds = kind if isinstance(kind, tuple) else (kind,)
        check(type(value[name]) in kinds, f"{what}.{name} is {value[name]!r}")


def shown(*argv, **env):
    return json.loads(good("show", *argv, "--json", **env))["interfaces"]


@case
def one_interface():
    Device("wgt", state())
    (device,) = shown("wgt")
    typed(device, INTERFACE, "interface")
    for one in device["peers"]:
        typed(one, PEER, "peer")
    equal((device["name"], device["kind"], device["listen_port"], device["fwmark"]),
          ("wgt", "userspace", 51820, 4660), "interface")
    first, second = device["peers"]
    equal(first["public_key"], PEERS[0], "peers in the device's order")
    equal(first, {"public_key": PEERS[0], "has_preshared_key": True,
                  "endpoint": "[2001:db8::5]:51820",
                  "allowed_ips": ["192.168.4.4/32", "fd00::/64"],
                  "latest_handshake": 1700000000, "rx_bytes": 2**64 - 1, "tx_bytes": 38333,
                  "persistent_keepalive": 111}, "a full peer")
    equal((second["endpoint"], second["allowed_ips"], second["latest_handshake"],
           second["persistent_keepalive"]), (None, [], 0, 0), "an empty peer")


@case
def all_interfaces():
    equal(shown("all"), [], "none")
    Device("wgt", state())
    Device("wgu")
    equal({d["name"] for d in shown("all")}, {"wgt", "wgu"}, "both")
    equal(shown(), shown("all"), "the default")
    equal({*shown("interfaces")}, {"wgt", "wgu"}, "names")
    empty = next(d for d in shown() if d["name"] == "wgu")
    equal((empty["public_key"], empty["has_private_key"], empty["peers"]), (None, False, []),
          "an empty interface")


@case
def secrets_only_when_asked():
    Device("wgt", state())
    text = good("show", "--json")
    check(SECRET not in text and PSK not in text, "hidden")
    (device,) = shown(WG_HIDE_KEYS="never")
    equal((device["private_key"], device["peers"][0]["preshared_key"],
           device["peers"][1]["preshared_key"]), (SECRET, PSK, None), "shown when asked")


@case
def showconf():
    Device("wgt", state())
    device = json.loads(good("showconf", "wgt", "--json"))
    equal((device["name"], device["private_key"], len(device["peers"])), ("wgt", SECRET, 2),
          "with its secrets, as showconf")


@case
def refused_is_still_json():
    broken = Device("wgt", state())
    broken.error = 1
    code, text, _ = warren("show", "wgt", "--json")
    equal((code, json.loads(text)), (7, {"interfaces": []}), "exit code and text")


@case
def not_with_a_field():
    refused(USAGE, "Usage: warren show", argv=["show", "all", "dump", "--json"])
    refused(USAGE, "Usage: warren showconf", argv=["showconf", "--json"])
    refused(NODEV, "nosuch", argv=["showconf", "nosuch", "--json"])


own_namespaces()
ktap.main()

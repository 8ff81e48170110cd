#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""resolve sets what a name means now, for peers that have not been heard from."""

import time

from common import (Device, NODEV, PEERS, RESOLVE, check, equal, file_with, good, hexed,
                    own_namespaces, peer, refused)
import ktap
from ktap import case

A, B, C = PEERS
NO_RETRY = {"WG_ENDPOINT_RESOLUTION_RETRIES": "0"}


def config(*peers):
    return file_with("".join(f"[Peer]\nPublicKey = {key}\nEndpoint = {endpoint}\n"
                             for key, endpoint in peers), "wgt.conf")


def heard(seconds):
    return f"last_handshake_time_sec={int(time.time()) - seconds}"


@case
def a_silent_peer_gets_the_new_address():
    for line in (heard(136), heard(100000), "rx_bytes=0"):
        device = Device("wgt", peer(0, "endpoint=192.0.2.1:5", line))
        out = good("resolve", config((A, "localhost:7")))
        check(f"~ peer {A} endpoint: 192.0.2.1:5 -> " in out, out)
        (request,) = device.requests
        equal(request.splitlines()[:3], ["set=1", f"public_key={hexed(A)}", "update_only=true"],
              "request")
        check(any(x in request for x in ("endpoint=127.0.0.1:7", "endpoint=[::1]:7")), request)
        ktap._cleanups.pop()[0]()
        ktap._cleanups.pop()[0]()


@case
def a_peer_that_is_heard_keeps_its_address():
    device = Device("wgt", peer(0, "endpoint=192.0.2.1:5", heard(100)))
    equal(good("resolve", config((A, "localhost:7"))), "", "output")
    equal(device.requests, [], "requests")


@case
def the_same_address_asks_for_nothing():
    device = Device("wgt", peer(0, "endpoint=127.0.0.1:7") + peer(1, "endpoint=[::1]:7"))
    good("resolve", config((A, "localhost:7"), (B, "localhost:7")))
    equal(len(device.requests), 1, "one of the two is what localhost is first")


@case
def addresses_need_no_look():
    device = Device("wgt", peer(0, "endpoint=192.0.2.1:5"))
    good("resolve", config((A, "192.0.2.9:5")))
    equal(device.requests, [], "an endpoint without a name is where the peer roamed from")


@case
def a_peer_the_device_has_not():
    device = Device("wgt", peer(0, "endpoint=192.0.2.1:5", heard(5)))
    good("resolve", config((B, "localhost:7")))
    equal(device.requests, [], "requests")


@case
def a_bad_name_does_not_hold_the_others():
    device = Device("wgt", peer(0) + peer(1) + peer(2))
    path = config((A, "nosuch.invalid:1"), (B, "localhost:7"), (C, "alsonot.invalid:1"))
    refused(RESOLVE, f"{path}:3: Endpoint: ", "nosuch.invalid", f"{path}:9: Endpoint: ",
            "alsonot.invalid", argv=["resolve", path], **NO_RETRY)
    equal([hexed(B) in request for request in device.requests], [True], "B is set")


@case
def no_interface():
    refused(NODEV, "wgt", argv=["resolve", config((A, "localhost:7"))])


own_namespaces()
ktap.main()

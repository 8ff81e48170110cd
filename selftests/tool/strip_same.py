#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What strip prints is what wg-quick prints, to the byte, and setconf takes it."""

from common import (Device, PEERS, PRIVATE, VALUE, check, equal, file_with, good, own_namespaces,
                    refused, run)
import ktap
from ktap import case

PEER = f"[Peer]\nPublicKey = {PEERS[0]}\n"

FILES = (
    "",
    "\n\n",
    "# only a comment",
    f"[Interface]\nPrivateKey = {PRIVATE}\nAddress = 10.0.0.1/24\nListenPort = 5\n",
    f"""# hello
[Interface]
  PrivateKey = {PRIVATE}   # c
Address = 10.1.0.1/24, fd01::1/64
address=10.2.0.1
\tListenPort\t= 7777 # c
PreUp = echo preup %i
PostUp = echo = # x
PreDown = x
PostDown = y
Table = auto
DNS = 192.0.2.53
MTU = 1400
#SaveConfig = true
SaveConfig=true

{PEER}AllowedIPs = 10.1.0.2/32, 10.9.0.0/16
  # indented
[Peer] # a second one
PublicKey = {PEERS[1]}
PersistentKeepalive=25""",
    f"{PEER}\n[Interface]\nMTU = 1400\nFwMark = 1\n{PEER}\n",
)


@case
def as_wg_quick():
    for text in FILES:
        path = file_with(text, "t0.conf")
        code, want, err = run("wg-quick", "strip", path)
        equal(code, 0, err)
        equal(good("strip", path), want, repr(text))


@case
def setconf_takes_it():
    Device()
    for text in FILES:
        good("setconf", "wgt", file_with(good("strip", file_with(text, "t0.conf"))))


@case
def a_mistake_is_told():
    path = file_with("[Interface]\nAddress = x\n", "t0.conf")
    refused(VALUE, f"{path}:2: Address: ", argv=["strip", path])


@case
def a_name_is_looked_for():
    err = refused(4, "nosuch.conf", argv=["strip", "nosuch"])
    check("/etc/warren" in err and "/etc/wireguard" in err, err)


own_namespaces()
ktap.main()

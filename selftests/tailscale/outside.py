#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What the server tells of others: name servers, names of our own, relays from a file."""

import json
import os
import pathlib
import shutil
import signal
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import ktap
import mesh
from ktap import case, cleanup, equal
from mesh import CONTROL, URL, Host, Mesh, ann_and, proof, releases, start, until

RESOLVER = pathlib.Path(__file__).with_name("resolver.py")
SPLIT, GLOBAL = "10.99.0.90", "10.99.0.91"


def address(node, name):
    return node.run("getent", "ahostsv4", name).split()[0]


@case(timeout=600)
def names_are_asked_of_the_servers_that_know_them():
    net = proof(dns={"nameservers": [GLOBAL], "override_local": True, "split": {"corp.example": [SPLIT]},
                     "search": ["corp.example"], "extra_records": [{"name": "git.mesh.internal", "value": "192.0.2.3"}]})
    servers = Host(net, "dns", SPLIT)
    servers.ns.address("eth0", GLOBAL + "/24")
    servers.start(RESOLVER, SPLIT, "www.corp.example=192.0.2.1", "www.example.org=192.0.2.99")
    servers.start(RESOLVER, GLOBAL, "www.example.org=192.0.2.2", "www.corp.example=192.0.2.99")
    a = net.node("a").join(net.key("ann"))
    a.ts("set", "--accept-dns=true")
    for name, want in (("git.mesh.internal", "192.0.2.3"), ("www.corp.example", "192.0.2.1"),
                       ("www", "192.0.2.1"), ("www.example.org", "192.0.2.2"), ("box-a.mesh.internal", a.address)):
        equal(until(lambda name=name: address(a, name), f"{name} to resolve"), want, name)


def relay_map(file, code):
    file.write_text("// of a provider\n" + json.dumps({"Regions": {"901": {
        "RegionID": 901, "RegionCode": code, "RegionName": "Elsewhere", "Nodes": [{
            "Name": "901a", "RegionID": 901, "HostName": "10.99.0.1", "IPv4": "10.99.0.1", "IPv6": "none",
            "DERPPort": 9443, "STUNPort": 3479}]}}}))


@case(timeout=600)
def relays_of_a_file_are_used():
    folder = pathlib.Path(tempfile.mkdtemp())
    cleanup(shutil.rmtree, folder)
    relay_map(folder / "map", "ext")
    net = Mesh(server_url=URL, relay={"enabled": False, "map_file": str(folder / "map")})
    # The relay of another server, which does not know our nodes.
    (folder / "c.hujson").write_text(json.dumps({
        "server_url": "https://10.99.0.1:9443", "listen": "10.99.0.1:9443", "state_dir": str(folder / "state"),
        "tls": {"certificate": str(releases() / "tls.crt"), "key": str(releases() / "tls.key")},
        "relay": {"verify_clients": False, "stun": "10.99.0.1:3479"}}))
    with net.host.entered():
        start(CONTROL, "-c", folder / "c.hujson", "serve", stderr=(folder / "log").open("w"))
    _, a, b = ann_and("a", "b", mesh=net, old="b")
    a.block_udp()
    until(lambda: a.path(b) == "DERP(ext)", "the path by the relay", 240)
    # It is read again on a signal.
    relay_map(folder / "map", "two")
    net.process.send_signal(signal.SIGHUP)
    until(lambda: a.path(b) == "DERP(two)", "the relay's new name", 240)


if __name__ == "__main__":
    ktap.main(mesh.prepare)

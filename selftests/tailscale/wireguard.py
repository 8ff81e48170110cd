#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Devices that run WireGuard and nothing else, beside real tailscaled: wireguard-go with the file
that the server made for it."""

import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import ktap
import mesh
from ktap import case, check, cleanup, equal
from mesh import Host, ann_and, until

PORT = 51820


def slow(function):
    """A case with an hour's patience: its waits have limits of their own."""
    return case(function, timeout=600)


class Plain(Host):
    """A device that wg sets up with the configuration file @text."""

    def __init__(self, net, label, text, address):
        super().__init__(net, label, address=address)
        # Its socket is in a folder that all namespaces share.
        self.device = f"wg{os.getpid() % 100000}{label}"[:15]
        cleanup(pathlib.Path(f"/run/wireguard/{self.device}.sock").unlink, True)
        self.start("wireguard-go", "-f", self.device, stdout=(net.dir / f"{label}.log").open("w"),
                   stderr=subprocess.STDOUT)
        self.key = re.search(r"^PrivateKey = (.*)$", text, re.M)[1]
        until(lambda: self.load(text), "wireguard-go to start")
        addresses = re.search(r"^Address = (.*)$", text, re.M)[1].split(", ")
        for address_ in addresses:
            self.run("ip", "addr", "add", address_, "dev", self.device)
        self.run("ip", "link", "set", self.device, "mtu", re.search(r"^MTU = (.*)$", text, re.M)[1], "up")
        self.address = addresses[0].split("/")[0]
        self.route(text)

    def load(self, text):
        file = self.mesh.dir / f"{self.label}.conf"
        # Without what wg-quick takes for itself, and with the key that only the device has.
        text = re.sub(r"^(Address|MTU) = .*\n", "", text, flags=re.M)
        file.write_text(re.sub(r"^# PrivateKey .*$", f"PrivateKey = {self.key}", text, flags=re.M))
        self.run("wg", "syncconf", self.device, file)
        return True

    def route(self, text):
        for allowed in re.findall(r"^AllowedIPs = (.*)$", text, re.M):
            for prefix in allowed.split(", "):
                self.run("ip", "route", "replace", prefix, "dev", self.device)

    def again(self):
        """Takes over what the server says now."""
        text = self.mesh.ctl("nodes", "wireguard-config", self.label)
        self.load(text)
        self.route(text)

    def sent(self):
        """Bytes to its only peer."""
        return int(self.run("wg", "show", self.device, "transfer").split()[2])

    def reaches(self, node):
        until(lambda: self.run("ping", "-c", "1", "-W", "5", node.address), f"{self.label} to reach {node.label}")


def add(net, label, address, *options):
    return Plain(net, label, net.ctl("nodes", "add-wireguard", label, "--user", "ann", *options), address)


@slow
def a_device_with_a_fixed_address_is_a_peer():
    net, a, b = ann_and("a", "b", old="b")
    router = add(net, "router", "10.99.0.99", "--endpoint", f"10.99.0.99:{PORT}", "--routes", "192.0.2.0/24")
    for node in a, b:
        node.reaches(router.address)
        router.reaches(node)
    # What is behind it, and its name.
    router.run("ip", "addr", "add", "192.0.2.7/24", "dev", "lo")
    for node in a, b:
        node.ts("set", "--accept-routes=true", "--accept-dns=true")
        node.reaches("192.0.2.7")
        node.reaches("router.mesh.internal")


@slow
def a_device_without_one_is_found_by_what_it_sends():
    net, a = ann_and("a")
    phone = add(net, "phone", "10.99.0.98")
    phone.reaches(a)
    a.reaches(phone.address)
    # Longer than the client remembers: it is the device that keeps itself in mind.
    before = phone.sent()
    until(lambda: phone.sent() > before + 3 * 32, "three keepalives")
    check(a.pings(phone.address), "the phone is forgotten although it keeps quiet only for 4 s")
    # It comes back from elsewhere.
    phone.run("ip", "addr", "flush", "dev", "eth0")
    phone.run("ip", "addr", "add", "10.99.0.97/24", "dev", "eth0")
    phone.reaches(a)
    a.reaches(phone.address)


@slow
def the_policy_and_the_expiry_cut_it_off():
    net, a = ann_and("a")
    router = add(net, "router", "10.99.0.99", "--endpoint", f"10.99.0.99:{PORT}")
    a.reaches(router.address)
    net.policy({"acls": []})
    until(lambda: not a.peer("router"), "the peer to leave the map")
    equal(a.pings(router.address), "", "answer to a ping that the policy forbids")
    net.policy({"acls": [{"action": "accept", "src": ["*"], "dst": ["*:*"]}]})
    a.reaches(router.address)
    net.ctl("nodes", "expire", "router")
    until(lambda: not a.pings(router.address), "the expired peer to be gone")


@slow
def a_node_with_a_new_key_is_in_the_next_file():
    net, a = ann_and("a")
    router = add(net, "router", "10.99.0.99", "--endpoint", f"10.99.0.99:{PORT}")
    a.reaches(router.address)
    a.up("--force-reauth", f"--auth-key={net.key('ann')}")
    router.again()
    router.reaches(a)
    b = net.node("b").join(net.key("ann"))
    router.again()
    router.reaches(b)


@slow
def a_device_is_changed():
    net, a = ann_and("a")
    router = add(net, "router", "10.99.0.99", "--endpoint", f"10.99.0.99:{PORT}", "--routes", "192.0.2.0/24")
    a.reaches(router.address)
    a.ts("set", "--accept-routes=true")
    # A new key, at another address, and another network behind it.
    router.run("ip", "addr", "flush", "dev", "eth0")
    router.run("ip", "addr", "add", "10.99.0.97/24", "dev", "eth0")
    router.run("ip", "addr", "add", "198.51.100.7/24", "dev", "lo")
    text = net.ctl("nodes", "set-wireguard", "router", "--new-key", "--endpoint", f"10.99.0.97:{PORT}",
                   "--routes", "198.51.100.0/24")
    check(not a.pings(router.address), "the old key is of use")
    router.key = re.search(r"^PrivateKey = (.*)$", text, re.M)[1]
    router.load(text)
    router.route(text)
    router.reaches(a)
    a.reaches("198.51.100.7")
    check(not a.pings("192.0.2.7"), "the old network is still reached")


if __name__ == "__main__":
    ktap.main(mesh.prepare)

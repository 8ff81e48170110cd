# SPDX-License-Identifier: GPL-2.0
"""Two sites: namespaces with a tunnel device each, and a wire between them.

    a (10.66.0.1, fd66::1) === tunnel === (10.66.0.2, fd66::2) b
    a (10.9.0.1, fd09::1)  --- veth  ---  (10.9.0.2, fd09::2)  b
"""

import os
import subprocess

import wgproto
from ktap import cleanup, eventually
from netns import Namespace, veth
from tunnel import KIND, Device, b64, peer as setting

PORT = 51820


class UserDevice:
    """wireguard-go, which does the same in user space, driven by stock wg."""

    def __init__(self, ns, name="wg0", addresses=(), up=True, **settings):
        self.ns, self.name = ns, name
        ns.start("wireguard-go", "-f", name, stdout=subprocess.DEVNULL,
                 stderr=subprocess.DEVNULL,
                 env={**os.environ, "WG_PROCESS_FOREGROUND": "1"})
        socket_path = f"/run/wireguard/{name}.sock"
        eventually(lambda: os.path.exists(socket_path), "wireguard-go to start", 30)
        cleanup(lambda: os.path.exists(socket_path) and os.unlink(socket_path))
        ns.address(name, *addresses)
        self.configure(**settings)
        if up:
            ns.links.up(name)

    def configure(self, private_key, listen_port, peer_key, endpoint, psk=None, keepalive=None):
        address, port = endpoint
        address = f"[{address}]" if ":" in address else address
        text = (f"[Interface]\nPrivateKey={b64(private_key)}\nListenPort={listen_port}\n"
                f"[Peer]\nPublicKey={b64(peer_key)}\nAllowedIPs=0.0.0.0/0,::/0\n"
                f"Endpoint={address}:{port}\n")
        if psk:
            text += f"PresharedKey={b64(psk)}\n"
        if keepalive:
            text += f"PersistentKeepalive={keepalive}\n"
        self.ns.run("wg", "setconf", self.name, "/dev/stdin", stdin=text)

    def endpoint(self, public_key):
        """Where it believes the peer to be."""
        for line in self.ns.run("wg", "show", self.name, "endpoints").splitlines():
            if line.startswith(b64(public_key)):
                address, _, port = line.split("\t")[1].rpartition(":")
                return address.strip("[]"), int(port)
        return None


class KernelDevice(Device):
    def __init__(self, ns, name, addresses, kind, private_key, listen_port, peer_key, endpoint,
                 psk=None, keepalive=None):
        super().__init__(ns, name, addresses, kind=kind, private_key=private_key,
                         listen_port=listen_port, peers=[
                             setting(peer_key, allowed=["0.0.0.0/0", "::/0"], endpoint=endpoint,
                                     preshared_key=psk, keepalive=keepalive)])

    def endpoint(self, public_key):
        return self.peer(public_key).endpoint


class Site:
    """One end: .ns, .device, .public, and its addresses."""

    def __init__(self, number, label):
        self.ns = Namespace(label)
        self.private = wgproto.generate_private()
        self.public = wgproto.public_of(self.private)
        self.outer = {4: f"10.9.0.{number}", 6: f"fd09::{number}"}
        self.inner = {4: f"10.66.0.{number}", 6: f"fd66::{number}"}
        self.name, self.wire = "wg0", "out0"

    def make(self, kind, other, outer, psk, keepalive):
        settings = dict(addresses=(self.inner[4] + "/24", self.inner[6] + "/64"),
                        private_key=self.private, listen_port=PORT, peer_key=other.public,
                        endpoint=(other.outer[outer], PORT), psk=psk, keepalive=keepalive)
        if kind == "wireguard-go":
            self.device = UserDevice(self.ns, self.name, **settings)
        else:
            self.device = KernelDevice(self.ns, self.name, kind=kind, **settings)


class Link:
    """Sites .a and .b, whose devices are of the given kinds."""

    def __init__(self, a=KIND, b=KIND, outer=4, psk=None, keepalive=None, outer_mtu=1500,
                 inner_mtu=None):
        self.a, self.b = Site(1, "a"), Site(2, "b")
        self.sites = self.a, self.b
        if "wireguard-go" in (a, b):  # it finds its sockets by the device's name
            self.b.name = "wg1"
        veth(self.a.ns, "out0", self.b.ns, "out0")
        for site in self.sites:
            site.ns.links.mtu("out0", outer_mtu)
            site.ns.address("out0", f"{site.outer[4]}/24", f"{site.outer[6]}/64")
        self.a.make(a, self.b, outer, psk, keepalive)
        self.b.make(b, self.a, outer, psk, keepalive)
        if inner_mtu:
            for site in self.sites:
                site.ns.links.mtu(site.name, inner_mtu)

    def ping(self, family=4, count=1, deadline=20):
        """ICMP from a to b, until it was answered."""
        self.a.ns.run("ping", "-q", "-c", str(count), "-i", "0.2", "-w", str(deadline),
                      self.b.inner[family])

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A mesh in a minute: warren-control with its defaults, two real tailscaled in network
namespaces, a ping by name and a transfer between them. Cleans up behind itself."""

import hashlib
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import ktap
import mesh
from mesh import URL, Mesh, until

SIZE = 20_000_000


def say(text):
    print(f"\n\033[1m== {text}\033[0m" if sys.stdout.isatty() else f"\n== {text}", flush=True)


def show(command, text):
    print(f"$ {command}\n{text}".rstrip(), flush=True)


def demo():
    say("Two programs to try it with: tailscaled, built once")
    mesh.prepare()

    say("The control server, with its defaults")
    net = Mesh()
    print(net.log().rstrip())

    say("A user, and a key that lets her devices in")
    show("warren-control users create ann", net.ctl("users", "create", "ann"))
    key = net.key("ann", "--reusable")
    show("warren-control preauthkeys create --user ann --reusable", key[:12] + "...")

    nodes = []
    for label in "laptop", "server":
        say(f"The {label} joins")
        node = net.node(label)
        node.name = label
        show(f"tailscale up --login-server={URL} --auth-key={key[:12]}...", "")
        node.join(key)
        show("tailscale ip -4", node.address)
        nodes.append(node)
    laptop, server = nodes

    say("They see each other by name")
    until(lambda: laptop.path(server).startswith(server.outer), "a direct path")
    show("tailscale ping --c=1 server",
         until(lambda: laptop.ts("ping", "--c=1", "server"), "an answer to the ping"))
    laptop.ts("set", "--accept-dns=true")
    show("ping -c 3 server.mesh.internal",
         until(lambda: laptop.run("ping", "-c", "3", "server.mesh.internal"), "the name to resolve"))

    say("A transfer through the tunnel")
    data = os.urandom(SIZE)
    server.serve(8000)
    (server.dir / "web8000/data").write_bytes(data)
    copy = laptop.dir / "copy"
    show("curl http://server.mesh.internal:8000/data", laptop.run(
        "curl", "-sf", "-o", copy, "-w", "%{size_download} bytes, %{speed_download} bytes a second",
        "http://server.mesh.internal:8000/data"))
    if hashlib.sha256(copy.read_bytes()).digest() != hashlib.sha256(data).digest():
        raise ktap.Failure("the file arrived damaged")
    print("The file has arrived intact.")

    say("What the server knows")
    show("warren-control nodes list", net.ctl("nodes", "list"))
    show("warren-control audit list", net.ctl("audit", "list"))
    print(f"\nIts web page is {URL}/admin/")


if __name__ == "__main__":
    ktap.alone(demo)

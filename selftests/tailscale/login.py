#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""tailscale up, and a person who logs the device in at a real identity provider."""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../lib"))
sys.path.append(os.path.join(HERE, "../control"))

import ktap
import mesh
import person
from ktap import case, check, equal
from mesh import OLDEST, URL, Mesh, releases, until

SECURE = URL.replace("http:", "https:")
PEOPLE = {"ann": {"email": "ann@example.com", "email_verified": True, "name": "Ann", "groups": ["ops"]}}


def new_mesh():
    """A server with a provider beside it."""
    person.installed()
    tls = {"certificate": str(releases() / "tls.crt"), "key": str(releases() / "tls.key")}
    secret = releases() / "secret"
    secret.write_text(person.SECRET)
    net = Mesh(server_url=SECURE, tls=tls, oidc={
        "issuer": person.ISSUER, "client_id": "rs", "client_secret_file": str(secret),
        "scopes": ["openid", "profile", "email", "groups"]})
    with net.host.entered():
        person.provider(PEOPLE, SECURE)
    return net


def up(node):
    """Starts tailscale up; returns it and the address that it shows."""
    process = node.start(node.bin / "tailscale", f"--socket={node.dir}/sock", "up", f"--login-server={URL}",
                         f"--hostname={node.name}", "--accept-dns=false", stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True)
    return process, next(found[0] for line in process.stdout if (found := re.search(r"https://\S+/register/\w+", line)))


@case(timeout=600)
def a_person_logs_devices_of_both_releases_in():
    net = new_mesh()
    nodes = [net.node("a"), net.node("b", OLDEST)]
    for node in nodes:
        process, url = up(node)
        with net.host.entered():
            browser = person.Browser(releases() / "tls.crt").sign_in(url, "ann")
            check(node.name in browser.page and "ann@example.com" in browser.page, browser.page)
            browser.submit(answer="add")
        check("The device is in" in browser.page, browser.page)
        equal(process.wait(120), 0, "exit code of tailscale up")
        listed = net.listed(node.name)
        equal((listed["user"], listed["registerMethod"]), ("ann@example.com", "oidc"), "the server's entry")
    a, b = nodes
    equal([u["LoginName"] for u in a.status()["User"].values()], ["ann@example.com"], "what the client shows")
    a.reaches(b)
    # The provider's group opens a port.
    b.serve(8000)
    net.policy({"groups": {"group:ops": ["oidc:ops"]},
                "acls": [{"action": "accept", "src": ["group:ops"], "dst": ["group:ops:8000"]}]})
    until(lambda: a.fetch(b.address, 8000), "the web page")


@case(timeout=600)
def who_says_no_keeps_the_device_out():
    net = new_mesh()
    node = net.node("a")
    _, url = up(node)
    with net.host.entered():
        person.Browser(releases() / "tls.crt").sign_in(url, "ann").submit(answer="refuse")
    equal(net.listed(node.name), {}, "the refused device")
    equal(node.status()["BackendState"], "NeedsLogin", "state of the client")


if __name__ == "__main__":
    ktap.main(mesh.prepare)

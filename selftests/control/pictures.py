#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Makes the screenshots of the documentation: a small mesh, its web page, the real browser.

    selftests/control/pictures.py FOLDER
"""

import json
import pathlib
import sys
import time

from browser import Browser
from server import PORT, Server

POLICY = """{
	// Operators reach everything, developers the web servers.
	"groups": {
		"group:ops": ["ann@"],
		"group:dev": ["bob@", "eve@"],
	},
	"tagOwners": {"tag:web": ["group:ops"], "tag:db": ["group:ops"], "tag:router": ["group:ops"]},
	"acls": [
		{"action": "accept", "src": ["group:ops"], "dst": ["*:*"]},
		{"action": "accept", "src": ["group:dev"], "dst": ["tag:web:22,443"]},
		{"action": "accept", "proto": "tcp", "src": ["tag:web"], "dst": ["tag:db:5432"]},
		{"action": "accept", "src": ["group:dev"], "dst": ["192.168.10.0/24:*"]},
		{"action": "accept", "src": ["autogroup:member"], "dst": ["autogroup:self:*"]},
	],
	"tests": [
		{"src": "bob@", "accept": ["web-1:443"], "deny": ["db-1:5432"]},
	],
}
"""
MISTAKE = POLICY.replace('"tag:db:5432"', '"tag:dbs:5432"')


def populate(server):
    def key(*words):
        return server.ctl("preauthkeys", "create", "--reusable", *words).stdout.strip()

    for name, full in ("ann", "Ann Archer"), ("bob", "Bob Bell"), ("eve", "Eve Ellis"):
        server.ctl("users", "create", name, "--display-name", full, "--email", f"{name}@example.com")
    devices = [("ann-laptop", "--user", "ann"), ("ann-phone", "--user", "ann"),
               ("bob-desktop", "--user", "bob"), ("eve-laptop", "--user", "eve"),
               ("web-1", "--tags", "tag:web"), ("web-2", "--tags", "tag:web"), ("db-1", "--tags", "tag:db")]
    for name, *owner in devices:
        server.stay(name, key(*owner))
    server.stay("office", key("--tags", "tag:router"), "192.168.10.0/24", "0.0.0.0/0", "::/0")
    server.ctl("nodes", "approve-routes", "office", "--routes", "192.168.10.0/24")
    server.leave(server.devices[3])
    eventually_offline(server, "eve-laptop")
    server.device("ci-runner", key("--user", "bob", "--ephemeral"))
    server.ctl("nodes", "expire", "ann-phone")
    server.write("policy", POLICY)
    server.ctl("policy", "set", str(server.dir / "policy"))
    server.device("tablet")
    server.device("build-server")


def eventually_offline(server, name):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        nodes = json.loads(server.ctl("-o", "json", "nodes", "list").stdout)["nodes"]
        if not next(node for node in nodes if node["name"] == name)["online"]:
            return
        time.sleep(0.5)


def shoot(browser, folder, key):
    browser.look(1080, 700)
    browser.open(name="sign-in")
    browser.sign_in(key)
    browser.shows("ann-laptop")
    for page, sign in ("nodes", "office"), ("waiting", "tablet"), ("reach", "May reach"):
        browser.go(page)
        browser.shows(sign)
        browser.picture(folder / f"control-{page}.png")
    browser.go("policy")
    browser.shows("In force")
    area = browser.find("#policy")
    browser.run("arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))", area, MISTAKE)
    browser.shows("Line ")
    browser.picture(folder / "control-policy.png")
    browser.run("arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))", area, POLICY)
    browser.look(390, 700, dark=True)
    browser.go("nodes")
    browser.shows("office")
    browser.picture(folder / "control-phone.png")


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    server = Server()
    browser = None
    try:
        server.start()
        populate(server)
        browser = Browser(f"http://127.0.0.1:{PORT}")
        shoot(browser, folder, server.ctl("apikeys", "create").stdout.strip())
    finally:
        if browser:
            browser.close()
        server.remove()


if len(sys.argv) != 2:
    sys.exit(__doc__)
main()

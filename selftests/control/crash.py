#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What was acknowledged is there after a kill at any write, and after the disk was full; secrets
are in no file."""

import base64
import errno
import http.cookies
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request

from server import PORT, TOP, Server

sys.path.insert(0, str(TOP / "selftests/lib"))
import ktap  # noqa: E402
from ktap import case, check, cleanup, equal  # noqa: E402

# As installed: sanitizers cannot be traced.
PROGRAM = TOP / "build/bin/warren-control"


def new_server():
    server = Server()
    cleanup(server.remove)
    return server


def ask(server, *words):
    """A command's JSON; None when it was not acknowledged."""
    done = server.ctl("-o", "json", *words, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


class Work:
    """Changes of every kind, and what has to be there after those that were acknowledged."""

    def __init__(self, server):
        self.server = server
        self.users, self.keys, self.nodes, self.routes, self.policy = set(), set(), {}, {}, None

    def step(self, number):
        """One of each. Return: whether all were acknowledged."""
        user, device = f"user{number}", f"plain{number}"
        if not ask(self.server, "users", "create", user):
            return False
        self.users.add(user)
        made = ask(self.server, "preauthkeys", "create", "--user", user)
        if not made:
            return False
        self.keys.add(made["preAuthKey"]["prefix"])
        try:
            self.server.device(f"node{number}", made["preAuthKey"]["key"])
        except subprocess.CalledProcessError:
            return False
        self.nodes[f"node{number}"] = user
        if not ask(self.server, "nodes", "add-wireguard", device, "--user", user, "--endpoint", "192.0.2.1:51820",
                   "--routes", f"10.{number}.0.0/16"):
            return False
        self.nodes[device] = user
        self.routes[device] = [f"10.{number}.0.0/16"]
        if not ask(self.server, "nodes", "rename", device, f"new{number}"):
            # It may have been done and not be acknowledged.
            self.nodes.pop(device)
            return False
        self.nodes[f"new{number}"] = self.nodes.pop(device)
        self.routes[f"new{number}"] = self.routes.pop(device)
        text = json.dumps({"hosts": {f"h{number}": "10.0.0.1"}})
        self.server.write("policy", text)
        self.policy = (self.policy or []) + [text]
        if ask(self.server, "policy", "set", str(self.server.dir / "policy")) is None:
            return False
        self.policy = [text]
        return True

    def verify(self):
        users = {u["name"] for u in ask(self.server, "users", "list")["users"]}
        equal(self.users - users, set(), "users that are gone")
        keys = {k["prefix"] for k in ask(self.server, "preauthkeys", "list")["preAuthKeys"]}
        equal(self.keys - keys, set(), "keys that are gone")
        nodes = {n["name"]: n for n in ask(self.server, "nodes", "list")["nodes"]}
        for name, user in self.nodes.items():
            equal(nodes.get(name, {}).get("user"), user, f"owner of {name}")
        for name, routes in self.routes.items():
            if name in self.nodes:
                equal(nodes[name]["servedRoutes"], routes, f"routes of {name}")
        equal(len({a for n in nodes.values() for a in n["ipAddresses"]}), 2 * len(nodes), "addresses")
        if self.policy:
            now = json.loads(self.server.ctl("-o", "json", "policy", "get").stdout)["policy"]
            check(now in self.policy, f"policy {now!r}, not of {self.policy}")
        # Every user has its entry.
        created = {e["target"] for e in ask(self.server, "audit", "list", "--limit", "1000")["audit"]
                   if e["action"] == "user.create"}
        equal(users - created, set(), "users without an entry in the audit log")


@case(timeout=280)
def killed_at_any_write_it_comes_back():
    """At the 1st, 4th, ... write or flush of the database: in the middle of a transaction, between
    transactions, before and after the flush that an answer waits for."""
    if not shutil.which("strace"):
        raise ktap.Skip("no strace here")
    killed = 0
    server = new_server()
    server.start(program=PROGRAM, handshakes_per_second=1000)
    work = Work(server)
    numbers = itertools.count(1)
    check(work.step(next(numbers)), "the first step")
    server.stop()
    for call in range(1, 80, 4):
        run = subprocess.Popen(["strace", "-f", "-qq", "-o", server.dir / "trace", "-e", "trace=pwrite64,fdatasync",
                                "-e", f"inject=pwrite64,fdatasync:signal=KILL:when={call}",
                                PROGRAM, "-c", server.dir / "c.hujson", "serve"], stderr=subprocess.DEVNULL)
        if server.answers(lambda run=run: run.poll() is None):
            while work.step(next(numbers)) and run.poll() is None:
                pass
        run.wait(60)
        check(run.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL), f"exit code {run.returncode}")
        killed += 1
        server.start(program=PROGRAM, handshakes_per_second=1000)
        work.verify()
        server.stop()
    equal(killed, 20, "kills")


def small_disk(server):
    """The server's state on a disk of 1 MiB."""
    state = server.dir / "state"
    state.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", state], check=False).returncode:
        raise ktap.Skip("n/a: no mounts here")
    cleanup(subprocess.run, ["umount", "-l", state])
    return state


def fill(path):
    file = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(file, bytes(4096))
    except OSError as error:
        equal(error.errno, errno.ENOSPC, "why the disk takes no more")
    finally:
        os.close(file)


@case(timeout=120)
def a_full_disk_refuses_and_goes_on_when_there_is_room():
    server = new_server()
    state = small_disk(server)
    server.start(handshakes_per_second=1000)
    work = Work(server)
    numbers = itertools.count(1)
    check(work.step(next(numbers)), "a step with room")
    ballast = state / "ballast"
    fill(ballast)
    # Some room is left inside the files that are there.
    refused = 0
    for number in range(1000, 1200):
        done = server.ctl("users", "create", f"user{number}", check=False)
        if done.returncode == 0:
            work.users.add(f"user{number}")
        else:
            check("full" in done.stderr or "I/O" in done.stderr, done.stderr)
            refused += 1
            if refused == 5:
                break
    equal(refused, 5, "refusals on the full disk")
    check(server.process.poll() is None, "the server left")
    work.verify()
    ballast.unlink()
    check(work.step(next(numbers)), "a step with room again")
    work.verify()
    server.stop()
    server.start(handshakes_per_second=1000)
    work.verify()


@case
def no_start_on_a_full_disk_and_nothing_lost():
    server = new_server()
    state = small_disk(server)
    server.start()
    work = Work(server)
    check(work.step(1), "a step with room")
    server.stop()
    ballast = state / "ballast"
    fill(ballast)
    try:
        server.start()
        work.verify()  # it may get by with what it has
        server.stop()
    except RuntimeError as error:
        check("full" in str(error) or "I/O" in str(error), error)
    ballast.unlink()
    server.process = None
    server.start()
    work.verify()


def spellings(secret):
    """How a secret may be written: as it is, its last part, what that part stands for."""
    last = secret.split("-")[-1]
    yield secret.encode()
    yield last.encode()
    if re.fullmatch("[0-9a-f]{32,}", last):
        yield bytes.fromhex(last)
        yield base64.b64encode(bytes.fromhex(last))
    if last.endswith("="):
        yield base64.b64decode(last)
        yield base64.b64decode(last).hex().encode()


@case
def secrets_are_in_no_file():
    """Keys and sessions, used and refused, with everything logged."""
    server = new_server()
    server.start(debug=True)
    server.ctl("users", "create", "ann")
    secrets = {
        "pre-auth key": server.ctl("preauthkeys", "create", "--user", "ann").stdout.strip(),
        "API key": server.ctl("apikeys", "create").stdout.strip(),
        "WireGuard key": re.search("^PrivateKey = (.*)$", server.ctl(
            "nodes", "add-wireguard", "phone", "--user", "ann").stdout, re.M)[1],
        "wrong key": "wrk-auth-0123456789ab-" + "5a" * 32,
    }
    equal(server.device("one", secrets["pre-auth key"]), "joined", "the device")
    refused = subprocess.run([server_device(), str(PORT), "two", secrets["wrong key"]], capture_output=True, check=False)
    equal(refused.returncode, 1, "exit code of a device with a wrong key")
    url = f"http://127.0.0.1:{PORT}/api/v1/session"
    request = urllib.request.Request(url, json.dumps({"key": secrets["API key"]}).encode(),
                                     {"Content-Type": "application/json", "Origin": f"http://127.0.0.1:{PORT}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        cookie = http.cookies.SimpleCookie(answer.headers["Set-Cookie"])
    secrets["session"] = next(iter(cookie.values())).value
    check(len(secrets["session"]) >= 32, "no session")
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}/api/v1/nodes",
                                     headers={"Authorization": "Bearer " + secrets["API key"]})
    with urllib.request.urlopen(request, timeout=30) as answer:
        equal(answer.status, 200, "status")
    files = [server.dir / "log", *(f for f in (server.dir / "state").iterdir() if f.is_file())]
    text = {file.name: file.read_bytes() for file in files}
    check(b"ann" in text["log"] + text["control.sqlite"] + text["control.sqlite-wal"], "looked in the wrong files")
    for what, secret in secrets.items():
        for spelling in spellings(secret):
            for name, content in text.items():
                check(spelling not in content, f"the {what} is in {name}")
    # The keys of the server are nobody else's to read.
    for name in "noise.key", "relay.key", "control.sqlite":
        equal(oct((server.dir / "state" / name).stat().st_mode & 0o77), "0o0", f"others' rights on {name}")


def server_device():
    return TOP / "build/selftests/control/device"


ktap.main()

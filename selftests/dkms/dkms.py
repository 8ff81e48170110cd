#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What `make install` puts in place is what DKMS builds from, for each kernel."""

import pathlib
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "selftests" / "lib"))

import ktap
from ktap import case, check, equal

KERNELS = TOP / "selftests" / "vm" / "kernels"


def run(*command, good=True):
    """Runs a command, returns what it printed."""
    done = subprocess.run([str(word) for word in command], cwd=TOP, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if good and done.returncode:
        ktap.note(done.stdout)
        raise ktap.Failure(f"{command[0]} {command[1]} ended with {done.returncode}")
    return done.stdout


def installed():
    """A scratch folder with the tree as `make install` leaves it, and the version."""
    folder = tempfile.TemporaryDirectory()
    ktap.cleanup(folder.cleanup)
    root = pathlib.Path(folder.name)
    run("make", "install", f"DESTDIR={root}")
    (source,) = (root / "usr" / "src").glob("warren-*")
    return root, source.name.partition("-")[2]


def dkms_builds_on(kernel):
    def build():
        if not run("sh", "-c", "command -v dkms || true"):
            raise ktap.Skip("no dkms: selftests/deps dkms")
        release = run(KERNELS, "release", kernel).strip()
        headers = subprocess.run([KERNELS, "headers", kernel], stdout=subprocess.PIPE,
                                 text=True, check=True).stdout.strip()
        root, version = installed()
        tree = root / "dkms"
        tree.mkdir()
        where = ("--dkmstree", tree, "--sourcetree", root / "usr" / "src", "-m", "warren",
                 "-v", version)
        run("dkms", "add", *where)
        log = tree / "warren" / version / "build" / "make.log"
        said = run("dkms", "build", *where, "-k", release, "--kernelsourcedir", headers,
                   "--no-depmod", good=False)
        (module,) = [*tree.glob(f"warren/{version}/{release}/*/module/warren.ko*")] or [None]
        if not module:
            ktap.note(log.read_text() if log.exists() else said)
            raise ktap.Failure("dkms built no module")
        equal(run("modinfo", "-F", "vermagic", module).split()[0], release, "kernel of the module")
        equal(run("modinfo", "-F", "version", module).strip() or version, version, "its version")

    build.__name__ = f"dkms_builds_on_{kernel}"
    return case(build, timeout=400)


for name in ("6.1", "6.12"):
    dkms_builds_on(name)


@case
def install_leaves_no_build_results_in_the_sources():
    root, version = installed()
    names = [path.name for path in (root / "usr" / "src" / f"warren-{version}").rglob("*")]
    check("Kbuild" in names and "dkms.conf" in names, f"files are missing: {names}")
    stray = [name for name in names if name.endswith((".o", ".ko", ".cmd")) or name == "probed.h"]
    equal(stray, [], "build results")


if __name__ == "__main__":
    ktap.main()

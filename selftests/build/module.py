#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The module builds for every kernel we hold, and the build tells what is wrong."""

import os
import pathlib
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "selftests" / "lib"))

import ktap
from ktap import case, check, equal

KERNELS = TOP / "selftests" / "vm" / "kernels"
PROBE = TOP / "module" / "compat" / "probe.sh"


def run(*command):
    return subprocess.run(command, cwd=TOP, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def builds_on(kernel):
    def build():
        done = run(KERNELS, "build-module", kernel)
        ktap.note(done.stdout)
        equal(done.returncode, 0, "exit code of the build")
        check("warning" not in done.stdout.lower(), "the build gave a warning")
        probed = pathlib.Path(done.stdout.split()[-1]).parent / "module/compat/probed.h"
        # One fact about each kernel, so that a probe which always fails shows.
        timers = "#define WARREN_HAVE_TIMER_CONTAINER_OF" in probed.read_text()
        equal(timers, kernel == "sid", "timer_container_of() was found")

    build.__name__ = f"builds_on_{kernel}_without_a_warning"
    return case(build, timeout=900)


def case_for_each_kernel():
    for kernel in ("6.1", "6.12", "sid"):
        builds_on(kernel)


case_for_each_kernel()


def probe(text):
    """Runs the probes of a file with this text by the host's compiler."""
    with tempfile.TemporaryDirectory() as folder:
        probes, output = pathlib.Path(folder, "probes.h"), pathlib.Path(folder, "probed.h")
        probes.write_text("#define WARREN_PROBE(n, ...) static void p_##n(void) { __VA_ARGS__; }\n"
                          "WARREN_PROBE(ALWAYS, int a; (void)a)\n"
                          "WARREN_PROBE(NEVER, no_such_thing)\n" + text)
        done = run("sh", PROBE, probes, output, "gcc")
        return done, output.read_text() if output.exists() else ""


@case
def probes_tell_what_compiles():
    done, found = probe("#define BROKEN(x) ((x)->none)\nstruct s { int member; };\n"
                        "WARREN_PROBE(HAS, struct s s;\n\ts.member = 1)\n"
                        "WARREN_PROBE(LACKS, struct s s;\n\ts.none = 1)\n"
                        "WARREN_PROBE(MACRO, struct s s; BROKEN(&s))\n"
                        "WARREN_PROBE(CALL, no_such_function())\n"
                        "WARREN_PROBE(LAST, (void)0)\n")
    equal(done.returncode, 0, done.stdout)
    defined = {line.split()[1] for line in found.splitlines() if line.startswith("#define")}
    equal(defined, {"WARREN_HAVE_HAS", "WARREN_HAVE_LAST"}, "what was found")


@case
def probes_stop_the_build_when_headers_are_missing():
    done, found = probe("#include <no/such/header.h>\n")
    check(done.returncode != 0, "a missing header was overlooked")
    check("no/such/header.h" in done.stdout, f"the header is not named: {done.stdout}")
    equal(found, "", "output")


@case
def missing_headers_are_named():
    done = run("make", "module", "KDIR=/nonexistent/headers")
    check(done.returncode != 0, "make passed without headers")
    check("no kernel headers in /nonexistent/headers" in done.stdout, done.stdout)


@case(timeout=600)
def make_module_leaves_warren_ko_at_the_top():
    headers = subprocess.run([KERNELS, "headers", "6.1"], stdout=subprocess.PIPE, text=True)
    before = os.stat(TOP / "warren.ko").st_mtime_ns if (TOP / "warren.ko").exists() else 0
    done = run("make", "module", f"KDIR={headers.stdout.strip()}")
    equal(done.returncode, 0, done.stdout)
    check(os.stat(TOP / "warren.ko").st_mtime_ns > before, "warren.ko was not put there")


if __name__ == "__main__":
    ktap.main()

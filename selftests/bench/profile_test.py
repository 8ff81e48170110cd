#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The profile: does it count what the benchmark measures?"""

import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "selftests" / "lib"))

import ktap
from ktap import case, check, equal

PROFILE = TOP / "selftests" / "bench" / "profile"


def profile(*arguments):
    return subprocess.run([PROFILE, *arguments], text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def figures(text):
    """{what: instructions} of both tables; of "all" that of the first."""
    found = {}
    for name, number in re.findall(r"^(\S.*?) {2,}([\d.,]+)$", text, re.MULTILINE):
        found.setdefault(name, float(number.replace(",", "")))
    return found


@case(timeout=400)
def all_that_is_measured_is_counted():
    done = profile("--kinds", "warren", "udp_64")
    equal(done.returncode, 0, done.stderr)
    measured = float(re.search(r"udp_64 +([\d.]+) ns/packet", done.stderr)[1])
    found = figures(done.stdout)
    ktap.within(found["all"], 0.98 * measured, 1.02 * measured, "instructions, by nanoseconds")
    for name in ("the cipher", "the tunnel", "UDP", "udp_sendmsg", "warren_avx2_seal [warren]"):
        check(found.get(name, 0) > 100, f"{name}: {found.get(name)}")


@case
def what_cannot_be_profiled_is_refused():
    for arguments, why in ((("ping",), "invalid choice: 'ping'"),
                           (("--kinds", "openvpn", "tcp"), "no kind openvpn; there are: none")):
        done = profile(*arguments)
        check(done.returncode and why in done.stderr, f"{arguments}: {done.stderr}")


ktap.main()

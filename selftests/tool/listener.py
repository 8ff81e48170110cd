# SPDX-License-Identifier: GPL-2.0
"""warren monitor as the tests run it."""

import json
import subprocess

from common import WARREN, check, cleanup, environment, equal
from ktap import eventually

# Of every line of JSON, in this order.
NAMES = ["time", "event", "interface", "index", "peer", "endpoint", "initiator", "reason"]


def listens(process):
    """Whether a process of this namespace is in a group of generic netlink."""
    check(process.poll() is None, "it goes on")
    with open("/proc/net/netlink", encoding="ascii") as file:
        rows = [line.split() for line in file]
    return any(row[1:3] == ["16", str(process.pid)] and int(row[3], 16) for row in rows)


class Monitor:
    """A monitor in a namespace, which listens when this returns."""

    def __init__(self, ns, *argv, as_json=True, tool=WARREN):
        self.ns, self.json = ns, as_json
        argv = [tool, "monitor", *argv, *(["--json"] if as_json else [])]
        with ns.entered():
            self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True,
                                            env=environment(TZ="UTC"))
            cleanup(self._kill)
            eventually(lambda: listens(self.process), "it listens", 60)

    def _kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def end(self, number):
        """What it told since, and its exit code, after a signal."""
        self.process.send_signal(number)
        return self.process.stdout.read(), self.process.wait()

    def line(self):
        text = self.process.stdout.readline()
        if not self.json:
            return text
        event = json.loads(text)
        equal(list(event), NAMES, "names")
        return event

    def wait(self, **wanted):
        """The next event that has all this; others are passed by."""
        while True:
            event = self.line()
            if all(event[name] == value for name, value in wanted.items()):
                return event

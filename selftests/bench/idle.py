# SPDX-License-Identifier: GPL-2.0
"""How long the processors idle, to the microsecond.

The ticks of /proc/stat are samples, and sample in step with what they measure.
The timers of Linux 6 keep an exact account, /proc/timer_list. Linux 7.2 does not: what
idles for less than a tick is sampled, too. There the functions between which a processor
idles are traced, and what tracing them costs is taken off."""

import atexit
import collections
import os
import re
import subprocess
import time

TRACING = "/sys/kernel/tracing"
OURS = f"{TRACING}/instances/warren-bench"
BEGIN = ("tick_nohz_idle_enter", "tick_nohz_irq_exit")
END = ("tick_irq_enter", "tick_nohz_idle_exit")
KILOBYTES = 16384  # for each processor; an event takes about 16 bytes
NAPS = 300


def account():
    """What has begin() and end(); end() gives the nanoseconds that all processors
    have idled since, and the moment that it was asked."""
    return TimerList() if timer_list() is not None else Trace.only()


def timer_list():
    with open("/proc/timer_list") as file:
        found = re.findall(r"\.(?:idle_sleeptime|iowait_sleeptime) *: (\d+) nsecs", file.read())
    return sum(map(int, found)) if found else None


class TimerList:
    def begin(self):
        self.before = timer_list()

    def end(self):
        ended = time.monotonic_ns()
        return timer_list() - self.before, ended


def events(text):
    """{processor: [(nanoseconds, whether it begins to idle)]} of a function trace."""
    found = collections.defaultdict(list)
    for cpu, seconds, micro, name in re.findall(r"\[(\d+)\].* (\d+)\.(\d{6}): (\w+) <-", text):
        found[int(cpu)].append((int(seconds) * 10**9 + int(micro) * 1000, name in BEGIN))
    return found


def idled(of_one, began, ended):
    """Nanoseconds between two moments that a processor with such events idled."""
    result, since = 0, None if of_one[0][1] else began
    for when, begins in of_one:
        if since is None and begins:
            since = when
        elif since is not None and not begins:
            result += when - since
            since = None
    return result + (ended - since if since is not None else 0)


def ticks():
    """{processor: (ticks that it idled, all its ticks)}"""
    with open("/proc/stat") as file:
        lines = re.findall(r"^cpu(\d+) (.*)$", file.read(), re.MULTILINE)
    values = {int(cpu): list(map(int, line.split())) for cpu, line in lines}
    return {cpu: (value[3] + value[4], sum(value[:8])) for cpu, value in values.items()}


def total(found, before, now, began, ended, each):
    """What all processors idled, by their events; @before and @now are ticks()."""
    result = 0
    for cpu in before:
        if cpu in found:
            # What follows pays for tracing that idling ends, once or twice. For
            # tracing that it begins pay both, as much as for an end together.
            result += idled(found[cpu], began, ended)
            result += each * sum(not begins for _, begins in found[cpu])
        elif 2 * (now[cpu][0] - before[cpu][0]) > now[cpu][1] - before[cpu][1]:
            result += ended - began  # it has changed at no time
    return result


class Trace:
    _only = None

    @classmethod
    def only(cls):
        if not cls._only:
            cls._only = cls()
        return cls._only

    def __init__(self):
        if not os.path.isdir(f"{TRACING}/instances"):
            subprocess.run(["mount", "-t", "tracefs", "tracefs", TRACING], check=True)
        os.makedirs(OURS, exist_ok=True)
        atexit.register(os.rmdir, OURS)
        self.put("tracing_on", "0")
        self.put("trace_clock", "mono")  # as time.monotonic_ns()
        self.put("buffer_size_kb", str(KILOBYTES))
        self.each = 0
        # The same naps, and one event more in each: that is what an event costs.
        less, more = self.naps(BEGIN + END[:1]), self.naps(BEGIN + END)
        self.each = max(0, more - less) / NAPS

    def put(self, name, text):
        with open(f"{OURS}/{name}", "w") as file:
            file.write(text)

    def naps(self, functions):
        """Busy nanoseconds of some naps, with those functions traced."""
        self.put("set_ftrace_filter", " ".join(functions))
        self.begin()
        began = time.monotonic_ns()
        for _ in range(NAPS):
            time.sleep(0.001)
        idle, ended = self.end()
        return os.cpu_count() * (ended - began) - idle

    def begin(self):
        self.ticks = ticks()
        self.put("current_tracer", "function")
        self.put("trace", "")
        self.put("tracing_on", "1")
        self.began = time.monotonic_ns()

    def end(self):
        ended = time.monotonic_ns()
        self.put("tracing_on", "0")
        with open(f"{OURS}/trace") as file:
            text = file.read()
        self.put("current_tracer", "nop")
        kept, written = re.search(r"entries-written: (\d+)/(\d+)", text).groups()
        if kept != written:
            raise RuntimeError(f"only {kept} of {written} changes between idle and busy were kept")
        return total(events(text), self.ticks, ticks(), self.began, ended, self.each), ended

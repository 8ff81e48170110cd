# SPDX-License-Identifier: GPL-2.0
"""Traffic by iperf3 and ping, and the processor time that it takes."""

import contextlib
import ctypes
import json
import mmap
import os
import re
import statistics
import subprocess
import time

import idle
from sites import TOP, command, inner, inside, on

DATAGRAMS = 6000
LOST = 0.2  # of the datagrams at most (wireguard-go loses a tenth)


def mark():
    """Tells the plugin of selftests/bench/profile, if there is one, to begin anew."""
    if "WARREN_MARK" not in os.environ:
        return
    code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(b"\x0f\x1f\x84\x00mark\xc3")  # MARK of profile.c, and a return
    ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()


class Busy:
    """with Busy() as busy: ...; then .ns of processor time, and .elapsed ns."""

    def __enter__(self):
        self.account = idle.account()
        self.account.begin()
        self.began = time.monotonic_ns()
        mark()
        return self

    def __exit__(self, *_):
        mark()
        idled, ended = self.account.end()
        self.elapsed = ended - self.began
        self.ns = os.cpu_count() * self.elapsed - idled


@contextlib.contextmanager
def server(machine, port=5201, stderr=None):
    process = subprocess.Popen(inside(machine, "iperf3", "-s", "-1", "-i", "0", "-p", str(port),
                                      "--forceflush"), text=True, stdout=subprocess.PIPE,
                               stderr=stderr)
    try:
        for line in process.stdout:
            if "listening" in line:
                break
        else:
            raise RuntimeError(f"iperf3 -s ended with {process.wait()}")
        yield
        process.wait(600)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def client(machine, to, *options, port=5201):
    return inside(machine, "iperf3", "-J", "-i", "0", "-c", to, "-p", str(port), *options)


def parse(text):
    """The end of iperf3's JSON."""
    result = json.loads(text)
    if "error" in result:
        raise RuntimeError(f"iperf3: {result['error']}")
    return result["end"]


def run(source, target, *options):
    """(nanoseconds of processor time, what iperf3 says at the end)"""
    with server(target):
        with Busy() as busy:
            text = command(*client(source, inner(target), *options))
    return busy.ns, parse(text)


def warm_up():
    """Has the programs and what they need read from the disk."""
    run("a", "b", "-n", "1")
    run("a", "b", "-u", "-k", "1")


def tcp(*options, size, source="a", target="b"):
    """Nanoseconds of processor time a byte, without what starting and connecting takes."""
    start, little = run(source, target, "-n", "1", *options)
    whole, much = run(source, target, "-n", str(size), *options)
    return (whole - start) / (much["sum_sent"]["bytes"] - little["sum_sent"]["bytes"])


def udp(payload, count, rate, source="a", target="b"):
    """Nanoseconds of processor time a datagram that came, without those of starting."""
    options = "-u", "-l", str(payload), "-b", str(rate)
    start, _ = run(source, target, *options, "-k", "1")
    whole, much = run(source, target, *options, "-k", str(count + 1))
    lost = much["sum"]["lost_packets"]
    if lost > count * LOST:
        raise RuntimeError(f"{lost} of {count} datagrams were lost")
    return (whole - start) / (count - lost)


def ping(count):
    """Microseconds of a round trip, on average; ping's own is cut to whole ones."""
    text = on("a", "ping", "-i", "0.001", "-c", str(count), inner("b"))
    return 1000 * statistics.fmean(map(float, re.findall(r"time=([\d.]+) ms", text)))


def throughput(seconds, streams, devices, targets):
    """Mbit/s that reach router b by some devices, from a client for each target. One that
    starts late or is slow does not count for more, as it would by iperf3's own clocks."""
    ports = range(5201, 5201 + len(targets))
    clients = []
    with contextlib.ExitStack() as stack:
        for port in ports:
            # It will complain about its client's end.
            stack.enter_context(server("b", port, stderr=subprocess.DEVNULL))
        # Before the clients, for under full load it takes long to start anything.
        arrival = stack.enter_context(subprocess.Popen(
            inside("b", os.path.join(TOP, "selftests/bench/arrival"), str(seconds), *devices),
            text=True, stdout=subprocess.PIPE))
        try:
            for port, to in zip(ports, targets):
                clients.append(subprocess.Popen(
                    client("a", to, "-t", "3600", "-P", str(streams), port=port),
                    stdout=subprocess.DEVNULL))
            text = arrival.communicate()[0]
        finally:
            arrival.kill()
            for process in clients:
                process.kill()
            for process in clients:
                process.wait()
    if arrival.returncode:
        raise RuntimeError("not all clients came to transfer")
    return float(text)

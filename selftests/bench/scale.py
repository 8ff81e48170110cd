# SPDX-License-Identifier: GPL-2.0
"""Devices with 10,000 peers, with 100,000, and with 1,000,000 allowed IPs: the
time and the memory that they take."""

import base64
import contextlib
import os
import shutil
import subprocess
import time

import load
import prefixes as internet
import sites
from rows import BASE
from sites import WARREN, command, inside, on

PEERS, MANY = 10_000, 100_000
CONFIG, TARGETS = "/tmp/bench.conf", "/tmp/bench.targets"


def kernel_memory():
    """Bytes that the kernel has allocated for itself, when that has come to rest."""
    last = None
    for _ in range(60):
        with open("/proc/sys/vm/drop_caches", "w") as file:
            file.write("2")  # of files' names; they are the kernel's memory, too
        with open("/proc/meminfo") as file:
            has = dict(line.split(":") for line in file)
        now = 1024 * sum(int(has[name].split()[0]) for name in ("Slab", "Percpu", "VmallocUsed"))
        if last is not None and abs(now - last) < 100_000:
            return now
        last = now
        time.sleep(1)  # until RCU has let go of what was deleted
    raise RuntimeError("the kernel's memory does not come to rest")


def run(*argv):
    """Runs a command on router a; the most memory it had in kB, what it printed."""
    process = subprocess.Popen(inside("a", *argv), text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{' '.join(argv)}: {text}")
    return usage.ru_maxrss, text


def timed(*argv):
    """The same, and before it the milliseconds that it took."""
    began = time.monotonic_ns()
    result = run(*argv)
    return (time.monotonic_ns() - began) / 1e6, *result


def spent(*argv):
    """The same, but milliseconds of processor time, with what RCU does afterwards."""
    with load.Busy() as busy:
        result = run(*argv)
        time.sleep(2)
    return busy.ns / 1e6, *result


def some_peers(count):
    """With an address each; public keys are any 32 bytes."""
    for n in range(count):
        key = base64.b64encode(os.urandom(32)).decode()
        yield (f"[Peer]\nPublicKey = {key}\n"
               f"AllowedIPs = 10.{n >> 16 | 16}.{n >> 8 & 255}.{n & 255}/32\n")


def configuration(*parts):
    with open(CONFIG, "w") as file:
        for part in parts:
            file.writelines(part)


def own_key():
    return f"[Interface]\nPrivateKey = {sites.keys()[0]}\n"


def change():
    """Gives the last peer one network more."""
    with open(CONFIG, "a") as file:
        file.write("AllowedIPs = 192.0.2.0/24\n")


@contextlib.contextmanager
def lonely(kind):
    """Router a with a device and no other."""
    if kind == BASE:
        sites.module("wireguard")
    sites.take_away()
    command("ip", "netns", "add", sites.ns("a"))
    try:
        sites.ip("a", f"link add tun-a type {kind}", "link set tun-a up")
        yield
    finally:
        sites.take_away()


def peers(kind, wanted, _size):
    values = {}
    with lonely(kind):
        configuration(own_key(), some_peers(PEERS))
        before = kernel_memory()
        values["setconf"], values["tool_memory"], _ = timed(WARREN, "setconf", "tun-a", CONFIG)
        values["peer_memory"] = (kernel_memory() - before) / PEERS
        change()
        values["syncconf"], _, _ = timed(WARREN, "syncconf", "tun-a", CONFIG)
        values["dump"], _, text = timed(WARREN, "show", "tun-a", "dump")
        if text.count("\n") != PEERS + 1 or text.count("192.0.2.0/24") != 1:
            raise RuntimeError("the dump is not that of the file")
        values["delete"], _, _ = timed("ip", "link", "del", "tun-a")
    yield from ((row, values[row]) for row in wanted)


def lookup():
    """Nanoseconds to send a packet into the device, which looks its destination up."""
    return float(on("a", f"{sites.TOP}/selftests/bench/lookup", "tun-a", TARGETS))


def prefixes(kind, wanted, _size):
    internet.make()
    shutil.copy(internet.TARGETS, TARGETS)
    with open(internet.TABLE) as file:
        table = file.read()
    peer = next(some_peers(1))
    values = {}
    with lonely(kind):
        configuration(own_key(), peer, "AllowedIPs = 0.0.0.0/0, ::/0\n")
        run(WARREN, "setconf", "tun-a", CONFIG)
        few = lookup()
        configuration(own_key(), peer, table)
        before = kernel_memory()
        values["prefix_setconf"], _, _ = spent(WARREN, "setconf", "tun-a", CONFIG)
        values["prefix_memory"] = (kernel_memory() - before) / internet.COUNT
        values["lookup"] = lookup() - few
        text = run(WARREN, "show", "tun-a", "allowed-ips")[1]
        if text.count("/") < internet.COUNT:
            raise RuntimeError(f"the device has {text.count('/')} allowed IPs only")
        values["prefix_delete"], _, _ = spent("ip", "link", "del", "tun-a")
    yield from ((row, values[row]) for row in wanted)


def many(kind, wanted, size):
    """Router b is one of MANY peers of router a, and joins when all the others are there."""
    values = {}
    with sites.joined(kind):
        own, other = on("a", WARREN, "showconf", "tun-a").split("[Peer]")
        configuration(own, some_peers(MANY - 1), "[Peer]", other)
        before = kernel_memory()
        values["many_setconf"], values["many_tool"], _ = spent(WARREN, "setconf", "tun-a", CONFIG)
        values["many_memory"] = (kernel_memory() - before) / MANY
        values["many_dump"], _, text = spent(WARREN, "show", "tun-a", "dump")
        if text.count("\n") != MANY + 1:
            raise RuntimeError(f"the dump has {text.count(chr(10))} lines")
        on("a", "ping", "-q", "-c", "2", "-i", "0.2", sites.inner("b"))
        values["many_tcp"] = load.tcp(size=size)
        values["many_delete"], _, _ = spent("ip", "link", "del", "tun-a")
    yield from ((row, values[row]) for row in wanted)

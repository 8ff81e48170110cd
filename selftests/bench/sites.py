# SPDX-License-Identifier: GPL-2.0
"""Two sites, a PC at each, and between their routers one of the tunnels that are
compared:

    pc-a ------ a ===== tunnel ===== b ------ pc-b
    192.168.1.2  .1   10.0.0.1  .2    192.168.2.1  .2

Each is a network namespace, each line a veth pair. The inner MTU is 1420 for all
tunnels and for none."""

import contextlib
import os
import shutil
import subprocess
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WARREN = os.path.join(TOP, "build", "bin", "warren")
MTU = 1420
ROUTERS, MACHINES = ("a", "b"), ("a", "b", "pc-a", "pc-b")
OTHER = {"a": "b", "b": "a"}
NUMBER = {"a": 1, "b": 2}
PORT = 51820


class Missing(Exception):
    """This kind of tunnel does not exist here; the text says why."""


def command(*argv, stdin=None, env=None):
    done = subprocess.run(argv, input=stdin, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env=env)
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)}: exit {done.returncode}: {done.stdout.strip()}"
                           + (f"\ninput:\n{stdin}" if stdin else ""))
    return done.stdout


def ns(machine):
    return f"bench-{machine}"


def inside(machine, *argv):
    """The command line that runs a command on a machine."""
    return ["ip", "netns", "exec", ns(machine), *argv]


def on(machine, *argv, **options):
    return command(*inside(machine, *argv), **options)


def ip(machine, *lines):
    """Several `ip` commands by one process."""
    command("ip", "-n", ns(machine), "-batch", "-", stdin="".join(f"{line}\n" for line in lines))


def outer(router):
    return f"10.0.0.{NUMBER[router]}"


def lan(router):
    return f"192.168.{NUMBER[router]}.0/24"


def inner(machine):
    """The address that traffic for a machine is sent to."""
    router = machine[-1]
    return f"192.168.{NUMBER[router]}.{1 if machine == router else 2}"


def module(*names):
    done = subprocess.run(["modprobe", "-a", *names], capture_output=True, text=True)
    if done.returncode:
        raise Missing(done.stderr.strip())


def keys():
    """A key pair, as text."""
    private = command(WARREN, "genkey").strip()
    return private, command(WARREN, "pubkey", stdin=private).strip()


def configure(tool, pairs, device, router, port, allowed):
    """Private key and one peer, by `warren set` or by `wg set`."""
    other = OTHER[router]
    on(router, tool, "set", device, "private-key", "/dev/stdin", "listen-port", str(port),
       "peer", pairs[other][1], "endpoint", f"{outer(other)}:{port}", "allowed-ips", allowed,
       stdin=pairs[router][0])


def into_device(router, device):
    ip(router, f"link set {device} mtu {MTU} up",
       f"route add {lan(OTHER[router])} dev {device} src {inner(router)}")


def by_the_wire(router, extra=""):
    ip(router, f"route add {lan(OTHER[router])} via {outer(OTHER[router])} "
               f"src {inner(router)} {extra}")


@contextlib.contextmanager
def none():
    for router in ROUTERS:
        ip(router, f"link set wan mtu {MTU}")
        by_the_wire(router)
    yield


@contextlib.contextmanager
def kernel(kind):
    """A device of rtnetlink kind @kind."""
    pairs = {router: keys() for router in ROUTERS}
    for router in ROUTERS:
        ip(router, f"link add tun-{router} type {kind}")
        configure(WARREN, pairs, f"tun-{router}", router, PORT, lan(OTHER[router]))
        into_device(router, f"tun-{router}")
    yield


@contextlib.contextmanager
def wireguard_go():
    pairs = {router: keys() for router in ROUTERS}
    processes = []
    try:
        for router in ROUTERS:
            device, socket = f"tun-{router}", f"/run/wireguard/tun-{router}.sock"
            processes.append(subprocess.Popen(
                inside(router, "wireguard-go", "-f", device), stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env={**os.environ, "WG_PROCESS_FOREGROUND": "1"}))
            while not os.path.exists(socket):
                if processes[-1].poll() is not None:
                    raise RuntimeError("wireguard-go ended at once")
                time.sleep(0.1)
            configure("wg", pairs, device, router, PORT, lan(OTHER[router]))
            into_device(router, device)
        yield
    finally:
        for process in processes:
            process.terminate()
            process.wait()


@contextlib.contextmanager
def ipsec(algorithm, key_size):
    """ESP in tunnel mode, with keys set by hand."""
    # Where udev is not there to load them; names differ between kernels.
    for name in ("aesni_intel", "gcm", "seqiv", "chacha20poly1305", "chacha_x86_64",
                 "poly1305_x86_64"):
        subprocess.run(["modprobe", "-q", name])
    for router in ROUTERS:
        for number, (source, target) in enumerate((("a", "b"), ("b", "a")), 1):
            way = f"src {outer(source)} dst {outer(target)} proto esp"
            key = bytes([number] * key_size).hex()
            try:
                ip(router, f"xfrm state add {way} spi {number} reqid 1 mode tunnel "
                           f"replay-window 32 aead {algorithm} 0x{key} 128")
            except RuntimeError as error:
                raise Missing(str(error)) from error
            for direction in ["out"] if source == router else ["in", "fwd"]:
                ip(router, f"xfrm policy add src {lan(source)} dst {lan(target)} dir {direction} "
                           f"tmpl {way} reqid 1 mode tunnel")
        by_the_wire(router, f"mtu {MTU}")
    yield


# What has to be there, and how it is made. The first three are always measured.
KINDS = {
    "none": ((), none),
    "wireguard": (("wireguard",), lambda: kernel("wireguard")),
    "warren": ((), lambda: kernel("warren")),
    "ipsec-aes-gcm": (("esp4", "xfrm_user"), lambda: ipsec("rfc4106(gcm(aes))", 20)),
    "ipsec-chacha": (("esp4", "xfrm_user"), lambda: ipsec("rfc7539esp(chacha20,poly1305)", 36)),
    "wireguard-go": (("tun",), wireguard_go),
}
USUAL = ("none", "wireguard", "warren")


def take_away():
    present = command("ip", "netns", "list").split()
    for machine in MACHINES:
        if ns(machine) in present:
            command("ip", "netns", "del", ns(machine))


def wires():
    for machine in MACHINES:
        command("ip", "netns", "add", ns(machine))
        ip(machine, "link set lo up")
    ip("a", f"link add wan type veth peer name wan netns {ns('b')}")
    for router in ROUTERS:
        pc = f"pc-{router}"
        ip(router, f"link add lan mtu {MTU} type veth peer name eth0 mtu {MTU} netns {ns(pc)}",
           f"address add {outer(router)}/24 dev wan", f"address add {inner(router)}/24 dev lan",
           "link set wan up", "link set lan up")
        ip(pc, f"address add {inner(pc)}/24 dev eth0", "link set eth0 up",
           f"route add default via {inner(router)}")
        on(router, "sysctl", "-qw", "net.ipv4.ip_forward=1")


@contextlib.contextmanager
def joined(kind):
    """The sites, joined by a tunnel of that kind, which has passed traffic."""
    modules, tunnel = KINDS[kind]
    if modules:
        module(*modules)
    if kind == "wireguard-go" and not (shutil.which("wireguard-go") and shutil.which("wg")):
        raise Missing("not installed: selftests/deps interop")
    take_away()
    try:
        wires()
        with tunnel():
            on("a", "ping", "-q", "-c", "2", "-i", "0.2", inner("b"))
            on("pc-a", "ping", "-q", "-c", "2", "-i", "0.2", inner("pc-b"))
            yield
    finally:
        take_away()


@contextlib.contextmanager
def no_segmentation():
    """The wire as a card without UDP segmentation, but with GRO, is."""
    for router in ROUTERS:
        on(router, "ethtool", "-K", "wan", "tx-udp-segmentation", "off", "gro", "on")
    try:
        yield
    finally:
        for router in ROUTERS:
            on(router, "ethtool", "-K", "wan", "tx-udp-segmentation", "on", "gro", "off")

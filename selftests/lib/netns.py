# SPDX-License-Identifier: GPL-2.0
"""Network namespaces, and sockets and commands inside them."""

import contextlib
import ctypes
import itertools
import os
import socket
import subprocess

from ktap import Failure, cleanup, eventually
from rtnl import Route

CLONE_NEWNET = 0x40000000
MS_BIND, MNT_DETACH = 0x1000, 2

_libc = ctypes.CDLL(None, use_errno=True)
_number = itertools.count()
_home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _call(name, *arguments):
    if getattr(_libc, name)(*arguments):
        raise OSError(ctypes.get_errno(), name)


def _setns(fd):
    _call("setns", fd, CLONE_NEWNET)


def command(*argv, stdin=None, check=True, timeout=3600):
    """Runs a command here; returns what it printed."""
    done = subprocess.run(argv, input=stdin, text=True, timeout=timeout,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if check and done.returncode:
        raise Failure(f"{' '.join(argv)}: exit {done.returncode}: {done.stdout.strip()}"
                      + (f"\ninput:\n{stdin}" if stdin else ""))
    return done.stdout


class Namespace:
    """A network namespace with a name, that is deleted when the case is over."""

    def __init__(self, label="ns"):
        self.name = f"w{os.getpid()}-{next(_number)}-{label}"
        self.path = f"/run/netns/{self.name}"
        os.makedirs("/run/netns", exist_ok=True)
        with open(self.path, "x"):
            pass
        _call("unshare", CLONE_NEWNET)
        try:
            self.fd = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            self.links = Route()
            _call("mount", b"/proc/self/ns/net", self.path.encode(), b"none", MS_BIND, None)
        finally:
            _setns(_home)
        self.alive = True
        cleanup(self.delete)
        self.links.up("lo")

    def delete(self):
        """Takes away the name and our references; the kernel frees the rest."""
        if self.alive:
            self.alive = False
            self.links.close()
            os.close(self.fd)
            _call("umount2", self.path.encode(), MNT_DETACH)
            os.unlink(self.path)

    def address(self, device, *addresses):
        """Gives addresses with their prefix lengths to a device."""
        with self.entered():
            index = socket.if_nametoindex(device)
        for address in addresses:
            self.links.address(index, address)
        if self.links.is_up(device):
            self.await_addresses(*addresses)

    def await_addresses(self, *addresses):
        """Waits until a device that is up has them: a worker of the kernel's gives an
        IPv6 address its route, and until then what is for it leaves by the device."""
        for address in addresses:
            address = address.partition("/")[0]
            eventually(lambda address=address: self.links.is_local(address),
                       f"a local route for {address}")

    @contextlib.contextmanager
    def entered(self):
        """While inside: this thread's sockets, and its children, are in here."""
        _setns(self.fd)
        try:
            yield self
        finally:
            _setns(_home)

    def ip(self, *lines, family=None):
        """Several `ip` commands by one process. @family: 6 for `ip -6`."""
        command("ip", "-n", self.name, *([f"-{family}"] if family else []), "-batch", "-",
                stdin="".join(line + "\n" for line in lines))

    def run(self, *argv, **options):
        with self.entered():
            return command(*argv, **options)

    def start(self, *argv, **options):
        """Starts a command that is ended when the case is over."""
        with self.entered():
            process = subprocess.Popen(argv, **options)

        def end():
            process.kill()
            process.wait()
            for pipe in process.stdout, process.stderr, process.stdin:
                if pipe:
                    pipe.close()

        cleanup(end)
        return process

    def socket(self, family, kind, protocol=0):
        with self.entered():
            made = socket.socket(family, kind, protocol)
        cleanup(made.close)
        return made

    def udp(self, address="0.0.0.0", port=0, timeout=5.0):
        """A bound UDP socket."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        made = self.socket(family, socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((address, port))
        made.settimeout(timeout)
        return made

    def sniff(self, device, protocol=0x0003, timeout=5.0):
        """A socket that sees the packets of a device, headers cooked away."""
        made = self.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(protocol))
        made.bind((device, protocol))
        made.settimeout(timeout)
        return made

    def sysctl(self, name, value):
        with self.entered(), open("/proc/sys/" + name.replace(".", "/"), "w") as file:
            file.write(str(value))


def veth(one, one_name, other, other_name, *extra):
    """A pair of veth ends that are up, in two namespaces. @extra: lines for ip."""
    one.links.add_veth(one_name, other.fd, other_name)
    one.links.up(one_name)
    other.links.up(other_name)
    if extra:
        one.ip(*extra)

# SPDX-License-Identifier: GPL-2.0
"""Traffic whose content is checked, between two namespaces, by sockets of this
process: no byte may be changed, lost, doubled or out of place."""

import os
import random
import select
import signal
import socket
import struct
import time

from ktap import Failure, check, equal

# Everything sent is a piece of an endless text, at an offset that the receiver
# knows; its period is prime, so that no displaced piece fits by chance.
_PERIOD, _MOST = 1048583, 65536
_CONTENT = random.Random(7).randbytes(_PERIOD)
_CONTENT += _CONTENT[:_MOST]


def content(offset, size):
    """@size bytes of the text, at most 64 KiB, from @offset."""
    start = offset % _PERIOD
    return _CONTENT[start:start + size]


class _Flow:
    """One direction of a connection."""

    def __init__(self, source, sink, size, offset):
        self.source, self.sink, self.size, self.offset = source, sink, size, offset
        self.sent = self.received = 0

    def send(self):
        size = min(65536, self.size - self.sent)
        self.sent += self.source.send(content(self.offset + self.sent, size))

    def receive(self):
        data = self.sink.recv(65536)
        check(data, f"the connection ended after {self.received} of {self.size} bytes")
        if data != content(self.offset + self.received, len(data)):
            raise Failure(f"content is wrong between bytes {self.received} and "
                          f"{self.received + len(data)}")
        self.received += len(data)


def tcp(client_ns, server_ns, to, size, seconds=60, streams=1):
    """Sends @size bytes each way over each of some connections at once.

    Returns the seconds that it took."""
    family = socket.AF_INET6 if ":" in to else socket.AF_INET
    listener = server_ns.socket(family, socket.SOCK_STREAM)
    listener.bind((to, 0))
    listener.listen(streams)
    flows, ends = [], []
    for number in range(streams):
        client = client_ns.socket(family, socket.SOCK_STREAM)
        client.settimeout(seconds)
        client.connect(listener.getsockname()[:2])
        server, _ = listener.accept()
        ends += [client, server]
        flows += [_Flow(client, server, size, number * 7919),
                  _Flow(server, client, size, number * 7919 + 104729)]
    for end in ends:
        end.setblocking(False)
    began = time.monotonic()
    while any(f.received < f.size for f in flows):
        readers = {f.sink: f for f in flows if f.received < f.size}
        writers = {f.source: f for f in flows if f.sent < f.size}
        left = seconds - (time.monotonic() - began)
        ready = select.select(readers, writers, [], max(0, left))
        if not ready[0] and not ready[1]:
            raise Failure("stuck: " + ", ".join(f"{f.received} of {f.size}" for f in flows))
        for end in ready[0]:
            readers[end].receive()
        for end in ready[1]:
            try:
                writers[end].send()
            except BlockingIOError:
                pass
    took = time.monotonic() - began
    for end in ends + [listener]:
        end.close()
    return took


SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33  # beyond what sysctl allows


class Datagrams:
    """Numbered datagrams from one namespace to an address in another."""

    def __init__(self, from_ns, to_ns, to):
        self.to = to
        self.receiver = to_ns.udp(to)
        self.sender = from_ns.udp("::" if ":" in to else "0.0.0.0")
        self.receiver.setblocking(False)
        for end, option in (self.receiver, SO_RCVBUFFORCE), (self.sender, SO_SNDBUFFORCE):
            end.setsockopt(socket.SOL_SOCKET, option, 4 << 20)
        self.seen, self.next = {}, 0

    def send(self, size):
        """One datagram of @size bytes, at least 8."""
        data = struct.pack("!II", self.next, size) + content(self.next * 31, size - 8)
        self.next += 1
        self.sender.sendto(data, self.receiver.getsockname()[:2])

    def receive(self, seconds=0.0):
        """Checks all that has come; returns how many."""
        count = 0
        while select.select([self.receiver], [], [], seconds)[0]:
            data = self.receiver.recv(65536)
            number, size = struct.unpack("!II", data[:8])
            if len(data) != size or data[8:] != content(number * 31, size - 8):
                raise Failure(f"datagram {number} of {size} bytes came as {len(data)} others")
            self.seen[number] = self.seen.get(number, 0) + 1
            count += 1
        return count

    def all_came(self, seconds=5.0):
        """Waits for those sent; each has to come exactly once."""
        deadline = time.monotonic() + seconds
        while len(self.seen) < self.next and time.monotonic() < deadline:
            self.receive(0.1)
        equal(len(self.seen), self.next, "datagrams that came")
        self.none_came_twice()

    def none_came_twice(self):
        twice = [n for n, times in self.seen.items() if times > 1]
        check(not twice, f"datagrams that came more than once: {twice[:10]}")


def meanwhile(disturb, transfer):
    """Calls transfer() again and again for as long as a child takes to disturb()."""
    child = os.fork()
    if not child:
        try:
            disturb()
        finally:
            os._exit(0)
    rounds = 0
    try:
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            transfer()
            rounds += 1
        child = None
    finally:
        if child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    check(rounds, "nothing was sent meanwhile")

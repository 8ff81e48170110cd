#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A processor that is full gives large packets to one that has time. Whatever that
one does then, every byte comes, in order."""

import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import ktap
import traffic
from ktap import Skip, case, check
from link import Link
from tunnel import OURS

MB = 1 << 20
SOL_UDP, UDP_SEGMENT = 17, 103
FULL, OTHER = 0, 1
SIZE = 1300
PROCESSORS = os.sched_getaffinity(0)


class Relieved(Link):
    """A link whose packets all come in by one processor, which does all else as well."""

    def __init__(self):
        if not OURS:
            raise Skip("n/a: WireGuard spreads everything, always")
        if not PROCESSORS >= {FULL, OTHER}:
            raise Skip("n/a: this machine has one processor")
        super().__init__()
        os.sched_setaffinity(0, {FULL})
        ktap.cleanup(os.sched_setaffinity, 0, PROCESSORS)
        self.ping()
        self.unread = self.b.ns.udp(self.b.inner[4])
        self.sender = self.a.ns.udp()
        self.sender.setsockopt(SOL_UDP, UDP_SEGMENT, SIZE)

    def given(self):
        return sum(site.device.counters()["rx_spread"] for site in self.sites)

    def tcp(self):
        traffic.tcp(self.a.ns, self.b.ns, self.b.inner[4], MB, streams=2)

    def batches(self):
        """Large ones, however slow the machine is, as TCP would not send then."""
        for _ in range(10):
            self.sender.sendto(bytes(40 * SIZE), self.unread.getsockname()[:2])

    def until_given(self):
        """Loads the processor until it has given packets away."""
        before = self.given()
        ktap.eventually(lambda: self.batches() or self.given() > before + 10,
                        "the full processor to give packets away", 40, pause=0)


@case(timeout=240)
def tcp_keeps_every_byte():
    link = Relieved()
    link.until_given()
    traffic.tcp(link.a.ns, link.b.ns, link.b.inner[6], 2 * MB, streams=4)


@case
def datagrams_keep_their_order():
    """Batches of them, several on their way at once, also behind small ones."""
    link = Relieved()
    a, b = link.sites
    receiver = b.ns.udp(b.inner[4])
    receiver.setsockopt(socket.SOL_SOCKET, traffic.SO_RCVBUFFORCE, 32 << 20)
    sender = a.ns.udp()
    sender.connect(receiver.getsockname()[:2])
    receiver.settimeout(20)
    link.until_given()
    before, rounds = link.given(), 0
    while link.given() < before + 10:
        check(rounds < 300, "no batch was given away")
        rounds += 1
        sent = []
        for batch in range(6):
            sender.setsockopt(SOL_UDP, UDP_SEGMENT, 0)
            sent.append(traffic.content(batch, 20))
            sender.send(sent[-1])
            sender.setsockopt(SOL_UDP, UDP_SEGMENT, SIZE)
            data = traffic.content(rounds * 7919 + batch * 104729, 40 * SIZE)
            sender.send(data)
            sent += [data[at:at + SIZE] for at in range(0, len(data), SIZE)]
        for number, data in enumerate(sent):
            check(receiver.recv(65536) == data, f"datagram {number} of {len(sent)} is another")


@case
def small_packets_stay():
    """They are not worth an interrupt, however full the processor is."""
    link = Relieved()
    a, b = link.sites
    link.until_given()

    def stay():  # none does as long as a batch before it is under way
        before = link.given()
        flow = traffic.Datagrams(a.ns, b.ns, b.inner[4])
        for _ in range(300):
            flow.send(1000)
        flow.all_came()
        return link.given() == before

    ktap.eventually(stay, "small packets to stay", 40)


@case(timeout=120)
def the_other_processor_is_held_up():
    """Real-time work comes and goes there, which softirqs' thread cannot interrupt."""
    link = Relieved()
    link.until_given()

    def disturb():
        os.sched_setaffinity(0, {OTHER})
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
        for _ in range(10):
            until = time.monotonic() + 0.3
            while time.monotonic() < until:
                pass
            time.sleep(0.1)

    traffic.meanwhile(disturb, link.tcp)
    link.until_given()


@case(timeout=120)
def the_other_processor_goes_offline():
    """With packets that wait there, too; they are taken over."""
    control = f"/sys/devices/system/cpu/cpu{OTHER}/online"
    if not os.path.exists(control):
        raise Skip("n/a: this kernel cannot take processors away")

    def put(state):
        with open(control, "w") as file:
            file.write(state)

    link = Relieved()
    link.until_given()
    ktap.cleanup(put, "1")

    def disturb():
        for _ in range(20):
            put("0")
            put("1")
            time.sleep(0.1)  # until it is relieved again

    traffic.meanwhile(disturb, link.tcp)
    link.until_given()


@case(timeout=120)
def the_device_goes_meanwhile():
    """Its end waits for what is under way on the other processor."""
    for _ in range(3):
        link = Relieved()
        link.until_given()
        link.batches()
        link.b.ns.ip("link del wg0")
        link.a.ns.ip("link del wg0")
        for site in link.sites:
            site.ns.delete()


if __name__ == "__main__":
    ktap.main()

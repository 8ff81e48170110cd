# SPDX-License-Identifier: GPL-2.0
"""What is measured: the rows of the table."""

import dataclasses

BASE, OURS = "wireguard", "warren"


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    title: str
    unit: str
    goals: tuple  # ratio to in-kernel WireGuard to reach: before Linux 7, and from it
    more_is_better: bool = False
    digits: int = 0
    most: float = None  # ours, whatever the others are
    below: str = None  # the kind of tunnel that ours has to cost less than

    def goal(self, release):
        return self.goals[int(release.split(".")[0]) >= 7] if self.goals else None


def costs(name, title, unit, goals, digits=0, **more):
    return Row(name, title, unit, goals, digits=digits, **more)


_TCP, _NO_USO = (0.42, 0.55), (0.65, 0.80)

ROWS = (
    costs("tcp", "TCP", "ns/byte", _TCP, 2, most=17.5),
    costs("tcp_4", "TCP, 4 streams", "ns/byte", _TCP, 2, most=17.5),
    costs("tcp_back", "TCP, other direction", "ns/byte", _TCP, 2, most=17.5),
    costs("tcp_no_uso", "TCP, no UDP segmentation", "ns/byte", _NO_USO, 2),
    costs("tcp_4_no_uso", "TCP, 4 streams, no UDP segmentation", "ns/byte", _NO_USO, 2),
    costs("tcp_back_no_uso", "TCP, other direction, no UDP segm.", "ns/byte", _NO_USO, 2),
    costs("udp_1360", "UDP, 1360 bytes", "ns/packet", (0.68, 0.85), below="ipsec-chacha"),
    costs("udp_64", "UDP, 64 bytes", "ns/packet", (0.70, 0.85), below="ipsec-aes-gcm"),
    costs("ping", "ping, round trip", "us", (0.45, 0.40), below="ipsec-aes-gcm"),
    costs("sites_tcp", "TCP from site to site", "ns/byte", (0.50, 0.65), 2),
    costs("sites_udp", "UDP, 1360 bytes, from site to site", "ns/packet", (0.50, 0.65)),
    Row("cpus", "2 CPUs, TCP, 4 streams", "Mbit/s", (2.0, 1.5), True),
    Row("tunnels_16", "2 CPUs, 16 tunnels, TCP each", "Mbit/s", (2.0, 1.5), True),
    costs("peer_memory", "memory of an idle peer", "bytes", (1.05, 1.05)),
    costs("setconf", "setconf of 10,000 peers", "ms", (0.5, 0.5)),
    costs("syncconf", "syncconf of 10,000 peers, one changed", "ms", None),
    costs("dump", "show dump of 10,000 peers", "ms", None),
    costs("delete", "deletion with 10,000 peers", "ms", (0.02, 0.02)),
    costs("tool_memory", "memory of the tool in setconf", "kB", None),
    costs("lookup", "look-up among 1,000,000 prefixes", "ns/packet", (1.0, 1.0)),
    costs("prefix_memory", "memory of each of 1,000,000 prefixes", "bytes", (0.5, 0.5), 1),
    costs("prefix_setconf", "setconf of 1,000,000 prefixes", "ms", None),
    costs("prefix_delete", "deletion with 1,000,000 prefixes", "ms", None),
    costs("many_memory", "memory of each of 100,000 peers", "bytes", None),
    costs("many_setconf", "setconf of 100,000 peers", "ms", None),
    costs("many_dump", "show dump of 100,000 peers", "ms", None),
    costs("many_tcp", "TCP with one of 100,000 peers", "ns/byte", None, 2),
    costs("many_delete", "deletion with 100,000 peers", "ms", None),
    costs("many_tool", "memory of the tool in setconf of them", "kB", None),
)
BY_NAME = {row.name: row for row in ROWS}
COST = tuple(row.name for row in ROWS[:11])
# What is measured together, in one machine.
PARTS = {
    "cost": COST,
    "cpus": ("cpus", "tunnels_16"),
    "scale": ("peer_memory", "setconf", "syncconf", "dump", "delete", "tool_memory"),
    "prefixes": ("lookup", "prefix_memory", "prefix_setconf", "prefix_delete"),
    "many": ("many_memory", "many_setconf", "many_dump", "many_tcp", "many_delete", "many_tool"),
}
# Of which kinds of tunnel, where not of all.
KINDS = {"scale": (BASE, OURS), "prefixes": (BASE, OURS), "many": (OURS,)}

# SPDX-License-Identifier: GPL-2.0
"""Links and addresses over rtnetlink: what nearly every case needs, without the
time that starting `ip` takes in an emulated machine."""

import errno
import ipaddress
import socket
import struct

from netlink import NETLINK_ROUTE, Netlink, NetlinkError, attr, nest, u32

NEWLINK, DELLINK, GETLINK, NEWADDR, GETROUTE = 16, 17, 18, 20, 26
CREATE = 0x400 | 0x200  # NLM_F_CREATE | NLM_F_EXCL
IFNAME, MTU, LINKINFO, NET_NS_FD = 3, 4, 18, 28
INFO_KIND, INFO_DATA, VETH_INFO_PEER = 1, 2, 1
IFF_UP, IFA_F_NODAD = 1, 2
RTN_LOCAL = 2


def _link(flags=0, change=0):
    return struct.pack("=BxHiII", socket.AF_UNSPEC, 0, 0, flags, change)


class Route(Netlink):
    """The links of the network namespace in which this is made."""

    def __init__(self):
        super().__init__(NETLINK_ROUTE)

    def add(self, name, kind, data=b""):
        """A link of a kind; @data: what the kind wants to know."""
        self.ask(NEWLINK, CREATE, _link() + attr(IFNAME, name)
                 + nest(LINKINFO, attr(INFO_KIND, kind), data))

    def add_veth(self, name, other_ns_fd, other_name):
        """A veth pair, the other end in another namespace."""
        end = _link() + attr(IFNAME, other_name) + u32(NET_NS_FD, other_ns_fd)
        self.add(name, "veth", nest(INFO_DATA, attr(VETH_INFO_PEER, end)))

    def up(self, name):
        self.ask(NEWLINK, 0, _link(IFF_UP, IFF_UP) + attr(IFNAME, name))

    def down(self, name):
        self.ask(NEWLINK, 0, _link(0, IFF_UP) + attr(IFNAME, name))

    def delete(self, name):
        self.ask(DELLINK, 0, _link() + attr(IFNAME, name))

    def mtu(self, name, value):
        self.ask(NEWLINK, 0, _link() + attr(IFNAME, name) + u32(MTU, value))

    def address(self, index, address):
        """@address: with its prefix length, as text. No time is lost to look for
        duplicates."""
        one = ipaddress.ip_interface(address)
        family = socket.AF_INET if one.version == 4 else socket.AF_INET6
        self.ask(NEWADDR, CREATE,
                 struct.pack("=BBBBI", family, one.network.prefixlen, 0, 0, index)
                 + attr(2, one.ip.packed) + attr(1, one.ip.packed) + u32(8, IFA_F_NODAD))

    def is_up(self, name):
        ((_, answer),) = self.ask(GETLINK, 0, _link() + attr(IFNAME, name))
        return bool(struct.unpack("=I", answer[8:12])[0] & IFF_UP)

    def is_local(self, address):
        """Do packets for an address, as text, stay here?"""
        one = ipaddress.ip_address(address)
        family = socket.AF_INET if one.version == 4 else socket.AF_INET6
        try:
            ((_, answer),) = self.ask(GETROUTE, 0, struct.pack("=BBBBBBBBI", family,
                                                               one.max_prefixlen, 0, 0, 0, 0, 0,
                                                               0, 0) + attr(1, one.packed))
        except NetlinkError as error:
            if error.errno == errno.ENETUNREACH:
                return False
            raise
        return answer[7] == RTN_LOCAL

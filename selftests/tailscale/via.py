#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Grants that say by which router to go, with real routers: the same address is behind both."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import ktap
import mesh
from ktap import case, check
from mesh import proof, until

ADDRESS = "192.0.2.7"


def policy(via):
    return {"tagOwners": {"tag:one": [], "tag:two": []},
            "autoApprovers": {"routes": {"192.0.2.0/24": ["tag:one", "tag:two"]}},
            "grants": [{"src": ["ann@"], "dst": ["192.0.2.0/24"], "ip": ["*"], "via": [f"tag:{via}"]}]}


@case(timeout=600)
def grants_choose_the_router():
    net = proof()
    net.policy(policy("two"))
    routers = {}
    for label, port in ("one", 8001), ("two", 8002):
        router = net.node(label)
        router.forward()
        router.run("ip", "addr", "add", ADDRESS + "/32", "dev", "lo")
        router.join(net.ctl("preauthkeys", "create", "--tags", f"tag:{label}"), "--advertise-routes=192.0.2.0/24")
        router.serve(port)
        routers[label] = router
    a = net.node("a").join(net.key("ann"), "--accept-routes")
    until(lambda: a.fetch(ADDRESS, 8002), "the web page behind router two")
    check(not a.peer(routers["one"]), "a knows a router that it has nothing to do with")
    net.policy(policy("one"))
    until(lambda: a.fetch(ADDRESS, 8001), "the web page behind router one")
    check(not a.peer(routers["two"]), "a still knows router two")


if __name__ == "__main__":
    ktap.main(mesh.prepare)

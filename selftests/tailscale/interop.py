#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""warren-control with real tailscaled: the current release and the oldest that is accepted."""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))

import ktap
import mesh
from ktap import case, check, equal
from mesh import URL, Host, ann_and, proof, until
from netns import veth

ALL_TO_ALL = [{"action": "accept", "src": ["*"], "dst": ["*:*"]}]
WEB, SECRET = 8000, 8001


def slow(function):
    """A case whose waits have limits of their own."""
    return case(function, timeout=600)


def refused(attempt, what):
    """attempt() must fail."""
    try:
        attempt()
    except ktap.Failure:
        return
    raise ktap.Failure(what)


@slow
def nodes_of_both_releases_join_by_key():
    net, a, b = ann_and("a", "b", old="b")
    for node in a, b:
        listed = net.listed(node.name)
        equal((listed["user"], listed["registerMethod"], listed["ipAddresses"][0]),
              ("ann", "key", node.address), f"the server's entry of {node.name}")
    a.reaches(b)
    b.reaches(a)


@slow
def a_used_key_lets_nobody_in():
    net = proof()
    once = net.key("ann")
    a, b = net.node("a"), net.node("b")
    a.join(once)
    refused(lambda: b.up(f"--auth-key={once}"), "a one-shot key was taken twice")
    equal(net.listed(b.name), {}, "the node with the used key")


@slow
def node_joins_by_approval():
    net, a = ann_and("a")
    net.ctl("users", "create", "bob")
    c = net.node("c")
    up = c.start(c.bin / "tailscale", f"--socket={c.dir}/sock", "up", f"--login-server={URL}",
                 f"--hostname={c.name}", "--accept-dns=false", stdout=subprocess.PIPE,
                 stderr=subprocess.STDOUT, text=True)
    login = next(found[1] for line in up.stdout if (found := re.search(r"/register/([0-9a-f]+)", line)))
    page = a.run("curl", "-sf", f"{URL}/register/{login}")
    check(f"auth approve {login}" in page, f"the page does not say how to approve:\n{page}")
    check(login in net.ctl("auth", "list"), "the login is not in the list")
    net.ctl("auth", "approve", login, "bob")
    equal(up.wait(120), 0, "exit code of tailscale up")
    listed = net.listed(c.name)
    equal((listed["user"], listed["registerMethod"]), ("bob", "approval"), "the server's entry")


@slow
def nodes_answer_to_their_names():
    net, a, b = ann_and("a", "b", old="b")
    a.ts("set", "--accept-dns=true")
    until(lambda: a.pings("box-b.mesh.internal"), "the full name to resolve")
    until(lambda: a.pings("box-b"), "the short name to resolve")
    until(lambda: a.ts("ping", "--c=1", "--until-direct=false", "box-b"), "tailscale ping by name")
    net.ctl("nodes", "rename", "box-b", "bee")
    until(lambda: a.pings("bee.mesh.internal"), "the new name to resolve")
    refused(lambda: a.run("getent", "hosts", "box-b.mesh.internal"), "the old name still resolves")
    equal(net.listed("bee")["ipAddresses"][0], b.address, "address of the renamed node")


@slow
def traffic_goes_directly():
    _, a, b = ann_and("a", "b", old="b")
    until(lambda: a.path(b).startswith(b.outer + ":"), "a direct path")
    b.serve(WEB)
    check(a.fetch(b.address, WEB), "no web page through the tunnel")


@slow
def node_behind_a_nat_is_reached_directly():
    net, a = ann_and("a")
    c = net.node("c", router=net.router("nat")).join(net.key("ann"))
    until(lambda: c.path(a).startswith(a.outer + ":"), "a direct path out of the NAT")
    until(lambda: a.path(c).startswith("10.99.0."), "a direct path into the NAT")
    a.reaches(c)


@slow
def two_nats_are_crossed():
    net = proof()
    key = net.key("ann", "--reusable")
    one, two = (net.node(name, router=net.router("nat" + name)).join(key) for name in "cd")
    until(lambda: one.path(two).startswith("10.99.0."), "a direct path through both NATs")


@slow
def relay_serves_nodes_behind_hard_nats():
    """A port for each destination: no way through but the relay."""
    net = proof()
    key = net.key("ann", "--reusable")
    one, two = (net.node(name, router=net.router("nat" + name, "masquerade fully-random")).join(key)
                for name in "cd")
    one.reaches(two)
    equal(until(lambda: one.path(two), "an answer"), "DERP(own)", "the path")


@slow
def relay_serves_nodes_without_udp():
    net, a, b = ann_and("a", "b", old="b")
    b.serve(WEB)
    until(lambda: a.path(b).startswith(b.outer), "a direct path")
    a.block_udp()
    until(lambda: a.path(b) == "DERP(own)", "the path by the relay", 240)
    check(a.fetch(b.address, WEB, 30), "no web page by the relay")
    a.unblock_udp()
    until(lambda: a.path(b).startswith(b.outer), "the direct path to come back", 240)


@slow
def relay_serves_clients_over_websocket():
    """As browsers reach it; the client does that when it is told to."""
    net = proof()
    key = net.key("ann", "--reusable")
    a = net.node("a", environment={"TS_DEBUG_DERP_WS_CLIENT": "true"}).join(key)
    b = net.node("b").join(key)
    b.serve(WEB)
    a.block_udp()
    until(lambda: a.path(b) == "DERP(own)", "the path by the relay", 240)
    until(lambda: a.fetch(b.address, WEB), "the web page by the relay")
    check("websocket: connected to" in (a.dir / "log").read_text(), "it was no WebSocket")


@slow
def policy_opens_and_cuts_a_port():
    net, a, b = ann_and("a", "b", old="b")
    b.serve(WEB)
    b.serve(SECRET)

    def allow(ports):
        net.policy({"acls": [{"action": "accept", "src": ["ann@"], "dst": [f"ann@:{ports}"]}]})

    def open_and_cut(opened, cut):
        until(lambda: a.fetch(b.address, opened), f"port {opened} to be open")
        check(not a.fetch(b.address, cut), f"port {cut} is open")

    until(lambda: a.fetch(b.address, SECRET), "the port without a policy")
    allow(WEB)
    until(lambda: not a.fetch(b.address, SECRET), "the port to be cut")
    open_and_cut(WEB, SECRET)
    allow(SECRET)
    until(lambda: not a.fetch(b.address, WEB), "the other port to be cut")
    open_and_cut(SECRET, WEB)
    refused(lambda: net.policy('{"acls": [{}]}'), "a bad policy was taken")
    open_and_cut(SECRET, WEB)
    net.policy({})
    until(lambda: not a.peer(b), "b to be gone from a's map")
    net.policy({"acls": ALL_TO_ALL})
    until(lambda: a.fetch(b.address, WEB), "all to be open")


@slow
def subnet_route_waits_for_approval_and_has_a_second_router():
    net, a, b, c = ann_and("a", "b", "c")
    route = "10.77.0.0/24"
    for router in b, c:
        # The network behind it: an address on its loopback.
        router.ns.address("lo", "10.77.0.1/32")
        router.forward()
        router.ts("set", f"--advertise-routes={route}")
    a.ts("set", "--accept-routes")

    def primary():
        return [n for n in (b, c) if route in (a.peer(n).get("PrimaryRoutes") or [])]

    until(lambda: net.listed(b.name)["advertisedRoutes"], "the route to be offered")
    a.reaches(b)
    check(not a.pings("10.77.0.1"), "a route was used without approval")
    for router in b, c:
        until(lambda router=router: net.ctl("nodes", "approve-routes", router.name, "--routes", route)
              or True, "the approval")
    until(lambda: primary() == [b], "the first router to be used")
    a.reaches("10.77.0.1")
    b.stop_daemon()
    until(lambda: primary() == [c], "the second router to take over")
    a.reaches("10.77.0.1")
    b.start_daemon()
    until(lambda: net.listed(b.name)["online"], "the first router to come back")
    equal(primary(), [c], "routers after the first one is back")


@slow
def exit_node_carries_what_is_not_of_the_mesh():
    net, a, b = ann_and("a", "b")
    # A host that only b knows the way to, and not of a network that b is on: those an exit
    # node keeps to itself.
    world = Host(net, "world", "10.99.0.250")
    veth(b.ns, "up0", world.ns, "down0")
    b.ns.address("up0", "198.51.100.1/24")
    world.ns.address("down0", "198.51.100.2/24")
    world.ns.address("lo", "203.0.113.7/32")
    world.ns.ip("link set eth0 down", "route add default via 198.51.100.1")
    b.ns.ip("route add 203.0.113.0/24 via 198.51.100.2")
    b.forward()
    b.pings("203.0.113.7")
    b.ts("set", "--advertise-exit-node")
    until(lambda: "0.0.0.0/0" in net.listed(b.name)["advertisedRoutes"], "the offer")
    check(not a.pings("203.0.113.7"), "the world is reached without an exit node")
    net.ctl("nodes", "approve-routes", b.name, "--routes", "0.0.0.0/0,::/0")
    until(lambda: a.ts("set", f"--exit-node={b.address}") is not None, "the exit node to be offered")
    a.reaches("203.0.113.7")
    a.ts("set", "--exit-node=")
    until(lambda: not a.pings("203.0.113.7"), "the world to be gone again")


@slow
def expired_node_is_cut_off_and_logs_in_with_a_new_key():
    net, a, b = ann_and("a", "b", old="b")
    a.reaches(b)
    address, key = b.address, net.listed(b.name)["nodeKey"]
    net.ctl("nodes", "expire", b.name)
    until(lambda: not a.pings(address), "b to be cut off")
    b.join(net.key("ann"), "--force-reauth")
    listed = net.listed(b.name)
    check(listed["nodeKey"] != key, "the node key is the old one")
    equal((listed["ipAddresses"][0], listed["expired"]), (address, False), "the server's entry")
    a.reaches(b)


@slow
def node_key_is_rotated_under_traffic():
    net, a, b = ann_and("a", "b")
    a.reaches(b)
    key = net.listed(b.name)["nodeKey"]
    b.join(net.key("ann"), "--force-reauth")
    until(lambda: net.listed(b.name)["nodeKey"] != key, "another node key")
    a.reaches(b)
    b.reaches(a)


@slow
def logged_out_node_is_cut_off():
    net, a, b = ann_and("a", "b", old="b")
    a.reaches(b)
    address = b.address
    b.ts("logout")
    until(lambda: net.listed(b.name)["expired"], "the node to be expired")
    until(lambda: not a.pings(address), "b to be cut off")
    b.join(net.key("ann"), "--reset")
    a.reaches(b)


@slow
def deleted_node_is_gone():
    net, a, b = ann_and("a", "b", old="b")
    until(lambda: a.peer(b), "b in a's map")
    net.ctl("nodes", "delete", b.name)
    until(lambda: not a.peer(b), "b to be gone from a's map")
    until(lambda: not b.pings(a.address), "b to be cut off")


@slow
def ephemeral_node_is_removed_when_gone():
    net, a = ann_and("a", mesh=proof(nodes={"ephemeral_timeout": "2s"}))
    c = net.node("c").join(net.key("ann", "--ephemeral"))
    check(net.listed(c.name)["ephemeral"], "the node is not ephemeral")
    until(lambda: a.peer(c), "c in a's map")
    c.stop_daemon()
    until(lambda: not net.listed(c.name) and not a.peer(c), "c to be removed")
    check(net.listed(a.name), "the other node was removed, too")


@slow
def tagged_node_belongs_to_nobody():
    net, a, b = ann_and("a", "b", old="b")
    net.policy({"tagOwners": {"tag:web": ["ann@"]},
                "acls": [{"action": "accept", "src": ["ann@"], "dst": ["tag:web:*"]}]})
    until(lambda: not a.peer(b), "the policy to part them")
    net.ctl("nodes", "tag", b.name, "--tags", "tag:web")
    until(lambda: a.peer(b).get("Tags") == ["tag:web"], "the tag in a's map")
    a.reaches(b)
    equal(net.listed(b.name)["user"], None, "user of the tagged node")


@slow
def server_is_killed_and_started_under_traffic():
    net, a, b = ann_and("a", "b", old="b")
    a.reaches(b)
    address = b.address
    net.kill()
    # The tunnel does not need the server while it is away.
    a.reaches(address)
    net.start()
    for node in a, b:
        until(lambda node=node: net.listed(node.name)["online"], f"{node.name} to come back")
    a.reaches(b)
    late = net.node("late").join(net.key("ann"))
    until(lambda: a.peer(late), "a new node in the map of an old one")


if __name__ == "__main__":
    ktap.main(mesh.prepare)

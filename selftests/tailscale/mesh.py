# SPDX-License-Identifier: GPL-2.0
"""A control server and real tailscaled, each in a network namespace of its own.

    server 10.99.0.1 ---- bridge ---- nodes 10.99.0.11, 10.99.0.12, ...
                             |
                            nat 10.99.0.x ---- node 10.98.0.2

What a case makes is gone when the case is over. Nothing here waits for a time: until() waits
for a condition, with a limit that a loaded machine does not reach."""

import atexit
import contextlib
import functools
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

import golang
from ktap import Failure, Skip, cleanup, eventually
from netns import Namespace, command, veth

CONTROL = os.environ.get("CONTROL", str(HERE.parent.parent / "build/bin/warren-control"))
CURRENT, OLDEST = "v1.102.3", "v1.80.3"
URL = "http://10.99.0.1:8080"
# Both programs in one, a relay client as browsers have it when asked for, and without the
# parts that no case needs: much of what takes time to build.
TAGS = "ts_include_cli,ts_debug_websockets," + ",".join("ts_omit_" + part for part in (
    "acme aws bird cloud completion desktop_sessions drive kube oauthkey serve ssh syspolicy systray"
    " taildrop tap tpm webclient").split())


@functools.cache
def releases():
    """The folder of each release's tailscaled and tailscale, which is the same program."""
    wanted = [("tailscale.com", "cmd/tailscaled", release, TAGS) for release in (CURRENT, OLDEST)]
    try:
        built = golang.programs(wanted, lambda text: print("#", text, flush=True))
    except golang.Unavailable as why:
        raise Skip(f"n/a: {why}") from why
    folder = pathlib.Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    for (_, _, release, _), program in zip(wanted, built):
        (folder / release).mkdir()
        for name in "tailscale", "tailscaled":
            (folder / release / name).symlink_to(program)
    return folder


def prepare():
    """What all cases need; raises Skip where it cannot be had."""
    if os.geteuid():
        raise Skip("network namespaces need root")
    if not os.path.exists("/dev/net/tun"):
        raise Skip("there is no /dev/net/tun")
    if not os.path.exists(CONTROL):
        raise Skip("warren-control is not built: make control")
    folder = releases()
    command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "2", "-subj", "/CN=relay", "-addext", "subjectAltName=IP:10.99.0.1",
            "-keyout", str(folder / "tls.key"), "-out", str(folder / "tls.crt"))


def until(condition, what, seconds=120):
    """Waits until condition() gives something true, and returns it. A command that fails in
    it is no reason to give up; the last one's output is in the message."""
    last = ""

    def attempt():
        nonlocal last
        try:
            return condition()
        except (Failure, subprocess.TimeoutExpired) as failure:
            last = f"\n{failure}"
            return None

    try:
        return eventually(attempt, what, seconds, pause=0.2)
    except Failure as failure:
        raise Failure(f"{failure}{last}") from None


class Host:
    """A namespace with a cable to the bridge of @mesh, or to @router's inner side."""

    def __init__(self, mesh, label, address=None, router=None):
        self.mesh, self.label = mesh, label
        self.ns = Namespace(label)
        if router:
            veth(router.ns, "in0", self.ns, "eth0")
            router.ns.address("in0", "10.98.0.1/24")
            self.outer = "10.98.0.2"
            gateway = "10.98.0.1"
        else:
            self.outer = address
            gateway = "10.99.0.1"
            port = f"p{address.rsplit('.', 1)[1]}"
            veth(mesh.host, port, self.ns, "eth0")
            mesh.host.ip(f"link set {port} master br0")
        self.ns.address("eth0", self.outer + "/24")
        self.ns.ip(f"route add default via {gateway}")
        # `ip netns exec` shows this to a program as /etc/resolv.conf, which it may change.
        etc = pathlib.Path("/etc/netns", self.ns.name)
        etc.mkdir(parents=True)
        cleanup(shutil.rmtree, etc)
        (etc / "resolv.conf").write_text("nameserver 10.99.0.1\n")

    def run(self, *argv, timeout=120):
        return command("ip", "netns", "exec", self.ns.name, *map(str, argv), timeout=timeout)

    def start(self, *argv, **options):
        return start("ip", "netns", "exec", self.ns.name, *argv, **options)

    def nft(self, rules):
        command("ip", "netns", "exec", self.ns.name, "nft", "-f", "-", stdin=rules)

    def block_udp(self):
        self.nft("table inet closed { chain out { type filter hook output priority 0;"
                 " oifname eth0 meta l4proto udp drop; }; }")

    def unblock_udp(self):
        self.nft("delete table inet closed")

    def forward(self):
        self.ns.sysctl("net.ipv4.ip_forward", 1)


def start(*argv, **options):
    """A program that is ended when the case is over."""
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, **options)

    def end():
        process.kill()
        process.wait()

    cleanup(end)
    return process


class Node(Host):
    """A device: tailscaled in its namespace."""

    def __init__(self, mesh, label, release=CURRENT, environment=None, **where):
        super().__init__(mesh, label, **where)
        self.environment = environment or {}
        self.name = "box-" + label
        self.bin = releases() / release
        self.dir = mesh.dir / label
        self.dir.mkdir()
        self.process = None
        self.start_daemon()

    def start_daemon(self):
        self.process = self.start(
            self.bin / "tailscaled", "--no-logs-no-support", "--tun=ts0", f"--statedir={self.dir}",
            f"--socket={self.dir}/sock", stdout=(self.dir / "log").open("a"), stderr=subprocess.STDOUT,
            env={**os.environ, "TS_DEBUG_FIREWALL_MODE": "nftables", "TS_LOGS_DIR": str(self.dir),
                 "SSL_CERT_FILE": str(releases() / "tls.crt"), **self.environment})
        until(lambda: self.ts("status", "--json"), f"tailscaled of {self.label} to answer")

    def stop_daemon(self):
        self.process.terminate()
        self.process.wait(60)

    def ts(self, *words, timeout=120):
        return self.run(self.bin / "tailscale", f"--socket={self.dir}/sock", *words, timeout=timeout)

    def up(self, *options):
        """`tailscale up`; with a pre-auth key among the @options it comes back when joined."""
        self.ts("up", f"--login-server={URL}", f"--hostname={self.name}", "--accept-dns=false",
                *options, timeout=120)
        return self

    def join(self, key, *options):
        return self.up(f"--auth-key={key}", *options)

    def status(self):
        return json.loads(self.ts("status", "--json"))

    def peer(self, other):
        """What this node knows of another, by its name; {} if nothing."""
        name = other if isinstance(other, str) else other.name
        for peer in (self.status().get("Peer") or {}).values():
            if peer["DNSName"].split(".")[0] == name:
                return peer
        return {}

    @property
    def address(self):
        return self.status()["Self"]["TailscaleIPs"][0]

    def pings(self, address):
        """What ping says, or nothing when there is no answer."""
        with contextlib.suppress(Failure):
            return self.run("ping", "-c", "1", "-W", "5", address)
        return ""

    def reaches(self, other, seconds=120):
        address = other.address if isinstance(other, Node) else other
        until(lambda: self.pings(address), f"{self.label} to reach {address}", seconds)

    def path(self, other):
        """The way that a ping of tailscaled's own takes: an address, or "DERP(own)"."""
        answer = self.ts("ping", "--c=1", "--until-direct=false", "--timeout=5s", other.address)
        return answer.split(" via ")[1].split(" in ")[0]

    def serve(self, port):
        """A web server, whose only file is @port's number."""
        folder = self.dir / f"web{port}"
        folder.mkdir()
        (folder / "index.html").write_text(str(port))
        self.start("python3", "-m", "http.server", "--directory", folder, str(port),
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: self.fetch("127.0.0.1", port), f"the web server of {self.label}")

    def fetch(self, address, port, seconds=5):
        """Whether the web server at @address answers."""
        with contextlib.suppress(Failure):
            return self.run("curl", "-sf", "--max-time", seconds,
                            f"http://{address}:{port}/") == str(port)
        return False


class Mesh:
    """The server, with a bridge in its namespace."""

    def __init__(self, **settings):
        self.dir = pathlib.Path(tempfile.mkdtemp())
        cleanup(shutil.rmtree, self.dir)
        self.host = Namespace("server")
        # An address of its own: it would take over a cable's, and neighbours would not know.
        self.host.ip("link add br0 address 02:00:00:00:00:01 type bridge", "addr add 10.99.0.1/24 dev br0", "link set br0 up",
                     "route add default via 10.99.0.254 dev br0")
        self.hosts = itertools.count(11)
        self.config = self.dir / "control.hujson"
        self.config.write_text(json.dumps({"state_dir": str(self.dir / "state"), **settings}))
        self.process = None
        self.start()

    def stop(self):
        if not self.process:
            return
        self.process.terminate()
        code, self.process = self.process.wait(60), None
        if code:
            raise Failure(f"the server ended with {code}:\n{self.log()}")

    def start(self):
        with self.host.entered():
            self.process = start(CONTROL, "-c", self.config, "serve",
                                 stderr=(self.dir / "control.log").open("a"))
        cleanup(self.stop)

        def answers():
            if self.process.poll() is not None:
                raise AssertionError("the server does not start:\n" + self.log())
            return self.ctl("status")

        until(answers, "the server to start")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def log(self):
        return (self.dir / "control.log").read_text()

    def ctl(self, *words):
        """A command of warren-control; with -o json its value, or else its text."""
        text = command(CONTROL, "-c", str(self.config), *words, timeout=60).strip()
        return json.loads(text) if "json" in words else text

    def key(self, user, *options):
        """A new pre-auth key of a user, who is made if there is none."""
        with contextlib.suppress(Failure):
            self.ctl("users", "create", user)
        return self.ctl("preauthkeys", "create", "--user", user, *options)

    def node(self, label, release=CURRENT, router=None, environment=None):
        address = None if router else f"10.99.0.{next(self.hosts)}"
        return Node(self, label, release, environment, address=address, router=router)

    def router(self, label, masquerade="masquerade"):
        """A NAT: nothing new comes in, and what goes out has its address. What is for a port
        that nothing went out of is dropped like the rest: an entry in the table would take
        the port from the mapping that both sides are about to open."""
        host = Host(self, label, f"10.99.0.{next(self.hosts)}")
        host.forward()
        host.nft(f"""table ip nat {{
            chain out {{ type nat hook postrouting priority 100; oifname "eth0" {masquerade}; }}
            chain in {{ type filter hook forward priority 0; iifname "eth0" ct state new drop; }}
            chain own {{ type filter hook input priority 0; iifname "eth0" ct state new drop; }}
        }}""")
        return host

    def listed(self, name):
        """What the server says of a node; {} if there is none."""
        for node in self.ctl("nodes", "list", "-o", "json")["nodes"]:
            if node["name"] == name:
                return node
        return {}

    def policy(self, text):
        file = self.dir / "policy"
        file.write_text(text if isinstance(text, str) else json.dumps(text))
        self.ctl("policy", "set", str(file))


def proof(**settings):
    """A mesh whose relay the oldest release trusts too: it does not know certificates by
    their hash."""
    tls = {"certificate": str(releases() / "tls.crt"), "key": str(releases() / "tls.key")}
    return Mesh(server_url=URL, tls=tls, **settings)


def ann_and(*labels, mesh=None, old=()):
    """A mesh with Ann's nodes of these names, joined: [mesh, node, ...]."""
    mesh = mesh or proof()
    key = mesh.key("ann", "--reusable")
    nodes = [mesh.node(label, OLDEST if label in old else CURRENT) for label in labels]
    for node in nodes:
        node.join(key)
    return [mesh, *nodes]

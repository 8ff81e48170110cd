# SPDX-License-Identifier: GPL-2.0
"""The tool under test, wg to compare it with, and a program that plays a device."""

import base64
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "selftests" / "lib"))

from ktap import Skip, check, cleanup, equal  # noqa: E402

# Without sanitizers in the VM, where they would take most of the time.
WARREN = str(TOP / ("build/bin" if "WARREN_VM" in os.environ else "build/asan/bin") / "warren")
SOCKETS = "/run/wireguard"

# What a failure's exit code means: enum warren_code.
USAGE, VALUE, FILE, NODEV, EXISTS, PERM, RESOLVE, KERNEL, UNSUPPORTED, HOOK = range(2, 12)

PRIVATE = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="
PUBLIC = "HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw="
PEERS = ("xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=",
         "TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=",
         "gN65BkIKy1eCE9pP1wdc8ROUtkHLF2PfAqYdyYBz6EA=")

# What show can print of a device, for scripts.
FIELDS = ("public-key", "private-key", "listen-port", "fwmark", "peers", "preshared-keys",
          "endpoints", "allowed-ips", "latest-handshakes", "transfer", "persistent-keepalive",
          "dump")

# A device of which everything is set, as showconf prints it.
CONFIG = f"""[Interface]
ListenPort = 51820
FwMark = 0x1234
PrivateKey = {PRIVATE}

[Peer]
PublicKey = {PEERS[0]}
PresharedKey = {PRIVATE}
AllowedIPs = 192.168.4.4/32, 10.0.0.0/8, fd00::/64
Endpoint = [2001:db8::5]:51820
PersistentKeepalive = 111

[Peer]
PublicKey = {PEERS[1]}

[Peer]
PublicKey = {PEERS[2]}
AllowedIPs = 0.0.0.0/0
Endpoint = 192.0.2.9:1
"""


def hexed(key):
    """A key in base64 as the socket's interface writes it."""
    return base64.b64decode(key).hex()


def peer(number, *lines):
    """Lines of a device's state about one of PEERS."""
    return "\n".join((f"public_key={hexed(PEERS[number])}", *lines, ""))


def environment(**more):
    env = {k: v for k, v in os.environ.items() if not k.startswith("WG_")}
    env["ASAN_OPTIONS"] = "detect_leaks=1:abort_on_error=1"
    env["LC_ALL"] = "C"
    env.update(more)
    return env


def run(*argv, stdin="", **env):
    """Runs a command; returns its exit code, standard output and error."""
    done = subprocess.run(argv, input=stdin, text=True, timeout=120, env=environment(**env),
                          capture_output=True)
    check("Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr)
    check(done.returncode >= 0, f"{argv} was ended by signal {-done.returncode}")
    return done.returncode, done.stdout, done.stderr


def warren(*argv, **more):
    return run(WARREN, *argv, **more)


def good(*argv, **more):
    """Runs warren, which must succeed and say nothing on standard error."""
    code, out, err = warren(*argv, **more)
    equal((code, err), (0, ""), f"warren {' '.join(argv)}")
    return out


def same(*argv, **more):
    """Runs wg and warren, whose output must be the same to the byte."""
    code, want, err = run("wg", *argv, **more)
    equal((code, err), (0, ""), f"wg {' '.join(argv)}")
    equal(good(*argv, **more), want, f"{' '.join(argv)} {more or ''}")
    return want


def refused(code, *words, argv, **more):
    """Runs warren, which must fail with this code and say all these words."""
    got, out, err = warren(*argv, **more)
    equal(got, code, f"exit code of warren {' '.join(argv)}: {err}")
    for word in words:
        check(word in err, f"{word!r} is not in {err!r}")
    return err


def file_with(text, name="test.conf", mode=0o600):
    """A file that is gone after the case."""
    folder = tempfile.TemporaryDirectory(prefix="warren-")
    cleanup(folder.cleanup)
    path = pathlib.Path(folder.name) / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return str(path)


def own_namespaces():
    """Goes into mount and network namespaces of its own, with no devices."""
    if os.geteuid():
        print("1..0 # SKIP needs root, for namespaces of its own")
        sys.exit(4)
    if "TOOL_TEST_INSIDE" not in os.environ:
        os.environ["TOOL_TEST_INSIDE"] = "1"
        os.makedirs(SOCKETS, exist_ok=True)
        os.execvp("unshare", ["unshare", "-mn", sys.executable, *sys.argv])
    subprocess.run(["mount", "-t", "tmpfs", "none", SOCKETS], check=True)


def need_wg():
    if subprocess.run(["sh", "-c", "command -v wg"], capture_output=True).returncode:
        raise Skip("wg is not installed")


class Device:
    """A device by its socket: tells @state, and keeps what it was sent."""

    def __init__(self, name="wgt", state=""):
        self.name, self.state, self.requests, self.error = name, state, [], 0
        self.refuses = None  # a text whose requests it refuses
        self.path = f"{SOCKETS}/{name}.sock"
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.path)
        self.socket.listen(16)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        cleanup(self._close)

    def _close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()
        os.unlink(self.path)

    def _serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            with client:
                self._answer(client)

    def _answer(self, client):
        text = b""
        while not text.endswith(b"\n\n"):
            more = client.recv(65536)
            if not more:
                return
            text += more
        answer = f"errno={self.error}\n\n"
        if text == b"get=1\n\n":
            answer = self.state + answer
        else:
            self.requests.append(text.decode())
            if self.refuses and self.refuses in text.decode():
                answer = "errno=-22\n\n"
        client.sendall(answer.encode())

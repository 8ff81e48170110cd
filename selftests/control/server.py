# SPDX-License-Identifier: GPL-2.0
"""The control server, built with sanitizers, as a process with its own folder and ports."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
OUT = pathlib.Path(os.environ.get("OUT", TOP / "build/selftests/control"))
# Below the ports that the system gives to clients.
PORT = 20000 + os.getpid() % 12000


class Server:
    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp())
        self.process = None
        self.devices = []

    def write(self, name, text):
        (self.dir / name).write_text(text)

    def certificate(self, name):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                        "-keyout", self.dir / "tls.key", "-out", self.dir / "tls.crt"],
                       check=True, stderr=subprocess.DEVNULL)

    def answers(self, alive):
        """Waits until somebody listens on the unix socket, or alive() is false."""
        end = time.monotonic() + 60
        while time.monotonic() < end and alive():
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(str(self.dir / "state/control.sock")) == 0:
                    return True
            time.sleep(0.05)
        return False

    def start(self, program=OUT / "warren-control", **more):
        config = {"server_url": f"http://127.0.0.1:{PORT}", "listen": f"127.0.0.1:{PORT}",
                  "state_dir": str(self.dir / "state"), "relay": {"stun": f"127.0.0.1:{PORT + 1}"},
                  **more}
        self.write("c.hujson", json.dumps(config))
        self.process = subprocess.Popen([program, "-c", self.dir / "c.hujson", "serve"],
                                        stderr=(self.dir / "log").open("a"))
        if not self.answers(lambda: self.process.poll() is None):
            raise RuntimeError("the server does not start: " + (self.dir / "log").read_text())

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            code = self.process.wait(20)
            self.process = None
            assert code == 0, f"the server left with {code}"

    def remove(self):
        """Ends everything, whatever happened."""
        for device in self.devices:
            device.kill()
            device.wait()
        if self.process:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.dir)

    def ctl(self, *words, check=True):
        done = subprocess.run([OUT / "warren-control", "-c", self.dir / "c.hujson", *words], text=True,
                              capture_output=True)
        assert not check or done.returncode == 0, done.stderr
        return done

    def device(self, name, *key):
        return subprocess.run([OUT / "device", str(PORT), name, *key], text=True, check=True,
                              capture_output=True).stdout.strip()

    def stay(self, name, key, *routes):
        """A device that joins, offers the routes and stays; returns it, to be ended with leave()."""
        device = subprocess.Popen([OUT / "device", str(PORT), name, key, "--stay", *routes], text=True,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.devices.append(device)
        for want in "joined\n", "streams\n":
            got = device.stdout.readline()
            assert got == want, f"the device says {got!r}, not {want!r}"
        return device

    def leave(self, device):
        device.stdin.close()
        device.wait(60)
        device.stdout.close()
        self.devices.remove(device)

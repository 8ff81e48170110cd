#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The REST interface against its description, openapi.yaml: every path and method that is described
is called, over the network with an API key, and every answer must have the form that is promised.
Also that signals and files do what the documentation says."""

import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

import jsonschema
import yaml

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
OUT = pathlib.Path(os.environ.get("OUT", TOP / "build/selftests/control"))
SPEC = yaml.safe_load((TOP / "tools/control/openapi.yaml").read_text())
# Below the ports that the system gives to clients.
PORT = 20000 + os.getpid() % 12000


class Server:
    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp())
        self.process = None

    def write(self, name, text):
        (self.dir / name).write_text(text)

    def certificate(self, name):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                        "-keyout", self.dir / "tls.key", "-out", self.dir / "tls.crt"],
                       check=True, stderr=subprocess.DEVNULL)

    def start(self, **more):
        config = {"server_url": f"http://127.0.0.1:{PORT}", "listen": f"127.0.0.1:{PORT}",
                  "state_dir": str(self.dir / "state"), "relay": {"stun": f"127.0.0.1:{PORT + 1}"},
                  **more}
        self.write("c.hujson", json.dumps(config))
        self.process = subprocess.Popen([OUT / "warren-control", "-c", self.dir / "c.hujson", "serve"],
                                        stderr=(self.dir / "log").open("a"))
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(str(self.dir / "state/control.sock")) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError("the server does not start: " + (self.dir / "log").read_text())

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            code = self.process.wait(20)
            self.process = None
            assert code == 0, f"the server left with {code}"

    def ctl(self, *words, check=True):
        done = subprocess.run([OUT / "warren-control", "-c", self.dir / "c.hujson", *words], text=True,
                              capture_output=True)
        assert not check or done.returncode == 0, done.stderr
        return done

    def device(self, name, *key):
        return subprocess.run([OUT / "device", str(PORT), name, *key], text=True, check=True,
                              capture_output=True).stdout.strip()


server = Server()
called = set()
api_key = None


def resolve(node):
    while "$ref" in node:
        target = SPEC
        for part in node["$ref"].lstrip("#/").split("/"):
            target = target[part]
        node = target
    return node


def expand(schema):
    """A schema without references."""
    if isinstance(schema, list):
        return [expand(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: expand(value) for key, value in resolve(schema).items()}


def call(method, template, body=None, want=None, **names):
    """Calls a described operation and holds the answer against its description."""
    operation = SPEC["paths"][template][method.lower()]
    called.add((method, template))
    path = re.sub(r"{(\w+)}", lambda m: str(names[m[1]]), template)
    http_ = http.client.HTTPConnection("127.0.0.1", PORT, timeout=20)
    http_.request(method, "/api/v1" + path, json.dumps(body) if body is not None else None,
                  {"Authorization": f"Bearer {api_key}"})
    answer = http_.getresponse()
    value = json.loads(answer.read())
    http_.close()
    promised = operation["responses"]
    form = resolve(promised.get(str(answer.status), promised["default"]))
    jsonschema.validate(value, expand(form["content"]["application/json"]["schema"]))
    expected = want or min(int(code) for code in promised if code != "default")
    assert answer.status == expected, f"{method} {path}: {answer.status} {value}"
    if body is not None and want is None:
        described = expand(resolve(operation["requestBody"])["content"]["application/json"]["schema"])
        jsonschema.validate(body, described)
        assert set(body) <= set(described["properties"]), f"{method} {template}: undescribed member"
    return value


def users():
    call("POST", "/users", {"name": "ann", "displayName": "Ann", "email": "ann@example.com"})
    call("POST", "/users", {"name": "ann"}, want=409)
    call("POST", "/users", {"name": "bob"})
    call("POST", "/users/{user}/rename", {"name": "rob"}, user="bob")
    call("DELETE", "/users/{user}", user="rob")
    call("DELETE", "/users/{user}", user="rob", want=404)
    assert [u["name"] for u in call("GET", "/users")["users"]] == ["ann"]


def preauth_keys():
    key = call("POST", "/preauthkeys", {"user": "ann", "tags": [], "reusable": True, "ephemeral": False,
                                        "expiration": "1h"})["preAuthKey"]
    assert server.device("one", key["key"]) == "joined"
    listed = call("GET", "/preauthkeys")["preAuthKeys"][0]
    assert listed["uses"] == 1 and "key" not in listed
    assert not call("POST", "/preauthkeys/{id}/expire", id=key["id"])["preAuthKey"]["usable"]
    call("DELETE", "/preauthkeys/{id}", id=key["id"])
    call("POST", "/preauthkeys", {"user": "nobody"}, want=404)
    call("POST", "/preauthkeys", {"user": "ann", "expiration": "soon"}, want=400)


def logins():
    url = server.device("guest")
    waiting = call("GET", "/logins")["logins"]
    assert len(waiting) == 1 and url.endswith(waiting[0]["id"]) and waiting[0]["hostname"] == "guest"
    node = call("POST", "/logins/{id}/approve", {"user": "ann"}, id=waiting[0]["id"])["node"]
    assert node["user"] == "ann" and node["registerMethod"] == "approval"
    url = server.device("stranger")
    call("POST", "/logins/{id}/reject", id=url.split("/")[-1])
    call("POST", "/logins/{id}/reject", id=url.split("/")[-1], want=404)


def nodes():
    first = call("GET", "/nodes")["nodes"][0]
    assert first["name"] == "one" and first["ipAddresses"][0] == "100.64.0.1"
    call("POST", "/nodes/{node}/rename", {"name": "uno"}, node=first["id"])
    call("POST", "/nodes/{node}/rename", {"name": "No Good"}, node="uno", want=400)
    assert call("POST", "/nodes/{node}/expire", {}, node="uno")["node"]["expired"]
    assert call("POST", "/nodes/{node}/expire", {"expiresAt": None}, node="uno")["node"]["expiresAt"] is None
    when = "2099-01-01T00:00:00Z"
    assert call("POST", "/nodes/{node}/expire", {"expiresAt": when}, node="uno")["node"]["expiresAt"] == when
    assert call("POST", "/nodes/{node}/routes", {"routes": ["10.0.0.0/8"]},
                node="uno")["node"]["approvedRoutes"] == ["10.0.0.0/8"]
    call("POST", "/nodes/{node}/routes", {"routes": ["10.0.0.1/8"]}, node="uno", want=400)
    assert call("POST", "/nodes/{node}/tags", {"tags": ["tag:a"]}, node="uno")["node"]["user"] is None
    assert call("GET", "/nodes/{node}", node="uno")["node"]["tags"] == ["tag:a"]
    call("DELETE", "/nodes/{node}", node="uno")
    call("GET", "/nodes/{node}", node="uno", want=404)


def policy():
    assert call("GET", "/policy")["updatedAt"] is None
    good = '{"acls": [{"action": "accept", "src": ["ann@"], "dst": ["*:22"]}], // comment\n}'
    call("POST", "/policy/check", {"policy": good})
    assert call("POST", "/policy/check", {"policy": "{\n  \"acl\": []}"}, want=400)["error"] == \
        "line 2, column 10: unknown member \"acl\""
    failing = '{"tests": [{"src": "ann@", "accept": ["guest:22"]}]}'
    assert "test failed" in call("POST", "/policy/check", {"policy": failing}, want=400)["error"]
    call("PUT", "/policy", {"policy": good})
    assert call("GET", "/policy")["policy"] == good


def api_keys():
    key = call("POST", "/apikeys", {"scope": "read", "expiration": "1d"})["apiKey"]
    assert key["scope"] == "read" and len(call("GET", "/apikeys")["apiKeys"]) == 2
    assert not call("POST", "/apikeys/{id}/expire", id=key["id"])["apiKey"]["usable"]
    call("DELETE", "/apikeys/{id}", id=key["id"])


def audit():
    entries = call("GET", "/audit")["audit"]
    actions = {entry["action"] for entry in entries}
    assert {"user.create", "node.create", "node.delete", "policy.set", "apikey.delete"} <= actions, actions
    assert all(a["id"] > b["id"] for a, b in zip(entries, entries[1:]))
    renamed = next(e for e in entries if e["action"] == "node.rename")
    assert renamed["actor"].startswith("api key ") and renamed["origin"] == "127.0.0.1"


def status():
    assert call("GET", "/status")["nodes"] == 1


def every_described_operation_was_called():
    described = {(method.upper(), path) for path, item in SPEC["paths"].items() for method in item
                 if method != "parameters"}
    assert described == called, described ^ called


def every_operation_is_described():
    source = "".join(path.read_text() for path in (TOP / "tools/control").glob("api*.c"))
    there = set(re.findall(r'{"(GET|POST|PUT|DELETE)", "([^"]+)", \w+}', source))
    described = {(method.upper(), re.sub(r"{\w+}", ":", path).lstrip("/"))
                 for path, item in SPEC["paths"].items() for method in item if method != "parameters"}
    assert there == described, there ^ described


def policy_file_is_read_again():
    server.stop()
    server.write("policy", "{}")
    server.start(policy_file=str(server.dir / "policy"))
    assert server.ctl("policy", "set", str(server.dir / "policy"), check=False).returncode == 1
    (server.dir / "log").write_text("")
    server.write("policy", "{ oops }")
    server.process.send_signal(signal.SIGHUP)
    wait_for_log("the policy in force stays")
    server.write("policy", '{"acls": []}')
    server.process.send_signal(signal.SIGHUP)
    wait_for_log("loaded the policy")


def wait_for_log(text):
    for _ in range(400):
        if text in (server.dir / "log").read_text():
            return
        time.sleep(0.1)
    raise AssertionError(f"not in the log: {text}")


def peer_name():
    return ssl.get_server_certificate(("127.0.0.1", PORT))


def certificate_is_loaded_again():
    server.stop()
    server.certificate("first")
    server.start(tls={"certificate": str(server.dir / "tls.crt"), "key": str(server.dir / "tls.key")})
    before = peer_name()
    (server.dir / "log").write_text("")
    server.certificate("second")
    wait_for_log("loaded a new certificate")
    assert peer_name() not in (before, "")
    # A broken one leaves the old one in use.
    (server.dir / "log").write_text("")
    server.write("tls.crt", "nonsense")
    wait_for_log("the new certificate is not used")
    assert peer_name() != before


def handshakes_are_limited_for_each_source():
    server.stop()
    server.start(handshakes_per_second=1)
    refused = 0
    for _ in range(30):
        http_ = http.client.HTTPConnection("127.0.0.1", PORT, timeout=20)
        http_.request("POST", "/ts2021", None, {"Upgrade": "tailscale-control-protocol"})
        refused += http_.getresponse().status == 429
        http_.close()
    assert 15 <= refused <= 20, refused


CASES = [users, preauth_keys, logins, nodes, policy, api_keys, audit, status,
         every_described_operation_was_called, every_operation_is_described,
         policy_file_is_read_again, certificate_is_loaded_again,
         handshakes_are_limited_for_each_source]


def main():
    global api_key
    failed = False
    print(f"TAP version 13\n1..{len(CASES)}", flush=True)
    try:
        server.start()
        api_key = server.ctl("apikeys", "create").stdout.strip()
        for number, case in enumerate(CASES, 1):
            try:
                case()
                print(f"ok {number} {case.__name__}", flush=True)
            except Exception as error:  # a failed case must not stop the others
                failed = True
                for line in f"{type(error).__name__}: {error}".splitlines()[:20]:
                    print(f"# {line}")
                print(f"not ok {number} {case.__name__}", flush=True)
        server.stop()
    finally:
        if server.process:
            server.process.kill()
        shutil.rmtree(server.dir)
    return failed


sys.exit(main())

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The REST interface against its description, openapi.yaml: every path and method that is described
is called, over the network with an API key, and every answer must have the form that is promised.
Also that signals and files do what the documentation says."""

import base64
import http.client
import json
import re
import signal
import ssl
import sys
import time

import jsonschema

from server import PORT, TOP, Server
from spec import SPEC, expand, resolve

server = Server()
called = set()
api_key = None


def ask(method, path, body=None, headers=None):
    """A plain request; its answer, and the body of that as bytes."""
    http_ = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
    http_.request(method, path, body, headers or {})
    answer = http_.getresponse()
    text = answer.read()
    http_.close()
    return answer, text


def call(method, template, body=None, want=None, query="", headers=None, **names):
    """Calls a described operation and holds the answer against its description."""
    operation = SPEC["paths"][template][method.lower()]
    called.add((method, template))
    path = re.sub(r"{(\w+)}", lambda m: str(names[m[1]]), template) + query
    answer, text = ask(method, "/api/v1" + path, json.dumps(body) if body is not None else None,
                       {"Authorization": f"Bearer {api_key}"} if headers is None else headers)
    value = json.loads(text)
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
    # An answer is JSON also where a name is cut off in it.
    assert "must be 1 to 63" in call("POST", "/users/{user}/rename", {"name": "x" + "\u00e9" * 60}, user="rob", want=400)["error"]
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


def names_do_not_command_the_terminal():
    url = server.device("\x1b[2Jbad\x9b31m\n\x7f")
    listed = server.ctl("auth", "list").stdout
    assert "?[2Jbad??31m??" in listed and "\x1b" not in listed, listed
    server.ctl("auth", "reject", url.split("/")[-1])
    assert "\x1b" not in server.ctl("audit", "list").stdout


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
    refused = call("POST", "/nodes/{node}/routes/refuse", {"routes": ["10.0.0.0/8", "10.9.0.0/16"]}, node="uno")["node"]
    assert (refused["approvedRoutes"], refused["refusedRoutes"]) == ([], ["10.0.0.0/8", "10.9.0.0/16"])
    approved = call("POST", "/nodes/{node}/routes", {"routes": ["10.0.0.0/8"]}, node="uno")["node"]
    assert (approved["approvedRoutes"], approved["refusedRoutes"]) == (["10.0.0.0/8"], ["10.9.0.0/16"])
    assert call("POST", "/nodes/{node}/tags", {"tags": ["tag:a"]}, node="uno")["node"]["user"] is None
    assert call("GET", "/nodes/{node}", node="uno")["node"]["tags"] == ["tag:a"]
    everybody = call("GET", "/nodes")
    assert everybody["total"] == len(everybody["nodes"]) == 2
    for query, want in (("search=UNO", ["uno"]), ("search=tag%3Aa+100.64", ["uno"]), ("search=ann", ["guest"]),
                        ("search=10.0.0.0", ["uno"]), ("search=uno+guest", []), ("search=expired", []),
                        ("search=offline", ["uno", "guest"]), ("waiting=routes", [])):
        got = call("GET", "/nodes", query=f"?{query}")
        assert [node["name"] for node in got["nodes"]] == want and got["total"] == len(want), (query, got)
    part = call("GET", "/nodes", query="?limit=1")
    assert len(part["nodes"]) == 1 and part["total"] == 2
    rest = call("GET", "/nodes", query=f"?after={part['nodes'][0]['id']}")
    assert [node["name"] for node in part["nodes"] + rest["nodes"]] == ["uno", "guest"]
    call("DELETE", "/nodes/{node}", node="uno")
    call("GET", "/nodes/{node}", node="uno", want=404)


def nodes_come_in_parts_without_a_gap():
    """Also when a new node has taken the place of one that was removed."""
    for name in "p1", "p2":
        call("POST", "/nodes/wireguard", {"name": name, "user": "ann"})
    call("DELETE", "/nodes/{node}", node="p1")
    call("POST", "/nodes/wireguard", {"name": "p3", "user": "ann"})
    found, after = [], 0
    while part := call("GET", "/nodes", query=f"?limit=1&after={after}")["nodes"]:
        found.append(part[0]["name"])
        after = part[0]["id"]
    assert found == ["guest", "p2", "p3"], found
    for name in "p2", "p3":
        call("DELETE", "/nodes/{node}", node=name)
    for _ in range(2):
        call("POST", "/preauthkeys", {"user": "ann"})
    for path, member in ("/users", "users"), ("/preauthkeys", "preAuthKeys"), ("/apikeys", "apiKeys"):
        whole = call("GET", path)
        first = call("GET", path, query="?limit=1")
        after = call("GET", path, query=f"?after={first[member][0]['id']}")
        assert whole["total"] == first["total"] == after["total"] == len(whole[member]) > 0
        assert first[member] + after[member] == whole[member], path
        for bad in "limit=-1", "limit=x", "after=", "after=1.5":
            assert "must be a number" in call("GET", path, query=f"?{bad}", want=400)["error"]


def wireguard():
    key = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
    made = call("POST", "/nodes/wireguard", {"name": "phone", "user": "ann", "qr": True})
    assert made["node"]["registerMethod"] == "wireguard" and made["node"]["user"] == "ann"
    private = re.search(r"^PrivateKey = (.{44})$", made["config"], re.M)[1]
    assert made["qr"].startswith("<svg") and "[Peer]\nPublicKey = " in made["config"]
    again = call("GET", "/nodes/{node}/wireguard", node="phone")
    assert "\nPrivateKey" not in again["config"] and "qr" not in again
    assert private not in (server.dir / "log").read_text()
    database = b"".join(f.read_bytes() for f in (server.dir / "state").glob("control.sqlite*"))
    assert private.encode() not in database and base64.b64decode(private) not in database
    made = call("POST", "/nodes/wireguard", {"name": "router", "tags": ["tag:r"], "publicKey": key, "peers": [],
                                             "endpoints": ["192.0.2.1:51820"], "routes": ["10.9.0.0/16"]})
    assert made["node"]["servedRoutes"] == ["10.9.0.0/16"] and "# PrivateKey" in made["config"]
    for bad in ({"name": "router", "tags": ["tag:r"]}, {"name": "x"}, {"name": "x", "user": "ann", "publicKey": "\u00e9" * 22},
                {"name": "x", "user": "ann", "endpoints": ["192.0.2.1"]}, {"name": "x", "user": "ann", "peers": ["router"]},
                {"name": "x", "user": "ann", "publicKey": key}):
        call("POST", "/nodes/wireguard", bad, want=400)
    call("GET", "/nodes/{node}/wireguard", node="guest", want=400)
    call("POST", "/nodes/{node}/wireguard", {"routes": []}, node="guest", want=400)
    changed = call("POST", "/nodes/{node}/wireguard", {"routes": ["10.8.0.0/16"], "endpoints": ["192.0.2.2:51820"]},
                   node="router")
    assert changed["node"]["servedRoutes"] == ["10.8.0.0/16"] and changed["node"]["tags"] == ["tag:r"]
    assert changed["node"]["endpoints"] == ["192.0.2.2:51820"] and "# PrivateKey" in changed["config"]
    changed = call("POST", "/nodes/{node}/wireguard", {"user": "ann", "newKey": True, "qr": True}, node="router")
    assert changed["node"]["user"] == "ann" and changed["node"]["tags"] == [] and changed["node"]["expiresAt"]
    assert "\nPrivateKey" in changed["config"] and changed["qr"].startswith("<svg")
    assert changed["node"]["servedRoutes"] == ["10.8.0.0/16"]
    for bad in ({"user": "nobody"}, {"publicKey": "x"}, {"publicKey": key, "newKey": True}, {"endpoints": ["x"]},
                {"routes": ["10.0.0.1/8"]}, {"tags": ["x"]}):
        call("POST", "/nodes/{node}/wireguard", bad, node="router", want=404 if "nobody" in str(bad) else 400)
    call("POST", "/nodes/{node}/wireguard", {"publicKey": key}, node="router")
    call("POST", "/nodes/{node}/wireguard", {"publicKey": key}, node="phone", want=409)
    entry = call("GET", "/audit", query="?limit=10")["audit"]
    assert any(e["action"] == "node.wireguard" and "new key" in e["detail"] for e in entry), entry
    for name in "phone", "router":
        call("DELETE", "/nodes/{node}", node=name)
    assert [n["name"] for n in call("GET", "/nodes")["nodes"]] == ["guest"]


def policy():
    assert call("GET", "/policy")["updatedAt"] is None
    good = '{"acls": [{"action": "accept", "src": ["ann@"], "dst": ["*:22"]}], // comment\n}'
    call("POST", "/policy/check", {"policy": good})
    assert call("POST", "/policy/check", {"policy": "{\n  \"acl\": []}"}, want=400) == \
        {"error": "line 2, column 10: unknown member \"acl\"", "line": 2, "column": 10}
    failing = '{"tests": [{"src": "ann@", "accept": ["guest:22"]}]}'
    assert "test failed" in call("POST", "/policy/check", {"policy": failing}, want=400)["error"]
    call("PUT", "/policy", {"policy": good})
    assert call("GET", "/policy")["policy"] == good


def a_newer_policy_is_not_overwritten():
    began = call("GET", "/policy")
    theirs = call("PUT", "/policy", {"policy": "{} // theirs", "version": began["version"]})["version"]
    error = call("PUT", "/policy", {"policy": "{} // mine", "version": began["version"]}, want=409)["error"]
    assert f"saved version {theirs}" in error and "look at the difference" in error, error
    assert call("GET", "/policy")["policy"] == "{} // theirs"
    server.write("policy", "{} // by a command")
    file = str(server.dir / "policy")
    refused = server.ctl("policy", "set", file, "--version", str(began["version"]), check=False)
    assert refused.returncode == 1 and "somebody has saved" in refused.stderr, refused
    server.ctl("policy", "set", file, "--version", str(theirs))
    # Without a version it is the newest, as a script may want it.
    call("PUT", "/policy", {"policy": "{} // script"})
    call("PUT", "/policy", {"policy": "{}", "version": "x"}, want=400)
    # What was before is there to go back to.
    assert server.ctl("policy", "get", "--version", str(began["version"])).stdout == began["policy"] + "\n"
    assert call("GET", "/policy", query=f"?version={theirs}")["policy"] == "{} // theirs"
    call("GET", "/policy", query="?version=999", want=404)
    versions = call("GET", "/policy/versions")["versions"]
    assert [v["version"] for v in versions] == sorted((v["version"] for v in versions), reverse=True)
    assert versions[0]["bytes"] == len("{} // script")
    assert server.ctl("policy", "list").stdout.split()[3] == str(versions[0]["version"])
    assert server.ctl("policy", "get", "--version", "x", check=False).returncode == 2


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
    before = call("GET", "/status")
    assert before["nodes"] == 1
    call("POST", "/policy/check", {"policy": "{}"})
    assert call("GET", "/status")["revision"] == before["revision"]
    call("POST", "/users", {"name": "eve"})
    assert call("GET", "/status")["revision"] > before["revision"]


def reach():
    call("PUT", "/policy", {"policy": '{"tagOwners": {"tag:web": [], "tag:other": []}, '
                                      '"acls": [{"action": "accept", "proto": "tcp", "src": ["ann@"], '
                                      '"dst": ["tag:web:22,8000-8999"]}, '
                                      '{"action": "accept", "src": ["tag:web"], "dst": ["10.0.0.0/8:*"]}]}'})
    for tags in ["tag:web"], ["tag:other"]:
        key = call("POST", "/preauthkeys", {"tags": tags})["preAuthKey"]["key"]
        server.device(tags[0][4:], key)
    call("POST", "/nodes/{node}/routes", {"routes": ["10.0.0.0/8"]}, node="other")
    got = call("GET", "/reach")
    groups = {group["user"] or group["tags"][0]: i for i, group in enumerate(got["groups"])}
    assert got["groups"][groups["ann"]]["nodes"] == ["guest"]
    # A router that advertises nothing yet is no way to what is behind it.
    assert got["links"] == [{"from": groups["ann"], "to": groups["tag:web"],
                             "access": ["tcp:22,8000-8999"]}], got
    about = call("GET", "/reach", query="?node=other")
    assert [group["tags"] for group in about["groups"]] == [["tag:other"]] and not about["links"]
    call("GET", "/reach", query="?node=nobody", want=404)
    assert server.ctl("policy", "reach", "guest").stdout.splitlines()[1].split() == \
        ["ann", "tag:web", "tcp:22,8000-8999"]


def own_origin():
    return {"Origin": f"http://127.0.0.1:{PORT}"}


def sign_in(key=None):
    """Headers of a session, and all that its answer had."""
    answer, text = ask("POST", "/api/v1/session", json.dumps({"key": key or api_key}), own_origin())
    assert answer.status == 201, text
    cookie = answer.getheader("Set-Cookie")
    session = json.loads(text)["session"]
    return {"Cookie": cookie.split(";")[0], "X-Warren-Token": session["token"], **own_origin()}, cookie


def sessions():
    assert call("GET", "/session", headers={})["session"] is None
    assert call("POST", "/session", {"key": api_key}, headers=own_origin())["session"]["scope"] == "all"
    headers, cookie = sign_in()
    flags = [flag.strip() for flag in cookie.split(";")[1:]]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(flags) and "Secure" not in flags, cookie
    assert call("GET", "/session", headers=headers)["session"]["actor"].endswith("(web page)")
    call("POST", "/users", {"name": "web"}, headers=headers)
    entry = call("GET", "/audit", query="?limit=1")["audit"][0]
    assert (entry["action"], entry["origin"]) == ("user.create", "127.0.0.1")
    assert entry["actor"] == f"api key {api_key.split('-')[2]} (web page)", entry
    call("DELETE", "/session", headers=headers)
    assert call("GET", "/session", headers=headers)["session"] is None
    assert call("GET", "/users", headers=headers, want=401)
    assert [e["action"] for e in call("GET", "/audit", query="?limit=1")["audit"]] == ["session.close"]


def sessions_refuse_other_sites():
    headers, _ = sign_in()
    host = {"Host": f"127.0.0.1:{PORT}"}
    forgeries = [{"Origin": None}, {"Origin": "https://evil.example"}, {"Origin": "null"},
                 {"X-Warren-Token": None}, {"X-Warren-Token": "0" * 64}, {"X-Warren-Token": ""},
                 {"Origin": "http://evil.example", "Host": f"127.0.0.1:{PORT}"}]
    for forgery in forgeries:
        forged = {name: value for name, value in {**host, **headers, **forgery}.items() if value is not None}
        call("POST", "/users", {"name": "forged"}, headers=forged, want=403)
        call("DELETE", "/session", headers={**forged}, want=403)
    assert "forged" not in [user["name"] for user in call("GET", "/users", headers=headers)["users"]]
    refused = [e for e in call("GET", "/audit", query="?limit=200")["audit"] if e["action"] == "login.refused"]
    assert any("did not ask" in entry["detail"] for entry in refused), refused
    for origin in {}, {"Origin": "https://evil.example"}:
        call("POST", "/session", {"key": api_key}, headers=origin, want=403)


def sessions_end_with_their_key_and_keep_its_scope():
    key = call("POST", "/apikeys", {"scope": "read"})["apiKey"]
    headers, _ = sign_in(key["key"])
    call("GET", "/nodes", headers=headers)
    call("POST", "/policy/check", {"policy": "{}"}, headers=headers)
    assert "may only read" in call("POST", "/users", {"name": "no"}, headers=headers, want=403)["error"]
    call("POST", "/apikeys/{id}/expire", id=key["id"])
    call("GET", "/nodes", headers=headers, want=401)


def scopes():
    key = call("POST", "/apikeys", {"scope": "read"})["apiKey"]["key"]
    headers = {"Authorization": f"Bearer {key}"}
    for path, item in SPEC["paths"].items():
        for method in item:
            template = re.sub(r"{\w+}", "1", path)
            if method == "get":
                answer, text = ask("GET", "/api/v1" + template, None, headers)
                assert answer.status in (200, 404), (path, answer.status, text)
            elif method != "parameters" and path not in ("/policy/check", "/session"):
                answer, text = ask(method.upper(), "/api/v1" + template, "{}", headers)
                assert answer.status == 403, (method, path, answer.status, text)


def health_and_metrics():
    answer, text = ask("GET", "/health")
    assert answer.status == 200 and json.loads(text) == {"status": "pass"}
    answer, _ = ask("GET", "/metrics")
    assert answer.status == 401, answer.status
    answer, text = ask("GET", "/metrics", None, {"Authorization": f"Bearer {api_key}"})
    assert answer.status == 200 and answer.getheader("Content-Type").startswith("text/plain; version=0.0.4")
    numbers = dict(line.split() for line in text.decode().splitlines() if not line.startswith("#"))
    assert numbers["warren_control_nodes"] == str(call("GET", "/status")["nodes"])
    assert int(numbers["warren_control_logins_refused_total"]) > 0


def every_command_speaks_json():
    """Each command of the help, over the unix socket."""
    ctl = server.ctl
    made = json.loads(ctl("-o", "json", "apikeys", "create", "--scope", "read").stdout)["apiKey"]
    preauth = json.loads(ctl("-o", "json", "preauthkeys", "create", "--user", "ann").stdout)["preAuthKey"]
    server.device("cli", preauth["key"])
    login = server.device("asks").split("/")[-1]
    refused = server.device("again").split("/")[-1]
    server.write("policy", "{}")
    policy_file = str(server.dir / "policy")
    words = {
        "users create": ["carl"], "users rename": ["carl", "karl"], "users delete": ["karl"],
        "preauthkeys create": ["--user", "ann"], "preauthkeys expire": [str(preauth["id"])],
        "preauthkeys delete": [str(preauth["id"])],
        "nodes rename": ["cli", "command"], "nodes expire": ["command", "--never"],
        "nodes tag": ["command", "--tags", "tag:cli"],
        "nodes approve-routes": ["command", "--routes", "10.0.0.0/8"],
        "nodes refuse-routes": ["command", "--routes", "10.0.0.0/8"], "nodes delete": ["command"],
        "nodes add-wireguard": ["plain", "--user", "ann"], "nodes wireguard-config": ["plain"],
        "nodes set-wireguard": ["plain", "--endpoint", "192.0.2.1:1", "--new-key"],
        "auth approve": [login, "ann"], "auth reject": [refused],
        "policy check": [policy_file], "policy set": [policy_file],
        "apikeys create": ["--scope", "read"], "apikeys expire": [str(made["id"])],
        "apikeys delete": [str(made["id"])],
    }
    commands = [line.split() for line in ctl("help").stdout.splitlines() if line.startswith("  ")]
    seen = set()
    for command in commands:
        if command[0] in ("serve", "configtest"):
            continue
        known = [word for word in command if word.islower() and not word.startswith("[")]
        verb = " ".join(known[:1] if known[0] == "status" else known[:2])
        seen.add(verb)
        done = ctl("-o", "json", *verb.split(), *words.get(verb, []))
        assert isinstance(json.loads(done.stdout), dict), (verb, done.stdout)
    assert set(words) <= seen and len(seen) > 20, set(words) - seen


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


def sessions_expire():
    server.stop()
    server.start(web={"session": "2s"})
    headers, _ = sign_in()
    end = time.monotonic() + 60
    while json.loads(ask("GET", "/api/v1/session", None, headers)[1])["session"]:
        assert time.monotonic() < end, "the session does not end"
        time.sleep(0.2)
    call("GET", "/users", headers=headers, want=401)


def sessions_are_secure_over_tls():
    server.stop()
    server.certificate("127.0.0.1")
    server.start(tls={"certificate": str(server.dir / "tls.crt"), "key": str(server.dir / "tls.key")})
    context = ssl.create_default_context(cafile=server.dir / "tls.crt")
    context.check_hostname = False
    http_ = http.client.HTTPSConnection("127.0.0.1", PORT, timeout=60, context=context)
    http_.request("POST", "/api/v1/session", json.dumps({"key": api_key}),
                  {"Origin": f"https://127.0.0.1:{PORT}"})
    answer = http_.getresponse()
    answer.read()
    cookie = answer.getheader("Set-Cookie")
    assert cookie.startswith("__Host-warren=") and cookie.endswith("; Secure"), cookie
    http_.request("GET", "/api/v1/users", None, {"Cookie": cookie.split(";")[0]})
    assert http_.getresponse().status == 200
    http_.close()


def refused_logins_are_limited_for_each_source():
    server.stop()
    server.start()
    wrong = json.dumps({"key": "wrk-api-0123456789ab-" + "0" * 64})
    right = json.dumps({"key": api_key})

    def guess():
        for count in range(60):
            if ask("POST", "/api/v1/session", wrong, own_origin())[0].status == 429:
                return count
        raise AssertionError("guessing is not limited")

    assert guess() >= 10
    # The same bucket for both ways in; also the right key has to wait, a few seconds each time.
    for attempt in (lambda: ask("POST", "/api/v1/session", right, own_origin())[0],
                    lambda: ask("GET", "/api/v1/users", None, {"Authorization": f"Bearer {api_key}"})[0]):
        assert any(guess() >= 0 and attempt().status == 429 for _ in range(10)), "it comes in between guesses"
    listed = json.loads(server.ctl("-o", "json", "audit", "list", "--limit", "1").stdout)["audit"][0]
    assert (listed["action"], listed["actor"], listed["origin"]) == \
        ("login.refused", "web page", "127.0.0.1"), listed


def a_proxy_tells_where_requests_come_from():
    wrong = {"Authorization": "Bearer wrk-api-0123456789ab-" + "0" * 64}

    def origin(*forwarded):
        http_ = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
        http_.putrequest("GET", "/api/v1/users")
        http_.putheader("Authorization", wrong["Authorization"])
        for value in forwarded:
            http_.putheader("X-Forwarded-For", value)
        http_.endheaders()
        assert http_.getresponse().status == 401, forwarded
        http_.close()
        return json.loads(server.ctl("-o", "json", "audit", "list", "--limit", "1").stdout)["audit"][0]["origin"]

    server.stop()
    server.start()
    assert origin("203.0.113.1") == "127.0.0.1", "a stranger says where it comes from"
    server.stop()
    # An API key may come from other machines through a proxy that speaks https.
    server.start(server_url="https://mesh.example.com", proxies=["127.0.0.0/8", "192.0.2.1"])
    assert origin() == "127.0.0.1"
    assert origin("203.0.113.1") == "203.0.113.1"
    assert origin("203.0.113.2:4711") == "203.0.113.2"
    assert origin("2001:db8::1") == "2001:db8::1"
    assert origin("198.51.100.9, 203.0.113.3") == "203.0.113.3", "what the client made up is believed"
    assert origin("203.0.113.4, 192.0.2.1") == "203.0.113.4"
    assert origin("198.51.100.9", "203.0.113.5, 127.0.0.2") == "203.0.113.5"
    assert origin("203.0.113.6, nonsense") == "127.0.0.1"
    assert origin("x" * 1000) == "127.0.0.1"
    # Each client has its own limit, also on one connection of the proxy.
    http_ = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)

    def status(address, headers):
        http_.request("GET", "/api/v1/users", None, {**headers, **address})
        answer = http_.getresponse()
        answer.read()
        return answer.status

    guesser = {"X-Forwarded-For": "203.0.113.7"}
    assert any(status(guesser, wrong) == 429 for _ in range(60)), "guessing is not limited"
    assert status({"X-Forwarded-For": "203.0.113.8"}, {"Authorization": f"Bearer {api_key}"}) == 200
    http_.close()


def handshakes_are_limited_for_each_source():
    server.stop()
    server.start(handshakes_per_second=1)
    refused = 0
    for _ in range(40):
        http_ = http.client.HTTPConnection("127.0.0.1", PORT, timeout=20)
        http_.request("POST", "/ts2021", None, {"Upgrade": "tailscale-control-protocol"})
        refused += http_.getresponse().status == 429
        http_.close()
    # Ten at once, and one a second while this ran.
    assert 1 <= refused <= 30, refused


CASES = [users, preauth_keys, logins, names_do_not_command_the_terminal, nodes,
         nodes_come_in_parts_without_a_gap, wireguard, policy,
         a_newer_policy_is_not_overwritten,
         api_keys, audit, status, reach, sessions,
         sessions_refuse_other_sites, sessions_end_with_their_key_and_keep_its_scope, scopes,
         health_and_metrics, every_described_operation_was_called, every_operation_is_described,
         every_command_speaks_json, sessions_expire, sessions_are_secure_over_tls,
         refused_logins_are_limited_for_each_source, a_proxy_tells_where_requests_come_from,
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
        server.remove()
    return failed


sys.exit(main())

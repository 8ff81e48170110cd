#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Oversized, truncated, slow and hostile clients on the port of the control server, which runs under
sanitizers: each gets a clear answer or its end, changes nothing, and is in nobody's way."""

import contextlib
import json
import os
import pathlib
import random
import re
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))

import ktap
from ktap import case, check, equal
from server import PORT, Server
from spec import SPEC, resolve

LIMIT = 120
HEAD = "Host: x\r\nConnection: close\r\n"
server = Server()
key = None


def dial():
    return socket.create_connection(("127.0.0.1", PORT), timeout=LIMIT)


def answer(sock):
    """All that comes until the end of the connection."""
    text = b""
    try:
        while chunk := sock.recv(65536):
            text += chunk
    except ConnectionResetError:
        pass
    return text


def send(data):
    """The status with which raw bytes are answered, 0 for none; and the rest of the answer."""
    with dial() as sock:
        # It may be cut off while it still sends.
        with contextlib.suppress(OSError):
            sock.sendall(data if isinstance(data, bytes) else data.encode())
            # What is not a whole request shall not wait for more.
            sock.shutdown(socket.SHUT_WR)
        text = answer(sock)
    found = re.match(rb"HTTP/1\.1 (\d+) ", text)
    return int(found[1]) if found else 0, text.partition(b"\r\n\r\n")[2]


def post(path, body, more=""):
    body = body if isinstance(body, bytes) else body.encode()
    head = f"POST /api/v1/{path} HTTP/1.1\r\n{HEAD}Authorization: Bearer {key}\r\n{more}"
    return send(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


def users():
    return [user["name"] for user in json.loads(server.ctl("-o", "json", "users", "list").stdout)["users"]]


def alive():
    """Others are served."""
    equal(send(f"GET /health HTTP/1.1\r\n{HEAD}\r\n")[0], 200, "status of /health")
    check(server.process.poll() is None, "the server ended")


@case(timeout=LIMIT)
def oversized_and_malformed_requests_are_refused():
    get = f"GET /health HTTP/1.1\r\n{HEAD}"
    for request, want in (
            (get + "X: " + "x" * 20000 + "\r\n\r\n", 431), (get + "X: " + "x" * 200000, 431),
            (get + "X: y\r\n" * 100 + "\r\n", 400),
            (get + "Content-Length: 2000000\r\n\r\n", 413),
            (get + "Content-Length: 99999999999999999999999\r\n\r\n", 400),
            (get + "Content-Length: -1\r\n\r\n", 400), (get + "Content-Length: 0x10\r\n\r\n", 400),
            (get + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400),
            (get + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
            (get + "X\0Y: z\r\n\r\n", 400), (get + "X: a\x01b\r\n\r\n", 400), (get + " folded\r\n\r\n", 400),
            (get + "no colon\r\n\r\n", 400), ("GET /health\r\n\r\n", 400), ("GET  HTTP/1.1\r\n\r\n", 400),
            ("GET health HTTP/1.1\r\n\r\n", 400), ("GET /health HTTP/2.0\r\n\r\n", 400),
            ("GE\x7fT /health HTTP/1.1\r\n\r\n", 400), ("GET /he\xe4lth HTTP/1.1\r\n\r\n", 400)):
        equal(send(request)[0], want, f"status of {request[:90]!r}")
    alive()


@case(timeout=LIMIT)
def hostile_bodies_are_refused():
    before = users()
    for body in ("", "{", "[]", "null", '"x"', '{"name": "a"} x', b'{"name": "\xff\xfe"}', '{"name": "a\\u0000b"}',
                 '{"name": ' + "[" * 5000 + "]" * 5000 + "}", "[" * 500000, '{"name": "' + "x" * 900000 + '"}',
                 '{"name": 1}', '{"name": ["a"]}', '{"name": "../../etc"}', '{"name": "a\\nb"}',
                 '{"name": "<b>"}', '{"name": 1e999}', '{"name": 99999999999999999999999999}'):
        status, text = post("users", body)
        equal(status, 400, f"status of {body[:60]!r}")
        check(json.loads(text)["error"], f"no reason for {body[:60]!r}")
    equal(users(), before, "users")
    for text in ("[" * 100000, "{" * 100000, '{"a":' * 50000, "/*" * 100000, '"' + "\\" * 99999, "//\n" * 100000 + "x"):
        status, reason = post("policy/check", json.dumps({"policy": text}))
        check(status == 400 and json.loads(reason)["error"], f"{status} for {text[:20]!r}")
    alive()


@case(timeout=LIMIT)
def nothing_of_a_strangers_body_is_read():
    body = json.dumps({"key": "x", "more": [[]] * 2000})
    head = f"HTTP/1.1\r\n{HEAD}Origin: http://x\r\nContent-Length: {len(body)}\r\n\r\n"
    equal(send(f"POST /api/v1/session {head}{body}")[0], 413, "status of a long sign-in")
    equal(send(f"POST /api/v1/users {head}{body}")[0], 401, "status without a key")


@case(timeout=3 * LIMIT)
def every_operation_takes_wrong_types():
    wrong = (0, -1, True, None, "", "x" * 300, "a b", "\n", [], [1], [[]], [None], [""], {}, {"a": {}}, 1e300)

    count = 0
    for path, item in SPEC["paths"].items():
        for method, operation in item.items():
            if method not in ("post", "put") or "requestBody" not in operation or path == "/session":
                continue
            schema = resolve(operation["requestBody"])["content"]["application/json"]["schema"]
            where = "/api/v1" + re.sub(r"{\w+}", "1", path)
            for member in schema["properties"]:
                for value in wrong:
                    body = json.dumps({member: value})
                    status, text = send(f"{method.upper()} {where} HTTP/1.1\r\n{HEAD}Authorization: Bearer {key}\r\n"
                                        f"Content-Length: {len(body)}\r\n\r\n{body}")
                    check(200 <= status < 500 and isinstance(json.loads(text), dict),
                          f"{method} {where} {body[:80]}: {status} {text[:200]!r}")
                    count += 1
    check(count > 200, f"only {count} requests")
    alive()


@case(timeout=LIMIT)
def truncated_requests_do_nothing():
    body = json.dumps({"name": "half"})
    whole = (f"POST /api/v1/users HTTP/1.1\r\n{HEAD}Authorization: Bearer {key}\r\n"
             f"Content-Length: {len(body)}\r\n\r\n{body}")
    for length in range(0, len(whole), 7):
        with dial() as sock:
            sock.sendall(whole[:length].encode())
    alive()
    check("half" not in users(), "a truncated request was carried out")
    equal(send(whole)[0], 201, "status of the whole request")


@case(timeout=2 * LIMIT)
def trickling_clients_are_cut_off():
    slow = [dial() for _ in range(20)]
    for sock in slow:
        sock.sendall(b"GET /health HTTP/1.1\r\nX: ")
    end = time.monotonic() + LIMIT
    while slow and time.monotonic() < end:
        alive()
        for sock in slow[:]:
            try:
                sock.sendall(b"x")
                sock.settimeout(0.01)
                if not sock.recv(100):
                    raise ConnectionResetError
            except TimeoutError:
                continue
            except (ConnectionResetError, BrokenPipeError):
                sock.close()
                slow.remove(sock)
        time.sleep(0.5)
    equal(len(slow), 0, "clients that trickle for ever")


def memory():
    """What the server has in memory, in KiB."""
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


@case(timeout=3 * LIMIT)
def clients_that_do_not_read_are_cut_off():
    before = memory()
    request = f"GET /admin/style.css HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n".encode() * 2000
    deaf = []
    for _ in range(30):
        sock = dial()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.setblocking(False)
        deaf.append(sock)
    end = time.monotonic() + 2 * LIMIT
    highest = before
    while deaf and time.monotonic() < end:
        for sock in deaf[:]:
            try:
                sock.send(request)
            except BlockingIOError:
                pass
            except (ConnectionResetError, BrokenPipeError):
                sock.close()
                deaf.remove(sock)
        alive()
        highest = max(highest, memory())
        time.sleep(0.2)
    equal(len(deaf), 0, "clients that never read")
    ktap.note(f"{before} KiB before, {highest} at most")
    # 30 clients that each asked for 20 MB.
    check(highest - before < 100000, f"the server grew from {before} to {highest} KiB")


@case(timeout=2 * LIMIT)
def mutated_requests_do_no_harm():
    random.seed(7)
    body = json.dumps({"policy": '{"acls": [{"action": "accept", "src": ["*"], "dst": ["*:22"]}]}'})
    seeds = [f"POST /api/v1/policy/check HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
             f"Content-Length: {len(body)}\r\n\r\n{body}",
             f"GET /api/v1/audit?limit=5&before=9 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n",
             f"GET /api/v1/reach?node=%41 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n",
             f"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\nCookie: a=b; warren={'0' * 64}\r\n"
             f"Content-Length: 2\r\n\r\n{{}}",
             "GET /admin/ HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"0\"\r\n\r\n",
             "GET /register/0123 HTTP/1.1\r\nHost: x\r\n\r\n"]
    for round_ in range(1500):
        data = bytearray(random.choice(seeds).encode())
        for _ in range(random.randint(1, 6)):
            at = random.randrange(len(data))
            action = random.randrange(4)
            if action == 0:
                data[at] = random.randrange(256)
            elif action == 1:
                del data[at:at + random.randrange(20)]
            elif action == 2:
                data[at:at] = bytes(random.randrange(256) for _ in range(random.randrange(8)))
            else:
                data[at:at] = data[at:at + random.randrange(200)]
            if not data:
                break
        status, _ = send(bytes(data))
        check(status < 500 or status == 501, f"round {round_}: {status} for {bytes(data)!r}")
    alive()


@case(timeout=LIMIT)
def strangers_of_one_source_leave_room_for_others():
    server.stop()
    server.start(handshakes_per_second=1000)
    request = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    crowd = []
    with contextlib.ExitStack() as stack:
        for _ in range(1001):
            crowd.append(stack.enter_context(dial()))
        equal(crowd[-1].recv(1), b"", "what the last one gets")
        with contextlib.suppress(OSError):
            crowd[-1].sendall(request)
        crowd[0].sendall(request)
        check(crowd[0].recv(100).startswith(b"HTTP/1.1 200"), "the first one is cut off")
        with socket.create_connection(("127.0.0.1", PORT), LIMIT, ("127.0.0.2", 0)) as other:
            other.sendall(request)
            check(other.recv(100).startswith(b"HTTP/1.1 200"), "another source is cut off")
    # Those who left count no more.
    alive()


@case(timeout=LIMIT)
def devices_are_no_strangers():
    key_ = server.ctl("preauthkeys", "create", "--user", "ann", "--reusable").stdout.strip()
    devices = [server.stay(f"d{n}", key_) for n in range(3)]
    with contextlib.ExitStack() as stack:
        crowd = [stack.enter_context(dial()) for _ in range(1000)]
        crowd[-1].sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        check(crowd[-1].recv(100).startswith(b"HTTP/1.1 200"), "devices count as strangers")
    for device in devices:
        server.leave(device)


@case(timeout=LIMIT)
def one_source_has_only_so_many_connections():
    server.stop()
    server.start(handshakes_per_second=1)
    refused = 0
    socks = [dial() for _ in range(300)]
    for sock in socks:
        try:
            sock.sendall(f"GET /health HTTP/1.1\r\n{HEAD}\r\n".encode())
            refused += not answer(sock)
        except (ConnectionResetError, BrokenPipeError):
            refused += 1
        sock.close()
    # 50 at once, and 5 a second while this ran.
    check(1 <= refused <= 250, f"{refused} of 300 were refused")
    # The administrator is not locked out.
    equal(server.ctl("status").returncode, 0, "exit code of status over the socket")


def main():
    global key
    # Memory that is free is to be seen as such.
    os.environ["ASAN_OPTIONS"] = "quarantine_size_mb=1"
    try:
        server.start(handshakes_per_second=0)
        key = server.ctl("apikeys", "create").stdout.strip()
        server.ctl("users", "create", "ann")
        ktap.main()
    finally:
        server.remove()


main()

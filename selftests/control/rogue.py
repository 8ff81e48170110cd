#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""An identity provider that lies, stalls and floods: nobody gets in by it, and the server stays up."""

import base64
import hashlib
import hmac
import html
import http.server
import json
import threading
import time
import urllib.parse
import urllib.request

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from server import PORT
from person import ISSUER, PROVIDER_PORT, SECRET, Browser, audit, nodes, refusals, start, users
import ktap
from ktap import case, check, cleanup, equal

RSA, OTHER_RSA, WEAK = (rsa.generate_private_key(65537, bits) for bits in (2048, 2048, 1024))
EC, OTHER_EC = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))


def encode(data):
    if not isinstance(data, bytes):
        data = json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, size=None):
    return encode(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def jwk(key, **more):
    public = key.public_key().public_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        return {"kty": "RSA", "n": number(public.n), "e": number(public.e), **more}
    return {"kty": "EC", "crv": "P-256", "x": number(public.x, 32), "y": number(public.y, 32), **more}


def rs256(key, text):
    return key.sign(text, padding.PKCS1v15(), hashes.SHA256())


def es256(key, text):
    r, s = utils.decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class Provider:
    """Behaves until one of its parts is replaced."""

    def __init__(self):
        self.keys = {"keys": [jwk(RSA, kid="r", use="sig"), jwk(EC, kid="e")]}
        self.header = {"alg": "RS256", "kid": "r"}
        self.claims = {}  # instead of the right ones; None leaves one out
        self.discovery = {}
        self.userinfo = {}
        self.raw = {}  # path: bytes of the whole body
        self.callback = {}  # parameters of the way back
        self.stall = {}  # path: event that is waited for
        self.asked = []
        self.challenge = self.nonce = None

    def sign(self, text):
        return rs256(RSA, text)

    def token(self):
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": "rs", "sub": "ann", "exp": now + 600, "iat": now, "nonce": self.nonce,
                  "email": "ann@example.com", "email_verified": True, "groups": ["ops"], **self.claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        text = f"{encode(self.header)}.{encode(claims)}"
        return f"{text}.{encode(self.sign(text.encode()))}"

    def answer(self, path, query):
        if path == "/authorize":
            self.nonce, self.challenge = query["nonce"], query["code_challenge"]
            back = {"code": "c0de", "state": query["state"], **self.callback}
            return 302, query["redirect_uri"] + "?" + urllib.parse.urlencode(back)
        if path in self.raw:
            return 200, self.raw[path]
        if path == "/.well-known/openid-configuration":
            return 200, {"issuer": ISSUER, "jwks_uri": ISSUER + "/keys", "token_endpoint": ISSUER + "/token",
                         "authorization_endpoint": ISSUER + "/authorize",
                         "userinfo_endpoint": ISSUER + "/userinfo", **self.discovery}
        if path == "/keys":
            return 200, self.keys
        if path == "/userinfo":
            return 200, {"sub": "ann", **self.userinfo}
        proof = hashlib.sha256(query["code_verifier"].encode()).digest()
        equal(encode(proof), self.challenge, "PKCE")
        return 200, {"id_token": self.token(), "access_token": "acce55"}


@case
def the_test_is_fair():
    """What is refused below is let in without the one change."""
    with_provider()
    server = start()
    browser = Browser().sign_in(server.device("one"), "ann").submit(answer="add")
    equal(browser.status, 200, browser.page)
    equal(nodes(server)[0]["user"], "ann@example.com", "owner")


def with_provider():
    provider = Provider()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            url = urllib.parse.urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            provider.asked.append(url.path)
            if url.path in provider.stall:
                provider.stall[url.path].wait(60)
            status, answer = provider.answer(url.path, dict(urllib.parse.parse_qsl(url.query or body)))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", answer)
                answer = b""
            data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            try:
                self.wfile.write(data)
            except OSError:
                pass  # refused in the middle, as it should be

        do_POST = do_GET

        def log_message(self, *_):
            pass

    http_ = http.server.ThreadingHTTPServer(("127.0.0.1", PROVIDER_PORT), Handler)
    http_.daemon_threads = True
    threading.Thread(target=http_.serve_forever, daemon=True).start()
    cleanup(http_.server_close)
    cleanup(http_.shutdown)
    return provider


def refused(server, why, status=403):
    """A login that ends with a page which says why; the log and nobody else."""
    browser = Browser().sign_in(server.device("one"), "ann")
    equal(browser.status, status, browser.page)
    check(why in browser.page, browser.page)
    check(why in html.escape("\n".join(refusals(server))), refusals(server))
    equal((nodes(server), users(server)), ([], []), "devices and users")


def token_cases(table):
    """Each with a provider of its own; the server is the same, its failures are not counted."""
    provider = with_provider()
    for why, change in table:
        server = start()
        provider.__dict__.clear()
        provider.__init__()
        change(provider)
        refused(server, why)
        server.stop()


def put(**parts):
    return lambda provider: provider.__dict__.update(parts)


@case(timeout=120)
def claims_of_others_are_refused():
    now = int(time.time())
    token_cases([
        ("of another issuer", put(claims={"iss": ISSUER + "/"})),
        ("for another audience", put(claims={"aud": "other"})),
        ("for another audience", put(claims={"aud": ["other", "rs"]})),
        ("for another audience", put(claims={"azp": "other"})),
        ("has expired", put(claims={"exp": now - 3600})),
        ("has expired", put(claims={"exp": None})),
        ("from the future", put(claims={"iat": now + 3600})),
        ("not valid yet", put(claims={"nbf": now + 3600})),
        ("another nonce", put(claims={"nonce": "0" * 64})),
        ("another nonce", put(claims={"nonce": None})),
        ("no usable", put(claims={"sub": ""})),
    ])


@case(timeout=120)
def signatures_of_others_are_refused():
    public = json.dumps(jwk(RSA)).encode()
    table = [
        ("signature is wrong", put(sign=lambda text: rs256(OTHER_RSA, text))),
        ("signature is wrong", put(sign=lambda text: rs256(RSA, text)[:-1])),
        ("signature is wrong", put(header={"alg": "ES256", "kid": "e"}, sign=lambda text: es256(OTHER_EC, text))),
        ("signature is wrong", put(header={"alg": "ES256", "kid": "e"}, sign=lambda text: bytes(64))),
        ("signed with &quot;none&quot;", put(header={"alg": "none"}, sign=lambda text: b"")),
        ("signed with &quot;HS256&quot;",
         put(header={"alg": "HS256", "kid": "r"}, sign=lambda text: hmac.digest(public, text, "sha256"))),
        ("signed with &quot;HS256&quot;",
         put(header={"alg": "HS256"}, sign=lambda text: hmac.digest(SECRET.encode(), text, "sha256"))),
        ("unknown key", put(header={"alg": "RS256", "kid": "new"})),
        ("unknown key", put(header={"alg": "RS256", "kid": "e"})),
        ("must be understood", put(header={"alg": "RS256", "kid": "r", "crit": ["b64"], "b64": False})),
    ]
    token_cases(table)


@case
def both_kinds_of_signature_are_taken():
    provider = with_provider()
    provider.header = {"alg": "ES256"}  # without a key's name: any that fits
    provider.sign = lambda text: es256(EC, text)
    server = start()
    equal(Browser().sign_in(server.device("one"), "ann").submit(answer="add").status, 200, "status")


@case
def weak_and_broken_keys_are_no_keys():
    provider = with_provider()
    server = start()
    provider.keys = {"keys": [jwk(WEAK, kid="r"), {"kty": "oct", "k": "AAAA"}, {**jwk(EC), "x": number(5, 32)}]}
    provider.sign = lambda text: rs256(WEAK, text)
    refused(server, "no RSA (2048 bits or more) or EC signing key", 502)


@case
def a_new_key_is_fetched_once():
    provider = with_provider()
    server = start()
    equal(Browser().sign_in(server.device("one"), "ann").status, 200, "status")
    equal(Browser().sign_in(server.device("two"), "ann").status, 200, "status")
    equal(provider.asked.count("/keys"), 1, "requests for keys, which are kept")
    provider.keys = {"keys": [jwk(OTHER_RSA, kid="new")]}
    provider.header = {"alg": "RS256", "kid": "new"}
    provider.sign = lambda text: rs256(OTHER_RSA, text)
    equal(Browser().sign_in(server.device("three"), "ann").status, 200, "status")
    equal(provider.asked.count("/keys"), 2, "requests for keys")


@case
def answers_of_any_size_and_form_are_survived():
    provider = with_provider()
    for path, body, why in (
            ("/.well-known/openid-configuration", b"{" + b" " * 300000 + b"}", "larger than"),
            ("/.well-known/openid-configuration", b"<html>", "calls itself"),
            ("/keys", b"[" * 100000, "no RSA"),
            ("/token", b"x" * 300000, "larger than"),
            ("/token", b"{}", "no ID token"),
            ("/token", json.dumps({"id_token": "a.b"}).encode(), "not a signed token"),
            ("/token", json.dumps({"id_token": "e30." + "A" * 20000 + ".AA"}).encode(), "no ID token"),
            ("/token", json.dumps({"id_token": "\u00e9.e30.AA"}).encode(), "malformed")):
        server = start()
        provider.raw = {path: body}
        browser = Browser().sign_in(server.device("one"), "ann")
        check(browser.status in (403, 502) and why in browser.page, f"{path} {body[:20]}: {browser.page}")
        server.stop()


@case
def discovery_of_another_is_refused():
    provider = with_provider()
    for change, why in (({"issuer": "https://evil.example"}, "calls itself"),
                        ({"token_endpoint": "http://evil.example/token"}, "no https URL"),
                        ({"jwks_uri": "file:///etc/passwd"}, "no https URL"),
                        ({"authorization_endpoint": "https://x/\r\nSet-Cookie: a=b"}, "no https URL"),
                        ({"token_endpoint": None}, "missing")):
        server = start()
        provider.discovery = change
        refused(server, why, 502)
        server.stop()


@case
def userinfo_must_speak_of_the_same_person():
    provider = with_provider()
    server = start()
    provider.claims = {"email": None}
    provider.userinfo = {"sub": "bob", "email": "bob@example.com", "email_verified": True}
    refused(server, "speaks of somebody else")


@case
def an_address_is_verified_where_it_is_said():
    """The userinfo's "verified" is not about the token's address."""
    provider = with_provider()
    server = start(allowed_domains=["example.com"])
    provider.claims = {"email_verified": None}
    provider.userinfo = {"email": "eve@example.com", "email_verified": True}
    refused(server, "no verified e-mail address")


@case
def the_way_back_is_checked():
    provider = with_provider()
    server = start()
    for back, why in (({"error": "access_denied", "code": ""}, "access_denied"), ({"code": ""}, "sent no code"),
                      ({"iss": "https://evil.example"}, "of another provider"),
                      ({"error": "<script>"}, "&lt;script&gt;"), ({"error": b"\xff\xc3"}, "says: ??")):
        provider.callback = back
        refused(server, why)
    provider.callback = {"state": "0" * 64}
    equal(Browser().sign_in(server.device("one"), "ann").status, 400, "a state that nobody began")


@case(timeout=120)
def a_slow_provider_holds_nobody_up():
    provider = with_provider()
    server = start()
    go_on = provider.stall["/token"] = threading.Event()
    cleanup(go_on.set)
    url = server.device("one")
    result = []
    waiting = threading.Thread(target=lambda: result.append(Browser().sign_in(url, "ann")))
    waiting.start()
    ktap.eventually(lambda: "/token" in provider.asked, "the code is redeemed", 30)
    # The loop goes on meanwhile, and a browser that leaves is no trouble.
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/health", timeout=30) as answer:
        equal(answer.status, 200, "status of /health")
    equal(server.ctl("status").returncode, 0, "status")
    waiting.join(60)
    check(not waiting.is_alive(), "the login did not end by itself")
    check(result[0].status == 502 and "timed out" in result[0].page, result[0].page)


@case
def a_stop_in_the_middle_is_clean():
    provider = with_provider()
    server = start()
    go_on = provider.stall["/token"] = threading.Event()
    cleanup(go_on.set)
    url = server.device("one")

    def leave():
        try:
            Browser().sign_in(url, "ann")
        except OSError:
            pass  # the server goes

    waiting = threading.Thread(target=leave)
    waiting.start()
    ktap.eventually(lambda: "/token" in provider.asked, "the code is redeemed", 30)
    server.stop()  # fails when the sanitizers find a leak or worse
    waiting.join(30)


@case
def refusals_are_limited_for_each_source():
    provider = with_provider()
    server = start()
    provider.claims = {"nonce": "0" * 64}
    url = server.device("one")
    statuses = [Browser().sign_in(url, "ann").status for _ in range(12)]
    check(statuses[0] == 403 and statuses[-1] == 429, statuses)
    check(len([e for e in audit(server) if e["action"] == "login.refused"]) <= 11, "entries in the audit log")


ktap.main()

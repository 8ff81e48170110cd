#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Logins by an identity provider: a real one (node-oidc-provider, from npm) with its own login
pages, and a browser that follows them."""

import json
import re
import time
import urllib.parse

from server import PORT
from person import ISSUER, SECRET, Browser, audit, installed, join, nodes, refusals, start, users
import browser as chromium
import person
import ktap
from ktap import case, check, cleanup, equal

PEOPLE = {
    "ann": {"email": "ann@example.com", "email_verified": True, "name": "Ann <b>Example</b>",
            "groups": ["ops", "all staff"]},
    "bob": {"email": "bob@example.com", "email_verified": True, "groups": ["all staff"]},
    "eve": {"email": "eve@elsewhere.example", "email_verified": True},
    "una": {"email": "ann@example.com", "email_verified": False},
}


def provider(people=None, **more):
    return person.provider(people or PEOPLE, **more)


@case
def the_person_logs_the_device_in():
    provider()
    server = start()
    browser = Browser().sign_in(server.device("ann's laptop"), "ann")
    equal(browser.status, 200, browser.page)
    check("ann&#39;s laptop" in browser.page and "ann@example.com" in browser.page, browser.page)
    check("frame-ancestors 'none'" in browser.headers["Content-Security-Policy"], "may be framed")
    equal(nodes(server), [], "devices before the person agreed")
    browser.submit(answer="add")
    check("The device is in" in browser.page, browser.page)
    node = nodes(server)[0]
    equal((node["name"], node["user"], node["registerMethod"]),
          ("ann-s-laptop", "ann@example.com", "oidc"), "the device")
    left = time.mktime(time.strptime(node["expiresAt"], "%Y-%m-%dT%H:%M:%SZ")) - time.mktime(time.gmtime())
    check(179 * 86400 < left <= 180 * 86400, f"expires in {left} s")
    user = users(server)[0]
    equal((user["name"], user["email"], user["displayName"]),
          ("ann@example.com", "ann@example.com", "Ann <b>Example</b>"), "the user")
    entry = next(e for e in audit(server) if e["action"] == "node.create")
    equal((entry["actor"], entry["origin"], entry["detail"]), ("ann@example.com", "127.0.0.1", "by oidc"),
          "the audit log")


@case
def claims_come_from_the_userinfo_endpoint_too():
    provider(conform=True, methods=["client_secret_post"])
    server = start("es", "s3cret of es")  # and this is ES256, and the secret goes into the body
    join(server, "one", "ann")
    equal(users(server)[0]["email"], "ann@example.com", "address")


@case
def a_public_client_needs_no_secret():
    provider()
    server = start("public", None)
    join(server, "one", "bob")
    equal(nodes(server)[0]["user"], "bob@example.com", "owner")


@case
def a_wrong_secret_is_said():
    provider()
    server = start("rs", "wrong")
    browser = Browser().sign_in(server.device("one"), "ann")
    equal(browser.status, 502, "status")
    check("status 401" in browser.page, browser.page)
    equal(nodes(server), [], "devices")


@case
def the_same_person_stays_the_same_user():
    stop = provider()
    server = start()
    browser = join(server, "one", "ann")
    join(server, "two", "ann", browser)  # the provider knows the browser
    moved = {"email": "ann.new@example.com", "email_verified": True, "groups": []}
    stop()
    provider({**PEOPLE, "ann": moved})
    join(server, "three", "ann")
    equal([(u["name"], u["email"]) for u in users(server)], [("ann@example.com", "ann.new@example.com")], "users")
    equal({n["user"] for n in nodes(server)}, {"ann@example.com"}, "owners")


@case
def groups_of_the_provider_work_in_the_policy():
    stop = provider()
    server = start()
    join(server, "one", "ann")
    join(server, "two", "bob")
    server.write("policy", json.dumps({
        "groups": {"group:ops": ["oidc:ops"], "group:staff": ["oidc:all staff", "carl@"]},
        "acls": [{"action": "accept", "src": ["group:ops"], "dst": ["group:staff:22"]}],
        "tests": [{"src": "ann@example.com", "accept": ["two:22"]},
                  {"src": "bob@example.com", "deny": ["one:22"]}]}))
    server.ctl("policy", "set", str(server.dir / "policy"))
    stop()
    # Taken out of the group, Ann loses it with her next login.
    provider({**PEOPLE, "ann": {**PEOPLE["ann"], "groups": ["all staff"]}})
    join(server, "three", "ann")
    refused = server.ctl("policy", "check", str(server.dir / "policy"), check=False)
    check("ann@example.com does not reach two:22" in refused.stderr, refused.stderr)


@case
def who_is_not_allowed_stays_out():
    provider()
    server = start(allowed_domains=["Example.com"])
    browser = Browser().sign_in(server.device("one"), "eve")
    equal(browser.status, 403, browser.page)
    check("eve@elsewhere.example is not in an allowed domain" in browser.page, browser.page)
    # Nobody verified that it is her address.
    browser = Browser().sign_in(server.device("two"), "una")
    check("no verified e-mail address" in browser.page, browser.page)
    equal((users(server), nodes(server)), ([], []), "users and devices")
    equal(refusals(server), ["the provider gives no verified e-mail address",
                             "eve@elsewhere.example is not in an allowed domain"], "the audit log")
    equal(len(json.loads(server.ctl("-o", "json", "auth", "list").stdout)["logins"]), 2, "waiting devices")


@case
def lists_of_users_and_groups_allow():
    provider()
    server = start(allowed_users=["bob@example.com", "ann@example.com"], allowed_groups=["ops"])
    browser = Browser().sign_in(server.device("one"), "bob")
    check("bob@example.com is in no allowed group" in browser.page, browser.page)
    browser = Browser().sign_in(server.device("two"), "eve")
    check("eve@elsewhere.example is not an allowed user" in browser.page, browser.page)
    join(server, "three", "ann")


@case
def the_person_can_refuse():
    provider()
    server = start()
    url = server.device("trap")
    browser = Browser().sign_in(url, "ann")
    browser.submit(answer="refuse")
    check("stays out" in browser.page, browser.page)
    equal(nodes(server), [], "devices")
    equal(Browser().open(url).status, 404, "the address of the refused device")
    check("not theirs" in refusals(server)[0], refusals(server))


@case
def another_browser_gets_nowhere():
    provider()
    server = start()
    victim = Browser().sign_in(server.device("one"), "ann")
    state = re.search(r'name="state" value="(\w+)"', victim.page)[1]
    form = urllib.parse.urlencode({"state": state, "answer": "add"}).encode()
    other = Browser().open(f"http://127.0.0.1:{PORT}/oidc/confirm", form)
    equal(other.status, 400, other.page)
    equal(Browser().open(victim.url).status, 400, "the callback in another browser")
    equal(victim.open(victim.url).status, 400, "the callback a second time")
    equal(nodes(server), [], "devices")


@case
def a_user_of_our_own_is_recognised_by_the_verified_address():
    provider()
    server = start()
    server.ctl("users", "create", "annie", "--email", "ann@example.com")
    join(server, "one", "una")  # says the same address, unverified
    equal([u["name"] for u in users(server)][0], "annie", "first user")
    check(users(server)[1]["name"].startswith("oidc-"), "name of the other")
    join(server, "two", "ann")
    equal([n["user"] for n in nodes(server)][1], "annie", "owner")
    equal(len(users(server)), 2, "users")


@case
def the_expiry_can_be_the_tokens():
    provider()
    server = start(expiry_from_token=True)
    join(server, "one", "ann")
    left = time.mktime(time.strptime(nodes(server)[0]["expiresAt"], "%Y-%m-%dT%H:%M:%SZ")) - \
        time.mktime(time.gmtime())
    check(0 < left <= 3600, f"expires in {left} s")


@case
def the_server_starts_without_the_provider():
    installed()
    server = start(parameters={"prompt": "login"})
    url = server.device("one")
    browser = Browser().open(url).link()
    equal(browser.status, 502, browser.page)
    provider()
    browser = Browser().open(url).link()
    check('name="login"' in browser.page, "the provider's page: " + browser.page)
    equal(server.ctl("status").returncode, 0, "status")


@case
def secrets_stay_secret():
    provider()
    server = start()
    browser = Browser().sign_in(server.device("one"), "ann")
    state = re.search(r'name="state" value="(\w+)"', browser.page)[1]
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(browser.url).query)["code"][0]
    browser.submit(answer="add")
    everything = (server.dir / "log").read_bytes()
    for file in (server.dir / "state").iterdir():
        if file.is_file():
            everything += file.read_bytes()
    check(b"ann@example.com" in everything, "looked in the wrong place")
    for secret in (SECRET, urllib.parse.quote(SECRET, safe=""), state, code):
        check(secret.encode() not in everything, f"{secret} was written")


def on_the_web_page(person):
    """Chromium, after the sign-in with the provider."""
    browser = chromium.Browser(f"http://127.0.0.1:{PORT}")
    cleanup(browser.close)
    browser.open(name="sign-in")
    browser.press("Sign in with your account")
    browser.fill("input[name=login]", person)
    browser.fill("input[name=password]", "any")
    browser.find("button[type=submit]").click()
    browser.wait(lambda: not browser.find("input[name=login]") and browser.find("button[type=submit]"),
                 "the provider's question").click()
    return browser


@case(timeout=300)
def an_administrator_signs_in_on_the_web_page():
    provider()
    server = start(admin_users=["ANN@example.com"])
    browser = on_the_web_page("ann")
    browser.shows("ann@example.com", "#who")
    browser.go("users")
    browser.make_user("made")
    for action in "session.open", "user.create":
        entry = next(e for e in audit(server) if e["action"] == action)
        equal((entry["actor"], entry["origin"]), ("ann@example.com (web page)", "127.0.0.1"), action)
    browser.find("#sign-out").click()
    browser.button("Sign in with your account")


@case(timeout=300)
def others_do_not():
    provider()
    server = start(admin_groups=["ops"], admin_users=["una@example.com"])
    browser = on_the_web_page("bob")
    browser.shows("you are no administrator", "body")
    check("you are no administrator" in refusals(server)[0], "the audit log")
    browser.open(name="sign-in")
    server.stop()
    server.start(oidc={"issuer": ISSUER, "client_id": "public"})
    answer = Browser().open(f"http://127.0.0.1:{PORT}/oidc/admin")
    equal(answer.status, 404, "status without administrators")
    browser.open(name="sign-in")
    browser.wait(lambda: browser.find("#sign-in"), "the form")
    check(not browser.find("#sign-in a.button"), "a way in is offered that is none")


@case(timeout=300)
def a_group_makes_administrators():
    provider()
    start(admin_groups=["ops"])
    on_the_web_page("ann").shows("ann@example.com", "#who")


ktap.main()

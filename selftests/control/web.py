#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The web page of the control server in a real browser, Chromium: what an administrator does there,
and what others must not be able to make it do. The cases build on each other, in their order."""

import contextlib
import http.client
import http.server
import json
import pathlib
import sys
import threading

from selenium.webdriver.common.keys import Keys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))

import ktap
from browser import PATIENCE, Browser
from ktap import case, check, equal
from server import PORT, Server

HERE = f"http://127.0.0.1:{PORT}"
MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>"
POLICY = """{
	"tagOwners": {"tag:web": ["ann@"]},
	"acls": [{"action": "accept", "proto": "tcp", "src": ["ann@"], "dst": ["tag:web:443"]}],
}"""

server = Server()
browser = None
key = None


def web_case(function):
    return case(timeout=4 * PATIENCE)(function)


def control(*words):
    """The answer of a command, from JSON."""
    return json.loads(server.ctl("-o", "json", *words).stdout)


def preauth(*words):
    return server.ctl("preauthkeys", "create", "--reusable", *words).stdout.strip()


def node(name):
    return next((n for n in control("nodes", "list")["nodes"] if n["name"] == name), None)


def audit(action):
    return [e for e in control("audit", "list", "--limit", "200")["audit"] if e["action"] == action]


def by_page(entry):
    """That an entry says who did it on the page and from where."""
    equal(entry["actor"], f"api key {key.split('-')[2]} (web page)", "who did it")
    equal(entry["origin"], "127.0.0.1", "from where")


def ask(method, path, body=None, headers=None):
    """A request that the browser does not make; (status, text)."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=PATIENCE)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text, answer


def cookie():
    """The browser's cookie of the session, which scripts do not see."""
    found = browser.driver.execute_cdp_cmd("Network.getCookies", {"urls": [HERE]})["cookies"]
    return next((c for c in found if "warren" in c["name"]), None)


def signed_in(page="nodes"):
    """Whatever was before: the page, with a session of everything."""
    browser.look(1280, 900)
    browser.driver.delete_all_cookies()
    browser.open(page, "sign-in")
    browser.sign_in(key)
    browser.wait(lambda: browser.find("#sign-out") and browser.find("main h1"), "the page after signing in")


@web_case
def a_wrong_key_is_refused():
    browser.open(name="sign-in")
    browser.sign_in("wrk-api-0123456789ab-" + "0" * 64)
    browser.shows("not a valid API key")
    check(not browser.find("#nodes"), "devices are shown to a stranger")
    equal(cookie(), None, "cookie of a stranger")
    entry = audit("login.refused")[0]
    equal((entry["actor"], entry["origin"], entry["detail"]), ("web page", "127.0.0.1", "invalid API key"),
          "audit entry of the refusal")


@web_case
def a_key_signs_in():
    browser.open(name="sign-in")
    browser.sign_in(key)
    browser.shows("No devices yet")
    got = cookie()
    check(got["httpOnly"] and got["sameSite"] == "Strict", f"flags of the cookie: {got}")
    equal(browser.run("return document.cookie"), "", "what scripts see of the cookie")
    by_page(audit("session.open")[0])
    browser.driver.refresh()
    browser.shows("No devices yet")


@web_case
def nothing_foreign_and_nothing_inline():
    status, _, answer = ask("GET", "/admin/")
    equal(status, 200, "status of the page")
    policy = dict(part.split(None, 1) if " " in part else (part, "")
                  for part in answer.getheader("Content-Security-Policy").split("; "))
    equal(policy["default-src"], "'none'", "default-src")
    for name, want in (("script-src", "'self'"), ("style-src", "'self'"), ("connect-src", "'self'"),
                       ("frame-ancestors", "'none'"), ("base-uri", "'none'")):
        equal(policy[name], want, name)
    equal(answer.getheader("X-Content-Type-Options"), "nosniff", "X-Content-Type-Options")
    browser.open()
    browser.messages()
    names = browser.run("return performance.getEntriesByType('resource').map((e) => e.name)")
    check(names and all(name.startswith(HERE) for name in names), f"what the page loaded: {names}")
    # Not even a script of the page can turn text into markup or into a script.
    for attempt in ("e.innerHTML = '<img src=x onerror=window.bad=1>'", "e.setAttribute('onclick', 'window.bad=1')",
                    "document.write('<script>window.bad=1</script>')"):
        refused = browser.run(f"const e = document.createElement('p'); document.body.append(e);"
                              f"try {{ {attempt} }} catch {{ return true }}; e.click(); return false")
        check(refused, f"not refused: {attempt}")
    equal(browser.run("return window.bad"), None, "what a script could do")


@web_case
def files_are_asked_for_again_but_not_sent():
    status, text, answer = ask("GET", "/admin/app.js")
    tag = answer.getheader("ETag")
    check(status == 200 and tag and "import" in text, "the script has a tag")
    status, text, _ = ask("GET", "/admin/app.js", None, {"If-None-Match": tag})
    equal((status, text), (304, ""), "answer to who has it")
    for path in "/admin/../schema.sql", "/admin/schema.sql", "/admin//etc/passwd", "/admin/%2e%2e/x":
        equal(ask("GET", path)[0], 404, f"status of {path}")


@web_case
def devices_come_and_go():
    server.ctl("users", "create", "ann")
    signed_in()
    device = server.stay("laptop", preauth("--user", "ann"))
    browser.wait(lambda: browser.find(".dot.online"), "the device, online")
    for text in "laptop", "ann", "100.64.0.1", "fd7a:115c:a1e0::1":
        browser.shows(text, "#nodes")
    server.leave(device)
    browser.wait(lambda: browser.find(".dot.offline"), "the device, gone")
    browser.fill("main input[type=search]", "nothing like it")
    browser.shows("No device fits")
    browser.fill("main input[type=search]", "100.64 ann")
    browser.shows("laptop", "#nodes")
    browser.fill("main input[type=search]", " ")


@web_case
def a_device_is_renamed_and_tagged():
    signed_in()
    browser.press("laptop")
    browser.press("Rename", "dialog")
    browser.fill("dialog input", "No Good")
    browser.press("Save", "dialog")
    browser.wait(lambda: "name" in browser.text("dialog .error"), "the refusal of the name")
    browser.fill("dialog input", "desk")
    browser.press("Save", "dialog")
    browser.shows("desk", "#nodes")
    check(node("desk"), "the name did not arrive")
    by_page(audit("node.rename")[0])


@web_case
def a_login_is_approved():
    address = server.device("guest")
    browser.driver.get(address)
    browser.shows("waits for approval")
    browser.press("Sign in and approve")
    browser.wait(lambda: browser.find(".wanted"), "the login that was come for")
    browser.shows("guest", ".wanted")
    browser.press("Approve", ".wanted")
    browser.shows("is not waiting any more")
    equal(node("guest")["user"], "ann", "owner of the new device")
    by_page(audit("node.create")[0])
    browser.go("nodes")
    browser.shows("guest", "#nodes")


@web_case
def a_login_is_refused():
    signed_in("waiting")
    server.device("stranger")
    browser.shows("stranger", "[data-login]")
    equal(browser.text("#badge"), "1", "what the badge counts")
    browser.press("Refuse", "[data-login]")
    browser.shows("Nothing waits")
    equal(control("auth", "list")["logins"], [], "logins that wait")
    entry = audit("login.refused")[0]
    equal(entry["target"], "stranger", "who was refused")
    by_page(entry)


@web_case
def a_route_is_approved():
    signed_in("waiting")
    server.stay("router", preauth("--tags", "tag:web"), "10.1.0.0/16", "10.2.0.0/16")
    browser.shows("10.1.0.0/16", "[data-routes=router]")
    browser.press("Approve all", "[data-routes=router]")
    browser.shows("Nothing waits")
    equal(node("router")["servedRoutes"], ["10.1.0.0/16", "10.2.0.0/16"], "routes in use")
    by_page(audit("node.routes")[0])
    browser.go("nodes")
    browser.press("router")
    browser.press("Routes", "dialog")
    browser.wait(lambda: len(browser.all("dialog input[type=checkbox]")) == 2, "the two routes")
    browser.all("dialog input[type=checkbox]")[1].click()
    browser.press("Save", "dialog")
    browser.wait(lambda: node("router")["servedRoutes"] == ["10.1.0.0/16"], "the withdrawn route")
    browser.go("waiting")
    browser.shows("10.2.0.0/16", "[data-routes=router]")
    browser.press("Refuse", "[data-routes=router]")
    browser.shows("Nothing waits")
    equal(node("router")["servedRoutes"], ["10.1.0.0/16"], "routes in use")
    equal(node("router")["refusedRoutes"], ["10.2.0.0/16"], "refused routes")
    by_page(audit("node.refuse")[0])


@web_case
def a_key_is_made_and_ended():
    signed_in("keys")
    browser.press("New pre-auth key")
    browser.wait(lambda: browser.find("dialog [name=reusable]"), "the form").click()
    browser.press("Add", "dialog")
    made = browser.wait(lambda: browser.text("#new-key code"), "the key")
    check(made.startswith("wrk-auth-"), f"the key is {made!r}")
    equal(server.device("joined", made), "joined", "a device with the key")
    prefix = made.split("-")[2]
    by_page(next(e for e in audit("preauthkey.create") if e["target"] == prefix))
    browser.find("dialog .close").click()
    browser.shows(prefix, "#keys")
    listed = next(k for k in control("preauthkeys", "list")["preAuthKeys"] if k["prefix"] == prefix)
    check(listed["reusable"] and listed["usable"], f"the key is not as it was asked for: {listed}")
    check(made not in browser.run("return document.body.textContent"), "the key is shown again")
    button = f"[data-key='expire-preauthkeys-{listed['id']}']"
    browser.wait(lambda: browser.find(button), "its button").click()
    browser.wait(lambda: not browser.find(button), "its end")
    listed = next(k for k in control("preauthkeys", "list")["preAuthKeys"] if k["prefix"] == prefix)
    check(not listed["usable"], "the key still works")


@web_case
def a_device_that_runs_only_wireguard_gets_its_file():
    signed_in()
    browser.press("Add a device")
    browser.wait(lambda: browser.find("dialog [name=kind]"), "the choice of kinds")
    browser.run("const kind = document.querySelector('dialog [name=kind]'); kind.value = 'wireguard';"
                "kind.dispatchEvent(new Event('change'))")
    browser.fill("dialog [name=name]", "camera")
    browser.press("Add", "dialog")
    browser.shows("PrivateKey", "dialog")
    browser.wait(lambda: browser.run("return document.querySelector('dialog .qr')?.naturalWidth > 100"), "the QR code")
    equal((node("camera")["registerMethod"], node("camera")["user"]), ("wireguard", "ann"), "the device")
    browser.find("dialog .close").click()
    browser.press("camera")
    browser.press("WireGuard file", "dialog")
    browser.shows("[Interface]", "dialog")
    check("PrivateKey" not in browser.text("dialog .copyable code").replace("# PrivateKey", ""), "the key is shown again")
    browser.find("dialog .close").click()
    # It gets another key and a fixed address.
    before = node("camera")
    browser.press("camera")
    browser.press("Change", "dialog")
    browser.fill("dialog [name=endpoints]", "192.0.2.1:51820")
    browser.find("dialog [name=newKey]").click()
    browser.press("Save", "dialog")
    browser.shows("PrivateKey", "dialog")
    browser.shows("ListenPort = 51820", "dialog")
    after = node("camera")
    equal((after["endpoints"], after["user"]), (["192.0.2.1:51820"], "ann"), "what was changed and what was not")
    check(after["nodeKey"] != before["nodeKey"], "the key is the old one")
    by_page(audit("node.wireguard")[0])
    browser.find("dialog .close").click()
    server.ctl("nodes", "delete", "camera")


@web_case
def users_are_made_renamed_and_removed():
    signed_in("users")
    browser.press("New user")
    browser.fill("dialog input", "ann")
    browser.press("Create", "dialog")
    browser.wait(lambda: "ann" in browser.text("dialog .error"), "that there is one already")
    browser.fill("dialog input", "bob")
    browser.press("Create", "dialog")
    browser.shows("bob", "#users")
    user = next(u for u in control("users", "list")["users"] if u["name"] == "bob")
    browser.wait(lambda: browser.find(f"[data-key=rename-{user['id']}]"), "its button").click()
    browser.fill("dialog input", "rob")
    browser.press("Save", "dialog")
    browser.shows("rob", "#users")
    browser.wait(lambda: browser.find(f"[data-key=drop-{user['id']}]"), "its button").click()
    browser.press("Remove", "dialog")
    browser.wait(lambda: "rob" not in browser.text("#users"), "its removal")
    equal([u["name"] for u in control("users", "list")["users"]], ["ann"], "users left")


def write_policy(text):
    browser.wait(lambda: browser.find("#policy"), "the editor")
    browser.run("const area = document.getElementById('policy'); area.value = arguments[0];"
                "area.dispatchEvent(new Event('input'))", text)


@web_case
def a_mistake_in_the_policy_is_shown_at_its_place():
    signed_in("policy")
    browser.shows("In force", "#verdict")
    write_policy('{\n\t"acls": [\n\t\t{"action": "accept", "src": ["ann@"], "dst": ["tag:wbe:443"]},\n\t],\n}')
    browser.shows("Line 3, column 49", "#verdict")
    browser.shows("tag:wbe", "#verdict")
    equal(browser.text(".numbers .bad"), "3", "the line that is marked")
    equal(browser.text(".colours .wrong"), '"tag:wbe:443"', "the word that is marked")
    browser.find("#place").click()
    equal(browser.run("const a = document.activeElement; return a.value.slice(a.selectionStart, a.selectionEnd)"),
          '"tag:wbe:443"', "what the link selects")
    before = control("policy", "get")["policy"]
    browser.press("Save")
    browser.wait(lambda: "Line 3" in browser.text("#verdict"), "the refusal")
    equal(control("policy", "get")["policy"], before, "the policy in force")
    # Characters of more than a byte do not move the mark.
    write_policy('{ "acls": [ /* Grüße ✓ */ {"action": "accept", "src": ["ann@"], "dst": ["none"]} ] }')
    browser.wait(lambda: browser.text(".colours .wrong") == '"none"', "the mark behind them")


@web_case
def a_policy_is_saved():
    signed_in("policy")
    browser.shows("In force", "#verdict")
    write_policy(POLICY)
    browser.shows("Not saved yet", "#verdict")
    # Nothing is lost by looking at another page.
    browser.go("nodes")
    browser.go("policy")
    browser.wait(lambda: browser.find("#policy"), "the editor")
    equal(browser.run("return document.getElementById('policy').value"), POLICY, "the text")
    browser.press("Save")
    browser.shows("In force", "#verdict")
    equal(control("policy", "get")["policy"], POLICY, "the policy in force")
    by_page(audit("policy.set")[0])


def save_beside(text):
    """Another administrator saves a policy."""
    server.write("beside", text)
    server.ctl("policy", "set", str(server.dir / "beside"))


@web_case
def a_policy_that_somebody_else_saved_is_not_lost():
    signed_in("policy")
    browser.shows("In force", "#verdict")
    write_policy(POLICY + "\n// mine")
    save_beside(POLICY + "\n// theirs")
    browser.shows("Not saved yet", "#verdict")
    browser.press("Save")
    browser.shows("- // theirs", "dialog .gone")
    equal(browser.text("dialog .new").strip(), "+ // mine", "what is new")
    check(len(browser.all("dialog .dim")) >= POLICY.count("\n"), "the lines that are the same")
    browser.press("Edit mine further", "dialog")
    equal(control("policy", "get")["policy"], POLICY + "\n// theirs", "the policy in force")
    # Having seen it, one may save; unless there is something new again.
    save_beside(POLICY + "\n// again")
    browser.press("Save")
    browser.shows("- // again", "dialog .gone")
    browser.press("Save mine instead of theirs", "dialog")
    browser.shows("In force", "#verdict")
    equal(control("policy", "get")["policy"], POLICY + "\n// mine", "the policy in force")
    write_policy("{}")
    save_beside(POLICY)
    browser.press("Save")
    browser.press("Take theirs", "dialog")
    browser.shows("In force", "#verdict")
    equal(browser.run("return document.getElementById('policy').value"), POLICY, "the text")


@web_case
def the_picture_shows_who_reaches_whom():
    signed_in("reach")
    browser.wait(lambda: browser.find("#picture .link"), "a link")
    links = browser.all("#picture .link")
    equal(len(links), 1, "links")
    equal(browser.run("return [...document.querySelectorAll('#picture .group')].map((g) => g.dataset.group)"),
          ["ann", "tag:web"], "groups")
    browser.shows("tcp:443", "#access")
    server.write("policy", '{"acls": [{"action": "accept", "src": ["*"], "dst": ["*:*"]}]}')
    server.ctl("policy", "set", str(server.dir / "policy"))
    browser.wait(lambda: len(browser.all("#picture .link")) == 3, "the links of another policy")
    browser.go("reach/router")
    browser.wait(lambda: len(browser.all("#picture .link")) == 2, "the links of one device")
    server.write("policy", POLICY)
    server.ctl("policy", "set", str(server.dir / "policy"))


@web_case
def the_audit_log_says_who():
    signed_in("audit")
    browser.shows(f"api key {key.split('-')[2]} (web page)", "#audit")
    browser.fill("main input[type=search]", "node.routes")
    browser.wait(lambda: all("node.routes" in row.text for row in browser.all("#audit tbody tr")), "the filter")
    browser.shows("10.1.0.0/16", "#audit")
    browser.fill("main input[type=search]", " ")


@web_case
def markup_stays_text():
    signed_in("waiting")
    server.device(MARKUP)
    browser.shows(MARKUP, "[data-login]")
    browser.press("Approve", "[data-login]")
    browser.shows("Nothing waits")
    browser.go("nodes")
    browser.shows(MARKUP, "#nodes")
    server.ctl("users", "create", "html", "--display-name", MARKUP)
    browser.go("users")
    browser.shows(MARKUP, "#users")
    server.device(MARKUP)
    login = control("auth", "list")["logins"][0]["id"]
    server.ctl("auth", "reject", login)
    browser.go("audit")
    browser.shows(MARKUP, "#audit")
    equal(browser.run("return [document.querySelectorAll('main img, main script').length, document.scripts.length]"),
          [0, 1], "images in the content, and scripts")


@contextlib.contextmanager
def other_site(text):
    """Another origin of the same site, which is as near as a stranger can get: the browser sends it our
    cookie. Gives its address."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{site.server_address[1]}/"
    site.shutdown()
    site.server_close()


@web_case
def other_sites_cannot_act():
    signed_in()
    token = json.loads(browser.fetch("GET", "/api/v1/session")[1])["session"]["token"]
    body = json.dumps({"name": "forged"})
    equal(browser.fetch("POST", "/api/v1/users", None, body)[0], 403, "a change without the token")
    equal(browser.fetch("POST", "/api/v1/users", {"X-Warren-Token": "0" * 64}, body)[0], 403,
          "a change with another token")
    form = f"""<!doctype html><form method=post enctype=text/plain action="{HERE}/api/v1/users">
        <input name='{{"name": "forged", "x": "' value='"}}'></form>"""
    with other_site(form) as address:
        browser.driver.get(address)
        equal(browser.fetch("POST", f"{HERE}/api/v1/users", None, body)[0], 0, "what another site may read")
        browser.run("""fetch(arguments[0], {method: 'POST', mode: 'no-cors', credentials: 'include',
            body: arguments[1]}).finally(() => window.sent = true)""", f"{HERE}/api/v1/users", body)
        browser.wait(lambda: browser.run("return window.sent"), "the forged request")
        browser.run("document.forms[0].submit()")
        browser.wait(lambda: "error" in browser.text("body"), "the refusal of the form")
        check("not from the web page" in browser.text("body"), f"it says {browser.text('body')!r}")
    check("forged" not in [u["name"] for u in control("users", "list")["users"]], "another site made a user")
    check(sum("did not ask" in e["detail"] for e in audit("login.refused")) >= 4, "the refusals are not logged")
    # What a browser would never send: the right cookie and token, and no or another origin.
    headers = {"Cookie": f"{cookie()['name']}={cookie()['value']}", "X-Warren-Token": token}
    for origin in {}, {"Origin": "https://evil.example"}, {"Origin": "null"}:
        equal(ask("POST", "/api/v1/users", body, {**headers, **origin})[0], 403, f"status with {origin}")
    # The page itself still works.
    browser.open()
    browser.shows("desk", "#nodes")


@web_case
def a_key_that_may_only_read_shows_no_buttons():
    look = server.ctl("apikeys", "create", "--scope", "read").stdout.strip()
    browser.driver.delete_all_cookies()
    browser.open(name="sign-in")
    browser.sign_in(look)
    browser.shows("read only", "#who")
    for page, text in (("nodes", "desk"), ("keys", "API keys"), ("users", "ann"), ("policy", "In force")):
        browser.go(page)
        browser.shows(text)
        labels = {button.text for button in browser.all("main button")}
        check(not labels & {"Add a device", "New pre-auth key", "Remove", "Expire", "New user", "Save"},
              f"buttons of {page}: {labels}")
    prefix = look.split("-")[2]
    listed = next(k for k in control("apikeys", "list")["apiKeys"] if k["prefix"] == prefix)
    server.ctl("apikeys", "expire", str(listed["id"]))
    browser.shows("session has ended")


@web_case
def the_keyboard_is_enough():
    browser.driver.delete_all_cookies()
    browser.open(name="sign-in")
    browser.driver.switch_to.active_element.send_keys(key + Keys.ENTER)
    browser.shows("desk", "#nodes")

    def tab_to(condition, what):
        for _ in range(60):
            active = browser.driver.switch_to.active_element
            if condition(active):
                return active
            active.send_keys(Keys.TAB)
        raise ktap.Failure(f"the Tab key does not lead to {what}")

    tab_to(lambda e: e.text == "desk", "the device").send_keys(Keys.ENTER)
    browser.wait(lambda: browser.find("dialog[open]"), "the device's dialog")
    browser.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    browser.wait(lambda: not browser.find("dialog"), "its end")
    equal(browser.driver.switch_to.active_element.text, "desk", "where the focus is again")
    browser.go("reach")
    browser.wait(lambda: browser.find("#picture .group"), "the picture")
    tab_to(lambda e: e.get_attribute("data-group") == "ann", "the picture").send_keys(Keys.ENTER)
    browser.wait(lambda: browser.find("#picture .group[aria-pressed=true]"), "the choice")


@web_case
def a_phone_shows_everything():
    signed_in()
    browser.look(360, 740, dark=True)
    ground = browser.run("return getComputedStyle(document.body).backgroundColor")
    check(sum(int(n) for n in ground.strip("rgb()").split(",")) < 120, f"the ground is {ground}")
    for page in "nodes", "waiting", "keys", "users", "policy", "reach", "audit":
        browser.go(page)
        wide = browser.run("return document.documentElement.scrollWidth")
        check(wide <= 360, f"{page} is {wide} wide")
    browser.look(1280, 900)


@web_case
def signing_out_ends_the_session():
    signed_in()
    headers = {"Cookie": f"{cookie()['name']}={cookie()['value']}"}
    equal(ask("GET", "/api/v1/nodes", None, headers)[0], 200, "status with the cookie")
    browser.find("#sign-out").click()
    browser.wait(lambda: browser.find("#sign-in"), "the form")
    equal(cookie(), None, "the browser's cookie")
    equal(ask("GET", "/api/v1/nodes", None, headers)[0], 401, "status with a copy of the cookie")
    by_page(audit("session.close")[0])


@web_case
def a_session_expires_and_a_restart_ends_it():
    signed_in()
    server.stop()
    server.start(web={"session": "3s"})
    browser.shows("session has ended")
    browser.sign_in(key)
    browser.wait(lambda: not browser.find("#sign-in"), "the page")
    browser.shows("session has ended")


@web_case
def https_has_a_cookie_for_this_host_only():
    global browser
    server.stop()
    server.certificate("127.0.0.1")
    server.start(tls={"certificate": str(server.dir / "tls.crt"), "key": str(server.dir / "tls.key")})
    browser.close()
    browser = Browser(f"https://127.0.0.1:{PORT}", any_certificate=True)
    browser.open(name="sign-in")
    browser.sign_in(key)
    browser.shows("desk")
    found = browser.driver.execute_cdp_cmd("Network.getCookies", {"urls": [browser.url]})["cookies"]
    equal([(c["name"], c["secure"]) for c in found], [("__Host-warren", True)], "cookies")
    browser.go("users")
    browser.make_user("tls")


@web_case
def the_page_can_be_turned_off():
    server.stop()
    server.start(web={"enabled": False})
    for path in "/", "/admin", "/admin/", "/admin/app.js":
        equal(ask("GET", path)[0], 404, f"status of {path}")
    equal(ask("POST", "/api/v1/session", json.dumps({"key": key}), {"Origin": HERE})[0], 404, "signing in")
    address = server.device("asks")
    status, text, _ = ask("GET", address.removeprefix(HERE))
    check(status == 200 and "warren-control auth approve" in text and "Sign in" not in text,
          "the page for who waits")


def main():
    global browser, key
    try:
        server.start()
        key = server.ctl("apikeys", "create").stdout.strip()
        browser = Browser(HERE)
        ktap.main()
    finally:
        if browser:
            browser.close()
        server.remove()


main()

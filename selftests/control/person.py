# SPDX-License-Identifier: GPL-2.0
"""What the tests of logins by an identity provider share: the provider, a server that knows it, a
browser."""

import http.cookiejar
import html
import json
import re
import ssl
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

from server import PORT, TOP, Server

sys.path.insert(0, str(TOP / "selftests/lib"))
import ktap  # noqa: E402
import nodejs  # noqa: E402
from ktap import cleanup, equal  # noqa: E402

PROVIDER_PORT = PORT + 2
ISSUER = f"http://127.0.0.1:{PROVIDER_PORT}"
SECRET = "s3cret of rs/+"
VERSION = "8.8.1"


def installed():
    """The command node, and the folder with the provider, which is installed once."""
    try:
        return nodejs.package("oidc-provider", VERSION)
    except nodejs.Unavailable as why:
        raise ktap.Skip(str(why)) from why


def provider(people, server_url=f"http://127.0.0.1:{PORT}", **more):
    """Starts it; more: conform, methods (see provider.mjs). Returns what stops it."""
    node, folder = installed()
    options = {"port": PROVIDER_PORT, "folder": str(folder), "people": people,
               "redirect": server_url + "/oidc/callback", **more}
    process = subprocess.Popen([node, TOP / "selftests/control/provider.mjs", json.dumps(options)],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def stop():
        process.kill()
        process.wait()
        process.stdout.close()

    cleanup(stop)
    equal(process.stdout.readline(), "ready\n", "first line of the provider")
    return stop


def start(client="rs", secret=SECRET, **oidc):
    """A server with a fresh database."""
    server = Server()
    cleanup(server.remove)
    settings = {"issuer": ISSUER, "client_id": client,
                "scopes": ["openid", "profile", "email", "groups"], **oidc}
    if secret:
        server.write("secret", secret + "\n")
        settings["client_secret_file"] = str(server.dir / "secret")
    server.start(oidc=settings, handshakes_per_second=1000)
    cleanup(server.stop)
    return server


class Browser:
    """Keeps cookies, follows redirects, fills in forms."""

    def __init__(self, authority=None):
        jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(jar),
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=authority)))
        self.status, self.url, self.page = None, None, None

    def open(self, url, data=None):
        try:
            answer = self.opener.open(url, data, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            self.status, self.url = answer.status, answer.url
            self.page = answer.read().decode()
            self.headers = answer.headers
        return self

    def link(self):
        return self.open(urllib.parse.urljoin(
            self.url, html.unescape(re.search(r'class="button" href="([^"]+)"', self.page)[1])))

    def submit(self, **fields):
        form = re.search(r"<form\b.*?</form>", self.page, re.S)[0]
        action = re.search(r'action="([^"]*)"', form)[1]
        hidden = {}
        for tag in re.findall(r"<input\b[^>]*>", form):
            attribute = dict(re.findall(r'(\w+)="([^"]*)"', tag))
            if attribute.get("type") == "hidden":
                hidden[attribute["name"]] = html.unescape(attribute["value"])
        data = urllib.parse.urlencode({**hidden, **fields}).encode()
        return self.open(urllib.parse.urljoin(self.url, html.unescape(action)), data)

    def sign_in(self, url, person):
        """From the device's address to our last page, through the provider's pages."""
        self.open(url).link()
        if self.url.startswith(ISSUER) and 'name="login"' in self.page:
            self.submit(login=person, password="any")
        if self.url.startswith(ISSUER) and "consent" in self.page:
            self.submit()
        return self


def users(server):
    return json.loads(server.ctl("-o", "json", "users", "list").stdout)["users"]


def nodes(server):
    return json.loads(server.ctl("-o", "json", "nodes", "list").stdout)["nodes"]


def audit(server):
    return json.loads(server.ctl("-o", "json", "audit", "list").stdout)["audit"]


def refusals(server):
    return [e["detail"] for e in audit(server) if e["action"] == "login.refused"]


def join(server, device, person, browser=None):
    browser = (browser or Browser()).sign_in(server.device(device), person)
    equal(browser.status, 200, browser.page)
    browser.submit(answer="add")
    equal(browser.status, 200, browser.page)
    return browser

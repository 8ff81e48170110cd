# SPDX-License-Identifier: GPL-2.0
"""What the tests of logins by an identity provider share: a server that knows one, a browser."""

import http.cookiejar
import html
import json
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

from server import PORT, TOP, Server

sys.path.insert(0, str(TOP / "selftests/lib"))
from ktap import cleanup, equal  # noqa: E402

PROVIDER_PORT = PORT + 2
ISSUER = f"http://127.0.0.1:{PROVIDER_PORT}"
SECRET = "s3cret of rs/+"


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

    def __init__(self):
        jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
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

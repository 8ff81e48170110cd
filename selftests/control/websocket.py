#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""WebSockets of a real browser, Chromium, to the relay and to the control channel."""

import base64
import contextlib
import os
import pathlib
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))

import ktap
from browser import PATIENCE, Browser
from ktap import case, check, equal
from server import PORT, Server

HERE = f"127.0.0.1:{PORT}"
# Opens a socket, sends some bytes, and tells what happened: the sub-protocol, what came, and the
# status with which the server closed it. Closes it itself after `enough` bytes.
SCRIPT = """
const [url, protocol, bytes, enough, done] = arguments;
const socket = new WebSocket(url, protocol), came = [];
let opened = null;
socket.binaryType = "arraybuffer";
socket.onopen = () => {
    opened = socket.protocol;
    if (bytes.length)
        socket.send(typeof bytes == "string" ? bytes : new Uint8Array(bytes));
};
socket.onmessage = (event) => {
    came.push(...new Uint8Array(event.data));
    if (enough && came.length >= enough)
        socket.close(1000);
};
socket.onclose = (event) => done([opened, came, event.code]);
"""

server = Server()
browser = None


def visit(path, protocol, sent=(), enough=0):
    """(sub-protocol or None, what came, status of the end)"""
    opened, came, status = browser.driver.execute_async_script(
        SCRIPT, f"ws://{HERE}{path}", protocol, sent if isinstance(sent, str) else list(sent), enough)
    return opened, bytes(came), status


def browser_case(function):
    return case(timeout=2 * PATIENCE)(function)


@browser_case
def relay_greets_a_browser():
    # Type 1, the length of what follows, and the relay's key behind eight fixed bytes.
    opened, came, status = visit("/derp", "derp", enough=45)
    equal((opened, came[:13], len(came), status),
          ("derp", b"\x01\x00\x00\x00\x28" + "DERP🔑".encode(), 45, 1000), "the relay's first frame")


@browser_case
def relay_refuses_text():
    equal(visit("/derp", "derp", "text")[2], 1003, "status of the end")


@browser_case
def control_channel_opens_and_ends_a_wrong_handshake():
    init = b"\x00\x71\x01\x00\x60" + os.urandom(96)
    query = urllib.parse.urlencode({"X-Tailscale-Handshake": base64.b64encode(init).decode()})
    opened, came, status = visit(f"/ts2021?{query}", "tailscale-control-protocol")
    equal((opened, came, status), ("tailscale-control-protocol", b"", 1000), "a handshake for nobody")


@browser_case
def other_protocols_are_refused():
    opened, came, status = visit("/derp", "chat")
    check(opened is None and not came and status == 1006, f"{opened} {came} {status}")


@browser_case
def server_stops_cleanly():
    server.stop()


def main():
    global browser
    with contextlib.ExitStack() as afterwards:
        afterwards.callback(server.remove)
        server.start()
        browser = Browser(f"http://{HERE}")
        afterwards.callback(browser.close)
        browser.driver.get(f"http://{HERE}/health")
        ktap.main()


main()

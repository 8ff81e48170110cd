#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""export: what a phone's app takes, and QR codes that a reader reads."""

import errno
import pathlib
import re
import shutil
import subprocess
import tempfile

from common import (PEERS, PRIVATE, TOP, USAGE, VALUE, check, cleanup, environment, equal, file_with,
                    good, refused, warren)
import ktap
from ktap import case

PRINT = str(TOP / "build" / "selftests" / "tool" / "qr_print")
PIXELS = 4


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise ktap.Skip(f"{program} is not here")


def code(form, text):
    """The C library's QR code of a text: (exit code, output)."""
    done = subprocess.run([PRINT, form], input=text.encode(), capture_output=True,
                          env=environment(), check=False)
    check(b"Sanitizer" not in done.stderr, done.stderr.decode())
    return done.returncode, done.stdout.decode()


def painted(text):
    """A terminal's picture of lines of half blocks, black on white, as a PGM file."""
    rows = []
    for line in text.splitlines():
        cells = re.fullmatch(r"\x1b\[30;47m([ ▀▄█]+)\x1b\[0m", line).group(1)
        for dark in ("▀█", "▄█"):
            row = "".join(("0 " if cell in dark else "255 ") * PIXELS for cell in cells)
            rows += [row] * PIXELS
    width = len(rows[0].split())
    return f"P2\n{width} {len(rows)}\n255\n" + "\n".join(rows) + "\n"


def read(picture, name):
    """What a reader of QR codes sees in a picture."""
    folder = tempfile.TemporaryDirectory(prefix="warren-")
    cleanup(folder.cleanup)
    path = pathlib.Path(folder.name) / name
    path.write_text(picture)
    if path.suffix == ".svg":
        subprocess.run(["rsvg-convert", "-o", path.with_suffix(".png"), path], check=True)
        path = path.with_suffix(".png")
    done = subprocess.run(["zbarimg", "-q", "--raw", "-Sdisable", "-Sqrcode.enable", path],
                          capture_output=True, check=False)
    equal(done.returncode, 0, f"zbarimg: {done.stderr.decode()}")
    return done.stdout.decode().removesuffix("\n")


# The shortest, all kinds of characters, and as much as there is room for.
TEXTS = ("x", "https://control.example.org/a?b=c&d=%20#\"'<>", "two\nlines\n",
         "".join(chr(33 + i * 7 % 90) for i in range(2953)))


@case
def the_terminals_can_be_read():
    need("zbarimg")
    for text in TEXTS:
        ret, out = code("text", text)
        equal((ret, read(painted(out), "code.pgm")), (0, text), "read")


@case
def the_web_pages_can_be_read():
    need("zbarimg", "rsvg-convert")
    for text in TEXTS:
        ret, out = code("svg", text)
        equal((ret, read(out, "code.svg")), (0, text), "read")


@case
def what_does_not_fit():
    for form in ("text", "svg"):
        equal(code(form, "x" * 2954), (errno.E2BIG, ""), f"{form} of 2954 bytes")
        equal(code(form, ""), (errno.EINVAL, ""), f"{form} of nothing")


PHONE = f"""[Interface]
Address = 10.0.0.2/24, fd00::2/64
DNS = 10.0.0.1, example.org
MTU = 1300
ListenPort = 5
PrivateKey = {PRIVATE}

[Peer]
PublicKey = {PEERS[0]}
PresharedKey = {PRIVATE}
AllowedIPs = 0.0.0.0/0, ::/0
Endpoint = vpn.example.org:51820
PersistentKeepalive = 25
"""


@case
def a_phones_file():
    path = file_with(PHONE, "t0.conf")
    equal(good("export", path), PHONE, "text")
    equal(good("check", path), f"{path}: 0 errors, 0 warnings\n", "it is a good one")
    need("zbarimg")
    equal(read(painted(good("export", path, "--qr")), "code.pgm"), PHONE, "camera")


@case
def what_phones_do_not_know_is_left_out():
    lines = {"PreUp": "true", "PostUp": "true", "PreDown": "true", "PostDown": "true",
             "Table": "off", "FwMark": "7", "RulePriority": "9", "KillSwitch": "true", "Bind": "eth0",
             "BindAddress": "192.0.2.1"}
    text = PHONE.replace("[Interface]\n", "[Interface]  # a comment\nSaveConfig = false\n" + "".join(
        f"{key} = {value}\n" for key, value in lines.items()))
    code, out, err = warren("export", file_with(text, "t0.conf"))
    equal((code, out), (0, PHONE), "exit code and text")
    for key in lines:
        check(f"t0.conf: {key}: left out" in err, f"{key} in {err}")


@case
def what_cannot_be_exported():
    path = file_with(PHONE.replace(f"PrivateKey = {PRIVATE}\n", ""), "t0.conf")
    refused(VALUE, path, "PrivateKey", "remedy", argv=["export", path])
    many = ", ".join(f"10.{n}.0.0/16" for n in range(250))
    path = file_with(PHONE.replace("0.0.0.0/0", many), "t0.conf")
    err = refused(VALUE, path, "2953", "remedy", argv=["export", path, "--qr"])
    check(PRIVATE not in err, "no key is told")
    refused(USAGE, "Usage: warren export", argv=["export"])
    refused(USAGE, "Usage: warren export", argv=["export", "--qr"])
    refused(USAGE, "Usage: warren export", argv=["export", path, "--svg"])


@case
def inits_phone_can_be_exported():
    folder = tempfile.TemporaryDirectory(prefix="warren-")
    cleanup(folder.cleanup)
    good("init", "--dir", folder.name, "hq@vpn.example.org,192.168.1.0/24", "phone")
    path = f"{folder.name}/phone/wg0.conf"
    need("zbarimg")
    equal(read(painted(good("export", path, "--qr")), "code.pgm"), good("export", path),
          "camera")


ktap.main()

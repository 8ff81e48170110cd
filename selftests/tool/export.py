#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""export: what a phone's app takes, and QR codes that a reader reads."""

import errno
import pathlib
import re
import shutil
import subprocess
import tempfile

from common import TOP, check, cleanup, environment, equal
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


ktap.main()

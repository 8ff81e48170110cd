#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""genkey, genpsk and pubkey."""

import base64
import os
import subprocess

from common import (FILE, PRIVATE, PUBLIC, USAGE, VALUE, WARREN, check, environment, equal,
                    file_with, good, need_wg, refused, run)
import ktap
from ktap import case


@case
def genkey_is_clamped_and_new():
    keys = {good("genkey") for _ in range(20)}
    equal(len(keys), 20, "different keys")
    for key in keys:
        raw = base64.b64decode(key.strip(), validate=True)
        equal((len(raw), raw[0] & 7, raw[31] & 0xC0), (32, 0, 0x40), "clamped (RFC 7748, 5)")


@case
def genpsk_is_random():
    keys = [base64.b64decode(good("genpsk").strip(), validate=True) for _ in range(64)]
    equal(len(set(keys)), 64, "different keys")
    check(any(k[0] & 7 for k in keys) and any(k[31] & 0x80 for k in keys), "not clamped")


@case
def pubkey_vector():
    equal(good("pubkey", stdin=PRIVATE + "\n"), PUBLIC + "\n", "of the manual's example")


@case
def pubkey_as_wg():
    need_wg()
    for _ in range(20):
        key = good("genkey")
        equal(good("pubkey", stdin=key), run("wg", "pubkey", stdin=key)[1], key)


@case
def pubkey_allows_white_space():
    for text in (PRIVATE, PRIVATE + "\n\n  ", f" {PRIVATE}\r\n"):
        equal(good("pubkey", stdin=text), PUBLIC + "\n", repr(text))


@case
def pubkey_refuses_what_is_no_key():
    for text in ("", "\n", "x", PRIVATE[:-1], PRIVATE + "x", PRIVATE + "\nx", PRIVATE + PRIVATE,
                 PRIVATE[:-2] + "l=", PRIVATE[:-1] + "A", "!" + PRIVATE[1:],
                 PRIVATE.replace("+", "-")):
        err = refused(VALUE, "standard input", "remedy", argv=["pubkey"], stdin=text)
        check(PRIVATE[:20] not in err, "the key is not repeated")


@case
def arguments_are_refused():
    for verb in ("genkey", "genpsk", "pubkey"):
        refused(USAGE, f"Usage: warren {verb}", argv=[verb, "x"], stdin=PRIVATE)


@case
def readable_output_gives_a_warning():
    for mode, warns in ((0o600, False), (0o640, False), (0o604, True), (0o666, True)):
        path = file_with("", mode=mode)
        with open(path, "w", encoding="ascii") as out:
            done = subprocess.run([WARREN, "genkey"], stdout=out, stderr=subprocess.PIPE, text=True,
                                  env=environment(), check=True)
        equal("everyone may read" in done.stderr, warns, f"{mode:o}: {done.stderr}")
        equal(os.path.getsize(path), 45, "the key is written")


@case
def full_output_is_an_error():
    with open("/dev/full", "w", encoding="ascii") as out:
        for argv in (["genkey"], ["--help"], ["show", "--help"]):
            done = subprocess.run([WARREN, *argv], stdout=out, stderr=subprocess.PIPE, text=True,
                                  env=environment(), check=False)
            equal(done.returncode, FILE, f"{argv}: {done.stderr}")
            check("standard output" in done.stderr, done.stderr)


ktap.main()

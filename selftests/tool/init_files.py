#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""init writes files that fit each other, pass check, and overwrite nothing."""

import os
import pathlib
import re
import tempfile

from common import FILE, USAGE, VALUE, check, equal, good, refused
import ktap
from ktap import case


def folder():
    made = tempfile.TemporaryDirectory(prefix="warren-")
    ktap.cleanup(made.cleanup)
    return made.name


def read(path):
    """The sections of a file: a list of (name, {key: [values]})."""
    sections = []
    for line in pathlib.Path(path).read_text().splitlines():
        line = line.split("#")[0].strip()
        if line.startswith("["):
            sections.append((line, {}))
        elif line:
            key, _, value = line.partition("=")
            sections[-1][1].setdefault(key.strip(), []).append(value.strip())
    return sections


def made(*argv, interface="wg0"):
    """Runs init; returns {site: sections}."""
    where = folder() + "/new"
    out = good("init", "--dir", where, *argv)
    files = {site: f"{where}/{site}/{interface}.conf" for site in os.listdir(where)}
    for site, path in files.items():
        check(path in out, f"{path} is told in {out}")
        equal(os.stat(path).st_mode & 0o777, 0o600, path)
        equal(os.stat(os.path.dirname(path)).st_mode & 0o777, 0o700, "its folder")
        equal(good("check", path), f"{path}: 0 errors, 0 warnings\n", "check")
    return {site: read(path) for site, path in files.items()}


def one(section, key):
    (value,) = section[1][key]
    return value


def public(sections):
    return good("pubkey", stdin=one(sections[0], "PrivateKey")).strip()


@case
def a_pair():
    sites = made("hq@vpn.example.org,192.168.1.0/24", "branch,192.168.2.0/24,fd00:2::/64")
    hq, branch = sites["hq"], sites["branch"]
    equal((len(hq), len(branch)), (2, 2), "one peer each")
    equal(one(hq[1], "PublicKey"), public(branch), "keys fit")
    equal(one(branch[1], "PublicKey"), public(hq), "keys fit")
    equal(one(hq[1], "PresharedKey"), one(branch[1], "PresharedKey"), "one preshared key")
    equal(one(branch[1], "Endpoint"), "vpn.example.org:51820", "endpoint")
    equal(one(hq[0], "ListenPort"), "51820", "port")
    check("Endpoint" not in hq[1][1] and "ListenPort" not in branch[0][1], "the other has none")
    equal(one(branch[1], "PersistentKeepalive"), "25", "keepalive")
    equal((one(hq[0], "Address"), one(branch[0], "Address")),
          ("10.213.0.1/24", "10.213.0.2/24"), "addresses")
    equal(one(hq[1], "AllowedIPs"), "10.213.0.2/32, 192.168.2.0/24, fd00:2::/64", "networks")
    equal(one(branch[1], "AllowedIPs"), "10.213.0.0/24, 192.168.1.0/24", "networks")


@case
def a_star():
    sites = made("hub@192.0.2.1", "a,10.5.0.0/16", "b@[2001:db8::1]:99", "c")
    equal(len(sites["hub"]), 4, "the centre has all")
    for site in "abc":
        equal(len(sites[site]), 2, "a point has the centre")
        equal(one(sites[site][1], "PublicKey"), public(sites["hub"]), site)
    equal(one(sites["c"][1], "AllowedIPs"), "10.213.0.0/24, 10.5.0.0/16", "others' networks")
    equal(one(sites["a"][1], "AllowedIPs"), "10.213.0.0/24", "not its own")
    equal(one(sites["b"][0], "ListenPort"), "99", "its own port")
    check("PersistentKeepalive" not in sites["b"][1][1], "none with a public address")
    secrets = [one(sites[site][1], "PresharedKey") for site in "abc"]
    equal(len(set(secrets)), 3, "a preshared key for each")
    equal(sorted(one(peer, "PresharedKey") for peer in sites["hub"][1:]), sorted(secrets), "fit")


@case
def the_second_may_be_the_one_to_reach():
    sites = made("a", "b@192.0.2.1:7")
    equal(one(sites["a"][1], "Endpoint"), "192.0.2.1:7", "endpoint")
    equal(one(sites["b"][0], "ListenPort"), "7", "port")


@case
def options():
    sites = made("--tunnel", "fd00:9::/64", "--port", "7", "--interface", "s2s", "a@h",
                 "b@2001:db8::5", interface="s2s")
    equal(one(sites["b"][0], "Address"), "fd00:9::2/64", "address")
    equal(one(sites["b"][1], "Endpoint"), "h:7", "port")
    equal(one(sites["a"][1], "Endpoint"), "[2001:db8::5]:7", "brackets")


@case
def nothing_is_overwritten():
    where = folder()
    good("init", "--dir", where, "a@h", "b")
    before = {p: p.read_bytes() for p in pathlib.Path(where).rglob("*.conf")}
    refused(FILE, "a/wg0.conf", "File exists", argv=["init", "--dir", where, "a@h", "b"])
    equal({p: p.read_bytes() for p in pathlib.Path(where).rglob("*.conf")}, before, "files")
    refused(FILE, "b/wg0.conf", argv=["init", "--dir", where, "new@h", "b"])
    check(not os.path.exists(f"{where}/new/wg0.conf"), "all or none")


@case
def mistakes():
    where = folder() + "/x"
    for words, argv in (
            ('"a" has no HOST', ["a", "b"]), ('"a" has no HOST', ["a", "b@h", "c@i"]),
            ('two sites "a"', ["a@h", "a"]), ("name", ["a b@h", "c"]), ("name", ["@h", "c"]),
            ("IP address", ["a@h,x", "b"]), ("overlaps", ["a@h,10.1.0.0/16", "b,10.0.0.0/8"]),
            ("--tunnel", ["a@h,10.213.0.0/16", "b"]), ("port", ["a@h:0", "b"]),
            ("no room", ["--tunnel", "10.0.0.0/30", "a@h", "b", "c"]),
            ("port", ["--port", "0", "a@h", "b"]), ("name", ["--interface", "a/b", "a@h", "b"])):
        refused(VALUE, words, "remedy", argv=["init", "--dir", where, *argv])
        check(not os.path.exists(where), f"nothing is made: {argv}")
    for argv in ([], ["a@h"], ["a@h", "b", "--bogus", "x"], ["a@h", "b", "--dir"]):
        refused(USAGE, "Usage: warren init", argv=["init", *argv])


@case
def the_files_are_setconfs_after_strip():
    where = folder()
    good("init", "--dir", where, "a@192.0.2.1", "b")
    text = good("strip", f"{where}/b/wg0.conf")
    check(re.search(r"^PrivateKey = ", text, re.M) and "Address" not in text, text)


ktap.main()

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The header, the YNL specification and the README say the same."""

import pathlib
import re
import sys

import yaml

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "selftests" / "lib"))

import ktap
from ktap import case, check, equal

HEADER = (TOP / "module/uapi/warren.h").read_text()
SPEC = yaml.safe_load((TOP / "Documentation/netlink/warren.yaml").read_text())


def enum(name):
    """The members of an enum of the header, by name."""
    body = re.search(r"enum %s \{(.*?)\};" % name, HEADER, re.S).group(1)
    return {key: 1 << int(shift) if shift else int(value, 0)
            for key, value, shift in
            re.findall(r"(WARREN_\w+) = (\w+?)U?(?: << (\d+))?,", body)}


def attributes(name):
    """The attributes of a set of the specification, as the header names them."""
    found = next(s for s in SPEC["attribute-sets"] if s["name"] == name)
    names, value = {}, 0
    for attribute in found["attributes"]:
        value = attribute.get("value", value + 1)
        names[(found["name-prefix"] + attribute["name"]).upper().replace("-", "_")] = value
    return names


def flags(name):
    found = next(d for d in SPEC["definitions"] if d["name"] == f"{name}-flags")
    return {f"WARREN_{name}_F_{entry['name']}".upper().replace("-", "_"):
            1 << entry.get("value", i) for i, entry in enumerate(found["entries"])}


def values(name, prefix):
    """The entries of an enum of the specification, as the header names them."""
    found = next(d for d in SPEC["definitions"] if d["name"] == name)
    return {f"{prefix}_{entry['name']}".upper().replace("-", "_"): found["value-start"] + i
            for i, entry in enumerate(found["entries"])}


def same_attributes(name):
    want = {key: value for key, value in enum(f"warren_{name}_attribute").items() if value}
    equal(attributes(name), want, f"attributes of {name}")


@case
def device_attributes():
    same_attributes("device")


@case
def peer_attributes():
    same_attributes("peer")


@case
def allowedip_attributes():
    same_attributes("allowedip")


@case
def all_flags():
    for name in ("device", "peer", "allowedip"):
        equal(flags(name), enum(f"warren_{name}_flag"), f"flags of {name}")


@case
def peer_stats_attributes():
    want = {key: value for key, value in enum("warren_peer_stats_attribute").items() if value}
    equal(attributes("peer-stats"), want, "attributes of peer-stats")


@case
def event_attributes():
    same_attributes("event")


@case
def event_types_and_reasons():
    equal(values("event-type", "WARREN_EVENT"), enum("warren_event_type"), "types of events")
    equal(values("handshake-failure", "WARREN_HANDSHAKE"), enum("warren_handshake_failure"),
          "reasons of failure")


@case
def multicast_groups():
    group = re.search(r'#define WARREN_EVENT_GROUP "(\w+)"', HEADER).group(1)
    equal([g["name"] for g in SPEC["mcast-groups"]["list"]], [group], "groups")


@case
def commands():
    want = {f"WARREN_CMD_{op['name']}".upper().replace("-", "_"): op["value"]
            for op in SPEC["operations"]["list"]}
    equal(want, enum("warren_cmd"), "commands")


@case
def ours_start_at_64():
    for name in ("device", "peer", "allowedip"):
        for key, value in enum(f"warren_{name}_attribute").items():
            check(value <= 10 or value >= 64, f"{key} = {value} is WireGuard's to give")


@case
def links_of_the_documentation():
    pages = [TOP / "README.md", *(TOP / "Documentation").glob("**/*.md")]
    for page in pages:
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            check(link.startswith("http") or (page.parent / link).exists(),
                  f"{page.relative_to(TOP)} links to {link}")


if __name__ == "__main__":
    ktap.main()

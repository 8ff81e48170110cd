#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The benchmark's table and picture, from recorded numbers."""

import collections
import ipaddress
import json
import os
import random
import sys
from xml.etree import ElementTree

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
sys.path.insert(0, HERE)

import control
import idle
import ktap
import plot
import prefixes
import report
from ktap import case, check, equal
from rows import BASE, BY_NAME, PARTS

SVG = "{http://www.w3.org/2000/svg}"


def run(rows, kernel="6.1.0-56-amd64"):
    return {"kernel": kernel, "where": "somewhere", "commit": "abc", "date": "2026-01-02",
            "rounds": 3, "rows": rows}


def line(text, title):
    """The cells of a row of a table."""
    found = [line for line in text.splitlines() if line.startswith(title + "  ")]
    equal(len(found), 1, f"lines that start with {title}")
    return found[0][len(title):].split()


@case
def medians_and_ratio():
    text = report.table(run({"tcp": {"none": [3.5, 3.4, 9], "wireguard": [41, 40, 39.5],
                                     "warren": [16, 15.9, 16.4]}}))
    equal(line(text, "TCP"), "ns/byte 3.50 40.00 16.00 0.40 at most 0.42 met"
          " at most 17.50 met".split(), "the row")
    check("6.1.0-56-amd64" in text and "commit abc" in text, "says what was measured")


@case
def less_is_a_goal_missed():
    text = report.table(run({"cpus": {"wireguard": [100], "warren": [190]}}))
    equal(line(text, "2 CPUs, TCP, 4 streams")[-5:], "1.90 at least 2.00 missed".split(), "the row")
    text = report.table(run({"udp_64": {"wireguard": [1000], "warren": [710]}}))
    equal(line(text, "UDP, 64 bytes")[-5:], "0.71 at most 0.70 missed".split(), "the row")


@case
def what_else_has_to_be_reached():
    measured = {"tcp": {"wireguard": [40], "warren": [17.6]},
                "udp_1360": {"wireguard": [100], "warren": [60], "ipsec-chacha": [61]},
                "udp_64": {"wireguard": [100], "warren": [60]},
                "ping": {"wireguard": [80.0], "warren": [31.5], "ipsec-aes-gcm": [31.4]}}
    text = report.table(run(measured))
    equal(line(text, "TCP")[-4:], "at most 17.50 missed".split(), "a fixed cost")
    equal(line(text, "UDP, 1360 bytes")[-4:], "met below ipsec-chacha met".split(), "less than another")
    equal(line(text, "UDP, 64 bytes")[-4:], "at most 0.70 met".split(), "the other was not measured")
    equal(line(text, "ping, round trip")[-4:], "met below ipsec-aes-gcm missed".split(), "more than it")


@case
def every_row_is_measured_once():
    equal(sorted(name for part in PARTS.values() for name in part), sorted(BY_NAME), "rows of all parts")


@case
def memory_of_prefixes_at_most_half():
    text = report.table(run({"prefix_memory": {"wireguard": [140.0], "warren": [71.0]},
                             "lookup": {"wireguard": [900], "warren": [899]}}))
    equal(line(text, "memory of each of 1,000,000 prefixes")[-5:], "0.51 at most 0.50 missed".split(),
          "memory")
    equal(line(text, "look-up among 1,000,000 prefixes")[-5:], "1.00 at most 1.00 met".split(), "look-up")


@case
def goals_are_of_the_kernel():
    row = BY_NAME["tcp"]
    equal([row.goal(r) for r in ("6.1.0-56-amd64", "6.12.117", "7.2.13+deb14-amd64", "10.0.1")],
          [0.42, 0.42, 0.55, 0.55], "goals")


@case
def what_was_not_measured():
    one = run({"tcp": {"wireguard": [40], "none": [3]}, "dump": {"warren": [700]}})
    text = report.table(one)
    equal(line(text, "TCP")[:5], ["ns/byte", "40.00", "3.00", "-", "-"], "a kind without a value")
    equal(line(text, "show dump of 10,000 peers"), ["ms", "-", "-", "700", "-"], "and without base")
    equal(len(report.measured(one)), 2, "rows")
    plot.svg(one)


@case
def spread_names_the_worst():
    text = report.table(run({"tcp": {"wireguard": [40, 40.4, 40], "warren": [16, 16, 16]},
                             "ping": {"wireguard": [60, 66, 60], "warren": [30, 30, 30]}}))
    check("10.0% at most (ping, round trip, wireguard)" in text, "the last line: " + text)


@case
def columns_stand_below_each_other():
    with open(os.path.join(HERE, "recorded.json")) as file:
        text = report.table(json.load(file)["runs"][0])
    lines = [line for line in text.splitlines() if line.endswith(("met", "missed"))]
    check(len(lines) > 5, f"lines with a goal: {len(lines)}")
    places = {line.index(" at most ") for line in lines if " at most " in line}
    equal(len(places), 1, "places of a column")


@case
def picture_compares_lengths():
    svg = plot.svg(run({"tcp": {"none": [4], "wireguard": [40], "warren": [10]},
                        "cpus": {"wireguard": [100], "warren": [200]},
                        "delete": {"wireguard": [10], "warren": [1000]}}))
    root = ElementTree.fromstring(svg)
    bars = [rect for rect in root.findall(f"{SVG}rect") if rect.get("x") == str(plot.LEFT)]
    lengths = [float(bar.get("width")) for bar in bars]
    one = plot.WIDTH / plot.MOST
    for length, part in zip(lengths, [0.1, 1, 0.25, 1, 0.5, 1, plot.MOST]):
        ktap.within(length, one * part - 0.1, one * part + 0.1, "length of a bar")
    equal(len(lengths), 7, "bars")


@case
def picture_of_recorded_numbers():
    with open(os.path.join(HERE, "recorded.json")) as file:
        one = json.load(file)["runs"][0]
    root = ElementTree.fromstring(plot.svg(one))
    words = [text.text for text in root.findall(f"{SVG}text")]
    for row in report.measured(one):
        compared = bool(report.median(one, row, BASE))
        equal(row.title in words, compared, f"{row.title} is in the picture")


TRACE = """# entries-in-buffer/entries-written: 5/5   #P:2
          <idle>-0       [000] d..1.    10.000100: tick_nohz_idle_enter <-do_idle
          <idle>-0       [001] d.h1.    10.000150: tick_irq_enter <-irq_enter_rcu
          <idle>-0       [000] d.h1.    10.000300: tick_irq_enter <-irq_enter_rcu
          <idle>-0       [000] d..1.    10.000301: tick_nohz_idle_exit <-do_idle
          iperf3-1: 2    [001] d..1.    10.000900: tick_nohz_idle_enter <-do_idle
"""


@case
def idle_time_of_a_trace():
    found = idle.events(TRACE)
    began, ended, now = 10_000_000_000, 10_001_000_000, {0: (0, 9), 1: (0, 9), 2: (8, 9), 3: (1, 9)}
    equal(idle.idled(found[0], began, ended), 200_000, "between its events")
    equal(idle.idled(found[1], began, ended), 250_000, "before the first and after the last")
    before = dict.fromkeys(now, (0, 0))
    equal(idle.total(found, before, now, began, ended, 1000), 450_000 + 3 * 1000 + 1_000_000,
          "all, without what three ends cost, and one that idled without an event")


@case
def prefixes_are_of_all_sorts():
    table = prefixes.table(2000, random.Random(1))
    equal(len(set(table)), 2000, "different ones")
    equal(collections.Counter(one.family for one in table), {4: 1600, 6: 400}, "families")
    for family, (_, _, shape) in prefixes.SHAPES.items():
        equal({one.length for one in table if one.family == family}, set(shape), "lengths")
        equal(sum(shape.values()), 100, "hundredths")
    for one in table:
        network = ipaddress.ip_network((prefixes.address(one), one.length))
        inside = ipaddress.ip_address(prefixes.address(one, random.getrandbits(128)))
        check(inside in network, f"{inside} in {network}")


@case
def table_of_the_control_server():
    ours = {"nodes": 10000, "joins": 199, "join_p99": 1, "join_cpu": 2, "memory": 64.0,
            "change_p99": 1001, "change_cpu": 3, "good": True}
    text = control.table({"warren-control": ours, "headscale": {**ours, "joins": 500, "good": False}})
    found = {row[0]: [row[2] in line, *line.split()[-4:]] for row in control.ROWS
             for line in text.splitlines() if line.startswith(row[1])}
    equal(found["joins"], [True, "at", "least", "200", "missed"], "too few joins")
    equal(found["memory"], [True, "at", "most", "64", "met"], "memory at its limit")
    equal(found["change_p99"], [True, "at", "most", "1000", "missed"], "slow changes")
    equal(text.splitlines()[-1], "headscale lost streams.", "what was lost")


if __name__ == "__main__":
    ktap.main()

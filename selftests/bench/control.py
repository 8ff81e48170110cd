#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Measure warren-control, and headscale beside it; print a table.

    selftests/bench/control.py [--nodes N] [--workers N] [--headscale-nodes N]

Both are loaded on this machine over loopback by the same generator, selftests/control/load.c.
headscale gets fewer nodes, because it would take hours; 0 leaves it out. Leaves
build/bench/control.json. What the rows mean: Documentation/performance.md."""

import argparse
import json
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "lib"))

import golang

HEADSCALE = ("github.com/juanfont/headscale", "cmd/headscale", "v0.29.2", "")
LOAD = TOP / "build/selftests/control/load"
# Name, title, unit, digits, goal; a goal of joins is to be exceeded, the others not.
ROWS = (("nodes", "nodes streaming", "", 0, None),
        ("joins", "joins", "a second", 0, 200),
        ("join_p99", "a join takes, p99", "ms", 0, None),
        ("join_cpu", "CPU of the server for a join", "us", 0, None),
        ("memory", "memory of a connected node", "KiB", 1, 64),
        ("change_p99", "a change reaches all, p99", "ms", 0, 1000),
        ("change_cpu", "CPU of the server for such a change", "ms", 0, None))


def load(program, nodes, workers):
    """The figures of a run, from the generator's last line."""
    print(f"-- {program.name}, {nodes} nodes", file=sys.stderr)
    done = subprocess.run([LOAD, program, str(nodes), "20", str(workers)], text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    lines = done.stdout.splitlines()
    if not lines or lines[-1][:1] != "{":
        sys.exit(f"bench: {program.name} could not be measured; see above")
    return json.loads(lines[-1])


def verdict(name, value, goal):
    if goal is None:
        return ""
    if name == "joins":
        return f"at least {goal}  {'met' if value >= goal else 'missed'}"
    return f"at most {goal}  {'met' if value <= goal else 'missed'}"


def table(runs):
    """Text: a line for each row, a column for each server."""
    lines = [["", "", *runs, "goal"]]
    for name, title, unit, digits, goal in ROWS:
        values = [run[name] for run in runs.values()]
        # Nothing took no time: it did not come to that.
        lines.append([title, unit, *(f"{value:,.{digits}f}" if value else "none" for value in values),
                      verdict(name, values[0], goal)])
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    text = ["  ".join(cell.rjust(width) if 1 < i < len(line) - 1 else cell.ljust(width)
                      for i, (cell, width) in enumerate(zip(line, widths))).rstrip()
            for line in lines]
    text += [f"{name} lost streams." for name, run in runs.items() if not run["good"]]
    return "\n".join(text) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=10000)
    parser.add_argument("--workers", type=int, default=32)
    parser.add_argument("--headscale-nodes", type=int, default=100)
    args = parser.parse_args()
    for target in ("-C", "tools/control"), ("-C", "selftests/control", str(LOAD)):
        if subprocess.run(["make", "-s", *target], cwd=TOP).returncode:
            sys.exit(1)
    runs = {"warren-control": load(TOP / "build/bin/warren-control", args.nodes, args.workers)}
    try:
        if args.headscale_nodes:
            (headscale,) = golang.programs([HEADSCALE], lambda text: print("--", text, file=sys.stderr))
            runs["headscale"] = load(headscale, args.headscale_nodes, min(args.workers, 16))
    except golang.Unavailable as why:
        print(f"-- no headscale: {why}", file=sys.stderr)
    out = TOP / "build/bench"
    out.mkdir(parents=True, exist_ok=True)
    (out / "control.json").write_text(json.dumps(runs, indent=1) + "\n")
    print(table(runs), end="")


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What is installed of the control server, and that its manual page says what its help says."""

import pathlib
import re
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "selftests" / "lib"))

import ktap
from ktap import case, check, equal
from netns import command

FILES = {"usr/local/bin/warren-control", "usr/local/share/man/man8/warren-control.8",
         "etc/systemd/system/warren-control.service"}


def scratch():
    folder = tempfile.TemporaryDirectory()
    ktap.cleanup(folder.cleanup)
    return pathlib.Path(folder.name)


def make(target, root):
    command("make", "-s", "-C", str(TOP / "tools"), target, f"DESTDIR={root}", "PREFIX=/usr/local",
            "UNITS=/etc/systemd/system")


def present(root):
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


@case
def install_puts_program_unit_and_page_in_place():
    root = scratch()
    make("install", root)
    equal(FILES - present(root), set(), "missing")
    said = command(str(root / "usr/local/bin/warren-control"), "version")
    check(said.startswith("warren-control "), said)


@case
def uninstall_takes_all_away():
    root = scratch()
    make("install", root)
    make("uninstall", root)
    equal(present(root), set(), "what is left")


@case
def unit_is_understood():
    root = scratch()
    unit = root / "warren-control.service"
    text = (TOP / "tools/control/systemd/warren-control.service").read_text()
    # systemd looks in its own folders, where it need not be installed.
    unit.write_text(text.replace("ExecStart=warren-control", f"ExecStart={TOP}/build/bin/warren-control"))
    try:
        said = command("systemd-analyze", "verify", "--man=no", str(unit))
    except FileNotFoundError as error:
        raise ktap.Skip("no systemd-analyze: selftests/deps control-tests") from error
    check(unit.name not in said, said)


@case
def page_and_help_have_the_same_commands():
    text = subprocess.run([TOP / "build/bin/warren-control", "help"], text=True, check=True,
                          stdout=subprocess.PIPE).stdout
    # Two spaces and more separate what is typed from what it does.
    said = {re.split(r"\s{2,}", line.strip())[0] for line in text.splitlines() if line[:2] == "  "}
    page = (TOP / "tools/control/warren-control.8").read_text().replace("\\-", "-")
    equal(set(re.findall(r'^\.SS "(.*)"$', page, re.M)), said, "commands of the page")


if __name__ == "__main__":
    ktap.main(lambda: command("make", "-s", "-C", str(TOP / "tools/control")))

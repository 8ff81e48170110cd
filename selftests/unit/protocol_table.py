#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Documentation/protocol.md names functions and tests: do they exist?"""

import os
import re
import sys

sys.dont_write_bytecode = True
TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(TOP, "selftests", "lib"))

import ktap  # noqa: E402
from ktap import case, check, equal  # noqa: E402

ROW = re.compile(r"^\| (.+) \| (.+) \| (.+) \|$")
NAME = re.compile(r"`([^`]+)`")


def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as file:
        return file.read()


def rows():
    """(rule, where, shown by) of every table, without its head."""
    found = (ROW.match(line) for line in read("Documentation", "protocol.md").splitlines())
    return [row.groups() for row in found if row and row[1] != "rule"]


def names(column):
    """[file, name or None] of all that is named in a column."""
    for row in rows():
        for name in NAME.findall(row[column]):
            file, _, member = name.partition(": ")
            yield file, member


def missing(column, exists):
    return sorted({f"{file}: {name}" for file, name in names(column) if not exists(file, name)})


def function_exists(file, function):
    """Defined, not only declared or called: begun in the first column, and followed by a body."""
    try:
        text = read("module", file)
    except OSError:
        return False
    return re.search(rf"^(?:[a-z].*[ *])?{function}\([^;]*?\)\n{{", text, re.M) is not None


def test_exists(file, name):
    if not name:
        return os.path.exists(os.path.join(TOP, "selftests", file))
    source = file if file.endswith(".py") else file + ".c"
    kind = rf"^def {name}\(\)" if file.endswith(".py") else rf"^TEST\({name}\)"
    try:
        return re.search(kind, read("selftests", source), re.M) is not None
    except OSError:
        return False


@case
def the_tables_are_found():
    check(len(rows()) > 50, "there are more than 50 rules")
    for rule, where, shown_by in rows():
        check(NAME.search(where), f"says where: {rule}")
        check(NAME.search(shown_by) or shown_by.startswith("by reading: "), f"is shown: {rule}")


@case
def functions_exist():
    equal(missing(1, function_exists), [], "functions that are not there")


@case
def tests_exist():
    equal(missing(2, test_exists), [], "tests that are not there")


ktap.main()

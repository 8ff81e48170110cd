#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Static checks of everything outside the kernel: formatting and scripts."""

import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "selftests" / "lib"))

import ktap
from ktap import case, equal

FOLDERS = ("selftests", "tools", "module", "examples", ".ci")
TOP_FILES = ("Makefile", "Kbuild", "dkms.conf")
# Files that have no comments, or are data.
NO_LICENCE = (".json", ".md", ".conf", ".pub", ".key", ".txt", ".png", ".html", ".svg", ".bin")


def files():
    """What belongs to the tree: the files git knows or would take."""
    done = subprocess.run(["sh", "-c", "git ls-files -co --exclude-standard"], cwd=TOP, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if done.returncode == 0:
        names = done.stdout.splitlines()
    else:
        names = [str(path.relative_to(TOP)) for folder in FOLDERS
                 for path in (TOP / folder).rglob("*") if "__pycache__" not in path.parts]
    return [TOP / name for name in names if (TOP / name).is_file()]


def first_line(path):
    with path.open("rb") as file:
        return file.readline(200).decode(errors="replace")


def scripts(*interpreters):
    return [path for path in files()
            if first_line(path).startswith("#!") and
            first_line(path).split()[0].endswith(interpreters)]


def clean(command, paths):
    done = subprocess.run([*command, *map(str, paths)], cwd=TOP, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    ktap.note(done.stdout.replace(f"{TOP}/", ""))
    equal(done.returncode, 0, f"exit code of {command[0]}")


@case(timeout=400)
def clang_format():
    # Where a Kbuild is, the kernel's style rules.
    sources = [path for path in files() if path.suffix in (".c", ".h") and
               path.relative_to(TOP).parts[0] in ("tools", "selftests") and
               not (path.parent / "Kbuild").exists()]
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *map(str, sources)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    changed = {line.split(":")[0].replace(f"{TOP}/", "") for line in done.stdout.splitlines()
               if ": error:" in line}
    equal(sorted(changed), [], "files that clang-format -i changes")
    equal(done.returncode, 0, "exit code of clang-format")


@case(timeout=400)
def shellcheck():
    clean(["shellcheck", "-x", "-P", str(TOP), "-S", "warning", "-f", "gcc"], scripts("/sh", "/bash"))


@case(timeout=400)
def pyflakes():
    sources = scripts("python3") + [path for path in files() if path.suffix == ".py"]
    clean(["pyflakes3"], sorted(set(sources)))


@case(timeout=300)
def licence_at_the_head():
    def has(path):
        with path.open("rb") as file:
            return b"SPDX-License-Identifier:" in file.read(400)

    wanted = [path for path in files() if path.relative_to(TOP).parts[0] in FOLDERS
              or str(path.relative_to(TOP)) in TOP_FILES]
    bare = [str(path.relative_to(TOP)) for path in wanted
            if path.suffix not in NO_LICENCE and path.name != "tests" and not has(path)]
    equal(bare, [], "files without SPDX-License-Identifier")


if __name__ == "__main__":
    ktap.main()

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Static checks of the kernel side: sparse, checkpatch and kernel-doc."""

import os
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "selftests" / "lib"))

import ktap
from ktap import case, check, equal

KERNELS = TOP / "selftests" / "vm" / "kernels"
SOURCES = sorted(path.relative_to(TOP) for path in (TOP / "module").rglob("*.[ch]")
                 if not path.name.endswith(".mod.c") and path.name != "probed.h")
# Modules that tests load have a Kbuild of their own.
HELPERS = sorted(path.relative_to(TOP) for kbuild in (TOP / "selftests").rglob("Kbuild")
                 for path in kbuild.parent.glob("*.[ch]") if not path.name.endswith(".mod.c"))

# Where checkpatch is mistaken: kind of finding, and the file and line it is for.
MISTAKES = {
    # Another name for a type that kernels call differently is the point there; and a
    # vector is no structure.
    "NEW_TYPEDEFS": r"module/(compat/\S+|x86/vector.h): typedef",
    # The name at the head of an initialiser within a macro.
    "BRACKET_SPACE": r".*(\[name\] =|^#define)",
    # A list for other macros has no value.
    "COMPLEX_MACRO": r".*#define \w+\(X\)",
    # A bound at compile time, when the number of CPUs is not known.
    "NR_CPUS": r".*static_assert",
    # A declaration.
    "CONST_STRUCT": r".*: struct \w+;$",
}


def output(*command, **more):
    done = subprocess.run([str(word) for word in command], cwd=TOP, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **more)
    return done.returncode, done.stdout


def path_from(verb, *arguments):
    done = subprocess.run([KERNELS, verb, *arguments], stdout=subprocess.PIPE, text=True)
    equal(done.returncode, 0, f"kernels {verb}")
    return done.stdout.strip()


@case(timeout=900)
def sparse():
    headers = path_from("headers", "6.12")
    folder = TOP / "build" / "lint" / "sparse"
    # C=2 checks the files that are not compiled again as well.
    status, said = output("make", f"-j{os.cpu_count()}", "module-for", f"KDIR={headers}",
                          f"OUT={folder}", "C=2", "CHECK=sparse", "CF=-Wsparse-error=no")
    # It does not know the compilers' vectors.
    vectors = r"/module/x86/((avx\w+)\.c|(vector|chacha|poly1305|cipher)\.h)"
    found = [line for line in said.splitlines()
             if re.search(r": (warning|error):", line) and "/module/" in line
             and not re.search(vectors, line)]
    ktap.note("\n".join(found))
    if status:
        ktap.note(said)
    equal(status, 0, "exit code of make")
    check("CHECK" in said, "sparse did not run")
    equal(len(found), 0, "findings of sparse")


@case(timeout=300)
def checkpatch():
    script = pathlib.Path(path_from("source")) / "scripts" / "checkpatch.pl"
    files = [path for path in SOURCES + HELPERS if path.name != "probes.h"]
    _, said = output("perl", script, "--no-tree", "--terse", "--show-types", "--quiet",
                     "--no-summary", "--file", *files)
    found = []
    for finding in said.splitlines():
        parsed = re.match(r"(\S+?):(\d+): \w+:(\w+):", finding)
        check(parsed, f"checkpatch: {finding}")
        file, line, kind = parsed.groups()
        text = (TOP / file).read_text().splitlines()[int(line) - 1]
        if not re.match(MISTAKES.get(kind, "(?!)"), f"{file}: {text}"):
            found.append(finding)
    ktap.note("\n".join(found))
    equal(len(found), 0, "findings of checkpatch")


@case(timeout=300)
def kernel_doc():
    release = path_from("release", "6.12")
    headers = pathlib.Path(path_from("headers", release))
    _, said = output("perl", (headers / "scripts" / "kernel-doc").resolve(), "-none", *SOURCES)
    found = [line for line in said.splitlines() if ": warning:" in line or ": error:" in line]
    ktap.note("\n".join(found))
    equal(len(found), 0, "findings of kernel-doc")


@case(timeout=300)
def no_kernel_versions_in_the_sources():
    found = [f"{path}: {word}" for path in SOURCES
             for word in ("LINUX_VERSION_CODE", "KERNEL_VERSION(")
             if word in (TOP / path).read_text()]
    equal(found, [], "tests of a kernel version; add a probe to module/compat/probes.h instead")


@case(timeout=300)
def probes_are_asked_only_in_compat():
    found = [str(path) for path in SOURCES if path.parent.name != "compat"
             if "WARREN_HAVE_" in (TOP / path).read_text()]
    equal(found, [], "files outside module/compat/ with WARREN_HAVE_")


@case(timeout=300)
def every_probe_is_used():
    probes = set(re.findall(r"^WARREN_PROBE\((\w+)", (TOP / "module/compat/probes.h").read_text(),
                            re.M)) - {"ALWAYS", "NEVER"}
    used = set()
    for path in SOURCES:
        if path.name != "probes.h":
            used |= set(re.findall(r"WARREN_HAVE_(\w+)", (TOP / path).read_text()))
    equal(sorted(probes - used), [], "probes that nothing uses")
    equal(sorted(used - probes), [], "names that no probe sets")


if __name__ == "__main__":
    ktap.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Help, manual page and completions have the same verbs, options and words."""

import re
import shutil
import subprocess

from common import TOP, check, equal, good, run
import ktap
from ktap import case

HERE = TOP / "tools" / "warren"
WORD = re.compile(r"(?<![\w-])(?:--)?[a-z][a-z-]*(?![\w-])")


def verbs():
    text = good("--help").split("Verbs:\n")[1].split("\n\n")[0]
    return [line.split()[0] for line in text.splitlines()]


def words(verb):
    """The words of a verb that are typed as they stand in its help."""
    usage = good(verb, "--help").strip()
    return set(WORD.findall(usage.removeprefix(f"Usage: warren {verb}")))


def manual():
    """The page's text for each verb: (heading, body)."""
    text = (HERE / "warren.8").read_text().replace("\\-", "-").replace("\\fI", "").replace(
        "\\fR", "")
    found = {}
    for part in re.split(r"^\.S[SH] ", text, flags=re.M)[1:]:
        heading, _, body = part.partition("\n")
        heading = heading.strip('"')
        if heading.split()[0].islower():
            found[heading.split()[0]] = heading, body
    return found


@case
def manual_has_every_verb():
    equal(sorted(manual()), sorted(verbs()), "verbs")


@case
def manual_has_every_word():
    pages = manual()
    for verb in verbs():
        heading, body = pages[verb]
        equal(words(verb) - set(WORD.findall(heading + "\n" + body)), set(), f"missing: {verb}")
        equal(set(WORD.findall(heading)) - {verb} - words(verb), set(), f"too much: {verb}")


@case
def manual_has_every_exit_code():
    source = (TOP / "tools" / "lib" / "error.h").read_text()
    codes = set(re.findall(r"WARREN_\w+ = (\d+)", source))
    text = (HERE / "warren.8").read_text().split(".SH EXIT STATUS")[1].split(".SH ")[0]
    equal(set(re.findall(r"^\.B (\d+)", text, re.M)), codes, "exit codes")


@case
def manual_has_every_variable():
    sources = "".join(p.read_text() for p in HERE.glob("*.c"))
    text = (HERE / "warren.8").read_text()
    for name in set(re.findall(r'getenv\("(WG_\w+)"\)', sources)) | set(
            re.findall(r'getenv\(\s*"(WG_\w+)"\)', sources)):
        check(f".B {name}\n" in text, name)


@case
def manual_has_every_event():
    source = (TOP / "tools" / "lib" / "event.c").read_text()
    names = set(re.findall(r"\[WARREN_(?:EVENT|HANDSHAKE)_\w+\] =\s+{?\"([a-z-]+)\"", source))
    check(len(names) == 7 + 9, names)
    text = (HERE / "warren.8").read_text().split(".B monitor\nEach line")[1].split(".SH")[0]
    equal(names - set(re.findall(r'"([a-z-]+)"', text)), set(), "missing")


@case
def counters_have_the_modules_names():
    module = (TOP / "module" / "stats.h").read_text().split("#define WARREN_PEER_STATS(X)")[1]
    library = (TOP / "tools" / "lib" / "stats.c").read_text()
    equal(re.findall(r'STATS_A_(\w+)\] = "(\w+)"', library),
          re.findall(r'X\((\w+), "(\w+)"\)', module.split("#define")[0]), "names")


@case
def manual_of_files_has_every_key():
    source = (TOP / "tools" / "lib" / "config.c").read_text()
    keys = set(re.findall(r'\{\s*"(\w+)",\s*SECTION_', source))
    check(len(keys) == 22, keys)
    text = (HERE / "warren.conf.5").read_text()
    heads = re.findall(r"^\.TP\n\.BR? (.*)$", text, re.M)
    equal(set(re.findall(r"\w+", " ".join(heads))), keys, "keys")


def compare(found):
    equal(sorted(found), sorted(verbs()), "verbs")
    for verb in verbs():
        equal(set(found[verb].split()), words(verb), verb)


@case
def bash_words():
    text = (HERE / "completions" / "warren.bash").read_text()
    compare(dict(re.findall(r'^\t\[(\w+)\]="(.*)"$', text, re.M)))


@case
def zsh_words():
    text = (HERE / "completions" / "_warren").read_text()
    compare(dict(re.findall(r'^\t(\w+) "(.*)"$', text, re.M)))


@case
def fish_words():
    text = (HERE / "completions" / "warren.fish").read_text()
    compare(dict(re.findall(r'"__warren_verb (\w+)" -a "(.*)"$', text, re.M)))
    equal(re.search(r"set -l verbs (.*)", text).group(1).split(), verbs(), "verbs")


def completed(*words_so_far):
    script = (f'. {HERE}/completions/warren.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
              '_warren; printf "%s\\n" "${COMPREPLY[@]}"')
    code, out, err = run("bash", "-c", script, "bash", "warren", *words_so_far)
    equal((code, err), (0, ""), "completion")
    return set(out.split())


@case
def bash_completes():
    equal(completed("sh"), {"show", "showconf"}, "verbs")
    equal(completed("apply", "--"), {"--dry-run", "--json"}, "options")
    equal(completed("set", "wg0", "persistent"), {"persistent-keepalive"}, "words")
    check("/etc/passwd" in completed("set", "wg0", "private-key", "/etc/passw"), "files")


@case
def other_shells_can_read_theirs():
    seen = 0
    for shell, name in (("zsh", "_warren"), ("fish", "warren.fish")):
        if shutil.which(shell):
            seen += 1
            code, _, err = run(shell, "-n", str(HERE / "completions" / name))
            equal(code, 0, err)
    if not seen:
        raise ktap.Skip("neither zsh nor fish is here")


@case
def manuals_are_well_formed():
    if not shutil.which("groff"):
        raise ktap.Skip("groff is not here")
    for name in ("warren.8", "warren.conf.5"):
        done = subprocess.run(["groff", "-man", "-ww", "-z", "-Tutf8", str(HERE / name)],
                              capture_output=True, text=True, check=False)
        equal((done.returncode, done.stderr), (0, ""), name)


@case
def the_unit_is_well_formed():
    text = (HERE / "systemd" / "warren@.service").read_text()
    for key, verb in (("ExecStart", "up"), ("ExecReload", "apply"), ("ExecStop", "down")):
        check(f"\n{key}=warren {verb} %i\n" in text, key)
        check(verb in verbs(), verb)


ktap.main()

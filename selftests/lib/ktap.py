# SPDX-License-Identifier: GPL-2.0
"""Named test cases in one process, printed as KTAP.

A file of cases defines functions with @case and ends with ktap.main(). What a
case makes it registers with cleanup(), which is undone after the case, last
one first, whether it passed or not.

    FILE.py [--list] [PATTERN...]    run the cases whose name has a PATTERN in it
"""

import os
import signal
import sys
import time
import traceback

PASS, FAIL, SKIP = 0, 1, 4

_cases = []
_cleanups = []


class Skip(Exception):
    """This case cannot run here; the text says why."""


class Failure(Exception):
    """A check did not hold."""


class TimedOut(BaseException):
    """A case took longer than it may."""


def case(function=None, *, timeout=60):
    """Registers a test case. @timeout: seconds of the guest's clock."""

    def register(f):
        _cases.append((f, timeout))
        return f

    return register(function) if function else register


def cleanup(function, *arguments):
    """Has function(*arguments) called when the case is over."""
    _cleanups.append((function, arguments))


def check(condition, what):
    if not condition:
        raise Failure(what)


def equal(got, want, what):
    if got != want:
        raise Failure(f"{what}: got {got!r}, want {want!r}")


def within(got, low, high, what):
    if not low <= got <= high:
        raise Failure(f"{what}: got {got!r}, want {low}..{high}")


def eventually(condition, what, seconds=5.0, pause=0.01):
    """Waits until condition() is true, and returns what it gave."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f"not within {seconds} s: {what}")
        time.sleep(pause)


def note(text):
    """A diagnostic line."""
    for line in str(text).splitlines():
        print("#", line, flush=True)


def _alarm(_signal, _frame):
    raise TimedOut()


def _undo():
    trouble = None
    while _cleanups:
        function, arguments = _cleanups.pop()
        try:
            function(*arguments)
        except Exception as error:  # the others must still be undone
            trouble = trouble or error
            note(f"cleanup: {error}")
    return trouble


def _where(failure):
    """The lines of the test that led to a failed check, without these helpers."""
    here = os.path.dirname(os.path.abspath(__file__))
    frames = [f for f in traceback.extract_tb(failure.__traceback__)
              if os.path.dirname(os.path.abspath(f.filename)) != here]
    return "\n".join(f"{os.path.basename(f.filename)}:{f.lineno}: {f.line}" for f in frames)


def _run(function, timeout):
    """Returns (result, text) of one case."""
    signal.signal(signal.SIGALRM, _alarm)
    signal.alarm(timeout)
    try:
        function()
        result = PASS, ""
    except Skip as why:
        result = SKIP, str(why)
    except TimedOut:
        result = FAIL, f"took longer than {timeout} s\n" + traceback.format_exc()
    except Failure as failure:
        result = FAIL, f"{failure}\n{_where(failure)}"
    except Exception:
        result = FAIL, traceback.format_exc()
    finally:
        signal.alarm(0)
    trouble = _undo()
    if trouble and result[0] == PASS:
        result = FAIL, f"cleanup: {trouble}"
    return result


def alone(function):
    """Runs one function that is no test case, undoes what it made, and exits."""
    try:
        function()
        status = PASS
    except Skip as why:
        print(why)
        status = SKIP
    except Failure as failure:
        print(f"failed: {failure}", file=sys.stderr)
        status = FAIL
    finally:
        trouble = _undo()
    sys.exit(FAIL if trouble else status)


def main(setup=None):
    """Runs setup() and the cases, and exits with the kselftest code. All are skipped when
    setup() raises Skip."""
    patterns = [a for a in sys.argv[1:] if not a.startswith("--")]
    chosen = [
        (f, t) for f, t in _cases
        if not patterns or any(p in f.__name__ for p in patterns)
    ]
    if "--list" in sys.argv:
        for function, _ in chosen:
            print(function.__name__)
        sys.exit(PASS)
    try:
        if setup:
            setup()
    except Skip as why:
        print(f"TAP version 13\n1..0 # SKIP {why}")
        sys.exit(SKIP)
    print("TAP version 13")
    print(f"1..{len(chosen)}", flush=True)
    results = []
    for number, (function, timeout) in enumerate(chosen, 1):
        began = time.monotonic()
        result, text = _run(function, timeout)
        results.append(result)
        name = function.__name__
        if result == SKIP:
            print(f"ok {number} {name} # SKIP {text}")
        elif result == PASS:
            print(f"ok {number} {name}")
        else:
            note(text)
            print(f"not ok {number} {name}")
        if os.environ.get("KTAP_TIMES"):
            note(f"{time.monotonic() - began:.2f} s")
        sys.stdout.flush()
    if FAIL in results:
        sys.exit(FAIL)
    sys.exit(SKIP if results and all(r == SKIP for r in results) else PASS)

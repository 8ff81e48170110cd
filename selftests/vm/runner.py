#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The VM runner itself: a runner that overlooks a failure hides all others."""

import hashlib
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "selftests" / "lib"))

import ktap
from ktap import case, check, equal

RUN = TOP / "selftests" / "vm" / "run"


def vm(script, *options, cwd=TOP):
    """Runs a shell script in a VM without our module."""
    return subprocess.run([RUN, "--no-module", *options, "--", "bash", "-c", script], cwd=cwd,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=200)


@case(timeout=200)
def command_runs_as_documented():
    # 1 MiB with every byte value in it, in a fixed order.
    noise = "import sys; sys.stdout.buffer.write(bytes(i * i >> 8 & 255 for i in range(1 << 20)))"
    (TOP / "build").mkdir(exist_ok=True)
    shared = TOP / "build" / f"runner-{os.getpid()}"
    ktap.cleanup(lambda: shared.unlink(missing_ok=True))
    stray = TOP / f"runner-{os.getpid()}"
    os.environ["WARREN_RUNNER_TEST"] = "two words"
    done = vm(f"""python3 -c '{noise}'
        exec 1>&2
        pwd
        id -u
        readlink /proc/self/fd/0
        echo "$WARREN_RUNNER_TEST"
        uname -r
        echo from the guest >{shared}
        echo stays there >{stray}
        modprobe wireguard && modprobe veth && echo modules
        ip link show lo | grep -c LOWER_UP
        ls -d /dev/fd/0 /dev/pts/ptmx /dev/shm /run/netns /sys/kernel/debug/tracing /sys/fs/bpf >&2
        echo to its path >/dev/stderr
        exit 77""", "--smp", "2", "--quiet", cwd="/")
    said = done.stderr.decode().splitlines()
    if len(said) > 20:
        ktap.note(done.stderr.decode())
    equal(done.returncode, 77, "exit code")
    equal(hashlib.sha256(done.stdout).hexdigest(),
          hashlib.sha256(bytes(i * i >> 8 & 255 for i in range(1 << 20))).hexdigest(), "output")
    equal(said[:4], [str(TOP), "0", "/dev/null", "two words"], "folder, user, stdin, variable")
    check(said[4].startswith("6.1."), f"kernel: {said[4]}")
    equal(said[5:7], ["modules", "1"], "modules loaded, lo up")
    equal(said[-1], "to its path", "what went to /dev/stderr")
    equal(shared.read_text(), "from the guest\n", "a file below build/")
    check(not stray.exists(), "the guest wrote outside build/")


@case(timeout=200)
def warning_in_the_kernel_log_fails():
    with tempfile.NamedTemporaryFile() as log:
        done = vm("echo 'WARNING: CPU: 0 PID: 1 at a test' >/dev/kmsg", "--keep-log", log.name)
        equal(done.returncode, 123, "exit code")
        check(b"PID: 1 at a test" in done.stderr, "the log was not printed")
        check(b"Linux version" in pathlib.Path(log.name).read_bytes(), "the whole log was not kept")


@case(timeout=200)
def panic_fails():
    done = vm("echo before; echo c >/proc/sysrq-trigger; sleep 60")
    equal(done.returncode, 122, "exit code")
    equal(done.stdout, b"before\n", "output")
    check(b"Kernel panic" in done.stderr, "the log was not printed")


@case(timeout=200)
def time_limit_ends_the_command():
    began = time.monotonic()
    done = vm("sleep 1000 & echo begun; sleep 1000", "--timeout", "3")
    equal(done.returncode, 124, "exit code")
    equal(done.stdout, b"begun\n", "output")
    check(time.monotonic() - began < 100, "the machine went on")
    check(b"longer than 3 seconds" in done.stderr, "it was not said")


@case(timeout=200)
def signal_ends_the_machine():
    process = subprocess.Popen([RUN, "--no-module", "--", "sh", "-c", "echo up; sleep 1000"],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    equal(process.stdout.readline(), b"up\n", "output")
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], text=True,
                              stdout=subprocess.PIPE).stdout.split()
    process.send_signal(signal.SIGTERM)
    equal(process.wait(20), 143, "exit code")
    process.stdout.close()
    check(children, "no child process was seen")
    ktap.eventually(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in children),
                    "its processes end", 10)


@case(timeout=200)
def icount_measures_instructions():
    """The same work takes the same guest time, whatever the host does."""
    script = ("import time; a = time.perf_counter(); sum(i * i for i in range(200000)); "
              "print(time.perf_counter() - a)")
    done = vm(f"python3 -c '{script}'; python3 -c '{script}'", "--icount")
    equal(done.returncode, 0, done.stderr.decode())
    first, second = map(float, done.stdout.split())
    check(abs(first - second) < 0.05 * first, f"{first} s and {second} s for the same work")


@case(timeout=200)
def patience_ends_a_machine_with_virtual_time():
    """Its own seconds do not: a loop of hours passes for minutes there."""
    done = vm("while :; do :; done", "--icount", "--timeout", "900000", "--patience", "20")
    equal(done.returncode, 122, done.stderr.decode())


@case
def bad_options_are_refused():
    for options, word in ((["--smp", "many"], "many"), (["--kernel", "5.10"], "5.10"),
                          (["--colour"], "--colour"), (["--smp"], "--smp"),
                          (["--patience", "0"], "--patience")):
        done = subprocess.run([RUN, *options, "--no-module", "--", "true"], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        check(done.returncode not in (0, 123, 124), f"{options}: exit code {done.returncode}")
        check(word in done.stderr, f"{options}: {done.stderr}")


if __name__ == "__main__":
    ktap.main()

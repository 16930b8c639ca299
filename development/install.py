"""The virtual environment: made when missing, broken or outdated, from pinned and hashed requirements only.

Runs on the machine's bare Python before anything is installed, so it uses the standard library only. Such environments
remember where they are: one that was moved with its checkout is made anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "development" / "requirements.txt"
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
DONE = ENVIRONMENT / "installed.json"


def main() -> None:
    """Make it complete; does nothing when it is. Two at once wait for each other."""
    with REQUIREMENTS.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done, wanted = _done(), _wanted()
        if done == wanted:
            return
        print("Installing the requirements into .venv (the first time this downloads about 150 MB).", flush=True)
        if done.get("place") != wanted["place"]:
            _make_environment()
        DONE.unlink(missing_ok=True)  # from here on an interruption means starting over
        if _install(lock.fileno()):
            sys.exit("The requirements could not be installed. The next try starts over.")
        DONE.write_text(json.dumps(wanted))


def _wanted() -> dict[str, str]:
    return {
        "place": f"{ENVIRONMENT} {sys.version_info.major}.{sys.version_info.minor}",
        "requirements": hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest(),
    }


def _done() -> dict[str, str]:
    try:
        if not os.access(PYTHON, os.X_OK):
            return {}
        done: dict[str, str] = json.loads(DONE.read_text())
        return done
    except (OSError, ValueError):
        return {}


def _make_environment() -> None:
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    make = [sys.executable, "-m", "venv", str(ENVIRONMENT)]
    if subprocess.run(make, capture_output=True, check=False).returncode == 0:
        return
    if _debian_gave_the_missing_half() and subprocess.run(make, check=False).returncode == 0:
        return
    sys.exit(f"{sys.executable} cannot make a virtual environment. On Debian: apt-get install python3-venv")


def _debian_gave_the_missing_half() -> bool:
    """Debian's Python makes environments only with a package of its own; as root it can be had at once."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    print("Installing Debian's python3-venv.", flush=True)
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "python3-venv"]):
        if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode:
            return False
    return True


def _install(lock: int) -> int:
    """Errors are shown, nothing else. Should we be killed, pip still holds the lock until it is done."""
    options = ["-qq", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    command = [str(PYTHON), "-m", "pip", "install", *options, "--require-hashes", "--no-deps", "-r", str(REQUIREMENTS)]
    return subprocess.run(command, cwd=ROOT, pass_fds=[lock], check=False).returncode


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit("\nStopped. The next try starts over.")


if __name__ == "__main__":
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _stop)
    main()

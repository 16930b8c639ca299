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
import tempfile
import urllib.request
from pathlib import Path
from types import FrameType
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "development" / "requirements.txt"
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
DONE = ENVIRONMENT / "installed.json"
# Only for a Python that comes without pip and without the means to make it (Debian's, when python3-venv is missing).
PIP_WHEEL = "pip-26.3-py3-none-any.whl"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
DEFAULT_INDEX = "https://pypi.org/simple"


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
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    made = subprocess.run([*make, "--without-pip"], capture_output=True, text=True, check=False)
    if made.returncode:
        sys.exit(f"{sys.executable} cannot make a virtual environment:\n{made.stdout}{made.stderr}")
    with tempfile.TemporaryDirectory() as directory:
        wheel = Path(directory) / PIP_WHEEL
        wheel.write_bytes(_pip_wheel())
        subprocess.run([PYTHON, f"{wheel}/pip", "install", "--quiet", "--no-index", str(wheel)], check=True)


def _pip_wheel() -> bytes:
    """From the index pip would use, whatever that is; the hash says that it is the right one."""
    index = os.environ.get("PIP_INDEX_URL", DEFAULT_INDEX).rstrip("/")
    accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
    request = urllib.request.Request(f"{index}/pip/", headers=accept)  # noqa: S310 - the person's own setting
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            files = {file["filename"]: file["url"] for file in json.load(answer)["files"]}
        with urllib.request.urlopen(files[PIP_WHEEL], timeout=60) as answer:  # noqa: S310
            wheel: bytes = answer.read()
    except (OSError, ValueError, KeyError) as error:
        sys.exit(
            f"This Python has no pip and it could not be fetched ({error}). On Debian: apt-get install python3-venv"
        )
    if hashlib.sha256(wheel).hexdigest() != PIP_SHA256:
        sys.exit("The pip that was fetched is not the one expected; nothing was installed.")
    return wheel


def _install(lock: int) -> int:
    """Errors are shown, nothing else. Should we be killed, pip still holds the lock until it is done."""
    options = ["-qq", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    command = [str(PYTHON), "-m", "pip", "install", *options, "--require-hashes", "-r", str(REQUIREMENTS)]
    return subprocess.run(command, cwd=ROOT, pass_fds=[lock], check=False).returncode


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit("\nStopped. The next try starts over.")


if __name__ == "__main__":
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _stop)
    main()

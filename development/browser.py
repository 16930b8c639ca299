"""The browser that the browser tests drive: Chromium, installed first where that is a simple thing to do."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from development.checkout import LOGS, ROOT, VAR

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def find() -> str | None:
    """Path of a Chromium on this machine."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return found or (str(MAC) if MAC.exists() else None)


def main() -> None:
    """Install it if need be; say in one line why the browser tests will not run."""
    if find():
        return
    if why_not := _why_not_installable():
        print(f"The browser tests will not run: no Chromium here, and {why_not}.")
    else:
        _install()


def _why_not_installable() -> str | None:
    if not (_is_debian() and shutil.which("apt-get")):
        return "only on Debian does this command install it"
    return None if os.geteuid() == 0 else "installing it takes root (apt-get install -y chromium)"


def _is_debian() -> bool:
    try:
        return "ID=debian" in Path("/etc/os-release").read_text().splitlines()
    except OSError:
        return False


def _install() -> None:
    print("Installing Chromium for the browser tests (apt-get install -y chromium).", flush=True)
    VAR.mkdir(mode=0o711, exist_ok=True)
    LOGS.mkdir(mode=0o700, exist_ok=True)
    log = LOGS / "chromium.log"
    with log.open("wb") as output:
        for arguments in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(
                [shutil.which("apt-get") or "apt-get", *arguments],
                env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
            )
    if not find():
        print(f"The browser tests will not run: Chromium could not be installed, see {log.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()

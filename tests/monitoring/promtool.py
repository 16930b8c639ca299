"""promtool, from this machine or from Prometheus' image."""

import shutil
import subprocess
from pathlib import Path

from tests.containers.compose import missing

IMAGE = "prom/prometheus:latest"


def reason() -> str | None:
    """Why there is none, in a few words; None where there is one."""
    if shutil.which("promtool"):
        return None
    if no_engine := missing():
        return f"no promtool here, and {no_engine}"
    have = subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True, check=False)
    return f"no promtool here, and no image {IMAGE}" if have.returncode else None


def promtool(folder: Path, *arguments: str) -> None:
    """Run it in this folder; raises with what it says where it finds fault."""
    command = ["promtool", *arguments]
    if not shutil.which("promtool"):
        there = f"{folder}:/checked:ro"
        command = [
            "docker",
            "run",
            "--rm",
            "-v",
            there,
            "-w",
            "/checked",
            "--entrypoint",
            "promtool",
            IMAGE,
            *arguments,
        ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr

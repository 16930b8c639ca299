"""What may do harm, and what only machines read: `python -m development.supply`, a part of `make check`.

Unsafe Python (bandit), secrets in files (detect-secrets), Dockerfiles (hadolint), scripts (shellcheck), and compose
files and workflows against their schemas (check-jsonschema). The tools are pinned requirements and ask no network.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from development.checkout import ROOT

TOOLS = Path(sys.executable).parent
PACKAGES = ("chassis", "auth_service", "appointment_service", "prescription_service", "portal", "development")
LEFT_OUT = {".git", ".venv", ".env", "var", "backups", "sbom", "secrets", "__pycache__", ".hypothesis"}
LEFT_OUT |= {".mypy_cache", ".pytest_cache", ".ruff_cache", ".import_linter_cache"}
"""What lies about in a checkout, for where there is no git that knows."""
SCRIPT = re.compile(rb"#!.*\b(ba)?sh\b")
COMPOSES_OWN = re.compile(r"!(reset|override) ?")
"""Tags of `docker compose` for files on top of others, which the schema knows nothing of."""


def main() -> int:
    """Run every check that this machine has the tool of; the answer is the exit status."""
    files = tracked()
    with tempfile.TemporaryDirectory() as place, ThreadPoolExecutor(2) as pool:
        done = list(pool.map(_run, checks(files, Path(place))))
    return int(not all(done))


def tracked() -> list[str]:
    """The files that git knows; in a copy without git, all but what lies about."""
    git = shutil.which("git") or "false"
    told = subprocess.run([git, "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    names = told.splitlines() or _all_but_what_lies_about()
    return [name for name in names if (ROOT / name).is_file()]


def _all_but_what_lies_about() -> list[str]:
    paths = [file.relative_to(ROOT) for file in ROOT.rglob("*")]
    return [str(path) for path in paths if not LEFT_OUT & {*path.parts}]


def is_compose(name: str) -> bool:
    """Whether a file is one of `docker compose`."""
    return Path(name).suffix == ".yml" and (ROOT / name).read_text().find("\nservices:\n") >= 0


def without_tags(names: Iterable[str], place: Path) -> list[str]:
    """Copies of compose files as the schema can read them."""
    copies = []
    for name in names:
        copy = place / name.replace("/", "-")
        copy.write_text(COMPOSES_OWN.sub("", (ROOT / name).read_text()))
        copies.append(str(copy))
    return copies


def checks(files: list[str], place: Path) -> list[list[str]]:
    """The commands that look at these files; `place` is for copies."""
    scripts = [name for name in files if SCRIPT.match((ROOT / name).read_bytes())]
    compose = without_tags(filter(is_compose, files), place)
    workflows = [name for name in files if name.startswith(".github/workflows/")]
    schema = ["check-jsonschema", "--builtin-schema"]
    return [
        ["bandit", "--quiet", "--recursive", "--configfile", "pyproject.toml", *PACKAGES],
        ["detect-secrets-hook", "--no-verify", "--baseline", ".secrets.baseline", *files],
        ["hadolint", "--config", ".hadolint.yaml", *[name for name in files if Path(name).name == "Dockerfile"]],
        ["shellcheck", "--severity=warning", *scripts],
        [*schema, "vendor.compose-spec", *compose],
        [*schema, "vendor.github-workflows", *workflows],
        [*schema, "vendor.dependabot", ".github/dependabot.yml"],
    ]


def _run(command: list[str]) -> bool:
    tool = TOOLS / command[0]
    if not tool.exists():
        print(f"NOT RUN: {command[0]} has no build for this machine.")
        return True
    done = subprocess.run([str(tool), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{command[0]} found something:\n{done.stdout}{done.stderr}")
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())

"""What a program costs before its first request: what it imports, and what its workers go on sharing."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.servers import ROOT, Program

pytestmark = pytest.mark.usefixtures("migrated")

SELDOM = {"alembic", "flask_migrate", "mako", "pygments", "weasyprint", "fontTools"}
"""For those who migrate or draw a PDF. They take 9 and 20 MB and as long as half of all other imports."""


@pytest.mark.parametrize("package", ["auth_service", "appointment_service", "prescription_service", "portal"])
def test_no_program_imports_at_its_start_what_it_seldom_needs(environment: Mapping[str, str], package: str) -> None:
    look = f"import sys, {package}; {package}.create_app(); print(*{{one.split('.')[0] for one in sys.modules}})"
    ran = subprocess.run(
        [sys.executable, "-c", look], env={**os.environ, **environment}, cwd=ROOT, capture_output=True, check=True
    )

    imported = set(ran.stdout.decode().split())

    assert package in imported
    assert not imported & SELDOM


def test_workers_collect_garbage_and_leave_alone_what_they_share(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    program = Program("tests.chassis.counted", environment, tmp_path / "log")
    program.start()
    try:
        program.wait()
        with urlopen(f"{program.url}/health") as answer:
            told = json.loads(answer.read())
    finally:
        program.stop()

    assert told["collects"] is True
    assert told["left_alone"] > 10_000

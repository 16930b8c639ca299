"""The visit that the README types, typed."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from flask import Flask

from tests.servers import Clinic


@pytest.mark.skipif(not shutil.which("jq") or not shutil.which("curl"), reason="no jq or curl on this machine")
def test_the_visit_in_the_readme_works_as_typed(clinic: Clinic, auth: Flask, appointment: Flask, root: Path) -> None:
    for app in (auth, appointment):
        assert app.test_cli_runner().invoke(args=["demo"]).exit_code == 0
    blocks = re.findall(r"```sh\n(.*?)```", (root / "README.md").read_text(), re.DOTALL)
    (script,) = [block for block in blocks if "sign_in()" in block]
    for port, program in (("8001", clinic.auth), ("8002", clinic.appointment), ("8003", clinic.prescription)):
        script = script.replace(f"localhost:{port}", program.url)

    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    prescription = json.loads(done.stdout)
    assert prescription["patient_name"] == "Maya Lindqvist"
    assert prescription["medicines"][0]["name"] == "Paracetamol 500 mg tablets"

"""The production setup of this checkout: the plain compose file with deploy/production.yml over it, as documented."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.containers.compose import FILE, ROOT, Compose, free_ports, until

OVER = ROOT / "deploy" / "production.yml"


@dataclass
class Production(Compose):
    """A clinic behind its gateway, reached as `localhost`."""

    files: tuple[Path, ...] = (FILE, OVER)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.port = int(self.settings["GATEWAY_HTTPS_PORT"])
        self.base = f"https://localhost:{self.port}"
        self.http.verify = f"{self.settings['SECRETS']}/gateway_certificate"

    def get(self, path: str, **given: object) -> requests.Response:
        """What the gateway answers a browser, without following where it leads."""
        return self.http.get(self.base + path, timeout=20, allow_redirects=False, **given)  # type: ignore[arg-type]

    def sign_in(self, email: str = "maya@example.com") -> dict[str, str]:
        """The header that an integrator sends for this person; other tests may just have tried too often from here."""
        account = {"email": email, "password": "TestPass123"}
        url = f"{self.base}/api/auth/auth/login"
        answer = until(lambda: _well(self.http.post(url, json=account, timeout=20)), 120)
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def roll(self, *services: str) -> None:
        """`deploy/roll` as documented, on this project."""
        files = " ".join(f"-f {file}" for file in self.files)
        compose = f"docker compose {files} --env-file {self.env_file} --ansi never"
        environment = {**os.environ, **self.settings, "COMPOSE_PROJECT_NAME": self.project, "COMPOSE": compose}
        command = [str(ROOT / "deploy" / "roll"), *services]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"

    def beside(self, network: str, *arguments: str) -> str:
        """What Python prints in a container of its own that shares this network with the clinic."""
        image = self.containers("portal")[0]["Image"]
        command = ["docker", "run", "--rm", "--network", f"{self.project}_{network}", "--entrypoint", "python", image]
        return subprocess.run([*command, *arguments], check=True, capture_output=True, text=True).stdout


def _well(answer: requests.Response) -> requests.Response | None:
    return answer if answer.status_code == 200 else None


def prepared(folder: Path, network: str) -> Production:
    """A project with secrets, certificate and `.env` as the documented command makes them, with nothing started yet."""
    env_file, secrets = folder / ".env", folder / "secrets"
    prepare = [str(ROOT / "deploy" / "prepare"), "localhost", str(secrets)]
    subprocess.run(prepare, cwd=ROOT, env={"PATH": "/usr/bin:/bin", "ENV_FILE": str(env_file)}, check=True)
    http, https = free_ports(2)
    settings = {
        "SECRETS": str(secrets),
        "CLINIC_NETWORK": network,
        "GATEWAY_ADDRESS": "127.0.0.1",
        "GATEWAY_HTTP_PORT": str(http),
        "GATEWAY_HTTPS_PORT": str(https),
        "ENVIRONMENT": "demo",
        "MAIL_DIRECTORY": "/tmp/mail",
        "SECOND_FACTOR_REQUIRED": "",
        "SIGNING_FRESHNESS_MINUTES": "0",
        # all load of the tests comes from one address
        "REQUESTS_PER_SECOND": "5000",
        "CONNECTIONS_PER_ADDRESS": "3000",
    }
    return Production(env_file, settings)

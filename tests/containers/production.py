"""The production setup of this checkout: the plain compose file with deploy/production.yml over it, as documented."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.containers.compose import FILE, ROOT, Compose, free_ports

OVER = ROOT / "deploy" / "production.yml"
BEHIND = ("portal", "auth-service", "appointment-service", "prescription-service")


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

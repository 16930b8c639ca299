"""What an overlay of deploy/kubernetes comes to, and what its programs would find in their environment and files."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
KUBERNETES = ROOT / "deploy" / "kubernetes"
OVERLAYS = sorted(path.name for path in (KUBERNETES / "overlays").iterdir())
RUNNING = ("Deployment", "Job", "CronJob")
SECRETS = {
    "DATABASE_ADMIN_URL": "postgresql://admin:pass-word@db.example:5432/postgres?sslmode=require",
    "MAIL_URL": "smtp://user:pass-word@mail.example:587",
}

Object = dict[str, Any]


def missing() -> str | None:
    """Why nothing can be rendered here."""
    return None if shutil.which("kubectl") or shutil.which("kustomize") else "no kubectl and no kustomize here"


def render(folder: Path) -> list[Object]:
    """The documents of a kustomization."""
    command = ["kubectl", "kustomize"] if shutil.which("kubectl") else ["kustomize", "build"]
    done = subprocess.run([*command, str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def make_secrets(folder: Path) -> dict[str, dict[str, str]]:
    """What `make-secrets.sh` makes, by the names of the Secrets."""
    folder.mkdir(parents=True, exist_ok=True)
    script = KUBERNETES / "make-secrets.sh"
    subprocess.run([str(script), str(folder)], env={**os.environ, **SECRETS}, check=True, capture_output=True)
    lines = {file.stem: file.read_text().splitlines() for file in folder.glob("*.env")}
    return {name: dict(line.split("=", 1) for line in given) for name, given in lines.items()}


@dataclass
class Rendered:
    """The objects of one overlay, and the Secrets beside them."""

    name: str
    objects: list[Object]
    secrets: dict[str, dict[str, str]]

    def of(self, *kinds: str) -> list[Object]:
        """All objects of these kinds."""
        return [one for one in self.objects if one["kind"] in kinds]

    def one(self, kind: str, name: str) -> Object:
        """The object with this kind and this name, or the beginning of it."""
        (found,) = [one for one in self.of(kind) if one["metadata"]["name"] == name]
        return found

    def pods(self) -> dict[str, Object]:
        """The templates of all pods, by the name of what starts them."""
        return {one["metadata"]["name"]: template_of(one) for one in self.of(*RUNNING)}

    def selected(self, labels: dict[str, str]) -> set[str]:
        """Whose pods have these labels."""
        return {name for name, pod in self.pods().items() if labels.items() <= pod["metadata"]["labels"].items()}

    def environment(self, pod: Object) -> dict[str, str]:
        """The variables that the program of a pod gets. A reference that leads nowhere is a KeyError."""
        found: dict[str, str] = {}
        for variable in program(pod).get("env", []):
            value = variable["value"] if "value" in variable else self._looked_up(variable["valueFrom"])
            if value is not None:
                found[variable["name"]] = re.sub(r"\$\((\w+)\)", lambda name: found[name[1]], value)
        return found

    def _looked_up(self, source: Object) -> str | None:
        ((kind, at),) = source.items()
        if kind == "fieldRef":
            return "10.0.0.7"
        given = self.secrets[at["name"]] if kind == "secretKeyRef" else self.one("ConfigMap", at["name"])["data"]
        value: str | None = given.get(at["key"]) if at.get("optional") else given[at["key"]]
        return value

    def files(self, pod: Object) -> dict[str, str]:
        """The files below /run/secrets that the program of a pod gets, by their names."""
        mounted = {mount["name"] for mount in program(pod)["volumeMounts"] if mount["mountPath"] == "/run/secrets"}
        volumes = [volume["secret"] for volume in pod["spec"]["volumes"] if volume["name"] in mounted]
        return {
            item["path"]: self.secrets[volume["secretName"]][item["key"]]
            for volume in volumes
            for item in volume["items"]
        }


def template_of(runs: Object) -> Object:
    """The pod template of what starts pods."""
    spec = runs["spec"]["jobTemplate"]["spec"] if runs["kind"] == "CronJob" else runs["spec"]
    template: Object = spec["template"]
    return template


def program(pod: Object) -> Object:
    """The one container of a pod."""
    (container,) = pod["spec"]["containers"]
    assert "initContainers" not in pod["spec"]
    found: Object = container
    return found

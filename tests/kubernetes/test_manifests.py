"""The Kubernetes manifests, rendered as they would be applied and held to what they promise. No cluster is needed."""

import re
import tomllib
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from appointment_service import heartbeat
from appointment_service.settings import AppointmentSettings
from auth_service.settings import AuthSettings
from chassis import gunicorn
from chassis.database import ENGINE_OPTIONS
from chassis.settings import Settings
from portal.settings import PortalSettings
from prescription_service.settings import PrescriptionSettings
from tests.kubernetes.rendering import KUBERNETES, ROOT, Object, Rendered, make_secrets, program, render, template_of
from tests.test_readme import READ_BY_OTHERS, read

SETTINGS: dict[str, type[Settings]] = {
    "auth": AuthSettings,
    "appointment": AppointmentSettings,
    "prescription": PrescriptionSettings,
    "portal": PortalSettings,
}
NO_SETTING = {"POD_IP", "CLINIC_HOST"}
"""What a manifest reads only to make a setting of it."""
OF_OPERATORS = {"PodMonitor", "ExternalSecret"}
"""Kinds that an operator brings to a cluster; Kubernetes itself has no schema of them."""
OUTSIDE = {"kube-system", "monitoring", "ingress"}
"""Namespaces that are no part of the clinic."""
WORKER_CONNECTIONS = ENGINE_OPTIONS["pool_size"] + 4 + 1
"""The engine's, procrastinate's pool, and the one on which it listens."""


@pytest.mark.parametrize("version", ["1.27", kubernetes_validate.latest_version()])
def test_every_object_keeps_to_the_schema_of_kubernetes(rendered: Rendered, version: str) -> None:
    checked = [one for one in rendered.objects if one["kind"] not in OF_OPERATORS]

    for one in checked:
        kubernetes_validate.validate(one, version, strict=True)
    assert len(checked) > 30


def test_a_word_that_kubernetes_does_not_know_is_found(rendered: Rendered) -> None:
    wrong = {**rendered.one("Service", "auth"), "sepc": {}}

    with pytest.raises(kubernetes_validate.ValidationError, match="sepc"):
        kubernetes_validate.validate(wrong, "1.27", strict=True)


def test_every_object_is_in_the_namespace_of_the_overlay(rendered: Rendered) -> None:
    (namespace,) = rendered.of("Namespace")

    assert {one["metadata"].get("namespace") for one in rendered.objects if one is not namespace} == {
        namespace["metadata"]["name"]
    }
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_no_pod_is_root_or_writes_or_talks_to_the_cluster(rendered: Rendered) -> None:
    for name, pod in rendered.pods().items():
        spec, container = pod["spec"], program(pod)
        assert spec["automountServiceAccountToken"] is spec["enableServiceLinks"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        volumes = {volume["name"]: volume for volume in spec["volumes"]}
        writable = [mount for mount in container["volumeMounts"] if not mount.get("readOnly")]
        assert [mount["mountPath"] for mount in writable if "emptyDir" in volumes[mount["name"]]] == ["/tmp"], name
        assert len(writable) == 1 or (name, writable[0]["mountPath"]) == ("backup", "/backups")


def test_every_pod_says_what_it_needs_and_at_most_takes(rendered: Rendered) -> None:
    for name, pod in rendered.pods().items():
        resources = program(pod)["resources"]
        assert resources.keys() == {"requests", "limits"}, name
        assert resources["requests"].keys() == resources["limits"].keys() == {"cpu", "memory"}, name


def test_images_are_of_this_release_and_from_a_registry(rendered: Rendered) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

    for name, pod in rendered.pods().items():
        image = program(pod)["image"]
        ours = re.fullmatch(rf"registry\.example/clinic/(auth|appointment|prescription|portal):{version}", image)
        assert ours or (name, image) == ("backup", "postgres:17"), name
    assert {one["metadata"]["name"].rpartition("-")[2] for one in rendered.of("Job")} == {version}


def serving(rendered: Rendered) -> dict[str, Object]:
    return {one["metadata"]["name"]: one for one in rendered.of("Deployment") if one["metadata"]["name"] in SETTINGS}


def test_what_serves_is_asked_whether_it_lives_and_whether_it_is_ready(rendered: Rendered) -> None:
    assert serving(rendered).keys() == SETTINGS.keys()
    for name, deployment in serving(rendered).items():
        container = program(template_of(deployment))
        asked = {which: container[f"{which}Probe"]["httpGet"]["path"] for which in ("startup", "liveness", "readiness")}
        assert asked == {"startup": "/health/live", "liveness": "/health/live", "readiness": "/health/ready"}, name
        (port,) = container["ports"]
        assert f'"--bind", "0.0.0.0:{port["containerPort"]}"' in dockerfile(name), name


def test_a_worker_that_hangs_is_found_by_its_heartbeat(rendered: Rendered) -> None:
    container = program(rendered.pods()["appointment-worker"])

    for probe in (container["startupProbe"], container["livenessProbe"]):
        assert probe["exec"]["command"] == ["python", heartbeat.__name__.replace(".", "/") + ".py"]
    assert container["livenessProbe"]["timeoutSeconds"] >= 5  # Python starts anew each time, on a busy machine too


def dockerfile(name: str) -> str:
    folder = name if name == "portal" else f"{name}_service"
    return (ROOT / folder / "Dockerfile").read_text()


def test_nobody_goes_before_somebody_new_is_ready_and_all_have_time_to_end(rendered: Rendered) -> None:
    for deployment in rendered.of("Deployment"):
        pod = template_of(deployment)
        drain = float(rendered.environment(pod).get("DRAIN_SECONDS", 0))
        assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
        assert pod["spec"]["terminationGracePeriodSeconds"] > drain + gunicorn.graceful_timeout
        assert drain >= 5 or deployment["metadata"]["name"] not in SETTINGS


def test_what_selects_pods_selects_those_it_is_named_after(rendered: Rendered) -> None:
    for service in rendered.of("Service"):
        assert rendered.selected(service["spec"]["selector"]) == {service["metadata"]["name"]}
    for one in rendered.of("Deployment", "PodDisruptionBudget"):
        assert rendered.selected(one["spec"]["selector"]["matchLabels"]) == {one["metadata"]["name"]}
    for name, pod in rendered.pods().items():
        for constraint in pod["spec"].get("topologySpreadConstraints", []):
            assert name in rendered.selected(constraint["labelSelector"]["matchLabels"])


def test_what_has_ended_is_deleted_and_what_there_is_copied_each_night(rendered: Rendered) -> None:
    commands = {
        one["metadata"]["name"]: " ".join(program(template_of(one))["command"]) for one in rendered.of("CronJob")
    }

    backup = commands.pop("backup", None)
    assert {*commands.values()} == {f"flask --app {service}_service purge" for service in ("auth", "prescription")}
    assert (backup is not None) == (rendered.name == "clinic")
    if backup:
        _, script, verb = backup.split()
        assert verb == "take"
        assert (ROOT / "deploy" / "backup" / Path(script).name).exists()


def test_each_program_is_scaled_and_none_is_drained_away_whole(rendered: Rendered) -> None:
    scaled = {one["spec"]["scaleTargetRef"]["name"]: one["spec"] for one in rendered.of("HorizontalPodAutoscaler")}
    alone = {one["metadata"]["name"]: one["spec"].get("replicas") for one in rendered.of("Deployment")}

    assert scaled.keys() == SETTINGS.keys()
    for name, spec in scaled.items():
        assert alone[name] is None, "an apply would undo what the autoscaler has decided"
        assert 2 <= spec["minReplicas"] <= spec["maxReplicas"]
    budgets = {one["metadata"]["name"]: one["spec"]["maxUnavailable"] for one in rendered.of("PodDisruptionBudget")}
    assert budgets == dict.fromkeys(alone, 1)
    assert alone["appointment-worker"] >= 2


def test_people_come_in_by_https_to_the_portal_only(rendered: Rendered) -> None:
    (ingress,) = rendered.of("Ingress")
    (rule,) = ingress["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    host = rendered.environment(rendered.pods()["portal"])["TRUSTED_HOSTS"].split(",")[0]

    assert path["backend"]["service"] == {"name": "portal", "port": {"name": "http"}}
    assert ingress["spec"]["tls"] == [{"hosts": [host], "secretName": "clinic-tls"}]
    assert rule["host"] == host
    assert ingress["spec"]["ingressClassName"]
    assert {one["spec"].get("type", "ClusterIP") for one in rendered.of("Service")} == {"ClusterIP"}


def made(settings: type[Settings], rendered: Rendered, pod: Object, folder: Path, monkeypatch: Any) -> Settings:
    """The settings as the program of this pod would read them, or the end of it."""
    environment, files = rendered.environment(pod), rendered.files(pod)
    for name in {name for one in SETTINGS.values() for name in read(one)}:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for name, value in files.items():
        (folder / name).write_text(value)
    monkeypatch.setattr("chassis.settings.SECRETS_DIR", str(folder))
    return settings.from_environment()


@pytest.mark.parametrize("name", [*SETTINGS, "appointment-worker"])
def test_a_program_gets_every_setting_it_needs_and_none_it_does_not_know(
    rendered: Rendered, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = SETTINGS[name.removesuffix("-worker")]
    pod = rendered.pods()[name]

    started = made(settings, rendered, pod, tmp_path, monkeypatch)

    given = {*rendered.environment(pod), *(file.upper() for file in rendered.files(pod))}
    assert given <= read(settings).keys() | READ_BY_OTHERS | NO_SETTING
    assert started.environment == "production"
    neighbours = {name: value for name, value in started if name in {"auth_url", "appointment_url", "prescription_url"}}
    for setting, url in neighbours.items():
        other = rendered.one("Service", setting.removesuffix("_url"))
        assert url == f"http://{other['metadata']['name']}:{other['spec']['ports'][0]['port']}"


@pytest.mark.parametrize("name", ["auth", "appointment", "prescription"])
def test_a_migration_starts_with_what_it_is_given(
    rendered: Rendered, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (job,) = [one for one in rendered.of("Job") if one["metadata"]["name"].startswith(f"{name}-migrate-")]

    made(SETTINGS[name], rendered, template_of(job), tmp_path, monkeypatch)

    command = " ".join(program(template_of(job))["command"])
    assert f"flask --app {name}_service db upgrade" in command


def test_whoever_holds_a_secret_reads_it(rendered: Rendered) -> None:
    holders: dict[str, set[str]] = {}
    for name, pod in rendered.pods().items():
        environment = {variable for variable in rendered.environment(pod) if variable.endswith("_DATABASE_URL")}
        for secret in {*rendered.files(pod), *(variable.lower() for variable in environment)}:
            holders.setdefault(secret, set()).add(re.sub(r"-\d.*$", "", name))

    assert holders == {
        "auth_secret_key": {"auth", "auth-migrate", "auth-purge"},
        "appointment_secret_key": {"appointment", "appointment-worker", "appointment-migrate"},
        "prescription_secret_key": {"prescription", "prescription-migrate", "prescription-purge"},
        "portal_secret_key": {"portal"},
        "service_key": {"auth", "appointment-worker", "prescription"},
        "mail_url": {"auth", "appointment-worker"},
        "auth_database_url": {"auth", "auth-migrate", "auth-purge", "provision"},
        "appointment_database_url": {"appointment", "appointment-worker", "appointment-migrate", "provision"},
        "prescription_database_url": {"prescription", "prescription-migrate", "prescription-purge", "provision"},
        **({"postgres_password": {"backup"}} if rendered.name == "clinic" else {}),
    }


def test_no_secret_is_written_down(rendered: Rendered) -> None:
    assert not rendered.of("Secret")
    for text in (path.read_text() for path in KUBERNETES.rglob("*") if path.is_file() and path.suffix != ".env"):
        assert not re.search(r"postgresql://\w+:[^$@\s]{20,}@|[0-9a-f]{32}", text)


def test_secrets_are_made_once_and_are_different(tmp_path: Path) -> None:
    found = make_secrets(tmp_path)

    with pytest.raises(Exception, match="returned non-zero"):
        make_secrets(tmp_path)
    shared = {"service_key", "mail_url"}
    values = [value for name in found.keys() - {"backup"} for key, value in found[name].items() if key not in shared]
    assert len(values) == len({*values}) == 8
    assert found["backup"] == {"pghost": "db.example", "pguser": "admin", "pgpassword": "pass-word"}
    assert len({keys["service_key"] for keys in found.values() if "service_key" in keys}) == 1
    assert all(file.stat().st_mode & 0o077 == 0 for file in tmp_path.iterdir())
    kustomization = KUBERNETES / "overlays" / "clinic" / "secrets" / "kustomization.yaml"
    (tmp_path / kustomization.name).write_text(kustomization.read_text())
    assert {one["metadata"]["name"] for one in render(tmp_path)} == found.keys()


def test_the_steps_are_prepare_migrate_serve(rendered: Rendered) -> None:
    steps: dict[str, set[str]] = {}
    for one in rendered.objects:
        steps.setdefault(one["metadata"]["labels"]["clinic/step"], set()).add(one["kind"])

    assert steps["prepare"] - {"ExternalSecret"} == {"Namespace", "ConfigMap", "NetworkPolicy", "Job"}
    assert steps["migrate"] == {"Job"}
    assert "Deployment" in steps["serve"]
    assert "Job" not in steps["serve"]
    assert steps.keys() == {"prepare", "migrate", "serve"}


def peers(policy: Object) -> list[Object]:
    spec = policy["spec"]
    return [
        *(peer for rule in spec.get("ingress", []) for peer in rule["from"]),
        *(peer for rule in spec.get("egress", []) for peer in rule["to"]),
    ]


def matches(rendered: Rendered, selector: Object) -> set[str]:
    found = rendered.selected(selector.get("matchLabels", {}))
    for expression in selector.get("matchExpressions", []):
        pods = rendered.pods()
        found &= {name for name in found if pods[name]["metadata"]["labels"][expression["key"]] in expression["values"]}
    return found


def test_every_policy_is_about_somebody_and_names_somebody(rendered: Rendered) -> None:
    for policy in rendered.of("NetworkPolicy"):
        assert matches(rendered, policy["spec"]["podSelector"]), policy["metadata"]["name"]
        for peer in peers(policy):
            if "namespaceSelector" in peer:
                assert peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] in OUTSIDE
            elif "ipBlock" not in peer:
                assert rendered.selected(peer["podSelector"]["matchLabels"]), policy["metadata"]["name"]


def test_who_may_talk_to_whom(rendered: Rendered) -> None:
    """A request goes where both sides let it: out of the one and into the other."""
    ways = {
        (caller, called, port)
        for caller, out in allowed(rendered, "Egress").items()
        for called, port in out
        if (caller, port) in allowed(rendered, "Ingress").get(called, set())
    }

    assert {(caller, called) for caller, called, _ in ways} == {
        ("portal", "auth"),
        ("portal", "appointment"),
        ("portal", "prescription"),
        ("appointment", "auth"),
        ("appointment-worker", "auth"),
        ("prescription", "auth"),
        ("prescription", "appointment"),
    }
    for name, pod in rendered.pods().items():  # nobody is told of a neighbour that they cannot reach
        told = {key for key in rendered.environment(pod) if re.fullmatch("(AUTH|APPOINTMENT|PRESCRIPTION)_URL", key)}
        assert {called for caller, called, _ in ways if caller == name} == {key[:-4].lower() for key in told}
    assert {port for _, _, port in ways} == {8001, 8002, 8003}


def allowed(rendered: Rendered, direction: str) -> dict[str, set[tuple[str, int]]]:
    """Of each pod, with whom among the others it may talk in this direction, and by which port."""
    found: dict[str, set[tuple[str, int]]] = {}
    side, key = ("egress", "to") if direction == "Egress" else ("ingress", "from")
    for policy in rendered.of("NetworkPolicy"):
        for rule in policy["spec"].get(side, []):
            for peer in rule[key]:
                if peer.keys() == {"podSelector"}:
                    for name in matches(rendered, policy["spec"]["podSelector"]):
                        others = rendered.selected(peer["podSelector"]["matchLabels"])
                        found.setdefault(name, set()).update(
                            (other, port["port"]) for other in others for port in rule["ports"]
                        )
    return found


def test_who_has_no_policy_of_their_own_may_do_nothing(rendered: Rendered) -> None:
    nobody = rendered.one("NetworkPolicy", "nobody")["spec"]

    assert nobody == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    clients = {name for name, pod in rendered.pods().items() if any("database" in each for each in told(rendered, pod))}
    assert rendered.selected({"clinic/postgres": "client"}) == clients | ({"backup"} & rendered.pods().keys())
    senders = {name for name, pod in rendered.pods().items() if "mail_url" in rendered.files(pod)}
    assert rendered.selected({"clinic/mail": "client"}) == senders


def told(rendered: Rendered, pod: Object) -> set[str]:
    return {*(name.lower() for name in rendered.environment(pod)), *rendered.files(pod)}


def connections(rendered: Rendered) -> int:
    """How many connections the programs open at most: all scaled up, and a new version on its way beside them."""
    most = {
        one["spec"]["scaleTargetRef"]["name"]: one["spec"]["maxReplicas"]
        for one in rendered.of("HorizontalPodAutoscaler")
    }
    workers = int(rendered.of("ConfigMap")[0]["data"]["WEB_CONCURRENCY"])
    total = 0
    for deployment in rendered.of("Deployment"):
        name, pod = deployment["metadata"]["name"], template_of(deployment)
        if "clinic/postgres" in pod["metadata"]["labels"]:
            instances = most.get(name) or deployment["spec"]["replicas"]
            each = workers * ENGINE_OPTIONS["pool_size"] if name in most else WORKER_CONNECTIONS
            total += (instances + deployment["spec"]["strategy"]["rollingUpdate"]["maxSurge"]) * each
    return total


def test_all_connections_fit_what_the_guide_says(rendered: Rendered) -> None:
    guide = (ROOT / "docs" / "operations" / "kubernetes.md").read_text()
    ((opened, most),) = re.findall(rf"^\| `{rendered.name}` \| (\d+) \| (\d+) ", guide, re.MULTILINE)

    assert int(opened) == connections(rendered)
    assert int(opened) + 20 <= int(most)  # jobs, backups, and whoever looks after it
    if rendered.name == "clinic":  # provision refuses a server with less room
        assert rendered.of("ConfigMap")[0]["data"]["DATABASE_CONNECTIONS"] == opened


def test_where_there_is_a_pooler_what_needs_a_session_goes_past_it(rendered: Rendered) -> None:
    direct = {
        name
        for name, pod in rendered.pods().items()
        for volume in pod["spec"]["volumes"]
        for item in volume.get("secret", {}).get("items", [])
        if item["key"] == "direct_database_url"
    }

    need_one = {"appointment-worker", "auth-migrate", "appointment-migrate", "prescription-migrate"}
    assert {re.sub(r"-\d.*$", "", name) for name in direct} == (need_one if rendered.name == "region" else set())


def test_the_settings_of_the_clinic_reach_who_reads_them(rendered: Rendered) -> None:
    (settings,) = rendered.of("ConfigMap")
    read_somewhere = {name for pod in rendered.pods().values() for name in rendered.environment(pod)}

    assert settings["data"].keys() <= read_somewhere

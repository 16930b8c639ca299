"""Each overlay of deploy/kubernetes, rendered once."""

import pytest

from tests.kubernetes.rendering import KUBERNETES, OVERLAYS, Object, Rendered, make_secrets, missing, render


@pytest.fixture(scope="session", params=OVERLAYS)
def rendered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """An overlay with its Secrets: those that the script makes, also where an operator fetches them from a vault."""
    if reason := missing():
        pytest.skip(f"Kubernetes manifests: {reason}")
    objects = render(KUBERNETES / "overlays" / request.param)
    made = make_secrets(tmp_path_factory.mktemp("secrets"))
    vault = [one for one in objects if one["kind"] == "ExternalSecret"]
    return Rendered(request.param, objects, {**made, **{one["metadata"]["name"]: _kept(one, made) for one in vault}})


def _kept(external: Object, made: dict[str, dict[str, str]]) -> dict[str, str]:
    name = external["metadata"]["name"]
    keys = [entry["secretKey"] for entry in external["spec"]["data"]]
    return {key: made[name][key.replace("direct_", f"{name}_")] for key in keys}

"""The descriptions that the services serve, as files: `python -m tests.openapi` writes them to `docs/openapi/`."""

import json
from pathlib import Path

from flask import Flask

from appointment_service.app import create_app as create_appointment
from appointment_service.settings import AppointmentSettings
from auth_service.app import create_app as create_auth
from auth_service.settings import AuthSettings
from prescription_service.app import create_app as create_prescription
from prescription_service.settings import PrescriptionSettings

DIRECTORY = Path(__file__).parent.parent / "docs" / "openapi"


def description(app: Flask) -> str:
    """What the service serves at `/openapi.json`, in a form that changes only when the service does."""
    served = app.test_client().get("/openapi.json")
    assert served.status_code == 200, served.get_data(as_text=True)
    return json.dumps(served.get_json(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def file(name: str) -> Path:
    return DIRECTORY / f"{name}.json"


def main() -> None:
    """Write all three. No database and no neighbour is asked."""
    nowhere = {
        f"{name}_{setting}": value
        for name in ("AUTH", "APPOINTMENT", "PRESCRIPTION")
        for setting, value in {"DATABASE_URL": "postgresql://u:p@127.0.0.1/c", "SECRET_KEY": "-" * 32}.items()
    }
    services = {
        "auth": create_auth(AuthSettings(**nowhere)),
        "appointment": create_appointment(AppointmentSettings(**nowhere)),
        "prescription": create_prescription(PrescriptionSettings(**nowhere)),
    }
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    for name, app in services.items():
        file(name).write_text(description(app))


if __name__ == "__main__":
    main()

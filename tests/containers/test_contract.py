"""The contract over plain HTTP, as an integrator types it, against the clinic in containers."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.containers.compose import Compose

pytestmark = pytest.mark.timeout(900)  # the first test here waits for the images

PASSWORD = "TestPass123"
SERVICES = ("auth-service", "appointment-service", "prescription-service")
PATIENT = {"email": "patient@example.com", "password": PASSWORD, "role": "patient"}
MEDICINE = {"name": "Amoxicillin 500 mg", "dosage": "1 capsule", "duration": "7 days", "instructions": "With water"}


class Integrator:
    """Somebody with a token, or nobody yet."""

    def __init__(self, clinic: Compose, token: str | None = None) -> None:
        self.clinic, self.token = clinic, token

    def send(self, service: str, method: str, path: str, expect: int, **given: Any) -> Any:
        headers = {"Content-Type": "application/json"} if "data" in given else {}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        url = self.clinic.url(f"{service}-service") + path
        answer = self.clinic.http.request(method, url, headers=headers, timeout=10, **given)
        assert answer.status_code == expect, (path, answer.status_code, answer.text)
        if expect >= 400:
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert {"type", "title", "status", "detail", "code", "request_id"} <= answer.json().keys()
        return answer.json()

    def sign_in(self, email: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.send(
            "auth", "POST", "/auth/login", 200, json={"email": email, "password": PASSWORD}
        )
        self.token = answer["access_token"]
        return answer


def free_time(patient: Integrator, doctor_id: str) -> str:
    """The first time on offer from tomorrow on, as the clinic's clock shows it."""
    today = datetime.now(ZoneInfo("Europe/London")).date()
    first, last = today + timedelta(days=1), today + timedelta(days=14)
    asked = {"doctor_id": doctor_id, "from": first.isoformat(), "to": last.isoformat()}
    days = patient.send("appointment", "GET", "/slots", 200, params=asked)["days"]
    day = next(day for day in days if day["slots"])
    return f"{day['date']}T{day['slots'][0]['local_time']}:00"


def test_a_visit_from_sign_up_to_prescription(containers: Compose) -> None:
    patient, doctor = Integrator(containers), Integrator(containers)
    person = patient.send(
        "auth", "POST", "/auth/register", 201, json={**PATIENT, "first_name": "Pat", "last_name": "Doe"}
    )
    signed_in = patient.sign_in(PATIENT["email"])
    assert {"access_token", "refresh_token", "token_type", "expires_in", "user"} <= signed_in.keys()
    assert signed_in["user"]["id"] == person["id"]
    told = patient.send("auth", "POST", "/auth/validate-token", 200, json={"token": patient.token})
    assert told["active"] is True

    doctors = Integrator(containers).send("appointment", "GET", "/doctors", 200)["items"]
    okafor = next(each for each in doctors if each["name"] == "Dr Amara Okafor")
    wish = {"doctor_id": okafor["id"], "appointment_time": free_time(patient, okafor["id"]), "notes": "Sore throat"}
    visit = patient.send("appointment", "POST", "/appointments", 201, json=wish)
    assert [each["id"] for each in patient.send("appointment", "GET", "/appointments", 200)["items"]] == [visit["id"]]

    doctor.sign_in("dr.okafor@example.com")
    assert visit["id"] in {each["id"] for each in doctor.send("appointment", "GET", "/appointments", 200)["items"]}
    sheet = {"appointment_id": visit["id"], "notes": "Rest.", "medicines": [MEDICINE]}
    issued = doctor.send("prescription", "POST", "/prescriptions", 201, json=sheet)

    (listed,) = patient.send("prescription", "GET", "/prescriptions", 200)["items"]
    assert listed["id"] == issued["id"]
    read = patient.send("prescription", "GET", f"/prescriptions/{issued['id']}", 200)
    assert read["medicines"][0]["name"] == MEDICINE["name"]
    assert read["patient_name"] == "Pat Doe"


def test_what_is_refused_is_a_problem_document(containers: Compose) -> None:
    maya, nobody = Integrator(containers), Integrator(containers)
    maya.sign_in("maya@example.com")
    doctor_id = maya.send("appointment", "GET", "/doctors", 200)["items"][0]["id"]
    wish = {"doctor_id": doctor_id, "appointment_time": free_time(maya, doctor_id)}
    maya.send("appointment", "POST", "/appointments", 201, json=wish)

    assert maya.send("appointment", "POST", "/appointments", 409, json=wish)["code"] in {"slot-taken", "patient-busy"}
    assert nobody.send("appointment", "GET", "/appointments", 401)["code"] == "token-missing"
    assert nobody.send("auth", "POST", "/auth/register", 422, json={})["errors"]
    assert maya.send("prescription", "POST", "/prescriptions", 403, json={})["code"] == "forbidden"
    assert nobody.send("auth", "POST", "/auth/login", 400, data="{")["code"] == "malformed-json"


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_describes_itself(containers: Compose, service: str) -> None:
    described = containers.http.get(f"{containers.url(service)}/openapi.json", timeout=10)
    read = containers.http.get(f"{containers.url(service)}/docs", timeout=10)

    assert described.json()["openapi"].startswith("3.")
    assert read.status_code == 200
    assert read.headers["Content-Type"].startswith("text/html")


def test_the_portal_opens(containers: Compose) -> None:
    page = containers.http.get(containers.url("portal"), timeout=10)

    assert page.status_code == 200
    assert "Larkfield Clinic" in page.text

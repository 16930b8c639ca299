"""The life of a prescription: drafts, the signature, and every step after it, for everybody who might try it."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import psycopg2
import pytest
from flask import Flask

from tests import make
from tests.api import Api
from tests.prescription_service.structured import AMOXICILLIN, PARACETAMOL, write

WHY = {"reason_code": "salg", "reason": "Rash after the second day."}
STATES = ("active", "on-hold", "completed", "cancelled", "stopped", "entered-in-error")
LEADS: dict[tuple[str, str], str] = {
    ("active", "hold"): "on-hold",
    ("on-hold", "resume"): "active",
    ("active", "cancel"): "cancelled",
    ("on-hold", "cancel"): "cancelled",
    ("active", "stop"): "stopped",
    ("on-hold", "stop"): "stopped",
    **{(state, "enter-in-error"): "entered-in-error" for state in STATES[:-1]},
}
STEPS = ("hold", "resume", "cancel", "stop", "enter-in-error")


@pytest.fixture
def visit(visit: str, asked: Api) -> str:
    """No allergies are known, so that no alert asks for them."""
    return visit


@pytest.fixture
def colleague(auth: Flask, appointment: Flask, prescription: Flask, patient: make.Person, visit: str) -> Api:
    """Another doctor who treats the same patient."""
    other = make.doctor(auth, appointment)
    api = Api(prescription, other.token)
    api.put(f"/visits/{make.appointment(appointment, patient, other, at=make.time(11))['id']}")
    return api


def draft(api: Api, visit: str, *medicines: Any) -> Any:
    return write(api, visit, *(medicines or (AMOXICILLIN,)), status="draft")


def seen(version: int) -> dict[str, str]:
    return {"If-Match": f'"{version}"'}


def sign(api: Api, kept: Any, expect: int = 201, **more: Any) -> Any:
    return api.post(f"/drafts/{kept['id']}/sign", json=more, headers=seen(kept["version"]), expect=expect)


def put_into(environment: dict[str, str], prescription_id: str, state: str) -> None:
    """By the way the database allows, as a pharmacy will complete one later."""
    with psycopg2.connect(environment["PRESCRIPTION_DATABASE_URL"]) as connection, connection.cursor() as cursor:
        if state != "active":
            cursor.execute("UPDATE prescription SET status = %s WHERE id = %s", (state, prescription_id))


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", STATES)
def test_every_step_from_every_state(environment: dict[str, str], api: Api, visit: str, state: str, step: str) -> None:
    written = write(api, visit, make.MEDICINE)
    put_into(environment, written["id"], state)

    answer = api.send("POST", f"/prescriptions/{written['id']}/{step}", json=WHY)

    told, after = answer.get_json(), api.get(f"/prescriptions/{written['id']}")
    if target := LEADS.get((state, step)):
        assert (answer.status_code, told["status"], after["status"]) == (200, target, target)
        last = after["history"][-1]
        assert (last["from_status"], last["to_status"], last["reason"]) == (state, target, WHY["reason"])
    else:
        code = "conflict-state" if state in {"active", "on-hold"} else "final-status"
        assert (answer.status_code, told["code"], after["status"]) == (409, code, state)
        assert len(after["history"]) == 1
    assert {name: after[name] for name in ("medicines", "notes", "number", "content_mark")} == {
        name: written[name] for name in ("medicines", "notes", "number", "content_mark")
    }


@pytest.mark.parametrize("step", [*STEPS, "replace", "renew"])
def test_every_step_by_everybody_else(
    auth: Flask,
    appointment: Flask,
    prescription: Flask,
    api: Api,
    colleague: Api,
    patient: make.Person,
    visit: str,
    step: str,
) -> None:
    written = write(api, visit, make.MEDICINE)
    path = f"/prescriptions/{written['id']}/{step}"
    body = {} if step in {"replace", "renew"} else {"json": WHY}
    for person in (patient, make.admin(auth), make.person(auth, "doctor", verified=False)):
        Api(prescription, person.token).post(path, expect=403, **body)
    stranger = make.doctor(auth, appointment)
    theirs = make.appointment(appointment, make.person(auth), stranger)
    make.prescription(prescription, stranger, theirs["id"])  # having patients does not make this one theirs
    Api(prescription, stranger.token).post(path, expect=404, **body)
    assert colleague.post(path, expect=403, **body)["code"] == "not-prescriber"

    stand_in = {"json": {"reason_code": "prescriber-unavailable", "reason": "Dr Okafor is on leave."}}
    if step in {"cancel", "stop"}:
        assert colleague.post(path, **stand_in)["history"][-1]["reason_code"] == "prescriber-unavailable"
    elif body:
        assert colleague.post(path, expect=403, **stand_in)["code"] == "not-prescriber"
    expected = {"cancel": "cancelled", "stop": "stopped"}.get(step, "active")
    assert api.get(f"/prescriptions/{written['id']}")["status"] == expected


@pytest.mark.parametrize(
    ("step", "body", "field"),
    [
        ("hold", {}, "reason"),
        ("hold", {"reason": "why"}, "reason"),
        ("cancel", {}, "reason_code"),
        ("cancel", {"reason": "long enough"}, "reason_code"),
        ("stop", {"reason_code": "because"}, "reason_code"),
        ("enter-in-error", {"reason": "too short"}, "reason"),
        ("hold", {"reason": "x" * 201}, "reason"),
        ("cancel", {"reason_code": "salg", "status": "active"}, "status"),
    ],
)
def test_a_step_has_its_reason(api: Api, visit: str, step: str, body: dict[str, str], field: str) -> None:
    written = write(api, visit, make.MEDICINE)

    problem = api.post(f"/prescriptions/{written['id']}/{step}", json=body, expect=422)

    assert [error["pointer"] for error in problem["errors"]] == [f"/{field}"]
    assert api.get(f"/prescriptions/{written['id']}") == written


def test_a_retried_cancellation_is_answered_again(api: Api, visit: str) -> None:
    written, key = write(api, visit, make.MEDICINE), {"Idempotency-Key": "once"}
    path = f"/prescriptions/{written['id']}/cancel"

    assert api.post(path, json=WHY, headers=key) == api.post(path, json=WHY, headers=key)


def test_the_history_begins_with_the_signature(api: Api, visit: str, doctor: make.Person) -> None:
    (event,) = write(api, visit, make.MEDICINE)["history"]

    assert (event["from_status"], event["to_status"], event["actor_role"]) == (None, "active", "doctor")


def test_lists_can_be_of_one_state(api: Api, visit: str) -> None:
    first, second = (write(api, visit, make.MEDICINE) for _ in range(2))
    api.post(f"/prescriptions/{first['id']}/cancel", json=WHY)

    assert [one["id"] for one in api.get("/prescriptions?status=active")["items"]] == [second["id"]]
    assert [one["id"] for one in api.get("/prescriptions?status=cancelled")["items"]] == [first["id"]]


def test_a_cancelled_medicine_is_taken_no_longer_and_blocks_nothing(api: Api, visit: str, patient: make.Person) -> None:
    written = write(api, visit, PARACETAMOL)
    write(api, visit, PARACETAMOL, expect=409)

    api.post(f"/prescriptions/{written['id']}/cancel", json=WHY)

    assert api.get(f"/patients/{patient.id}/medicines")["prescribed"] == []
    write(api, visit, PARACETAMOL)


def test_a_draft_is_its_authors_and_nobody_elses(
    prescription: Flask, api: Api, colleague: Api, patient: make.Person, visit: str
) -> None:
    kept = draft(api, visit, AMOXICILLIN, make.MEDICINE)

    assert (kept["status"], kept["version"]) == ("draft", 1)
    assert kept["medicines"][0]["dose"] == AMOXICILLIN["dose"]
    assert kept["medicines"][1] == make.MEDICINE
    assert api.get("/drafts")["items"] == [kept]
    assert api.get("/prescriptions")["items"] == []
    colleague.get(f"/drafts/{kept['id']}", expect=404)
    Api(prescription, patient.token).get(f"/drafts/{kept['id']}", expect=403)
    assert Api(prescription, patient.token).get("/prescriptions")["items"] == []
    Api(prescription, patient.token).get(f"/prescriptions/{kept['id']}", expect=404)


def test_drafts_come_in_pages(api: Api, visit: str) -> None:
    made = [draft(api, visit)["id"] for _ in range(3)]

    first = api.get("/drafts?limit=2")
    second = api.get(f"/drafts?limit=2&cursor={first['next_cursor']}")

    assert [one["id"] for one in first["items"] + second["items"]] == made[::-1]


def test_a_draft_says_what_its_medicines_are_called_now(environment: dict[str, str], api: Api, visit: str) -> None:
    kept = draft(api, visit)
    named = api.get(f"/drafts/{kept['id']}")["medicines"][0]
    assert (named["generic_name"], named["name"]) == ("amoxicillin", "amoxicillin 500 mg capsule")

    gone = json.dumps([{**AMOXICILLIN, "formulary_id": "F999"}])
    with psycopg2.connect(environment["PRESCRIPTION_DATABASE_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE draft SET wish = jsonb_set(wish::jsonb, '{medicines}', %s)", (gone,))
    connection.close()

    left = api.get("/drafts")["items"][0]["medicines"][0]
    assert (left["formulary_id"], left["generic_name"], left["name"]) == ("F999", "", "")


def test_a_draft_changes_only_in_the_version_that_was_seen(api: Api, visit: str) -> None:
    kept, body = draft(api, visit), {"appointment_id": visit, "medicines": [PARACETAMOL]}
    path = f"/drafts/{kept['id']}"

    assert api.put(path, json=body, expect=428)["code"] == "precondition-required"
    assert api.put(path, json=body, headers={"If-Match": '"2"'}, expect=412)["code"] == "version-conflict"
    for wrong in ("*", '"x"', "0"):
        api.put(path, json=body, headers={"If-Match": wrong}, expect=422)
    changed = api.put(path, json=body, headers=seen(1))
    assert (changed["version"], changed["medicines"][0]["formulary_id"]) == (2, "F001")
    assert api.put(path, json=body, headers=seen(1), expect=412)["version"] == 2
    assert api.send("GET", path).headers["ETag"] == '"2"'
    assert sign(api, kept, expect=412)["code"] == "version-conflict"


def test_a_draft_can_be_thrown_away(api: Api, visit: str) -> None:
    kept = draft(api, visit)

    api.call("DELETE", f"/drafts/{kept['id']}", 428)
    api.call("DELETE", f"/drafts/{kept['id']}", 200, headers=seen(1))

    api.get(f"/drafts/{kept['id']}", expect=404)
    assert api.get("/drafts")["items"] == []


def test_a_draft_is_signed_after_fresh_checks(api: Api, visit: str, patient: make.Person) -> None:
    api.put(f"/visits/{visit}")
    kept = draft(api, visit)
    looked = api.post(f"/drafts/{kept['id']}/check")
    assert (looked["alerts"], looked["medicines"][0]["name"]) == ([], "amoxicillin 500 mg capsule")
    api.post(f"/patients/{patient.id}/allergies", json={"kind": "class", "key": "penicillin"}, expect=201)

    problem = sign(api, kept, expect=409)
    assert [alert["rule"] for alert in problem["alerts"]] == ["allergy:penicillin"]
    overrides = [{"key": problem["alerts"][0]["key"], "reason": "Tolerated it last year."}]
    signed = sign(api, kept, overrides=overrides)

    assert (signed["id"], signed["status"], len(signed["alerts"])) == (kept["id"], "active", 1)
    assert api.get(f"/drafts/{kept['id']}", expect=409)["code"] == "already-signed"
    assert sign(api, kept, expect=409)["code"] == "already-signed"
    assert api.get("/drafts")["items"] == []


def test_a_draft_of_a_cancelled_visit_is_not_signed(
    appointment: Flask, api: Api, doctor: make.Person, visit: str
) -> None:
    kept = draft(api, visit)
    Api(appointment, doctor.token).post(f"/appointments/{visit}/cancel")

    assert sign(api, kept, expect=409)["code"] == "appointment-cancelled"
    assert draft_refused(api, visit)["code"] == "appointment-cancelled"


def draft_refused(api: Api, visit: str) -> Any:
    return write(api, visit, AMOXICILLIN, status="draft", expect=409)


def test_of_two_signatures_at_once_one_wins(prescription: Flask, api: Api, doctor: make.Person, visit: str) -> None:
    kept = draft(api, visit)

    def once(_: int) -> tuple[int, str | None]:
        answer = Api(prescription, doctor.token).send("POST", f"/drafts/{kept['id']}/sign", json={}, headers=seen(1))
        return answer.status_code, answer.get_json().get("code")

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(once, range(4))) == [(201, None)] + [(409, "already-signed")] * 3
    assert len(api.get("/prescriptions")["items"]) == 1


def test_a_replacement_ends_the_old_one_in_the_same_moment(api: Api, visit: str) -> None:
    old = write(api, visit, AMOXICILLIN)
    kept = api.post(f"/prescriptions/{old['id']}/replace", expect=201)
    assert kept["replaces_id"] == old["id"]
    assert api.get(f"/prescriptions/{old['id']}")["status"] == "active"

    new = sign(api, kept)

    before = api.get(f"/prescriptions/{old['id']}")
    assert (before["status"], before["replaced_by_id"]) == ("cancelled", new["id"])
    assert before["history"][-1]["reason_code"] == "replaced"
    assert (new["replaces_id"], new["alerts"]) == (old["id"], [])
    assert api.post(f"/prescriptions/{old['id']}/replace", expect=409)["code"] == "final-status"


def test_of_two_replacements_one_wins(api: Api, visit: str) -> None:
    old = write(api, visit, make.MEDICINE)
    kept = [api.post(f"/prescriptions/{old['id']}/replace", expect=201) for _ in range(2)]

    new = sign(api, kept[0])

    assert sign(api, kept[1], expect=409)["code"] == "final-status"
    assert api.get(f"/prescriptions/{old['id']}")["replaced_by_id"] == new["id"]
    assert len(api.get("/prescriptions")["items"]) == 2


def test_a_renewal_keeps_its_link_and_asks_again(
    prescription: Flask, api: Api, visit: str, patient: make.Person
) -> None:
    make.allergy(prescription, patient, key="penicillin")
    key = write(api, visit, AMOXICILLIN, expect=409)["alerts"][0]["key"]
    old = write(api, visit, AMOXICILLIN, overrides=[{"key": key, "reason": "Tolerated it last year."}])

    kept = api.post(f"/prescriptions/{old['id']}/renew", expect=201)
    problem = sign(api, kept, expect=409)
    new = sign(api, kept, overrides=[{"key": problem["alerts"][0]["key"], "reason": "Tolerated it last year."}])

    assert [alert["rule"] for alert in problem["alerts"]] == ["allergy:penicillin"]
    assert (kept["renews_id"], new["renews_id"], new["replaces_id"]) == (old["id"], old["id"], None)
    assert api.get(f"/prescriptions/{old['id']}")["status"] == "active"
    assert new["number"] != old["number"]


def test_the_seal_changes_with_every_printed_field(prescription: Flask, api: Api, visit: str) -> None:
    from prescription_service.models import AlertEvent, Medicine, Prescription, db
    from prescription_service.seal import UNSEALED, UNSEALED_ALERT

    kept = draft(api, visit, AMOXICILLIN, make.MEDICINE)
    written = sign(api, kept)
    seal = prescription.extensions["seal"]
    with prescription.app_context():
        row = db.session.get_one(Prescription, UUID(written["id"]))
        row.medicines, row.history, row.alerts  # noqa: B018 - loaded before it is taken away from the database
        db.session.expunge_all()
        assert seal.digest(row) == row.digest
        row.alerts = [AlertEvent(tier="ask", rule="r", message="m", decision="acknowledged", reason="", key="k")]
        digests = {seal.digest(row)}
        tried = 0
        for part, but in ((row, UNSEALED), (row.medicines[0], {"prescription_id"}), (row.alerts[0], UNSEALED_ALERT)):
            for column in type(part).__table__.columns:
                if column.key not in but:
                    before = getattr(part, column.key)
                    setattr(part, column.key, {"changed": True} if isinstance(before, dict) else f"{before} changed")
                    digests.add(seal.digest(row))
                    setattr(part, column.key, before)
                    tried += 1
        for name, before in dict(row.medicines[0].structure or {}).items():
            row.medicines[0].structure = {**(row.medicines[0].structure or {}), name: f"{before} changed"}
            digests.add(seal.digest(row))
            row.medicines[0].structure[name] = before
            tried += 1
        row.medicines.pop()
        digests.add(seal.digest(row))
    assert {column.key for column in Prescription.__table__.columns} >= UNSEALED
    assert Medicine.__table__.columns.keys()
    assert tried > 50
    assert len(digests) == tried + 2


def test_a_seal_is_keyed(prescription: Flask, api: Api, visit: str) -> None:
    from prescription_service.models import Prescription, db
    from prescription_service.seal import Seal

    written = write(api, visit, make.MEDICINE)
    with prescription.app_context():
        row = db.session.get_one(Prescription, UUID(written["id"]))
        assert row.digest is not None
        assert written["content_mark"] == f"{row.digest[:4]}-{row.digest[4:8]}".upper()
        assert Seal("another secret of thirty-two characters").digest(row) != row.digest


def test_a_forged_row_is_named(environment: dict[str, str], prescription: Flask, api: Api, visit: str) -> None:
    first, second = (write(api, visit, make.MEDICINE) for _ in range(2))
    run = prescription.test_cli_runner().invoke
    assert "is as it was signed" in run(args=["check-seals"]).output

    with psycopg2.connect(environment["ADMIN_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # what only somebody with the keys to it all can do
        cursor.execute(
            "UPDATE prescription.medicine SET dosage = '10 tablets' WHERE prescription_id = %s", (second["id"],)
        )

    named = run(args=["check-seals"])
    assert (named.exit_code, named.output.strip()) == (1, f"Not as signed: {second['number']}")
    assert first["number"] not in named.output


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE prescription SET notes = 'changed', status = 'cancelled'",
        "UPDATE prescription SET digest = NULL",
        "UPDATE prescription SET status = 'active'",
        "UPDATE prescription SET status = 'stopped'",
        "UPDATE prescription SET status = 'on-hold'",
        "UPDATE prescription SET replaced_by_id = NULL",
        "UPDATE medicine SET structure = NULL",
        "UPDATE status_event SET reason = 'x'",
        "DELETE FROM status_event",
        "DELETE FROM prescription",
        "UPDATE prescription SET status = 'entered-in-error';"
        " INSERT INTO medicine (prescription_id, position, name, dosage, duration, instructions)"
        " SELECT id, 9, 'a', 'b', 'c', 'd' FROM prescription",
    ],
)
def test_the_database_refuses_what_is_no_step(
    environment: dict[str, str], api: Api, visit: str, statement: str
) -> None:
    old = write(api, visit, make.MEDICINE)
    sign(api, api.post(f"/prescriptions/{old['id']}/replace", expect=201))

    with (
        psycopg2.connect(environment["PRESCRIPTION_DATABASE_URL"]) as connection,
        connection.cursor() as cursor,
        pytest.raises(psycopg2.Error, match=r"never changed|append-only|permission denied"),
    ):
        cursor.execute(statement + _of(old, statement))

    assert api.get(f"/prescriptions/{old['id']}")["status"] == "cancelled"


def _of(old: Any, statement: str) -> str:
    return f" WHERE id = '{old['id']}'" if statement.startswith("UPDATE prescription") and ";" not in statement else ""


def test_an_unknown_prescription_takes_no_step(api: Api) -> None:
    for step in STEPS:
        api.post(f"/prescriptions/{uuid4()}/{step}", json=WHY, expect=404)


def test_a_prescription_from_before_there_were_histories_takes_its_steps(
    environment: dict[str, str], api: Api, visit: str
) -> None:
    written = write(api, visit, make.MEDICINE)
    with psycopg2.connect(environment["ADMIN_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("DELETE FROM prescription.status_event")
        cursor.execute("UPDATE prescription.prescription SET digest = NULL")

    (event,) = api.post(f"/prescriptions/{written['id']}/cancel", json=WHY)["history"]

    assert (event["from_status"], event["to_status"]) == ("active", "cancelled")

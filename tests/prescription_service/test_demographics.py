"""What paper says of a patient is what their account said at signing, and a signature waits for nothing of it."""

from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from chassis.client import ServiceClient
from prescription_service.demographics import Registry
from tests import make
from tests.api import Api
from tests.prescription_service.structured import write
from tests.prescription_service.test_life import sign

DETAILS = {"family_name": "Lindqvist", "given_names": "Maya Linnéa", "sex": "female", "address": "1 High Street\nLeeds"}


@pytest.fixture
def patient(auth: Flask) -> make.Person:
    names = {"first_name": DETAILS["given_names"], "last_name": DETAILS["family_name"]}
    return make.person(auth, **names, sex=DETAILS["sex"], address=DETAILS["address"])


def test_they_are_kept_as_they_were_at_signing(auth: Flask, api: Api, visit: str, patient: make.Person) -> None:
    kept = write(api, visit, make.MEDICINE, status="draft")
    signed = write(api, visit, make.MEDICINE)
    Api(auth, patient.token).patch("/auth/me", json={"last_name": "Berg", "address": ""})

    assert signed["patient_details"] == DETAILS
    assert api.get(f"/prescriptions/{signed['id']}")["patient_details"] == DETAILS
    later = sign(api, kept)["patient_details"]
    assert (later["family_name"], later["address"]) == ("Berg", "")


@pytest.mark.parametrize(
    "registry",
    [
        Registry(ServiceClient("auth", "http://127.0.0.1:9"), "the-key-that-our-own-programs-share"),
        Registry(ServiceClient("auth", "http://127.0.0.1:9"), ""),
    ],
    ids=["auth is out", "no key"],
)
def test_without_them_it_is_signed_all_the_same(
    prescription: Flask, api: Api, visit: str, monkeypatch: pytest.MonkeyPatch, registry: Registry
) -> None:
    monkeypatch.setitem(prescription.extensions, "registry", registry)

    assert write(api, visit, make.MEDICINE)["patient_details"] is None


def test_a_wrong_key_learns_nothing(auth: Flask, prescription: Flask, api: Api, visit: str, patient: Any) -> None:
    known = prescription.extensions["registry"]

    wrong = Registry(known._auth, "a-key-that-is-not-the-one-they-share")

    assert wrong.look(UUID(patient.id)) is None
    assert known.look(UUID(patient.id)) is not None


def test_they_are_sealed(prescription: Flask, api: Api, visit: str) -> None:
    from prescription_service.models import Prescription, db

    write(api, visit, make.MEDICINE)
    seal = prescription.extensions["seal"]
    with prescription.app_context():
        row = db.session.scalars(db.select(Prescription)).one()
        assert row.medicines
        assert row.alerts == []
        assert seal.holds(row)
        db.session.expunge(row)
        for name in DETAILS:
            row.patient_details = {**DETAILS, name: "changed"}
            assert not seal.holds(row), name

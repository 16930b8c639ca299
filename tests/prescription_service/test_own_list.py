"""The list of one's own prescriptions says of each what reading it says."""

from flask import Flask

from tests import make
from tests.api import Api
from tests.prescription_service.structured import AMOXICILLIN, PARACETAMOL, write
from tests.prescription_service.test_signing import answers


def test_the_list_says_of_each_prescription_what_reading_it_says(
    prescription: Flask, api: Api, visit: str, patient: make.Person
) -> None:
    make.allergy(prescription, patient, key="penicillin")
    overrides = answers(write(api, visit, AMOXICILLIN, expect=409))
    checked = write(api, visit, AMOXICILLIN, make.MEDICINE, overrides=overrides)
    api.post(f"/prescriptions/{checked['id']}/hold", json={"reason": "The patient has a rash."})
    written = [write(api, visit, make.MEDICINE, PARACETAMOL, notes="Rest.")["id"], checked["id"]]

    listed = Api(prescription, patient.token).get("/prescriptions")["items"]

    assert [one["id"] for one in listed] == written
    assert [len(one["medicines"]) for one in listed] == [2, 2]
    assert (len(listed[1]["history"]), len(listed[1]["alerts"])) == (2, 1)
    assert listed == [api.get(f"/prescriptions/{one}") for one in written]

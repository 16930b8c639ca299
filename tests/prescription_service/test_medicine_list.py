"""The medicine list: what may be imported, and how it is found."""

from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from prescription_service import facts, medicine_list
from prescription_service.forms import FORMS
from prescription_service.medicine_search import Index
from tests import make
from tests.api import Api

SHIPPED = medicine_list.shipped()


@pytest.fixture
def api(auth: Flask, prescription: Flask) -> Api:
    return Api(prescription, make.person(auth, "doctor").token)


def found(api: Api, asked: str) -> list[str]:
    answer = api.client.get(
        "/medicines", query_string={"q": asked}, headers={"Authorization": f"Bearer {api.token}"}
    ).get_json()
    return [f"{one['generic_name']} {one['dose_form']}" for one in answer["items"]]


def changed(old: str, new: str, name: str = "formulary.csv") -> dict[str, str]:
    assert old in SHIPPED[name]
    return SHIPPED | {name: SHIPPED[name].replace(old, new, 1)}


def test_what_is_shipped_can_be_read() -> None:
    read = facts.read(SHIPPED)

    assert (len(read.medicines), len(read.interactions)) == (105, 66)
    assert {one.dose_form for one in read.medicines.values()} <= FORMS.keys()


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (changed(",tablet,oral,500 mg,", ",tablette,oral,500 mg,"), "line 2: unknown form 'tablette'"),
        (changed(",tablet,oral,500 mg,", ",tablet,by mouth,500 mg,"), "line 2: unknown route 'by mouth'"),
        (changed(",tablet,oral,500 mg,", ",tablet,ocular,500 mg,"), "'ocular' is no route of 'tablet'"),
        (changed(",tablet,paracetamol,paracetamol,", ",tablet,,paracetamol,"), "line 2: empty ingredient"),
        (changed("|clavulanic acid,penicillin", "|,penicillin"), "empty ingredient"),
        (changed("N02BE01,N02BE,tablet", "N02BE1,N02BE,tablet"), "'N02BE1' is no ATC code"),
        (changed("N02BE01,N02BE,tablet", "W02BE01,N02BE,tablet"), "'W02BE01' is no ATC code"),
        (
            changed("F004,ibuprofen,ibuprofen", "F004,paracetamol,paracetamol"),
            "paracetamol oral suspension is there twice",
        ),
        (changed("F002", "F001"), "F001 is there twice"),
        (changed("oral,500 mg,tablet", "oral,500.0 mg,tablet"), "misread"),
        (changed("oral,500 mg,tablet", "oral,.5 mg,tablet"), "misread"),
        (changed("20,000 units", "20000 units"), "misread"),
        (changed(",traMADol,", ",traMOdol,"), "another name"),
        (changed("paracetamol,no,no", "paracetamol,maybe,no"), "high_alert is 'maybe'"),
        (changed("F001,", "F001,,"), "too many or too few"),
        (changed("N06AF,class,", "N06AB,class,", "interactions.csv"), "N06AB would interact with itself"),
        (changed("contraindicated", "dangerous", "interactions.csv"), "severity is 'dangerous'"),
        (SHIPPED | {"allergy_classes.csv": ""}, "allergy_classes.csv: there are no rows"),
        (changed("ingredients", "contents"), "no column 'ingredients'"),
    ],
)
def test_a_file_that_could_mislead_is_refused_whole(files: dict[str, str], reason: str) -> None:
    with pytest.raises(facts.FactsRefused, match=reason):
        facts.read(files)


def test_all_that_is_wrong_is_said_at_once() -> None:
    files = changed("N02BE01,N02BE,tablet", "x,N02BE,tablet")
    files["interactions.csv"] = changed("N06AF,class,", "?,class,", "interactions.csv")["interactions.csv"]

    with pytest.raises(facts.FactsRefused) as refused:
        facts.read(files)

    assert len(refused.value.errors) == 2


def test_importing_twice_changes_nothing_and_a_refused_file_leaves_the_old_list(
    prescription: Flask, api: Api, tmp_path: Path
) -> None:
    run = prescription.test_cli_runner().invoke
    assert "already in force" in run(args=["import-medicines"]).output
    for name, text in changed("N02BE01,N02BE,tablet", "x,N02BE,tablet").items():
        (tmp_path / name).write_text(text)

    refused = run(args=["import-medicines", "--from", str(tmp_path)])

    assert refused.exit_code == 1
    assert "Nothing was imported." in refused.output
    assert found(api, "paracetamol")


def test_a_new_list_is_in_force_at_once_in_every_process(prescription: Flask, api: Api, tmp_path: Path) -> None:
    run = prescription.test_cli_runner().invoke
    for name, text in changed("paracetamol,paracetamol,N02BE01", "novomol,novomol,N02BE01").items():
        (tmp_path / name).write_text(text)

    try:
        assert "now in force" in run(args=["import-medicines", "--from", str(tmp_path)]).output
        assert found(api, "novomol") == ["novomol tablet"]
    finally:
        assert "now in force" in run(args=["import-medicines"]).output
    assert found(api, "novomol") == []


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("amox", "amoxicillin capsule"),
        ("AMOX", "amoxicillin capsule"),
        ("clav", "amoxicillin + clavulanic acid oral suspension"),
        ("amoxicilin", "amoxicillin capsule"),
        ("paracetmol", "paracetamol oral suspension"),
        ("metfromin", "metformin hydrochloride tablet"),
        ("acid folic", "folic acid tablet"),
        ("B01AA", "warfarin sodium tablet"),
        ("adrenaline", "epinephrine (adrenaline) auto-injector"),
    ],
)
def test_a_medicine_is_found_by_beginning_by_word_and_although_misspelt(api: Api, asked: str, first: str) -> None:
    assert found(api, asked)[0] == first


@pytest.mark.parametrize("asked", ["%%", "__", "a_o", "zzzzqq", "'; --", "\\d"])
def test_every_character_means_itself(api: Api, asked: str) -> None:
    assert found(api, asked) == []


def test_names_that_begin_so_come_before_words_that_begin_so(api: Api) -> None:
    names = found(api, "codeine")

    assert names == ["codeine + paracetamol tablet", "codeine phosphate tablet"]
    assert found(api, "para")[:2] == ["paracetamol oral suspension", "paracetamol tablet"]
    assert "codeine + paracetamol tablet" in found(api, "para")


def test_what_may_be_chosen_comes_along(api: Api) -> None:
    (one,) = api.get("/medicines?q=methotrexate")["items"]

    assert (one["strengths"], one["routes"], one["dose_units"]) == (["2.5 mg"], ["oral"], ["tablet"])
    assert (one["high_alert"], one["weekly_only"], one["quantity_unit"]) == (True, True, "tablet")


@pytest.mark.parametrize("query", ["", "?q=", "?q=a", "?q=" + "x" * 101, "?q=ab&limit=0", "?q=ab&limit=51", "?q=a%00b"])
def test_a_search_that_says_too_little_is_refused(api: Api, query: str) -> None:
    api.get(f"/medicines{query}", expect=422)


def test_the_list_is_for_doctors(auth: Flask, prescription: Flask) -> None:
    for person in (make.person(auth), make.admin(auth)):
        assert Api(prescription, person.token).get("/medicines?q=amox", expect=403)["code"] == "forbidden"
    unverified = make.person(auth, "doctor", verified=False)
    assert Api(prescription, unverified.token).get("/medicines?q=amox", expect=403)["code"] == "doctor-not-verified"


def test_groups_of_medicines_are_told_to_whoever_is_signed_in(auth: Flask, prescription: Flask) -> None:
    told = Api(prescription, make.person(auth).token).get("/allergy-classes")["items"]

    labels = {one["key"]: one["label"] for one in told}
    assert labels["salicylate"] == "Aspirin and salicylates"
    assert [one["label"].lower() for one in told] == sorted(one["label"].lower() for one in told)
    assert not labels.keys() & {"excipient", "other_text", "none"}
    assert "paracetamol" not in labels, "a single substance is recorded as one"


def test_every_group_that_is_told_can_be_recorded(auth: Flask, prescription: Flask) -> None:
    patient = make.person(auth)
    mine = Api(prescription, patient.token)
    for one in mine.get("/allergy-classes")["items"]:
        body = {"kind": "class", "key": one["key"], "reaction": "rash"}
        assert mine.post(f"/patients/{patient.id}/allergies", json=body, expect=201)["label"] == one["label"]


def test_without_a_list_nothing_is_found_and_that_is_said(prescription: Flask, api: Api) -> None:
    from prescription_service.medicine_tables import FactsVersion
    from prescription_service.models import db

    with prescription.app_context():
        db.session.execute(db.delete(FactsVersion))
        db.session.commit()
    try:
        for path in ("/medicines?q=amox", "/allergy-classes"):
            assert api.get(path, expect=503)["code"] == "medicine-list-missing"
    finally:
        prescription.test_cli_runner().invoke(args=["import-medicines"])


@given(st.text(max_size=30))
def test_no_text_breaks_the_search(asked: str) -> None:
    assert len(INDEX.find(asked, 5)) <= 5


INDEX = Index(list(facts.read(SHIPPED).medicines.values()))

"""Nobody learns from the time of an answer whether a code was ever one: unknown, malformed and purged take alike."""

import time
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from flask import Flask

from tests import make
from tests.api import Api
from tests.auth_service.test_sign_in_timing import BAND, PAIRS, auc
from tests.prescription_service.structured import write

UNKNOWN = "0000-0000-0000-0"
Try = Callable[[str], None]


def told_apart(tries: tuple[Try, Try]) -> float:
    """The AUC of two kinds of answers, asked in turn, each first in half of the pairs, each from its own address."""
    whence: Iterator[str] = (f"2001:db8:{n:x}::1" for n in count(1))
    seconds: tuple[list[float], list[float]] = ([], [])
    for attempt in tries:
        attempt(next(whence))
    for pair in range(PAIRS):
        for which in (0, 1) if pair % 2 else (1, 0):
            address = next(whence)
            began = time.perf_counter()
            tries[which](address)
            seconds[which].append(time.perf_counter() - began)
    return auc(*seconds)


@pytest.fixture
def tries(prescription: Flask, api: Api, visit: str) -> dict[str, Try]:
    """Kinds of codes that are none, the purged one once printed."""
    from prescription_service.models import db
    from prescription_service.verification_tables import VerificationCode

    signed = write(api, visit, make.MEDICINE)
    purged = api.get(f"/prescriptions/{signed['id']}?purpose=print")["verification"]["code"]
    with prescription.app_context():
        db.session.query(VerificationCode).delete()
        db.session.commit()

    def asking(code: str) -> Try:
        def attempt(address: str) -> None:
            headers = {"X-Forwarded-For": address}
            answer = Api(prescription).send("POST", "/verify", json={"code": code}, headers=headers)
            assert answer.get_json()["result"] == "none"

        return attempt

    return {"unknown": asking(UNKNOWN), "malformed": asking("?"), "purged": asking(purged)}


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("other", ["malformed", "purged"])
def test_the_time_of_an_answer_does_not_tell_what_a_code_was(tries: dict[str, Try], other: str) -> None:
    found = told_apart((tries["unknown"], tries[other]))

    print(f"AUC {found:.3f}, {PAIRS} pairs")  # noqa: T201 - a figure for whoever asks with -rP
    assert abs(found - 0.5) * 100 <= BAND


@pytest.mark.timeout(1800)
def test_refusing_the_malformed_early_would_tell(
    prescription: Flask, tries: dict[str, Try], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the same measure sees a short cut."""
    from prescription_service import verification

    look = verification.look_up
    monkeypatch.setattr(verification, "look_up", lambda typed, *rest: None if typed == "?" else look(typed, *rest))

    found = told_apart((tries["unknown"], tries["malformed"]))

    print(f"AUC {found:.3f}, {PAIRS} pairs")  # noqa: T201 - a figure for whoever asks with -rP
    assert abs(found - 0.5) * 100 > BAND

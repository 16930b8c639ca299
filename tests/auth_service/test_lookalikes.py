"""E-mail addresses that look like others are somebody's own, and admins are warned."""

import pytest
from flask import Flask

from auth_service.lookalikes import warning
from tests import make
from tests.api import Api


@pytest.mark.parametrize(
    ("email", "found"),
    [
        ("maya@example.com", None),
        ("jürgen@bücher.example", None),
        ("ořech@example.cz", None),
        ("иван@example.com", None),
        ("иван@пример.рф", None),
        ("σοφία@example.gr", None),
        ("李@example.cn", None),
        ("аdmin@example.com", "mixed-scripts"),
        ("dr.smіth@example.com", "mixed-scripts"),
        ("admin@exаmple.com", "mixed-scripts"),
        ("аррӏе@example.com", "looks-latin"),
        ("apple@аррӏе.com", "looks-latin"),
    ],
)
def test_what_looks_like_another_address_is_found(email: str, found: str | None) -> None:
    assert warning(email) == found


def test_a_lookalike_address_is_another_account_that_admins_see_flagged(auth: Flask) -> None:
    boss = make.admin(auth)
    account = {"password": make.PASSWORD, "role": "patient", "first_name": "Pat", "last_name": "Ient"}
    plain, lookalike = [
        Api(auth).post("/auth/register", json=account | {"email": email}, expect=201)
        for email in ("patient@example.com", "pаtient@example.com")
    ]

    people = {one["id"]: one for one in Api(auth, boss.token).get("/people")["items"]}

    assert lookalike["id"] != plain["id"]
    assert "email_warning" not in lookalike
    assert people[plain["id"]]["email_warning"] is None
    assert people[lookalike["id"]]["email_warning"] == "mixed-scripts"

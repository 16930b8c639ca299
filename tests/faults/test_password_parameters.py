"""The parameters of password hashes have changed between two releases: everybody signs in as before, many at once."""

from collections.abc import Iterator
from itertools import cycle

import argon2
import pytest
import requests
from flask import Flask

from tests import make
from tests.faults.crowd import PATIENCE, Ask, Crowd
from tests.faults.stage import Stage
from tests.figures import Figure
from tests.journeys.load import rows, value
from tests.thorough import times

PEOPLE = times(6, 50)
EACH = times(4, 10)
AT_ONCE = 4
"""As many as are hashed at once in two workers: whoever comes on top may be told to come again."""
EARLIER = argon2.PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1)
OUTDATED = "SELECT count(*) FROM auth.person WHERE password_hash NOT LIKE %s"


def signing_in(stage: Stage, emails: Iterator[str]) -> Ask:
    url = f"{stage.clinic.auth.url}/auth/login"

    def ask(session: requests.Session) -> requests.Response:
        body = {"email": next(emails), "password": make.PASSWORD}
        return session.post(url, json=body, headers=make.from_somewhere(), timeout=PATIENCE)

    return ask


@pytest.mark.fault
def test_everybody_signs_in_and_every_hash_is_renewed(
    stage: Stage, auth: Flask, environment: dict[str, str], figure: Figure
) -> None:
    url, today = environment["ADMIN_URL"], "$argon2id$v=19$m=19456,t=2,p=1$%"
    people = [make.person(auth).email for _ in range(PEOPLE)]
    rows(url, "UPDATE auth.person SET password_hash = %s", EARLIER.hash(make.PASSWORD))
    assert value(url, OUTDATED, today) == PEOPLE

    # all of them in the same order, so that one person signs in at several places in the same moment
    with Crowd([signing_in(stage, cycle(people)) for _ in range(AT_ONCE)]).going_on() as crowd:
        crowd.wait_for(PEOPLE * EACH)

    assert crowd.failed() == []
    assert value(url, OUTDATED, today) == 0
    measured = f"0 of {len(crowd.answers)} sign-ins failed, {PEOPLE} of {PEOPLE} hashes renewed"
    figure("password parameters changed", must="no sign-in fails, hashes are renewed", measured=measured)

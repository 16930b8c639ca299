"""The keys that sign: published before they sign and until their last token is dead; a stolen one goes at once."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

import jwt
import psycopg2
import pytest
from flask import Flask
from psycopg2.extras import Json

from appointment_service import create_app
from appointment_service.settings import AppointmentSettings
from auth_service import create_app as create_auth
from auth_service import signing_keys
from auth_service.settings import AuthSettings
from auth_service.signing_keys import AHEAD, KEPT
from chassis import clock, tokens
from chassis.keys import KeySet
from tests import make
from tests.api import Api
from tests.chassis.conftest import outcome
from tests.conftest import in_process

MOMENT = timedelta(seconds=1)
INVALID = (401, "token-invalid")


@pytest.fixture(autouse=True)
def _keys_put_back(auth: Flask, environment: dict[str, str]) -> Iterator[None]:
    """Programs of other tests hold the keys of this run."""
    columns = "kid, jwk, private_key, created_at, retired_at"
    with psycopg2.connect(environment["ADMIN_URL"]) as connection, connection.cursor() as cursor:
        Api(auth).get("/.well-known/jwks.json")  # the first key is made when it is asked for
        cursor.execute(f"SELECT {columns} FROM auth.signing_key")
        before = cursor.fetchall()
    yield
    with psycopg2.connect(environment["ADMIN_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM auth.signing_key")
        for kid, jwk, *others in before:
            cursor.execute("INSERT INTO auth.signing_key VALUES (%s, %s, %s, %s, %s)", (kid, Json(jwk), *others))


@pytest.fixture
def command(auth: Flask) -> Callable[..., str]:
    def run(*options: str) -> str:
        done = auth.test_cli_runner().invoke(args=["rotate-keys", *options])
        assert done.exit_code == 0, done.output
        return str(done.output)

    return run


@pytest.fixture
def relying(auth: Flask, environment: dict[str, str], migrated: None) -> tuple[Flask, KeySet]:
    """A service with a key set of its own: those of the other tests go on with theirs."""
    service = create_app(AppointmentSettings(**environment), in_process("auth", auth))
    keys: KeySet = service.extensions["keys"]
    keys.refresh()
    return service, keys


def published(auth: Flask) -> list[str]:
    return [key["kid"] for key in Api(auth).get("/.well-known/jwks.json")["keys"]]


def kid_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def signs(auth: Flask) -> str:
    """The kid that signs now."""
    return kid_of(make.person(auth).token)


def test_the_first_key_is_published_before_anybody_signs_in(auth: Flask, environment: dict[str, str]) -> None:
    with psycopg2.connect(environment["ADMIN_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM auth.signing_key")

    (first,) = published(auth)

    assert published(auth) == [first]
    assert signs(auth) == first


def test_after_a_change_of_the_secret_a_new_key_signs(auth: Flask, environment: dict[str, str]) -> None:
    before = make.person(auth)
    other = create_auth(AuthSettings(**{**environment, "AUTH_SECRET_KEY": "another".ljust(32, "-")}))

    after = make.person(other)

    assert kid_of(after.token) != kid_of(before.token)
    assert signs(other) == kid_of(after.token)
    for person in (before, after):
        assert Api(other, person.token).get("/auth/me")["id"] == person.id
    Api(other).post("/auth/refresh", json={"refresh_token": before.refresh_token})


def test_a_new_key_is_published_ahead_and_the_old_one_to_its_last_token(
    auth: Flask, command: Callable[..., str]
) -> None:
    old = signs(auth)
    said = command()
    new = next(kid for kid in published(auth) if kid != old)
    now = clock.now()
    found = {}
    for name, later in {
        "at once": MOMENT,
        "just before": AHEAD - MOMENT,
        "then": AHEAD + MOMENT,
        "long": AHEAD + KEPT - MOMENT,
        "over": AHEAD + KEPT + MOMENT,
    }.items():
        with clock.set_to(now + later):
            found[name] = (signs(auth), set(published(auth)))

    both = {old, new}
    assert found == {
        "at once": (old, both),
        "just before": (old, both),
        "then": (new, both),
        "long": (new, both),
        "over": (new, {new}),
    }
    assert new in said


def test_an_old_key_outlives_every_token_it_signed() -> None:
    assert timedelta(seconds=tokens.LIFE + tokens.LEEWAY) < KEPT
    assert timedelta(seconds=2 * KeySet.FRESH_FOR) < AHEAD


def test_rotating_again_and_again_leaves_no_moment_without_a_key_that_is_known(
    auth: Flask, command: Callable[..., str]
) -> None:
    """Every twenty seconds, for some minutes: whatever signs has been published for its time."""
    now, known_since = clock.now(), {}
    for n in range(0, 400, 5):
        with clock.set_to(now + timedelta(seconds=n)):
            if n and n % 20 == 0:
                command()
            for kid in published(auth):
                known_since.setdefault(kid, n)
            assert n - known_since[signs(auth)] >= (AHEAD.total_seconds() if known_since[signs(auth)] else 0)

    assert len(known_since) > 15


def test_dead_keys_are_deleted_with_their_private_halves(
    auth: Flask, environment: dict[str, str], command: Callable[..., str]
) -> None:
    command()
    with clock.set_to(clock.now() + AHEAD + KEPT + MOMENT), auth.app_context():
        signing_keys.drop_dead()

    with psycopg2.connect(environment["ADMIN_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM auth.signing_key")
        assert cursor.fetchone() == (1,)


def test_tokens_of_before_and_after_hold_while_keys_change(
    auth: Flask, environment: dict[str, str], command: Callable[..., str], relying: tuple[Flask, KeySet]
) -> None:
    service, keys = relying
    before = make.person(auth)
    command()
    keys.refresh()
    with psycopg2.connect(environment["ADMIN_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE auth.signing_key SET created_at = created_at - %s, retired_at = retired_at - %s", (AHEAD, AHEAD)
        )
    after = make.person(auth)

    assert kid_of(before.token) != kid_of(after.token)
    for person in (before, after):
        assert Api(service, person.token).send("GET", "/appointments").status_code == 200
        assert Api(auth, person.token).send("GET", "/auth/me").status_code == 200
        assert Api(auth).post("/auth/validate-token", json={"token": person.token})["active"] is True


def test_a_stolen_key_is_dropped_at_once_also_where_its_tokens_were_seen_before(
    auth: Flask, command: Callable[..., str], relying: tuple[Flask, KeySet]
) -> None:
    service, keys = relying
    victim = make.person(auth)
    reads = partial(Api(service, victim.token).send, "GET", "/appointments")
    assert reads().status_code == Api(auth, victim.token).send("GET", "/auth/me").status_code == 200
    stolen = kid_of(victim.token)

    command("--now")

    assert stolen not in published(auth)
    assert outcome(Api(auth, victim.token).send("GET", "/auth/me")) == INVALID
    assert Api(auth).post("/auth/validate-token", json={"token": victim.token})["active"] is False
    keys.refresh()
    assert outcome(reads()) == INVALID
    renewed = Api(auth).post("/auth/refresh", json={"refresh_token": victim.refresh_token})["access_token"]
    assert Api(service, renewed).send("GET", "/appointments").status_code == 200

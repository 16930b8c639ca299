"""The clinic's settings: admins set them, everybody reads them, and null is left to each program's own."""

import base64
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import psycopg2
import pytest
from flask import Flask
from sqlalchemy import select

from auth_service import clinic
from auth_service.models import Clinic, db
from chassis import clock
from tests import make
from tests.api import Api

NOTHING = {
    "name": None,
    "address": None,
    "phone": None,
    "email": None,
    "time_zone": None,
    "emergency_number": None,
    "emergency_text": None,
    "logo": None,
}
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
WEBP = b"RIFF\x1a\x00\x00\x00WEBPVP8L"
LARGEST = 40 * 1024


@pytest.fixture
def admin(auth: Flask) -> Api:
    return Api(auth, make.admin(auth).token)


def picture(data: bytes = PNG, media_type: str = "image/png") -> dict[str, str]:
    return {"media_type": media_type, "data": base64.b64encode(data).decode()}


def test_nothing_is_said_until_an_admin_says_it(auth: Flask) -> None:
    assert Api(auth).get("/clinic") == NOTHING


def test_what_is_left_out_stays_and_null_gives_a_setting_back(auth: Flask, admin: Api) -> None:
    said = {
        "name": "Larkfield Clinic",
        "address": "12 Mill Lane, Exampleton EX1 2AB",
        "phone": "01632 960 122",
        "email": "Hello@larkfield.example",
        "time_zone": "Europe/Dublin",
        "emergency_number": "112",
        "emergency_text": "In an emergency call 112.\r\nDo not wait for us.",
    }

    admin.patch("/clinic", json=said)
    kept = admin.patch("/clinic", json={"phone": None, "name": "Larkfield"})

    changed = {"name": "Larkfield", "phone": None, "email": "hello@larkfield.example"}
    changed["emergency_text"] = "In an emergency call 112.\nDo not wait for us."
    assert kept == NOTHING | said | changed
    assert Api(auth).get("/clinic") == kept


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": "x" * 101}, "/name"),
        ({"name": "Two\nlines"}, "/name"),
        ({"address": "\u202eevil"}, "/address"),
        ({"phone": "call us"}, "/phone"),
        ({"phone": "1" * 41}, "/phone"),
        ({"email": "no-at"}, "/email"),
        ({"time_zone": "Europe/Atlantis"}, "/time_zone"),
        ({"time_zone": "europe/london"}, "/time_zone"),
        ({"time_zone": "../../etc/passwd"}, "/time_zone"),
        ({"time_zone": "localtime"}, "/time_zone"),
        ({"emergency_number": 112}, "/emergency_number"),
        ({"emergency_text": "x" * 501}, "/emergency_text"),
        ({"logo": "https://evil.test/logo.png"}, "/logo"),
        ({"id": 2}, "/id"),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_is_changed(
    auth: Flask, admin: Api, change: dict[str, object], pointer: str
) -> None:
    problem = admin.patch("/clinic", json={"emergency_number": "999"} | change, expect=422)

    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert Api(auth).get("/clinic") == NOTHING


@pytest.mark.parametrize(("data", "kind"), [(PNG, "image/png"), (JPEG, "image/jpeg"), (WEBP, "image/webp")])
def test_a_logo_is_given_back_byte_for_byte_and_kept_for_good(auth: Flask, admin: Api, data: bytes, kind: str) -> None:
    where = admin.put("/clinic/logo", json=picture(data, kind))["logo"]

    shown = Api(auth).send("GET", where, headers={"Accept": kind})
    unversioned = Api(auth).send("GET", "/clinic/logo")
    assert (shown.get_data(), shown.content_type) == (data, kind)
    assert shown.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert unversioned.headers["Cache-Control"] == "public, no-cache"


def test_another_logo_has_another_address(auth: Flask, admin: Api) -> None:
    first = admin.put("/clinic/logo", json=picture())["logo"]
    second = admin.put("/clinic/logo", json=picture(JPEG, "image/jpeg"))["logo"]

    assert first != second
    assert Api(auth).send("GET", first).headers["Cache-Control"] == "public, no-cache"  # not what it was asked for


def test_a_logo_can_be_taken_away_twice(auth: Flask, admin: Api) -> None:
    where = admin.put("/clinic/logo", json=picture())["logo"]

    for _ in range(2):
        assert admin.send("DELETE", "/clinic/logo").status_code == 204

    assert admin.get("/clinic") == NOTHING
    Api(auth).get(where, expect=404)


@pytest.mark.parametrize(
    "given",
    [
        picture(PNG, "image/jpeg"),
        picture(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        picture(b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        picture(b"RIFF\x1a\x00\x00\x00WAVEfmt ", "image/webp"),
        picture(b""),
        picture(PNG.ljust(LARGEST + 1, b"\0")),
        {"media_type": "image/png", "data": "not base64!"},
        {"media_type": "image/png", "data": "\u00e9"},
        {"media_type": "image/png", "data": 5},
        {"media_type": "image/png"},
    ],
)
def test_what_is_no_logo_is_refused(auth: Flask, admin: Api, given: dict[str, object]) -> None:
    assert admin.put("/clinic/logo", json=given, expect=422)["code"] == "validation-error"
    Api(auth).get("/clinic/logo", expect=404)


def test_the_largest_logo_fits(admin: Api) -> None:
    admin.put("/clinic/logo", json=picture(PNG.ljust(LARGEST, b"\0")))


def test_each_change_is_noted(environment: dict[str, str], admin: Api) -> None:
    admin.patch("/clinic", json={"name": "Larkfield"})
    admin.put("/clinic/logo", json=picture())
    admin.send("DELETE", "/clinic/logo")

    with (
        contextlib.closing(psycopg2.connect(environment["ADMIN_URL"])) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT count(*) FROM auth.audit_event WHERE action = 'clinic.change' AND actor_role = 'admin'")
        assert cursor.fetchone() == (3,)


def change_at_once(auth: Flask, admin: Api) -> list[int]:
    """Several admins say something for the first time, each something else."""
    fields = ["name", "address", "phone", "emergency_number", "emergency_text"]

    def change(field: str) -> int:
        return Api(auth, admin.token).send("PATCH", "/clinic", json={field: "112"}).status_code

    with ThreadPoolExecutor(len(fields)) as pool:
        return list(pool.map(change, fields))


def test_several_at_once_lose_nothing_of_each_others(auth: Flask, admin: Api) -> None:
    assert set(change_at_once(auth, admin)) == {200}
    assert list(Api(auth).get("/clinic").values()).count("112") == 5


def test_without_the_lock_the_first_ones_would_fail(auth: Flask, admin: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clinic, "_lock", looked_up_and_made(meeting_of=5))

    assert 500 in change_at_once(auth, admin)


def looked_up_and_made(meeting_of: int) -> Callable[[], Any]:
    """The row as it would be got without a lock; all look before any makes it."""
    meeting = Barrier(meeting_of)

    def look() -> Clinic:
        found = db.session.scalar(select(Clinic)) or Clinic(id=1, changed_at=clock.now())
        meeting.wait(5)
        db.session.add(found)
        return found

    return look

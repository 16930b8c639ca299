"""What protects a person in front of the portal: forms that are theirs, addresses that stay here, headers, sizes."""

import re
from typing import Any

import pytest
from flask import Flask

from portal import session
from tests import make
from tests.api import Api
from tests.portal.visitor import Visitor

PUBLIC = {
    "static",
    "health",
    "live",
    "ready",
    "metrics.measured",
    "home.index",
    "clinic.logo",
    "calendar_feed.read",
    "idle.stay",
    "idle.leave",
    "accounts.sign_in",
    "accounts.sign_out",
    "accounts.sign_up",
    "accounts.sign_up_doctor",
    "second_step.ask",
    "links.forgotten",
    "links.sent",
    "links.ask_reset",
    "links.reset",
    "links.ask_confirm",
    "links.confirm",
    "privacy.closed",
    "directory.index",
    "verification.index",
    "verification.look_up",
    "verification.compare",
}


def test_every_page_needs_a_person_unless_it_is_listed_here(portal: Flask) -> None:
    visitor = portal.test_client()
    values = {"filename": "portal.css"}
    for rule in portal.url_map.iter_rules():
        if rule.endpoint in PUBLIC:
            continue
        path = re.sub(r"<any\('?([a-z-]+).*?\):\w+>", r"\1", rule.rule)
        for name in rule.arguments:
            path = path.replace(f"<uuid:{name}>", "3f0b1c7e-0000-4000-8000-000000000000")
            path = path.replace(f"<doctor_or_any:{name}>", "any")
            path = path.replace(f"<{name}>", values.get(name, "1"))
        method = "GET" if "GET" in (rule.methods or ()) else "POST"
        answer = visitor.open(path, method=method)
        assert answer.status_code == 302, (rule.endpoint, answer.status_code)
        assert answer.location.startswith("/sign-in"), rule.endpoint


@pytest.mark.parametrize("cookie", ["x" * 4000, "eyJ.garbage.sig", "", "é"])
def test_a_cookie_that_is_not_ours_is_nobody(portal: Flask, cookie: str) -> None:
    client = portal.test_client()
    client.set_cookie("clinic", cookie)

    assert client.get("/appointments").location.startswith("/sign-in")


def test_a_cookie_changed_by_one_character_is_nobody(maya: Visitor) -> None:
    cookie = maya.client.get_cookie("clinic")
    assert cookie
    changed = ("A" if cookie.value[40] != "A" else "B").join([cookie.value[:40], cookie.value[41:]])
    maya.client.set_cookie("clinic", changed)

    assert maya.get("/appointments").heading == "Sign in"


def test_the_cookie_is_out_of_reach_of_scripts_and_bound_to_this_host_under_https(
    portal: Flask, patient: make.Person
) -> None:
    secure = {"wsgi.url_scheme": "https", "HTTP_REFERER": "https://localhost/sign-in"}
    client = portal.test_client()
    form = client.get("/sign-in", environ_overrides=secure, base_url="https://localhost")
    token = form.get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
    fields = {"csrf_token": token, "email": patient.email, "password": make.PASSWORD}

    answer = client.post("/sign-in", data=fields, environ_overrides=secure, base_url="https://localhost")

    cookies = answer.headers.getlist("Set-Cookie")
    assert {cookie.split("=")[0] for cookie in cookies} == {"__Host-clinic", "__Host-clinic-seen"}
    for cookie in cookies:
        for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
            assert part in cookie
        assert "Domain" not in cookie
    assert "Strict-Transport-Security" in answer.headers


def test_a_form_without_its_token_is_refused_kindly_and_can_be_sent_again(
    visitor: Visitor, patient: make.Person
) -> None:
    visitor.get("/sign-in")
    stale = visitor.post("/sign-in", {"email": patient.email, "password": make.PASSWORD, "next": "/account"}, 400)

    assert stale.heading == "This page was open for a long time"
    assert make.PASSWORD not in stale.source

    again = visitor.press(stale, "Send it again", 422)
    assert again.heading == "Sign in"
    assert patient.email in again.source


def test_a_token_in_the_address_does_not_count(maya: Visitor) -> None:
    token = maya.get("/account/change").fields(maya.get("/account/change").form("Save")[0])["csrf_token"]

    assert maya.post(f"/account/change?csrf_token={token}", {"first_name": "Eve"}, 400)
    assert maya.get("/").heading == "Hello, Maya"


@pytest.mark.parametrize("sent", [{"data": "a=b", "content_type": "text/plain"}, {"json": {"first_name": "Eve"}}])
def test_a_body_that_is_no_form_is_refused(maya: Visitor, sent: dict[str, Any]) -> None:
    assert maya.client.post("/account/change", headers={"Sec-Fetch-Site": "same-origin"}, **sent).status_code == 400


@pytest.mark.parametrize("path", ["/sign-out", "/sign-in", "/account/change"])
def test_another_site_cannot_post_here(maya: Visitor, path: str) -> None:
    refused = maya.client.post(path, data={}, headers={"Sec-Fetch-Site": "cross-site"})

    assert refused.status_code == 403
    assert maya.get("/").heading == "Hello, Maya"


def test_what_another_site_typed_is_never_offered_back(maya: Visitor) -> None:
    page = maya.post("/account/change", {"first_name": "Eve"}, 400, headers={"Sec-Fetch-Site": "none"})

    assert "Eve" not in page.source


def test_a_form_that_is_too_large_is_a_page(maya: Visitor) -> None:
    assert maya.post("/account/change", {"first_name": "x" * 1_000_000}, 413).heading == "That is too much text"


def test_every_answer_carries_the_headers(maya: Visitor) -> None:
    for path in ("/", "/appointments", "/nowhere", "/static/portal.css"):
        with maya.client.get(path) as answer:
            headers = answer.headers
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "camera=()" in headers["Permissions-Policy"]


def test_pages_are_never_stored_and_files_for_ever_under_their_fingerprint(maya: Visitor) -> None:
    page = maya.get("/appointments")
    assert page.response.headers["Cache-Control"] == "no-store"

    for link in page.all("link[@rel='stylesheet']") + page.all("script"):
        address = link.get("href") or link.get("src") or ""
        assert "immutable" in _caching(maya, address)
        assert _caching(maya, address.split("?")[0]) == "no-cache"


def _caching(visitor: Visitor, address: str) -> str:
    with visitor.client.get(address) as answer:
        return answer.headers["Cache-Control"]


def test_static_files_have_no_listing_and_no_way_out(portal: Flask) -> None:
    client = portal.test_client()

    for path in ("/static/", "/static/../portal/app.py", "/static/%2e%2e/portal/app.py", "/static/fonts"):
        assert client.get(path).status_code == 404


def test_a_strange_host_or_language_does_no_harm(portal: Flask) -> None:
    client = portal.test_client()

    assert client.get("/", headers={"Accept-Language": "x" * 8000}).status_code == 200
    portal.config["TRUSTED_HOSTS"] = ["localhost"]
    try:
        assert client.get("/", headers={"Host": "evil.test"}).status_code == 400
    finally:
        portal.config["TRUSTED_HOSTS"] = None


def test_signing_out_by_opening_an_address_does_nothing(maya: Visitor) -> None:
    assert maya.get("/sign-out", 405)
    assert maya.get("/").heading == "Hello, Maya"


@pytest.mark.parametrize("path", ["//evil.test", "/\\evil.test", "/a\nb", "http://evil.test", "", None, "evil"])
def test_only_paths_of_this_portal_are_followed(path: str | None) -> None:
    assert session.local_path(path) == "/"


def test_a_form_made_for_somebody_else_is_neither_sent_nor_shown(auth: Flask, maya: Visitor) -> None:
    form = maya.get("/account/change")
    fields = form.fields(form.form("Save")[0])
    eve = make.person(auth, first_name="Eve")
    maya.post("/sign-out", {"csrf_token": fields["csrf_token"]})
    maya.sign_in(eve.email)

    answer = maya.post("/account/change", fields | {"first_name": "Private"}, 400)

    assert "Somebody else is signed in here" in answer.text
    assert "Somebody else has signed in" in answer.text
    assert "Private" not in answer.text
    assert Api(auth, eve.token).get("/auth/me")["first_name"] == "Eve"


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_a_time_at_the_ends_of_time_is_no_time(auth: Flask, appointment: Flask, maya: Visitor, year: str) -> None:
    doctor = make.doctor(auth, appointment)

    maya.get(f"/book/{doctor.id}?start={year}-01-01T00:00:00Z")
    maya.get(f"/book/{doctor.id}/reason?start={year}-01-01T00:00:00Z", 422)


def test_a_form_that_was_open_for_more_than_an_hour_is_refused_kindly_and_keeps_what_was_typed(
    maya: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = maya.get("/account/change")
    monkeypatch.setitem(maya.client.application.config, "WTF_CSRF_TIME_LIMIT", -1)

    stale = maya.press(form, "Save", 400, first_name="Māja")

    assert stale.heading == "This page was open for a long time"
    monkeypatch.undo()
    assert "Māja Lindqvist" in maya.press(stale, "Send it again").text


@pytest.mark.parametrize("name", ["{{config}}", "{% raw %}", "<script>alert(1)</script>", "%s %(x)s", "{name}"])
def test_a_name_that_looks_like_a_program_is_only_a_name(auth: Flask, maya: Visitor, portal: Flask, name: str) -> None:
    maya.press(maya.get("/account/change"), "Save", first_name=name)
    person = maya.get("/").heading
    ada = Visitor(portal).sign_in(make.admin(auth).email)

    assert person == f"Hello, {name}"
    found = ada.get("/people?search=Lindqvist")
    page = ada.get(found.link("Lindqvist"))
    assert page.heading == f"{name} Lindqvist"
    done = ada.press(ada.get(page.link("Sign out everywhere")), "Sign out everywhere")
    assert f"{name} Lindqvist is signed out everywhere." in done.text


def test_what_a_form_does_not_ask_for_is_not_passed_on(auth: Flask, maya: Visitor, patient: make.Person) -> None:
    other = make.person(auth)

    maya.press(maya.get("/account/change"), "Save", role="admin", id=other.id, patient_id=other.id, closed_at="now")

    assert Api(auth, patient.token).get("/auth/me")["role"] == "patient"
    assert Api(auth, other.token).get("/auth/me")["first_name"] != "Maya"


def test_a_form_from_another_site_is_told_so(maya: Visitor) -> None:
    refused = maya.post("/account/change", {}, 403, headers={"Sec-Fetch-Site": "cross-site"})

    assert refused.heading == "This was sent from another site"

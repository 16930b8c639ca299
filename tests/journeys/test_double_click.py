"""The same form sent many times at once, as a double click without scripts does."""

import re
from concurrent.futures import ThreadPoolExecutor

import requests
from flask import Flask

from tests import make
from tests.api import Api
from tests.servers import Clinic

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def fields(page: requests.Response) -> dict[str, str]:
    """The hidden fields of the form in the page's main part."""
    return dict(HIDDEN.findall(page.text.split("<main")[1]))


def test_every_click_leads_to_the_one_booking(clinic: Clinic, auth: Flask, appointment: Flask) -> None:
    patient, doctor = make.person(auth), make.doctor(auth, appointment)
    browser = requests.Session()
    browser.headers["Origin"] = clinic.portal.url
    sign_in = f"{clinic.portal.url}/sign-in"
    browser.post(sign_in, fields(browser.get(sign_in)) | {"email": patient.email, "password": make.PASSWORD})
    day = make.clinic_day(7).isoformat()
    free = Api(appointment, patient.token).get(f"/slots?doctor_id={doctor.id}&from={day}&to={day}")
    book = f"{clinic.portal.url}/book/{doctor.id}"
    reason = browser.get(f"{book}/reason", params={"start": free["days"][0]["slots"][0]["start"]})
    form = fields(browser.post(f"{book}/check", fields(reason) | {"notes": "Sore throat"}))
    cookies = browser.cookies.get_dict()

    def click(_: int) -> tuple[int, str | None]:
        answer = requests.post(f"{book}/confirm", form, cookies=cookies, allow_redirects=False, timeout=20)
        return answer.status_code, answer.headers.get("Location")

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(click, range(6)))

    (booked,) = Api(appointment, patient.token).get("/appointments")["items"]
    assert set(answers) == {(303, f"/appointments/{booked['id']}/booked")}

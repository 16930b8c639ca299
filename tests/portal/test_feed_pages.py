"""The private calendar address: made, shown once, read by a calendar, ended."""

from urllib.parse import urlsplit

import pytest

from tests import make
from tests.portal.visitor import Visitor


def test_an_address_is_made_shown_once_and_ended(maya: Visitor) -> None:
    page = maya.get(maya.get("/account").link("Appointments in my calendar"))
    assert "treat it like a key" in page.text

    made = maya.press(page, "Make an address")
    address = "".join(made.all("p[@id='address']")[0].itertext())
    assert made.link("Open in my calendar") == "webcal://" + address.partition("://")[2]

    again = maya.get("/account/calendar")
    assert address not in again.source
    assert "Not yet" in again.text
    ended = maya.press(maya.get(again.link("End the address")), "End the address")
    assert "The calendar address is ended." in ended.text
    assert maya.client.get(urlsplit(address).path).status_code == 404


@pytest.mark.parametrize("path", ["/account/calendar", "/account/calendar/end"])
def test_doctors_have_one_too(visitor: Visitor, doctor: make.Person, path: str) -> None:
    assert visitor.sign_in(doctor.email).get(path).status == 200

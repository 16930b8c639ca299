"""The signed-in person's account: an overview, and their own details."""

from contextlib import suppress

import phonenumbers
from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from chassis.errors import Refusal, Unavailable
from portal import languages, session
from portal.api import services
from portal.forms import AtMost, Choice, DateParts, Form, Line, Pick, Required, Text, plain_characters
from portal.pages import page

pages = Blueprint("account", __name__, url_prefix="/account")

SEXES = (("female", "Female"), ("male", "Male"), ("other", "Other"), ("unknown", "I would rather not say"))


class StaffDetails(Form):
    """What everybody may change about themselves."""

    first_name = Line("First name", [Required("Enter your first name."), AtMost(100, "A name"), plain_characters])
    last_name = Line("Last name", [Required("Enter your last name."), AtMost(100, "A name"), plain_characters])
    phone = Line("Phone", [AtMost(40, "A phone number"), plain_characters])
    language = Pick("Language", languages.LANGUAGES)

    def __init__(self, *given: object, now: str = "en", **named: object) -> None:
        super().__init__(*given, **named)
        self.language.options = languages.options(now)


class Details(StaffDetails):
    """What a patient may change. Nobody asks the age of those who work here, or where they live."""

    birth_date = DateParts("Date of birth", [Required("Enter your date of birth.")])
    sex = Choice("Sex")
    address = Text("Address", [AtMost(300, "An address"), plain_characters])

    def validate_sex(self, field: Choice) -> None:
        """One of those offered, or nothing."""
        if field.data not in {None, "", *dict(SEXES)}:
            field.data = None


@pages.app_template_filter("phone_words")
def phone_words(number: str) -> str:
    """A number as it is dialled from anywhere, in groups: `+44 20 7946 0958`."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return number


@pages.get("")
def index() -> ResponseReturnValue:
    """What there is, and where to change it."""
    me = services().auth.me()
    return page("account/index.html", me=me, sexes=dict(SEXES), language=languages.language(me.language))


@pages.get("/change")
def ask_change() -> ResponseReturnValue:
    """The form with what the clinic knows now."""
    me = services().auth.me()
    return page("account/change.html", form=_form()(obj=me, now=me.language), sexes=_sexes())


@pages.post("/change")
def change() -> ResponseReturnValue:
    """Change own details."""
    me = services().auth.me()
    form = _form()(now=me.language)
    if not form.validate_on_submit():
        return page("account/change.html", form=form, sexes=_sexes())
    try:
        session.update(services().auth.change_me(**_changes(form)))
    except Refusal as refusal:
        if refusal.status == 401:
            raise
        return page("account/change.html", form=form, refusal=refusal, sexes=_sexes())
    # bookings and prescriptions take the name from the token: the next one must carry the new name
    with suppress(Unavailable):
        session.renew()
    flash("Your details are saved.")
    return redirect(url_for(".index"), 303)


def _form() -> type[StaffDetails]:
    return Details if session.me().role == "patient" else StaffDetails


def _sexes() -> list[tuple[str, str, None]]:
    return [(value, words, None) for value, words in SEXES]


def _changes(form: StaffDetails) -> dict[str, str]:
    """Only our own fields, and of what may not be empty only what was chosen."""
    names = ("first_name", "last_name", "phone", "language", "address")
    changes = {name: form[name].data or "" for name in names if name in form}
    if "birth_date" in form:
        changes["birth_date"] = form["birth_date"].data.isoformat()
    if "sex" in form and form["sex"].data:
        changes["sex"] = form["sex"].data
    return changes

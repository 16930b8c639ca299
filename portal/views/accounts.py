"""Coming in and going out: sign up, sign in, sign out."""

from flask import Blueprint, flash, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from chassis.errors import Conflict, Refusal, Unauthenticated
from portal import challenge, kept, session
from portal.api import services
from portal.forms import (
    AtMost,
    DateParts,
    Form,
    Line,
    NewPassword,
    Password,
    Required,
    an_email,
    plain_characters,
)
from portal.pages import page

pages = Blueprint("accounts", __name__)

WRONG = "That e-mail and password do not match an account. Check both, then try again."
TAKEN = {
    "email-taken": ("email", "There is already an account with this e-mail address. Sign in instead, or use another."),
    "licence-taken": ("licence_number", "Another account has this licence. Check the number, or call us."),
}


class SignIn(Form):
    """E-mail and password."""

    email = Line("E-mail", [Required("Enter your e-mail address."), AtMost(254, "An e-mail address")])
    password = Password("Password")


class SignUp(Form):
    """A new patient's account. The date of birth stands on prescriptions."""

    first_name = Line("First name", [Required("Enter your first name."), AtMost(100, "A name"), plain_characters])
    last_name = Line("Last name", [Required("Enter your last name."), AtMost(100, "A name"), plain_characters])
    birth_date: DateParts | None = DateParts("Date of birth", [Required("Enter your date of birth.")])
    email = Line("E-mail", [Required("Enter your e-mail address."), AtMost(254, "An e-mail address"), an_email])
    password = NewPassword("Password")


class SignUpDoctor(SignUp):
    """A new doctor's account: nobody asks a doctor's age, but for the licence, which the clinic then checks."""

    birth_date: DateParts | None = None
    licence_number = Line("Licence number", [Required("Enter your licence number."), AtMost(30, "A licence number")])
    licence_register = Line("Register", [Required("Enter the register that holds it."), AtMost(50, "A register")])


@pages.route("/sign-in", methods=["GET", "POST"])
@session.public
def sign_in() -> ResponseReturnValue:
    """Sign in, and go where the person was going."""
    after = session.local_path(request.values.get("next"))
    if session.person() and request.method == "GET":
        return redirect(after, 303)
    form = SignIn()
    if not form.validate_on_submit():
        return page("accounts/sign_in.html", form=form, after=after)
    try:
        session.sign_in(services().auth.login(form.email.data, form.password.data))
    except Unauthenticated as refusal:
        if refusal.code == "second-factor-required":
            challenge.begin(refusal, after)
            return redirect(url_for("second_step.ask"), 303)
        form.form_errors = [WRONG]
        return page("accounts/sign_in.html", form=form, after=after, status=401)
    except Refusal as refusal:
        return page("accounts/sign_in.html", form=form, refusal=refusal, after=after)
    return redirect(after, 303)


@pages.post("/sign-out")
@session.public
def sign_out() -> ResponseReturnValue:
    """Sign out here, and end this sign-in everywhere."""
    session.sign_out()
    flash("You are signed out.")
    answer = make_response(redirect(url_for("home.index"), 303))
    kept.forget(answer, kept.FORM, kept.BOOKING)
    return answer


@pages.route("/sign-up", methods=["GET", "POST"])
@session.public
def sign_up() -> ResponseReturnValue:
    """A patient opens an account."""
    return _open_account("patient", SignUp(), "accounts/sign_up.html")


@pages.route("/sign-up/doctor", methods=["GET", "POST"])
@session.public
def sign_up_doctor() -> ResponseReturnValue:
    """A doctor opens an account; the clinic verifies the licence before it can be used."""
    return _open_account("doctor", SignUpDoctor(), "accounts/sign_up_doctor.html")


def _open_account(role: str, form: SignUp, template: str) -> ResponseReturnValue:
    after = session.local_path(request.values.get("next"))
    if not form.validate_on_submit():
        return page(template, form=form, after=after)
    try:
        services().auth.register(role=role, **_details(form))
    except Conflict as refusal:
        name, words = TAKEN["licence-taken" if refusal.code == "licence-taken" else "email-taken"]
        form[name].errors = [words]
        return page(template, form=form, after=after, status=409)
    except Refusal as refusal:
        return page(template, form=form, refusal=refusal, after=after)
    return _first_sign_in(form, after)


def _details(form: SignUp) -> dict[str, str]:
    """What the auth service wants to know. Only our own fields: nothing else of the request is passed on."""
    names = ("first_name", "last_name", "email", "password", "licence_number", "licence_register")
    given = {name: form[name].data for name in names if name in form}
    born = form["birth_date"].data if "birth_date" in form else None
    return {**given, **({"birth_date": born.isoformat()} if born else {})}


def _first_sign_in(form: SignUp, after: str) -> ResponseReturnValue:
    try:
        session.sign_in(services().auth.login(form.email.data, form.password.data))
    except Refusal:
        flash("Your account is ready. Sign in to go on.")
        return redirect(url_for("accounts.sign_in", next=after), 303)
    flash("Your account is ready.")
    return redirect(after, 303)

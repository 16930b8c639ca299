"""Looking after people, for admins: finding somebody, their account, and what can be done to it."""

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import Form as PlainForm

from chassis.errors import Refusal
from portal import session
from portal.acts import ACTS, ROLES, STATES, Act
from portal.api import services
from portal.api.people import Account
from portal.forms import AtMost, Choice, Form, Line, Pick, Required
from portal.pages import page

pages = Blueprint("people", __name__, url_prefix="/people")

PER_PAGE = 25


class Search(PlainForm):  # type: ignore[misc]
    """Whom to look for, from the address."""

    search = Line("Name or e-mail", [AtMost(254, "What you look for")])
    role = Pick("Role", [("", "All roles"), *((value, name) for value, (name, _) in ROLES.items())])
    state = Pick("State", [("", "All states"), *STATES.items()])

    @property
    def asked(self) -> dict[str, str]:
        """The filters that are set."""
        return {field.name: field.data for field in self if field.data}


class RoleForm(Form):
    """A role to give."""

    role = Choice("Role", [Required("Choose a role.")])


@pages.get("")
@session.only("admin")
def index() -> ResponseReturnValue:
    """Everybody with an account, a page at a time."""
    form = Search(request.args)
    if not form.validate():
        return page("people/index.html", form=form, people=None, cursor=None)
    cursor = request.args.get("cursor")
    people = services().people.listed(**form.asked, limit=PER_PAGE, cursor=cursor)
    return page("people/index.html", form=form, people=people, cursor=cursor)


@pages.get("/waiting")
@session.only("admin")
def waiting() -> ResponseReturnValue:
    """Doctors whose licence nobody has checked."""
    cursor = request.args.get("cursor")
    people = services().people.listed(role="doctor", state="waiting", limit=PER_PAGE, cursor=cursor)
    return page("people/waiting.html", people=people, cursor=cursor)


@pages.get("/<uuid:person_id>")
@session.only("admin")
def one(person_id: UUID) -> ResponseReturnValue:
    """One person's account."""
    somebody = services().people.one(str(person_id))
    return page("people/one.html", somebody=somebody, acts=possible(somebody), roles=ROLES)


def possible(somebody: Account) -> list[Act]:
    """What can be done to this account as it is now; nothing to one's own."""
    return [act for act in ACTS.values() if act.fits(somebody)] if somebody.id != session.me().id else []


@pages.get("/<uuid:person_id>/<any({acts}):name>".format(acts=", ".join(f"'{name}'" for name in ACTS)))
@session.only("admin")
def ask(person_id: UUID, name: str) -> ResponseReturnValue:
    """Say what will happen, before it does."""
    somebody = services().people.one(str(person_id))
    if ACTS[name] not in possible(somebody):
        return redirect(url_for(".one", person_id=person_id), 303)
    return page("people/act.html", somebody=somebody, act=ACTS[name])


@pages.post("/<uuid:person_id>/<any({acts}):name>".format(acts=", ".join(f"'{name}'" for name in ACTS)))
@session.only("admin")
def do(person_id: UUID, name: str) -> ResponseReturnValue:
    """Do it, or say why not."""
    act, somebody = ACTS[name], services().people.one(str(person_id))
    try:
        services().people.act(str(person_id), name)
    except Refusal as refusal:
        return _or_raise(refusal, "people/act.html", somebody=somebody, act=act)
    flash(act.done.format(name=somebody.name))
    return redirect(url_for(".one", person_id=person_id), 303)


@pages.get("/<uuid:person_id>/role")
@session.only("admin")
def ask_role(person_id: UUID) -> ResponseReturnValue:
    """Which role?"""
    somebody = services().people.one(str(person_id))
    if somebody.closed_at or somebody.id == session.me().id:
        return redirect(url_for(".one", person_id=person_id), 303)
    return page("people/role.html", form=RoleForm(role=somebody.role), somebody=somebody, roles=ROLES)


@pages.post("/<uuid:person_id>/role")
@session.only("admin")
def change_role(person_id: UUID) -> ResponseReturnValue:
    """Give the person another role."""
    form, somebody = RoleForm(), services().people.one(str(person_id))
    if form.role.data and form.role.data not in ROLES:
        abort(422)
    if not form.validate_on_submit():
        return page("people/role.html", form=form, somebody=somebody, roles=ROLES)
    try:
        services().people.change_role(str(person_id), form.role.data)
    except Refusal as refusal:
        return _or_raise(refusal, "people/role.html", form=form, somebody=somebody, roles=ROLES)
    flash(f"{somebody.name} now has the role {ROLES[form.role.data][0].lower()}.")
    return redirect(url_for(".one", person_id=person_id), 303)


def _or_raise(refusal: Refusal, template: str, **context: Any) -> ResponseReturnValue:
    """The page again with the refusal's own words; what is no word about this account has a page of its own."""
    if refusal.status in {401, 403, 404}:
        raise refusal
    return page(template, refusal=refusal, **context)

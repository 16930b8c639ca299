"""Who signs: where the clinic asks for a fresh proof, a page for password or code that carries all that was written."""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from chassis.errors import Refusal
from portal import session
from portal.api import services
from portal.desk import Desk, Pairs
from portal.pages import page
from portal.proving import CodeProof, Proof, again

ASKED = "reauthentication-required"
"""What a signature is refused with whose signer proved too long ago who they are."""
TEMPLATE = "prescriptions/prove.html"


def ask(desk: Desk, written: Pairs, how: str = "") -> ResponseReturnValue:
    """Ask for the password, or for a code of somebody who has a second factor; `how` is the one they chose."""
    return page(TEMPLATE, form=_form(how)(formdata=None), **_shown(desk, written, how))


def take(desk: Desk, written: Pairs, how: str) -> ResponseReturnValue | None:
    """Take the proof in this request; the page again where it is none.

    A form that comes back after a new sign-in has left its proof behind, and needs none.
    """
    form = _form(how)()
    name = "code" if isinstance(form, CodeProof) else "password"
    if name not in request.form:
        return None
    shown = _shown(desk, written, how)
    if not form.validate():
        return page(TEMPLATE, form=form, **shown)
    try:
        session.go_on(services().account.prove(**{name: form[name].data}))
    except Refusal as refusal:
        return again(TEMPLATE, form, refusal, **shown)
    return None


def _form(how: str) -> type[Proof | CodeProof]:
    return CodeProof if _by_code(how) else Proof


def _by_code(how: str) -> bool:
    return session.me().second_factor == "on" and how != "password"


def _shown(desk: Desk, written: Pairs, how: str) -> dict[str, Any]:
    return {"desk": desk, "written": written, "by_code": _by_code(how)}

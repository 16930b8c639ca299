"""Who the clinic is: the settings admins keep, and the logo that every page shows."""

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField
from wtforms.validators import ValidationError

from chassis.errors import Refusal, Unavailable
from portal import clinic_form, security, session
from portal.api import services
from portal.clinic import clinic, known_clinic
from portal.clinic_form import ClinicForm
from portal.forms import Form
from portal.pages import page

pages = Blueprint("clinic", __name__)

LARGEST_LOGO = 40 * 1024
KINDS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


class LogoForm(Form):
    """A picture to upload."""

    logo = FileField("Picture")
    data: bytes = b""
    media_type: str | None = None

    def validate_logo(self, field: FileField) -> None:
        """A small picture of one of three kinds. Its first bytes count, not its name."""
        self.data = field.data.read(security.LARGEST_FILE) if field.data else b""
        if not self.data:
            raise ValidationError("Choose a picture.")
        self.media_type = kind_of(self.data)
        if self.media_type is None:
            raise ValidationError("Choose a PNG, JPEG or WebP picture. This file is something else.")
        if len(self.data) > LARGEST_LOGO:
            raise ValidationError(f"The picture can have 40 kB. This one has {-(-len(self.data) // 1024):,} kB.")


def kind_of(data: bytes) -> str | None:
    """The media type of a picture, by its first bytes."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for beginning, kind in KINDS.items() if data.startswith(beginning)), None)


@pages.get("/logo")
@session.public
def logo() -> ResponseReturnValue:
    """The clinic's logo, for ever under its own address."""
    known = known_clinic()
    if request.args.get("v") != (known.now.logo and known.now.logo.version):
        known.hear_in_passing()
    found = known.now.logo
    if found is None:
        return redirect(security.static_url(clinic().mark))
    lasting = f"public, max-age={security.YEAR}, immutable"
    caching = lasting if request.args.get("v") == found.version else "no-cache"
    return Response(found.data, content_type=found.media_type, headers={"Cache-Control": caching})


@pages.get("/clinic")
@session.only("admin")
def settings() -> ResponseReturnValue:
    """What the clinic is called and where it is found, as it stands now."""
    return _page()


@pages.post("/clinic")
@session.only("admin")
def change() -> ResponseReturnValue:
    """Change it."""
    form = ClinicForm()
    if not form.validate_on_submit():
        return _page(form)
    try:
        known_clinic().take(services().clinic.change(**form.changes(known_clinic().own)))
    except Refusal as refusal:
        if refusal.status in {401, 403}:
            raise
        return _page(form, refusal=refusal)
    flash("The clinic's settings are saved. Every page shows them within seconds.")
    return redirect(url_for(".settings"), 303)


@pages.post("/clinic/logo")
@session.only("admin")
@security.takes_file
def set_logo() -> ResponseReturnValue:
    """Set the logo."""
    form = LogoForm()
    if not form.validate_on_submit() or form.media_type is None:
        return _page(logo_form=form)
    try:
        known_clinic().take(services().clinic.set_logo(form.data, form.media_type))
    except Refusal as refusal:
        if refusal.status in {401, 403}:
            raise
        return _page(logo_form=form, refusal=refusal)
    flash("The logo is set. Every page shows it within seconds.")
    return redirect(url_for(".settings", _anchor="logo-title"), 303)


@pages.get("/clinic/logo/remove")
@session.only("admin")
def ask_remove_logo() -> ResponseReturnValue:
    """Ask before the logo goes."""
    known_clinic().take(services().clinic.settings())
    if clinic().logo is None:
        return redirect(url_for(".settings"), 303)
    return page("clinic/remove_logo.html")


@pages.post("/clinic/logo/remove")
@session.only("admin")
def remove_logo() -> ResponseReturnValue:
    """Take the logo away; the program's own mark stands in its place."""
    services().clinic.remove_logo()
    known_clinic().take(services().clinic.settings())
    flash("The logo is removed.")
    return redirect(url_for(".settings"), 303)


def _page(
    form: ClinicForm | None = None, logo_form: LogoForm | None = None, refusal: Refusal | None = None
) -> ResponseReturnValue:
    """The settings with both forms; errors belong to the one that was sent."""
    try:
        known_clinic().take(services().clinic.settings())
    except Unavailable:
        if form is None and logo_form is None:
            raise
    sent = logo_form or form
    shown = form or ClinicForm(formdata=None, obj=clinic_form.shown(clinic()))
    empty = logo_form or LogoForm(formdata=None)
    return page("clinic/settings.html", form=sent, refusal=refusal, shown=shown, logo_form=empty)

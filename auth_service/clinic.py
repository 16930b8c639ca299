"""The rules of the clinic's settings: what an admin has said here counts, and the programs' own settings elsewhere."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from auth_service.models import Clinic, audit, db
from chassis import clock
from chassis.errors import NotFound
from chassis.identity import Principal


@dataclass(frozen=True)
class Logo:
    """A picture, its media type, and the version that names these bytes."""

    data: bytes
    media_type: str

    @property
    def version(self) -> str:
        """Other bytes, another version: what is kept under it never changes."""
        return hashlib.sha256(self.data).hexdigest()[:16]


def settings() -> Clinic:
    """What has been said so far; null where nothing was."""
    return db.session.get(Clinic, 1) or Clinic(id=1)


def change(who: Principal, changes: dict[str, str | None]) -> Clinic:
    """Set the given settings. None gives one back to the programs' own."""
    clinic = _lock()
    for field, value in changes.items():
        setattr(clinic, field, value)
    return _changed(who, clinic)


def set_logo(who: Principal, logo: Logo | None) -> Clinic:
    """Show this logo from now on, or none."""
    clinic = _lock()
    clinic.logo, clinic.logo_type = (logo.data, logo.media_type) if logo else (None, None)
    return _changed(who, clinic)


def logo(clinic: Clinic) -> Logo | None:
    """The logo, where there is one."""
    return Logo(clinic.logo, clinic.logo_type) if clinic.logo and clinic.logo_type else None


def the_logo() -> Logo:
    """The logo, or `NotFound`."""
    found = logo(settings())
    if found is None:
        raise NotFound("The clinic has no logo of its own.")
    return found


def _lock() -> Clinic:
    """The one row, made when it is missing, and locked: two admins at once lose nothing of each other's."""
    made = insert(Clinic).values(id=1, changed_at=clock.now())
    db.session.execute(made.on_conflict_do_nothing())
    found = select(Clinic).with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(found).one()


def _changed(who: Principal, clinic: Clinic) -> Clinic:
    clinic.changed_at = clock.now()
    audit.note("clinic.change", who)
    db.session.commit()
    return clinic

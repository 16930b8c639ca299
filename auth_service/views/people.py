"""Looking after people over HTTP, for admins only; and the public list of the doctors who may work."""

from uuid import UUID

from apiflask import APIBlueprint

from auth_service import licences, people
from auth_service.licences import Licence
from auth_service.models import Person, audit
from auth_service.schemas.people import (
    AccountOut,
    AccountsPage,
    LicenceIn,
    PeopleIn,
    ReasonIn,
    RoleIn,
    VerifiedDoctorOut,
    VerifiedDoctorsOut,
)
from auth_service.views import cursors
from chassis.docs import refuses
from chassis.errors import InvalidCursor, NotFound
from chassis.identity import allow, principal, public
from chassis.web import routine

bp = APIBlueprint("people", __name__, tag="People")


@bp.get("/people")
@allow("admin")
@refuses(InvalidCursor)
@bp.input(PeopleIn, location="query", arg_name="wanted")
@bp.output(AccountsPage)
@audit.of("person.list")
def listed(wanted: PeopleIn) -> AccountsPage:
    """List people by name. `waiting` are doctors whose licence nobody has checked yet."""
    found, cursor = cursors().page(
        f"people:{principal().id}",
        wanted,
        lambda limit, seen: people.listed(wanted.filter, limit, UUID(seen[0]) if seen else None),
        # not the name: an address may be seen, and a name may be longer than one
        lambda last: [str(last.person.id)],
    )
    return AccountsPage(items=[AccountOut.of_found(one) for one in found], next_cursor=cursor)


@bp.get("/people/<id:person_id>")
@allow("admin")
@refuses(NotFound)
@bp.output(AccountOut)
@audit.of("person.read")
def one(person_id: UUID) -> AccountOut:
    """Read one person's account."""
    return AccountOut.of_found(people.one(person_id))


@bp.post("/people/<id:person_id>/disable")
@allow("admin")
@refuses(NotFound, people.NotOneself, people.LastAdmin, people.AlreadySo)
@bp.output(AccountOut)
@audit.of("person.disable")
def disable(person_id: UUID) -> AccountOut:
    """Disable an account: all its sessions end, and nobody signs in to it."""
    return _out(people.disable(principal(), person_id))


@bp.post("/people/<id:person_id>/enable")
@allow("admin")
@refuses(NotFound, people.NotOneself, people.AlreadySo)
@bp.output(AccountOut)
@audit.of("person.enable")
def enable(person_id: UUID) -> AccountOut:
    """Enable a disabled account. One that its owner closed stays closed."""
    return _out(people.enable(principal(), person_id))


@bp.post("/people/<id:person_id>/unlock")
@allow("admin")
@refuses(NotFound, people.NotOneself, people.AlreadySo)
@bp.output(AccountOut)
@audit.of("person.unlock")
def unlock(person_id: UUID) -> AccountOut:
    """Let the owner of a locked account try again at once: its failed sign-ins count no longer."""
    return _out(people.unlock(principal(), person_id))


@bp.post("/people/<id:person_id>/sign-out")
@allow("admin")
@refuses(NotFound, people.NotOneself, people.AlreadySo)
@bp.output(AccountOut)
@audit.of("session.end")
def sign_out(person_id: UUID) -> AccountOut:
    """End all sessions of a person."""
    return _out(people.sign_out(principal(), person_id))


@bp.post("/people/<id:person_id>/remove-second-factor")
@allow("admin")
@refuses(NotFound, people.NotOneself, people.AlreadySo)
@bp.output(AccountOut)
@audit.of("second-factor.remove")
def remove_second_factor(person_id: UUID) -> AccountOut:
    """Take a lost second factor away. Make sure first that it is this person who asks."""
    return _out(people.remove_second_factor(principal(), person_id))


@bp.put("/people/<id:person_id>/role")
@allow("admin")
@refuses(NotFound, people.NotOneself, people.LastAdmin, people.AlreadySo)
@bp.input(RoleIn, arg_name="wanted")
@bp.output(AccountOut)
@audit.of("person.role")
def change_role(person_id: UUID, wanted: RoleIn) -> AccountOut:
    """Change a person's role. Whoever becomes a doctor starts unverified; the last admin stays one."""
    return _out(people.change_role(principal(), person_id, wanted.role))


@bp.post("/people/<id:person_id>/licence/verify")
@allow("admin")
@refuses(NotFound, licences.NotADoctor, licences.AlreadyVerified, licences.LicenceTaken)
@bp.input(LicenceIn, arg_name="licence")
@bp.output(AccountOut)
@audit.of("licence.verify")
def verify(person_id: UUID, licence: LicenceIn) -> AccountOut:
    """Record a licence as checked: the doctor may work. Also the way back from suspended or rejected."""
    return _out(licences.verify(person_id, Licence(licence.number, licence.register_, licence.checked_on)))


@bp.post("/people/<id:person_id>/licence/reject")
@allow("admin")
@refuses(NotFound, licences.NotADoctor, licences.LicenceState)
@bp.input(ReasonIn, arg_name="given")
@bp.output(AccountOut)
@audit.of("licence.reject")
def reject(person_id: UUID, given: ReasonIn) -> AccountOut:
    """Say why a licence that waits is not accepted."""
    return _out(licences.reject(person_id, given.reason))


@bp.post("/people/<id:person_id>/licence/suspend")
@allow("admin")
@refuses(NotFound, licences.NotADoctor, licences.LicenceState)
@bp.input(ReasonIn, arg_name="given")
@bp.output(AccountOut)
@audit.of("licence.suspend")
def suspend(person_id: UUID, given: ReasonIn) -> AccountOut:
    """Take a doctor's right to work away for now. Within seconds nobody books with them and they sign nothing."""
    return _out(licences.suspend(person_id, given.reason))


@bp.get("/auth/verified-doctors")
@public
@routine
@bp.output(VerifiedDoctorsOut)
def verified_doctors() -> VerifiedDoctorsOut:
    """List all doctors who may work, for programs that keep a directory."""
    return VerifiedDoctorsOut(doctors=[VerifiedDoctorOut.of(doctor) for doctor in licences.verified_doctors()])


def _out(person: Person) -> AccountOut:
    return AccountOut.of_found(people.found([person])[0])

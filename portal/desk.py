"""Where a prescription is written: for a visit, or on with a draft. Both are checked, kept and signed."""

from dataclasses import dataclass

from flask import url_for

from chassis.errors import Conflict, Refusal
from chassis.versions import VersionConflict
from portal import drafted
from portal.answers import sent
from portal.api import services
from portal.api.appointments import Appointment
from portal.api.drafts import Draft
from portal.api.prescriptions import Prescription
from portal.api.signing import Checked
from portal.outages import part
from portal.prescription_form import PrescriptionForm

Pairs = list[tuple[str, str]]


class VisitCancelled(Conflict):
    """409: the visit was cancelled while the doctor was writing, or before."""

    code, title = "visit-cancelled", "Appointment cancelled"
    detail = "This appointment was cancelled, so no prescription can be issued for it. Nothing was issued."


class NotConfirmed(Refusal):
    """503: no answer to the signature. It may have arrived, and signing again is safe."""

    status = 503
    code, title = "not-confirmed", "Not confirmed"
    detail = (
        "Prescriptions are not available right now, so we could not confirm that it was issued. Everything you wrote "
        "is still here. Sign again in a minute: signing twice never issues a second prescription."
    )


class SignedBefore(Refusal):
    """409: this form was signed before, with other words."""

    status = 409
    code, title = "signed-before", "Signed before"
    detail = (
        "A prescription was already issued from this form, with other words. Look at it in the appointment first. "
        "If you sign now, the patient gets a second prescription."
    )


class DraftGone(Refusal):
    """404: the draft was deleted in another window."""

    status = 404
    code, title = "draft-gone", "Draft deleted"
    detail = "This draft was deleted in another window. What you typed is still here: save it again, or check it."


class NothingListed(Refusal):
    """422: a template holds medicines from the list only."""

    status = 422
    code, title = "nothing-listed", "No medicine from the list"
    detail = "A template holds medicines from the list, and there is none here yet."


class ChangedMeanwhile(VersionConflict):
    """412: somebody else, or another window, has written the draft anew. Carries what it says now."""

    code, title = "changed-meanwhile", "Changed meanwhile"
    detail = (
        "This draft was changed in another window while you were writing. Nothing was overwritten, and what you typed "
        "is still here. Compare the two below."
    )

    def __init__(self, draft: Draft, read: Checked | None) -> None:
        super().__init__()
        self.draft, self.read = draft, read


@dataclass
class Desk:
    """Writing for a visit: nothing is kept until somebody asks for it."""

    visit: Appointment
    draft: Draft | None = None

    @property
    def url(self) -> str:
        """The address of all steps."""
        return url_for("prescribing.write", appointment_id=self.visit.id)

    @property
    def before(self) -> Prescription | None:
        """What this will replace or renew."""
        return None

    def check(self, form: PrescriptionForm) -> Checked:
        """What the safety checks find. They run each time: what they know may have changed."""
        return services().signing.check(self.visit.id, form.content)

    def keep(self, form: PrescriptionForm) -> Draft:
        """Keep it as a draft."""
        key = f"draft-{form.attempt.data}"
        return services().drafts.keep(self.visit.id, form.content, key)

    def sign(self, form: PrescriptionForm) -> Prescription:
        """Sign it, with the answers that were given to alerts."""
        return services().signing.sign(self.visit.id, form.content, sent(), form.attempt.data)


@dataclass
class DraftDesk(Desk):
    """Going on with a draft: what is checked is kept first, so that what is signed is what was seen."""

    draft: Draft

    @property
    def url(self) -> str:
        """The address of all steps."""
        return url_for("drafts.write", draft_id=self.draft.id)

    @property
    def before(self) -> Prescription | None:
        """What this will replace or renew; None as well while that cannot be read."""
        old = self.draft.replaces_id or self.draft.renews_id
        return part(lambda: services().prescriptions.one(old)).content if old else None

    def check(self, form: PrescriptionForm) -> Checked:
        """Keep it, then check what was kept. Raises `ChangedMeanwhile`."""
        self.keep(form)
        return services().drafts.check(self.draft.id)

    def keep(self, form: PrescriptionForm) -> Draft:
        """Write it anew, unless that is what it says already. Raises `ChangedMeanwhile`."""
        if not drafted.same(form, self.draft):
            try:
                self.draft = services().drafts.change(self.draft, form.seen, form.content)
            except Refusal as refusal:
                raise self._changed(refusal, form) from refusal
        form.version.data = str(self.draft.version)
        return self.draft

    def sign(self, form: PrescriptionForm) -> Prescription:
        """Sign the version that was seen. Raises `ChangedMeanwhile`."""
        try:
            return services().drafts.sign(self.draft.id, form.seen, sent(), form.attempt.data)
        except Refusal as refusal:
            raise self._changed(refusal, form) from refusal

    def _changed(self, refusal: Refusal, form: PrescriptionForm) -> Refusal:
        """The refusal, or what tells of the newer version. Whoever sends the form again has seen that one."""
        if refusal.code != VersionConflict.code:
            return refusal
        self.draft = services().drafts.one(self.draft.id)
        form.version.data = str(self.draft.version)
        return ChangedMeanwhile(self.draft, part(lambda: services().drafts.check(self.draft.id)).content)

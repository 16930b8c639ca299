"""What its prescriber can do with a signed prescription: when it fits, what it will do, which reason it asks for."""

from dataclasses import dataclass
from typing import Literal

from portal.api.prescriptions import Prescription

OPEN = frozenset({"active", "on-hold"})
REASONS = {
    "altchoice": "Another treatment is tried first",
    "clarif": "Something in it has to be made clear",
    "drughigh": "There is too much of the medicine in the blood",
    "hospadm": "Admitted to hospital",
    "labint": "It would disturb a laboratory test",
    "non-avail": "The medicine cannot be had",
    "preg": "Pregnancy",
    "salg": "Allergy",
    "sddi": "Interaction with another medicine",
    "sdupther": "The same treatment is given already",
    "sintol": "Not tolerated",
    "surg": "An operation is due",
    "washout": "The body has to be free of it for a while",
    "patient-request": "The patient asks for it",
    "entered-wrong-patient": "Written for the wrong patient",
}
"""The reasons of HL7's list, and two of ours, in words. Patients read them too."""
TOLD_AT_ONCE = "A pharmacy that checks the paper is told at once, and the patient's page says so."


@dataclass(frozen=True)
class Step:
    """One of them. `reason` is what it asks for: words, a code with words beside it, or nothing."""

    name: str
    label: str
    question: str
    effects: tuple[str, ...]
    done: str = ""
    source: frozenset[str] = OPEN
    reason: Literal["words", "code", "none"] = "none"
    shortest: int = 0
    hint: str = ""
    kind: str = "primary"

    def fits(self, prescription: Prescription) -> bool:
        """Whether this can be done now."""
        return prescription.status in self.source

    @property
    def begins_draft(self) -> bool:
        """Whether it begins a draft, and changes nothing yet."""
        return self.name in {"replace", "renew"}


STEPS = {
    step.name: step
    for step in (
        Step(
            "resume",
            "Let it go on",
            "Let this prescription go on?",
            ("It can be supplied again, as it was signed.", TOLD_AT_ONCE),
            "It goes on. It can be supplied again.",
            frozenset({"on-hold"}),
            "words",
            5,
            "Say what has become clear, for example: result is normal.",
        ),
        Step(
            "renew",
            "Renew",
            "Renew this prescription?",
            (
                "You get a draft of the same once more, for you to change and sign. This one stays as it is.",
                "Answers to alerts are not copied, and all safety checks are made again.",
            ),
            source=OPEN | {"completed", "cancelled", "stopped"},
        ),
        Step(
            "replace",
            "Replace",
            "Replace this prescription?",
            (
                "You get a draft with the same medicines, for you to change and sign.",
                "This one holds until you sign the draft. It is cancelled in the same moment.",
                "Its paper then names the newer one.",
            ),
        ),
        Step(
            "hold",
            "Put on hold",
            "Put this prescription on hold?",
            ("Nothing is supplied on it until you let it go on.", TOLD_AT_ONCE),
            "On hold. Nothing is supplied until you let it go on.",
            frozenset({"active"}),
            "words",
            5,
            "For example: blood result awaited.",
        ),
        Step(
            "cancel",
            "Cancel the prescription",
            "Cancel this prescription?",
            ("For a prescription on which nothing was supplied yet.", TOLD_AT_ONCE, "It cannot be taken back."),
            "Cancelled. Nothing can be supplied on it any more.",
            reason="code",
            kind="danger",
        ),
        Step(
            "stop",
            "Stop the treatment",
            "Stop this treatment?",
            (
                "For a treatment that has begun and ends now. Tell the patient what to do with what is at home.",
                TOLD_AT_ONCE,
                "It cannot be taken back.",
            ),
            "Stopped. Nothing more is supplied on it.",
            reason="code",
            kind="danger",
        ),
        Step(
            "enter-in-error",
            "Issued in error",
            "Was this prescription issued in error?",
            (
                "For one that should never have been, for example for the wrong patient.",
                "It stays on record with your reason, and no longer counts as a medicine the patient takes.",
                TOLD_AT_ONCE,
                "It cannot be taken back.",
            ),
            "Marked as issued in error.",
            OPEN | {"completed", "cancelled", "stopped"},
            "words",
            10,
            "For example: meant for another visit.",
            "danger",
        ),
    )
}


def possible(prescription: Prescription) -> list[Step]:
    """What can be done now."""
    return [step for step in STEPS.values() if step.fits(prescription)]

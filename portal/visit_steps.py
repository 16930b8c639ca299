"""The steps a doctor takes a visit through, and what its states are called: one press each, none of them a status."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.api.appointments import Appointment

STATES = {
    "pending": ("Held", "past", "clock"),
    "booked": ("Booked", "good", "calendar"),
    "arrived": ("Arrived", "wait", "clock"),
    "checked-in": ("Called in", "in", "forward"),
    "fulfilled": ("Done", "past", "check"),
    "noshow": ("Did not come", "off", "cross"),
    "cancelled": ("Cancelled", "off", "cross"),
    "entered-in-error": ("Entered in error", "off", "cross"),
}
"""What a status is called, how its badge looks, and its icon."""

CODES = {
    "patient": "the patient asked for it",
    "clinic": "the clinic",
    "weather": "weather",
    "died": "the patient has died",
    "left-unseen": "the patient left without being seen",
    "other": "another reason",
}
"""Why a visit is cancelled, as it is told."""


@dataclass(frozen=True)
class Step:
    """One press. `name` is the service's word, `done` what is said when it is taken."""

    name: str
    label: str
    done: str


STEPS = {
    step.name: step
    for step in (
        Step("arrive", "Arrived", "{name} has arrived."),
        Step("check-in", "Call in", "{name} is called in."),
        Step("complete", "Done", "The visit of {name} is done."),
        Step("no-show", "Did not come", "{name} did not come."),
        Step("undo", "Undo", "Taken back: the visit of {name} is booked."),
    )
}


@dataclass(frozen=True)
class Question:
    """What is asked before it is done. `step` is the service's word; `{name}` stands for the patient."""

    name: str
    step: str
    link: str
    title: str
    effects: tuple[str, ...]
    button: str
    done: str
    kind: str = "primary"
    states: tuple[str, ...] = ()

    def fits(self, visit: Appointment) -> bool:
        """Whether it may be done to this visit now."""
        return self.step in visit.actions and (not self.states or visit.status in self.states)


QUESTIONS = {
    question.name: question
    for question in (
        Question(
            "left-unseen",
            "cancel",
            "Left without being seen",
            "Did {name} leave without being seen?",
            ("The visit is closed as left without being seen.", "It cannot be opened again: book another time."),
            "Yes, they left",
            "{name} left without being seen.",
            states=("arrived", "checked-in"),
        ),
        Question(
            "cancel",
            "cancel",
            "Cancel the visit",
            "Cancel this visit?",
            ("The time becomes free.", "{name} is told by letter, and is on your list to phone where mail fails."),
            "Cancel the visit",
            "The visit of {name} is cancelled.",
            kind="danger",
        ),
        Question(
            "reopen",
            "reopen",
            "Open again",
            "Open this visit again?",
            ("The visit is as it was when {name} was called in.",),
            "Open it again",
            "The visit of {name} is open again.",
        ),
    )
}
AT_HAND = {
    "booked": ("arrive", "no-show"),
    "arrived": ("check-in", "complete", "undo"),
    "checked-in": ("complete",),
    "noshow": ("arrive", "undo"),
}
"""The steps that stand beside a visit of this status; further ones are on its own page."""


def at_hand(visit: Appointment) -> Sequence[Step]:
    """The steps to offer beside a visit: the usual ones, as far as they may be taken now."""
    return [STEPS[name] for name in AT_HAND.get(visit.status, ()) if name in visit.actions]


def every(visit: Appointment) -> Sequence[Step]:
    """All steps that may be taken now, the usual ones first."""
    rest = [step for name, step in STEPS.items() if name in visit.actions]
    return list(dict.fromkeys([*at_hand(visit), *rest]))

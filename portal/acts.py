"""What an admin can do to an account by one button: when it fits, and in words what it will do."""

from collections.abc import Callable
from dataclasses import dataclass

from portal.api.people import Account

ROLES = {
    "patient": ("Patient", "Books appointments and reads their own prescriptions."),
    "doctor": ("Doctor", "Sees own patients and writes prescriptions, once the licence is checked."),
    "admin": ("Admin", "Looks after people and settings. Sees nothing about anybody's health."),
}
STATES = {"active": "Active", "waiting": "Waiting", "disabled": "Disabled", "closed": "Closed"}


@dataclass(frozen=True)
class Act:
    """One of them. `{name}` stands for the person."""

    name: str
    label: str
    question: str
    effects: tuple[str, ...]
    done: str
    fits: Callable[[Account], bool]
    kind: str = "primary"
    of_doctors: tuple[str, ...] = ()

    def effects_on(self, somebody: Account) -> tuple[str, ...]:
        """What it will do to this account."""
        return (*self.effects, *(self.of_doctors if somebody.role == "doctor" else ()))


def _open(somebody: Account) -> bool:
    return somebody.disabled_at is None and somebody.closed_at is None


ACTS = {
    act.name: act
    for act in (
        Act(
            "unlock",
            "Unlock",
            "Let {name} try to sign in again?",
            (
                "Somebody got the password wrong too often, so nobody is let in for a while.",
                "After this the right password works again at once.",
            ),
            "{name} can sign in again.",
            lambda somebody: somebody.locked and _open(somebody),
        ),
        Act(
            "sign-out",
            "Sign out everywhere",
            "Sign {name} out everywhere?",
            (
                "Every phone and computer where this account is open is signed out within seconds.",
                "The account stays as it is: with the password it can be opened again.",
            ),
            "{name} is signed out everywhere.",
            _open,
        ),
        Act(
            "remove-second-factor",
            "Remove the second step",
            "Remove the second step of signing in for {name}?",
            (
                "Do this when the phone with the codes is lost, and only once you are sure who is asking.",
                "After this the password alone opens the account, until a new second step is set up.",
                "The recovery codes stop working.",
            ),
            "The second step of {name} is removed.",
            lambda somebody: somebody.second_factor == "on" and _open(somebody),
            "danger",
        ),
        Act(
            "disable",
            "Disable the account",
            "Disable the account of {name}?",
            (
                "They are signed out everywhere within seconds, and cannot sign in.",
                "Nothing is deleted. Appointments and prescriptions stay as they are.",
                "You can enable the account again.",
            ),
            "The account of {name} is disabled.",
            _open,
            "danger",
            of_doctors=("Nobody can book this doctor meanwhile.",),
        ),
        Act(
            "enable",
            "Enable the account",
            "Enable the account of {name}?",
            ("They can sign in again with the password they had.",),
            "The account of {name} is enabled.",
            lambda somebody: somebody.disabled_at is not None and somebody.closed_at is None,
        ),
    )
}

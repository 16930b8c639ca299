"""The words of our mail. No names and no health data: a letter may be read by others on its way.

Nothing that people wrote is in a letter either, so nobody can use us to say something to somebody else.
"""

from chassis.mail import Letter

END = "\n\nPlease do not answer this message: nobody reads the answers.\n"


def new_password(site: str, token: str) -> Letter:
    """The way to a new password."""
    return Letter(
        "Choose a new password",
        f"Somebody, hopefully you, wants a new password for your account at\n{site}\n\n"
        f"Open this page to choose one. It works once, within 30 minutes:\n\n{site}/reset-password?token={token}\n\n"
        "If it was not you, do nothing: your password stays as it is." + END,
    )


def confirm_email(site: str, token: str) -> Letter:
    """The question whether the new address is the person's own."""
    return Letter(
        "Confirm your e-mail address",
        f"Somebody, hopefully you, wants to use this address for an account at\n{site}\n\n"
        f"Open this page to confirm it. It works once, within 24 hours:\n\n{site}/confirm-email?token={token}\n\n"
        "If it was not you, do nothing: nothing changes." + END,
    )


def email_in_use(site: str) -> Letter:
    """To an address that somebody wants to move an account to, and that has one."""
    return Letter(
        "Your e-mail address is in use already",
        f"Somebody wants to use this address for another account at\n{site}\n\n"
        "It belongs to an account already, so nothing has changed. If it was you, sign in with this address,\n"
        f"or choose a new password for it at {site}/forgotten-password\n\nIf it was not you, do nothing." + END,
    )


def email_changed(site: str) -> Letter:
    """To the address that was the account's until now."""
    return Letter(
        "Your e-mail address has been changed",
        f"Your account at\n{site}\nnow has another e-mail address, and this one opens it no longer.\n\n"
        "If it was not you, tell the clinic at once." + END,
    )


def password_changed(site: str) -> Letter:
    """To the person whose password has just been changed."""
    return Letter(
        "Your password has been changed",
        f"The password of your account at\n{site}\nhas just been changed, and other devices are signed out.\n\n"
        f"If it was not you, choose a new one at once: {site}/forgotten-password" + END,
    )


def account_closed(site: str) -> Letter:
    """To the person whose account has just been closed."""
    return Letter(
        "Your account has been closed",
        f"Your account at\n{site}\nhas just been closed, as you asked. Nobody can sign in to it any more.\n"
        "The clinic keeps its record of your care.\n\nIf it was not you, tell the clinic at once." + END,
    )

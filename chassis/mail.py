"""Mail: what a letter is, and how one leaves.

By SMTP where `MAIL_URL` names a server, else as files in `MAIL_DIRECTORY`, else not at all, and the log says so.
"""

import os
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid, parseaddr
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, unquote, urlsplit
from uuid import uuid4

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from chassis import clock, logs
from chassis.settings import ServiceUrl, Settings

TIMEOUT = 10.0
"""Seconds for each step of a conversation with the mail server."""
NOBODY = "Clinic <noreply@clinic.example>"


class Hopeless(Exception):  # noqa: N818 - says what to do about it
    """Trying again would change nothing."""


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a letter. `media_type` is `type/subtype`, and `parameters` stand behind it."""

    name: str
    media_type: str
    data: bytes
    parameters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Letter:
    """What is said: a subject of one line, and plain text."""

    subject: str
    text: str
    attachments: tuple[Attachment, ...] = ()


Carrier = Callable[[EmailMessage], None]


def _of_a_mail_server(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.path.strip("/")):
        raise ValueError("is not a mail server, like smtp://user:password@mail.example.com:587")
    return url


class MailSettings(Settings):
    """What a program that sends letters reads."""

    portal_url: ServiceUrl = Field(default="http://127.0.0.1:8000", validation_alias="PORTAL_URL")
    mail_url: Annotated[str, AfterValidator(_of_a_mail_server)] = Field(
        default="", validation_alias="MAIL_URL", repr=False
    )
    mail_from: str = Field(default=NOBODY, validate_default=True, validation_alias="MAIL_FROM")
    mail_directory: str = Field(default="", validation_alias="MAIL_DIRECTORY")

    @field_validator("mail_from")
    @classmethod
    def _somebody(cls, sender: str, info: ValidationInfo) -> str:
        try:
            validate_email(parseaddr(sender)[1], check_deliverability=False, test_environment=True)
        except EmailNotValidError as error:
            raise ValueError("is not a sender, like Clinic <noreply@example.com>") from error
        if not sender.isprintable():
            raise ValueError("takes one line")
        if info.data.get("mail_url") and sender == NOBODY:
            raise ValueError("must be set where MAIL_URL is")
        return sender


def written(sender: str, to: str, letter: Letter, message_id: str | None = None) -> EmailMessage:
    """The message as it goes out. The library refuses line breaks in what becomes a header.

    `message_id` is the part before the @ of an id that stays the same when the letter is sent again.
    `ValueError` for a subject or an address that would break a header.
    """
    message = EmailMessage(policy=SMTP.clone(utf8=not to.isascii()))
    name, address = parseaddr(sender)
    domain = address.rpartition("@")[2]
    message["From"] = Address(name, addr_spec=address)
    message["To"] = Address("", *_parts(to))
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = f"<{message_id}@{domain}>" if message_id else make_msgid(domain=domain)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies, please
    message.set_content(letter.text, cte="7bit" if letter.text.isascii() else "quoted-printable")
    for file in letter.attachments:
        kind, subtype = file.media_type.split("/")
        message.add_attachment(file.data, kind, subtype, filename=file.name, params=dict(file.parameters))
    return message


def _parts(address: str) -> tuple[str, str]:
    """Who and where; the domain as the mail system spells it (RFC 5891), where the whole is ASCII then."""
    try:
        found = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError("not an address that mail can go to") from error
    return found.local_part, found.ascii_domain if found.ascii_email else found.domain


def carrier(url: str, directory: str) -> Carrier:
    """How messages leave: to the server of a `smtp://` or `smtps://` URL, into a directory, or nowhere."""
    if url:
        return lambda message: _hand_over(urlsplit(url), message)
    if directory:
        return lambda message: _put_down(Path(directory), message)
    return _let_go


def _hand_over(server: SplitResult, message: EmailMessage) -> None:
    with _connected(server) as connection:
        _send(connection, message)


def _send(connection: smtplib.SMTP, message: EmailMessage) -> None:
    """Hand it over. `Hopeless` is what the server has against this message; what it has against us may be put right."""
    try:
        connection.send_message(message)
    except smtplib.SMTPSenderRefused:
        raise
    except smtplib.SMTPRecipientsRefused as error:
        if all(code >= 500 for code, _ in error.recipients.values()):
            raise Hopeless from error
        raise
    except smtplib.SMTPNotSupportedError as error:
        raise Hopeless from error
    except smtplib.SMTPResponseException as error:
        if error.smtp_code >= 500:
            raise Hopeless from error
        raise


def _connected(server: SplitResult) -> smtplib.SMTP:
    """A conversation with the server: encrypted with `smtps`, or where it offers that, and always before a password."""
    host, user, password = server.hostname or "", unquote(server.username or ""), unquote(server.password or "")
    context = ssl.create_default_context()
    connection: smtplib.SMTP
    if server.scheme == "smtps":
        connection = smtplib.SMTP_SSL(host, server.port or 465, timeout=TIMEOUT, context=context)
    else:
        connection = smtplib.SMTP(host, server.port or (587 if user else 25), timeout=TIMEOUT)
    try:
        connection.ehlo_or_helo_if_needed()
        if server.scheme == "smtp" and (user or connection.has_extn("starttls")):
            connection.starttls(context=context)
        if user:
            connection.login(user, password)
    except BaseException:
        connection.close()
        raise
    return connection


def _put_down(directory: Path, message: EmailMessage) -> None:
    """One file a message, readable by its owner only, and there as a whole or not at all."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{clock.now():%Y%m%dT%H%M%S.%f}-{uuid4().hex[:8]}"
    half = directory / f".{name}"
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(message.as_bytes(policy=message.policy.clone(linesep="\n")))
    half.rename(directory / f"{name}.eml")


def _let_go(message: EmailMessage) -> None:
    logs.logger.warning("mail not sent: neither MAIL_URL nor MAIL_DIRECTORY is set")

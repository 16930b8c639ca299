"""A real mail server on this machine, and what it has taken."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, cast

import aiosmtpd.smtp
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope, Session

from tests.servers import free_port

Serve = Callable[..., int]
"""Starts a server, and gives its port."""


class Postbox:
    """What mail servers have taken, and how they answer. `begun` is set while a letter is being taken."""

    def __init__(self) -> None:
        self.taken: list[tuple[Envelope, EmailMessage]] = []
        self.encrypted: list[bool] = []
        self.answers: list[str] = []
        self.pause = 0.0
        self.refuses_us = False
        self.begun = threading.Event()

    async def handle_MAIL(  # noqa: N802 - theirs
        self, server: aiosmtpd.smtp.SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuses_us:
            return "550 not from here"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: aiosmtpd.smtp.SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - theirs
        self.begun.set()
        await asyncio.sleep(self.pause)
        if self.answers:
            return self.answers.pop(0)
        self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        content = cast(bytes, envelope.content)
        self.taken.append((envelope, cast(EmailMessage, message_from_bytes(content, policy=SMTP))))
        return "250 OK"

    @property
    def letters(self) -> list[EmailMessage]:
        """What it has taken, as it arrived."""
        return [letter for _, letter in self.taken]


@contextmanager
def mail_servers(postbox: Postbox) -> Iterator[Serve]:
    """Servers that put what comes into this box, for the block."""
    running = []

    def start(port: int | None = None, **given: Any) -> int:
        given |= {"hostname": "127.0.0.1", "port": port or free_port(), "enable_SMTPUTF8": True, "ready_timeout": 30}
        controller = Controller(postbox, **given)
        controller.start()
        running.append(controller)
        return int(controller.port)

    yield start
    for controller in running:
        controller.stop()

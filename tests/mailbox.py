"""The letters that the auth service has written, as their readers find them."""

import re
import time
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import cast

SECONDS = 10


class Mailbox:
    """Everybody's letters, in the directory that the services of the tests write to."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def letters(self, to: str) -> list[EmailMessage]:
        """What has arrived for an address, oldest first."""
        found = [
            cast(EmailMessage, message_from_bytes(file.read_bytes(), policy=SMTP))
            for file in sorted(self.directory.glob("*.eml"))
        ]
        return [letter for letter in found if letter["To"].addresses[0].addr_spec == to]

    def wait(self, to: str, number: int = 1) -> EmailMessage:
        """The newest letter to an address, once so many have arrived."""
        deadline = time.monotonic() + SECONDS
        while len(found := self.letters(to)) < number:
            assert time.monotonic() < deadline, f"{len(found)} letters to {to}, not {number}"
            time.sleep(0.02)
        return found[-1]

    def token(self, to: str, number: int = 1) -> str:
        """The token of the link in the newest letter to an address."""
        found = re.search(r"\?token=([\w-]+)", self.wait(to, number).get_content())
        assert found, "no link in the letter"
        return found.group(1)

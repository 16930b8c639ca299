"""The mail of this service: behind the answer, so that no request waits for it or fails by it."""

from auth_service.afterwards import Afterwards, Job
from chassis.mail import Carrier, Letter, written


class Mail:
    """Sends letters. `links` is what the links in them begin with."""

    def __init__(self, sender: str, carrier: Carrier, links: str, afterwards: Afterwards) -> None:
        self.links = links.rstrip("/")
        self._sender, self._carrier, self._afterwards = sender, carrier, afterwards

    def send(self, to: str, letter: Letter) -> None:
        """Send a letter to one address, soon. `ValueError` for a subject or an address that would break a header."""
        message = written(self._sender, to, letter)
        self._afterwards.put("mail", lambda: self._carrier(message))

    def later(self, job: Job) -> None:
        """Do the work that leads to a letter after the answer too, so that its time tells nothing."""
        self._afterwards.put("work before mail", job)

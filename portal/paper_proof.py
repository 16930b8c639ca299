"""What a paper is checked with: a QR code that holds its secret, the same as a code to type, and where to check it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import segno
from flask import url_for

from portal.api.prescriptions import Prescription


@dataclass(frozen=True)
class Proof:
    """The picture as a `data:` address, the code to type, and the address in words, as a forged QR code shows."""

    picture: str
    code: str
    address: str

    @property
    def words(self) -> str:
        """What to do with it."""
        return f"Check at {self.address} by the square or the code. Do not trust another address."


def proof(prescription: Prescription) -> Proof | None:
    """What stands beside the signature; None where the service has given no secret."""
    if prescription.verification is None:
        return None
    page = url_for("verification.index", _external=True)
    scanned = segno.make(f"{page}#{prescription.verification.token}", micro=False, error="m")
    picture = scanned.svg_data_uri(border=4, omitsize=True, dark="#000", light="#fff")
    return Proof(picture, prescription.verification.code, urlsplit(page).netloc + urlsplit(page).path)

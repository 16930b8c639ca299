"""WeasyPrint at work: a page of ours drawn as a PDF, with nothing but our own files in it.

Imported by `portal.pdf` only, and only where WeasyPrint and the libraries it draws with are there.
"""

import logging
import mimetypes
from pathlib import Path
from urllib.parse import unquote, urlsplit

from flask import current_app, request
from weasyprint import HTML
from weasyprint.urls import URLFetcher, URLFetcherResponse
from werkzeug.security import safe_join

from portal.clinic import clinic, mark_url

for name in ("weasyprint", "fontTools"):  # they tell of every style that is for browsers only
    logging.getLogger(name).setLevel(logging.ERROR)


class Refused(ValueError):  # noqa: N818 - as refusals are named here
    """An address that a page of ours has no business with."""


class OurFiles(URLFetcher):  # type: ignore[misc]
    """Static files read from the disk, the clinic's logo, and pictures that stand in the page itself. No network."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols={"data"}, allow_redirects=False)
        self._fail_on_errors = True

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        """What is at an address. Raises `Refused` for everything that is not ours."""
        if url.startswith("data:image/"):
            return super().fetch(url, headers)
        asked, here = urlsplit(url), urlsplit(request.host_url)
        logo = clinic().logo
        if (asked.scheme, asked.netloc) == (here.scheme, here.netloc):
            if logo and f"{asked.path}?{asked.query}" == mark_url():
                return URLFetcherResponse(url, logo.data, {"Content-Type": logo.media_type})
            if file := _static(asked.path):
                kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
                return URLFetcherResponse(url, file.read_bytes(), {"Content-Type": kind})
        raise Refused(url)


def _static(path: str) -> Path | None:
    """The file behind an address of the static folder."""
    prefix = f"{current_app.static_url_path}/"
    if not path.startswith(prefix):
        return None
    found = safe_join(current_app.static_folder or "", unquote(path.removeprefix(prefix)))
    return Path(found) if found else None


def draw(source: str) -> bytes:
    """The PDF of a page, as its print style says."""
    made = HTML(string=source, base_url=request.host_url, url_fetcher=OurFiles()).write_pdf()
    return bytes(made)

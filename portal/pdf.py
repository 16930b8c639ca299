"""Paper as a PDF, from the very page that a browser prints. Offered only where WeasyPrint can be used."""

from functools import cache
from types import ModuleType

from flask import Flask, Response

NAME = "prescription.pdf"
"""The same for every file: a name or a number in it would be read off a shared computer's list of downloads."""


@cache
def engine() -> ModuleType | None:
    """What draws; None where WeasyPrint, or a library of the system that it needs, is missing."""
    try:
        from portal import pdf_engine
    except (ImportError, OSError):
        return None
    return pdf_engine


def answer(engine: ModuleType, source: str) -> Response:
    """A page as a file to keep."""
    headers = {"Content-Disposition": f'attachment; filename="{NAME}"'}
    return Response(engine.draw(source), mimetype="application/pdf", headers=headers)


def init_app(app: Flask) -> None:
    """Look once, at start: whether pages may offer it."""
    app.jinja_env.globals["pdf_available"] = engine() is not None

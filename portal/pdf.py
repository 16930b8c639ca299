"""Paper as a PDF, from the very page that a browser prints. Offered only where WeasyPrint can be used."""

import ctypes
from functools import cache
from importlib.util import find_spec
from types import ModuleType

from flask import Flask, Response

NAME = "prescription.pdf"
"""The same for every file: a name or a number in it would be read off a shared computer's list of downloads."""
LIBRARIES = (
    ("libgobject-2.0.so.0", "libgobject-2.0.0.dylib"),
    ("libpango-1.0.so.0", "libpango-1.0.dylib"),
    ("libpangoft2-1.0.so.0", "libpangoft2-1.0.dylib"),
    ("libharfbuzz.so.0", "libharfbuzz.0.dylib"),
    ("libfontconfig.so.1", "libfontconfig.1.dylib"),
)
"""Of the system, which WeasyPrint opens: each under its name on Linux, or on macOS."""


@cache
def engine() -> ModuleType | None:
    """What draws; None where WeasyPrint, or a library of the system that it needs, is missing.

    Imported by the first who wants a PDF: it takes a third of a second and 20 MB, and most workers never draw one.
    """
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
    app.jinja_env.globals["pdf_available"] = find_spec("weasyprint") is not None and all(map(_opens, LIBRARIES))


def _opens(names: tuple[str, ...]) -> bool:
    """Whether the system has a library under one of these names."""
    for name in names:
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return True
    return False

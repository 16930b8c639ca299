"""The table in `docs/access.md`, as tests read it."""

import re
from pathlib import Path

from flask import Flask

PAGE = Path(__file__).parent.parent.parent / "docs" / "access.md"
NOBODY = "nobody"
ROLES = ("patient", "unverified", "suspended", "doctor", "admin")
MAY, OWN, REFUSED = "✓", "own", "–"
_LINE = re.compile(r"^\| `([A-Z]+ /[^`]*)` \|(.*)\|$")

Line = dict[str, str]
"""What each of nobody and the roles may do at one endpoint."""


def policy(service: str) -> dict[str, Line]:
    """The lines of one service, those of every service included, by `METHOD /rule`."""
    found: dict[str, Line] = {}
    heading = ""
    for line in PAGE.read_text().splitlines():
        heading = line.removeprefix("## ") if line.startswith("## ") else heading
        if heading in {"Every service", service} and (match := _LINE.match(line)):
            assert match[1] not in found, f"twice in {PAGE.name}: {match[1]}"
            found[match[1]] = dict(zip((NOBODY, *ROLES), (cell.strip() for cell in match[2].split("|")), strict=True))
    return found


def endpoints(app: Flask) -> set[str]:
    """What the service answers to, as `METHOD /rule`."""
    return {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def without_line(app: Flask, service: str) -> list[str]:
    """Endpoints that the table does not know, each as the line to add: everybody refused, until somebody decides."""
    blank = " | ".join([REFUSED] * (1 + len(ROLES)))
    return [f"| `{endpoint}` | {blank} |" for endpoint in sorted(endpoints(app) - policy(service).keys())]

"""Versions of records (RFC 9110): `ETag` says which one was read, `If-Match` which one a change was made on."""

import re
from collections.abc import Callable

from flask import Response, after_this_request, request

from chassis.errors import Invalid, Refusal

CheckVersion = Callable[[int], None]
"""Takes the version a record has, and raises where whoever changes it has seen another one."""
_TAG = re.compile(r'"(\d{1,9})"', re.ASCII)


class PreconditionRequired(Refusal):
    """428: a change that must say which version it was made on."""

    status = 428
    code, title = "precondition-required", "Which version?"
    detail = "Send If-Match with the ETag of what you saw."


class VersionConflict(Refusal):
    """412: somebody has changed the record since. Carries the `version` it has now."""

    status = 412
    code, title = "version-conflict", "Changed meanwhile"
    detail = "Somebody has changed this since you opened it. Look at it again."


def tag(version: int) -> None:
    """Send the version of what is answered as `ETag`."""

    @after_this_request
    def add(answer: Response) -> Response:
        answer.headers["ETag"] = f'"{version}"'
        return answer


def if_match(*, required: bool = False) -> CheckVersion:
    """A check against the version in `If-Match`; without one, none. Raises `PreconditionRequired` and `Invalid`."""
    sent = request.headers.get("If-Match")
    if sent is None:
        if required:
            raise PreconditionRequired
        return lambda _: None
    found = _TAG.fullmatch(sent.strip())
    if not found:
        raise Invalid.field("/If-Match", "etag", "If-Match takes one ETag, as it was sent.")
    seen = int(found[1])

    def check(version: int) -> None:
        if version != seen:
            raise VersionConflict(version=version)

    return check

"""The clinic's settings at the auth service: everybody reads them, admins change them."""

import base64
from typing import Any

from chassis.client import File
from portal import session
from portal.api.base import Answer, Api


class ClinicSettings(Answer):
    """What admins have said about the clinic. None where they said nothing: then the portal's own settings count."""

    name: str | None = None
    address: str | None = None
    phone: str | None = None
    email: str | None = None
    time_zone: str | None = None
    emergency_number: str | None = None
    emergency_text: str | None = None
    logo: str | None = None
    """The path of the picture, with its version."""


class ClinicApi(Api):
    """Calls about the clinic's settings."""

    def settings(self) -> ClinicSettings:
        """The settings as they are now."""
        return self.read(ClinicSettings, "GET", "/clinic")

    def logo(self, path: str) -> tuple[bytes, str]:
        """The picture at the path that the settings name, and its media type."""
        found: File = self.client.request("GET", path, as_file=True)
        return found.data, found.headers.get("Content-Type", "")

    def change(self, **changes: str | None) -> ClinicSettings:
        """Change settings; None gives one back to the portal's own."""
        return self.read(ClinicSettings, "PATCH", "/clinic", token=session.token(), json=changes)

    def set_logo(self, data: bytes, media_type: str) -> ClinicSettings:
        """Set the picture."""
        body: dict[str, Any] = {"media_type": media_type, "data": base64.b64encode(data).decode()}
        return self.read(ClinicSettings, "PUT", "/clinic/logo", token=session.token(), json=body)

    def remove_logo(self) -> None:
        """Take the picture away."""
        self.tell("DELETE", "/clinic/logo", token=session.token())

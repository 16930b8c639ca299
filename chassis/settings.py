"""Typed settings, read once from the environment at start; everything missing is reported at once."""

import os
import sys
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from chassis.proxies import Proxies

SECRETS_DIR = "/run/secrets"


def _long_enough(secret: str) -> str:
    if len(secret) < 32:
        raise ValueError("must be at least 32 characters; make one with `openssl rand -hex 32`")
    return secret


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or " " in url:
        raise ValueError("is not a web address, like http://auth-service:8001")
    return url


Secret = Annotated[str, AfterValidator(_long_enough), Field(repr=False)]
"""A secret of at least 32 characters. It has no default anywhere, and shows in no print of the settings."""
SecretOrNone = Annotated[str, AfterValidator(lambda secret: _long_enough(secret) if secret else ""), Field(repr=False)]
"""A secret that a program starts without. Empty is none: what it guards is closed then."""
ServiceUrl = Annotated[str, AfterValidator(_web_address)]
"""Where a neighbour answers."""
UrlOrNone = Annotated[str, AfterValidator(lambda url: _web_address(url) if url else "")]
"""A web address, or none."""


def _zone(name: object) -> ZoneInfo:
    try:
        return name if isinstance(name, ZoneInfo) else ZoneInfo(str(name))
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("is not the name of a time zone, like Europe/London") from error


TimeZone = Annotated[ZoneInfo, BeforeValidator(_zone)]
"""A zone by its name in the IANA database."""


def _addresses(allowed: str) -> str:
    try:
        Proxies(allowed)
    except ValueError:
        raise ValueError("takes addresses and networks with commas between, or *") from None
    return allowed


def _comma_separated(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class Settings(BaseSettings):
    """What every program reads. A file `/run/secrets/<name>` in lower case serves in place of a variable."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    environment: Literal["production", "demo"] = "production"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    trusted_hosts: Annotated[list[str], NoDecode, BeforeValidator(_comma_separated)] = Field(default_factory=list)
    forwarded_allow_ips: Annotated[str, AfterValidator(_addresses)] = "127.0.0.1"
    otel_exporter_otlp_endpoint: UrlOrNone = ""

    @classmethod
    def from_environment(cls: "type[S]", **given: Any) -> "S":
        """Read the environment; on anything missing or malformed, say all of it in plain lines and exit with 2."""
        try:
            return cls(_secrets_dir=SECRETS_DIR if _readable_dir(SECRETS_DIR) else None, **given)
        except ValidationError as error:
            sys.exit(_explain(error))


S = TypeVar("S", bound=Settings)


def _readable_dir(path: str) -> bool:
    return os.path.isdir(path) and os.access(path, os.R_OK)


def _explain(error: ValidationError) -> str:
    """One line for each setting that is missing or wrong. The value itself is never shown: it may be a secret."""
    lines = []
    for problem in error.errors(include_input=False):
        name = "_".join(str(part) for part in problem["loc"]).upper()
        lines.append(f"  {name}: {'is not set' if problem['type'] == 'missing' else problem['msg']}")
    return "These settings need attention (see the settings table in README.md):\n" + "\n".join(lines)

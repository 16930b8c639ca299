"""Tokens of every kind, signed with the real key of the auth service under test or with anything else."""

import base64
import json
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from flask import Flask

from auth_service import signing_keys

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group of P-256."""


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


@dataclass(frozen=True)
class Forger:
    """Knows the private key, as no forger should: only the rule under test is left to refuse what it makes."""

    kid: str
    key: ec.EllipticCurvePrivateKey
    claims: dict[str, Any]

    @property
    def header(self) -> dict[str, Any]:
        return {"alg": "ES256", "typ": "at+jwt", "kid": self.kid}

    def signed(self, header: bytes, payload: bytes, key: ec.EllipticCurvePrivateKey | None = None) -> str:
        """A JWS over these very bytes."""
        text = f"{b64(header)}.{b64(payload)}"
        r, s = decode_dss_signature((key or self.key).sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def token(self, header: dict[str, Any] | None = None, without: str | None = None, **claims: Any) -> str:
        """The person's own token with these claims changed, or one of them left out."""
        payload = {name: value for name, value in (self.claims | claims).items() if name != without}
        return self.signed(dump(self.header if header is None else header), dump(payload))

    def spliced(self, old: str, new: str) -> str:
        """A token whose payload has one piece of its text exchanged, for what no JSON writer would write."""
        text = dump(self.claims).decode()
        assert old in text
        return self.signed(dump(self.header), text.replace(old, new, 1).encode())


def dump(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def forger(auth: Flask, token: str) -> Forger:
    """A forger who starts from the claims of a valid token."""
    claims = jwt.decode(token, options={"verify_signature": False})
    with auth.app_context():
        kid, key = signing_keys.signing_key(auth.config["AUTH_SECRET_KEY"])
    return Forger(kid, key, claims)

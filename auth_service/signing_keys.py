"""The ES256 keys that sign access tokens: made here, kept encrypted, published as a JWK set."""

import base64
import json
import secrets
from functools import lru_cache
from typing import Any

import jwt
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from jwt.algorithms import ECAlgorithm
from sqlalchemy import func, select

from auth_service.models import SigningKey, db
from chassis import clock
from chassis.tokens import ALGORITHM

_ONE_AT_A_TIME = 7283641


def published() -> list[dict[str, Any]]:
    """The public keys whose tokens may still be about."""
    return list(db.session.scalars(select(SigningKey.jwk).order_by(SigningKey.created_at)))


def public_key(kid: str) -> Any | None:
    """The public key of a `kid`, or None."""
    jwk = db.session.scalar(select(SigningKey.jwk).where(SigningKey.kid == kid))
    return jwt.PyJWK(jwk, ALGORITHM).key if jwk else None


def signing_key(secret: str) -> tuple[str, ec.EllipticCurvePrivateKey]:
    """The `kid` and private key to sign with now; the first one is made when there is none."""
    newest = select(SigningKey).where(SigningKey.retired_at.is_(None)).order_by(SigningKey.created_at.desc()).limit(1)
    key = db.session.scalar(newest)
    if key is None:
        db.session.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
        key = db.session.scalar(newest) or _add_key(secret)
    return key.kid, _decrypt(secret, key.private_key)


def _add_key(secret: str) -> SigningKey:
    private = ec.generate_private_key(ec.SECP256R1())
    kid = secrets.token_urlsafe(12)
    jwk = json.loads(ECAlgorithm.to_jwk(private.public_key())) | {"kid": kid, "use": "sig", "alg": ALGORITHM}
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key = SigningKey(kid=kid, jwk=jwk, private_key=_cipher(secret).encrypt(pem), created_at=clock.now())
    db.session.add(key)
    db.session.flush()
    return key


@lru_cache(maxsize=8)
def _decrypt(secret: str, encrypted: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(_cipher(secret).decrypt(encrypted), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the stored signing key is not an elliptic curve key")
    return key


@lru_cache(maxsize=2)
def _cipher(secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(derive(secret, b"signing keys")))


def derive(secret: str, purpose: bytes) -> bytes:
    """32 bytes of key for one purpose, from the one secret of this service (HKDF, RFC 5869)."""
    return HKDF(hashes.SHA256(), 32, salt=None, info=purpose).derive(secret.encode())

"""The ES256 keys that sign access tokens: made here, kept encrypted, published as a JWK set, and changed by command.

A key is published before it signs, and until the last token it signed is dead. Nothing of this is kept in memory: each
worker asks the database, so that all of them sign and publish alike.
"""

import base64
import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import jwt
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from jwt.algorithms import ECAlgorithm
from sqlalchemy import ColumnElement, delete, func, or_, select

from auth_service.models import SigningKey, db
from chassis import clock
from chassis.tokens import ALGORITHM, LEEWAY, LIFE

AHEAD = timedelta(seconds=60)
"""A new key is published this long before it signs. Services read the keys every ten seconds."""
KEPT = timedelta(seconds=LIFE + 6 * LEEWAY)
"""A key is published this long after it signed its last token."""
_ONE_AT_A_TIME = 7283641
Pair = tuple[str, ec.EllipticCurvePrivateKey]
"""A `kid` and the private key of that name."""


def published(secret: str) -> list[dict[str, Any]]:
    """The public keys whose tokens may be about. The first key is made when it is asked for, before it signs."""
    query = select(SigningKey.jwk).where(_published()).order_by(SigningKey.created_at)
    found = list(db.session.scalars(query))
    if not found:
        signing_key(secret)
        db.session.commit()
        found = list(db.session.scalars(query))
    return found


def public_key(kid: str) -> Any | None:
    """The public key of a `kid`, or None."""
    jwk = db.session.scalar(select(SigningKey.jwk).where(SigningKey.kid == kid, _published()))
    return _parsed(jwk["x"], jwk["y"]) if jwk else None


def signing_key(secret: str) -> Pair:
    """The `kid` and private key to sign with now; the first one is made when there is none that the secret opens."""
    found = _signs(secret)
    if found is None:
        db.session.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
        found = _signs(secret) or _begin(secret)
    return found


def rotate(secret: str) -> str:
    """Publish a new key and give its `kid`. It signs from `AHEAD` on; what signed until then ends with its tokens."""
    db.session.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
    _retire(clock.now() + AHEAD)
    new = _add_key(secret)
    db.session.execute(delete(SigningKey).where(~_published()))
    db.session.commit()
    return new.kid


def replace(secret: str) -> str:
    """Drop every key and sign with a new one at once: for when one was stolen. Every token that is about is refused."""
    db.session.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
    db.session.execute(delete(SigningKey))
    new = _add_key(secret)
    db.session.commit()
    return new.kid


def drop_dead() -> None:
    """Forget keys whose last token is dead, and with them their private halves."""
    db.session.execute(delete(SigningKey).where(~_published()))
    db.session.commit()


def _published() -> ColumnElement[bool]:
    return or_(SigningKey.retired_at.is_(None), SigningKey.retired_at > clock.now() - KEPT)


def _signs(secret: str) -> Pair | None:
    """The newest key that has been published long enough; the oldest of all as long as none has."""
    ready: list[Pair] = []
    waiting: list[Pair] = []
    for key in _unretired():
        if private := _decrypt(secret, key.private_key):
            (ready if key.created_at <= clock.now() - AHEAD else waiting).append((key.kid, private))
    return ready[-1] if ready else next(iter(waiting), None)


def _begin(secret: str) -> Pair:
    """A first key that signs at once. Keys of another secret sign no more."""
    _retire(clock.now())
    key = _add_key(secret)
    private = _decrypt(secret, key.private_key)
    assert private is not None  # noqa: S101 - encrypted a moment ago
    return key.kid, private


def _retire(at: datetime) -> None:
    for key in _unretired():
        key.retired_at = min(key.retired_at or at, at)


def _unretired() -> Sequence[SigningKey]:
    query = select(SigningKey).where(or_(SigningKey.retired_at.is_(None), SigningKey.retired_at > clock.now()))
    return db.session.scalars(query.order_by(SigningKey.created_at)).all()


@lru_cache(maxsize=8)
def _parsed(x: str, y: str) -> Any:
    return jwt.PyJWK({"kty": "EC", "crv": "P-256", "x": x, "y": y}, ALGORITHM).key


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
def _decrypt(secret: str, encrypted: bytes) -> ec.EllipticCurvePrivateKey | None:
    """The private key, or None for one that was made under another secret."""
    try:
        key = serialization.load_pem_private_key(_cipher(secret).decrypt(encrypted), password=None)
    except InvalidToken:
        return None
    return key if isinstance(key, ec.EllipticCurvePrivateKey) else None


@lru_cache(maxsize=2)
def _cipher(secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(derive(secret, b"signing keys")))


def derive(secret: str, purpose: bytes) -> bytes:
    """32 bytes of key for one purpose, from the one secret of this service (HKDF, RFC 5869)."""
    return HKDF(hashes.SHA256(), 32, salt=None, info=purpose).derive(secret.encode())

"""Opaque secrets that are given out once (refresh tokens, links, challenges, codes): the database knows their hashes.

They are random and long, so a fast hash is enough: nobody finds one by guessing.
"""

import hashlib


def hashed(secret: str) -> bytes:
    """The SHA-256 under which a secret is kept."""
    return hashlib.sha256(secret.encode()).digest()

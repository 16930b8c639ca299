"""Prescription numbers: `26-7K4M9QXD-V`, the year, eight random characters and a check character.

Random, so that a number shows no volumes; it is a reference on paper and phone and opens nothing.
"""

import secrets
from datetime import date

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32: no I, L, O or U


def new_number(today: date) -> str:
    """A new number of this year."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"{today:%y}-{body}-{check_character(f'{today:%y}{body}')}"


def check_character(text: str) -> str:
    """The Luhn mod 32 check character of `text`, which finds every single typing error and nearly all swaps."""
    total = 0
    for place, character in enumerate(reversed(text)):
        value = ALPHABET.index(character) * (2 if place % 2 == 0 else 1)
        total += value // 32 + value % 32
    return ALPHABET[-total % 32]

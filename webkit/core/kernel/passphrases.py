"""Secrets on their way: bank, tax and vendor keys and the tokens of links, under a passphrase.

The same passphrase seals the same value into the same text (AES-SIV, RFC 5297), so that two archives of the same
content are the same bytes. What a value belongs to is part of its seal: no two can be exchanged.
"""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

SHORTEST, LONGEST = 12, 200
COST = {"n": 2**15, "r": 8, "p": 1}
MEMORY = 64 * 1024 * 1024
CHECK = "check"


class WrongPassphrase(Exception):
    """The passphrase is another one, or a value was changed."""


class Box:
    """Seals and opens values of one agency's archive."""

    def __init__(self, passphrase: str, agency: UUID) -> None:
        words = unicodedata.normalize("NFC", passphrase).encode()
        salt = hashlib.sha256(b"webkit archive " + agency.bytes).digest()
        self._cipher = AESSIV(hashlib.scrypt(words, salt=salt, **COST, maxmem=MEMORY, dklen=64))

    def seal(self, text: str, place: str) -> str:
        """`place` says whose value it is."""
        return base64.b64encode(self._cipher.encrypt(text.encode(), [place.encode()])).decode()

    def open(self, sealed: str, place: str) -> str:
        """What was sealed for this place. Raises WrongPassphrase."""
        try:
            text = self._cipher.decrypt(base64.b64decode(sealed, validate=True), [place.encode()]).decode()
        except (InvalidTag, ValueError) as error:
            raise WrongPassphrase from error
        return text

    def described(self) -> dict[str, Any]:
        """What a manifest says of it: how the key is made, and a value that tells whether a passphrase is the one."""
        return {"cipher": "AES-SIV", "kdf": "scrypt", **COST, "check": self.seal(CHECK, CHECK)}

    def fits(self, described: dict[str, Any]) -> bool:
        """Whether it seals like the archive that is described so."""
        return described == self.described()


def place(table: str, column: str, key: object) -> str:
    """The place of a value."""
    return f"{table}.{column}.{key}"

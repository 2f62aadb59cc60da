"""The receipt of an erasure: what went and what stays, by class, under the installation's signature."""

from __future__ import annotations

import json
from typing import Any

from webkit.core.kernel import crypto
from webkit.core.kernel.crypto import canonical

VERSION = 1


def sealed(statement: dict[str, Any], keys: crypto.Keys) -> dict[str, str]:
    """The canonical text of a receipt, its signature and the key that verifies it."""
    text = canonical(statement)
    return {"receipt": text, "signature": keys.sign(text.encode()).hex(), "public_key": keys.public_key.hex()}


def document(receipt: str, signature: str, public_key: str) -> dict[str, Any]:
    """A receipt as a file: the signature covers `canonical` of `receipt`, which is what stands there."""
    return {
        "receipt": json.loads(receipt),
        "signed": "Ed25519 over the receipt as JSON: keys sorted, no spaces, UTF-8",
        "signature": signature,
        "public_key": public_key,
    }


def is_genuine(file: Any, trusted: frozenset[str] = frozenset()) -> bool:
    """Whether a receipt says what was signed, by one of these keys where any are given. Needs no installation."""
    try:
        key, signature = bytes.fromhex(file["public_key"]), bytes.fromhex(file["signature"])
        text = canonical(file["receipt"]).encode()
    except (KeyError, TypeError, ValueError):
        return False
    return (not trusted or file["public_key"] in trusted) and crypto.verify(key, text, signature)

"""Keys of the installation and what is done with them.

Keys live beside the data in `<data>/keys/`, made once, readable by the owner only, never part of a backup.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat


class CryptoError(Exception):
    """Something sealed could not be opened: wrong key, or changed since."""


def digest(data: bytes) -> str:
    """SHA-256 in lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def canonical(value: object) -> str:
    """JSON in one form only (sorted keys, no spaces, no floats), so that equal facts have equal hashes."""
    _refuse_floats(value)
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _refuse_floats(value: object) -> None:
    if isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**53):
        raise TypeError(f"{value!r} has no exact form in JSON")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise TypeError(f"{key!r} cannot be a key")
            _refuse_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_floats(item)
    elif not isinstance(value, str | int | bool | None):
        raise TypeError(f"{type(value).__name__} is not JSON")


def verify(public_key: bytes, data: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 `signature` (64 bytes) over `data` was made by the holder of `public_key` (32 bytes)."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass(frozen=True)
class Keys:
    """The installation's secrets: one to sign evidence, one to seal values at rest, one for cookies and hashes."""

    signing: Ed25519PrivateKey
    sealing: bytes
    secret: bytes

    def sign(self, data: bytes) -> bytes:
        """A detached Ed25519 signature (64 bytes)."""
        return self.signing.sign(data)

    @property
    def public_key(self) -> bytes:
        """The 32 raw bytes that verify what `sign` made."""
        return self.signing.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def key_id(self) -> str:
        """Names the signing key: the first 16 hex digits of its public half's hash."""
        return digest(self.public_key)[:16]

    def seal(self, text: str) -> str:
        """AES-256-GCM with a fresh nonce; the text form starts with its version."""
        nonce = os.urandom(12)
        return (
            "1." + base64.urlsafe_b64encode(nonce + AESGCM(self.sealing).encrypt(nonce, text.encode(), None)).decode()
        )

    def unseal(self, sealed: str) -> str:
        """What `seal` was given; raises CryptoError rather than ever returning the sealed text."""
        version, _, body = sealed.partition(".")
        try:
            raw = base64.urlsafe_b64decode(body)
            if version != "1":
                raise ValueError(version)
            return AESGCM(self.sealing).decrypt(raw[:12], raw[12:], None).decode()
        except Exception as error:
            raise CryptoError("a sealed value does not open with this installation's key") from error

    def token_hash(self, token: str) -> str:
        """How a bearer token is stored: keyed, so a leaked table cannot be searched."""
        return hmac.new(self.secret, token.encode(), hashlib.sha256).hexdigest()


def load_keys(folder: Path) -> Keys:
    """Read the keys in `folder`, making each that is missing; safe when several processes start at once."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    signing = _once(folder / "signing.key", _new_signing_key())
    return Keys(
        signing=Ed25519PrivateKey.from_private_bytes(signing),
        sealing=_once(folder / "sealing.key", os.urandom(32)),
        secret=_once(folder / "secret.key", os.urandom(32)),
    )


def public_key_in(folder: Path) -> bytes | None:
    """The public half of the signing key in `folder`, if there is one; makes nothing."""
    path = folder / "signing.key"
    if not path.is_file():
        return None
    key = Ed25519PrivateKey.from_private_bytes(path.read_bytes())
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _new_signing_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())


def _once(path: Path, fresh: bytes) -> bytes:
    """The content of `path`, first written as `fresh`: whoever links the name first wins."""
    if not path.exists():
        temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(fresh)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return path.read_bytes()

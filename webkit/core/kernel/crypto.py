"""Keys of the installation and what is done with them.

Keys live beside the data in `<data>/keys/`, made once, readable by the owner only, never part of a backup. The key that
seals values may be followed by another one: see `SealingKeys`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import threading
from dataclasses import dataclass, field
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
    demand_exact(value)
    return _CANONICAL.encode(value)


_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))
_PLAIN = frozenset({str, bool, type(None)})
"""Most of what there is."""
_EXACT = 2**53
"""From here on programs that read JSON disagree about integers."""


def demand_exact(value: object) -> None:
    """Raises TypeError for what has no canonical form."""
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str) or not key.isascii():
                raise TypeError(f"{key!r} cannot be a key")
        value = value.values()
    elif not isinstance(value, list | tuple):
        _demand_exact_one(value)
        return
    for item in value:
        kind = type(item)
        if kind is int and -_EXACT < item < _EXACT:
            continue
        if kind not in _PLAIN:  # nothing is asked about most of them
            demand_exact(item)


def _demand_exact_one(value: object) -> None:
    if isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _EXACT):
        raise TypeError(f"{value!r} has no exact form in JSON")
    if not isinstance(value, str | int | bool | None):
        raise TypeError(f"{type(value).__name__} is not JSON")


def verify(public_key: bytes, data: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 `signature` (64 bytes) over `data` was made by the holder of `public_key` (32 bytes)."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


UNNAMED, LOOSE, PLACED = "1", "2", "3"
"""Versions of sealed texts: by the first key; by a key that is named; the same, bound to the place where it stands."""


def _bound(place: str) -> bytes | None:
    return place.encode() or None


class SealingKeys:
    """The keys of sealed values: the newest seals, all of them open, retired ones too.

    `sealing.key` is the first, `sealing-<id>.key` those that followed, `sealing.current` names the newest; in
    `retired/` lie those that nothing should be sealed with any more. A process sees another one's new key at once: it
    looks at `sealing.current` whenever it seals, and at the folder when it does not know a key.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._pointer = folder, folder / "sealing.current"
        if not self._pointer.exists():
            _once(folder / "sealing.key", os.urandom(32))
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._keys: dict[str, bytes] = {}
        self._first = self._newest = ""
        self._read()

    @staticmethod
    def marks(name: str) -> tuple[str, str]:
        """How everything begins that the key `name` sealed: for no place, and for one."""
        return f"{LOOSE}.{name}.", f"{PLACED}.{name}."

    @property
    def first(self) -> str:
        """The id of the key that sealed what names no key."""
        return self._first

    def newest(self) -> tuple[str, bytes]:
        """The id of the key that seals, and the key."""
        if self._stamp() != self._seen:
            self._read()
        return self._newest, self._keys[self._newest]

    def named(self, name: str) -> bytes:
        """The key with this id; the first one for "". Raises KeyError."""
        if (name or self._first) not in self._keys:
            self._read()
        return self._keys[name or self._first]

    def former(self) -> tuple[str, ...]:
        """Ids of keys that were followed by another one and are not retired yet."""
        return tuple(sorted(set(self._in(self._folder)) - {self.newest()[0]}))

    def retired(self) -> tuple[str, ...]:
        return tuple(sorted(self._in(self._folder / "retired")))

    def add(self) -> str:
        """Make a key that seals from now on; returns its id. The former ones still open."""
        fresh = os.urandom(32)
        name = digest(fresh)[:8]
        _once(self._folder / f"sealing-{name}.key", fresh)
        temporary = self._pointer.with_suffix(".new")
        temporary.write_text(name)
        temporary.replace(self._pointer)
        self._read()
        return name

    def retire(self, name: str) -> None:
        """Put a former key aside: it opens what may have been overlooked, and can be forgotten."""
        shelf = self._folder / "retired"
        shelf.mkdir(mode=0o700, exist_ok=True)
        path = self._path(self._folder, name)
        if path.name == "sealing.key":
            (shelf / "first").write_text(name)
        path.replace(shelf / f"sealing-{name}.key")

    def forget(self, name: str) -> None:
        """Delete a retired key for good."""
        (self._folder / "retired" / f"sealing-{name}.key").unlink()
        self._read()

    def _read(self) -> None:
        with self._lock:
            stamp = self._stamp()
            here = self._in(self._folder)
            keys = {**self._in(self._folder / "retired"), **here}
            first = self._folder / "sealing.key"
            oldest = digest(first.read_bytes())[:8] if first.exists() else self._first_retired()
            pointed = self._pointer.read_text().strip() if stamp else oldest
            self._keys, self._first, self._newest, self._seen = keys, oldest, pointed, stamp

    def _first_retired(self) -> str:
        marker = self._folder / "retired" / "first"
        return marker.read_text().strip() if marker.exists() else ""

    def _stamp(self) -> tuple[int, int] | None:
        try:
            found = self._pointer.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns

    def _in(self, folder: Path) -> dict[str, bytes]:
        found = [path.read_bytes() for path in folder.glob("sealing*.key")]
        return {digest(key)[:8]: key for key in found}

    def _path(self, folder: Path, name: str) -> Path:
        return next(path for path in folder.glob("sealing*.key") if digest(path.read_bytes())[:8] == name)


@dataclass(frozen=True)
class Keys:
    """The installation's secrets: one to sign evidence, those that seal values at rest, one for cookies and hashes."""

    signing: Ed25519PrivateKey
    sealing: SealingKeys
    secret: bytes = field(repr=False)

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

    def seal(self, text: str, place: str = "") -> str:
        """AES-256-GCM with a fresh nonce, as `<version>.<key id>.<nonce and text>`.

        `place` says where it will stand ("table.column/owner"): nowhere else does it open. Without one, anywhere.
        """
        name, key = self.sealing.newest()
        nonce = os.urandom(12)
        body = base64.urlsafe_b64encode(nonce + AESGCM(key).encrypt(nonce, text.encode(), _bound(place))).decode()
        return f"{self.sealing.marks(name)[bool(place)]}{body}"

    def unseal(self, sealed: str, place: str = "") -> str:
        """What `seal` was given; raises CryptoError rather than ever returning the sealed text.

        What was sealed for no place opens with one, too: so were all values once, until a rotation bound them.
        """
        version, _, rest = sealed.partition(".")
        name, _, body = rest.rpartition(".")  # version 1 names no key: it was the first one
        try:
            if version not in (UNNAMED, LOOSE, PLACED):
                raise ValueError("no sealed value")
            raw = base64.urlsafe_b64decode(body)
            bound = _bound(place) if version == PLACED else None
            return AESGCM(self.sealing.named(name)).decrypt(raw[:12], raw[12:], bound).decode()
        except Exception:  # nobody is told why: the reason could repeat what was given
            what = place.partition("/")[0] or "a sealed value"
            raise CryptoError(f"{what} does not open with this installation's keys, or not here") from None

    def token_hash(self, token: str) -> str:
        """How a bearer token is stored: keyed, so a leaked table cannot be searched."""
        return hmac.new(self.secret, token.encode(), hashlib.sha256).hexdigest()


def load_keys(folder: Path) -> Keys:
    """Read the keys in `folder`, making each that is missing; safe when several processes start at once."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    signing = _once(folder / "signing.key", _new_signing_key())
    return Keys(
        signing=Ed25519PrivateKey.from_private_bytes(signing),
        sealing=SealingKeys(folder),
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

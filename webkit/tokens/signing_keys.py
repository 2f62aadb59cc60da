"""Keys that sign access tokens, one file each in `<data>/keys/tokens/`: the newest signs, former ones verify a while.

Each key is for one algorithm and is never used with another, whatever a token says of itself.
"""

from __future__ import annotations

import functools
import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from webkit.core.kernel import clock
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass

EDDSA, HS256 = "EdDSA", "HS256"
OVERLAP = timedelta(days=1)
"""For how long a key verifies after the next one has taken its place: longer than any access token lives."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key, and until when it verifies; None while it is the newest."""

    id: str
    algorithm: str
    made_at: datetime
    until: datetime | None
    key: Any

    @property
    def verifies(self) -> bool:
        return self.until is None or self.until > clock.now()


def newest() -> SigningKey:
    """The key that signs, of the algorithm that is configured; made when there is none."""
    ring = _ring()
    if not ring or ring[-1].algorithm != current().settings.jwt_algorithm:
        rotate()
        ring = _ring()
    return ring[-1]


def named(key_id: object) -> SigningKey | None:
    """The key with this id, if it still verifies."""
    return next((each for each in _ring() if each.id == key_id and each.verifies), None)


def every() -> tuple[SigningKey, ...]:
    """All of them, the oldest first."""
    return _ring()


def public() -> list[dict[str, Any]]:
    """What others need to verify with: a secret that two sides would share is never among it."""
    fit = [each for each in _ring() if each.verifies and each.algorithm == EDDSA]
    return [{**each.key.as_dict(private=False), "kid": each.id, "alg": EDDSA, "use": "sig"} for each in reversed(fit)]


def rotate(*, at_once: bool = False) -> SigningKey:
    """Make a key that signs from now on. `at_once`: what the former ones signed is believed no longer."""
    former = _ring()
    _folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    earliest = former[-1].made_at + timedelta(microseconds=1) if former else clock.now()
    _write(_fresh(current().settings.jwt_algorithm, max(clock.now(), earliest)))
    for each in former:
        if at_once or not each.verifies:
            _path(each.id).unlink(missing_ok=True)
    _touch()
    return _ring()[-1]


def _fresh(algorithm: str, moment: datetime) -> dict[str, Any]:
    from joserfc.jwk import OctKey, OKPKey  # loaded with the first token, not with the process

    key = OKPKey.generate_key("Ed25519") if algorithm == EDDSA else OctKey.generate_key(256)
    made = {"algorithm": algorithm, "made_at": moment.isoformat(), "key": key.as_dict(private=True)}
    return {"id": key.thumbprint()[:24], **made}


def _ring() -> tuple[SigningKey, ...]:
    """All keys, the oldest first. Another process's new one is seen at once: the folder has changed."""
    try:
        stamp = _folder().stat().st_mtime_ns
    except FileNotFoundError:
        return ()
    return _read(_folder(), stamp)


@functools.lru_cache(4)
def _read(folder: Path, _stamp: int) -> tuple[SigningKey, ...]:
    from joserfc.jwk import OctKey, OKPKey

    kept = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    kept.sort(key=lambda each: (each["made_at"], each["id"]))
    ends = [datetime.fromisoformat(each["made_at"]) + OVERLAP for each in kept[1:]]
    found = []
    for each, until in zip(kept, [*ends, None], strict=True):
        key = (OKPKey if each["algorithm"] == EDDSA else OctKey).import_key(each["key"])
        made = datetime.fromisoformat(each["made_at"])
        found.append(SigningKey(each["id"], each["algorithm"], made, until, key))
    return tuple(found)


def _write(fresh: dict[str, Any]) -> None:
    path = _path(fresh["id"])
    temporary = path.with_suffix(f".{os.getpid()}.new")
    descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(fresh, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _touch() -> None:
    """A file system may count its time in steps so large that two changes look like one."""
    os.utime(_folder())
    _read.cache_clear()


def _folder() -> Path:
    return current().settings.data / "keys" / "tokens"


def _path(key_id: str) -> Path:
    return _folder() / f"{key_id}.json"

"""The vendor's prompt cache: what was read before costs less."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass

from .rules import Json, Model, blocks, tokens

_SECONDS = {"5m": 300.0, "1h": 3600.0}


@dataclass(frozen=True, slots=True)
class Read:
    """The tokens of a request: read anew, written into the cache, and found there."""

    fresh: int
    written: int
    found: int
    ttl: str = "5m"

    def usage(self, output: int) -> Json:
        """As it stands in an answer."""
        other = "1h" if self.ttl == "5m" else "5m"
        return {
            "input_tokens": self.fresh,
            "cache_creation_input_tokens": self.written,
            "cache_read_input_tokens": self.found,
            "cache_creation": {
                f"ephemeral_{self.ttl}_input_tokens": self.written,
                f"ephemeral_{other}_input_tokens": 0,
            },
            "output_tokens": output,
            "service_tier": "standard",
        }


class Cache:
    """Prefixes up to each `cache_control`, for each key and model apart."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], float] = {}
        self._lock = threading.Lock()

    def read(self, key: str, model: Model, body: Json) -> Read:
        """Count a request's tokens and remember its prefixes."""
        now, seen, digest = time.monotonic(), 0, hashlib.sha256()
        found = marked = 0
        ttl = "5m"
        with self._lock:
            for block in blocks(body):
                seen += tokens(block["text"])
                digest.update(block["text"].encode(errors="replace") + b"\0")
                mark = block.get("cache_control")
                if mark is None or seen < model.cacheable:
                    continue
                name = (key, model.id, digest.hexdigest())
                found = seen if self._known.get(name, 0.0) > now else found
                marked, ttl = seen, mark.get("ttl", "5m")
                self._known[name] = now + _SECONDS[ttl]
        return Read(seen - marked, marked - found, found, ttl)

    def forget(self) -> None:
        """Nothing was ever read."""
        with self._lock:
            self._known.clear()

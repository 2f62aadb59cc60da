"""Reads the streams that somebody in this process follows: one thread and one round trip for all of them.

A blocking read for each reader would cost the process a command for every piece of every text.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

Position = tuple[int, int]
Entry = tuple[Position, dict[bytes, bytes]]

WAIT = 8.0
"""Seconds a read waits for news; so long the thread lives when nobody follows anything any more."""
REST = 0.01
"""Seconds after news: writers write many streams one behind the other, and these are read at once."""
RETRY = 0.5
BELL_KEPT = 60


class Reader:
    """Somebody who follows a stream, from where they say."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring, self._lock = ring, threading.Lock()
        self._found: queue.SimpleQueue[list[Entry] | None] = queue.SimpleQueue()
        self.after: Position | None = None

    def go_on(self, after: Position) -> None:
        """Read on behind this entry, wherever reading was before."""
        with self._lock:
            if after == self.after:
                return
            self._found, self.after = queue.SimpleQueue(), after
        self._ring()

    def take(self, patience: float) -> list[Entry] | None:
        """What came meanwhile, waiting for it; nothing when nothing came, None when the store cannot be read."""
        try:
            return self._found.get(timeout=patience)
        except queue.Empty:
            return []

    def give(self, entries: list[Entry] | None, start: Position = (0, 0)) -> None:
        """What was read behind `start`; None when the store cannot be read."""
        with self._lock:
            if entries is None:
                self._found.put(None)
                return
            after = self.after
            fresh = [entry for entry in entries if after is not None and start <= after < entry[0]]
            if fresh:
                self.after = fresh[-1][0]
                self._found.put(fresh)


class Board:
    """All readers of this process, and the thread that reads for them as long as there are any."""

    def __init__(self, url: str) -> None:
        patience = WAIT + 5
        self._redis = Redis.from_url(
            url, socket_connect_timeout=0.5, socket_timeout=patience, retry=Retry(NoBackoff(), 0)
        )
        self._bell, self._rung = f"webkit:bell:{uuid4().hex}", b"0"
        self._lock = threading.Lock()
        self._readers: dict[str, list[Reader]] = {}
        self._alive = self._rings = False

    @classmethod
    def of(cls, url: str) -> Board:
        """The board of this process; threads do not survive a fork."""
        with _guard:
            if (os.getpid(), url) not in _boards:
                _boards[os.getpid(), url] = cls(url)
            return _boards[os.getpid(), url]

    @contextmanager
    def reading(self, key: str) -> Iterator[Reader]:
        """A reader of the stream of this key, which reads once it was told where to go on."""
        reader = Reader(self._ring)
        with self._lock:
            self._readers.setdefault(key, []).append(reader)
            if not self._alive:
                self._alive = True
                threading.Thread(target=self._run, name="streams", daemon=True).start()
        try:
            yield reader
        finally:
            with self._lock:
                self._readers[key].remove(reader)
                if not self._readers[key]:
                    del self._readers[key]

    def _ring(self) -> None:
        """Have the waiting read begin anew, because somebody wants to know something else.

        One bell does for all who come before it was heard.
        """
        with self._lock:
            if self._rings:
                return
            self._rings = True
        try:
            pipe = self._redis.pipeline(transaction=False)
            pipe.xadd(self._bell, {"": ""}, maxlen=1)
            pipe.expire(self._bell, BELL_KEPT)
            pipe.execute()
        except (RedisError, OSError):
            with self._lock:
                self._rings = False

    def _run(self) -> None:
        while self._is_needed():
            try:
                if self._read():
                    time.sleep(REST)
            except (RedisError, OSError):
                self._give_up()
                time.sleep(RETRY)

    def _is_needed(self) -> bool:
        with self._lock:
            self._alive = bool(self._readers)
            return self._alive

    def _read(self) -> bool:
        """One read for everybody; whether it brought news."""
        starts = self._starts()
        wanted: dict[Any, Any] = {key: f"{start[0]}-{start[1]}" for key, start in starts.items()}
        wanted[self._bell] = self._rung
        answer: Any = self._redis.xread(wanted, block=int(WAIT * 1000))
        for name, found in answer or ():
            if (key := name.decode()) == self._bell:
                self._rung = found[-1][0]
                continue
            entries = [(_position(id), fields) for id, fields in found]
            with self._lock:
                readers = list(self._readers.get(key, ()))
            for reader in readers:
                reader.give(entries, starts[key])
        return bool(answer)

    def _starts(self) -> dict[str, Position]:
        """Where to read each stream from: where the last of its readers is."""
        with self._lock:
            self._rings = False  # whoever comes from now on is not among these
            places = {key: [r.after for r in readers if r.after is not None] for key, readers in self._readers.items()}
        return {key: min(found) for key, found in places.items() if found}

    def _give_up(self) -> None:
        with self._lock:
            readers = [reader for readers in self._readers.values() for reader in readers]
        for reader in readers:
            reader.give(None)


def _position(id: bytes) -> Position:
    first, _, second = id.partition(b"-")
    return int(first), int(second)


_boards: dict[tuple[int, str], Board] = {}
_guard = threading.Lock()

"""Texts that grow while people watch: one stream in Redis for each, the truth in the database.

A place in a text is "2-340": the second attempt at it, 340 characters in. The ids of the stream's entries are such
places, so a reader goes on exactly anywhere, with or without the stream, and a writer whose attempt has been replaced
is refused by the stream itself. Whatever the stream cannot tell, because it was lost or never there, is asked of the
database.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

from redis.exceptions import RedisError, ResponseError

from webkit.core.kernel.board import Board, Position, Reader
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass

KEPT = 3600
"""Seconds after which a stream nobody writes to is forgotten; the text is in the database."""
PING = 8.0
"""Seconds without news after which a reader asks the database whether the writer still lives."""
WITHOUT = 0.5
"""Seconds between two looks into the database where there is no stream."""
CATCH_UP = 0.2
_PLACE = re.compile(r"(\d{1,9})-(\d{1,12})")


class Place(NamedTuple):
    """How far a text has come: so many characters of this attempt."""

    attempt: int
    offset: int

    def __str__(self) -> str:
        return f"{self.attempt}-{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Place:
        """The place a text names; the very beginning where it names none."""
        found = _PLACE.fullmatch(text)
        return cls(int(found[1]), int(found[2])) if found else BEGINNING


BEGINNING = Place(0, 0)


@dataclass(frozen=True, slots=True)
class Piece:
    """What a reader does to be up to date: keep `place.offset` characters of that attempt, then append `text`."""

    place: Place
    text: str
    over: bool = False


@dataclass(frozen=True, slots=True)
class Truth:
    """What the database says: at least this much of this attempt has been written; `over` when it ends there."""

    attempt: int
    text: str
    over: bool


class Unreachable(Exception):
    """There is no stream for now. What was to be said is in the database, or will be."""


def append(pieces: Sequence[tuple[str, Piece]]) -> list[bool]:
    """Put pieces into the streams of these names, in one round trip: which ones were taken. Raises Unreachable.

    Not taken is what stands at a place that was taken before, or comes from a writer that has been replaced. An `over`
    piece without text takes the place behind the last character, which no text will ever have.
    """
    redis = current().redis
    if redis is None:
        return [True] * len(pieces)
    pipe = redis.pipeline(transaction=False)
    for name, piece in pieces:
        end = piece.place.offset + len(piece.text) + piece.over
        entry = {"at": piece.place.offset, "text": piece.text, "over": int(piece.over)}
        pipe.xadd(_key(name), entry, id=f"{piece.place.attempt}-{end}")
    for name in {name for name, piece in pieces if piece.over or piece.place.offset == 0}:
        pipe.expire(_key(name), KEPT)
    try:
        return [_taken(answer) for answer in pipe.execute(raise_on_error=False)[: len(pieces)]]
    except (RedisError, OSError) as error:
        raise Unreachable(str(error)) from error


def _taken(answer: object) -> bool:
    if isinstance(answer, ResponseError):
        return False  # the stream holds a later place already
    if isinstance(answer, Exception):
        raise answer
    return True


def stops(places: Sequence[tuple[str, int]]) -> list[bool]:
    """Which of these names and attempts somebody asked to stop, in one round trip. Raises Unreachable."""
    redis = current().redis
    if redis is None or not places:
        return [False] * len(places)
    try:
        return [answer is not None for answer in redis.mget([_stop(name, attempt) for name, attempt in places])]
    except (RedisError, OSError) as error:
        raise Unreachable(str(error)) from error


def ask_to_stop(name: str, attempt: int) -> None:
    """Tell the writer of an attempt to stop; where the stream is down, the database tells it a little later."""
    redis = current().redis
    if redis is not None:
        with suppress(RedisError, OSError):
            redis.set(_stop(name, attempt), 1, ex=KEPT)


def follow(name: str, after: Place, truth: Callable[[], Truth | None]) -> Generator[Piece | None]:
    """Everything that follows a place, until it is over.

    Yields None each time the database had nothing new: something else about the text may have changed, and a lost
    reader is noticed. Holds no transaction while it waits: `truth` opens and ends its own.
    """
    here = seen = after
    with _reading(name) as reader:
        while (now := truth()) is not None:
            piece = _missing(here, now)
            if piece is not None:
                here = Place(now.attempt, len(now.text))
            yield piece
            if now.over:
                return
            seen = max(here, seen)
            for piece, read in _entries(reader, here, seen):
                seen = read
                if piece is not None:
                    here = Place(here.attempt, piece.place.offset + len(piece.text))
                    yield piece


@contextmanager
def _reading(name: str) -> Iterator[Reader | None]:
    """A reader of a stream, where there are streams."""
    url = current().settings.redis_url
    if current().redis is None or not url:
        yield None
        return
    with Board.of(url).reading(_key(name)) as reader:
        yield reader


def _missing(here: Place, now: Truth) -> Piece | None:
    """From where a reader is to what the database has."""
    if now.attempt != here.attempt:
        return Piece(Place(now.attempt, 0), now.text, now.over)
    if len(now.text) > here.offset or now.over:
        start = min(here.offset, len(now.text))
        return Piece(Place(now.attempt, start), now.text[start:], now.over)
    return None


def _entries(reader: Reader | None, here: Place, seen: Place) -> Iterator[tuple[Piece | None, Place]]:
    """Text as it comes, without a gap, and how far the stream was read; ends when the database has to be asked."""
    if reader is not None:
        reader.go_on(seen)
    while True:
        found = reader.take(PING) if reader is not None else None
        if found is None:
            time.sleep(WITHOUT)
            return
        if not found:
            return
        entries = [_entry(place, fields) for place, fields in found]
        rest, seen, more = _together(entries, here, seen)
        yield (Piece(here, rest) if rest else None), seen
        if not more:
            return
        here = Place(here.attempt, here.offset + len(rest))


def _together(found: list[tuple[Place, Piece]], here: Place, seen: Place) -> tuple[str, Place, bool]:
    """What entries add to a text, how far they were read, and whether nothing but text was among them."""
    rest: list[str] = []
    offset = here.offset
    for place, piece in found:
        if place <= seen:
            continue
        if piece.over or piece.place.attempt != here.attempt:
            return "".join(rest), place, False
        skipped = offset - piece.place.offset
        if skipped < 0:
            time.sleep(CATCH_UP)  # a part was lost with the stream; the database will have it
            return "".join(rest), seen, False
        rest.append(piece.text[skipped:])
        offset += len(rest[-1])
        seen = place
    return "".join(rest), seen, True


def _entry(position: Position, fields: dict[bytes, bytes]) -> tuple[Place, Piece]:
    place = Place(*position)
    start = Place(place.attempt, int(fields[b"at"]))
    return place, Piece(start, fields[b"text"].decode(), fields[b"over"] == b"1")


def forget(names: Sequence[str]) -> None:
    """Throw streams away whose texts are gone. Raises Unreachable: nobody knows then whether they are."""
    redis = current().redis
    if redis is None or not names:
        return
    try:
        redis.delete(*map(_key, names))
    except RedisError as error:
        raise Unreachable from error


def _key(name: str) -> str:
    return f"webkit:stream:{name}"


def _stop(name: str, attempt: int) -> str:
    return f"webkit:stream:{name}:stop:{attempt}"

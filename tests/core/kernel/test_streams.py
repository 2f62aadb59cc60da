"""Whoever watches a growing text, from wherever, ends with exactly this text; with the stream, without it, after it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from contextvars import Context
from itertools import count
from pathlib import Path
from subprocess import Popen
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.runtime.conftest import until
from webkit.core.kernel import board, streams
from webkit.core.kernel.board import Board
from webkit.core.kernel.streams import BEGINNING, Piece, Place, Truth, Unreachable
from webkit.runtime import valkey

_names = (f"text-{n}" for n in count())
Watch = Callable[[str, Place, Callable[[], Truth | None]], str]


class Store:
    """A Valkey that can be lost."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = valkey.url(folder)
        self.process: Popen[bytes] | None = None

    def start(self) -> None:
        self.process = Popen([*valkey.command(self.folder), "--appendonly", "no"])
        until(lambda: valkey.ready(self.folder))

    def lose(self) -> None:
        """Ended, and everything in it gone."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with TemporaryDirectory(prefix="wk-") as folder:
        made = Store(Path(folder))
        made.start()
        yield made
        made.lose()


@pytest.fixture(scope="module")
def small(store: Store) -> Flask:
    """An application that is nothing but a place for streams."""
    app = Flask("small")
    redis = Redis.from_url(store.url, socket_timeout=2, retry=Retry(NoBackoff(), 1))
    app.extensions["webkit"] = SimpleNamespace(redis=redis, settings=SimpleNamespace(redis_url=store.url))
    return app


@pytest.fixture(autouse=True)
def _in_it(small: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(streams, "PING", 0.5)
    monkeypatch.setattr(streams, "WITHOUT", 0.02)
    monkeypatch.setattr(streams, "CATCH_UP", 0.01)
    monkeypatch.setattr(board, "WAIT", 0.5)
    monkeypatch.setattr(board, "RETRY", 0.02)
    with small.app_context():
        yield


class Writing:
    """A text that grows by pieces; the database has it from time to time, as `saves` says."""

    def __init__(self, pieces: list[str], saves: list[bool]) -> None:
        self.name, self.pieces, self.saves = next(_names), pieces, saves
        self.text = ""
        self.truth: Truth | None = Truth(1, "", over=False)

    def grow(self) -> Iterator[None]:
        for piece, save in zip(self.pieces, self.saves, strict=False):
            streams.append([(self.name, Piece(Place(1, len(self.text)), piece))])
            self.text += piece
            if save:
                self.truth = Truth(1, self.text, over=False)
            yield

    def end(self) -> None:
        self.truth = Truth(1, self.text, over=True)
        streams.append([(self.name, Piece(Place(1, len(self.text)), "", over=True))])


def watch(writing: Any, after: Place = BEGINNING, known: str = "") -> str:
    """The text as somebody has it at the end who had come to `after`."""
    attempt, text = after.attempt, known
    for piece in streams.follow(writing.name, after, lambda: writing.truth):
        if piece is None:
            continue
        if piece.place.attempt != attempt:
            attempt, text = piece.place.attempt, ""
        assert piece.place.offset <= len(text), "a gap"
        text = text[: piece.place.offset] + piece.text
    return text


@contextmanager
def watchers(writing: Writing) -> Iterator[ThreadPoolExecutor]:
    """Threads that watch; a test that fails leaves none of them waiting."""
    with ThreadPoolExecutor(3) as pool:
        try:
            yield pool
        finally:
            if writing.truth is not None and not writing.truth.over:
                writing.truth = None


WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9)


@settings(max_examples=25)
@given(st.data(), st.lists(st.tuples(WORDS, st.booleans()), min_size=1, max_size=12))
def test_everybody_ends_with_the_same_text_wherever_they_came_in(
    small: Flask, data: st.DataObject, grown: list[tuple[str, bool]]
) -> None:
    writing = Writing([piece for piece, _ in grown], [save for _, save in grown])
    with small.app_context(), watchers(writing) as pool:
        watching = [pool.submit(_in, small, watch, writing) for _ in range(2)]
        late = data.draw(st.integers(0, len(grown) - 1))
        for at, _ in enumerate(writing.grow()):
            if at == late:
                offset = data.draw(st.integers(0, len(writing.text)))
                watching.append(pool.submit(_in, small, watch, writing, Place(1, offset), writing.text[:offset]))
        writing.end()
        assert {future.result(timeout=20) for future in watching} == {writing.text}
        for offset in range(len(writing.text) + 1):
            assert watch(writing, Place(1, offset), writing.text[:offset]) == writing.text


def _in(app: Flask, function: Callable[..., str], *args: object) -> str:
    def inside() -> str:
        with app.app_context():
            return function(*args)

    return Context().run(inside)


def test_a_new_attempt_begins_anew_for_everybody(small: Flask) -> None:
    writing = Writing(["One ", "two "], [True, False])
    with watchers(writing) as pool:
        watching = pool.submit(_in, small, watch, writing)
        list(writing.grow())
        writing.truth = Truth(2, "", over=False)
        streams.append([(writing.name, Piece(Place(2, 0), ""))])
        streams.append([(writing.name, Piece(Place(2, 0), "Three"))])
        writing.truth = Truth(2, "Three", over=True)
        streams.append([(writing.name, Piece(Place(2, 5), "", over=True))])
        assert watching.result(timeout=20) == "Three"


def test_a_writer_that_was_replaced_is_refused(small: Flask) -> None:
    name = next(_names)
    other = next(_names)
    assert streams.append([(name, Piece(Place(2, 0), "")), (other, Piece(Place(1, 0), "a"))]) == [True, True]
    assert streams.append([(name, Piece(Place(1, 0), "late")), (other, Piece(Place(1, 1), "b"))]) == [False, True]


def test_who_asks_to_stop_is_heard_by_that_attempt_alone(small: Flask) -> None:
    name = next(_names)
    streams.ask_to_stop(name, 1)
    assert streams.stops([(name, 1), (name, 2), (next(_names), 1)]) == [True, False, False]


def test_a_lost_stream_loses_no_text(small: Flask, store: Store) -> None:
    writing = Writing([f"word {n} " for n in range(9)], [n % 3 == 2 for n in range(9)])
    with watchers(writing) as pool:
        watching = [pool.submit(_in, small, watch, writing) for _ in range(2)]
        for at, _ in enumerate(writing.grow()):
            if at == 3:
                store.lose()
                with pytest.raises(Unreachable):
                    streams.append([(writing.name, Piece(Place(1, len(writing.text)), "lost "))])
                writing.text += "lost "
                store.start()
        writing.end()
        assert {future.result(timeout=20) for future in watching} == {writing.text}
    assert "lost" in writing.text


def test_one_thread_reads_for_all_and_ends_with_the_last(small: Flask, store: Store) -> None:
    texts = [Writing([f"word {n} " for n in range(5)], [False] * 5) for _ in range(3)]
    with ExitStack() as stack:
        pools = [stack.enter_context(watchers(writing)) for writing in texts]
        both = [
            [pool.submit(_in, small, watch, text) for _ in range(2)] for pool, text in zip(pools, texts, strict=True)
        ]
        reading = Board.of(store.url)
        until(lambda: sum(map(len, reading._readers.values())) == 6)
        assert [thread.name for thread in threading.enumerate()].count("streams") == 1
        for _ in zip(*[text.grow() for text in texts], strict=True):
            pass
        for text, (first, second) in zip(texts, both, strict=True):
            text.end()
            assert first.result(timeout=20) == second.result(timeout=20) == text.text
    until(lambda: not reading._alive)


def test_a_reader_that_goes_back_reads_again(small: Flask, store: Store) -> None:
    """After a gap: what was read already is needed once more."""
    name = next(_names)
    streams.append([(name, Piece(Place(1, n), "x")) for n in range(3)])
    with Board.of(store.url).reading(streams._key(name)) as reader:
        for _ in range(2):
            reader.go_on((1, 1))
            taken = reader.take(5)
            assert taken is not None and [place for place, _ in taken] == [(1, 2), (1, 3)]
        reader.go_on((1, 3))
        assert reader.take(0.05) == []


def test_without_any_stream_the_database_is_asked(small: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small.extensions["webkit"], "redis", None)
    writing = Writing(["One ", "two ", "three"], [True, True, True])
    with watchers(writing) as pool:
        watching = pool.submit(_in, small, watch, writing)
        for _ in writing.grow():
            threading.Event().wait(0.03)
        writing.end()
        assert watching.result(timeout=20) == "One two three"


def test_a_text_that_vanished_is_over(small: Flask) -> None:
    gone = SimpleNamespace(name=next(_names), truth=None)
    assert watch(gone) == ""


@pytest.mark.parametrize("text", ["", "nonsense", "1", "1-", "-1", "1-2-3", "9" * 40, "1-x"])
def test_a_place_that_is_none_is_the_beginning(text: str) -> None:
    assert Place.parse(text) == BEGINNING
    assert Place.parse(str(Place(2, 340))) == Place(2, 340)

"""Keeps what threads write: to the database once a second, for all texts of an agency in one write.

It also renews the leases of the jobs, tells texts that the process ends, and acts for threads that wait for a vendor
that says nothing: their texts are stopped or put back without them, and the vendor's line is closed.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from uuid import UUID

from webkit.ai_runs import outcomes
from webkit.ai_runs.models import RunState
from webkit.ai_runs.texts import Halt, Text
from webkit.core.kernel import jobs, outbox, streams, tenancy
from webkit.core.kernel.streams import Piece, Place, Unreachable

SAVE = 1.0
"""Seconds between two writes to the database."""
GRACE = 0.3
"""Seconds a thread has to notice that its text was halted, before somebody acts for it."""


class Keeper:
    """Looks after the texts of a process, in one thread."""

    def __init__(self, living: Callable[[], list[Text]]) -> None:
        self._living = living
        self._saved = self._renewed = time.monotonic()

    def look(self) -> None:
        """Do what is due; called several times a second."""
        texts, now = self._living(), time.monotonic()
        if jobs.stopping.is_set():
            for text in texts:
                text.halt(Halt.ENDING)
        for text in texts:
            _look_after(text)
        if now - self._saved >= SAVE:
            self._saved = now
            # Also what has no new words: without a stream this is how a text hears that it was stopped.
            for mine in _by_agency(text for text in texts if text.halted is None or text.length > text.kept):
                _save(mine)
        if texts and now - self._renewed > min(outbox.renewal(text.kind) for text in texts):
            self._renewed = now
            _renew(texts)


def _by_agency(texts: Iterable[Text]) -> Iterable[list[Text]]:
    found: dict[UUID | None, list[Text]] = defaultdict(list)
    for text in texts:
        found[text.job.agency_id].append(text)
    return found.values()


def _save(texts: Sequence[Text]) -> None:
    lengths = [text.length for text in texts]
    with tenancy.tenant(_agency(texts[0])):
        answers = outcomes.save([(text.work, text.whole, text.begun) for text in texts])
    for text, length, (living, asked_to_stop) in zip(texts, lengths, answers, strict=True):
        text.kept = length
        if not living:
            text.halt(Halt.REPLACED)
        elif asked_to_stop:
            text.halt(Halt.STOPPED)


def _look_after(text: Text) -> None:
    """Act for a thread that does not notice."""
    if text.halted is None or time.monotonic() - text.halted_at < GRACE:
        return
    text.halted_at = float("inf")
    if text.halted == Halt.STOPPED:
        with tenancy.tenant(_agency(text)):
            if outcomes.end(text.work, RunState.STOPPED, text.whole):
                close(text)
    elif text.halted == Halt.ENDING:
        outbox.put_back(text.job)
    text.interrupt()


def close(text: Text) -> None:
    """Tell readers that a text is over, or that something about it changed; the database says what."""
    end = Place(text.work.attempt, len(text.whole))
    with suppress(Unreachable):
        streams.append([(text.work.name, Piece(end, "", over=True))])


def _renew(texts: Sequence[Text]) -> None:
    for kind in {text.kind for text in texts}:
        mine = [text for text in texts if text.kind == kind]
        ours = outbox.renew([text.job for text in mine], kind)
        for text in mine:
            if text.job.id not in ours:
                text.halt(Halt.REPLACED)


def _agency(text: Text) -> UUID:
    assert text.job.agency_id is not None
    return text.job.agency_id

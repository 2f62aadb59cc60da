"""A run as a stream of server-sent events: each is HTML for the places of the page that change."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from uuid import UUID

from flask import Flask
from markupsafe import Markup

from webkit.ai_runs import pages, service
from webkit.ai_runs.pages import Links
from webkit.ai_runs.prose import Growing
from webkit.ai_runs.views import RunState, RunView
from webkit.core.kernel import i18n, streams, tenancy
from webkit.core.kernel.errors import NotFound
from webkit.core.kernel.streams import PING, Piece, Place, Truth

CARET = Markup('<span class="wk-caret" aria-hidden="true"></span>')


class Watcher:
    """Somebody who watches one run. Between two looks at it nothing is held but a place in its text."""

    def __init__(self, app: Flask, agency: UUID, run: RunView, links: Links, after: Place) -> None:
        self._app, self._agency, self._run, self._links = app, agency, run, links
        self._language = i18n.current_locale(), i18n.current_timezone()
        known = run.attempt == after.attempt and after.offset <= len(run.text)
        self._after = after if known else streams.BEGINNING
        self._seen: tuple[object, ...] | None = None  # the page may be older than the run is now
        self._attempt = self._after.attempt
        self._growing = Growing(run)
        if known:
            self._growing.add(run.text[: after.offset])
        self._fresh = True
        self._pieces = streams.follow(str(run.id), self._after, self._truth)

    def events(self) -> Iterator[str]:
        """Until the run is over, or nobody listens any more."""
        spoke = time.monotonic()
        yield ": hello\n\n"
        with closing(self._pieces):
            while True:
                try:
                    said = self._next()
                except StopIteration:
                    return
                if said or time.monotonic() - spoke >= PING:
                    spoke = time.monotonic()
                    yield said or ": still here\n\n"

    def _next(self) -> str:
        """What the next piece says; raises StopIteration after the last. Waits for it."""
        with self._app.app_context(), i18n.use_locale(*self._language):
            return self._event(next(self._pieces))

    def _truth(self) -> Truth | None:
        """What the database says; at first what the request has just read."""
        if not self._fresh:
            with tenancy.tenant(self._agency):
                try:
                    self._run = service.get(self._run.id)
                except NotFound:
                    return None
        self._fresh = False
        return Truth(self._run.attempt, self._run.text, not self._run.alive)

    def _event(self, piece: Piece | None) -> str:
        if piece is not None and piece.over:
            return self._end()
        if piece is not None and self._run.state == RunState.QUEUED:
            # Text comes from the stream before the database is asked again: it is no longer waiting.
            self._run = replace(self._run, state=RunState.RUNNING, resume_at=None)
        parts = [*self._state(), *(self._text(piece) if piece is not None else ())]
        place = Place(self._attempt, len(self._growing.text))
        return _message(parts, place) if parts else ""

    def _state(self) -> Iterator[str]:
        """What stands around the text, when it changed."""
        look = _look(self._run)
        if look == self._seen:
            return
        self._seen = look
        card = pages.card(self._run, self._links)
        yield _partial(f"run-{self._run.id}-head", pages.render(card, "ai_runs/_head.html"))
        yield _partial(f"run-{self._run.id}-note", pages.render(card, "ai_runs/_note.html"))
        yield _partial(f"run-{self._run.id}-said", Markup.escape(card.said))

    def _text(self, piece: Piece) -> Iterator[str]:
        anew = piece.place.attempt != self._attempt or piece.place.offset != len(self._growing.text)
        if anew:
            self._attempt, self._growing = piece.place.attempt, Growing(self._run)
        done, last = self._growing.add(piece.text)
        if done or anew:
            yield _partial(f"run-{self._run.id}-out", Markup().join(done), "innerHTML" if anew else "beforeend")
        yield _partial(f"run-{self._run.id}-tail", last + CARET)

    def _end(self) -> str:
        card = pages.card(self._run, self._links)
        parts = (
            _partial(f"run-{self._run.id}-said", Markup.escape(card.said)),
            _partial(f"run-{self._run.id}", pages.render(card, "ai_runs/_article.html"), "outerHTML"),
        )
        return _message(parts, Place(self._run.attempt, len(self._run.text))) + "event: done\ndata: \n\n"


def _look(run: RunView) -> tuple[object, ...]:
    return run.state, run.attempt, run.stopping, run.resume_at


def _partial(target: str, html: Markup, swap: str = "innerHTML") -> str:
    return f'<hx-partial hx-target="#{target}" hx-swap="{swap}">{html}</hx-partial>'


def _message(parts: Iterable[str], place: Place) -> str:
    lines = "".join(f"data: {line}\n" for line in "".join(parts).splitlines())
    return f"id: {place}\n{lines}\n"

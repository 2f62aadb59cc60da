"""Hostile texts through every field of every form: no crash, nothing becomes markup, nothing is lost on a refusal."""

from __future__ import annotations

import os
import random
import re
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from werkzeug.test import TestResponse

from tests.client import Browser
from tests.hardening import corpus, pages
from tests.hardening.corpus import COMPUTED, MARK
from tests.hardening.pages import Form, Seen
from webkit.core.kernel import outbound

LOADS = ("src", "action", "formaction", "data", "poster", "background", "srcset", "ping", "xlink:href")
LEADS = (*LOADS, "href", "hx-get", "hx-post")
RUNS = re.compile(r"^[\x00-\x20]*(javascript|vbscript|livescript|data):", re.IGNORECASE)
BLANKS = re.compile(r"\r\n?")


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Nobody is reached, and whoever was asked for is noted."""
    asked: list[str] = []

    def look(host: str, *_rest: object, **_more: object) -> list[Any]:
        asked.append(str(host))
        raise OSError("there is no network here")

    def connect(_socket: socket.socket, place: object) -> None:
        asked.append(str(place))
        raise OSError("there is no network here")

    monkeypatch.setattr(outbound, "lookup", look)
    monkeypatch.setattr(socket, "getaddrinfo", look)
    monkeypatch.setattr(socket.socket, "connect", connect)
    return asked


def test_the_corpus_is_large_enough() -> None:
    assert len(corpus.TEXTS) >= 300 and all(len(kind) >= 10 for kind in corpus.KINDS.values())


@pytest.mark.slow
def test_some_texts_through_some_forms(
    starts: tuple[list[str], list[str]], owner: Browser, anonymous: Browser, no_network: list[str]
) -> None:
    """Which ones, the seed of the run says."""
    staff, public = starts
    found = [(owner, form) for form in pages.forms(owner, random.sample(staff, 30), most=30)]
    found += [(anonymous, form) for form in pages.forms(anonymous, random.sample(public, 8), most=8)]
    tried, wrong = 0, []
    for client, form in found:
        for text in random.sample(corpus.TEXTS, 2):
            tried += bool(form.typed)
            wrong += _problems(client, form, [text] * len(form.typed))
    assert not wrong, "\n".join(wrong)
    assert tried > 10 and not _private(no_network)


@pytest.mark.soak
@pytest.mark.timeout(3 * 3600)
def test_every_text_through_every_form(
    starts: tuple[list[str], list[str]], owner: Browser, anonymous: Browser, no_network: list[str]
) -> None:
    """Each field gets each text: once together with others, so that every field refuses, and once by itself."""
    texts = corpus.TEXTS[:: int(os.environ.get("WEBKIT_EVERY", "1"))]
    staff, public = starts
    found = [(owner, form) for form in pages.forms(owner, staff)]
    found += [(anonymous, form) for form in pages.forms(anonymous, public)]
    tried, wrong = 0, set()
    for client, form in found:
        for at in range(len(texts)) if form.typed else ():
            together = [texts[(at + shift) % len(texts)] for shift in range(len(form.typed))]
            alone = [together[0] if shift == at % len(form.typed) else None for shift in range(len(form.typed))]
            wrong |= {*_problems(client, form, together), *_problems(client, form, alone)}
            tried += 2
    for path, answer, seen in pages.walk(owner, staff):  # what was kept is shown somewhere
        wrong |= {f"{path}: {each}" for each in _harm(answer, seen)}
    print(f"{tried} requests, {len(corpus.TEXTS)} texts, {len(found)} forms")
    assert not wrong, "\n".join(sorted(wrong)[:60])
    assert not _private(no_network)


def _problems(client: Any, form: Form, texts: list[str | None]) -> Iterator[str]:
    """What is wrong with the answer to a form that somebody has typed this into."""
    typed = {field.name: text for field, text in zip(form.typed, texts, strict=True) if text is not None}
    kind = "multipart/form-data" if form.multipart else "application/x-www-form-urlencoded"
    answer = client.post(form.action, data=form.data(**typed), content_type=kind)
    seen = pages.read(form.action, answer)
    named = f"{form.key[:60]} {typed!r:.200}"
    yield from (f"{named}: {each}" for each in _harm(answer, seen))
    if answer.status_code == 422:
        yield from (f"{named}: {each}" for each in _lost(form, typed, seen))
    target = urlsplit(urljoin(form.action, answer.headers.get("Location", "")))
    if answer.status_code == 303 and (MARK in target.netloc or target.scheme not in ("", "http", "https")):
        yield f"{named}: leads to {target.geturl()[:100]}"
    if answer.status_code == 303 and not target.netloc:
        shown = client.get(target.path)
        yield from (f"{named} -> {target.path}: {each}" for each in _harm(shown, pages.read(target.path, shown)))


def _harm(answer: TestResponse, seen: Seen) -> Iterator[str]:
    """A crash, or something of the texts that is more than a text."""
    if answer.status_code >= 500 and answer.request.path != "/readyz":
        yield f"answers {answer.status_code}"
    for name, value in answer.headers:
        if MARK in name.lower() or (name == "Set-Cookie" and MARK in value):
            yield f"a header of its own: {name}"
    for tag, attributes in seen.tags:
        yield from (f"<{tag} {name}={value!r:.80}>" for name, value in attributes.items() if _is_harm(tag, name, value))
        if MARK in tag:
            yield f"a tag of its own: <{tag}>"
    for kind, text in seen.within:
        if MARK in text and ("json" not in kind or "<" in text):
            yield f"inside {kind}: {text:.80}"
    if COMPUTED.encode() in answer.data:
        yield "somebody has computed it"
    if b"root:x:0:" in answer.data:
        yield "shows a file of the machine"


def _is_harm(tag: str, name: str, value: str) -> bool:
    if MARK in name or (name.startswith("on") and MARK in value) or (name == "srcdoc" and MARK in value):
        return True
    if name in LEADS and RUNS.match(value):
        return MARK in value or not value.startswith("data:image/")
    return MARK in urlsplit_host(value) and (name in LOADS or (name == "href" and tag in ("link", "base")))


def urlsplit_host(value: str) -> str:
    """The host of an address; nothing for what is none."""
    try:
        return urlsplit(value).netloc
    except ValueError:
        return ""


def _lost(form: Form, typed: dict[str, str], seen: Seen) -> Iterator[str]:
    """Fields that are shown again without what was typed into them."""
    again = [each for each in seen.forms if {field.name for field in each.typed} & set(typed)]
    for each in again[:1]:
        shown: dict[str, list[str]] = {}
        for field in each.typed:
            shown.setdefault(field.name, []).append(_plain(field.value))
        for name, text in typed.items():
            if name in shown and _plain(text) not in shown[name]:
                yield f"{name} was typed and shows {shown[name][0]!r:.60}"


def _plain(text: str) -> str:
    """As a browser keeps it in a field, blanks at the ends aside."""
    return BLANKS.sub("\n", text).strip()


def _private(asked: list[str]) -> list[str]:
    """Places that are nobody's to ask for."""
    inside = re.compile(r"127\.|localhost|::1|169\.254|^10\.|192\.168|metadata|fd00|fe80|0x|^0$|2130706433|0177")
    return [place for place in asked if inside.search(place)]

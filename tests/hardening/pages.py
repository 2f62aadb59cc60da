"""The forms of the house as its own pages show them: found by walking, so a new one is tried without being named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import UUID

from flask import Flask
from werkzeug.test import TestResponse

from tests.people import world

SKIPPED = re.compile(r"/(sign-out|admin/rq|static|api)(/|$|\?)")
"""What ends the walk, pages of a library, answers for programs."""
IDENTITY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=/)\d+(?=/|$)")
TYPED = frozenset({"text", "search", "url", "email", "tel", "textarea"})
"""Fields that people type anything into."""
NUMBERS = frozenset({"number", "date", "month", "time", "datetime-local", "color"})
VOID = frozenset({"input", "br", "img", "hr", "meta", "link", "source", "col", "wbr"})


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form, with what it says when the page is opened."""

    name: str
    kind: str
    value: str
    options: tuple[str, ...] = ()
    given: bool = True


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a page; two pages that show the same form show one."""

    page: str
    action: str
    fields: tuple[Field, ...]
    multipart: bool

    @property
    def key(self) -> str:
        """What makes it the same form elsewhere."""
        names = " ".join(sorted({re.sub(r"\d+|" + IDENTITY.pattern, "#", each.name) for each in self.fields}))
        return f"{IDENTITY.sub('#', urlsplit(self.action).path)} {names}"

    @property
    def typed(self) -> tuple[Field, ...]:
        """Where somebody can type a text or an address."""
        return tuple(each for each in self.fields if each.kind in TYPED)

    def data(self, **changed: str) -> dict[str, Any]:
        """What a browser would send, with something typed into some of it."""
        sent: dict[str, Any] = {}
        for each in self.fields:
            if each.given and each.kind not in ("file", "submit", "button", "image"):
                sent.setdefault(each.name, []).append(_filled(each))
        return {**sent, **changed}


def _filled(one: Field) -> str:
    if one.value or one.kind not in ("text", "textarea", "email", "url", "number", "date", "select"):
        return one.value
    likely = {"email": "somebody@example.com", "url": "https://example.com", "number": "1", "date": "2026-01-31"}
    if one.kind == "select":
        return next((option for option in one.options if option), "")
    return likely.get(
        one.kind, "10" if re.search(r"price|amount|rate|quantity|days|percent", one.name) else "Some words"
    )


class _Reader(HTMLParser):
    """Forms, links and everything that could do harm."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.page, self.links, self.forms = page, [], []  # type: ignore[var-annotated]
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.within: list[tuple[str, str]] = []
        self._form: Form | None = None
        self._text: list[str] | None = None
        self._select: Field | None = None
        self._raw = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {name: value or "" for name, value in attrs}
        self.tags.append((tag, a))
        if tag in ("script", "style"):
            self._raw = f"{tag} {a.get('type', '')}"
        if tag == "a" and "href" in a:
            self.links.append(urljoin(self.page, a["href"]))
        for name in ("hx-get", "src"):
            if name in a and tag != "script":
                self.links.append(urljoin(self.page, a[name]))
        if tag == "form" and a.get("method", "get").lower() == "post":
            action = urljoin(self.page, a.get("action") or self.page)
            self._form = Form(self.page, action, (), "multipart" in a.get("enctype", ""))
        elif self._form is not None or "form" in a:
            self._field(tag, a)

    def _field(self, tag: str, a: dict[str, str]) -> None:
        if tag == "option" and self._select is not None:
            chosen = a.get("value", "") if "selected" in a or not self._select.options else self._select.value
            self._select = replace(self._select, value=chosen, options=(*self._select.options, a.get("value", "")))
        if not a.get("name") or self._form is None:
            return
        if tag == "input":
            kind = a.get("type", "text").lower()
            given = kind not in ("checkbox", "radio") or "checked" in a
            self._add(Field(a["name"], kind, a.get("value", "on" if kind == "checkbox" else ""), (), given))
        elif tag == "textarea":
            self._text = []
            self._add(Field(a["name"], "textarea", ""))
        elif tag == "select":
            self._select = Field(a["name"], "select", "")
        elif tag == "button":
            self._add(Field(a["name"], "submit", a.get("value", ""), (), False))

    def _add(self, one: Field) -> None:
        assert self._form is not None
        self._form = replace(self._form, fields=(*self._form.fields, one))

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)
        elif self._raw:
            self.within.append((self._raw, data))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._text is not None and self._form is not None:
            last = replace(self._form.fields[-1], value="".join(self._text).removeprefix("\n"))
            self._form, self._text = replace(self._form, fields=(*self._form.fields[:-1], last)), None
        elif tag == "select" and self._select is not None:
            if self._form is not None:
                self._add(self._select)
            self._select = None
        elif tag == "form" and self._form is not None:
            self.forms.append(self._form)
            self._form = None
        elif tag in ("script", "style"):
            self._raw = ""


@dataclass(slots=True)
class Seen:
    """A page as it came: its forms, its links, its tags and attributes, what stands in scripts and styles."""

    forms: list[Form] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    within: list[tuple[str, str]] = field(default_factory=list)


def read(page: str, answer: TestResponse) -> Seen:
    """Look at an answer; one that is no HTML shows nothing."""
    if answer.mimetype != "text/html":
        return Seen()
    reader = _Reader(page)
    reader.feed(answer.text)
    reader.close()
    return Seen(reader.forms, reader.links, reader.tags, reader.within)


def beginnings(app: Flask, docs: dict[str, UUID], slug: str, tokens: dict[str, str]) -> list[str]:
    """Where the walk begins: every address that can be opened, with the ids that are known."""
    found = []
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or SKIPPED.search(rule.rule):
            continue
        token = tokens.get(rule.rule.split("/")[1], "nobody")
        if token != "nobody" or "token" not in rule.arguments:
            found.append(world.address(rule, slug, docs, token))
    return sorted(set(found))


def walk(client: Any, start: list[str], most: int = 400) -> Iterator[tuple[str, TestResponse, Seen]]:
    """Each page once, with what it leads to. Pages that differ in an id alone count as one."""
    waiting, known = list(start), {IDENTITY.sub("#", urlsplit(path).path) for path in start}
    for path in waiting:
        if most <= 0:
            return
        answer = client.get(path)
        seen = read(path, answer)
        if answer.mimetype == "text/html":
            most -= 1
        yield path, answer, seen
        for link in seen.links:
            parts = urlsplit(link)
            kind = IDENTITY.sub("#", parts.path)
            if not parts.netloc and parts.path.startswith("/") and not SKIPPED.search(link) and kind not in known:
                known.add(kind)
                waiting.append(parts.path)


def forms(client: Any, start: list[str], most: int = 400) -> list[Form]:
    """Every form that the walk finds."""
    found: dict[str, Form] = {}
    for _path, _answer, seen in walk(client, start, most):
        for each in seen.forms:
            if not SKIPPED.search(urlsplit(each.action).path):
                found.setdefault(each.key, each)
    return list(found.values())

"""From what a plugin answers to what may stand in a page or a document. Nonsense is refused, markup is cleaned."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nh3
from jinja2 import FileSystemLoader
from jinja2.sandbox import ImmutableSandboxedEnvironment

from webkit.core.extensions import CardContent, Place

LONGEST_TEXT, MOST_ROWS, LONGEST_CELL, LONGEST_HTML = 2000, 20, 300, 20_000
LONGEST_FIELD = 2000
TAGS = {
    *("a", "b", "br", "caption", "code", "dd", "dl", "dt", "em", "h3", "h4", "hr", "i", "li", "ol", "p", "pre"),
    *("small", "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}
"""Structure of a text: no forms, pictures, styles or scripts."""


class Nonsense(Exception):
    """The answer cannot be shown; the message says why."""


def card(content: object, folder: Path | None, place: Place) -> dict[str, Any] | None:
    """A card's answer as it is kept: plain JSON. Raises Nonsense, or what its template raises."""
    if content is None:
        return None
    if not isinstance(content, CardContent):
        raise Nonsense(f"answered {type(content).__name__} instead of CardContent")
    drawn = {
        "text": _text(content.text, "text", LONGEST_TEXT),
        "rows": _rows(content.rows),
        "link": _link(content.link),
        "html": _html(content, folder, place) if content.template else "",
    }
    return drawn if any(drawn.values()) else None


def field(value: object) -> dict[str, Any]:
    """A merge field's value as it is kept; an empty one has no value. Raises Nonsense."""
    return {"value": _text(value, "value", LONGEST_FIELD)}


def _text(value: object, what: str, most: int) -> str:
    if not isinstance(value, str):
        raise Nonsense(f"its {what} is {type(value).__name__} instead of str")
    if len(value) > most:
        raise Nonsense(f"its {what} is longer than {most} characters")
    cleaned = "".join(letter for letter in value if letter.isprintable() or letter in "\n\t").strip()
    try:
        json.dumps(cleaned, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Nonsense(f"its {what} holds half a character") from None
    return cleaned


def _rows(rows: object) -> list[list[str]]:
    if not isinstance(rows, list | tuple) or len(rows) > MOST_ROWS:
        raise Nonsense(f"its rows are no list of at most {MOST_ROWS} pairs")
    return [_pair(row, "rows") for row in rows]


def _pair(pair: object, what: str) -> list[str]:
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise Nonsense(f"its {what}: {type(pair).__name__} instead of a pair of texts")
    return [_text(part, what, LONGEST_CELL) for part in pair]


def _link(link: object) -> list[str]:
    if link is None:
        return []
    label, address = _pair(link, "link")
    ours = address.startswith("/") and not address.startswith(("//", "/\\"))
    if not label or not (ours or address.startswith(("https://", "mailto:"))):
        raise Nonsense("its link leads neither to https://, to mailto: nor to a path here")
    return [label, address]


def _html(content: CardContent, folder: Path | None, place: Place) -> str:
    if folder is None or not isinstance(content.template, str):
        raise Nonsense("its template has no folder")
    if not isinstance(content.values, dict):
        raise Nonsense(f"its values are {type(content.values).__name__} instead of dict")
    pages = ImmutableSandboxedEnvironment(loader=FileSystemLoader(folder / "templates"), autoescape=True)
    html = pages.get_template(content.template).render({**content.values, "place": place})
    if len(html) > LONGEST_HTML:
        raise Nonsense(f"its template makes more than {LONGEST_HTML} characters")
    return nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href"}, "td": {"colspan"}, "th": {"colspan", "scope"}},
        url_schemes={"https", "mailto"},
    )

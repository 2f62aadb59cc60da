"""How a text is shown: paragraphs and lists, every sign escaped, figures marked. No text of a model becomes HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from webkit.ai_runs import blocks, marks
from webkit.ai_runs.figures import Segment
from webkit.ai_runs.views import RunView
from webkit.core.kernel.i18n import gettext as _

_ITEM = re.compile(r"[ \t]*(?:[-*•]|\d{1,3}[.)])[ \t]+")
_NUMBERED = re.compile(r"[ \t]*\d")
_HEADING = re.compile(r"#{1,6}[ \t]+")
Line = list[Segment]


@dataclass(frozen=True, slots=True)
class Shown:
    """A text as HTML: blocks that stay as they are, and the open one, which is drawn anew as it grows."""

    done: tuple[Markup, ...]
    open: Markup


@dataclass
class Growing:
    """A text that is shown while it grows: what is done is drawn once."""

    run: RunView
    text: str = ""
    drawn: int = 0
    known: dict[str, tuple[Segment, ...]] = field(default_factory=dict)

    def add(self, words: str) -> tuple[tuple[Markup, ...], Markup]:
        """Append words; the blocks that are done now, and the open one."""
        self.text += words
        found = blocks.split(readable(self.run, self.text))
        ready = found if found and found[-1].gap else found[:-1]
        fresh = tuple(_block(self.run, block.text) for block in ready[self.drawn :])
        if fresh:
            self.known.clear()
        self.drawn = len(ready)
        return fresh, self._open(found[-1].text) if len(found) > len(ready) else Markup()

    def _open(self, text: str) -> Markup:
        """The open block: its whole sentences were checked before, only the last one is checked again."""
        *whole, last = blocks.sentences(text)
        segments: list[Segment] = []
        for sentence in whole:
            if sentence not in self.known:
                self.known[sentence] = marks.check(self.run, sentence).segments
            segments += self.known[sentence]
        segments += marks.check(self.run, last, final=False).segments
        return Markup().join(_drawn(_lines(segments)))


def readable(run: RunView, text: str) -> str:
    """The text as people read it: prose as it is, lists in JSON as lines."""
    return blocks.readable(text) if run.structured else text


def show(run: RunView) -> Shown:
    """The whole text; while it is being written its last block is open."""
    done, last = Growing(run).add(run.text)
    if run.alive:
        return Shown(done, last)
    found = blocks.split(readable(run, run.text))
    return Shown(tuple(_block(run, block.text) for block in found), Markup())


def _block(run: RunView, text: str, *, final: bool = True) -> Markup:
    lines = _lines(marks.check(run, text, final=final).segments)
    return Markup().join(_drawn(lines))


def _lines(segments: Sequence[Segment]) -> list[Line]:
    """The segments of each line."""
    lines: list[Line] = [[]]
    for segment in segments:
        first, *more = segment.text.split("\n")
        for text, is_new in ((first, False), *((text, True) for text in more)):
            if is_new:
                lines.append([])
            if text:
                lines[-1].append(Segment(segment.kind, text, segment.fact_id))
    return lines


def _drawn(lines: Sequence[Line]) -> Iterator[Markup]:
    """Lists for lines that begin as entries, paragraphs for all others."""
    waiting: list[Markup] = []
    kind = ""
    for line in [*lines, None]:
        now = _kind(line) if line is not None else "end"
        if waiting and now != kind:
            yield _group(kind, waiting)
            waiting = []
        kind = now
        if line:
            waiting.append(_line(_bare(line)))


def _kind(line: Line) -> str:
    begins = line[0].text if line else ""
    if _HEADING.match(begins):
        return "heading"
    if not _ITEM.match(begins):
        return "p"
    return "ol" if _NUMBERED.match(begins) else "ul"


def _group(kind: str, lines: Sequence[Markup]) -> Markup:
    if kind == "p":
        return Markup("<p>{}</p>").format(Markup("<br>").join(lines))
    if kind == "heading":
        return Markup().join(Markup("<p><strong>{}</strong></p>").format(line) for line in lines)
    items = Markup().join(Markup("<li>{}</li>").format(line) for line in lines)
    return (Markup("<ol>{}</ol>") if kind == "ol" else Markup("<ul>{}</ul>")).format(items)


def _bare(line: Line) -> Line:
    """Without the sign that makes it an entry or a heading."""
    first = line[0]
    sign = _ITEM.match(first.text) or _HEADING.match(first.text)
    return [Segment(first.kind, first.text[sign.end() :], first.fact_id), *line[1:]] if sign else line


def _line(line: Line) -> Markup:
    return Markup().join(_segment(segment) for segment in line)


def _segment(segment: Segment) -> Markup:
    if segment.kind == "plain":
        return Markup.escape(segment.text)
    if segment.kind == "proven":
        html = Markup('<mark class="wk-fact" title="{}">{}</mark>')
        return html.format(_("From what is known about the client"), segment.text)
    html = Markup('<mark class="wk-doubt" title="{0}">{1}<span class="visually-hidden"> ({0})</span></mark>')
    return html.format(_("no source"), segment.text)

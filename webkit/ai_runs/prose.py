"""How a text is shown: paragraphs and lists, every sign escaped, figures marked. No text of a model becomes HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from markupsafe import Markup, escape

from webkit.ai_runs import blocks, figures, marks
from webkit.ai_runs.blocks import Block
from webkit.ai_runs.figures import Segment
from webkit.ai_runs.views import RunView
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass

_ITEM = re.compile(r"[ \t]*(?:[-*•]|\d{1,3}[.)])[ \t]+")
_NUMBERED = re.compile(r"[ \t]*\d")
_HEADING = re.compile(r"#{1,6}[ \t]+")
Line = list[Segment]


@dataclass(frozen=True, slots=True)
class Shown:
    """A text as HTML: blocks that stay as they are, and the open one, which is drawn anew as it grows."""

    done: tuple[Markup, ...]
    open: Markup


class Growing:
    """A text that is shown while it grows: what is done is drawn once, and nothing is checked twice."""

    def __init__(self, run: RunView) -> None:
        self._run = run
        self._read = 0
        self.text = self._open = ""
        self._segments: list[Segment] = []
        self._checked = figures.Growing(run.facts, run.exempt, run.locale)

    def add(self, words: str) -> tuple[tuple[Markup, ...], Markup]:
        """Append words; the blocks that are done now, and the open one."""
        self.text += words
        readable = marks.readable(self._run, self.text, whole=False)
        fresh, self._read = readable[self._read :], len(readable)
        found = blocks.split(self._open + fresh)
        ready = found if found and found[-1].gap else found[:-1]
        done = tuple(self._done(block) for block in ready)
        if len(found) > len(ready):
            self._grow(found[-1].text)
        return done, _html(self._run, self._segments)

    def _grow(self, text: str) -> None:
        """The open block is this now. Blanks it begins with belong to the gap before it, which came in parts."""
        text = text if self._open else text.lstrip()
        self._segments += self._checked.add(text[len(self._open) :])
        self._open = text

    def _begin(self) -> None:
        """Another block is open."""
        self._open, self._segments = "", []
        self._checked = figures.Growing(self._run.facts, self._run.exempt, self._run.locale)

    def _done(self, block: Block) -> Markup:
        """The open block is whole."""
        if self._open.startswith(block.text):
            html = _block(self._run, block.text)  # the gap behind it came in parts, of which one was taken for text
        else:
            self._grow(block.text)
            html = _html(self._run, [*self._segments, *self._checked.end()])
        self._begin()
        return html


def show(run: RunView) -> Shown:
    """The whole text; while it is being written its last block is open."""
    if run.alive:
        return Shown(*Growing(run).add(run.text))
    found = blocks.split(marks.readable(run, run.text))
    return Shown(tuple(_block(run, block.text) for block in found), Markup())


def _block(run: RunView, text: str) -> Markup:
    return _html(run, marks.check(run, text.strip()).segments)


def _html(run: RunView, segments: Sequence[Segment]) -> Markup:
    return Markup("".join(_drawn(run, _lines(figures.joined(segments)))))  # noqa: S704  every text in it went through escape()


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


def _drawn(run: RunView, lines: Sequence[Line]) -> Iterator[str]:
    """Lists for lines that begin as entries, paragraphs for all others."""
    waiting: list[str] = []
    kind = ""
    for line in [*lines, None]:
        now = _kind(line) if line is not None else "end"
        if waiting and now != kind:
            yield _group(kind, waiting)
            waiting = []
        kind = now
        if line:
            waiting.append("".join(_segment(run, segment) for segment in _bare(line)))


def _kind(line: Line) -> str:
    begins = line[0].text if line else ""
    if _HEADING.match(begins):
        return "heading"
    if not _ITEM.match(begins):
        return "p"
    return "ol" if _NUMBERED.match(begins) else "ul"


def _group(kind: str, lines: Sequence[str]) -> str:
    if kind == "p":
        return f"<p>{'<br>'.join(lines)}</p>"
    if kind == "heading":
        return "".join(f"<p><strong>{line}</strong></p>" for line in lines)
    return f"<{kind}>{''.join(f'<li>{line}</li>' for line in lines)}</{kind}>"


def _bare(line: Line) -> Line:
    """Without the sign that makes it an entry or a heading."""
    first = line[0]
    sign = _ITEM.match(first.text) or _HEADING.match(first.text)
    return [Segment(first.kind, first.text[sign.end() :], first.fact_id), *line[1:]] if sign else line


def _segment(run: RunView, segment: Segment) -> str:
    text = escape(segment.text)
    if segment.kind == "plain":
        return text
    if segment.kind == "proven":
        source = run.sources.get(segment.fact_id) or _("From what is known about the client")
        return f'<mark class="wk-fact" title="{escape(source)}">{text}</mark>'
    why = escape(_("no source"))
    return f'<mark class="wk-doubt" title="{why}">{text}<span class="visually-hidden"> ({why})</span></mark>'

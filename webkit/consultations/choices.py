"""An agency's own lists of choices: typed as lines, kept so that old answers stay readable."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from webkit.consultations.presets import PRESETS, Lists, Option
from webkit.core.kernel.errors import Invalid
from webkit.core.kernel.forms import Line, sentence
from webkit.core.kernel.i18n import gettext as _

MOST, LONGEST = 40, 100
_LINE: TypeAdapter[str] = TypeAdapter(Line(LONGEST))


def read(name: str, text: str) -> list[str]:
    """The choices of a list, one a line. Raises Invalid."""
    lines = [line.strip() for line in text.replace("\r", "\n").split("\n") if line.strip()]
    try:
        lines = [_LINE.validate_python(line) for line in lines]
    except ValidationError as error:
        raise Invalid({name: sentence(error.errors()[0])}) from None
    if not lines:
        raise Invalid({name: _("A list needs at least one choice.")})
    if len(lines) > MOST:
        raise Invalid({name: _("At most %(n)d choices, please.", n=MOST)})
    if len({line.casefold() for line in lines}) < len(lines):
        raise Invalid({name: _("Each choice once, please.")})
    return lines


def merge(name: str, lines: Sequence[str], lists: Lists) -> list[Option]:
    """The list to keep: known words keep their value, and what left the list still explains old answers."""
    values = {label.casefold(): value for value, label in _known(name, lists)}
    options: list[Option] = []
    for line in lines:
        taken = {option.value for option in options} | set(values.values())
        options.append(Option(values.get(line.casefold()) or _value(line, taken), line))
    now = {option.value for option in options}
    gone = [Option(each.value, each.label, False) for each in lists.own.get(name, ()) if each.value not in now]
    return [*options, *gone]


def _known(name: str, lists: Lists) -> list[tuple[str, str]]:
    """(value, words) of everything that was ever offered; what is offered now comes last, so that it wins."""
    presets = [(preset.value, preset.words(lists.currency)) for preset in PRESETS[name]]
    own = sorted(lists.own.get(name, ()), key=lambda option: option.offered)
    return [*presets, *((option.value, option.label) for option in own)]


def _value(label: str, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40] or "choice"
    return next(each for each in (stem, *(f"{stem}-{n}" for n in range(2, 1000))) if each not in taken)

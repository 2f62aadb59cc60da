"""Every text of the product has its translation, and every translation its text."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from webkit.core.kernel import i18n
from webkit.core.paths import PACKAGE

ROOT = PACKAGE.parent
FOLDERS = ("webkit", "plugins", "templates")
KEYWORDS = {**DEFAULT_KEYWORDS, "_l": None, "lazy_gettext": None}
FILLED_IN = re.compile(r"%\(\w+\)[a-z]|%%|\{[\w:]*\}")
TRANSLATED = sorted(set(i18n.LOCALES) - {i18n.DEFAULT})


@functools.cache
def spoken() -> Catalog:
    """What the product says, collected as `make messages` does."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = Catalog()
    for folder in FOLDERS:
        for name, _line, text, _comments, _context in extract_from_dir(ROOT / folder, methods, options, KEYWORDS):
            found.add(text, locations=[(f"{folder}/{name}", None)])
    return found


@functools.cache
def catalogue(language: str) -> Catalog:
    """What is written down for a language."""
    with (i18n.FOLDER / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


def messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def forms(text: str | Sequence[str] | None) -> tuple[str, ...]:
    return (text or "",) if text is None or isinstance(text, str) else tuple(text)


def pairs(language: str) -> Iterator[tuple[str, str]]:
    """What is said and how it is translated, singular and plural apart."""
    for message in messages(catalogue(language)):
        both = zip(forms(message.id), forms(message.string), strict=True)
        yield from ((said, written) for said, written in both if written)


def slots(text: str) -> list[str]:
    return sorted(set(FILLED_IN.findall(text)))


def test_the_collection_reaches_code_templates_and_plugins() -> None:
    places = {name.partition("/")[0] for message in messages(spoken()) for name, _line in message.locations}
    assert places == set(FOLDERS)
    assert len(spoken()) > 1000


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated(language: str) -> None:
    missing = []
    for message in messages(spoken()):
        known = catalogue(language).get(message.id)
        if known is None or known.fuzzy or known.pluralizable != message.pluralizable or not all(forms(known.string)):
            missing.append(message.id)
    assert not missing, "run `make messages` and translate what is empty"


@pytest.mark.parametrize("language", TRANSLATED)
def test_nothing_is_translated_that_is_no_longer_said(language: str) -> None:
    said = {message.id for message in messages(spoken())}
    assert [message.id for message in messages(catalogue(language)) if message.id not in said] == []
    assert not catalogue(language).obsolete, "run `make messages`"


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_fills_in_the_same_values(language: str) -> None:
    for said, written in pairs(language):
        assert slots(written) == slots(said), f"{said} / {written}"


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_joins_and_sounds_alike(language: str) -> None:
    """Blanks at the ends join sentences, and nobody is shouted at."""
    for said, written in pairs(language):
        assert (written[0] == " ", written[-1] == " ") == (said[0] == " ", said[-1] == " "), said
        assert "!" not in written, written


def test_the_kernel_speaks_it() -> None:
    with i18n.use_locale("it-IT"):
        assert i18n.gettext("Save") == "Salva"
        assert i18n.ngettext("%(n)s invoice", "%(n)s invoices", 1) == "1 fattura"
        assert i18n.ngettext("%(n)s invoice", "%(n)s invoices", 0) == "0 fatture"
    with i18n.use_locale("en"):
        assert i18n.gettext("Save") == "Save"

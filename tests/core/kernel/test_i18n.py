"""Languages: catalogues, plurals, formats, and what templates make of them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask import Flask, render_template_string

from webkit.core.kernel import i18n


def test_english_is_the_source() -> None:
    with i18n.use_locale("en"):
        assert i18n.gettext("Mail to %(name)s", name="Ada") == "Mail to Ada"
        assert [i18n.ngettext("%(n)s day", "%(n)s days", n) for n in (0, 1, 2)] == ["0 days", "1 day", "2 days"]


def test_templates_fill_in_what_they_name(app: Flask) -> None:
    source = '{{ ngettext("%(n)s mail to %(name)s", "%(n)s mails to %(name)s", count, name=who) }}'
    assert render_template_string(source, count=2, who="<Ada>") == "2 mails to &lt;Ada&gt;"


@pytest.mark.parametrize(("given", "known"), [("it_IT", "it-IT"), ("en-GB", "en-GB"), ("xx", "en"), ("", "en")])
def test_locales_that_do_not_exist_fall_back(given: str, known: str) -> None:
    assert i18n.known(given) == known


def test_browsers_get_what_we_speak() -> None:
    assert i18n.negotiate(["de-DE", "it-CH", "en"]) in ("it", "en")
    assert i18n.negotiate(["ja"]) == "en"


def test_moments_are_told_in_the_agencys_zone() -> None:
    moment = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    with i18n.use_locale("it-IT", "Europe/Rome"):
        assert "00:30" in i18n.format_datetime(moment)
        assert i18n.format_date(date(2026, 11, 21)) == "21 novembre 2026"


def test_lazy_texts_speak_when_they_are_shown() -> None:
    text = i18n.lazy_gettext("%(name)s signed")
    assert text % {"name": "Ada"} == "Ada signed"


def test_people_read_minutes_and_evidence_seconds_with_their_zone() -> None:
    moment = datetime(2026, 11, 22, 14, 5, 9, tzinfo=UTC)
    with i18n.use_locale("en", "Europe/Rome"):
        assert i18n.format_datetime(moment) == "22 Nov 2026, 15:05"
        assert i18n.format_datetime(moment, "long") == "22 November 2026, 15:05"
        for style in ("exact", "full"):
            exact = i18n.format_datetime(moment, style)
            assert "15:05:09" in exact and exact.endswith(("+0100", "CET", "Central European Standard Time")), exact
    with i18n.use_locale("it-IT", "Europe/Rome"):
        assert i18n.format_datetime(moment, "long") == "22 novembre 2026, 15:05"

"""Kept sums that are asked for together, and texts of templates that are made once."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask, render_template_string

from webkit.core.kernel import db, i18n, tallies
from webkit.core.kernel.directory import AgencyView

WORK, DUE, LEFT = "test.work", "test.due", "test.left"
DAY = date(2026, 5, 2)


def _keep() -> None:
    with db.writing():
        places = {(WORK, "EUR", "open"): (2, 500), (WORK, "CHF", "done"): (1, 70), (LEFT, "EUR", "2026-05-02"): (1, 9)}
        tallies.replace({}, {**places, (DUE, "EUR", "2026-05-01"): (1, 30), (DUE, "EUR", "2026-05-02"): (2, 40)})


def test_questions_asked_together_are_answered_as_each_alone(agency: AgencyView) -> None:
    _keep()
    alone = tallies.of(WORK), tallies.before(DAY, DUE), tallies.since(DAY, DUE, LEFT)
    db.release()
    asked: list[str] = []
    sa.event.listen(db.db.engine, "before_cursor_execute", note := lambda *given: asked.append(given[2]))
    try:
        tallies.ahead(tallies.each_place(WORK), tallies.days_before(DAY, DUE), tallies.days_since(DAY, DUE, LEFT))
        tallies.ahead(tallies.each_place(WORK))
        assert (tallies.of(WORK), tallies.before(DAY, DUE), tallies.since(DAY, DUE, LEFT)) == alone
    finally:
        sa.event.remove(db.db.engine, "before_cursor_execute", note)
    assert len(asked) == 1
    assert alone == (
        [("CHF", "done", 1, 70), ("EUR", "open", 2, 500)],
        [(DUE, "EUR", 1, 30)],
        [(DUE, "EUR", 2, 40), (LEFT, "EUR", 1, 9)],
    )


def test_an_answer_is_forgotten_with_the_write_that_changes_it(agency: AgencyView) -> None:
    assert tallies.of(WORK) == []
    _keep()
    assert [row[:2] for row in tallies.of(WORK)] == [("CHF", "done"), ("EUR", "open")]


@pytest.mark.parametrize("locale, word", [("en", "Invoices"), ("it-IT", "Fatture"), ("en", "Invoices")])
def test_a_text_is_made_once_for_each_language_and_values_are_escaped(app: Flask, locale: str, word: str) -> None:
    with app.test_request_context(), i18n.use_locale(locale):
        assert render_template_string("{{ _('Invoices') }}") == word
        assert render_template_string("{{ _('%(who)s 100%%', who='<b>') }} {{ _('5%%') }}") == "&lt;b&gt; 100% 5%"

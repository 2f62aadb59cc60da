"""Contract templates: there from the beginning, versioned, one default for each language."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from tests.threads import at_once
from webkit.contracts import templates
from webkit.contracts.templates import TemplateText
from webkit.contracts.terms import Clause
from webkit.core.kernel import tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, DomainError, NotFound

TEXT = TemplateText("Short", "en", (Clause("What", "{{contract.title}}"),))


def test_an_agency_starts_with_ours_in_two_languages(agency: AgencyView) -> None:
    found = templates.all_in_use()
    assert [(each.name, each.locale, each.is_default) for each in found] == [
        ("Standard contract", "en", True),
        ("Contratto standard", "it", True),
    ]
    assert [each.id for each in templates.all_in_use()] == [each.id for each in found]
    assert templates.choose(None, "it-IT").locale == "it"
    assert templates.choose(None, "fr").is_default


def test_two_first_uses_at_once_make_one_set(app: Flask, agency: AgencyView) -> None:
    def use() -> int:
        with tenancy.tenant(agency.id):
            return len(templates.all_in_use())

    assert at_once(app, use, use, use) == [2, 2, 2]


def test_each_change_makes_the_next_version(agency: AgencyView) -> None:
    made = templates.create(TEXT)
    templates.change(made, 1, replace(TEXT, name="Shorter"))
    assert templates.get(made).version == 2
    templates.change(made, 2, replace(TEXT, name="Shorter"))  # nothing changed
    assert templates.get(made).version == 2
    with pytest.raises(Conflict):
        templates.change(made, 1, TEXT)
    assert templates.get(made).name == "Shorter"


def test_a_field_that_does_not_exist_is_refused(agency: AgencyView) -> None:
    wrong = replace(TEXT, clauses=(Clause("What", "{{contract.titel}} and {{ this"),))
    with pytest.raises(DomainError, match=r"\{\{contract.titel\}\}, \{\{"):
        templates.create(wrong)


def test_one_default_a_language(agency: AgencyView) -> None:
    made = templates.create(TEXT)
    templates.make_default(made)
    assert {each.name for each in templates.all_in_use() if each.is_default} == {"Short", "Contratto standard"}
    assert templates.choose(None, "en-GB").id == made
    with pytest.raises(Conflict):
        templates.archive(made)


def test_what_is_put_away_is_no_choice_but_still_there(agency: AgencyView) -> None:
    made = templates.create(TEXT)
    templates.archive(made)
    assert made not in dict(templates.choices())
    assert templates.get(made).archived
    with pytest.raises(Conflict):
        templates.make_default(made)


def test_a_default_that_changes_language_is_no_longer_one(agency: AgencyView) -> None:
    english = templates.choose(None, "en")
    text = TemplateText("Italiano", "it", english.clauses)
    templates.change(english.id, 1, text)
    assert not templates.get(english.id).is_default


def test_another_agencys_template_is_not_there(agency: AgencyView, other_agency: AgencyView) -> None:
    with tenancy.tenant(other_agency.id):
        foreign = templates.create(TEXT)
    with pytest.raises(NotFound):
        templates.get(foreign)
    assert templates.choose(foreign, "en").name == "Standard contract"

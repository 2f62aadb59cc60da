"""Saved views: one's own and the agency's, the one a list opens with, and who may change which."""

from __future__ import annotations

import re

import pytest

from tests.client import Browser
from tests.factories import documents
from webkit.core.kernel import db
from webkit.core.kernel.directory import AgencyView

LIST, VIEWS = "/northwind/invoices/", "/northwind/lists/invoices/views"


def saved(browser: Browser, name: str, query: str = "state=paid", **more: str) -> str:
    """The address of a view that was just saved."""
    answer = browser.post(f"{VIEWS}/new?{query}", data={"name": name, **more})
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def page_of(address: str) -> str:
    """Where a view is changed."""
    found = re.search(r"view=([\w-]+)", address)
    assert found is not None
    return f"{VIEWS}/{found[1]}"


@pytest.fixture(autouse=True)
def one_invoice(agency: AgencyView) -> None:
    documents.issued("100")
    db.release()


def test_a_view_is_saved_and_shows_what_it_kept(owner: Browser, member: Browser) -> None:
    form = owner.get(f"{VIEWS}/new?state=paid&due_from=2026-01-01").text
    assert "Paid" in form and "from 1 Jan 2026" in form
    address = saved(owner, "For the accountant", "state=paid&due_from=2026-01-01&sort=-due")
    assert "state=paid" in address and "due_from=2026-01-01" in address and "sort=-due" in address
    page = owner.get(address).text
    assert re.search(r'aria-current="page">For the accountant', page)
    assert "For the accountant" not in member.get(LIST).text


def test_a_shared_view_is_everybodys_and_its_owners(owner: Browser, member: Browser, stranger: Browser) -> None:
    address = saved(member, "Ours", shared="true")
    assert "Ours" in owner.get(LIST).text
    assert stranger.get(page_of(address)).status_code == 404
    assert owner.post(page_of(address), data={"name": "Everybody's", "shared": "true"}).status_code == 303
    assert "Everybody" in member.get(LIST).text
    theirs = page_of(saved(owner, "Boss", shared="true"))
    assert 'name="name"' not in member.get(theirs).text
    assert member.post(f"{theirs}/delete").status_code == 403
    assert member.post(theirs, data={"begin": "true"}).status_code == 303
    assert "Boss" in owner.get(LIST).text
    assert owner.post(theirs, data={"name": "Boss"}).status_code == 303  # not shared any more
    assert "Boss" not in member.get(LIST, follow_redirects=True).text


def test_a_view_that_is_unshared_leads_back_to_the_list(owner: Browser, member: Browser) -> None:
    theirs = page_of(saved(member, "Theirs", shared="true"))
    answer = owner.post(theirs, data={"name": "Theirs", "begin": "true"})
    assert answer.status_code == 303 and answer.location.endswith(LIST)
    assert "Theirs" not in owner.get(LIST).text and "Theirs" in member.get(LIST).text


def test_a_list_opens_with_the_view_one_has_chosen(owner: Browser, member: Browser) -> None:
    address = saved(owner, "Mine", "state=draft", begin="true")
    assert owner.get(LIST).location == address
    assert owner.get(f"{LIST}?view=all").status_code == 200 and "Caffè" in owner.get(f"{LIST}?view=all").text
    assert member.get(LIST).status_code == 200
    assert owner.post(f"{page_of(address)}/delete").status_code == 303
    assert owner.get(LIST).status_code == 200 and owner.get(page_of(address)).status_code == 404


def test_a_view_can_stand_for_something_else(owner: Browser) -> None:
    address = page_of(saved(owner, "Late", "state=overdue"))
    assert "Let it show what I see now" in owner.get(f"{address}?state=paid").text
    changed = owner.post(f"{address}?state=paid", data={"name": "Paid", "replace": "true"})
    assert "state=paid" in changed.location and "state=overdue" not in changed.location


@pytest.mark.parametrize(
    ("data", "words"),
    [({"name": ""}, "Please fill this in"), ({"name": "x" * 61}, "At most 60"), ({"name": "twice"}, "already")],
)
def test_wrong_names_are_answered(owner: Browser, data: dict[str, str], words: str) -> None:
    saved(owner, "Twice")
    answer = owner.post(f"{VIEWS}/new", data=data)
    assert answer.status_code == 422 and words in answer.text

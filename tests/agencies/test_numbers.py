"""The page on which an agency says how its documents are numbered."""

from __future__ import annotations

import pytest

from tests.client import Browser
from tests.factories import documents
from webkit.agencies import service
from webkit.core.kernel import db
from webkit.core.kernel.directory import AgencyView
from webkit.invoices import service as invoices

PATH = "/northwind/settings/numbers"
FORM = {
    "pattern_proposal": "P-{yy}{month}-{n:03}",
    "pattern_quotation": "Q-{n}",
    "pattern_contract": "{client}/{n}",
    "pattern_invoice": "{year}/{n:04}",
    "pattern_credit_note": "NC {year}/{n}",
}


def test_what_is_saved_is_given(owner: Browser, agency: AgencyView) -> None:
    client_id = documents.client()
    saved = owner.post(PATH, data={**FORM, "start_invoice": "58"})
    assert (saved.status_code, saved.location) == (303, PATH)
    year = service.today().year
    page = owner.get(PATH).text
    assert f"{year}/0058" in page and 'value="{year}/{n:04}"' in page and "BIRCHCO/1" in page
    db.release()
    assert invoices.get(documents.issued("10", client_id=client_id)).number == f"{year}/0058"
    db.release()
    late = owner.post(PATH, data={**FORM, "start_invoice": "100"})
    assert late.status_code == 422 and "The next one is 59" in late.text
    assert 'name="start_invoice"' not in owner.get(PATH).text
    db.release()
    assert invoices.get(documents.issued("10", client_id=client_id)).number == f"{year}/0059"


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("INV-{year}", "running number"),
        ("{n}{bad}", "are known"),
        ("{n}<b>", "letters, digits"),
        ("{month}-{n}", "numbers would repeat"),
        ("{year}{n}", "between {n} and other digits"),
        ("", "Please fill this in."),
    ],
)
def test_a_pattern_that_could_repeat_is_refused_with_a_reason(
    owner: Browser, agency: AgencyView, pattern: str, message: str
) -> None:
    page = owner.post(PATH, data={**FORM, "pattern_invoice": pattern})
    assert page.status_code == 422 and message in page.text and 'value="P-{yy}{month}-{n:03}"' in page.text
    db.release()
    assert service.profile().patterns["proposal"] == service.PATTERNS["proposal"], "nothing was saved"


def test_examples_while_typing(owner: Browser, agency: AgencyView) -> None:
    path = PATH + "/examples"
    shown = owner.post(path, data={**FORM, "pattern_quotation": "{month}-{n}"}, headers={"HX-Request": "true"}).text
    assert f"{service.today().year}/0001" in shown and "numbers would repeat" in shown and "<html" not in shown


def test_who_may(owner: Browser, member: Browser, stranger: Browser, anonymous: Browser) -> None:
    browsers = (owner, member, stranger, anonymous)
    assert [browser.get(PATH).status_code for browser in browsers] == [200, 403, 404, 303]
    assert [browser.post(PATH, data=FORM).status_code for browser in browsers[1:]] == [403, 404, 303]

"""The settings page."""

from __future__ import annotations

import pytest

from tests.client import Browser
from webkit.agencies import service
from webkit.core.kernel import db
from webkit.core.kernel.directory import AgencyView

PATH = "/northwind/settings"
FORM = {
    "name": "Northwind Studio",
    "legal_name": "Northwind Studio S.r.l.",
    "country": "IT",
    "currency": "EUR",
    "locale": "it-IT",
    "timezone": "Europe/Rome",
    "tax_scheme": "it-vat",
    "brand": "#1F5540",
    "payment_days": "30",
    "proposal_days": "20",
}


def test_what_is_saved_is_shown(owner: Browser, agency: AgencyView) -> None:
    saved = owner.post(
        PATH, data={**FORM, "bank_iban": "it60 x054 2811 1010 0000 0123 456", "website": "north.example"}
    )
    assert (saved.status_code, saved.location) == (303, PATH)
    page = owner.get(PATH).text
    assert 'value="Northwind Studio S.r.l."' in page and 'value="IT60X0542811101000000123456"' in page
    db.release()
    profile = service.profile()
    assert profile.payment_days == 30
    assert (profile.brand, profile.locale, profile.website) == ("#1f5540", "it-IT", "https://north.example")
    owner.post(PATH, data=FORM)
    db.release()
    assert service.profile().bank.iban == "", "what is cleared is gone"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": ""}, "Please fill this in."),
        ({"bank_iban": "IT60X0542811101000000123457"}, "wrong digit"),
        ({"bank_iban": "nonsense"}, "wrong digit"),
        ({"bank_bic": "SHORT"}, "eight or eleven"),
        ({"brand": "red"}, "hexadecimal"),
        ({"brand": "#12345g"}, "hexadecimal"),
        ({"currency": "XXX"}, "offered values"),
        ({"timezone": "Mars/Olympus"}, "offered values"),
        ({"tax_scheme": "mars-vat"}, "offered values"),
        ({"payment_days": "-1"}, "At least 0"),
        ({"payment_days": "soon"}, "not a number"),
        ({"payment_days": "9" * 50}, "At most 365"),
        ({"email": "nonsense"}, "not an e-mail address"),
        ({"website": "javascript:alert(1)"}, "not a web address"),
        ({"street": "x" * 201}, "At most 200"),
    ],
)
def test_wrong_values(owner: Browser, agency: AgencyView, values: dict[str, str], message: str) -> None:
    page = owner.post(PATH, data={**FORM, "city": "kept city", **values})
    assert page.status_code == 422 and message in page.text and 'value="kept city"' in page.text
    db.release()
    assert service.profile().payment_days == 14, "nothing was saved"


def test_who_may(owner: Browser, member: Browser, stranger: Browser, anonymous: Browser) -> None:
    browsers = (owner, member, stranger, anonymous)
    assert [browser.get(PATH).status_code for browser in browsers] == [200, 403, 404, 303]
    assert [browser.post(PATH, data=FORM).status_code for browser in browsers[1:]] == [403, 404, 303]
    assert "settings" not in member.get("/northwind/clients").text.lower().split("<main")[0].split("wk-nav")[1]

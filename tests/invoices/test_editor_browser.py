"""Editors of invoices and quotations under somebody's fingers: rows by keyboard, totals while typing, known words."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.assets.chromium import MARKS, chromium
from tests.client import Browser
from tests.factories import documents
from tests.factories.quotations import AUTHOR
from webkit.core.kernel import db
from webkit.core.kernel.directory import AgencyView
from webkit.invoices import service
from webkit.quotations import service as quotations

pytestmark = MARKS


class _Quiet(WSGIRequestHandler):
    def log(self, *args: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture(scope="module")
def window() -> Iterator[Chromium]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def page(app: Flask, owner: Browser, window: Chromium) -> Iterator[Page]:
    """A tab in which the owner is signed in; it may not complain about anything."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{server.port}"
    context = window.new_context(base_url=base, reduced_motion="reduce")
    cookie = owner.get_cookie("webkit")
    assert cookie is not None
    context.add_cookies([{"name": "webkit", "value": cookie.value, "url": base}])
    tab, broken = context.new_page(), list[str]()
    tab.on("pageerror", lambda error: broken.append(str(error)))
    yield tab
    context.close()
    server.shutdown()
    thread.join()
    server.server_close()
    assert broken == []


def said(page: Page) -> list[str]:
    return [each.input_value() for each in page.locator("[name=line_description]").all()]


def test_a_bill_is_written_without_touching_the_mouse(page: Page, agency: AgencyView) -> None:
    client_id = documents.client()
    documents.draft("250.50", client_id=client_id)
    db.release()
    page.goto(f"/northwind/invoices/new?client={client_id}")
    page.get_by_label("Title").fill("Ticketing")
    page.get_by_label("What, line 1").fill("Part 1")
    expect(page.get_by_label("Unit price, line 1")).to_have_value("250.50")
    page.keyboard.press("Enter")
    expect(page.get_by_label("What, line 2")).to_be_focused()
    page.keyboard.type("Review")
    page.get_by_label("Quantity, line 2").fill("6")
    page.get_by_label("Unit price, line 2").fill("95")
    page.get_by_label("Discount, line 2").fill("10 %")
    expect(page.locator("#totals")).to_contain_text("931.47")
    expect(page.locator("tbody tr").nth(1).locator("td.am")).to_contain_text("513")
    page.keyboard.press("Alt+ArrowUp")
    assert said(page) == ["Review", "Part 1"]
    expect(page.get_by_label("Discount, line 1")).to_be_focused()
    page.get_by_label("What, line 2").press("Enter")
    expect(page.get_by_label("What, line 3")).to_be_focused()
    page.get_by_label("Change line 1").click()
    page.locator("tbody tr").nth(0).get_by_role("button", name="Duplicate").click()
    assert said(page) == ["Review", "Review", "Part 1", ""]
    page.get_by_label("Change line 2").click()
    page.locator("tbody tr").nth(1).get_by_role("button", name="Remove").click()
    expect(page.locator("#totals")).to_contain_text("931.47")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r"/invoices/[0-9a-f-]{36}$"))
    made = service.page(limit=1)[0]
    db.release()
    assert (made.title, made.total) == ("Ticketing", 93147)


def test_a_quotation_is_written_with_the_same_keys(page: Page, agency: AgencyView) -> None:
    made = quotations.create(documents.client(), "Shop window", AUTHOR)
    db.release()
    page.goto(f"/northwind/quotations/{made}/edit")
    page.get_by_role("button", name="Add a line").click()
    first, second = page.locator("#f-lines-0-name"), page.locator("#f-lines-1-name")
    expect(first).to_be_focused()
    page.keyboard.type("Design")
    page.locator("#f-lines-0-price").fill("1220")
    page.locator("#f-lines-0-discount").fill("10 %")
    page.keyboard.press("Enter")
    expect(second).to_be_focused()
    page.keyboard.type("Printing")
    page.locator("#f-lines-1-price").fill("300")
    expect(page.locator("#totals")).to_contain_text("1,705.56")
    page.keyboard.press("Alt+ArrowUp")
    expect(first).to_have_value("Printing")
    expect(page.locator("#f-lines-0-price")).to_be_focused()
    page.get_by_label("Prices").select_option("gross")
    expect(page.get_by_label("Price with tax")).to_have_count(2)
    expect(page.locator("#totals")).to_contain_text("1,398.00")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#autosave")).to_contain_text("Saved")
    db.release()
    assert quotations.get(made).total_minor == 139_800

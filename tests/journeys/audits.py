"""Asking a running installation to measure a client's site."""

from __future__ import annotations

from tests.journeys.deal import Deal
from tests.journeys.stack import until
from tests.journeys.web import Page


def ask(deal: Deal, url: str) -> Page:
    """Send the form of the client's page."""
    client = deal.client_page.rsplit("/", 1)[-1]
    form = deal.staff.get(f"/{deal.agency}/audits/new?client={client}").form("/audits/new")
    return form.fill(url=url).submit("Measure").ok()


def measure(deal: Deal, url: str) -> Page:
    """Ask, and look again until it has ended."""
    asked = ask(deal, url)

    def ended() -> Page | None:
        page = deal.staff.get(asked.path).ok()
        return None if "How far it is" in page.text else page

    return until(ended, 60, f"for {url}")

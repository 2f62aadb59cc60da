"""Invented things to show components with."""

from __future__ import annotations

from dataclasses import field
from datetime import UTC, date, datetime
from typing import Any

from webkit.core.kernel.forms import FormState
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass

Sample = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the sample menu."""

    label: str
    icon: str
    url: str
    group: str = "work"
    current: bool = False
    count: int | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class Studio:
    """The sample agency."""

    name: str = "Northwind Studio"
    slug: str = "northwind"
    brand: str = "#2438d6"


@dataclass(frozen=True, slots=True)
class StyleguidePage:
    """What the styleguide shows."""

    form: FormState
    agency: Studio = field(default_factory=Studio)
    places: tuple[Place, ...] = ()
    steps: tuple[Sample, ...] = ()
    entries: tuple[Sample, ...] = ()
    invoices: tuple[Sample, ...] = ()
    providers: tuple[Sample, ...] = ()
    job: Sample = field(default_factory=dict)
    day: date = date(2026, 11, 12)
    moment: datetime = datetime(2026, 11, 12, 16, 40, tzinfo=UTC)


def sample_page() -> StyleguidePage:
    """The styleguide's things, in the reader's language where they are ours."""
    return StyleguidePage(
        form=FormState({"vat": ["IT 04127 550"]}, {"vat": "Eleven digits, this has eight."}),
        places=_places(),
        steps=_steps(),
        entries=_entries(),
        invoices=_invoices(),
        providers=_providers(),
        job=_job(),
    )


def _places() -> tuple[Place, ...]:
    return (
        Place(_("Today"), "sun-high", "#"),
        Place(_("Clients"), "users", "#"),
        Place(_("Proposals"), "file-text", "#", "deals", count=5),
        Place(_("Contracts"), "writing-sign", "#", "deals", count=3),
        Place(_("Invoices"), "receipt-euro", "#", "deals", current=True, count=6, late=True),
        Place(_("Settings"), "settings", "#", "studio"),
    )


def _steps() -> tuple[Sample, ...]:
    return (
        {"name": "Consultation", "at": "done", "lines": ["2 Sep, 34 answers"], "passed": "2 days", "url": "#"},
        {"name": "Proposal", "at": "done", "state": "accepted", "lines": ["€14,880.00 net"], "passed": "7 days"},
        {"name": "Contract", "at": "now", "lines": ["out for signature"]},
        {"name": "Invoice", "at": "ahead", "lines": ["after signing"]},
    )


def _entries() -> tuple[Sample, ...]:
    def at(hour: int, minute: int) -> datetime:
        return datetime(2026, 11, 18, hour, minute, tzinfo=UTC)

    return (
        {
            "text": "Lido Aurora paid €4,000.00 of INV-2026-0109",
            "at": at(18, 30),
            "tone": "ok",
            "meta": "bank transfer",
        },
        {"text": "Mail to Velo Verde came back", "at": at(16, 12), "tone": "bad", "meta": "mailbox full"},
        {"text": "Tommaso sent INV-2026-0115", "at": at(8, 55), "meta": "delivered, not opened", "url": "#"},
    )


def _invoices() -> tuple[Sample, ...]:
    return (
        {"number": "INV-2026-0110", "client": "Pane & Prosa", "what": "Booking form", "state": "sent", "minor": 180560},
        {"number": "INV-2026-0109", "client": "Lido Aurora", "what": "Brand", "state": "part_paid", "minor": 756400},
        {"number": "INV-2026-0108", "client": "Velo Verde", "what": "Search", "state": "overdue", "minor": 47580},
    )


def _providers() -> tuple[Sample, ...]:
    checked = datetime(2026, 11, 18, 9, 52, tzinfo=UTC)
    return (
        {
            "icon": "file-type-pdf",
            "capability": "PDF",
            "about": "renderer, 4 warm children",
            "provider": "Built in",
            "version": "0.1.0",
            "state": "healthy",
            "checked": checked,
            "answer": "0.21 s",
        },
        {
            "icon": "credit-card",
            "capability": "Payments",
            "provider": "Stripe",
            "version": "plugin 1.2.0",
            "state": "missing",
            "problem": "Stripe is chosen and has no key. Clients cannot pay by card.",
            "fix": "STRIPE_SECRET_KEY=sk_live_…",
        },
    )


def _job() -> Sample:
    def attempt(text: str, minute: int, tone: str = "") -> Sample:
        return {"text": text, "at": datetime(2026, 11, 18, 8, minute, tzinfo=UTC), "tone": tone}

    return {
        "title": "invoices.mail, INV-2026-0114",
        "where": "Northwind Studio",
        "sentence": "The mail server refused the password. The invoice is valid; the client has not got it.",
        "error": "ProviderError(code=auth, retryable=False)\n  535 5.7.8 authentication failed",
        "attempts": (attempt("Attempt 2, refused: 535", 17, "bad"), attempt("Attempt 1, no answer in 20 s", 14)),
    }

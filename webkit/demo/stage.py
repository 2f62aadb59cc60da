"""Where demo deals are played: in the past, through the agency's door, by staff and by clients."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from flask import current_app

from webkit.core.kernel import clock, events, jobs, links, tenancy
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.invoices import service as invoices
from webkit.messaging import service as messaging
from webkit.payments import service as payments
from webkit.proposals.views import Author

PATIENCE_SECONDS = 15

Story = Iterator[float]
"""A story goes on whenever it is asked for its next step; what it yields is how many days ago that one happened."""


@dataclass(frozen=True)
class Stage:
    """One agency and the person who runs it."""

    agency: UUID
    author: Author
    now: datetime

    @property
    def actor(self) -> str:
        return f"user:{self.author.id}"

    def play(self, *stories: Story) -> None:
        """Let all stories happen side by side, in the order of the calendar."""
        # Not all at the same hour.
        waiting = [(next(story) + index / 30, index, story) for index, story in enumerate(stories)]
        while waiting:
            days, index, story = scene = max(waiting, key=lambda each: each[0])
            waiting.remove(scene)
            with self.days_ago(days):
                with tenancy.tenant(self.agency):
                    following = next(story, None)
                jobs.run_waiting()
            if following is not None:
                waiting.append((following + index / 30, index, story))

    @contextmanager
    def days_ago(self, days: float) -> Iterator[None]:
        """Hold the clock there, counted from an afternoon."""
        afternoon = self.now.replace(hour=15, minute=10, second=0)
        with clock.frozen(afternoon - timedelta(days=days)):
            yield


def code_in_mail(subject: str) -> str:
    """The code a client finds in the newest mail about a document; another process may be the one that sends it."""
    for _attempt in range(PATIENCE_SECONDS * 10):
        for mail in messaging.mails(subject):
            message = messaging.content(mail.id)
            if message and (code := re.search(r"^(\d{6})$", message.text, re.MULTILINE)):
                return code[1]
        time.sleep(0.1)
    raise DomainError(_("The mail with the code did not arrive."))


def open_checkout(invoice_id: UUID) -> str:
    """Press Pay on the invoice's page: the address of the checkout."""
    return invoices.pay(invoice_id, links.token_for(invoices.LINK, invoice_id) or "")


def press_pay(checkout: str) -> None:
    """Press Pay at the local checkout, which is a page of this application; outside any door, as a stranger."""
    here = urlsplit(checkout).path
    answer = current_app.test_client().post(f"{here}/pay", headers={"Sec-Fetch-Site": "same-origin"})
    if answer.status_code != 303:
        raise DomainError(_("The checkout did not take the payment."))


def come_back(invoice_id: UUID) -> None:
    """Return from the checkout, which makes the platform ask how the payment went."""
    payments.refresh(events.ref("invoice", invoice_id))

"""Loads the demo agency: once; asked again it answers with the one that is there."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from webkit.accounts import service as accounts
from webkit.accounts.service import NewUser
from webkit.agencies import service as agencies
from webkit.agencies.service import NewAgency
from webkit.catalogue import service as catalogue
from webkit.core.capabilities.base import Health
from webkit.core.capabilities.email import EMAIL, ReadableOutbox
from webkit.core.capabilities.payments import PAYMENTS
from webkit.core.capabilities.pdf import PDF
from webkit.core.kernel import clock, db, jobs, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass
from webkit.demo import stories, texts
from webkit.demo.stage import PATIENCE_SECONDS, Stage
from webkit.proposals.views import Author

FIRST_DAY = 90


@dataclass(frozen=True, slots=True)
class Demo:
    """Where the demo agency is and how to get in. The password is this installation's own."""

    url: str
    agency: str
    email: str
    password: str


def load() -> Demo:
    """Make sure of the demo agency and everything that happened to it. Raises DomainError where that would do harm."""
    _refuse_to_harm()
    _wait_for_the_printer()
    now, password = clock.now(), _password()
    with db.unit(db.Scope()), clock.frozen(now - timedelta(days=FIRST_DAY)):
        owner, agency = _found(password)
    _play(Stage(agency.id, Author(owner, texts.OWNER, texts.EMAIL), now))
    return Demo(f"{current().settings.base_url}/{agency.slug}/", agency.slug, texts.EMAIL, password)


def _refuse_to_harm() -> None:
    """Made-up people get no mail and pay no money."""
    registry = current().registry
    kept = isinstance(registry.get(EMAIL), ReadableOutbox)
    if not kept or registry.chosen_name(PAYMENTS) != "local":
        raise DomainError(
            _("Made-up people would get real mail. Set EMAIL_PROVIDER=outbox and PAYMENTS_PROVIDER=local for the demo.")
        )


def _wait_for_the_printer() -> None:
    """Contracts are signed as PDFs; beside us, the renderer may just be starting."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (report := current().registry.health(PDF)).status is Health.DOWN:
        if time.monotonic() > deadline:
            raise DomainError(_("No PDF can be printed: %(reason)s.", reason=report.detail))
        time.sleep(0.1)


def _found(password: str) -> tuple[UUID, AgencyView]:
    """The owner and the agency, made if they are not there."""
    owner = accounts.user_id_of(texts.EMAIL)
    if owner is not None and (places := accounts.places_of(owner)):
        known = agencies.by_slug(places[0].slug)
        assert known is not None  # somebody's place
        return owner, known
    person = NewUser(texts.EMAIL, texts.OWNER, password)
    new = _new_agency()
    if accounts.is_first_run():
        return accounts.set_up(person, new)
    owner = owner or accounts.create_user(person, texts.NAME)
    return owner, accounts.found_agency(owner, new)


def _new_agency() -> NewAgency:
    return NewAgency(
        name=texts.NAME,
        slug=agencies.propose_slug("Northwind"),
        country="IT",
        currency="EUR",
        locale="en-GB",
        timezone="Europe/Rome",
        tax_scheme="it-vat",
        email=texts.EMAIL,
        brand=texts.SETTINGS["brand"],
    )


def _play(stage: Stage) -> None:
    """What is missing of the agency's past; what somebody changed since stays changed."""
    with stage.days_ago(FIRST_DAY), tenancy.tenant(stage.agency):
        if not catalogue.packages():
            agencies.change(texts.SETTINGS)
            stories.stock_the_catalogue()
            stories.stock_the_library()
        missing = stories.missing(stage)
    stage.play(*missing)
    jobs.run_waiting()


def _password() -> str:
    """Made once, in a file only the operator reads: nobody knows the password of somebody else's demo."""
    path: Path = current().settings.data / "keys" / "demo-password"
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(12) + "\n")
    return path.read_text().strip()

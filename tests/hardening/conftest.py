"""A house to be attacked."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from flask import Flask

from tests.factories import proposals, quotations
from tests.factories.people import Person
from tests.hardening import pages
from tests.people import world
from webkit.core.kernel import db
from webkit.core.kernel.directory import AgencyView

_PUBLIC = re.compile(r"/(\w/|sign-in|start|invitations|invite|verify)")


@pytest.fixture
def docs(app: Flask, agency: AgencyView, ada: Person) -> dict[str, UUID]:
    """One document of each kind, all of them Ada's; what goes wrong is answered as in production."""
    app.testing = False
    return world.make(ada.id)


@pytest.fixture
def starts(app: Flask, agency: AgencyView, docs: dict[str, UUID]) -> tuple[list[str], list[str]]:
    """Where the walk of the owner begins, and the one of somebody without an account."""
    sent = {
        "proposal_id": proposals.send(proposals.draft(docs["client_id"])),
        "quotation_id": quotations.send(quotations.draft(docs["client_id"])),
    }
    with db.writing():
        tokens = world.tokens({**docs, **sent})
    db.release()
    every = pages.beginnings(app, docs, agency.slug, tokens)
    public = [path for path in every if _PUBLIC.match(path)]
    return [path for path in every if path not in public], public

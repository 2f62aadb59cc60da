"""One document of each kind in an agency, and what to fill into the addresses of its pages."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

from flask import Flask
from werkzeug.routing import Rule

from tests.factories import authors, consultations, deals, documents, quotations
from tests.factories import proposals as proposing
from webkit.core.kernel import links

PLACE = re.compile(r"<(?:(?P<kind>\w+)(?:\((?P<choice>[^)]*)\))?:)?(?P<name>\w+)>")
MARK = "Leakmark"
"""Part of the name of every client: a page that shows it shows something of this agency."""


def make(author: UUID | None) -> dict[str, UUID]:
    """The documents, all of one author's; by the name of the argument that addresses have for them."""
    client = documents.client(f"{MARK} S.r.l.", "mark@leak.example")
    found = {
        "client_id": client,
        "proposal_id": proposing.draft(client),
        "quotation_id": quotations.draft(client),
        "contract_id": deals.sent(client_id=client),
        "consultation_id": consultations.start(client),
        "invoice_id": documents.draft(client_id=client),
    }
    authors.hand_to(author)
    return found


def address(rule: Rule, slug: str, values: dict[str, UUID], token: str = "nobody") -> str:
    """An address of a rule, with known ids where it names something known."""

    def fill(hole: re.Match[str]) -> str:
        name, kind = hole["name"], hole["kind"]
        if name == "agency":
            return slug
        if name in ("token", "code"):
            return token
        if name == "kind" and kind is None:
            return "contract"
        if name in ("source_id", "subject"):
            return str(values["contract_id"])
        if name == "slot":
            return "contract"
        if name == "client":
            return str(values["client_id"])
        if name in values:
            return str(values[name])
        if kind == "any":
            return str(hole["choice"]).split(",")[0].strip()
        return {"uuid": str(uuid4()), "int": "1"}.get(kind or "", "invoices")

    return PLACE.sub(fill, rule.rule)


def tokens(values: dict[str, UUID]) -> dict[str, str]:
    """A link of each kind that opens one of the documents."""
    kinds = {"p": "proposal_id", "c": "contract_id", "q": "quotation_id", "i": "invoice_id", "s": "client_id"}
    return {kind: links.create(kind, values[name]) for kind, name in kinds.items()}


def staff_rules(app: Flask) -> list[Rule]:
    """The addresses of an agency's staff and of their programs, plugins' aside."""
    inside = ("/<slug:agency>/", "/api/v1/agencies/<slug:agency>")
    return [each for each in app.url_map.iter_rules() if each.rule.startswith(inside)]

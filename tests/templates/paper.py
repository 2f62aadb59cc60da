"""Sample documents for the PDF engine."""

from typing import Any

from flask import Flask, render_template
from markupsafe import Markup

from tests.templates.harness import AGENCIES, DEAL
from webkit.branding.print import print_context

CODE = Markup(
    '<svg class="qr" viewBox="0 0 21 21"><path d="M1 1h7v7H1zM13 1h7v7h-7zM1 13h7v7H1zM10 10h3v3h-3z"/></svg>'
)
DOCUMENTS = {"invoice": "northwind", "contract": "harbour", "proposal": "northwind", "proposal-rings": "harbour"}


def document(app: Flask, name: str, **more: Any) -> str:
    """The HTML of a sample document."""
    kind = name.partition("-")[0]
    agency = AGENCIES[DOCUMENTS[name]]
    values = DEAL | {
        "agency": agency,
        "code": CODE,
        "foot_left": ["Northwind Studio S.r.l., P. IVA IT 0991 234 0158", "Verify: northwind.example/verify/7KQ4-M2XD"],
        "foot_right": "INV-2026-0112",
    }
    look = print_context(agency.brand, agency.slug if kind == "proposal" else "")
    with app.test_request_context():
        return render_template(f"pdf_{kind}.html", **(values | look | more))

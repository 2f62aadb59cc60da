"""A report on paper: the same tables, without the charts."""

from __future__ import annotations

from flask import render_template

from webkit.agencies import service as agencies
from webkit.core.capabilities.pdf import PDF, PdfRequest
from webkit.core.kernel import i18n
from webkit.core.kernel.db import release
from webkit.core.kernel.runtime import current
from webkit.reports.shapes import Report


def pdf(report: Report) -> bytes:
    """Print it in the language it was made in. Ends the current read."""
    agency = agencies.agency_snapshot(agencies.profile())
    html = render_template(
        "pdf/report/1.html",
        agency=agency,
        report=report,
        lang=i18n.current_locale(),
        foot_left=(agency["legal_name"] or agency["name"],),
        foot_right=report.title,
        **current().print_context(agency["brand"], ""),
    )
    release()
    return current().registry.get(PDF).render(PdfRequest(html=html, title=report.title)).content

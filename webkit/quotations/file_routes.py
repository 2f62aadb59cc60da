"""Staff pages of the files that go with a quotation."""

from __future__ import annotations

from uuid import UUID

from flask import Response, url_for

from webkit.core.kernel import downloads, folder_pages, permissions
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.folder_pages import About
from webkit.core.kernel.i18n import gettext as _
from webkit.quotations import filing, service
from webkit.quotations.models import State

blueprint = staff_blueprint("quotation_files", __name__, "/quotations")


def _about(quotation_id: UUID) -> About:
    quotation = service.get(quotation_id)
    draft = quotation.state is State.DRAFT
    may = permissions.may("quotations.edit", quotation.author_id)
    own = url_for("quotations.edit" if draft and may else "quotations.show", quotation_id=quotation_id)
    heading = quotation.number or quotation.title
    return About(
        heading=heading,
        crumbs=[(url_for("quotations.index"), _("Quotations")), (own, heading)],
        back=own,
        is_open=draft and may,
        lede=_("They are sent with the quotation and stand on its page.")
        if draft
        else _("They were sent with the quotation. Revise it to change them."),
    )


@blueprint.get("/<uuid:quotation_id>/files")
def show(quotation_id: UUID) -> Response:
    """The files, and the form for another one while it is a draft."""
    return folder_pages.show(filing.FOLDER, quotation_id, _about(quotation_id))


@blueprint.post("/<uuid:quotation_id>/files")
def attach(quotation_id: UUID) -> Response:
    return folder_pages.attach(filing.FOLDER, quotation_id, _about)


@blueprint.post("/<uuid:quotation_id>/files/<uuid:file_id>/remove")
def remove(quotation_id: UUID, file_id: UUID) -> Response:
    return folder_pages.remove(filing.FOLDER, quotation_id, file_id)


@blueprint.get("/<uuid:quotation_id>/files/<uuid:file_id>")
def download(quotation_id: UUID, file_id: UUID) -> Response:
    return downloads.attachment(filing.get(quotation_id, file_id))

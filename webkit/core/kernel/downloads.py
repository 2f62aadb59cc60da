"""Handing out stored documents, also at the addresses `/api/<kind>s/<id>/pdf` that existing users know."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, Response, abort, g, make_response
from flask_login import current_user

from webkit.core.kernel import attachments, doors, entitlements, frozen, permissions, tenancy
from webkit.core.kernel.attachments import Attached
from webkit.core.kernel.entitlements import Feature
from webkit.core.kernel.entrances import Entrance
from webkit.core.kernel.errors import NotFound
from webkit.core.kernel.frozen import FrozenDocument
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current

PDF = "application/pdf"
blueprint = Blueprint("downloads", __name__, url_prefix="/api")


ADDRESS_LIVES = timedelta(minutes=1)
"""A signed address opens the file to whoever holds it: long enough to follow a redirect, no longer."""


def pdf(document: frozen.Frozen | None) -> Response:
    """A frozen document's PDF as a download, made now if no job has made it yet. Raises NotFound without one.

    The caller has checked who asks. Where the storage signs addresses, the bytes come from there.
    """
    if document is None:
        raise NotFound(_("There is no PDF of this document yet."))
    if g.get("side") != doors.PUBLIC:  # a client has a right to what was agreed
        entitlements.require(Feature.PDF_EXPORT)
    address = _signed(document)
    response = Response(status=303, headers={"Location": address}) if address else _file(document)
    response.headers["Cache-Control"] = "private, no-store"
    return response


INERT = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}
"""Whatever a file holds, no browser runs it here."""


def attachment(file: Attached) -> Response:
    """A file that somebody attached, as a download. The caller has checked who asks."""
    response = make_response(attachments.content(file))
    response.mimetype = file.content_type
    response.headers.set("Content-Disposition", "attachment", filename=file.name)
    response.headers.update(INERT)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _signed(document: frozen.Frozen) -> str | None:
    if not document.pdf_key:
        return None
    storage = frozen.keeper(document).connect()
    return storage.url(document.pdf_key, expires=ADDRESS_LIVES, filename=document.filename, content_type=PDF)


def _file(document: frozen.Frozen) -> Response:
    response = make_response(frozen.ensure_pdf(document.id))
    response.mimetype = PDF
    response.headers.set("Content-Disposition", "attachment", filename=document.filename)
    return response


@blueprint.get("/<plural>/<uuid:document_id>/pdf")
def by_id(plural: str, document_id: UUID) -> Response:
    """The newest PDF of a document, for members of its agency: as it was sealed or accepted, if it was."""
    if not current_user.is_authenticated:
        return doors.ask_to_sign_in()
    kind = plural.removesuffix("s")
    owner, directory = _agency_of(kind, document_id), current().directory
    agency = directory.by_id(owner) if owner else None
    seat = directory.seat(agency.id, current_user.id) if agency else None
    if agency is None or seat is None:
        abort(404)
    doors.sit_down(Entrance(agency, seat))
    permissions.check_document(g.grant, kind, document_id)
    ends = (frozen.latest(f"{kind}{end}", document_id) for end in ("_sealed", "_accepted", ""))
    return pdf(next(filter(None, ends), None))


def _agency_of(kind: str, document_id: UUID) -> UUID | None:
    query = sa.select(FrozenDocument.agency_id).where(
        FrozenDocument.kind == kind, FrozenDocument.document_id == document_id
    )
    with tenancy.platform("find the agency of a document before membership is checked") as unit:
        return unit.scalars(query.limit(1)).first()

"""The agency's mail: what left, what waits, what nobody knows; and the messages themselves where they stay here."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, make_response, request, url_for

from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import NotFound
from webkit.core.kernel.hx import fields, go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.messaging import service
from webkit.messaging.pages import MailListPage, MailPage

PAGE = 50
VIEWS = {"all": service.page, "troubled": service.troubled, "returned": service.returned}
blueprint = staff_blueprint("messaging", __name__, "/mail")


@blueprint.get("/")
def index() -> Response:
    before, wished = request.args.get("before", type=UUID), request.args.get("view", "all")
    view = wished if wished in VIEWS else "all"
    mails = VIEWS[view](limit=PAGE + 1, before=before)
    older = url_for(".index", view=view, before=mails[PAGE - 1].id) if len(mails) > PAGE else None
    kept_here = service.kept_here()
    return page("messaging/index.html", "list", **fields(MailListPage(view, mails[:PAGE], older, kept_here)))


@blueprint.get("/<uuid:mail_id>")
def show(mail_id: UUID) -> Response:
    mail = service.get(mail_id)
    return page("messaging/show.html", **fields(MailPage(mail, service.content(mail_id))))


@blueprint.get("/<uuid:mail_id>/html")
def html(mail_id: UUID) -> Response:
    """The mail's HTML part for a frame: nothing in it may run or load."""
    message = service.content(mail_id)
    if message is None:
        raise NotFound(_("There is no such mail."))
    response = make_response(message.html)
    response.headers["Content-Security-Policy"] = (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
    )
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@blueprint.get("/<uuid:mail_id>/attachment/<int:nth>")
def attachment(mail_id: UUID, nth: int) -> Response:
    """One attached file, as a download."""
    message = service.content(mail_id)
    if message is None or nth >= len(message.attachments):
        raise NotFound(_("There is no such attachment."))
    file = message.attachments[nth]
    response = make_response(file.content)
    response.headers.set("Content-Disposition", "attachment", filename=file.filename)
    response.mimetype = "application/octet-stream"
    return response


@blueprint.post("/<uuid:mail_id>/again")
def send_again(mail_id: UUID) -> Response:
    service.send_again(mail_id)
    flash(_("The mail is on its way again."), "ok")
    return go(".show", mail_id=mail_id)


@blueprint.post("/<uuid:mail_id>/done")
def put_away(mail_id: UUID) -> Response:
    """Somebody has seen to a mail that did not arrive."""
    service.put_away(mail_id)
    flash(_("Noted. It no longer waits for anybody."), "ok")
    return go(".show", mail_id=mail_id)

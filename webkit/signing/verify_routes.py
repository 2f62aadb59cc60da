"""`/verify`: anybody who holds a document can see whether it is genuine, without an account."""

from __future__ import annotations

import re
from contextlib import closing

from flask import Blueprint, Response, g, request, url_for

from webkit.core.kernel import hosts, i18n
from webkit.core.kernel.doors import public_blueprint
from webkit.core.kernel.errors import NotFound
from webkit.core.kernel.frozen import VERIFY
from webkit.core.kernel.hx import fields, go_to, page
from webkit.core.kernel.i18n import gettext as _
from webkit.signing import verification
from webkit.signing.pages import LookUpPage, VerifyPage

LIMIT = 8 * 1024 * 1024
entrance = Blueprint("verify", __name__, url_prefix=f"/{VERIFY}")
blueprint = public_blueprint("verify_document", __name__, VERIFY)


def tidy(code: str) -> str:
    """A code as it was printed, however it was typed: letters large, groups of four."""
    plain = re.sub(r"[^A-Z2-7]", "", code.upper().replace("0", "O").replace("1", "I"))[:32]
    return "-".join(plain[start : start + 4] for start in range(0, len(plain), 4))


@blueprint.url_value_preprocessor
def tidy_token(_endpoint: str | None, _values: dict[str, object] | None) -> None:
    g.token = tidy(g.token)


@blueprint.before_request
def speak() -> None:
    """A stranger's page: in the browser's language."""
    i18n.set_locale(i18n.negotiate([language for language, _ in request.accept_languages]), g.agency.timezone)


@blueprint.errorhandler(NotFound)
def unknown(_error: NotFound) -> Response:
    return page("verify/index.html", code=404, **fields(LookUpPage(g.token, True)))


@entrance.get("")
@hosts.for_clients  # it shows nothing of anybody, and finds what is of the agency
def index() -> Response:
    """Type a code, or come with one."""
    if code := tidy(request.args.get("code", "")):
        return go_to(url_for("verify_document.show", token=code))
    return page("verify/index.html", **fields(LookUpPage("", False)))


@blueprint.get("")
def show() -> Response:
    return page("verify/show.html", **fields(VerifyPage(verification.look_up(g.link.document_id), None, "")))


@blueprint.post("")
def compare() -> Response:
    """Compare a file with the document; it is hashed and forgotten."""
    document = verification.look_up(g.link.document_id)
    content = _uploaded()
    if not content:
        problem = _("Choose the PDF file you want to check.")
    elif len(content) > LIMIT:
        problem = _("This file is larger than any document of ours: it is not the one.")
    else:
        compared = verification.compare(document, content)
        return page("verify/show.html", **fields(VerifyPage(document, compared, "")))
    return page("verify/show.html", code=422, **fields(VerifyPage(document, None, problem)))


def _uploaded() -> bytes:
    """What was sent, at most one byte more than we accept; its temporary file is gone at once."""
    upload = request.files.get("file")
    if upload is None:
        return b""
    with closing(upload):
        return upload.stream.read(LIMIT + 1)

"""Staff pages of the files that go with a document, the same for every kind of document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any
from uuid import UUID

from flask import Response, flash, request
from flask_login import current_user

from webkit.core.kernel import attachments, events, folders
from webkit.core.kernel.attachments import Attached
from webkit.core.kernel.errors import Invalid
from webkit.core.kernel.folders import Folder
from webkit.core.kernel.forms import FormState
from webkit.core.kernel.hx import fields, go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass


@dataclass(frozen=True, slots=True)
class About:
    """What the page says of the document: its name, the way to it, whether its files can change, and a sentence."""

    heading: str
    crumbs: list[tuple[str, str]]
    back: str
    is_open: bool
    lede: str


@dataclass(frozen=True, slots=True)
class FilesPage:
    """`ids` are the address of the document, `limits` how large and how many, `endings` what may be attached."""

    about: About
    ids: Mapping[str, UUID]
    files: tuple[Attached, ...]
    form: FormState
    limits: dict[str, int]
    endings: list[str]


def show(folder: Folder[Any], document_id: UUID, about: About, state: FormState | None = None) -> Response:
    """The files, and the form for another one where they can change."""
    limits = {"each": attachments.LIMIT // attachments.MEGA, "most": attachments.MOST}
    view = FilesPage(
        about=about,
        ids={f"{folder.kind}_id": document_id},
        files=folders.of(folder, document_id),
        form=state or FormState(),
        limits=limits,
        endings=sorted(attachments.TYPES),
    )
    return page("attachments/files.html", code=422 if state else 200, **fields(view))


def attach(folder: Folder[Any], document_id: UUID, about: Callable[[UUID], About]) -> Response:
    """The form was sent: attach its file."""
    upload = request.files.get("file")
    try:
        if upload is None:
            raise Invalid({"file": _("Choose the file to attach.")})
        with closing(upload):
            actor = events.ref("user", current_user.id)
            file = folders.attach(folder, document_id, upload.filename or "", upload.stream, actor)
    except Invalid as error:
        return show(folder, document_id, about(document_id), FormState({}, error.errors))
    flash(_("%(name)s goes with it.", name=file.name), "ok")
    return _back(folder, document_id)


def remove(folder: Folder[Any], document_id: UUID, file_id: UUID) -> Response:
    """Take a file off."""
    folders.detach(folder, document_id, file_id)
    flash(_("The file was taken off."), "ok")
    return _back(folder, document_id)


def _back(folder: Folder[Any], document_id: UUID) -> Response:
    return go(".show", **{f"{folder.kind}_id": document_id})

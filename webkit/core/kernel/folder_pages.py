"""Staff pages of the files that go with a document, the same for every kind of document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, request
from flask_login import current_user

from webkit.core.kernel import attachments, downloads, events
from webkit.core.kernel.attachments import Attached
from webkit.core.kernel.doors import staff_blueprint
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


def pages(
    name: str, import_name: str, prefix: str, folder: Folder[Any], about: Callable[[UUID], About],
    demand: Callable[[UUID], None] | None = None,
) -> Blueprint:  # fmt: skip
    """The blueprint: look, attach, take off, download. `demand` raises Forbidden for who may not change it."""
    blueprint, key = staff_blueprint(name, import_name, prefix), f"{folder.kind}_id"
    one = f"/<uuid:{key}>/files"

    def show(**ids: UUID) -> Response:
        """The files, and the form for another one where they can change."""
        return _page(folder, about(ids[key]), {key: ids[key]}, FormState())

    def attach(**ids: UUID) -> Response:
        """Attach a file."""
        if demand:
            demand(ids[key])
        upload = request.files.get("file")
        try:
            if upload is None:
                raise Invalid({"file": _("Choose the file to attach.")})
            with closing(upload):
                actor = events.ref("user", current_user.id)
                file = folder.attach(ids[key], upload.filename or "", upload.stream, actor)
        except Invalid as error:
            return _page(folder, about(ids[key]), {key: ids[key]}, FormState({}, error.errors), code=422)
        flash(_("%(name)s goes with it.", name=file.name), "ok")
        return go(".show", **{key: ids[key]})

    def remove(file_id: UUID, **ids: UUID) -> Response:
        if demand:
            demand(ids[key])
        folder.detach(ids[key], file_id)
        flash(_("The file was taken off."), "ok")
        return go(".show", **{key: ids[key]})

    def download(file_id: UUID, **ids: UUID) -> Response:
        return downloads.attachment(folder.get(ids[key], file_id))

    blueprint.get(one)(show)
    blueprint.post(one)(attach)
    blueprint.post(f"{one}/<uuid:file_id>/remove")(remove)
    blueprint.get(f"{one}/<uuid:file_id>")(download)
    return blueprint


def _page(folder: Folder[Any], about: About, ids: Mapping[str, UUID], state: FormState, code: int = 200) -> Response:
    limits = {"each": attachments.LIMIT // attachments.MEGA, "most": attachments.MOST}
    files = folder.of(next(iter(ids.values())))
    view = FilesPage(about, ids, files, state, limits, sorted(attachments.TYPES))
    return page("attachments/files.html", code=code, **fields(view))

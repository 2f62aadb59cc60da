"""Files that go with documents. A file is sent as it is: its bytes are the body, its name stands in the address."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from webkit.api.answering import BYTES
from webkit.api.operations import Call, Operation, Param
from webkit.api.paging import of_all
from webkit.api.shapes import View
from webkit.core.kernel import attachments, downloads, folders
from webkit.core.kernel.attachments import Attached
from webkit.core.kernel.errors import Invalid
from webkit.core.kernel.folders import Folder
from webkit.invoices import filing as of_invoices
from webkit.quotations import filing as of_quotations

MEGA = attachments.MEGA
NAME = Param("name", "What the file is called, with its ending.", {"type": "string", "maxLength": 200}, required=True)
ABOUT = (
    f"While it is a draft: {', '.join(sorted(attachments.TYPES))}, at most {attachments.LIMIT // MEGA} MB each, "
    f"{attachments.TOGETHER // MEGA} MB and {attachments.MOST} files together."
)


class File(View):
    """A file that goes with a document."""

    id: UUID
    name: str
    content_type: str
    size: int
    sha256: str


def _of(folder: Folder[Any], view: str, edit: str) -> tuple[Operation, ...]:
    """What can be done with the files of one kind of document."""
    kind = folder.kind
    document, every = f"{kind}_id", f"/{kind}s/{{{kind}_id}}/files"
    one = f"{every}/{{file_id}}"

    def listed(call: Call) -> Sequence[Attached]:
        return folders.of(folder, call.id(document))

    def attach(call: Call) -> Attached:
        sent = io.BytesIO(call.body)
        try:
            return folders.attach(folder, call.id(document), call.query["name"], sent, call.actor, key=call.key)
        except Invalid as error:
            raise Invalid({"/" if name == "file" else name: text for name, text in error.errors.items()}) from None

    def download(call: Call) -> Any:
        response = downloads.attachment(folders.get(folder, call.id(document), call.id("file_id")))
        response.mimetype = BYTES
        return response

    def remove(call: Call) -> None:
        folders.detach(folder, call.id(document), call.id("file_id"))

    return (
        Operation(f"{kind}s.files", "GET", every, view, "List its files", of_all(listed), paged=True, answer=File),
        Operation(f"{kind}s.attach", "POST", every, edit, "Attach a file", attach, about=ABOUT, takes=attachments.LIMIT,
                  params=(NAME,), answer=File, code=201, apart=True),
        Operation(f"{kind}s.file", "GET", one, view, "Download a file", download, media=BYTES),
        Operation(f"{kind}s.detach", "DELETE", one, edit, "Take a file off a draft", remove, code=204),
    )  # fmt: skip


OPERATIONS = (
    *_of(of_invoices.FOLDER, "invoices.view", "invoices.edit"),
    *_of(of_quotations.FOLDER, "quotations.view", "quotations.edit"),
)

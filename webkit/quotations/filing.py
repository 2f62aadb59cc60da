"""Files that go with a quotation: attached to the draft, named in what is sent, mailed and shown with it."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from webkit.core.kernel import folders
from webkit.core.kernel.errors import Conflict, NotFound
from webkit.core.kernel.folders import Folder
from webkit.core.kernel.i18n import gettext as _
from webkit.quotations import models
from webkit.quotations.models import Quotation, State


def _found(row: Quotation | None) -> Quotation:
    if row is None:
        raise NotFound(_("There is no such quotation."))
    return row


def _find(quotation_id: UUID) -> Quotation:
    return _found(models.by_id(quotation_id))


def _lock(quotation_id: UUID) -> Quotation:
    return _found(models.locked(quotation_id))


def _demand_draft(quotation: Quotation) -> None:
    if quotation.state is not State.DRAFT:
        raise Conflict(_("This quotation has been sent: its files stay as they are. Revise it to change them."))


FOLDER = Folder(
    kind="quotation",
    find=_find,
    lock=_lock,
    demand_open=_demand_draft,
)
of, get = partial(folders.of, FOLDER), partial(folders.get, FOLDER)
attach, detach = partial(folders.attach, FOLDER), partial(folders.detach, FOLDER)

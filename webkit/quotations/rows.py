"""One quotation as it is stored, for who is about to do something with it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from webkit.core.kernel import events
from webkit.core.kernel.errors import NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.quotations import models
from webkit.quotations.models import Quotation


def row_of(quotation_id: UUID) -> Quotation:
    """One of the agency. Raises NotFound."""
    if (row := models.by_id(quotation_id)) is None:
        raise missing()
    return row


def missing() -> NotFound:
    """What is said of one that is not there."""
    return NotFound(_("There is no such quotation."))


def shown_under(client_id: UUID) -> Sequence[str]:
    """The subjects whose history shows its events, too."""
    return (events.ref("client", client_id),)

"""The list of clients: what it can be filtered and sorted by, its sheet, and what is done with many at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from webkit.clients import models, service
from webkit.clients.models import Client, ClientWord, Listed
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.lists import Action, Actor, Filter, Here, Kind, ListSpec, Option, Sort, Tab, Words
from webkit.core.kernel.sheets import Cell, Column

COLUMNS = (
    Column(_l("Name"), 28),
    Column(_l("Contact"), 22),
    Column(_l("E-mail"), 28),
    Column(_l("Phone"), 18),
    Column(_l("Website"), 24),
    Column(_l("Street"), 24),
    Column(_l("Postcode"), 10),
    Column(_l("City"), 18),
    Column(_l("Region"), 14),
    Column(_l("Country"), 9),
    Column(_l("Tax number"), 18),
    Column(_l("Added"), 17),
    Column(_l("Archived"), 10),
)


def _cells(rows: Sequence[Listed], here: Here) -> Iterator[tuple[Cell, ...]]:
    for row in rows:
        yield (
            *(row.name, row.contact_name, row.email, row.phone, row.website),
            *(row.street, row.postcode, row.city, row.region, row.country, row.tax_id),
            row.created_at,
            _("Yes") if row.archived else "",
        )


def _archive(client_id: UUID, actor: Actor) -> str:
    service.archive(client_id, actor.ref)
    return _("Archived")


def _restore(client_id: UUID, actor: Actor) -> str:
    service.restore(client_id, actor.ref)
    return _("Back in the list")


CLIENTS = ListSpec(
    name="clients",
    title=_l("Clients"),
    noun=_l("client"),
    endpoint="clients.index",
    show=("clients.show", "client_id"),
    table=Client,
    row=Listed,
    filters=(
        Filter(
            "archived",
            _l("Archived"),
            Kind.CHOICE,
            options={"1": Option(_l("Yes"), models.ARCHIVED)},
            unless=models.IN_USE,
        ),
    ),
    sorts=(Sort("name", _l("Name"), Client.sort_name), Sort("made", _l("Added"))),
    descending=False,
    words=Words(ClientWord, ClientWord.client_id, terms=lambda text: sorted(models.words(text))),
    placeholder=_l("Name, contact or e-mail"),
    tabs=(Tab(_l("Clients")), Tab(_l("Archived"), {"archived": "1"})),
    columns=COLUMNS,
    shape=_cells,
    refs=service.names,
    ref_choices=service.choices,
    actions=(
        Action(
            "archive",
            _l("Archive"),
            "archive",
            _archive,
            _l("They leave lists and choices; their documents stay, and they can be brought back."),
        ),
        Action("restore", _l("Bring back"), "refresh", _restore, _l("They are among the clients again.")),
    ),
)

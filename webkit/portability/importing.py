"""Brings an agency in from its archive: looked through as a whole first, then all of it in one write, or nothing.

Files are stored before the rows: a row never names what is not there. What a failed attempt has stored, the next one
stores again under the same keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO, cast
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.core.capabilities.storage import STORAGE
from webkit.core.kernel import audit, clock, entrances, links, sealed, tenancy, vendors
from webkit.core.kernel.db import release, writing
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.events import ref
from webkit.core.kernel.frozen import VERIFY
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.portability import models, row_models
from webkit.portability.archive import FOLDER, INDEX, Reader
from webkit.portability.content import LINKS, PDFS
from webkit.portability.exporting import name_of
from webkit.portability.judging import Judge, Judged, opened
from webkit.portability.plugs import arrive
from webkit.portability.row_models import Row

Step = Callable[[int, int], None]


def bring_in(
    file: BinaryIO,
    passphrase: str = "",
    *,
    closed: str = "",
    step: Step = lambda _done, _all: None,
    written: Callable[[Judged], None] = lambda _found: None,
) -> Judged:
    """Bring an agency in; `closed` is why nobody gets in until somebody opens it, `written` hears of it in the write.

    Raises Broken for an archive that is not whole, Conflict when something here stands in its way; nothing is written
    then. No transaction may be open.
    """
    archive = Reader(file)
    found = Judge(archive, passphrase, step).judge()
    with tenancy.platform("bring an agency in"):
        _demand_room(found)
        release()
        _store_files(archive, found, step)
        try:
            with writing():
                _demand_room(found)
                with sealed.belonging_to(found.agency):
                    _insert(archive, found, step)
                if closed:
                    agencies.close(found.agency, closed)
                models.trust(found.agency, found.public_keys, clock.now())
                entrances.changed()
                audit.log("agency.brought_in", subject=ref("agency", found.agency), detail={"rows": found.rows})
                written(found)
        except row_models.RowsError as error:
            raise Conflict(_("The rows of the archive do not fit together, or not with what is here.")) from error
    return found


def _demand_room(found: Judged) -> None:
    """Raises Conflict when the agency, its address or the address of one of its people is taken."""
    if agencies.by_id(found.agency) is not None:
        raise Conflict(_("This agency is here already."))
    if agencies.by_slug(found.slug) is not None:
        raise Conflict(_("The address %(slug)s is taken here.", slug=found.slug))
    theirs = dict(found.people)
    emails = {email: person for person, email in found.people}
    for person, email in row_models.people_here(found.people):
        if theirs.get(person, email) != email or emails.get(email, person) != person:
            raise Conflict(_("Somebody else has an account with the address %(email)s here.", email=email))


def _store_files(archive: Reader, found: Judged, step: Step) -> None:
    storage = vendors.chosen(STORAGE).connect()
    release()
    for done, row in enumerate(archive.rows(INDEX)):
        if row["sha256"] is not None:
            step(done, found.files)
            with archive.open(f"{FOLDER}{row['key']}") as stream:
                storage.put(row["key"], cast("BinaryIO", stream), content_type=row["content_type"])


def _insert(archive: Reader, found: Judged, step: Step) -> None:
    """Every table, those first to which others point; an own reference is followed once its row is there."""
    names = row_models.tables()
    here = {person for person, _email in row_models.people_here(found.people)}
    for done, table in enumerate(names):
        step(done, len(names))
        own = row_models.self_reference(table)
        for later in (False, True) if own else (False,):
            batch: list[Row] = []
            for row in _rows(archive, table, found, here):
                if own and (row.get(own) is not None) is not later:
                    continue
                batch.append(row)
                if len(batch) == row_models.AT_ONCE:
                    row_models.insert(table, batch)
                    batch = []
            row_models.insert(table, batch)


def _rows(archive: Reader, table: str, found: Judged, people: set[UUID]) -> Iterator[Row]:
    keys = current().keys
    if table == LINKS and found.box is None:
        yield from _checks(archive, found)
        return
    for given in archive.rows(name_of(table)):
        row = row_models.whole(table, row_models.read(table, given))
        if table == row_models.USERS and row["id"] in people:
            continue
        for column, text in opened(table, row, found.box).items():
            row[column] = sealed.seal(f"{table}.{column}", found.agency, text)
            if table == LINKS:
                row["token_hash"] = keys.token_hash(f"{row['kind']}/{text}")
        arrive(table, row)
        row |= {into: sealed.keyed(f"{table}.{name}", row[name]) for name, into in row_models.keyed(table).items()}
        yield row


def _checks(archive: Reader, found: Judged) -> Iterator[Row]:
    """The links by which documents are checked: their codes are printed, and no secrets."""
    for given in archive.rows(name_of(PDFS)):
        row = row_models.read(PDFS, given)
        keys = current().keys
        made = {
            "agency_id": found.agency,
            "kind": VERIFY,
            "document_id": row["id"],
            "token_hash": keys.token_hash(f"{VERIFY}/{row['code']}"),
            "token_sealed": sealed.seal(links.SEALED, found.agency, row["code"]),
            "created_at": row["created_at"],
        }
        yield row_models.whole(LINKS, made)

"""What belongs to a person: all of it taken along, for them alone; or their account deleted."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from datetime import timedelta
from typing import BinaryIO, cast
from uuid import UUID

from webkit.accounts import service as accounts
from webkit.agencies import service as agencies
from webkit.core.capabilities.storage import STORAGE, Storage
from webkit.core.extensions import Job
from webkit.core.kernel import audit, clock, entrances, i18n, ids, outbox, tenancy, vendors
from webkit.core.kernel.db import release, writes, writing
from webkit.core.kernel.errors import Conflict, DomainError, NotFound
from webkit.core.kernel.events import ref
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.messaging import service as messaging
from webkit.people import service as people
from webkit.portability import exporting, models, personal_models
from webkit.portability.archive import Writer
from webkit.portability.models import AccountDeletion, ArchiveState, DeletionState, UserExport
from webkit.portability.row_models import Row

EXPORT, DELETE, DUE, TIDY = (
    "portability.export_person", "portability.delete_account", "portability.accounts_due", "portability.tidy_people",
)  # fmt: skip
LASTS = timedelta(days=7)
GRACE = timedelta(days=30)
ZIP = "application/zip"
OWNER = "owner"


# --- taking along ------------------------------------------------------------------------------------------------


@writes
def ask(user_id: UUID) -> UUID:
    """Have everything about oneself put together. Raises Conflict while that is being done."""
    if any(each.state is ArchiveState.WAITING for each in models.user_exports(user_id)):
        raise Conflict(_("Your data is being put together already. You get a mail when it is ready."))
    export_id = models.add(UserExport(user_id=user_id, token_hash=current().keys.token_hash(f"export/{ids.token()}")))
    audit.log("user.export_asked", subject=ref("user", user_id))
    outbox.add(EXPORT, export_id=str(export_id))
    return export_id


def latest(user_id: UUID) -> list[UserExport]:
    """What somebody has asked for lately."""
    return models.user_exports(user_id)


def make(job: Job) -> None:
    """The job: write the file, keep it, and send the link."""
    row = models.user_export(UUID(job.args["export_id"]))
    person = accounts.active(row.user_id) if row and row.state is ArchiveState.WAITING else None
    if row is None or person is None:
        return
    export_id, user_id = row.id, row.user_id
    with tempfile.TemporaryFile() as file:
        into = cast("BinaryIO", file)
        _write(into, user_id)
        size, _sha256 = exporting.measured(into)
        storage = _storage()
        key = f"people/{user_id}/{export_id}.zip"
        file.seek(0)
        storage.put(key, into, content_type=ZIP)
    _ready(export_id, key, size, person.name, person.email, person.locale)
    made = models.user_export(export_id)
    taken_back = made is None or made.state is ArchiveState.GONE
    release()
    if taken_back:
        storage.delete(key)


@writes
def _ready(export_id: UUID, key: str, size: int, name: str, email: str, locale: str) -> None:
    token, until = ids.token(), clock.now() + LASTS
    values = {"file_key": key, "size": size, "ended_at": clock.now(), "expires_at": until}
    hashed = current().keys.token_hash(f"export/{token}")
    waiting = (ArchiveState.WAITING,)
    if not models.change_user_export(export_id, waiting, state=ArchiveState.DONE, token_hash=hashed, **values):
        return
    with i18n.use_locale(locale or i18n.current_locale()):
        day = i18n.format_date(until.date())
    link = f"{current().settings.base_url}/account/data/file/{token}"
    context = {"name": name, "link": link, "day": day}
    messaging.send_platform("user_export", name, email, context=context, locale=locale or None)


def _write(into: BinaryIO, user_id: UUID) -> None:
    archive = Writer(into)
    parts = []

    def part(name: str, rows: Iterable[Row]) -> None:
        with archive.part(name) as out:
            for row in rows:
                out.row(row)
        parts.append(out.done())

    part("account.jsonl", [personal_models.account(user_id)])
    for name in personal_models.tables():
        part(f"{name}.jsonl", personal_models.rows(name, user_id))
    for name in personal_models.authored_names():
        part(f"written/{name}.jsonl", personal_models.authored(name, user_id))
    for agency, _role in personal_models.places(user_id):
        part(f"acts/{agency}.jsonl", personal_models.acts(agency, user_id))
    release()
    archive.finish({"format": 1, "person": str(user_id), "parts": [each.to_dict() for each in parts]})


def find(user_id: UUID, token: str) -> UserExport:
    """What a link leads to, for the person it was made for. Raises NotFound for everybody else, and when it is over."""
    found = models.user_export_by(current().keys.token_hash(f"export/{token}"))
    over = found is None or found.expires_at is None or found.expires_at <= clock.now()
    if found is None or over or found.user_id != user_id or found.state is not ArchiveState.DONE:
        raise NotFound(_("This link does not open anything. It may be over, or belong to somebody else."))
    return found


def fetch(user_id: UUID, token: str) -> tuple[Storage, str]:
    """Where the file of a link is. Whoever fetches it is noted."""
    export_id = find(user_id, token).id
    with writing():
        audit.log("user.export_downloaded", subject=ref("export", export_id))
    key = find(user_id, token).file_key
    return _storage(), key or ""


def take_back(user_id: UUID, export_id: UUID) -> None:
    """Close a link and delete its file. Raises NotFound."""
    found = models.user_export(export_id)
    if found is None or found.user_id != user_id:
        raise NotFound(_("There is no such file."))
    _drop(found)
    with writing():
        audit.log("user.export_deleted", subject=ref("export", export_id))


def tidy(_job: Job) -> None:
    """The daily job: delete files whose time is over."""
    for row in models.old_user_exports(clock.now()):
        _drop(row)


def _drop(row: UserExport) -> None:
    export_id, key = row.id, row.file_key
    with writing():
        models.change_user_export(export_id, (ArchiveState.DONE, ArchiveState.WAITING), state=ArchiveState.GONE)
    if key:
        _storage().delete(key)


def _storage() -> Storage:
    """The platform's, whatever any agency has chosen."""
    vendor = vendors.keeper(STORAGE, None)
    release()
    return vendor.connect()


# --- deleting ----------------------------------------------------------------------------------------------------


def deletion_of(user_id: UUID) -> AccountDeletion | None:
    """The one that is under way."""
    return models.account_deletion(user_id)


def in_the_way(user_id: UUID) -> str:
    """Why somebody's account cannot be deleted, as a sentence; nothing when it can."""
    owned = [place.name for place in accounts.places_of(user_id) if place.role == OWNER]
    if owned:
        return _("You own %(agencies)s. Hand it over or delete it first.", agencies=", ".join(owned))
    with tenancy.platform("whether somebody else looks after the platform"):
        if personal_models.is_last_superadmin(user_id):
            return _("You are the only superadmin of this platform. Name another one first.")
    return ""


def ask_deletion(user_id: UUID, name: str, email: str, typed: str) -> None:
    """Begin the days of grace. Raises Conflict while somebody else depends on the account, or when they began."""
    if typed.strip().casefold() != email.casefold():
        raise DomainError(_("Type your e-mail address as it is written here: %(email)s", email=email), "email")
    if reason := in_the_way(user_id):
        raise Conflict(reason)
    release()
    _begin(user_id, name, email)


@writes
def _begin(user_id: UUID, name: str, email: str) -> None:
    if models.account_deletion(user_id) is not None:
        raise Conflict(_("The deletion of your account is on its way already."))
    due = clock.now() + GRACE
    models.add(AccountDeletion(user_id=user_id, due_at=due))
    audit.log("user.deletion_asked", subject=ref("user", user_id), detail={"on": due.date().isoformat()})
    context = {"name": name, "day": i18n.format_date(due.date())}
    messaging.send_platform("account_deletion", name, email, context=context)


@writes
def cancel_deletion(user_id: UUID, name: str, email: str) -> None:
    """Take it back. Raises Conflict when there is nothing to take back."""
    row = models.account_deletion(user_id)
    if row is None or not models.change_account_deletion(
        row.id, (DeletionState.ASKED,), state=DeletionState.CANCELLED, ended_at=clock.now()
    ):
        raise Conflict(_("There is no deletion that could be taken back."))
    audit.log("user.deletion_cancelled", subject=ref("user", user_id))
    messaging.send_platform("account_deletion_cancelled", name, email, context={"name": name})


def look_for_due(_job: Job) -> None:
    """The daily job: begin what is due, and go on with what stands still."""
    due = [(row.id, row.user_id) for row in models.due_account_deletions(clock.now())]
    with writing():
        for deletion_id, user_id in due:
            outbox.add(DELETE, deletion_id=str(deletion_id), user_id=str(user_id))


def delete(job: Job) -> None:
    """The job: leave every agency, then forget the account. What stands in its way by now stops it."""
    deletion_id, user_id = UUID(job.args["deletion_id"]), UUID(job.args["user_id"])
    row = models.account_deletion(user_id)
    if row is None or row.id != deletion_id or row.due_at > clock.now():
        return
    release()
    if in_the_way(user_id):
        with writing():
            models.change_account_deletion(
                deletion_id, (DeletionState.ASKED,), state=DeletionState.CANCELLED, ended_at=clock.now()
            )
        return
    with writing():
        models.change_account_deletion(deletion_id, (DeletionState.ASKED,), state=DeletionState.RUNNING)
    for agency, _role in personal_models.places(user_id):
        release()
        with tenancy.tenant(agency), writing():
            people.leave(user_id)
    _drop_files(user_id)
    _forget(deletion_id, user_id)


def _drop_files(user_id: UUID) -> None:
    for each in models.user_exports(user_id, limit=1000):
        _drop(each)
    for key, account, agency in personal_models.files(user_id):
        release()
        if agencies.by_id(agency) is not None:
            with tenancy.tenant(agency):
                vendor = vendors.find_keeper(STORAGE, account)
                release()
                if vendor is not None:
                    vendor.connect().delete(key)
    release()


@writes
def _forget(deletion_id: UUID, user_id: UUID) -> None:
    running = (DeletionState.RUNNING,)
    if models.change_account_deletion(deletion_id, running, state=DeletionState.DONE, ended_at=clock.now()):
        accounts.suspend(user_id, _("Deleted account"))  # which ends every session at once
        personal_models.forget(user_id, _("Deleted account"), clock.now())
        entrances.changed()
        audit.log("user.deleted", subject=ref("user", user_id))

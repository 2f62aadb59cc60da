"""Frozen documents: a canonical snapshot (hash 1) and the bytes of its PDF stored once, never made again (hash 2).

A feature freezes what it sends or issues. Public pages and PDFs are rendered from the snapshot with the template
version it names; corrections are new versions. Every frozen document has a code under which anybody who holds it can
check that it is genuine.
"""

from __future__ import annotations

import base64
import io
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from flask import Flask, render_template
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.capabilities.pdf import PDF, PdfRequest
from webkit.core.capabilities.storage import STORAGE, Storage
from webkit.core.kernel import i18n, links, tenancy, vendors
from webkit.core.kernel.crypto import canonical, digest
from webkit.core.kernel.db import release, session, writes
from webkit.core.kernel.errors import NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.ids import uuid7
from webkit.core.kernel.runtime import current, of
from webkit.core.kernel.tables import Json, Owned, owned_args
from webkit.core.kernel.tenancy import add_late
from webkit.core.kernel.vendors import Vendor
from webkit.core.values import dataclass

VERIFY = "verify"


class FrozenDocument(Owned):
    """One version of one document as it was sent. Only the PDF's facts are filled in later, once."""

    __tablename__ = "frozen_documents"
    __table_args__ = owned_args(sa.UniqueConstraint("agency_id", "kind", "document_id", "version"))

    kind: Mapped[str] = mapped_column(sa.String(32))
    document_id: Mapped[UUID]
    version: Mapped[int]
    number: Mapped[str] = mapped_column(sa.String(64))
    code: Mapped[str] = mapped_column(sa.String(32))
    template: Mapped[str] = mapped_column(sa.String(64))
    locale: Mapped[str] = mapped_column(sa.String(16))
    text: Mapped[str] = mapped_column(sa.Text)
    snapshot_hash: Mapped[str] = mapped_column(sa.String(64))
    pdf_hash: Mapped[str | None] = mapped_column(sa.String(64))
    pdf_key: Mapped[str | None] = mapped_column(sa.String(255))
    pdf_size: Mapped[int | None]
    pdf_pages: Mapped[int | None]
    pdf_account: Mapped[UUID | None]
    seal: Mapped[dict[str, Any] | None] = mapped_column(Json)


@dataclass(frozen=True, slots=True)
class Frozen:
    """A frozen document as everybody else sees it; `snapshot` is the parsed canonical JSON."""

    id: UUID
    kind: str
    document_id: UUID
    version: int
    number: str
    code: str
    template: str
    locale: str
    snapshot: dict[str, Any]
    snapshot_hash: str
    pdf_hash: str | None
    pdf_key: str | None
    pdf_size: int | None
    created_at: datetime
    seal: dict[str, Any] | None
    pdf_account: UUID | None = None

    @property
    def verify_url(self) -> str:
        return links.url(VERIFY, self.code)

    @property
    def filename(self) -> str:
        return f"{self.number or self.kind}.pdf"


def new_code() -> str:
    """A verification code: 80 random bits in capital letters and digits, in groups that can be typed."""
    letters = base64.b32encode(secrets.token_bytes(10)).decode()
    return "-".join(letters[start : start + 4] for start in range(0, 16, 4))


class Begun(NamedTuple):
    """What a document has before its number: nobody waits for it, as they do for a number. `halves` is its text around
    the number."""

    columns: Mapping[str, Any]
    halves: tuple[str, str]


class Kept(NamedTuple):
    """A document that was frozen, for whoever has nothing more to do with it."""

    id: UUID
    snapshot_hash: str


def begin(
    kind: str, document_id: UUID, *, template: str, snapshot: Mapping[str, Any], locale: str | None = None
) -> Begun:
    """Prepare a document and the link under which everybody checks it; it is kept once it has a number."""
    return Begun(_columns(kind, document_id, template, locale), _halves(snapshot))


def begin_again(begun: Begun, snapshot: Mapping[str, Any]) -> Begun:
    """The same document, which says something else."""
    return begun._replace(halves=_halves(snapshot))


def keep(begun: Begun, number: str) -> Kept:
    """Keep a prepared document for good, under its number."""
    row = _keep(begun.columns, number, canonical(number).join(begun.halves))
    return Kept(row["id"], row["snapshot_hash"])


def freeze(
    kind: str,
    document_id: UUID,
    *,
    number: str,
    template: str,
    snapshot: Mapping[str, Any],
    version: int = 1,
    locale: str | None = None,
) -> Frozen:
    """Keep `snapshot` (JSON without floats) for good, inside a write. `template` makes its PDF."""
    columns = _columns(kind, document_id, template, locale, version)
    return view(FrozenDocument(**_keep(columns, number, canonical(dict(snapshot)))))


def _columns(kind: str, document_id: UUID, template: str, locale: str | None, version: int = 1) -> dict[str, Any]:
    frozen_id, code = uuid7(), new_code()
    links.create(VERIFY, frozen_id, token=code)
    return {
        "id": frozen_id,
        "kind": kind,
        "document_id": document_id,
        "version": version,
        "code": code,
        "template": template,
        "locale": locale or i18n.current_locale(),
    }


def _halves(snapshot: Mapping[str, Any]) -> tuple[str, str]:
    mark = secrets.token_hex(16)
    before, after = canonical({**snapshot, "number": mark}).split(canonical(mark))
    return before, after


def _keep(columns: Mapping[str, Any], number: str, text: str) -> dict[str, Any]:
    return add_late(FrozenDocument, **columns, number=number, text=text, snapshot_hash=digest(text.encode()))


def latest(kind: str, document_id: UUID) -> Frozen | None:
    """The newest frozen version of a document."""
    query = (
        sa.select(FrozenDocument)
        .where(FrozenDocument.kind == kind, FrozenDocument.document_id == document_id)
        .order_by(FrozenDocument.version.desc())
        .limit(1)
    )
    row = session().scalars(query).one_or_none()
    return view(row) if row else None


def get(frozen_id: UUID) -> Frozen:
    """One frozen document of the current agency. Raises NotFound."""
    if (row := session().get(FrozenDocument, frozen_id)) is None:
        raise NotFound(_("There is no such document."))
    return view(row)


def code(frozen_id: UUID) -> str:
    """What a frozen document can be verified by; reading all of it takes longer."""
    return str(_code(frozen_id=frozen_id)[0][0])


@tenancy.prepared
def _code() -> sa.Executable:
    here = (tenancy.mine(FrozenDocument), FrozenDocument.id == sa.bindparam("frozen_id"))
    return sa.select(FrozenDocument.code).where(*here)


def all_of_agency() -> list[Frozen]:
    """Every frozen document of the current agency, oldest first, for `verify`."""
    return [view(row) for row in session().scalars(sa.select(FrozenDocument).order_by(FrozenDocument.id))]


def ensure_pdf(frozen_id: UUID) -> bytes:
    """The PDF's bytes: stored ones if there are any, else rendered and stored now. For jobs and downloads.

    Interrupted anywhere, it can be called again; of two at once the first to commit stays.
    """
    document = get(frozen_id)
    agency = tenancy.agency_id()
    storage = keeper(document) if document.pdf_key else vendors.chosen(STORAGE)
    release()
    if document.pdf_key:
        with storage.connect().open(document.pdf_key) as file:
            return file.read()
    html = render_html(document)
    pdf = current().registry.get(PDF).render(PdfRequest(html=html, title=document.number or document.kind))
    if (finish := current().finishers.get(document.kind)) is not None:
        pdf = replace(pdf, content=finish(document, pdf.content))
    hashed = digest(pdf.content)
    key = f"documents/{agency}/{document.kind}/{document.document_id}/{hashed}.pdf"
    storage.connect().put(key, io.BytesIO(pdf.content), content_type="application/pdf")
    where = {"pdf_key": key, "pdf_account": storage.account_id}
    if _attach(frozen_id, pdf_hash=hashed, pdf_size=len(pdf.content), pdf_pages=pdf.pages, **where):
        return pdf.content
    return ensure_pdf(frozen_id)


def keeper(document: Frozen) -> Vendor[Storage]:
    """Who keeps a document's PDF: the agency's storage of that time, whatever it has chosen since."""
    return vendors.keeper(STORAGE, document.pdf_account)


def finisher(app: Flask, kind: str, finish: Callable[[Frozen, bytes], bytes]) -> None:
    """Let `finish` have the last word on the bytes of every PDF of `kind`; call from `webkit_startup`."""
    of(app).finishers[kind] = finish


def render_html(document: Frozen) -> str:
    """The document as HTML for the PDF engine, in its own language, from the snapshot alone."""
    agency = document.snapshot["agency"]
    look = current().print_context(agency["brand"], agency["slug"] if document.snapshot.get("cover") else "")
    with i18n.use_locale(document.locale, agency["timezone"]):
        foot = (agency["legal_name"] or agency["name"], _("Genuine? %(address)s", address=document.verify_url))
        return render_template(
            document.template,
            doc=document.snapshot,
            frozen=document,
            lang=document.locale,
            foot_left=foot,
            foot_right=document.number,
            **look,
        )


@writes
def _attach(frozen_id: UUID, **values: Any) -> bool:
    done = session().scalars(
        sa.update(FrozenDocument)
        .where(FrozenDocument.id == frozen_id, FrozenDocument.pdf_hash.is_(None))
        .values(**values)
        .returning(FrozenDocument.id)
    )
    return done.one_or_none() is not None


@writes
def attach_seal(frozen_id: UUID, seal: Mapping[str, Any]) -> bool:
    """Keep the detached signature over the PDF; False when there is one already."""
    done = session().scalars(
        sa.update(FrozenDocument)
        .where(FrozenDocument.id == frozen_id, FrozenDocument.seal.is_(None))
        .values(seal=dict(seal))
        .returning(FrozenDocument.id)
    )
    return done.one_or_none() is not None


def view(row: FrozenDocument) -> Frozen:
    """A row as everybody else sees it."""
    return Frozen(
        id=row.id,
        kind=row.kind,
        document_id=row.document_id,
        version=row.version,
        number=row.number,
        code=row.code,
        template=row.template,
        locale=row.locale,
        snapshot=json.loads(row.text),
        snapshot_hash=row.snapshot_hash,
        pdf_hash=row.pdf_hash,
        pdf_key=row.pdf_key,
        pdf_size=row.pdf_size,
        pdf_account=row.pdf_account,
        created_at=row.created_at,
        seal=row.seal,
    )


def snapshot_is_intact(frozen_id: UUID) -> bool:
    """Whether the stored text still has the hash it was frozen with."""
    row = session().get(FrozenDocument, frozen_id)
    return row is not None and digest(row.text.encode()) == row.snapshot_hash

"""Looks through a whole archive before the first word of it is written: what it says of itself has to be so."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from webkit.core.kernel import crypto, events
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.passphrases import Box, WrongPassphrase, place
from webkit.core.values import dataclass
from webkit.portability import plugs, row_models
from webkit.portability.archive import FOLDER, INDEX, MANIFEST, Broken, Reader, is_name
from webkit.portability.content import ACCOUNTS, FILE_LISTS, FILES, FORMAT, LINKS, PDFS
from webkit.portability.exporting import TOLD, name_of
from webkit.portability.row_models import Row, Unfit
from webkit.portability.spool_models import Spool

_TURN = {name_of("signed_heads"): 0, name_of(ACCOUNTS): 0, INDEX: 2}
"""What is read first, and what last: each event is compared with the signatures, whatever went through an account with
those there are, each file with what names it."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class PartSaid(_Strict):
    """What the manifest says of a part."""

    name: str = Field(max_length=200)
    rows: int = Field(ge=0)
    size: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class AgencySaid(_Strict):
    """Whose archive it is."""

    id: str = Field(max_length=36)
    slug: str = Field(max_length=50)
    name: str = Field(max_length=100)


class ChainSaid(_Strict):
    """Where the chain ends, and who signed it."""

    seq: int = Field(ge=0)
    hash: str = Field(max_length=64)
    signed_heads: int = Field(ge=0)
    public_keys: list[str] = Field(max_length=100)


class FilesSaid(_Strict):
    """How many files there are, and how many were nowhere."""

    count: int = Field(ge=0)
    missing: int = Field(ge=0)


class Manifest(_Strict):
    """What an archive says of itself."""

    format: int
    product: str = Field(max_length=40)
    version: str = Field(max_length=40)
    agency: AgencySaid
    secrets: dict[str, Any] | None
    chain: ChainSaid
    parts: list[PartSaid] = Field(max_length=1000)
    files: FilesSaid


@dataclass(frozen=True, slots=True)
class Judged:
    """An archive that can be brought in."""

    agency: UUID
    slug: str
    name: str
    version: str
    rows: int
    files: int
    missing: int
    public_keys: tuple[str, ...]
    people: tuple[tuple[UUID, str], ...]
    box: Box | None


class Judge:
    """Reads every byte of an archive. Raises Broken with a sentence that says what is wrong, and where."""

    def __init__(
        self, archive: Reader, passphrase: str, step: Callable[[int, int], None] = lambda _done, _all: None
    ) -> None:
        self._archive, self._step = archive, step
        self.said = _manifest(archive)
        self.agency = _id(self.said.agency.id)
        self._box = self._opened(passphrase)
        self._files = Spool()
        self._people: list[tuple[UUID, str]] = []
        self._accounts: set[UUID] = set()
        self._chain = _Chain(self.agency)

    def judge(self) -> Judged:
        said = self.said
        self._demand_parts()
        with self._files:
            for done, part in enumerate(sorted(said.parts, key=lambda part: _TURN.get(part.name, 1))):
                self._part(part, done)
            files, missing = self._stored()
        self._chain.finish(said.chain)
        if (files, missing) != (said.files.count, said.files.missing):
            raise Broken(_("The archive does not hold the files that its manifest tells of."))
        rows = sum(each.rows for each in said.parts if each.name != INDEX)
        keys = tuple(sorted(self._chain.keys))
        about = (said.agency.slug, said.agency.name, said.version, rows, files, missing)
        return Judged(self.agency, *about, keys, tuple(self._people), self._box)

    def _opened(self, passphrase: str) -> Box | None:
        if self.said.secrets is None:
            return None
        if not passphrase:
            raise Broken(_("The secrets in this archive are sealed with a passphrase. Please give it."))
        box = Box(passphrase, self.agency)
        if not box.fits(self.said.secrets):
            raise Broken(_("This is not the passphrase that the secrets in this archive were sealed with."))
        return box

    def _demand_parts(self) -> None:
        """Exactly the parts that this version knows: no more and no less."""
        named = [part.name for part in self.said.parts]
        wanted = {name_of(each) for each in row_models.tables()}
        wanted |= {INDEX, *(f"{TOLD}{each}.jsonl" for each in row_models.told())}
        if unknown := sorted(set(named) - wanted):
            raise Broken(_("The archive holds a table that is unknown here: %(name)s", name=unknown[0][:120]))
        if missing := sorted(wanted - set(named)):
            raise Broken(_("The archive lacks a part: %(name)s", name=missing[0]))
        strays = {name for name in self._archive.names() - wanted - {MANIFEST} if not name.startswith(FOLDER)}
        if strays or len(named) != len(set(named)):
            name = min(strays, default=MANIFEST)
            raise Broken(_("The archive holds a part that has no place in it: %(name)s", name=name[:120]))

    def _part(self, said: PartSaid, done: int) -> None:
        if said.name not in self._archive.names() or self._archive.size(said.name) != said.size:
            raise Broken(_("%(name)s is not what the manifest says of it.", name=said.name))
        hashed, rows = hashlib.sha256(), 0
        check = self._check_of(said.name)
        for number, row in enumerate(self._archive.rows(said.name, hashed.update), start=1):
            self._step(done, len(self.said.parts))
            try:
                check(row)
            except Unfit as error:
                where = {"name": said.name, "row": number, "problem": str(error)}
                raise Broken(_("%(name)s, row %(row)d: %(problem)s.", **where)) from None
            rows = number
        if (rows, hashed.hexdigest()) != (said.rows, said.sha256):
            raise Broken(_("%(name)s is not what the manifest says of it.", name=said.name))

    def _check_of(self, name: str) -> Callable[[dict[str, Any]], object]:
        if name == INDEX:
            return self._listed
        table = name.partition("/")[2].removesuffix(".jsonl")
        if name.startswith(TOLD):
            return lambda row: row_models.read(table, row)
        return lambda row: self._row(table, row)

    def _row(self, table: str, given: dict[str, Any]) -> None:
        row = row_models.read(table, given)
        whose = row.get("id") if table == row_models.AGENCIES else row.get("agency_id")
        if table == row_models.USERS:
            self._people.append((row["id"], row["email"]))
        elif whose != self.agency:
            raise Unfit("is another agency's")
        if reason := plugs.problem(table, row, self._accounts):
            raise Unfit(reason)
        if table == ACCOUNTS:
            self._accounts.add(row["id"])
        opened(table, row, self._box)
        for key, content_type in named_files(table, row):
            _demand_own(key, self.agency)
            self._files.add(key, content_type, str(row.get("pdf_hash")) if table == PDFS else "")
        for key in mentioned_files(table, row):
            _demand_own(key, self.agency)
        if table == LINKS and self._box is None:
            raise Unfit("a link without its secret")
        self._chain.hear(table, row)

    def _listed(self, row: dict[str, Any]) -> None:
        """Whether a file is the one that rows name, and its bytes are the ones that the list says."""
        if row.keys() != {"key", "content_type", "sha256", "size"} or not isinstance(row["key"], str):
            raise Unfit("is no file")
        name = f"{FOLDER}{row['key']}"
        if row["sha256"] is None:
            if name in self._archive.names():
                raise Unfit("is there, and said to be missing")
            return
        found = self._archive.measure(name)
        if (found.sha256, found.size) != (row["sha256"], row["size"]):
            raise Unfit("has other bytes than it should")

    def _stored(self) -> tuple[int, int]:
        """Whether files and rows name each other, nothing is left over; how many are there and how many missing."""
        there = missing = 0
        for row in self._archive.rows(INDEX):
            known = self._files.take(row["key"])
            if known is None or known[0] != row["content_type"]:
                raise Broken(_("No row of the archive names this file: %(name)s", name=row["key"][:120]))
            if known[1] and row["sha256"] not in (known[1], None):
                raise Broken(_("This file is not the PDF that was frozen: %(name)s", name=row["key"][:120]))
            missing += row["sha256"] is None
            there += row["sha256"] is not None
        if len(self._files):
            first = next(iter(self._files))[0]
            raise Broken(_("The archive lacks a part: %(name)s", name=first))
        if there != sum(name.startswith(FOLDER) for name in self._archive.names()):
            raise Broken(_("The archive holds a file that its list does not name."))
        return there, missing


class _Chain:
    """Follows the chain of events, and compares frozen documents with their hashes."""

    def __init__(self, agency: UUID) -> None:
        self._agency = agency
        self._seq, self._hash = 0, events.GENESIS
        self._head: tuple[int, str] | None = None
        self._signed: dict[int, Row] = {}
        self.keys: set[str] = set()

    def hear(self, table: str, row: Row) -> None:
        """One row of any table."""
        if table == "events":
            self._event(row)
        elif table == "event_heads":
            self._head = (row["seq"], row["hash"])
        elif table == "signed_heads":
            self._signature(row)
        elif table == "frozen_documents":
            self._frozen(row)

    def _event(self, row: Row) -> None:
        if row["seq"] != self._seq + 1 or row["prev_hash"] != self._hash:
            raise Unfit("does not continue the chain")
        if events.link(self._hash, row["text"]) != row["hash"]:
            raise Unfit("its text does not have its hash")
        self._seq, self._hash = row["seq"], row["hash"]
        if row["seq"] in self._signed and self._signed[row["seq"]]["hash"] != row["hash"]:
            raise Unfit("was signed with another hash")

    def _frozen(self, row: Row) -> None:
        if crypto.digest(row["text"].encode()) != row["snapshot_hash"]:
            raise Unfit("the snapshot does not have its hash")
        if isinstance(row.get("seal"), dict) and isinstance(statement := row["seal"].get("statement"), dict):
            self._key(statement.get("public_key"))

    def _key(self, key: object) -> None:
        if isinstance(key, str) and key:
            self.keys.add(_hex(key, 32))

    def finish(self, said: ChainSaid) -> None:
        """The chain ends where its head, its signatures and the manifest say."""
        end = (self._seq, self._hash)
        if (self._head or (0, events.GENESIS)) != end or max(self._signed, default=0) > self._seq:
            raise Broken(_("The chain of events does not end where its head says."))
        if (said.seq, said.hash) != (end if self._head else (0, "")) or said.signed_heads != len(self._signed):
            raise Broken(_("The chain of events does not end where its head says."))
        if sorted(said.public_keys) != sorted(self.keys):
            raise Broken(_("The manifest names other keys than those that signed."))

    def _signature(self, row: Row) -> None:
        self._key(row["public_key"])
        at: datetime = row["at"]
        statement = events.head_statement(self._agency, row["seq"], row["hash"], at)
        key, signature = bytes.fromhex(_hex(row["public_key"], 32)), bytes.fromhex(_hex(row["signature"], 64))
        if not crypto.verify(key, statement, signature):
            raise Unfit("the signature is not valid")
        self._signed[row["seq"]] = row


def _hex(text: str, size: int) -> str:
    try:
        fits = len(bytes.fromhex(text)) == size
    except ValueError:
        fits = False
    if not fits:
        raise Unfit("is no key or signature")
    return text


def _manifest(archive: Reader) -> Manifest:
    given = archive.manifest()
    if given.get("product") != "webkit" or given.get("format") != FORMAT:
        told = {"known": FORMAT, "given": str(given.get("format"))[:20]}
        raise Broken(_("This archive has format %(given)s; this version reads format %(known)s.", **told))
    try:
        return Manifest.model_validate(given)
    except ValidationError as error:
        where = ".".join(str(each) for each in error.errors()[0]["loc"])[:120]
        raise Broken(_("The manifest of the archive cannot be read: %(where)s", where=where)) from None


def _id(text: str) -> UUID:
    try:
        found = UUID(text)
    except ValueError:
        found = UUID(int=0)
    if str(found) != text or not found.int:
        raise Broken(_("The manifest of the archive cannot be read: %(where)s", where="agency.id"))
    return found


def named_files(table: str, row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The files that a row names, with their types. Raises Unfit."""
    if (here := FILES.get(table)) is not None and row.get(here.key):
        yield row[here.key], here.content_type
    if (column := FILE_LISTS.get(table)) is not None:
        for file in row.get(column) or ():
            said = [file.get("key"), file.get("content_type")] if isinstance(file, dict) else [None]
            if not all(isinstance(each, str) for each in said):
                raise Unfit(f"{column}: is no list of files")
            yield file["key"], file["content_type"]


def mentioned_files(table: str, row: Mapping[str, Any]) -> Iterator[str]:
    """The files that a mail is sent with: those of its document. Raises Unfit."""
    for file in (row.get("attach") or ()) if table == "mails" else ():
        if isinstance(file, dict):
            if not isinstance(file.get("key"), str):
                raise Unfit("attach: is no list of files")
            yield file["key"]


def _demand_own(key: str, agency: UUID) -> None:
    """No archive overwrites a file of somebody else."""
    if not is_name(key) or key.split("/")[1:2] != [str(agency)]:
        raise Unfit(f"the file {key[:80]!r} is not the agency's")


def opened(table: str, row: Row, box: Box | None) -> dict[str, str]:
    """The secrets of a row by column, opened. Raises Unfit for what does not open."""
    found = {}
    for column in row_models.sealed(table):
        if not (text := row.get(column)):
            continue
        if box is None:
            raise Unfit(f"{column}: is sealed, and the manifest tells of no passphrase")
        try:
            found[column] = box.open(text, place(table, column, row["id"]))
        except WrongPassphrase:
            raise Unfit(f"{column}: does not open with the passphrase") from None
    return found

"""Words that documents are found by: an index of their beginnings, for features without one of their own.

Looking for a part of a text would read every row; the beginning of a word is a range of an index on both databases.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel.db import UnitSession, before_commit, insert, later, session
from webkit.core.kernel.runtime import current, of
from webkit.core.kernel.tables import Base, Scoped
from webkit.core.kernel.tenancy import agency_id

# Compared byte by byte, so that a prefix is a range of an index, on both databases.
PLAIN_64 = sa.String(64).with_variant(sa.VARCHAR(64, collation="C"), "postgresql")
LAST = "\U0010ffff"
"""Behind every word that begins like another one."""
WORDS, TERMS, LONGEST = 60, 8, 64
_CHANGED, _ADDED = "search.changed", "search.added"
_INNER = re.compile(r"\w[^\w\s]+\w")

Texts = Callable[[Sequence[UUID]], Mapping[UUID, Iterable[str]]]
"""What documents are found by."""


class SearchWord(Scoped, Base):
    """A word that a document of some kind is found by, without accents, in small letters."""

    __tablename__ = "search_words"
    __table_args__ = (
        sa.PrimaryKeyConstraint("agency_id", "kind", "word", "document_id"),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"]),
        sa.Index("ix_search_words_document", "agency_id", "document_id", "word"),
    )

    kind: Mapped[str] = mapped_column(sa.String(16))
    document_id: Mapped[UUID]
    word: Mapped[str] = mapped_column(PLAIN_64)


def folded(text: str) -> str:
    """Small letters without accents, for sorting and searching."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFKC", "".join(sign for sign in apart if not unicodedata.combining(sign)))


def words(*texts: str) -> set[str]:
    """The words of texts as they are looked for. What is written together, like a number, is found as a whole too,
    and by the figures at its end, with zeros before them or without."""
    found: list[str] = []
    for token in " ".join(folded(text) for text in texts).split():
        parts = re.findall(r"\w+", token)
        if _INNER.search(token) and parts:
            found += [token.strip("\"'.,;:!?()[]{}«»“”‘’„"), *([] if _is_number(parts) else parts)]
            found += [parts[-1], parts[-1].lstrip("0")] if _is_number(parts) else []
        else:
            found += parts
    return {word[:LONGEST] for word in found[:WORDS] if word}


def _is_number(parts: Sequence[str]) -> bool:
    """Whether it is a document's number: its year and series alone would lead to everything."""
    return len(parts) > 1 and parts[-1].isdigit() and sum(part.isdigit() for part in parts) >= len(parts) - 1


def terms(text: str) -> list[str]:
    """What somebody looks for: each must begin a word. What is written together is looked for together."""
    found: list[str] = []
    for token in folded(text).split():
        plain = token.strip("\"'.,;:!?()[]{}«»“”‘’„-")
        found += [plain] if _INNER.search(plain) else re.findall(r"\w+", plain)
    return list(dict.fromkeys(word[:LONGEST] for word in found))[:TERMS]


def source(app: Flask, kind: str, texts: Texts) -> None:
    """Say what documents of a kind are found by; call from `webkit_startup`."""
    of(app).searched[kind] = texts


def changed(kind: str, document_id: UUID) -> None:
    """A document may be found by other words after this write; they are written at its end."""
    session().info.setdefault(_CHANGED, {}).setdefault(kind, set()).add(document_id)


def also(kind: str, document_id: UUID, *texts: str) -> None:
    """A document is found by these words too, such as the number it gets, or all of them when it is new: nothing has to
    be read for that."""
    session().info.setdefault(_ADDED, []).extend(rows(agency_id(), kind, document_id, *texts))


def also_all(kind: str, table: Any, client_id: UUID, text: str) -> None:
    """Every document of a client is found by these words too. What it was found by before, it still is."""
    for word in sorted(words(text)):
        chosen = sa.select(table.agency_id, sa.literal(kind), sa.literal(word), table.id)
        theirs = chosen.where(table.agency_id == agency_id(), table.client_id == client_id)
        columns = ["agency_id", "kind", "word", "document_id"]
        session().connection().execute(insert(SearchWord).from_select(columns, theirs).on_conflict_do_nothing())


@functools.cache
def _added(_dialect: str) -> sa.Executable:
    statement: sa.Executable = insert(SearchWord).on_conflict_do_nothing()
    return statement


@before_commit(rank=0)
def _index_changed(unit: UnitSession) -> None:
    for row in unit.info.pop(_ADDED, ()):
        later(_added(unit.get_bind().dialect.name), row)
    for kind, ids in unit.info.pop(_CHANGED, {}).items():
        if (texts := current().searched.get(kind)) is not None:
            unit.flush()
            _index(unit, kind, sorted(ids), texts(sorted(ids)))


def _index(unit: UnitSession, kind: str, ids: Sequence[UUID], texts: Mapping[UUID, Iterable[str]]) -> None:
    query = sa.select(SearchWord).where(SearchWord.document_id.in_(ids), SearchWord.kind == kind)
    kept: dict[tuple[UUID, str], SearchWord] = {(row.document_id, row.word): row for row in unit.scalars(query)}
    wanted = {(each, word) for each in ids for word in words(*texts.get(each, ()))}
    for at in kept.keys() - wanted:
        unit.delete(kept[at])
    unit.add_all(
        SearchWord(kind=kind, document_id=document_id, word=word) for document_id, word in sorted(wanted - kept.keys())
    )


def rows(agency: UUID, kind: str, document_id: UUID, *texts: str) -> list[dict[str, Any]]:
    """The same as rows to insert, for who fills a table without a session."""
    return [
        {"agency_id": agency, "kind": kind, "document_id": document_id, "word": word} for word in sorted(words(*texts))
    ]

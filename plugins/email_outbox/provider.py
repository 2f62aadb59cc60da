"""Two files for a message: `<id>.eml`, readable by any mail program, and `<id>.json`, the line of the list.

The id comes from the message's key and the list's line is written last, once: a repeated send finds it there.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import re
from datetime import UTC, datetime
from pathlib import Path

from webkit.sdk import (
    Email,
    EmailMessage,
    ErasableOutbox,
    HealthReport,
    NotFoundAtProvider,
    OutboxEntry,
    OutboxMessage,
    ReadableOutbox,
    SendReceipt,
    calls_nobody,
)
from webkit.sdk.files import replace, writable, write_once
from webkit.sdk.mime import build

from .mime import parse
from .settings import OutboxSettings

_ID = re.compile(r"[0-9a-f]{32}")


class OutboxFolder:
    """Keeps messages instead of sending them."""

    def __init__(self, settings: OutboxSettings) -> None:
        self._folder = settings.place

    def send(self, message: EmailMessage) -> SendReceipt:
        now = datetime.now(UTC)
        raw = build(message, now)
        id = hashlib.sha256(message.key.encode()).hexdigest()[:32]
        line = self._folder / f"{id}.json"
        if not line.exists():
            replace(self._folder / f"{id}.eml", raw)
            write_once(line, json.dumps(_line(message, now), ensure_ascii=False).encode())
        return SendReceipt(id)

    @calls_nobody
    def messages(self, *, limit: int = 100) -> tuple[OutboxEntry, ...]:
        if not self._folder.is_dir():
            return ()
        newest = heapq.nlargest(limit, self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        return tuple(sorted((self._entry(path.stem) for path in newest), key=lambda entry: entry.at, reverse=True))

    @calls_nobody
    def read(self, id: str) -> OutboxMessage:
        entry = self._entry(id)
        return parse(entry, self._file(id, "eml").read_bytes())

    @calls_nobody
    def forget(self, id: str) -> None:
        if _ID.fullmatch(id):
            for kind in ("json", "eml"):
                (self._folder / f"{id}.{kind}").unlink(missing_ok=True)

    def health(self) -> HealthReport:
        return writable(self._folder)

    def _entry(self, id: str) -> OutboxEntry:
        line = json.loads(self._file(id, "json").read_text("utf-8"))
        return OutboxEntry(
            id=id,
            at=datetime.fromisoformat(line["at"]),
            sender=line["sender"],
            to=tuple(line["to"]),
            subject=line["subject"],
            attachments=line["attachments"],
        )

    def _file(self, id: str, kind: str) -> Path:
        path = self._folder / f"{id}.{kind}"
        if not _ID.fullmatch(id) or not path.is_file():
            raise NotFoundAtProvider("there is no such message", provider="outbox")
        return path


def _line(message: EmailMessage, at: datetime) -> dict[str, object]:
    return {
        "at": at.isoformat(),
        "sender": message.sender,
        "to": [address.email for address in message.to],
        "subject": message.subject,
        "attachments": len(message.attachments),
    }


_checked: type[Email] = OutboxFolder
_readable: type[ReadableOutbox] = OutboxFolder
_erasable: type[ErasableOutbox] = OutboxFolder

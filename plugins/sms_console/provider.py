"""A file for each text, `<id>.json`, readable by people.

The id comes from the message's key and the file is written once: a repeated send finds it there. Nobody but the
user that the platform runs as may read the folder: codes are in it.
"""

from __future__ import annotations

import hashlib
import heapq
import json
from datetime import UTC, datetime
from pathlib import Path

from webkit.sdk import (
    Health,
    HealthReport,
    KeptText,
    ReadableTexts,
    Sms,
    SmsMessage,
    SmsReceipt,
    calls_nobody,
    check_sms,
)
from webkit.sdk.files import writable, write_once

from .settings import ConsoleSettings


class ConsoleSms:
    """Keeps texts instead of sending them."""

    def __init__(self, settings: ConsoleSettings) -> None:
        self._folder = settings.place

    def send(self, message: SmsMessage) -> SmsReceipt:
        check_sms(message)
        id = hashlib.sha256(message.key.encode()).hexdigest()[:32]
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = {"at": datetime.now(UTC).isoformat(), "to": message.to, "text": message.text}
        write_once(self._folder / f"{id}.json", json.dumps(kept, ensure_ascii=False, indent=1).encode())
        return SmsReceipt(id)

    @calls_nobody
    def texts(self, *, limit: int = 100) -> tuple[KeptText, ...]:
        if not self._folder.is_dir():
            return ()
        newest = heapq.nlargest(limit, self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        return tuple(sorted(map(_read, newest), key=lambda text: text.at, reverse=True))

    def health(self) -> HealthReport:
        report = writable(self._folder)
        if report.status is Health.OK:
            return HealthReport(Health.OK, f"texts are kept in {self._folder}, nobody gets them")
        return report


def _read(path: Path) -> KeptText:
    line = json.loads(path.read_text("utf-8"))
    return KeptText(path.stem, datetime.fromisoformat(line["at"]), line["to"], line["text"])


_checked: type[Sms] = ConsoleSms
_readable: type[ReadableTexts] = ConsoleSms

"""A store in memory, with the rules of the real one: for tests of a listener, a job or a page, without an application.

    @pytest.fixture(autouse=True)
    def store(monkeypatch):
        monkeypatch.setattr(acme_mail.listeners, "store", MemoryStore("acme_mail"))

One object is one agency's store.
"""

from __future__ import annotations

from collections.abc import Callable

from webkit.core.kernel import pluginstore
from webkit.core.kernel.pluginstore import JSON, Store, StoreFull, StoreUsage, checked, dumped, loaded

__all__ = ["MemoryStore"]


class MemoryStore(Store):
    """Forgets everything when the test ends."""

    def __init__(self, plugin: str) -> None:
        super().__init__(plugin)
        self._kept: dict[str, str] = {}

    def get(self, key: str, default: JSON = None) -> JSON:
        text = self._kept.get(checked(key))
        return default if text is None else loaded(text)

    def put(self, key: str, value: JSON) -> None:
        self._set(checked(key), dumped(value))

    def update(self, key: str, change: Callable[[JSON], JSON]) -> JSON:
        text = dumped(change(self.get(key)))
        self._set(key, text)
        return loaded(text)

    def delete(self, key: str) -> bool:
        return self._kept.pop(checked(key), None) is not None

    def clear(self, prefix: str = "") -> int:
        gone = [key for key in self._kept if key.startswith(checked(prefix) if prefix else "")]
        for key in gone:
            del self._kept[key]
        return len(gone)

    def items(self, prefix: str = "", *, after: str = "", limit: int = 100) -> list[tuple[str, JSON]]:
        begin, behind = checked(prefix) if prefix else "", checked(after) if after else ""
        found = sorted(key for key in self._kept if key.startswith(begin) and key > behind)
        return [(key, loaded(self._kept[key])) for key in found[: max(0, min(limit, pluginstore.MOST_AT_ONCE))]]

    def usage(self) -> StoreUsage:
        return StoreUsage(len(self._kept), sum(len(key) + len(text.encode()) for key, text in self._kept.items()))

    def _set(self, key: str, text: str) -> None:
        before, size = self._kept, self.usage().size
        self._kept = {**before, key: text}
        now = self.usage()
        if (now.keys > max(len(before), pluginstore.MOST_KEYS)) or (now.size > max(size, pluginstore.MOST_BYTES)):
            self._kept = before
            raise StoreFull(f"{self.plugin} keeps as much as it may")

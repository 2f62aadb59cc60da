"""What a process knows by itself for a moment. Forgetting any of it costs a question and never truth."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime
from typing import Any

from webkit.core.kernel import clock

MOST = 8192


class Remembered:
    """Things by name, each until its moment; never more than `most`, the newest stay. `lock` is for who changes one."""

    def __init__(self, most: int = MOST) -> None:
        self.lock = threading.RLock()
        self._most = most
        self._known: OrderedDict[str, tuple[Any, datetime]] = OrderedDict()

    def get(self, name: str) -> Any:
        """What is known under this name; None when nothing is, or its moment is over."""
        with self.lock:
            found, until = self._known.get(name, (None, None))
            if until is None or clock.now() < until:
                return found
            del self._known[name]
            return None

    def put(self, name: str, what: Any, until: datetime) -> None:
        with self.lock:
            self._known[name] = (what, until)
            self._known.move_to_end(name)
            if len(self._known) > self._most:
                self._known.popitem(last=False)

    def drop(self, name: str) -> None:
        with self.lock:
            self._known.pop(name, None)

    def clear(self) -> None:
        with self.lock:
            self._known.clear()

"""Tells the vendor what nobody expected: the kind of error and where, never its words."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from webkit.sdk import Begun, Doing, HealthReport, Observer, ProviderError, calls_nobody
from webkit.sdk.watching import Patience, scrubbed

from .api import Api
from .settings import AcmeMailSettings

MOST_WAITING = 100


class Nothing:
    """The vendor hears of failures alone."""

    trace = ""

    @calls_nobody
    def end(self, outcome: str, error: BaseException | None = None) -> None: ...


class AcmeMail:
    """Failures wait in memory, the newest hundred, until they are sent from a thread."""

    def __init__(self, settings: AcmeMailSettings) -> None:
        self._api = Api(settings)
        self._waiting: deque[dict[str, str]] = deque(maxlen=MOST_WAITING)
        self._patience = Patience()

    @calls_nobody
    def begin(self, doing: Doing, name: str, attributes: Mapping[str, str], trace: str) -> Begun:
        return Nothing()

    @calls_nobody
    def failed(self, error: BaseException, doing: Doing, name: str, attributes: Mapping[str, str]) -> None:
        self._waiting.append({"error": type(error).__name__, "doing": doing.value, "name": scrubbed(name)})

    @calls_nobody
    def flush(self) -> None:
        if self._waiting:
            self._patience.wait(self._send)

    def health(self) -> HealthReport:
        return self._api.health()

    def _send(self) -> None:
        while self._waiting:
            told = self._waiting.popleft()
            try:
                self._api.json("POST", "/failures", told)
            except ProviderError:
                self._waiting.appendleft(told)
                raise


_checked: type[Observer] = AcmeMail  # the type checker compares the signatures

"""The double that runs as a process is told what to do over HTTP, under /_double."""

from __future__ import annotations

import http.client
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .behaviour import Behaviour, Mode, parse

if TYPE_CHECKING:
    from .server import AnthropicDouble


def answer(double: AnthropicDouble, method: str, path: str, content: bytes) -> tuple[int, Any]:
    """Do what the control request says."""
    try:
        given: Any = json.loads(content or b"null")
        match method, path.removeprefix("/_double"):
            case "GET", "":
                return 200, double.stats()
            case "GET", "/calls":
                return 200, [call.public() for call in double.calls]
            case "DELETE", "":
                double.reset()
            case "PUT", "/usual":
                double.usual = _behaviour(given)
            case "POST", "/next":
                double.next(*(_behaviour(one) for one in given))
            case "POST", "/when":
                double.when(given["text"], _behaviour(given["behaviour"]), times=given.get("times", 0))
            case "POST", "/keys":
                double.accept(*given)
            case _:
                return 404, {"error": f"no {method} {path}"}
    except (ValueError, TypeError, KeyError) as error:
        return 400, {"error": str(error)}
    return 200, {}


def _behaviour(given: Any) -> Behaviour:
    """From `"slow,pause=0.1"` or from an object with the fields of a Behaviour."""
    if isinstance(given, str):
        return parse(given)[0]
    return Behaviour(**{**given, "mode": Mode(given.get("mode", Mode.WRITES))})


class Remote:
    """Speaks to a double in another process; the methods are those of AnthropicDouble."""

    def __init__(self, url: str) -> None:
        self.url = url

    def next(self, *behaviours: Behaviour) -> None:
        self._ask("POST", "/next", [asdict(behaviour) for behaviour in behaviours])

    def when(self, text: str, behaviour: Behaviour, *, times: int = 0) -> None:
        self._ask("POST", "/when", {"text": text, "behaviour": asdict(behaviour), "times": times})

    def usually(self, behaviour: Behaviour) -> None:
        self._ask("PUT", "/usual", asdict(behaviour))

    def accept(self, *keys: str) -> None:
        self._ask("POST", "/keys", list(keys))

    def reset(self) -> None:
        self._ask("DELETE", "")

    def stats(self) -> dict[str, int]:
        return dict(self._ask("GET", ""))

    def calls(self) -> list[dict[str, Any]]:
        return list(self._ask("GET", "/calls"))

    def _ask(self, method: str, path: str, content: Any = None) -> Any:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=10)
        try:
            connection.request(method, f"/_double{path}", json.dumps(content) if content is not None else None)
            response = connection.getresponse()
            said = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise ValueError(said["error"])
        return said

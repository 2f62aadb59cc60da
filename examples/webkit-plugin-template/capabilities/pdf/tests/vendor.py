"""Plays the vendor on this machine: takes what it takes, refuses what it refuses.

python tests/vendor.py --port 0     # as a process
"""

from __future__ import annotations

from webkit.sdk import PdfRequest, ProviderRejected
from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble, Refused, serve
from webkit.sdk.testing.pdf import embedded_printer

API_KEY = "acme-test-key"


class Vendor(HttpDouble):
    """Prints with the engine that came with webkit."""

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(port=port)
        self._print = embedded_printer()

    def answer(self, call: Call) -> Answer:
        if call.headers.get("authorization") != f"Bearer {API_KEY}":
            raise Refused(401, {"error": "unknown key"})
        match call.method, call.path:
            case "GET", "/account":
                return Answer(200, {"name": "test"})
            case "POST", "/documents":
                asked = call.json()
                if set(asked) != {"html", "title", "author"}:
                    raise Refused(422, {"error": "not a document"})
                try:
                    return Answer(200, self._print(PdfRequest(**asked)), {"Content-Type": "application/pdf"})
                except ProviderRejected as error:
                    raise Refused(422, {"error": str(error)}) from None
        raise Refused(404, {"error": "no such address"})


if __name__ == "__main__":
    serve(Vendor)

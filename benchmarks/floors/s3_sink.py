"""An S3 that costs next to nothing: swallows what is put, answers any object with as many bytes as its key says."""

from __future__ import annotations

import contextlib
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PIECE = bytes(1024 * 1024)
UPLOAD = b"<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
DONE = b"<CompleteMultipartUploadResult><ETag>&quot;x&quot;</ETag></CompleteMultipartUploadResult>"


class Sink(BaseHTTPRequestHandler):
    """`.../<bytes>` is an object of that size."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_PUT(self) -> None:
        self._drain()
        self._answer(b"")

    def do_POST(self) -> None:
        self._drain()
        self._answer(UPLOAD if self.path.endswith("?uploads") else DONE)

    def do_DELETE(self) -> None:
        self._answer(b"", 204)

    def do_HEAD(self) -> None:
        self._head(self._size())

    def do_GET(self) -> None:
        left = self._size()
        self._head(left)
        while left:
            piece = PIECE[:left]
            self.wfile.write(piece)
            left -= len(piece)
        self.wfile.flush()

    def _size(self) -> int:
        found = re.search(r"/(\d+)(?:\?|$)", self.path)
        return int(found[1]) if found else 0

    def _drain(self) -> None:
        if self.headers.get("Expect") == "100-continue":
            self.wfile.flush()
        left = int(self.headers.get("Content-Length") or 0)
        buffer = memoryview(bytearray(256 * 1024))
        while left:
            left -= self.rfile.readinto(buffer[: min(left, len(buffer))])

    def _answer(self, body: bytes, status: int = 200) -> None:
        self._head(len(body), status)
        self.wfile.write(body)
        self.wfile.flush()

    def _head(self, size: int, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(size))
        self.send_header("ETag", '"x"')
        self.end_headers()
        self.wfile.flush()

    def log_message(self, *_args: object) -> None: ...


def main() -> None:
    """Serve until ended; the first line printed is the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    main()

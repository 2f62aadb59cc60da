"""The renderer's two ends: a server that owns warm children, and the client in every other process."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

from plugins.pdf_pluto import frames
from plugins.pdf_pluto.pool import NAME, Limits, Pool, Rendered
from webkit.sdk import DocumentRejected, ProviderError, ProviderUnavailable

DONE, REJECTED, UNAVAILABLE = b"done", b"rejected", b"unavailable"
CONNECT_SECONDS = 2.0
BACK_SECONDS = 5.0
"""How long a document waits for a renderer that died and is being started again: somebody may be waiting for it."""
PAUSE_SECONDS = 0.1
DRAIN_SECONDS = 3.0


class Gone(ProviderUnavailable):
    """Nobody listens, or whoever listened is no more."""


class Client:
    """Asks the renderer that listens on a socket; one connection for each document."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        # It may wait for its turn as long as for its document, and once more if a child is killed meanwhile.
        self._patience = 3 * limits.seconds + 5

    def render(self, html: str, title: str, author: str) -> Rendered:
        """Raises DocumentRejected or ProviderUnavailable; a renderer that died is asked again when it is back."""
        back = time.monotonic() + BACK_SECONDS
        while True:
            try:
                return self._ask(html, title, author)
            except Gone:
                if time.monotonic() >= back:
                    raise
                time.sleep(PAUSE_SECONDS)

    def _ask(self, html: str, title: str, author: str) -> Rendered:
        with self._connect() as line:
            deadline = time.monotonic() + self._patience
            try:
                frames.send(line, html.encode(), title.encode(), author.encode(), deadline=deadline)
                status, *values = frames.receive(line, deadline)
            except frames.TooLarge:
                raise DocumentRejected("the document is too large", provider=NAME) from None
            except (frames.Closed, OSError):
                raise Gone("the renderer went away", provider=NAME) from None
        if status == DONE:
            return Rendered(content=values[1], pages=int(values[0]))
        error = DocumentRejected if status == REJECTED else ProviderUnavailable
        raise error(values[0].decode(), provider=NAME)

    def ping(self) -> None:
        """Raises ProviderUnavailable when nobody listens."""
        self._connect().close()

    def _connect(self) -> socket.socket:
        line = socket.socket(socket.AF_UNIX)
        try:
            line.settimeout(CONNECT_SECONDS)
            line.connect(os.fspath(self._path))
        except OSError as error:
            line.close()
            raise Gone(f"the renderer does not answer: {error}", provider=NAME) from None
        return line


class Server:
    """Accepts documents on a socket for our account alone, each connection in a thread."""

    def __init__(self, path: Path, pool: Pool) -> None:
        self._path, self._pool = path, pool
        self._busy: set[threading.Thread] = set()
        self._listener = _listen(path)

    def run(self) -> None:
        """Until close() is called or the process ends."""
        self._pool.warm_up()
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(line,), daemon=True)
            self._busy.add(thread)
            thread.start()

    def close(self) -> None:
        """Accept nothing more, let documents under way finish for a while, end the children."""
        self._path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # closing alone does not wake the thread in accept()
        self._listener.close()
        deadline = time.monotonic() + DRAIN_SECONDS
        for thread in list(self._busy):
            thread.join(max(0, deadline - time.monotonic()))
        self._pool.close()

    def _serve(self, line: socket.socket) -> None:
        try:
            with line:
                frames.send(line, *self._answer(frames.receive(line)), deadline=time.monotonic() + 30)
        except (frames.Closed, frames.TooLarge, OSError):
            pass  # whoever asked has gone away or sends rubbish
        finally:
            self._busy.discard(threading.current_thread())

    def _answer(self, request: list[bytes]) -> tuple[bytes, ...]:
        try:
            html, title, author = (part.decode() for part in request)
            rendered = self._pool.render(html, title, author)
        except ValueError:
            return REJECTED, b"this is not a document"
        except ProviderError as error:
            return UNAVAILABLE if error.retryable else REJECTED, str(error).encode()
        return DONE, str(rendered.pages).encode(), rendered.content


def main() -> None:
    """`python -m plugins.pdf_pluto.server SOCKET SECONDS MEMORY OUTPUT PROCESSES`, until SIGTERM or SIGINT."""
    path, seconds, memory, output, processes = sys.argv[1:]
    limits = Limits(float(seconds), int(memory), int(output))
    server = Server(Path(path), Pool(limits, int(processes)))
    for number in (signal.SIGTERM, signal.SIGINT):
        # Not in the handler itself: it runs in the thread that is waiting in accept().
        signal.signal(number, lambda *_: threading.Thread(target=server.close).start())
    server.run()


def _listen(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    path.unlink(missing_ok=True)  # a socket outlives the process that was killed
    before = os.umask(0o177)
    try:
        listener.bind(os.fspath(path))
    finally:
        os.umask(before)
    listener.listen(128)
    return listener


if __name__ == "__main__":
    main()

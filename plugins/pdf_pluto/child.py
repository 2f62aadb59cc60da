"""The process that runs PlutoPrint: `python -I -m plugins.pdf_pluto.child DESCRIPTOR MEMORY OUTPUT`.

It loads the engine, renders once to be warm, and then gives up what it does not need any more: memory, files,
processes. It reads no file and opens no connection for a document, and it does not outlive whoever started it.
"""

from __future__ import annotations

import io
import os
import resource
import select
import socket
import sys
import threading

import plutoprint

from plugins.pdf_pluto import frames

READY, DONE, REJECTED = b"ready", b"done", b"rejected"

_WARM_UP = "<!doctype html><meta charset=utf-8><p style='font-family: sans-serif'>Ready <b>to</b> <i>render</i>."


class _Full(Exception):
    """The PDF is larger than allowed."""


class _Capped(io.BytesIO):
    """Keeps so much and no more. The engine swallows what a stream raises, so it is asked afterwards."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most, self.full = most, False

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        self.full = self.full or self.tell() + len(data) > self._most
        return len(data) if self.full else super().write(data)


class _DataOnly(plutoprint.ResourceFetcher):
    """What is not inside the document does not exist."""

    def fetch_url(self, url: str) -> plutoprint.ResourceData:
        if url[:5].lower() == "data:":
            return plutoprint.default_resource_fetcher.fetch_url(url)
        raise PermissionError("only data: URLs are read")


def render(html: str, title: str, author: str, most: int) -> tuple[int, bytes]:
    """The number of pages and the PDF."""
    book = plutoprint.Book(plutoprint.PAGE_SIZE_A4)
    book.custom_resource_fetcher = _DataOnly()
    book.load_html(html)
    book.set_metadata(plutoprint.PDF_METADATA_TITLE, title)
    book.set_metadata(plutoprint.PDF_METADATA_AUTHOR, author)
    stream = _Capped(most)
    book.write_to_pdf_stream(stream)
    if stream.full:
        raise _Full
    return book.get_page_count(), stream.getvalue()


def main() -> None:
    descriptor, memory, output = (int(argument) for argument in sys.argv[1:])
    with socket.socket(fileno=descriptor) as line:
        threading.Thread(target=_end_with, args=(descriptor,), daemon=True).start()
        render(_WARM_UP, "", "", 2**20)
        _give_up(memory)
        frames.send(line, READY)
        while True:
            frames.send(line, *_answer(frames.receive(line), output))


def _answer(request: list[bytes], output: int) -> tuple[bytes, ...]:
    html, title, author = (part.decode() for part in request)
    try:
        pages, content = render(html, title, author, output)
    except _Full:
        return REJECTED, f"the PDF would be larger than {output // 2**20} MiB".encode()
    except MemoryError:
        return REJECTED, b"the document needs too much memory"
    except Exception as error:
        return REJECTED, f"the engine refuses the document: {error}".encode()
    return DONE, str(pages).encode(), content


def _end_with(descriptor: int) -> None:
    """A hanging render does not notice that nobody waits any more; this thread does."""
    hung_up = select.poll()
    hung_up.register(descriptor, 0)
    hung_up.poll()
    os._exit(0)


def _give_up(memory: int) -> None:
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 32,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_CORE: 0,
    }
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))


if __name__ == "__main__":
    try:
        main()
    except frames.Closed:
        os._exit(0)

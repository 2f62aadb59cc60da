"""The contract of storage."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import BinaryIO, cast

import pytest

from webkit.core.capabilities.storage import InvalidKey, NoSuchObject, Storage, StorageFeature

from .contract import ProviderContract

KEY = "documents/agency-1/invoice/0193.pdf"
BIG = 9 * 1024 * 1024 + 7
HOSTILE = (
    "",
    "/etc/passwd",
    "../secret",
    "a/../../secret",
    "a/./b",
    "a//b",
    "a/",
    ".hidden",
    "a/.hidden/b",
    "a\\..\\b",
    "C:/x",
    "a\x00b",
    "a\nb",
    "a b",
    "citta\u0300",
    "a/\u202egpj.exe",
    "a/\uff0e\uff0e/b",
    "a\u2215b",
    "%2e%2e/secret",
    "x" * 513,
    "a/" + "x" * 201,
    "a/" + "è" * 101,
)


class Source(io.RawIOBase):
    """A stream that is read once, in pieces, and breaks after `breaks_at` bytes."""

    def __init__(self, size: int, breaks_at: int | None = None) -> None:
        self._left, self._until = size, breaks_at

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        assert size > 0, "a big body is read in pieces, never wholly"
        if self._until is not None and self._until <= 0:
            raise ConnectionResetError("the sender went away")
        piece = min(size, self._left, 100_000)
        self._left -= piece
        self._until = None if self._until is None else self._until - piece
        return b"\xa5" * piece


class StorageContract(ProviderContract):
    """Nothing to override."""

    def put(self, provider: Storage, content: bytes, key: str = KEY) -> None:
        """Store a few bytes."""
        provider.put(key, io.BytesIO(content), content_type="application/pdf")

    def read(self, provider: Storage, key: str = KEY) -> bytes:
        """Read them back."""
        with provider.open(key) as stream:
            return stream.read()

    @pytest.mark.parametrize("content", [b"", b"\x00", bytes(range(256)), "Perché no? 東京".encode()])
    def test_gives_back_the_same_bytes(self, provider: Storage, another: Storage, content: bytes) -> None:
        stored = provider.put(KEY, io.BytesIO(content), content_type="application/pdf")
        assert (stored.key, stored.size, stored.content_type) == (KEY, len(content), "application/pdf")
        assert self.read(provider) == self.read(another) == content
        assert provider.size(KEY) == len(content)
        assert provider.exists(KEY)

    def test_streams_what_is_big(self, provider: Storage) -> None:
        stored = provider.put(KEY, cast("BinaryIO", Source(BIG)), content_type="application/octet-stream")
        assert stored.size == provider.size(KEY) == BIG
        with provider.open(KEY) as stream:
            assert stream.read(3) == b"\xa5" * 3
            rest = 0
            while piece := stream.read(1_000_000):
                rest += len(piece)
        assert rest == BIG - 3

    def test_replaces(self, provider: Storage) -> None:
        self.put(provider, b"first, and longer")
        self.put(provider, b"second")
        assert self.read(provider) == b"second"
        assert provider.size(KEY) == 6

    def test_a_broken_upload_leaves_what_was_there(self, provider: Storage) -> None:
        broken = Source(1_000_000, breaks_at=300_000)
        with pytest.raises(ConnectionResetError):
            provider.put(KEY, cast("BinaryIO", broken), content_type="text/plain")
        assert not provider.exists(KEY)
        self.put(provider, b"whole")
        with pytest.raises(ConnectionResetError):
            provider.put(KEY, cast("BinaryIO", Source(1_000_000, breaks_at=300_000)), content_type="text/plain")
        assert self.read(provider) == b"whole"

    @pytest.mark.parametrize(
        ("start", "length", "wanted"),
        [
            (0, None, b"0123456789"),
            (4, None, b"456789"),
            (2, 3, b"234"),
            (0, 1, b"0"),
            (8, 100, b"89"),
            (9, 1, b"9"),
            (0, 0, b""),
            (10, None, b""),
            (500, 5, b""),
        ],
    )
    def test_a_part_can_be_read(self, provider: Storage, start: int, length: int | None, wanted: bytes) -> None:
        self.put(provider, b"0123456789")
        with provider.open(KEY, start=start, length=length) as stream:
            assert stream.read() == wanted
        with provider.open(KEY, start=start, length=length) as stream:
            pieces = list(iter(lambda: stream.read(2), b""))
        assert b"".join(pieces) == wanted

    def test_a_part_of_what_is_missing_is_missing(self, provider: Storage) -> None:
        for start, length in ((0, 0), (0, 5), (3, None)):
            with pytest.raises(NoSuchObject):
                provider.open(KEY, start=start, length=length)

    def test_what_is_missing_is_missing(self, provider: Storage) -> None:
        assert not provider.exists(KEY)
        with pytest.raises(NoSuchObject):
            provider.open(KEY)
        with pytest.raises(NoSuchObject):
            provider.size(KEY)

    def test_a_folder_is_not_an_object(self, provider: Storage) -> None:
        self.put(provider, b"x")
        folder = KEY.rpartition("/")[0]
        assert not provider.exists(folder)
        with pytest.raises(NoSuchObject):
            provider.open(folder)
        provider.delete(folder)
        assert self.read(provider) == b"x"

    def test_deleting_twice_is_fine(self, provider: Storage) -> None:
        self.put(provider, b"x")
        provider.delete(KEY)
        provider.delete(KEY)
        assert not provider.exists(KEY)

    @pytest.mark.parametrize("key", HOSTILE)
    def test_a_key_cannot_leave_its_place(self, provider: Storage, key: str) -> None:
        with pytest.raises(InvalidKey):
            self.put(provider, b"x", key)
        for call in (provider.open, provider.size, provider.exists, provider.delete):
            with pytest.raises(InvalidKey):
                call(key)
        with pytest.raises(InvalidKey):
            provider.url(key, expires=timedelta(minutes=5))

    def test_keys_are_separate(self, provider: Storage) -> None:
        keys = [
            "a/b-c",
            "a/b_c",
            "a/b.c",
            "a/B-c",
            "b/b-c",
            "k" * 200,
            "à/città/東京.pdf",
            "à/citta/東京.pdf",
            "/".join("abcdefgh"),
        ]
        for key in keys:
            self.put(provider, key.encode(), key)
        assert [self.read(provider, key) for key in keys] == [key.encode() for key in keys]

    def test_writers_of_one_key_never_mix(self, provider: Storage) -> None:
        contents = [bytes([number]) * 300_000 for number in range(8)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda content: self.put(provider, content), contents))
        assert self.read(provider) in contents

    def test_a_url_is_signed_or_there_is_none(self, provider: Storage) -> None:
        self.put(provider, b"x")
        url = provider.url(KEY, expires=timedelta(minutes=5))
        if StorageFeature.SIGNED_URLS in self.spec.features:
            assert url is not None
            assert url.startswith(("https://", "http://"))
            named = provider.url(KEY, expires=timedelta(minutes=5), filename='città "1".pdf', content_type="text/plain")
            assert named not in (None, url)
            assert "\n" not in (named or "")
        else:
            assert url is None

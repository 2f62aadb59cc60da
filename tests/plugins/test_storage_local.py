from __future__ import annotations

import io
import os
import time
from pathlib import Path

import pytest

from plugins.storage_local.plugin import webkit_register_providers
from plugins.storage_local.provider import LocalStorage
from plugins.storage_local.settings import LocalStorageSettings
from webkit.sdk import Health, InvalidKey
from webkit.sdk.testing.storage import StorageContract


class TestLocalStorage(StorageContract):
    spec = webkit_register_providers()[0]


def storage(folder: Path) -> LocalStorage:
    return LocalStorage(LocalStorageSettings(folder=folder))


def put(provider: LocalStorage, key: str, content: bytes = b"x") -> None:
    provider.put(key, io.BytesIO(content), content_type="text/plain")


def test_the_folder_has_many_names(tmp_path: Path) -> None:
    spec = webkit_register_providers()[0]
    for name in ("STORAGE_LOCAL_FOLDER", "LOCAL_FILE_DIR", "UPLOAD_DIR"):
        settings = TestLocalStorage().registry({name: str(tmp_path / name)}).settings(spec)
        assert isinstance(settings, LocalStorageSettings)
        assert settings.place == tmp_path / name
    default = TestLocalStorage().registry({"WEBKIT_DATA": str(tmp_path)}).settings(spec)
    assert isinstance(default, LocalStorageSettings)
    assert default.place == tmp_path / "files"


def test_a_link_out_of_the_folder_leads_nowhere(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("s")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "way-out").symlink_to(outside)
    provider = storage(inside)
    for act in (provider.open, provider.size, provider.exists, provider.delete):
        with pytest.raises(InvalidKey):
            act("way-out/secret")
    with pytest.raises(InvalidKey):
        put(provider, "way-out/new")
    assert [path.name for path in outside.iterdir()] == ["secret"]


def test_an_object_cannot_be_a_folder_too(tmp_path: Path) -> None:
    provider = storage(tmp_path)
    put(provider, "a/b")
    for key in ("a", "a/b/c"):
        with pytest.raises(InvalidKey):
            put(provider, key)
    with provider.open("a/b") as stream:
        assert stream.read() == b"x"


def test_nothing_is_left_of_broken_uploads(tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        storage(tmp_path).put("a", Broken(), content_type="text/plain")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_a_killed_writer_left_is_removed_after_a_day(tmp_path: Path) -> None:
    scratch = tmp_path / ".scratch"
    scratch.mkdir()
    old, fresh = scratch / ".writing-old", scratch / ".writing-fresh"
    old.write_bytes(b"x")
    fresh.write_bytes(b"x")
    long_ago = time.time() - 2 * 24 * 3600
    os.utime(old, (long_ago, long_ago))
    put(storage(tmp_path), "a")
    assert not old.exists()
    assert fresh.exists()


def test_asking_for_health_makes_no_folder(tmp_path: Path) -> None:
    assert storage(tmp_path / "not" / "yet").health().status is Health.OK
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_unhealthy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert storage(tmp_path / "file" / "files").health().status is Health.DOWN

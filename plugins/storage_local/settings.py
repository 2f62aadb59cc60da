"""Where the files are."""

from __future__ import annotations

from pathlib import Path

from webkit.sdk import env
from webkit.sdk.files import DataFolderSettings


class LocalStorageSettings(DataFolderSettings):
    """The folder of all stored files."""

    folder: Path | None = env(
        "STORAGE_LOCAL_FOLDER",
        "LOCAL_FILE_DIR",
        "UPLOAD_DIR",
        default=None,
        description="Folder for stored files. Empty: files/ in the data folder.",
    )

    @property
    def place(self) -> Path:
        return (self.folder or self.data / "files").expanduser().absolute()

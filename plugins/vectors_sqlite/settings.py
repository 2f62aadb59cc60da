"""Where the file is."""

from __future__ import annotations

from pathlib import Path

from webkit.sdk import env
from webkit.sdk.files import DataFolderSettings


class SqliteSettings(DataFolderSettings):
    """Nothing must be set."""

    file: Path | None = env(
        "VECTORS_FILE", default=None, place=True, description="The file. Empty: vectors.db in the data folder."
    )

    @property
    def path(self) -> Path:
        return self.file or self.data / "vectors.db"

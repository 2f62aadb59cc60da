"""Where the messages are."""

from __future__ import annotations

from pathlib import Path

from webkit.sdk import env
from webkit.sdk.files import DataFolderSettings


class OutboxSettings(DataFolderSettings):
    """The folder of all messages."""

    folder: Path | None = env(
        "EMAIL_OUTBOX_FOLDER",
        default=None,
        description="Folder for messages that are kept instead of sent. Empty: outbox/ in the data folder.",
    )

    @property
    def place(self) -> Path:
        return (self.folder or self.data / "outbox").expanduser().absolute()

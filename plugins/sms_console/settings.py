"""Where the texts are."""

from __future__ import annotations

from pathlib import Path

from webkit.sdk import env
from webkit.sdk.files import DataFolderSettings


class ConsoleSettings(DataFolderSettings):
    """The folder of all texts."""

    folder: Path | None = env(
        "SMS_CONSOLE_FOLDER",
        default=None,
        description="Folder for text messages that are kept instead of sent. Empty: sms/ in the data folder.",
    )

    @property
    def place(self) -> Path:
        return (self.folder or self.data / "sms").expanduser().absolute()

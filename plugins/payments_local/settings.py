"""Where the vendor keeps its books."""

from __future__ import annotations

from pathlib import Path

from webkit.sdk import env
from webkit.sdk.files import DataFolderSettings


class LocalPaymentsSettings(DataFolderSettings):
    """The folder of all checkouts."""

    folder: Path | None = env(
        "PAYMENTS_LOCAL_FOLDER",
        default=None,
        description="Folder of the local checkout's books. Empty: payments_local/ in the data folder.",
    )

    @property
    def place(self) -> Path:
        return (self.folder or self.data / "payments_local").expanduser().absolute()

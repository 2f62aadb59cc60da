"""Where the renderer listens and what one document may cost."""

from __future__ import annotations

from pathlib import Path

from webkit.sdk import ProviderSettings, env


class PlutoSettings(ProviderSettings):
    """The limits hold for every single document."""

    socket: Path | None = env(
        "WEBKIT_RENDERER_SOCKET",
        default=None,
        description="Socket of a running `webkit renderer`. Empty: each process renders in a child of its own.",
    )
    seconds: float = env("PDF_RENDER_SECONDS", default=20.0, gt=0, le=600, description="Longest time for a document.")
    memory_mb: int = env(
        "PDF_RENDER_MEMORY_MB", default=1024, ge=128, le=65_536, description="Most memory for a document, in MiB."
    )
    output_mb: int = env("PDF_RENDER_OUTPUT_MB", default=50, ge=1, le=1024, description="Largest PDF, in MiB.")
    processes: int = env(
        "PDF_RENDER_PROCESSES", default=2, ge=1, le=64, description="Documents that `webkit renderer` makes at once."
    )

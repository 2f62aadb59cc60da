"""Distributions made up for a test: real metadata and real modules in a folder of their own."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

PROVIDER = """
from webkit.sdk import EMAIL, ProviderSpec, hookimpl

@hookimpl
def webkit_register_providers():
    return [ProviderSpec(EMAIL, "{name}", "Toy", "nowhere.provider:Toy")]
"""


class Shelf:
    """A folder of installed distributions, as `site-packages` is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, distribution: str, plugins: Mapping[str, str], version: str = "1.2") -> None:
        """Install a distribution whose plugins are given as name → source of its module."""
        info = self.folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        lines = ["[webkit.plugins]"]
        for name, source in plugins.items():
            module = f"made_up_{distribution.replace('-', '_')}_{name}"
            (self.folder / f"{module}.py").write_text(source)
            lines.append(f"{name} = {module}")
        (info / "entry_points.txt").write_text("\n".join(lines))

    def entry_points(self) -> list[metadata.EntryPoint]:
        """What the installed distributions declare."""
        return [point for dist in metadata.distributions(path=[str(self.folder)]) for point in dist.entry_points]

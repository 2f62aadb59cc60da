"""What the pages for plugin authors say about tests, versions and the store is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.packaging.test_docs import ROOT
from tests.sdk import surface
from webkit.core.kernel import pluginstore
from webkit.operations import plugin_check
from webkit.sdk.store import Store
from webkit.sdk.testing.contract import ProviderContract

DOCS = ROOT / "docs/plugins"
TESTING, VERSIONS, STORE = ((DOCS / f"{name}.md").read_text("utf-8") for name in ("testing", "versions", "store"))


def first_cells(text: str, heading: str) -> set[str]:
    """Names in the first cells of the table below a heading."""
    table = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w[\w.]*)", row)}


def test_every_double_is_listed() -> None:
    start = "webkit.sdk.testing.doubles."
    doubles = {module.__name__.removeprefix(start) for module in surface.modules() if module.__name__.startswith(start)}
    assert first_cells(TESTING, "Doubles of vendors") == doubles - {"chromium", "running"}  # parts of others


def test_every_suite_is_listed() -> None:
    suites = set()
    for module in surface.modules():
        for name, thing in vars(module).items():
            own = isinstance(thing, type) and thing.__module__ == module.__name__
            if own and issubclass(thing, ProviderContract) and thing is not ProviderContract:
                suites.add(f"{module.__name__.rpartition('.')[2]}.{name}")
    assert first_cells(TESTING, "The contract") == suites


def test_every_point_of_the_check_is_listed() -> None:
    source = Path(plugin_check.__file__).read_text("utf-8")
    points = set(re.findall(r'Point\("(\w+)"', source)) | set(re.findall(r'"(\w+)": _\w+', source))
    assert first_cells(TESTING, "The check") == points


def test_the_example_of_a_double_works(tmp_path: Path) -> None:
    import urllib3

    block = next(code for code in re.findall(r"```python\n(.*?)```", TESTING, re.DOTALL) if "class Acme" in code)
    names: dict[str, Any] = {}
    exec(block, names)
    with names["Acme"]() as vendor:
        assert urllib3.request("GET", vendor.url, headers={"Authorization": "Bearer k"}).json() == {"id": "m1"}
        assert urllib3.request("GET", vendor.url).status == 401
        names["test_an_overload_may_be_tried_again"](vendor)
        assert [urllib3.request("GET", vendor.url, retries=False).status for _ in range(2)] == [503, 503]
        with pytest.raises(urllib3.exceptions.HTTPError):
            urllib3.request("GET", vendor.url, headers={"Authorization": "Bearer k"}, retries=False)


def test_every_call_of_the_store_and_its_bounds_are_told() -> None:
    calls = {name for name in vars(Store) if not name.startswith("_")}
    assert {name for name in calls if not re.search(rf"`{name}\(", STORE)} == set()
    assert f"{pluginstore.MOST_KEYS:,} keys" in STORE
    assert f"{pluginstore.MOST_BYTES // 2**20} MiB" in STORE
    assert f"{pluginstore.LONGEST_VALUE // 2**10} KiB" in STORE
    assert f"1 to {pluginstore.LONGEST_KEY} visible" in STORE


def test_the_example_of_versions_works() -> None:
    block = re.findall(r"```python\n(.*?)```", VERSIONS, re.DOTALL)[0]
    names: dict[str, Any] = {}
    exec(block.replace("ProviderSpec(\n", "made = ProviderSpec(\n"), names)
    assert names["made"].spoken == 1

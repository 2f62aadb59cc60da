"""What our libraries would take along is not loaded, and can be by whoever wants it."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from webkit.core.lean import without

TRIED = """
import webkit.core.lean, sys
taken = [name for name in sys.modules if name.partition(".")[0] in webkit.core.lean.COMPANY]
import structlog, redis, json
print(taken, json is not None)
"""


def test_nothing_is_taken_along() -> None:
    done = subprocess.run([sys.executable, "-c", TRIED], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] True"


def test_it_can_be_loaded_afterwards() -> None:
    sys.modules.pop("colorsys", None)
    with without("colorsys"), pytest.raises(ImportError):
        importlib.import_module("colorsys")
    assert importlib.import_module("colorsys").rgb_to_hsv(0, 0, 0) == (0, 0, 0)

"""Lets templates lay out computed documents that a snapshot holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask

from webkit.core.hookspecs import hookimpl
from webkit.pricing import show
from webkit.pricing.result import Priced


@hookimpl
def webkit_startup(app: Flask) -> None:
    app.jinja_env.globals.update(priced_lines=_lines, priced_sums=_sums)


def _lines(stored: Mapping[str, Any]) -> list[show.ShownLine]:
    return show.lines(Priced.from_dict(stored))


def _sums(stored: Mapping[str, Any], *, credit: bool = False) -> list[show.SumRow]:
    return show.sum_rows(Priced.from_dict(stored), credit=credit)

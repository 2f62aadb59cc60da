"""Registers agencies: their settings."""

from __future__ import annotations

from webkit.agencies import models  # noqa: F401  the tables

"""Registers portability: archives of agencies and people, and their deletion."""

from __future__ import annotations

from webkit.portability import models

__all__ = ["models"]

"""Pages are looked at in a running installation."""

from tests.journeys.conftest import shared

__all__ = ["shared"]

"""Texts of a plugin in the reader's language."""

from __future__ import annotations

from webkit.core.kernel.i18n import current_locale, gettext, lazy_gettext, ngettext

__all__ = ["current_locale", "gettext", "lazy_gettext", "ngettext"]

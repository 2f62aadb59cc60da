"""The one form of a domain's name: ASCII, small letters, no dot at the end; and which names nobody may have."""

from __future__ import annotations

import re
import unicodedata

from webkit.core.kernel import hosts, outbound
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current

LONGEST = 200
"""Its record stands below it, and no name is longer than 253."""
BELOW = "_webkit"
_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?=[a-z0-9-]*[a-z])[a-z0-9][a-z0-9-]{0,61}[a-z0-9]")


def normal(text: str) -> str:
    """A name as it is kept and compared. Raises DomainError."""
    host = unicodedata.normalize("NFKC", text.strip()).casefold().removesuffix(".")
    try:
        host = host.encode("idna").decode() if not host.isascii() else host
        host.encode().decode("idna")
    except UnicodeError:
        raise _no_name() from None
    if len(host) > LONGEST or not _NAME.fullmatch(host):
        raise _no_name()
    if host.rpartition(".")[2] in outbound.PRIVATE_NAMES:
        raise DomainError(_("%(host)s leads nowhere on the internet.", host=host), "host")
    if any(host == own or host.endswith(f".{own}") for own in hosts.own(current().settings) if own):
        raise DomainError(_("%(host)s belongs to this platform. Please name a domain of your own.", host=host), "host")
    return host


def shown(host: str) -> str:
    """A name as people write it, if it has other letters than ASCII's."""
    return host.encode().decode("idna")


def record(host: str) -> str:
    """The name at which its proof stands."""
    return f"{BELOW}.{host}"


def _no_name() -> DomainError:
    sentence = _("This is not a domain. It looks like docs.example.com: no https://, no port, no path.")
    return DomainError(sentence, "host")

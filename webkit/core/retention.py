"""How long personal data is kept, and why: the classes that erasure, deletion and the register share."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, date, datetime

from webkit.core.extensions import LazyText
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.values import dataclass


class Retention(enum.StrEnum):
    """The classes, by name."""

    RELATION = "relation"
    ACCOUNTING = "accounting"
    CONTRACT = "contract"
    ACCOUNT = "account"
    AGENCY = "agency"
    SECURITY = "security"
    PASSING = "passing"
    SECRET = "secret"  # noqa: S105


@dataclass(frozen=True, slots=True)
class RetentionClass:
    """Why data of a class is kept, and for how long.

    `years` is 0 where no law asks for it: such data goes when somebody asks, or with what it belongs to. Otherwise it
    counts from the end of the calendar year in which a document was made; `by_country` says where it is another one.
    """

    key: Retention
    label: LazyText
    ground: LazyText
    period: LazyText
    years: int = 0
    by_country: Mapping[str, int] = field(default_factory=dict)

    @property
    def by_law(self) -> bool:
        """Whether a law keeps it although somebody asks for its erasure."""
        return self.years > 0

    def until(self, made: date | datetime, country: str) -> date | None:
        """The last day on which something made then has to be kept in a country; None when nothing has to be."""
        if not self.by_law:
            return None
        day = made.astimezone(UTC).date() if isinstance(made, datetime) else made
        return date(day.year + self.by_country.get(country, self.years), 12, 31)


_ALL = (
    RetentionClass(
        Retention.RELATION,
        _l("Work for a client"),
        _l("Performing a contract and preparing one (GDPR Art. 6(1)(b))"),
        _l("Until the client's person asks for erasure, or the agency deletes it"),
    ),
    RetentionClass(
        Retention.ACCOUNTING,
        _l("Records that tax law asks for"),
        _l("Legal duty to keep books and invoices (GDPR Art. 6(1)(c) and 17(3)(b))"),
        _l("10 years from the end of the year, or what the agency's country asks for"),
        10,
        {"AT": 7, "AU": 5, "CA": 6, "DE": 8, "DK": 5, "ES": 6, "FI": 6, "GB": 6, "IE": 6, "NL": 7, "NO": 5, "NZ": 7}
        | {"PL": 5, "SE": 7, "US": 7},
    ),
    RetentionClass(
        Retention.CONTRACT,
        _l("Agreements that were made"),
        _l("Establishing, exercising or defending legal claims (GDPR Art. 17(3)(e))"),
        _l("10 years from the end of the year, the longest ordinary limitation"),
        10,
        {"AU": 6, "DE": 6, "GB": 6, "IE": 6},
    ),
    RetentionClass(
        Retention.ACCOUNT,
        _l("Accounts of people"),
        _l("Performing a contract (GDPR Art. 6(1)(b))"),
        _l("Until the account is deleted"),
    ),
    RetentionClass(
        Retention.AGENCY,
        _l("What an agency says of itself"),
        _l("Performing a contract (GDPR Art. 6(1)(b))"),
        _l("Until the agency is deleted"),
    ),
    RetentionClass(
        Retention.SECURITY,
        _l("Traces of use"),
        _l("Legitimate interest in security (GDPR Art. 6(1)(f))"),
        _l("2 years, or WEBKIT_TRACE_DAYS, then a daily job removes it; with the agency or an erasure earlier"),
    ),
    RetentionClass(
        Retention.PASSING,
        _l("Passing through"),
        _l("Performing a contract (GDPR Art. 6(1)(b))"),
        _l("Minutes to weeks, until it is done"),
    ),
    RetentionClass(
        Retention.SECRET,
        _l("Secrets"),
        _l("Performing a contract (GDPR Art. 6(1)(b)); encrypted with the installation's keys"),
        _l("Until replaced, used up or deleted with what it belongs to"),
    ),
)
CLASSES: Mapping[Retention, RetentionClass] = {each.key: each for each in _ALL}


def until(key: Retention, made: date | datetime, country: str) -> date | None:
    """The last day on which something of a class, made then, has to be kept in a country; None when nothing has to."""
    return CLASSES[key].until(made, country)

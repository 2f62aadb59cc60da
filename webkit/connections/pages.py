"""What the pages of accounts show."""

from __future__ import annotations

from werkzeug.datastructures import MultiDict

from webkit.connections.fields import Setting
from webkit.connections.service import AccountForm
from webkit.core.capabilities.base import HealthReport
from webkit.core.kernel.forms import FormState
from webkit.core.values import dataclass


@dataclass(frozen=True, slots=True)
class AccountPage:
    """`needed` are the fields everybody fills in, `more` those that have a default."""

    account: AccountForm
    form: FormState
    needed: tuple[Setting, ...]
    more: tuple[Setting, ...]
    labels: dict[str, str]
    report: HealthReport | None
    tested: bool

    @classmethod
    def of(cls, account: AccountForm, state: FormState, report: HealthReport | None, *, tested: bool) -> AccountPage:
        optional = [s for s in account.settings if not s.required and s.kind != "secret" and not s.place]
        needed = [setting for setting in account.settings if setting not in optional]
        labels = {setting.name: setting.label for setting in account.settings}
        return cls(account, state, tuple(needed), tuple(optional), labels, report, tested)


def without_secrets(account: AccountForm, given: MultiDict[str, str]) -> FormState:
    """What was typed, to be shown again; a secret is never sent back."""
    secret = {setting.name for setting in account.settings if setting.kind == "secret"}
    return FormState({name: values for name, values in given.lists() if name not in secret})

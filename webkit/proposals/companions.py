"""What a proposal may carry along without knowing it: the contract it goes on to. Later features offer choices."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Flask, current_app

KEY = "webkit.proposals.contracts"
ContractChoices = Callable[[], list[tuple[UUID, str]]]


def offer_contracts(app: Flask, choices: ContractChoices) -> None:
    """Let the editor offer contract templates; call from `webkit_startup`. `choices` answers with (id, name)."""
    app.extensions[KEY] = choices


def contract_choices() -> list[tuple[UUID, str]]:
    """The templates that can be carried; none while no feature offers any."""
    choices: ContractChoices | None = current_app.extensions.get(KEY)
    return choices() if choices else []

"""What is known of the models: their list prices, and how each is told not to think first.

A model that is not here works all the same; it costs "unknown" until its prices are set.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from webkit.sdk import Cost, Usage

from .settings import ClaudeSettings

SOURCE = "https://platform.claude.com/docs/en/about-claude/pricing"
AS_OF = date(2026, 10, 24)
MILLION = Decimal(1_000_000)
_DATED = re.compile(r"-\d{8}$")


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens. `write_5m` and `write_1h` are for tokens the vendor is to remember."""

    input: Decimal
    output: Decimal
    read: Decimal
    write_5m: Decimal
    write_1h: Decimal


@dataclass(frozen=True, slots=True)
class Model:
    """`long` is the price of a request that reads more than `long_from` tokens; `quiet` switches thinking off."""

    price: Price
    quiet: str = ""
    long: Price | None = None
    long_from: int = 0


def _price(*dollars: str) -> Price:
    return Price(*map(Decimal, dollars))


_OPUS_4 = Model(_price("5", "25", "0.50", "6.25", "10"), quiet="disabled")
_SONNET_4 = Model(_price("3", "15", "0.30", "3.75", "6"), quiet="disabled")
MODELS: dict[str, Model] = {
    "claude-haiku-5-5": Model(
        _price("0.10", "0.50", "0.01", "0.125", "0.20"),
        quiet="disabled",
        long=_price("0.50", "2.50", "0.05", "0.625", "1.00"),
        long_from=100_000,
    ),
    "claude-sonnet-5-5": Model(_price("2", "10", "0.10", "2.50", "4"), quiet="between_tools"),
    "claude-opus-5-5": Model(_price("4", "20", "0.20", "5", "8")),
    "claude-fable-5-1": Model(_price("10", "50", "0.25", "12.50", "20")),
    "claude-sonnet-5": Model(_price("2", "10", "0.20", "2.50", "4"), quiet="disabled"),
    "claude-opus-5": Model(_price("5", "25", "0.50", "6.25", "10"), quiet="disabled"),
    "claude-opus-4-8": _OPUS_4,
    "claude-opus-4-7": _OPUS_4,
    "claude-opus-4-6": _OPUS_4,
    "claude-opus-4-5": _OPUS_4,
    "claude-sonnet-4-6": _SONNET_4,
    "claude-sonnet-4-5": _SONNET_4,
    "claude-haiku-4-5": Model(_price("1", "5", "0.10", "1.25", "2"), quiet="disabled"),
}


def family(model: str) -> str:
    """The model without the date of its release."""
    return _DATED.sub("", model)


def quiet(model: str) -> str:
    """The type of thinking that lets this model write at once, or "" where there is none."""
    known = MODELS.get(family(model))
    return known.quiet if known else ""


def cost(usage: Usage, model: str, settings: ClaudeSettings) -> Cost | None:
    """What this usage costs; None without a price."""
    price = _valid(model, usage.input_tokens, settings)
    if price is None:
        return None
    write = price.write_1h if settings.cache == "1h" else price.write_5m
    fresh = usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens
    dollars = (
        fresh * price.input
        + usage.cached_tokens * price.read
        + usage.cache_write_tokens * write
        + usage.output_tokens * price.output
    ) / MILLION
    return Cost(dollars, "USD")


def _listed(model: Model | None, input_tokens: int) -> Price | None:
    if model is None:
        return None
    return model.long if model.long and input_tokens > model.long_from else model.price


def _valid(model: str, input_tokens: int, settings: ClaudeSettings) -> Price | None:
    """The list price, and over it what the operator set for the configured model."""
    price = _listed(MODELS.get(family(model)), input_tokens)
    if family(model) != family(settings.model):
        return price
    if price is None:
        if settings.price_input is None or settings.price_output is None:
            return None
        read = write = settings.price_input
        price = Price(settings.price_input, settings.price_output, read, write, write)
    own = {
        "input": settings.price_input,
        "output": settings.price_output,
        "read": settings.price_cache_read,
        "write_5m": settings.price_cache_write,
        "write_1h": settings.price_cache_write,
    }
    return replace(price, **{name: value for name, value in own.items() if value is not None})

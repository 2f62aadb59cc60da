"""The staff screens derive their colours in the browser; here the same formulas are followed for all."""

import re
from collections.abc import Callable
from itertools import product

import pytest

from webkit.branding.colours import Oklch, _gamma, _rgb, contrast, to_hex, to_oklch
from webkit.core.paths import ROOT

SHEET = (ROOT / "assets" / "css" / "staff" / "tokens.css").read_text("utf-8")
FROM = r"oklch\((?:from var\(--brand\) )?(?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
TOKENS = re.findall(rf"--([\w-]+):\s*light-dark\(({FROM}),\s*({FROM})\)", SHEET)
INKS = ("ink", "ink-2", "ink-3", "accent-ink")
STATES = ("ok", "wait", "bad", "info")
TEXT = [
    *product(INKS, ("canvas", "paper", "sunken", "raised")),
    *product(("ink", "ink-2", "accent-ink"), ("hover", "accent-soft")),
    *product([f"{state}-ink" for state in STATES], ("paper", "canvas")),
    *[(f"{state}-ink", f"{state}-soft") for state in STATES],
    *product(("ink",), [f"{state}-soft" for state in STATES]),
]
MARKS = [*product(("field", "focus"), ("paper",)), ("accent", "paper")]
BRANDS = sorted(
    {
        to_hex(Oklch(light, chroma, hue))
        for hue in range(0, 360, 10)
        for chroma in (0, 0.06, 0.14, 0.25, 0.37)
        for light in (0.3, 0.45, 0.62, 0.85)
    }
)


def clamp(least: float, value: float, most: float) -> float:
    return max(least, min(value, most))


def colour(formula: str, brand: Oklch) -> str:
    """What a browser shows for the formula: outside sRGB it clips each channel."""
    inside = formula[len("oklch(") : -1].removeprefix("from var(--brand) ")
    parts = re.findall(r"(?:[a-z]+\((?:[^()]|\([^()]*\))*\)|[^\s])+", inside)
    known: dict[str, float | Callable[..., float]] = {
        "l": brand.l, "c": brand.c, "h": brand.h, "clamp": clamp, "min": min, "max": max,
    }  # fmt: skip
    light, chroma, hue = (float(eval(part, {"__builtins__": {}}, known)) for part in parts)
    return "#" + "".join(f"{_gamma(channel):02x}" for channel in _rgb(light, chroma, hue))


@pytest.mark.parametrize("theme", [1, 2], ids=["light", "dark"])
def test_staff_screens_stay_readable_in_any_colour(theme: int) -> None:
    assert {name for pair in (*TEXT, *MARKS) for name in pair} <= {token[0] for token in TOKENS}
    worst: dict[tuple[str, str], tuple[float, str]] = {}
    for brand in BRANDS:
        base = to_oklch(brand)
        shown = {token[0]: colour(token[theme], base) for token in TOKENS} | {"on-accent": "#ffffff"}
        for pair in (*TEXT, *MARKS, ("on-accent", "accent"), ("on-accent", "accent-press")):
            ratio = contrast(shown[pair[0]], shown[pair[1]])
            worst[pair] = min(worst.get(pair, (99.0, "")), (ratio, brand))
    needed = dict.fromkeys(worst, 4.5) | dict.fromkeys(MARKS, 3.0)
    if theme == 2:  # on dark screens a fill is told from the paper by its text
        del needed["accent", "paper"]
    assert {pair: worst[pair] for pair, least in needed.items() if worst[pair][0] < least} == {}

"""Whatever colour an agency gives, its pages stay readable."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webkit.branding.colours import (
    Oklch,
    contrast,
    on_brand,
    parse,
    print_colours,
    public_colours,
    public_css,
    staff_css,
    to_hex,
    to_oklch,
)

# The states are the same for every agency; public.css defines them once.
STATES = {
    "ok-ink": "#0f663a", "ok-soft": "#e3f9e9", "wait-ink": "#7e4f04",
    "wait-soft": "#fef3db", "bad-ink": "#ae2228", "bad-soft": "#ffeeed",
}  # fmt: skip
TEXT = [
    *itertools.product(("ink", "ink-2", "ink-3", "accent-ink"), ("paper", "canvas", "sunken", "accent-soft")),
    ("paper", "accent"), ("paper", "accent-press"), ("paper", "cover"), ("on-cover-2", "cover"),
    *itertools.product(("ok-ink", "wait-ink", "bad-ink"), ("paper", "canvas")),
    ("ok-ink", "ok-soft"), ("wait-ink", "wait-soft"), ("bad-ink", "bad-soft"),
    *itertools.product(("ink", "ink-2"), ("ok-soft", "wait-soft", "bad-soft")),
]  # fmt: skip
MARKS = [*itertools.product(("field", "focus", "accent"), ("paper", "canvas"))]


def failures(brand: str) -> list[tuple[str, str, str, float]]:
    colours = public_colours(brand) | STATES
    pairs = [(a, b, 4.5) for a, b in TEXT] + [(a, b, 3.0) for a, b in MARKS]
    ratios = [(a, b, contrast(colours[a], colours[b]), least) for a, b, least in pairs]
    return [(brand, a, b, round(ratio, 2)) for a, b, ratio, least in ratios if ratio < least]


def test_every_hue_chroma_and_lightness_stays_readable() -> None:
    brands = {
        to_hex(Oklch(light, chroma, hue))
        for hue in range(0, 360, 5)
        for chroma in (0, 0.06, 0.12, 0.18, 0.25, 0.37)
        for light in (0.3, 0.55, 0.8)
    }
    assert len(brands) > 600  # many of the 1,296 meet at the edge of sRGB
    assert [bad for brand in brands for bad in failures(brand)] == []


@given(st.integers(0, 0xFFFFFF))
def test_any_colour_at_all_stays_readable(value: int) -> None:
    assert failures(f"#{value:06x}") == []


@given(st.integers(0, 0xFFFFFF))
def test_there_and_back_is_the_same_colour(value: int) -> None:
    brand = f"#{value:06x}"
    assert to_hex(to_oklch(brand)) == brand


@given(st.floats(0.15, 1), st.floats(0, 0.4), st.floats(0, 360))
def test_what_srgb_cannot_show_loses_chroma_not_lightness(light: float, chroma: float, hue: float) -> None:
    shown = to_oklch(to_hex(Oklch(light, chroma, hue)))
    assert shown.l == pytest.approx(light, abs=0.012)
    assert shown.c <= chroma + 0.012


@pytest.mark.parametrize("brand", ["#2438d6", "#1f5540", "#1F5540"])
def test_a_colour_dark_enough_is_kept_as_it_is(brand: str) -> None:
    colours = public_colours(brand)
    assert colours["accent"] == colours["accent-ink"] == brand.lower()


def test_a_pale_colour_keeps_its_hue_and_gets_our_lightness() -> None:
    accent = to_oklch(public_colours("#ffc800")["accent"])
    assert accent.l == pytest.approx(0.49, abs=0.005)
    assert accent.h == pytest.approx(to_oklch("#ffc800").h, abs=3)


def test_grey_stays_grey() -> None:
    assert all(to_oklch(value).c < 0.002 for value in public_colours("#777777").values())


def test_the_text_on_the_raw_colour_is_the_better_of_two() -> None:
    assert on_brand("#ffc800") == "#1b1d26"
    assert on_brand("#2438d6") == "#ffffff"


def test_the_stylesheets_hold_plain_hex_only() -> None:
    assert staff_css("#FC0") == ":root{--brand:#ffcc00;\n--on-brand:#1b1d26}\n"
    assert re.fullmatch(r":root\{(--[a-z0-9-]+:#[0-9a-f]{6};?)+\}\n", public_css("#2438d6"))


def test_paper_has_its_own_short_palette() -> None:
    assert set(print_colours("#2438d6")) < set(public_colours("#2438d6"))


@pytest.mark.parametrize(
    "garbage",
    ["", "2438d6", "#2438d", "#2438d6f", "#gggggg", "red", "#2438d6}", "#2438d6\n", " #2438d6", "#２４３８d6",
     "#fff;--x:0", "rgb(1,2,3)", "url(x)"],
)  # fmt: skip
def test_garbage_is_refused(garbage: str) -> None:
    for door in (parse, staff_css, public_css, print_colours):
        with pytest.raises(ValueError, match="hexadecimal"):
            door(garbage)


def test_anything_but_text_is_refused() -> None:
    with pytest.raises(ValueError, match="hexadecimal"):
        parse(None)  # type: ignore[arg-type]

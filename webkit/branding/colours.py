"""One colour in, readable palettes out: staff screens, client pages, paper.

An agency gives a single hex value. Its hue stays, the lightness of every role is ours, chroma is capped per role and
given up further only where sRGB cannot show it. So text keeps its contrast whatever was chosen. All maths is OKLCH
(Björn Ottosson's OKLab in polar form).
"""

import math
import re
from typing import NamedTuple

DARK_TEXT = "#1b1d26"
WHITE = "#ffffff"
READABLE = 4.5
"""The contrast WCAG 2.2 AA asks of text."""

_HEX = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")

# role: (lightness, most chroma). The neutrals carry a breath of the agency's hue.
_LADDER = {
    "canvas": (0.968, 0.006),
    "sunken": (0.983, 0.004),
    "line": (0.918, 0.008),
    "line-2": (0.86, 0.01),
    "field": (0.64, 0.014),
    "ink": (0.215, 0.02),
    "ink-2": (0.42, 0.018),
    "ink-3": (0.52, 0.016),
    "accent-soft": (0.958, 0.024),
    "accent-line": (0.86, 0.07),
    "accent-mid": (0.7, 0.13),
    "on-cover-2": (0.88, 0.06),
}
_PRINTED = (
    *("brand", "ink", "ink-2", "ink-3", "line", "line-2", "canvas", "accent", "accent-ink", "accent-soft"),
    *("accent-line", "cover", "cover-line", "on-cover-2"),
)


class Oklch(NamedTuple):
    """A colour as lightness (0 to 1), chroma (0 to about 0.37) and hue (degrees)."""

    l: float  # noqa: E741 - the letter every text on OKLCH uses
    c: float
    h: float


def parse(value: str) -> str:
    """The colour as ``#rrggbb`` in small letters; ValueError for anything but three or six hex digits."""
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise ValueError("A colour is written as # and six hexadecimal digits, like #2438d6.")
    digits = value[1:].lower()
    return "#" + (digits if len(digits) == 6 else "".join(d * 2 for d in digits))


def to_oklch(value: str) -> Oklch:
    """The hex colour in OKLCH."""
    r, g, b = _linear(parse(value))
    long = math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
    medium = math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
    short = math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
    light = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    red = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    yellow = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return Oklch(light, math.hypot(red, yellow), math.degrees(math.atan2(yellow, red)) % 360)


def to_hex(colour: Oklch) -> str:
    """The colour as hex; outside sRGB it gives up chroma, never lightness or hue."""
    light = min(max(colour.l, 0.0), 1.0)
    low, high = 0.0, max(colour.c, 0.0)
    if _shown(light, high, colour.h):
        low = high
    else:
        for _ in range(24):
            middle = (low + high) / 2
            low, high = (middle, high) if _shown(light, middle, colour.h) else (low, middle)
    return "#" + "".join(f"{_gamma(part):02x}" for part in _rgb(light, low, colour.h))


def luminance(value: str) -> float:
    """Relative luminance as WCAG defines it."""
    r, g, b = _linear(parse(value))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def on_brand(brand: str) -> str:
    """White or near black, whichever reads better on the raw brand colour (warn below ``READABLE``)."""
    return max(WHITE, DARK_TEXT, key=lambda text: contrast(text, brand))


def public_colours(brand: str) -> dict[str, str]:
    """Every custom property of a client page, without its dashes, as plain hex."""
    own = parse(brand)
    base = to_oklch(own)

    def role(light: float, most: float, least: float = 0.0) -> str:
        return to_hex(Oklch(light, min(max(base.c, least), most), base.h))

    accent_l = min(max(base.l, 0.36), 0.49)
    accent = own if accent_l == base.l and base.c <= 0.24 else role(accent_l, 0.24)
    cover_l = min(max(base.l - 0.07, 0.28), 0.36)
    # A grey has no hue worth strengthening: its focus ring would turn a colour nobody chose.
    ring = 0.06 if base.c >= 0.02 else 0.0
    colours = {"brand": own, "paper": WHITE} | {name: role(*rung) for name, rung in _LADDER.items()}
    return colours | {
        "accent": accent,
        "accent-press": role(accent_l - 0.06, 0.24),
        "accent-ink": accent if accent_l <= 0.47 else role(0.47, 0.24),
        "focus": role(0.56, 0.2, ring),
        "cover": role(cover_l, 0.2),
        "cover-2": role(cover_l - 0.06, 0.18),
        "cover-line": role(cover_l + 0.24, 0.17),
    }


def print_colours(brand: str) -> dict[str, str]:
    """The colours a printed document uses, as plain hex for an engine without colour functions."""
    colours = public_colours(brand)
    return {name: colours[name] for name in _PRINTED}


def staff_css(brand: str) -> str:
    """The theme of the staff screens: its two inputs, from which ``tokens.css`` derives the rest."""
    own = parse(brand)
    return f":root{{--brand:{own};\n--on-brand:{on_brand(own)}}}\n"


def public_css(brand: str) -> str:
    """The theme of an agency's client pages."""
    return as_css(public_colours(brand))


def as_css(colours: dict[str, str]) -> str:
    """A palette as one ``:root`` rule."""
    return ":root{" + ";".join(f"--{name}:{value}" for name, value in colours.items()) + "}\n"


def _linear(value: str) -> tuple[float, float, float]:
    def straight(part: str) -> float:
        share = int(part, 16) / 255
        return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)

    return straight(value[1:3]), straight(value[3:5]), straight(value[5:7])


def _gamma(share: float) -> int:
    share = min(max(share, 0.0), 1.0)
    curved = share * 12.92 if share <= 0.0031308 else 1.055 * share ** (1 / 2.4) - 0.055
    return round(curved * 255)


def _rgb(light: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a = chroma * math.cos(math.radians(hue))
    b = chroma * math.sin(math.radians(hue))
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _shown(light: float, chroma: float, hue: float) -> bool:
    return all(-0.0001 <= part <= 1.0001 for part in _rgb(light, chroma, hue))

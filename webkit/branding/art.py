"""Line art drawn from an agency's slug: every agency has its own cover and mark without uploading a picture.

Only geometry comes out of here: colours and strokes belong to the stylesheet (``.art``, ``.mark``).
"""

import math
from hashlib import sha256

from markupsafe import Markup

LINES = 26
WIDTH, HEIGHT = 1440, 700

_Point = tuple[float, float]


class _Seed:
    """Numbers between 0 and 1 that are the same for the same slug, for ever."""

    def __init__(self, slug: str) -> None:
        self._bytes = sha256(slug.encode()).digest()

    def __getitem__(self, place: int) -> float:
        return self._bytes[place] / 255

    @property
    def rings(self) -> bool:
        return self._bytes[0] % 2 == 1


def is_rings(slug: str) -> bool:
    """Whether this agency's lines are rings; else they flow."""
    return _Seed(slug).rings


def cover_art(slug: str) -> Markup:
    """The paths of a cover picture of 1440 by 700: flowing lines or growth rings, about 4 kB."""
    seed = _Seed(slug)
    draw = _ring if seed.rings else _wave
    return Markup("".join(f'<path d="{draw(seed, line)}"/>' for line in range(LINES)))  # noqa: S704 - numbers only


def mark_art(slug: str) -> Markup:
    """The paths of a mark of 28 by 28 in the same hand as the cover."""
    seed = _Seed(slug)
    return Markup(_ring_mark(seed) if seed.rings else _wave_mark(seed))  # noqa: S704 - numbers only


def _wave(seed: _Seed, line: int) -> str:
    """One of the flowing lines: two slow waves whose phase turns from line to line."""
    share = line / (LINES - 1)
    step = 290

    def height(x: float) -> float:
        slow = (70 + 60 * seed[1]) * math.sin(x / (250 + 90 * seed[2]) + seed[3] * 6 + share * 1.6)
        slower = (60 + 50 * seed[4]) * math.sin(x / (480 + 160 * seed[5]) + seed[6] * 6 - share * 2.1)
        return 40 + share * 600 + slow + slower

    return _smooth([(x, height(x)) for x in range(-160, WIDTH + step, step)])


def _ring(seed: _Seed, line: int) -> str:
    """One of the growth rings around a centre on the right, a little uneven like a tree's."""
    centre = (1080 + 160 * seed[1], 300 + 120 * seed[2])
    radius = 26 + line * (25 + 6 * seed[3])
    points = 9

    def at(turn: float) -> _Point:
        uneven = 1 + 0.1 * math.sin(2 * turn + seed[4] * 6 + line / 9) + 0.06 * math.sin(3 * turn + seed[5] * 6)
        return centre[0] + radius * uneven * math.cos(turn), centre[1] + radius * uneven * math.sin(turn)

    return _smooth([at(2 * math.pi * n / points) for n in range(points)], closed=True)


def _wave_mark(seed: _Seed) -> str:
    lift = 3 + 1.5 * seed[1]
    if seed[2] < 0.5:
        lift = -lift
    return "".join(f'<path d="M5 {y}c4 {-lift:.1f} 8 {lift:.1f} 12 0s5 {-lift * 0.7:.1f} 6 -1"/>' for y in (9, 14, 19))


def _ring_mark(seed: _Seed) -> str:
    turn = round(seed[1] * 7) * 45
    arc = f'<path d="M14 5.4a8.6 8.6 0 1 1-8.6 8.6" transform="rotate({turn} 14 14)"/>'
    return '<circle cx="14" cy="14" r="2.2"/><circle cx="14" cy="14" r="5.4"/>' + arc


def _smooth(points: list[_Point], *, closed: bool = False) -> str:
    """A path through all points without corners (Catmull-Rom as Bézier), in whole relative numbers to stay small."""
    count = len(points)
    tangents = [_tangent(points, n, closed) for n in range(count)]
    stops = [*range(1, count), 0] if closed else list(range(1, count))
    x, y = (round(part) for part in points[0])
    path, before = f"M{x} {y}", 0
    for number, stop in enumerate(stops):
        end = (round(points[stop][0]), round(points[stop][1]))
        two = (round(points[stop][0] - tangents[stop][0]) - x, round(points[stop][1] - tangents[stop][1]) - y)
        if number == 0:
            path += f"c{_pair(round(tangents[before][0]), round(tangents[before][1]))} {_pair(*two)}"
        else:
            path += f"s{_pair(*two)}"
        path += f" {_pair(end[0] - x, end[1] - y)}"
        x, y = end
    return path + ("z" if closed else "")


def _tangent(points: list[_Point], n: int, closed: bool) -> _Point:
    count = len(points)
    after = points[(n + 1) % count] if closed else points[min(n + 1, count - 1)]
    before = points[n - 1] if closed or n else points[0]
    return (after[0] - before[0]) / 6, (after[1] - before[1]) / 6


def _pair(x: int, y: int) -> str:
    return f"{x} {y}" if y >= 0 else f"{x}{y}"

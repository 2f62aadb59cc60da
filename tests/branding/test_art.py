"""An agency's cover is its own, always the same, and small."""

import gzip
import re
from xml.etree import ElementTree

import pytest

from webkit.branding.art import cover_art, mark_art

SLUGS = ["northwind", "harbour", "limone", "studio-legale-conti", "x"]


@pytest.mark.parametrize("slug", SLUGS)
def test_a_cover_is_small_and_only_geometry(slug: str) -> None:
    art = cover_art(slug)
    paths = ElementTree.fromstring(f"<svg>{art}</svg>")
    assert len(paths) == 26
    assert all(set(path.attrib) == {"d"} for path in paths)
    assert len(art) < 5500
    assert len(gzip.compress(art.encode())) < 3000


def test_a_slug_has_its_own_picture_for_ever() -> None:
    assert len({cover_art(slug) for slug in SLUGS}) == len(SLUGS)
    assert cover_art("northwind") == cover_art("northwind")


def test_nothing_of_the_slug_reaches_the_page() -> None:
    assert not re.search(r"[<>\"]script", cover_art('"><script>'))


@pytest.mark.parametrize("slug", SLUGS)
def test_a_mark_is_a_drawing(slug: str) -> None:
    assert len(ElementTree.fromstring(f"<svg>{mark_art(slug)}</svg>")) == 3

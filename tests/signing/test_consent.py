"""The sentences clients agree to never change once published."""

from __future__ import annotations

import pytest

from webkit.signing import consent

PUBLISHED = {
    (1, "en"): "b2c13e063be5785e850629097e55f67e08fa5bea64adc107a4585f2485413b82",
    (1, "it"): "5309fcd7f16927d1943fbd5e0e907cdf2c005f5f1256dc91fd95624478463fa9",
}


@pytest.mark.parametrize(("version", "language"), PUBLISHED)
def test_a_published_sentence_is_never_changed(version: int, language: str) -> None:
    assert consent.load(version, language).hash == PUBLISHED[version, language]


def test_every_published_sentence_is_held_here() -> None:
    files = {tuple(path.name.split(".")[:2]) for path in consent.FOLDER.glob("*.txt")}
    assert files == {(str(version), language) for version, language in PUBLISHED}


def test_the_document_s_language_is_spoken_and_english_where_we_speak_none() -> None:
    assert consent.current("it-IT").language == "it"
    assert consent.current("de-DE").language == "en"
    text = consent.current("en-GB").filled(number="CON-1", client="{number} S.r.l.")
    assert "the contract CON-1" in text and "{number} S.r.l." in text
    assert "simple electronic signature" in text

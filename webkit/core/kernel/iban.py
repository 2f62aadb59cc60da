"""Account numbers: whether an IBAN can be one, and whether a euro transfer reaches it."""

from __future__ import annotations

import re

_FORM = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
SEPA = frozenset(
    re.findall("..", "ADALATBEBGCHCYCZDEDKEEESFIFRGBGIGRHRHUIEISITLILTLULVMCMDMEMKMTNLNOPLPTRORSSESISKSMVA")
)
"""Beginnings of the IBANs that SEPA credit transfers reach (EPC409-09, list of SEPA scheme countries, October 2025)."""


def plain(text: str) -> str:
    """As it is stored: large, without the blanks that make it readable."""
    return "".join(text.split()).upper()


def is_valid(iban: str) -> bool:
    """ISO 13616: four signs move to the end, letters become numbers, the rest by 97 is 1."""
    if not _FORM.fullmatch(iban):
        return False
    return int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97 == 1


def is_sepa(iban: str) -> bool:
    """Whether a transfer in euro reaches it."""
    return is_valid(iban) and iban[:2] in SEPA


def grouped(iban: str) -> str:
    """As people read it: in groups of four."""
    return " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))

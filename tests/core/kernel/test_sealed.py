"""Sealed columns: plain in memory, bound to their place in the database, and never the input when they do not open."""

from __future__ import annotations

import time
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from webkit.agencies import service as agencies
from webkit.agencies.models import Profile
from webkit.core.kernel import db, runtime, sealed, tenancy
from webkit.core.kernel.crypto import CryptoError, Keys, load_keys
from webkit.core.kernel.directory import AgencyView

IBAN, OTHER = "IT60X0542811101000000123456", "DE89370400440532013000"
FIELD = "agency_profiles.bank_iban"


@pytest.fixture
def keys(app: Flask) -> Keys:
    return runtime.of(app).keys


def _raw(agency: UUID, column: str = "bank_iban") -> str:
    return str(_ask(sa.select(sa.type_coerce(Profile.__table__.c[column], sa.Text)), agency).scalar_one())


def _ask(query: sa.Select[tuple[str]], agency: UUID) -> sa.Result[tuple[str]]:
    return db.session().execute(query.where(Profile.agency_id == agency))


def _put(agency: UUID, text: str, column: str = "bank_iban") -> None:
    """Write into the database what no service would."""
    with tenancy.platform("test"), db.writing() as unit:
        given = {column: sa.type_coerce(text, sa.Text)}
        unit.execute(sa.update(Profile).where(Profile.agency_id == agency).values(**given))
    db.release()


def _iban() -> str:
    db.release()
    return agencies.profile().bank.iban


def test_the_database_does_not_tell_and_the_profile_does(agency: AgencyView, keys: Keys) -> None:
    agencies.change({"bank_iban": IBAN, "tax_id": "IT12345678901", "bank_text": ""})
    assert _iban() == IBAN and agencies.profile().tax_id == "IT12345678901"
    raw = _raw(agency.id)
    assert raw.startswith("3.") and IBAN not in raw and keys.unseal(raw, sealed.place(FIELD, agency.id)) == IBAN
    assert _raw(agency.id, "tax_id").startswith("3.") and _raw(agency.id, "bank_text") == ""


def test_a_value_does_not_open_in_another_agency_or_column(agency: AgencyView, other_agency: AgencyView) -> None:
    agencies.change({"bank_iban": IBAN})
    raw = _raw(agency.id)
    _put(other_agency.id, raw)
    with tenancy.tenant(other_agency.id), pytest.raises(CryptoError, match=FIELD):
        agencies.profile()
    _put(agency.id, raw, "bank_account_name")
    with pytest.raises(CryptoError, match="bank_account_name"):
        agencies.profile()


@pytest.mark.parametrize("planted", [OTHER, "3.", "3..", "3.x.y", "2.x.y", "1.IT60"])
def test_what_was_never_sealed_is_an_error_that_repeats_nothing(agency: AgencyView, planted: str) -> None:
    _put(agency.id, planted)
    with pytest.raises(CryptoError) as caught:
        _iban()
    assert FIELD in str(caught.value) and planted not in str(caught.value)
    assert caught.value.__cause__ is None


def test_what_is_bound_to_no_place_does_not_open_here(agency: AgencyView, keys: Keys) -> None:
    _put(agency.id, keys.seal(IBAN))
    with pytest.raises(CryptoError, match=FIELD):
        _iban()


def test_with_other_keys_it_is_an_error(
    app: Flask, agency: AgencyView, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agencies.change({"bank_iban": IBAN, "tax_id": ""})
    monkeypatch.setattr(runtime.of(app), "keys", load_keys(tmp_path / "others"))
    sealed._opened.cache_clear()  # the other keys come with another start
    with pytest.raises(CryptoError, match=FIELD) as caught:
        _iban()
    assert IBAN not in str(caught.value) and _raw(agency.id) not in str(caught.value)


def test_nobody_opens_it_without_saying_whose_it_is(agency: AgencyView) -> None:
    agencies.change({"bank_iban": IBAN})
    query = sa.select(Profile.bank_iban).where(Profile.agency_id == agency.id)
    with tenancy.platform("test"):
        with pytest.raises(CryptoError, match=FIELD):
            db.session().scalars(query).one()
        with sealed.belonging_to(agency.id):
            assert db.session().scalars(query).one() == IBAN


def test_too_long_a_text_is_refused_and_not_repeated(agency: AgencyView) -> None:
    with pytest.raises(sa.exc.StatementError, match="takes 40 characters") as caught:
        agencies.change({"bank_iban": "X" * 41})
    assert "X" * 41 not in str(caught.value)


def test_equal_texts_are_found_in_one_agency_alone(agency: AgencyView, other_agency: AgencyView) -> None:
    here = sealed.keyed("bank_lines.iban", IBAN)
    assert here == sealed.keyed("bank_lines.iban", IBAN) != sealed.keyed("bank_lines.iban", OTHER)
    assert sealed.keyed("bank_lines.iban", "") == "" and IBAN not in here
    with tenancy.tenant(other_agency.id):
        assert sealed.keyed("bank_lines.iban", IBAN) != here


def test_what_was_sealed_before_there_were_places_opens(keys: Keys) -> None:
    loose, placed = keys.seal("kept"), keys.seal("kept", "links.token_sealed/1")
    assert loose.startswith("2.") and keys.unseal(loose) == keys.unseal(loose, "links.token_sealed/1") == "kept"
    assert placed.startswith("3.") and keys.unseal(placed, "links.token_sealed/1") == "kept"
    for wrong in ("", "links.token_sealed/2", "mails.sealed/1"):
        with pytest.raises(CryptoError):
            keys.unseal(placed, wrong)


def test_secrets_are_not_shown_with_the_keys(keys: Keys) -> None:
    assert repr(keys.secret) not in repr(keys)


def test_reading_again_costs_next_to_nothing(agency: AgencyView, keys: Keys) -> None:
    """A value is opened once in a process: what every page reads costs a look into a dictionary."""
    text, kind = sealed.seal(FIELD, agency.id, IBAN), sealed.Sealed(FIELD, 40)
    dialect = db.session().get_bind().dialect

    def seconds(times: int) -> float:
        began = time.process_time()
        for _ in range(times):
            assert kind.process_result_value(text, dialect) == IBAN
        return time.process_time() - began

    before = sealed._opened.cache_info()
    assert min(seconds(2000) for _ in range(3)) / 2000 < 0.000_05
    after = sealed._opened.cache_info()
    assert after.misses - before.misses == 1 and after.hits - before.hits == 5999

"""Following the sealing key by a new one: everything opens before, in between and after, wherever it is interrupted."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from webkit.agencies import service as agencies
from webkit.core.capabilities.payments import PAYMENTS
from webkit.core.kernel import clock, db, links, runtime, sealed, tenancy, vendors
from webkit.core.kernel.crypto import CryptoError, Keys, load_keys
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.ids import uuid7
from webkit.core.kernel.pluginstore import PluginStore, PluginValue
from webkit.core.kernel.vendors import ProviderAccount
from webkit.operations import keys_cli

SECRETS = '{"secret_key": "sk_test_owl", "webhook_secret": "whsec_owl"}'


@pytest.fixture
def keys(app: Flask, tmp_path: Path) -> Iterator[Keys]:
    """Keys of this test alone; the first one made as it was before keys had names."""
    here = runtime.of(app)
    before = here.keys
    shutil.copytree(here.settings.data / "keys", tmp_path / "keys")
    here.keys = load_keys(tmp_path / "keys")
    yield here.keys
    here.keys = before


@pytest.fixture
def document(agency: AgencyView, keys: Keys) -> UUID:
    """A document with a link, and an agency with an account."""
    document_id = uuid7()
    with db.writing() as unit:
        links.create("p", document_id)
        row = {"capability": "payments", "provider": "stripe", "chosen_for": "payments"}
        unit.add(ProviderAccount(**row, sealed=keys.seal(SECRETS)))
    db.release()
    return document_id


@pytest.fixture
def details(agency: AgencyView, other_agency: AgencyView, keys: Keys) -> Iterator[None]:
    """Two agencies with bank details, and what a plugin keeps."""
    for number, here in enumerate((agency, other_agency)):
        with tenancy.tenant(here.id), db.writing() as unit:
            agencies.change({"bank_iban": f"IBAN{number}", "tax_id": f"TAX{number}"})
            unit.add(PluginStore(agency_id=here.id, plugin="toy", keys=1, size=1))
            unit.flush()
            for key in "abc":
                row = {"plugin": "toy", "key": key, "size": 1, "changed_at": clock.now()}
                unit.add(PluginValue(agency_id=here.id, value=f'"{key}{number}"', **row))
    yield
    for number, here in enumerate((agency, other_agency)):
        with tenancy.tenant(here.id):
            profile = agencies.profile()
            assert (profile.bank.iban, profile.tax_id) == (f"IBAN{number}", f"TAX{number}")
            kept = db.session().scalars(sa.select(PluginValue.value).order_by(PluginValue.key)).all()
            assert kept == [f'"{key}{number}"' for key in "abc"]


def test_details_of_agencies_follow_whatever_their_key_is(
    app: Flask, details: None, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed, "BATCH", 2)
    old, store, done = keys.sealing.newest()[0], sealed._store, iter((True, True, False))
    with monkeypatch.context() as patched:  # the third batch is never written
        patched.setattr(sealed, "_store", lambda *given: store(*given) if next(done) else _die())
        assert _run(app, "rotate")[0] == 1
    assert _left() > 0 and keys.sealing.former() == (old,)
    assert _run(app, "rotate")[0] == 0
    assert _left() == 0 and _run(app, "forget", old)[0] == 0


def _run(app: Flask, *arguments: str) -> tuple[int, str]:
    answer = app.test_cli_runner().invoke(keys_cli.keys_group, list(arguments))
    return answer.exit_code, answer.output


def _intact(document: UUID) -> bool:
    db.release()
    account = vendors.own(PAYMENTS)
    assert account is not None
    return links.token_for("p", document) is not None and account.values()["secret_key"] == "sk_test_owl"


def _left() -> int:
    with tenancy.platform("test"):
        return sealed.count()


def test_everything_is_sealed_anew_and_the_old_key_retired(app: Flask, document: UUID, keys: Keys) -> None:
    old = keys.sealing.newest()[0]
    code, said = _run(app, "rotate")
    assert code == 0 and "values were sealed anew" in said and f"{old} is retired" in said
    assert keys.sealing.newest()[0] != old and keys.sealing.retired() == (old,)
    assert _left() == 0 and _intact(document)
    states = {row["key"]: (row["state"], row["values"]) for row in json.loads(_run(app, "list", "--json")[1])}
    assert states[old] == ("retired", 0) and states[keys.sealing.newest()[0]][1] >= 2


def test_interrupted_it_goes_on(app: Flask, document: UUID, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    old = keys.sealing.newest()[0]
    with monkeypatch.context() as patched:
        patched.setattr(sealed, "_store", _die)
        assert _run(app, "rotate")[0] == 1
    new = keys.sealing.newest()[0]
    assert new != old and keys.sealing.former() == (old,) and _left() >= 2 and _intact(document)
    code, said = _run(app, "rotate")
    assert code == 0 and f"Going on with {new}" in said and keys.sealing.newest()[0] == new
    assert _left() == 0 and _intact(document)
    assert keys.sealing.former() == () and keys.sealing.retired() == (old,)


def _die(*_arguments: object) -> int:
    raise RuntimeError("the light went out")


def test_a_running_process_needs_no_restart(app: Flask, document: UUID, keys: Keys, tmp_path: Path) -> None:
    other = load_keys(tmp_path / "keys")
    before = other.seal("kept")
    assert _run(app, "rotate")[0] == 0
    assert other.unseal(keys.seal("new")) == "new"
    assert other.seal("x").startswith(keys.sealing.marks(keys.sealing.newest()[0])[0])
    assert keys.unseal(before) == "kept"


def test_what_was_sealed_before_keys_had_names_opens_and_is_followed(
    app: Flask, document: UUID, keys: Keys, agency: AgencyView
) -> None:
    name, _, body = keys.seal(SECRETS).removeprefix("2.").partition(".")
    assert name == keys.sealing.first
    with db.writing() as unit:
        unit.execute(sa.update(ProviderAccount).values(sealed=f"1.{body}"))
    assert _intact(document)
    assert _run(app, "rotate")[0] == 0 and _run(app, "rotate")[0] == 0
    assert keys.unseal(f"1.{body}") == SECRETS
    assert _intact(document)


def test_a_retired_key_is_forgotten_only_when_nothing_needs_it(app: Flask, document: UUID, keys: Keys) -> None:
    old = keys.sealing.newest()[0]
    assert _run(app, "forget", old)[0] == 1  # it seals
    kept = keys.seal(SECRETS)
    assert _run(app, "rotate")[0] == 0
    with db.writing() as unit:
        unit.execute(sa.update(ProviderAccount).values(sealed=kept))
    assert "1 values need it" in _run(app, "forget", old)[1]
    assert _run(app, "rotate")[0] == 0
    assert _run(app, "forget", old)[0] == 0
    assert old not in keys.sealing.retired() and _intact(document)
    with pytest.raises(CryptoError):
        keys.unseal(kept)


def test_every_sealed_column_is_known(app: Flask) -> None:
    known = {str(column) for column in sealed.columns()}
    assert {"provider_accounts.sealed", "agency_profiles.bank_iban", "plugin_values.value"} <= known
    for column in sealed.columns():
        assert not isinstance(column.type, sealed.Sealed) or column.type.field == str(column)

"""A contract suite is worth something only if it fails for a provider that breaks the contract."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from plugins.ai_outline.plugin import webkit_register_providers as ai
from plugins.email_outbox.plugin import webkit_register_providers as email
from plugins.email_resend.plugin import webkit_register_providers as resend
from plugins.embeddings_hashing.plugin import webkit_register_providers as embeddings
from plugins.identity_oidc.plugin import webkit_register_providers as oidc
from plugins.observing_prometheus.plugin import webkit_register_providers as prometheus
from plugins.pagespeed_google.plugin import webkit_register_providers as pagespeed
from plugins.payments_local import courier
from plugins.payments_local.ledger import Ledger
from plugins.payments_local.plugin import webkit_register_providers as payments
from plugins.pdf_pluto.plugin import webkit_register_providers as pdf
from plugins.sms_console.plugin import webkit_register_providers as sms
from plugins.sms_twilio.plugin import webkit_register_providers as twilio
from plugins.storage_local.plugin import webkit_register_providers as storage
from plugins.vectors_sqlite.plugin import webkit_register_providers as vectors
from tests.plugins import resend_vendor, twilio_vendor
from tests.plugins.doubles import Books, arrived
from tests.plugins.identity_vendors import OpenId
from tests.plugins.pagespeed_pages import GoogleContract
from tests.sdk import defective, more_defective
from webkit.core.providers import CalledInTransaction, ProviderRegistry
from webkit.sdk import AIFeature, ProviderError, Space
from webkit.sdk.testing.ai_text import AITextContract
from webkit.sdk.testing.contract import ProviderContract
from webkit.sdk.testing.doubles.pagespeed import PageSpeedDouble
from webkit.sdk.testing.doubles.resend import Resend
from webkit.sdk.testing.email import EmailContract
from webkit.sdk.testing.embeddings import EmbeddingsContract
from webkit.sdk.testing.identity import IdentityContract
from webkit.sdk.testing.observing import ObservingContract
from webkit.sdk.testing.payments import PaymentsContract
from webkit.sdk.testing.pdf import PdfContract
from webkit.sdk.testing.sms import ArrivedText, SmsContract
from webkit.sdk.testing.storage import StorageContract
from webkit.sdk.testing.vectors import VectorsContract

METRICS_TOKEN = "metrics-token-0123456789"


class ReportingContract(EmailContract):
    """Mail with a vendor that reports."""


class VerifyingContract(SmsContract):
    """Texts with a vendor that knows codes."""


CARDS: dict[type[ProviderContract], Any] = {
    AITextContract: ai()[0],
    EmbeddingsContract: embeddings()[0],
    IdentityContract: oidc()[0],
    ObservingContract: prometheus()[0],
    ReportingContract: resend()[0],
    VectorsContract: vectors()[0],
    VerifyingContract: twilio()[0],
    EmailContract: email()[0],
    GoogleContract: pagespeed()[0],
    PaymentsContract: payments()[0],
    PdfContract: pdf()[0],
    SmsContract: sms()[0],
    StorageContract: storage()[0],
}
DEFECTS: list[tuple[type[ProviderContract], str, str, dict[str, Any]]] = [
    (StorageContract, "Greedy", "test_streams_what_is_big", {}),
    (StorageContract, "Torn", "test_a_broken_upload_leaves_what_was_there", {}),
    (StorageContract, "Trusting", "test_a_key_cannot_leave_its_place", {"key": "../secret"}),
    (StorageContract, "Strict", "test_deleting_twice_is_fine", {}),
    (StorageContract, "Boastful", "test_a_url_is_signed_or_there_is_none", {}),
    (StorageContract, "Chatty", "test_public_methods_match_the_protocol", {}),
    (StorageContract, "Sick", "test_health_answers_in_time_and_never_raises", {}),
    (EmailContract, "Forgetful", "test_the_same_key_sends_once", {}),
    (SmsContract, "Misdirecting", "test_what_is_no_number_is_refused", {"to": "0333"}),
    (SmsContract, "Repeating", "test_the_same_key_sends_once", {}),
    (AITextContract, "Ignorant", "test_an_undeclared_schema_is_refused_not_ignored", {}),
    (AITextContract, "Endless", "test_a_stream_is_deltas_and_then_one_completion_with_their_sum", {}),
    (PaymentsContract, "Credulous", "test_a_changed_body_is_refused", {}),
    (PaymentsContract, "Credulous", "test_an_old_message_played_again_is_refused", {}),
    (PaymentsContract, "Impatient", "test_the_same_key_is_the_same_checkout", {}),
    (PaymentsContract, "Generous", "test_an_unknown_payment_is_not_refunded", {}),
    (PaymentsContract, "Narrow", "test_an_unknown_event_is_genuine_and_ignored", {}),
    (GoogleContract, "Inventive", "test_what_was_not_measured_is_none", {}),
    (GoogleContract, "Hasty", "test_values_and_scores_are_the_vendors", {}),
    (GoogleContract, "Talkative", "test_a_report_has_every_metric_and_score_once", {}),
    (GoogleContract, "Talkative", "test_recommendations_are_few_sentences", {}),
    (GoogleContract, "Blaming", "test_a_page_at_fault_is_told_from_a_service_at_fault", {}),
    (PdfContract, "Blank", "test_an_empty_document_is_a_page", {}),
    (PdfContract, "Blank", "test_text_and_properties_are_there", {}),
    (ObservingContract, "Telling", "test_what_failed_is_scrubbed", {}),
    (ObservingContract, "Fragile", "test_nothing_that_is_told_makes_it_raise", {"name": "GET /\udc80"}),
    (ObservingContract, "Parroting", "test_no_trace_of_anybody_is_taken_for_one", {}),
    (ObservingContract, "Exposed", "test_metrics_are_for_whoever_shows_the_token", {"shown": "Bearer x"}),
    (EmbeddingsContract, "Moody", "test_the_same_text_has_the_same_vector", {}),
    (EmbeddingsContract, "Shuffling", "test_many_keep_their_order", {}),
    (EmbeddingsContract, "Stretching", "test_every_text_has_a_direction_of_length_one", {}),
    (EmbeddingsContract, "Pretending", "test_every_text_has_a_direction_of_length_one", {}),
    (VectorsContract, "Mixing", "test_nothing_crosses_namespaces", {}),
    (VectorsContract, "Remembering", "test_forget_forgets", {}),
    (VectorsContract, "Blurring", "test_spaces_are_never_mixed", {"other": Space("another", 4)}),
    (VectorsContract, "Piecemeal", "test_all_are_kept_or_none", {}),
    (ReportingContract, "Believing", "test_a_changed_report_is_refused", {}),
    (ReportingContract, "Renaming", "test_ids_of_events_differ_and_stay", {}),
    (VerifyingContract, "Content", "test_a_wrong_code_is_wrong_until_it_is_over", {}),
    (IdentityContract, "Vouching", "test_an_address_is_verified_only_where_the_issuer_says_so", {}),
]


ENVIRON: dict[str, str] = {"METRICS_TOKEN": METRICS_TOKEN}
"""Where the doubles listen."""
VENDORS: dict[type[ProviderContract], Callable[[], Any]] = {}
"""The doubles of vendors that are told something."""


def check(suite: type[ProviderContract], card: Any, test: str, data: Path, values: dict[str, Any]) -> None:
    """Run one test of a suite by hand for the provider of `card`."""
    bound = type("Bound", (suite,), {"spec": card})()
    configured = {"WEBKIT_DATA": str(data), card.capability.env: card.name, **ENVIRON}
    registry = ProviderRegistry(configured, [card], capabilities=[card.capability])
    provider: Any = registry.get(card.capability)
    available = {
        "provider": provider,
        "another": provider,
        "configured": configured,
        "webkit_data": data,
        "tmp_path": data,
        "vendor": VENDORS.get(suite, lambda: Books(Ledger(data / "payments_local")))(),
        "heard": lambda: repr(provider._counts.get().everything()).encode(),
        "texts": lambda: [ArrivedText(text.to, text.text) for text in reversed(provider.texts())],
        "arrivals": lambda: [arrived(provider, entry.id) for entry in provider.messages()],
        **values,
    }
    method = getattr(bound, test)
    method(**{name: available[name] for name in inspect.signature(method).parameters})


@pytest.fixture(autouse=True, scope="module")
def google() -> Iterator[None]:
    with PageSpeedDouble(key=None) as double:
        ENVIRON["PAGESPEED_API_URL"] = double.url
        yield


@pytest.fixture(autouse=True, scope="module")
def vendors() -> Iterator[None]:
    with Resend() as mail, twilio_vendor.Twilio() as texts, OpenId() as issuer:
        ENVIRON.update(RESEND_API_KEY="re_test_full", RESEND_API_URL=mail.url, RESEND_WEBHOOK_SECRET=mail.secret)
        ENVIRON.update(TWILIO_ACCOUNT_SID=twilio_vendor.SID, TWILIO_AUTH_TOKEN=twilio_vendor.TOKEN)
        ENVIRON.update(TWILIO_FROM=twilio_vendor.FROM, TWILIO_SERVICE_SID=twilio_vendor.VERIFY)
        ENVIRON.update(TWILIO_API_URL=texts.url, TWILIO_VERIFY_URL=texts.url, OIDC_ISSUER=issuer.url)
        ENVIRON.update(OIDC_CLIENT_ID="webkit", OIDC_CLIENT_SECRET="double-secret")
        VENDORS.update(
            {
                ReportingContract: lambda: resend_vendor.Vendor(mail),
                VerifyingContract: lambda: texts,
                IdentityContract: lambda: issuer,
            }
        )
        yield


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "start", lambda ledger, checkout_id: None)


@pytest.mark.parametrize(
    ("suite", "name", "test", "values"), DEFECTS, ids=[f"{name}-{test}" for _, name, test, _ in DEFECTS]
)
def test_a_defect_is_noticed(
    suite: type[ProviderContract], name: str, test: str, values: dict[str, Any], tmp_path: Path
) -> None:
    sound = CARDS[suite]
    (tmp_path / "sound").mkdir()
    if suite is not PdfContract:
        check(suite, sound, test, tmp_path / "sound", values)
    module = defective if hasattr(defective, name) else more_defective
    card = replace(sound, factory=f"{module.__name__}:{name}")
    (tmp_path / "defective").mkdir()
    with pytest.raises((AssertionError, RuntimeError, ProviderError, ValueError, pytest.fail.Exception)) as caught:
        check(suite, card, test, tmp_path / "defective", values)
    assert not isinstance(caught.value, CalledInTransaction)


def test_bad_prices_and_an_ignored_schema_are_noticed(tmp_path: Path) -> None:
    wasteful = replace(CARDS[AITextContract], factory=f"{defective.__name__}:Wasteful")
    with pytest.raises(AssertionError):
        check(AITextContract, wasteful, "test_a_price_is_exact_and_grows_with_the_tokens", tmp_path, {})
    ignorant = replace(wasteful, factory=f"{defective.__name__}:Ignorant", features=frozenset({AIFeature.JSON_SCHEMA}))
    with pytest.raises(ValueError):
        check(AITextContract, ignorant, "test_a_declared_schema_is_followed", tmp_path, {})


@pytest.mark.parametrize(
    "test",
    [
        "test_secrets_are_secret",
        "test_every_setting_is_described",
    ],
)
def test_careless_settings_are_noticed(test: str, tmp_path: Path) -> None:
    card = replace(CARDS[StorageContract], settings=defective.Careless)
    with pytest.raises(AssertionError):
        check(StorageContract, card, test, tmp_path, {})
    check(StorageContract, CARDS[StorageContract], test, tmp_path, {})


def test_a_card_without_a_label_or_hint_is_noticed(tmp_path: Path) -> None:
    card = CARDS[AITextContract]
    for bad in (replace(card, label=""), replace(card, modules=("x",)), replace(card, api_version=3)):
        suite = type("Bound", (AITextContract,), {"spec": bad})()
        with pytest.raises(AssertionError):
            suite.test_the_card_is_complete()


def test_a_weakened_suite_is_noticed() -> None:
    class Weakened(StorageContract):
        spec = CARDS[StorageContract]

        def test_replaces(self, provider: Any) -> None:
            pass

    class Excused(StorageContract):
        spec = CARDS[StorageContract]

        @pytest.mark.xfail(reason="the vendor keeps versions")
        def test_replaces(self, provider: Any) -> None:
            pass

    with pytest.raises(AssertionError, match="test_replaces"):
        Weakened().test_the_suite_is_not_weakened()
    Excused().test_the_suite_is_not_weakened()

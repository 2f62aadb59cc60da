"""Texts that a model writes, by program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.ai_runs.conftest import puppet as puppet
from tests.ai_runs.model import Script
from tests.factories import consultations as talks
from tests.factories.people import Person
from webkit.core.kernel.directory import AgencyView
from webkit.proposals import service
from webkit.proposals.views import Author

BASE = "/api/v1/agencies/northwind"


def test_a_section_is_written_applied_and_doubted(
    agency: AgencyView, ada: Person, owner: Any, member: Any, puppet: Script, run_jobs: Callable[[], int]
) -> None:
    found = service.create_from_consultation(talks.completed(**talks.ANSWERS), Author(ada.id, ada.name, ada.email))
    one = f"{BASE}/proposals/{found}"
    said = "They lose 37% of their visitors."
    puppet.says([said])
    begun = owner.post(f"{one}/writing", json={"sections": ["summary"]})
    assert begun.status_code == 201, begun.text
    run = f"{BASE}/ai-runs/{begun.json['runs'][0]['id']}"
    assert owner.post(f"{one}/writing", json={"sections": ["summary"]}).status_code == 409
    run_jobs()
    told = owner.get(run).json
    assert (told["state"], told["text"], told["figures_unproven"]) == ("done", said, 1)
    assert [each["text"] for each in told["marks"]] == ["37%"]
    assert [each["id"] for each in owner.get(f"{one}/writing").json["data"]] == [told["id"]]
    assert owner.get(f"{BASE}/ai-usage").json["used"] == 1
    assert member.get(run).status_code == 404

    run_id = told["id"]
    applied = owner.post(f"{one}/writing/{run_id}/apply", json={"how": "replace"}).json
    assert applied["contents"]["summary"] == said
    assert [each["figure"] for each in applied["unproven"]] == ["37%"]
    vouched = owner.post(f"{one}/vouch", json={"id": applied["unproven"][0]["id"]}).json
    assert vouched["unproven"] == []
    assert owner.get(run).json["fate"] == "applied"
    assert owner.post(f"{run}/discard").json["fate"] == "applied"
    assert owner.post(f"{run}/retry").json["state"] == "queued"
    assert owner.post(f"{run}/stop").json["state"] == "stopped"
    assert [each["state"] for each in owner.get(f"{BASE}/ai-runs").json["data"]] == ["stopped"]

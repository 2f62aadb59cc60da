"""What plans will bill is in the forecast, by the days it is to be paid."""

from __future__ import annotations

from datetime import timedelta

from tests.client import Browser
from tests.factories import documents
from tests.recurring.making import plan
from webkit.agencies import service as agencies
from webkit.core.kernel import db
from webkit.core.kernel.directory import AgencyView
from webkit.recurring import service as recurring


def test_plans_that_run_are_in_the_forecast(agency: AgencyView, owner: Browser) -> None:
    plan(agencies.today() + timedelta(days=3), client_id=documents.client("Plan", "p@client.example"), issues=True)
    documents.issued("50", client_id=documents.client("Now", "n@client.example"))
    db.release()
    ahead = recurring.to_come()
    assert len(ahead) in (12, 13) and {each.amount for each in ahead} == {12_200}
    assert all(each.day == agencies.today() + timedelta(days=17) for each in ahead[:1]), "due fourteen days later"
    db.release()
    sheet = owner.get("/northwind/reports/open/sheet?table=forecast-EUR&format=csv").text.splitlines()
    assert sheet[0].endswith("To come from plans")
    assert sheet[-1].startswith("All,1,61.00")
    assert "To come from plans" in owner.get("/northwind/reports/open").text

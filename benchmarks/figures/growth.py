"""The same pages after ten times as many invoices: what grows with the table is found here.

Beside the floors of this run, and beside the first page of the list as it was before all these years.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.figures.invoices import SHOWN, issued
from benchmarks.figures.lists import ROUNDS, SEARCHES, far_page, of_client
from benchmarks.load import Ask, Order
from benchmarks.report import Row
from benchmarks.rounds import ask_in_turns
from benchmarks.world import World

REPORTS = {
    "report.revenue": "/reports?range=last_quarter",
    "report.year": "/reports?range=this_year",
    "report.open": "/reports/open",
    "report.tax": "/reports/tax?range=last_quarter&basis=cash",
    "report.journal": "/reports/journal?range=last_month",
    "report.deals": "/reports/deals?range=this_year",
    "report.ahead": "/recurring/ahead",
}
MOST_OF_A_REPORT = 2_000


def measure(world: World) -> Iterator[Row]:
    grown, first = world.grown, world.grown.get("/invoices/")
    shown = [grown.get(f"/invoices/{identity}") for identity in issued(grown, SHOWN)]
    floor = [world.floors.get(f"/f2/{1 + number}") for number in range(SHOWN)]
    ours: dict[str, list[Ask]] = {
        "invoices": [first],
        "later": [far_page(grown, first)],
        "client": [of_client(grown)],
        "dashboard": [grown.get("/")],
        **{name: [grown.get(path)] for name, path in REPORTS.items()},
        "page": shown,
        **{name: [grown.get(path)] for name, path in SEARCHES.items()},
    }
    orders = {name: Order(world.grown_web, [[ask] for ask in asked], count=20) for name, asked in ours.items()}
    orders["f2"] = Order(world.floors.port, [[world.floors.get("/f2")]], count=20)
    orders["document"] = Order(world.floors.port, [[ask] for ask in floor], count=20)
    orders["before"] = Order(world.web, [[world.house.get("/invoices/")]], count=20)
    best = ask_in_turns(world.load, orders, world.some(ROUNDS))
    f2, before = best["f2"].median, best["before"].median
    yield Row("growth.invoices", best["invoices"].median, "ms", 2, f2)
    yield Row("growth.invoices.later", best["later"].median, "ms", 1.2, before)
    yield Row("growth.invoices.client", best["client"].median, "ms", 1.2, before)
    for name in SEARCHES:
        yield Row(f"growth.{name}", best[name].median, "ms", 2, before)
    yield Row("growth.invoice.page", best["page"].median, "ms", 2, best["document"].median)
    yield Row("growth.dashboard", best["dashboard"].median, "ms", 5, f2)
    for name in REPORTS:
        yield Row(f"growth.{name}", best[name].median, "ms", MOST_OF_A_REPORT)

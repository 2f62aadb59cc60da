"""Random documents that use all the kernel can, from a seed: thousands of them in a second."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from decimal import Decimal

from webkit.pricing import (
    Adjustment,
    AdjustmentKind,
    Amount,
    Document,
    Fund,
    Line,
    Percent,
    Place,
    Stamp,
    TaxRate,
    Withholding,
    find,
)

SCHEMES = ("none", "au-gst", "it-vat", "it-vat", "it-vat", "uk-vat", "eu-fi", "ch-vat", "flat-9.975")
ROWS = {row.key: row.rate for row in find("it-vat").rows}
STAMP = Stamp(amount=200, over=7747, codes=frozenset({"N1", "N2.1", "N4"}), rate=ROWS["outside-n1"], currency="EUR")
INPS = Fund(code="TC22", percent=Decimal(4), rate=ROWS["standard"], withheld=True)
OTHER = Fund(code="TC04", percent=Decimal("2.5"), rate=ROWS["exempt-n4"], label="Inarcassa")


@dataclass
class Chance:
    """Draws from one seed."""

    seed: int
    schemes: tuple[str, ...] = SCHEMES

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)

    def rarely(self, one_in: int = 4) -> bool:
        return self.draw.randrange(one_in) == 0

    def decimal(self, low: int, high: int, places: int) -> Decimal:
        return Decimal(self.draw.randint(low * 10**places, high * 10**places)).scaleb(-places)

    def document(self, *, most: int = 6) -> Document:
        """Whatever may stand together, in every combination."""
        draw = self.draw
        scheme = replace(find(draw.choice(self.schemes)), place=draw.choice(list(Place)))
        italian, included = scheme.key == "it-vat", self.rarely(3)
        rates = draw.sample([row.rate for row in scheme.rows], k=min(len(scheme.rows), draw.randint(1, 3)))
        lines = tuple(self.line(number, draw.choice(rates)) for number in range(draw.randint(1, most)))
        return Document(
            currency="EUR" if italian else draw.choice(["EUR", "AUD", "CHF", "JPY", "KWD"]),
            scheme=scheme,
            lines=lines,
            adjustments=self.adjustments(lines),
            prices_include_tax=included,
            funds=draw.choice([(), (INPS,), (OTHER,), (INPS, OTHER)]) if italian and not included else (),
            withholdings=(self.withholding(),) if self.rarely() else (),
            stamp=replace(STAMP, recharged=draw.choice([True, False])) if italian and self.rarely(2) else None,
            prepaid=draw.choice([1, 250]) if self.rarely() else 0,
            split_payment=self.rarely(5),
            cash_rounding=draw.choice([5, 10, 50, 100]) if self.rarely() else 0,
        )

    def line(self, number: int, rate: TaxRate) -> Line:
        draw = self.draw
        price = draw.choice(
            [self.decimal(0, 10_000, 2), self.decimal(0, 100, 8), self.decimal(-50, 50, 2), Decimal(40)]
        )
        quantity = draw.choice(
            [Decimal(1), Decimal(draw.randint(0, 20)), self.decimal(0, 100, 3), self.decimal(0, 9, 8)]
        )
        off = Adjustment(AdjustmentKind.DISCOUNT, Percent(self.decimal(0, 100, 3)))
        more = Adjustment(AdjustmentKind.CHARGE, Amount(draw.randint(0, 500)), "Express", "ZZZ")
        cost = price >= 0 and self.rarely(5)
        own = draw.choice([(), (), (), (off,), (more,), (off, more)])
        return Line(
            id=f"line-{number}", description="x", unit_price=price, quantity=quantity, rate=rate,
            adjustments=own if price >= 0 else (), unit=draw.choice(["", "HUR"]), passed_on=cost,
        )  # fmt: skip

    def adjustments(self, lines: tuple[Line, ...]) -> tuple[Adjustment, ...]:
        draw = self.draw
        return tuple(
            Adjustment(
                draw.choice(list(AdjustmentKind)),
                draw.choice([Percent(self.decimal(0, 40, 3)), Amount(draw.randint(0, 300))]),
                draw.choice(["", "Launch"]),
                only=draw.choice(lines).rate if self.rarely(3) else None,
            )
            for _ in range(draw.choice([0, 0, 1, 2]))
        )

    def withholding(self) -> Withholding:
        draw = self.draw
        percent, share = draw.choice([("20", "100"), ("23", "50"), ("11.5", "33.33")])
        return Withholding(code="RT01", percent=Decimal(percent), share=Decimal(share), reason="A")

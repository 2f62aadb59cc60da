"""One deal, from an empty installation to a paid invoice, as two people without JavaScript do it.

Every step looks at the page first and does nothing when it was done already, as somebody does whose connection broke
while waiting: so a step can be repeated until it went through.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, ClassVar
from urllib.parse import urlsplit
from uuid import UUID

from pypdf import PdfReader

from tests.journeys.stack import Stack, attachments, html_of, is_for, parsed, text_of, until
from tests.journeys.web import Died, Form, Page, Visitor

OWNER = {"name": "Ada Brandt", "email": "ada@northwind.example", "password": "correct horse battery staple"}
STUDIO = "hello@northwind.example"
SETTINGS = {
    "legal_name": "Northwind Studio S.r.l.",
    "street": "Via Tortona 12",
    "postcode": "20144",
    "city": "Milano",
    "tax_id": "IT12345670157",
    "email": STUDIO,
    "bank_account_name": "Northwind Studio S.r.l.",
    "bank_iban": "IT60X0542811101000000123456",
}


PATIENCE = 90
"""Seconds after which something counts as lost: others work on this machine, and processes may be killed meanwhile."""
Steps = tuple[Callable[[Any], None], ...]


@dataclass(frozen=True)
class Amounts:
    """What the deal below must come to, worked out by hand."""

    net: str = "€5,448.76"  # 4,850.00 + 3 x 133.35 + 640.50, less 7.5 %
    discount: str = "€441.79"
    tax: str = "€1,198.73"  # 22 %
    total: str = "€6,647.49"
    monthly_net: str = "€79.90"
    monthly: str = "€97.48"
    deposit: str = "€1,994.25"  # 30 % of the one-time total
    deposit_minor: int = 199_425
    total_minor: int = 664_749
    monthly_minor: int = 9_748


AMOUNTS = Amounts()
TITLE = "More test rides, fewer phone calls"
LINES = (
    {"name": "Photographs", "quantity": "3", "unit": "days", "price": "133.35"},
    {"name": "Booking page", "price": "640.50", "choice": "offered"},
    {"name": "Second language", "price": "1200", "choice": "offered"},
    {"name": "Hosting and care", "price": "79.90", "interval": "monthly"},
)


@dataclass
class Deal:
    """The people, and what they have found out so far."""

    stack: Stack
    staff: Visitor
    agency: str = ""
    client_name: str = "Kestrel Bikes Ltd"
    client_email: str = "amelia@kestrel.example"
    client: Visitor = field(init=False)
    client_page: str = ""
    proposal_page: str = ""
    proposal: str = ""
    contract: str = ""
    invoice: str = ""
    checkout: str = ""
    deaths: int = 0

    def __post_init__(self) -> None:
        self.client = self.stack.visitor()

    def do(self, step: Callable[[], None], tries: int = 30) -> None:
        """Do a step; if the server dies under it, come back and do it again."""
        for left in reversed(range(tries)):
            try:
                step()
                return
            except Died:
                self.deaths += 1
                if not left:
                    raise
                until(lambda: self.stack.visitor().get("/healthz").status == 200, 30, "for the web server")

    def run(self) -> None:
        """Everything."""
        for step in (*self.BEFORE, *self.STEPS):
            self.do(lambda step=step: step(self))  # type: ignore[misc]

    def close(self) -> None:
        """The part that costs money: from an agency that is set up to the end."""
        for step in self.STEPS:
            self.do(lambda step=step: step(self))  # type: ignore[misc]

    # ---- the agency

    def found(self) -> None:
        """The first page of an empty installation makes its owner and the agency."""
        page = self.staff.get("/")
        if page.path == "/start":
            form = page.form("/start").fill(OWNER, agency_name="Northwind Studio", country="IT")
            page = form.submit("Open the studio").ok()
        if page.path.startswith("/sign-in"):
            page = page.form("/sign-in").fill(email=OWNER["email"], password=OWNER["password"]).submit().ok()
        self.agency = page.ok().path.split("/")[1]
        assert page.path == f"/{self.agency}/"

    def settle_in(self) -> None:
        """Address, tax number, bank: what documents need. Documents are written in English."""
        form = self.staff.get(f"/{self.agency}/settings").form("/settings", has="legal_name")
        form.fill(SETTINGS, name="Northwind Studio", locale="en-GB").submit().ok()

    def fill_catalogue(self) -> None:
        """A package that proposals take their first line from."""
        if "Website, twelve pages" in self.staff.get(f"/{self.agency}/settings/packages").text:
            return
        form = self.staff.get(f"/{self.agency}/settings/packages/new").form(has="one_time_price")
        form.fill(name="Website, twelve pages", one_time_price="4,850.00", included_features="Design\nTexts")
        form.fill(pricing_model="lump_sum")
        form.submit("Save package").ok().says("Website, twelve pages", "€4,850.00")
        addon = self.staff.get(f"/{self.agency}/settings/addons/new").form(has="pricing_type")
        addon.fill(name="Newsletter", price="350", pricing_type="one_time").submit("Save add-on").ok().says(
            "Newsletter"
        )

    # ---- the offer

    def add_client(self) -> None:
        """A client with everything that documents ask for."""
        if self.client_page:
            return
        found = self.staff.get(f"/{self.agency}/clients?q={self.client_email}")
        if self.client_name in [label for label, _ in found.links]:
            self.client_page = urlsplit(found.link(self.client_name)).path
            return
        form = self.staff.get(f"/{self.agency}/clients/new").form("/clients/new")
        address = {"street": "14 Mill Lane", "postcode": "BS1 4ST", "city": "Bristol", "country": "IT"}
        form.fill(address, name=self.client_name, contact_name="Amelia Ross", email=self.client_email)
        page = form.fill(tax_id="IT98765430214").submit("Add client").ok().says("is a client now")
        self.client_page = page.path

    def write(self) -> None:
        """A proposal by hand: words, lines, options, a discount, a first payment, its contract."""
        if self.proposal_page:
            return
        new = self.staff.get(f"/{self.agency}/proposals/new").form(has="client_id")
        page = new.choose("client_id", self.client_name).fill(title=TITLE).submit("Write the proposal").ok()
        form = page.form(has="summary").fill(
            {"summary": "A shop people find.\n\nAnd a page to book a ride.", "opportunity": "Nobody can book a ride."}
        )
        page = form.put("do", _pick(page, "Website, twelve pages")).submit().ok()
        form = page.form(has="summary")
        taken = sum(name.startswith("lines-") and name.endswith("-name") for name in form.names)
        for at, line in enumerate(LINES, start=taken):
            for name, value in line.items():
                form.put(f"lines-{at}-{name}", value)
        form.put("timeline-0-name", "Design").put("timeline-0-weeks", "3")
        form.put("steps-0-title", "Accept").put("issues-0-title", "Rides cannot be booked online")
        form.fill({"discount-kind": "percent", "discount-value": "7.5", "discount-on": "once", "deposit_percent": "30"})
        form.choose("contract_template_id", "Standard contract")
        page = form.submit("Save").ok()
        self.proposal_page = page.path.split("/edit")[0].split("?")[0]

    def send(self) -> None:
        """Freeze it and mail it."""
        page = self.staff.get(self.proposal_page)
        if page.path.endswith("/edit"):
            page = self.staff.get(f"{self.proposal_page}/send")
            page = page.form("/send").submit("Send the proposal").ok()
        page.says("P-" if "P-" in page.text else TITLE)

    def read_mail(self) -> None:
        """The link comes by mail; the PDF comes with it."""
        mail = self.mail("/p/")
        self.proposal = address(text_of(mail), "/p/")
        assert self.proposal in html_of(mail)
        (content,) = attachments(mail).values()
        assert TITLE in pdf_text(content)

    # ---- the client

    def accept(self) -> None:
        """Choose an option, accept, and be led on to the contract."""
        page = self.client.get(self.proposal).ok()
        if "Go on to sign" not in page.text:
            page = self.choose().submit("Accept for").ok().says("Amelia Ross accepted")
        page.says(AMOUNTS.total, AMOUNTS.monthly)
        self.contract = page.link("Go on to sign")

    def choose(self) -> Form:
        """Tick one option, see what that makes, and fill in the acceptance."""
        page = self.client.get(self.proposal).ok()
        options = page.form(has="option")
        wanted = next(value for value, _ in options.options["option"] if _labelled(page, value, "Booking page"))
        page = options.fill(option=[wanted]).submit("Update the total").ok()
        page.says(AMOUNTS.total, AMOUNTS.discount, AMOUNTS.tax, AMOUNTS.monthly)
        return page.form("/accept").fill(name="Amelia Ross", consent="yes")

    def ask_for_code(self) -> None:
        """Six digits come by mail."""
        page = self.client.get(self.contract).ok()
        page.says(AMOUNTS.total, AMOUNTS.monthly, AMOUNTS.deposit)
        if "Signed by both sides" in page.text:
            return
        if any("Send me a code" in button.text for form in page.forms for button in form.buttons):
            page = page.form("/code").submit("Send me a code").ok()
        assert page.form("/sign") is not None

    def sign(self) -> None:
        """Type code, name and signature, agree, sign."""
        page = self.client.get(self.contract).ok()
        if "Signed by both sides" not in page.text:
            digits = code(text_of(self.mail("Your code", self._contract_number(page))))
            form = page.form("/sign").fill(code=digits, name="Amelia Ross", title="Owner", agree="yes")
            page = form.fill(signature_typed="Amelia Ross").submit("Sign the contract").ok()
        page.says("Signed by both sides", "Amelia Ross")
        self.invoice = page.link("Go on to pay")

    def _contract_number(self, page: Page) -> str:
        found = re.search(r"Contract (\S+)", page.text)
        assert found, page.text[:500]
        return found[1]

    def pay(self) -> None:
        """Go to the checkout and pay there."""
        page = self.client.get(self.invoice).ok()
        page.says(AMOUNTS.deposit)
        if "Paid. Thank you." in page.text:
            return
        if any(form.action.endswith("/pay") for form in page.forms):
            page = page.form("/pay").submit("Pay").ok()
        if urlsplit(page.url).path != urlsplit(self.invoice).path and "Paid. Thank you." not in page.text:
            self.checkout = page.says(AMOUNTS.deposit, self.client_email).path
            page = page.follow("Back") if page.says("€").text.count("Paid.") else page.form("/pay").submit().ok()
        self.paid()

    def paid(self) -> None:
        """The page says so as soon as the money is recorded."""
        page = until(self._thanks, PATIENCE, "for the payment")
        page.says(AMOUNTS.deposit)

    def _thanks(self) -> Page | None:
        page = self.client.get(f"{self.invoice}?back=1")
        return page if "Paid. Thank you." in page.text else None

    # ---- mail

    def mail(self, *words: str) -> EmailMessage:
        """The client's newest mail that says so. Staff send it again if nobody knows whether it left."""
        return until(lambda: self._arrived(words), PATIENCE, f"for a mail to {self.client_email} with {words}")

    def _arrived(self, words: tuple[str, ...]) -> EmailMessage | None:
        mine = "SELECT id, state, vendor_id FROM mails WHERE to_email = :to ORDER BY id DESC"
        rows = self.stack.rows(mine, to=self.client_email)
        for row in rows:
            if row["state"] == "accepted":
                mail = parsed(self.stack.data / "outbox" / f"{row['vendor_id']}.eml")
                if is_for(mail, self.client_email, *words):
                    return mail
        for row in rows:
            if row["state"] == "uncertain":
                self.send_again(UUID(row["id"]))
        return None

    def send_again(self, mail: UUID) -> None:
        """What staff see of a mail whose fate is unknown, and the button beside it."""
        page = self.staff.get(f"/{self.agency}/mail/{mail}").ok()
        page.form("/again").submit("Send again").ok()

    # ---- what follows by itself

    def sealed(self) -> None:
        """The sealed PDF comes by itself, with the evidence in it."""
        contract = "SELECT state FROM contracts WHERE proposal_id = :id"
        proposal = UUID(self.proposal_page.rpartition("/")[2]).hex
        until(lambda: self.stack.rows(contract, id=proposal)[0]["state"] == "sealed", PATIENCE, "for the seal")
        self.client.get(self.contract).ok().says("Signed by both sides", "Download the signed PDF")

    BEFORE: ClassVar[Steps] = (found, settle_in, fill_catalogue)
    STEPS: ClassVar[Steps] = (add_client, write, send, read_mail, accept, ask_for_code, sign, pay, sealed)


def pdf_text(content: bytes) -> str:
    """What one reads in a PDF, with single spaces."""
    pages = PdfReader(io.BytesIO(content)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages)).replace("\xa0", " ")


def address(text: str, part: str) -> str:
    """The first address of a mail that has this in it."""
    found = re.search(rf"http://\S+?{part}[\w~.-]+", text)
    assert found, text
    return found[0]


def code(text: str) -> str:
    """The six digits of a mail."""
    found = re.search(r"\b(\d{3})\s?(\d{3})\b", text)
    assert found, text
    return found[1] + found[2]


def _pick(page: Page, name: str) -> str:
    """The value of the button that takes something out of the catalogue."""
    return next(b.value for f in page.forms for b in f.buttons if name in b.text and b.value.startswith("pick:"))


def _labelled(page: Page, value: str, label: str) -> bool:
    """Whether the tick box with this value belongs to the option with this name."""
    after = page.html.partition(f'value="{value}"')[2]
    return label in re.sub(r"<[^>]+>", " ", after[:400])

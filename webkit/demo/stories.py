"""Deals of the demo agency, from the first letter to the last payment. Each `yield` says when the next step was."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from webkit.catalogue import service as catalogue
from webkit.clients import service as clients
from webkit.consultations import service as consultations
from webkit.consultations.views import Author as Speaker
from webkit.consultations.views import Seen
from webkit.contracts import service as contracts
from webkit.contracts import templates
from webkit.core.values import dataclass
from webkit.demo import texts
from webkit.demo.stage import Stage, Story, code_in_mail, come_back, open_checkout, press_pay
from webkit.invoices import service as invoices
from webkit.invoices.service import InvoiceInput, LineInput
from webkit.proposals import answers
from webkit.proposals import service as proposals
from webkit.proposals.contents import Contents
from webkit.proposals.offer import Offer
from webkit.proposals.views import Delivery, Visitor
from webkit.quotations import answers as quoted
from webkit.quotations import library
from webkit.quotations import service as quotations
from webkit.quotations.models import BlockKind
from webkit.quotations.views import Author as QuotationAuthor
from webkit.quotations.views import Delivery as QuotationDelivery
from webkit.quotations.views import Signer
from webkit.quotations.views import Visitor as Reader
from webkit.signing import service as signing
from webkit.signing.service import Given

VISITOR = Visitor("203.0.113.44", "Mozilla/5.0 (Macintosh) Firefox/145.0")
MINUTES = 1 / 1440


@dataclass(frozen=True)
class Person:
    """Somebody on the other side, and their business."""

    business: str
    name: str
    email: str
    city: str
    street: str
    postcode: str
    tax_id: str = ""

    def arrive(self, stage: Stage) -> UUID:
        """Become a client."""
        values = {
            "name": self.business,
            "contact_name": self.name,
            "email": self.email,
            "street": self.street,
            "postcode": self.postcode,
            "city": self.city,
            "country": "IT",
            "tax_id": self.tax_id,
        }
        return clients.create(values, stage.actor)


LARIO = Person("Lario Cicli", "Davide Ratti", "davide@lario.example", "Como", "Via Lungo Lario 8", "22100")
OLMO = Person("Caffè Olmo", "Giulia Ferrante", "giulia@caffeolmo.example", "Bologna", "Via Olmo 3", "40121")
SOLE = Person("Trattoria Sole", "Marco Bassi", "marco@trattoriasole.example", "Verona", "Piazza Erbe 5", "37121")
VENTO = Person("Studio Vento", "Irene Conti", "irene@studiovento.example", "Genova", "Via Garibaldi 21", "16124")
KESTREL = Person("Kestrel Outdoor", "Amy Lunn", "amy@kestrel.example", "Trento", "Via Alpini 40", "38122")
ROSSI = Person("Bottega Rossi", "Paolo Rossi", "paolo@bottegarossi.example", "Siena", "Via Banchi 14", "53100")
FARO = Person("Hotel Faro", "Sara Venier", "sara@hotelfaro.example", "Grado", "Riva Bersaglieri 2", "34073")
MOLINO = Person("Molino Verde", "Luca Serra", "luca@molinoverde.example", "Udine", "Via Roggia 9", "33100")
VIGNA = Person("Vigna Alta", "Elena Moretti", "elena@vignaalta.example", "Asti", "Strada Colle 12", "14100")


def missing(stage: Stage) -> list[Story]:
    """The stories whose client is not there yet, so that loading again repeats nothing."""
    every = {
        LARIO: finished_deal,
        OLMO: late_deposit,
        SOLE: waiting_for_an_answer,
        VENTO: asked_for_changes,
        KESTREL: waiting_for_a_signature,
        ROSSI: declined,
        FARO: expired,
        MOLINO: monthly_care,
        VIGNA: just_heard,
    }
    return [story(stage) for person, story in every.items() if clients.by_email(person.email) is None]


def stock_the_catalogue() -> None:
    """Packages and add-ons."""
    for package in texts.PACKAGES:
        catalogue.create_package(package)
    for addon in texts.ADDONS:
        catalogue.create_addon(addon)


def stock_the_library() -> None:
    """Texts of quotations, and the template that puts them together."""
    scope = [library.add_block(BlockKind.SCOPE, title, text) for title, text in texts.SCOPE_BLOCKS]
    terms = [library.add_block(BlockKind.TERMS, title, text) for title, text in texts.TERMS_BLOCKS]
    library.add_template(texts.TEMPLATE_NAME, texts.quoted(scope, terms), 21)


def finished_deal(stage: Stage) -> Story:
    """Everything happened: accepted, signed, deposit paid, launched, billed; the last invoice is open."""
    yield 62
    client = LARIO.arrive(stage)
    yield 58
    says = texts.contents("a bike", "riders", "more test rides, fewer phone calls")
    proposal = offer(stage, client, "More test rides, fewer phone calls", says)
    send(stage, LARIO, proposal)
    yield 56
    answers.count_view(proposal)
    yield 52
    contract = accept(LARIO, proposal, "words", "photos")
    yield 50
    signing.send_code(contract)
    yield 50 - 3 * MINUTES
    sign(LARIO, contract)
    yield 49
    pay(invoices.of_contract(contract)[0].id)
    yield 9
    lines = (
        LineInput("Website and bookings, second half", Decimal(1), Decimal("5250.00")),
        LineInput("Further pages", Decimal(3), Decimal("420.00")),
    )
    bill(stage, client, "Launch of the new site", lines)


def late_deposit(stage: Stage) -> Story:
    """Signed, but the deposit is overdue."""
    yield 44
    client = OLMO.arrive(stage)
    yield 41
    says = texts.contents("a coffee", "guests", "tables booked before noon")
    proposal = offer(stage, client, "Tables booked before noon", says)
    send(stage, OLMO, proposal)
    yield 38
    contract = accept(OLMO, proposal, "words")
    yield 36
    signing.send_code(contract)
    yield 36 - 3 * MINUTES
    sign(OLMO, contract)
    yield 20
    invoices.count_view(invoices.of_contract(contract)[0].id)
    yield 7
    quotation = quote(stage, client, "Screens behind the bar", "Via Olmo 3, Bologna")
    send_quotation(stage, OLMO, quotation)
    yield 4
    quoted.count_view(quotation)


def waiting_for_an_answer(stage: Stage) -> Story:
    """Sent, read twice, not answered."""
    yield 9
    client = SOLE.arrive(stage)
    yield 6
    says = texts.contents("a dinner", "guests", "a full room on Tuesdays")
    proposal = offer(stage, client, "A full room on Tuesdays", says)
    send(stage, SOLE, proposal)
    for days in (5, 2):
        yield days
        answers.count_view(proposal)


def asked_for_changes(stage: Stage) -> Story:
    """The client would like something else."""
    yield 19
    client = VENTO.arrive(stage)
    yield 16
    says = texts.contents("an architect", "builders", "plans that speak for themselves")
    proposal = offer(stage, client, "Plans that speak for themselves", says)
    send(stage, VENTO, proposal)
    yield 3
    wish = "Could we start with the portfolio and add the blog next year?"
    answers.ask_for_changes(proposal, seen(proposal), wish, VISITOR, proposals.link(proposal) or "")
    yield 0.5
    quote(stage, client, "Photographs of three houses", "Genova, Camogli and Rapallo")


def waiting_for_a_signature(stage: Stage) -> Story:
    """Accepted; the contract lies with the client."""
    yield 14
    client = KESTREL.arrive(stage)
    yield 11
    says = texts.contents("a tour", "hikers", "tours sold out by May")
    proposal = offer(stage, client, "Tours sold out by May", says)
    send(stage, KESTREL, proposal)
    yield 3
    accept(KESTREL, proposal)


def declined(stage: Stage) -> Story:
    """The answer was no; the next try is a draft."""
    yield 34
    client = ROSSI.arrive(stage)
    yield 30
    says = texts.contents("a bag", "buyers", "half of all sales online")
    proposal = offer(stage, client, "A shop that ships", says)
    send(stage, ROSSI, proposal)
    yield 25
    reason = "A wonderful plan, but too large for this year."
    answers.decline(proposal, seen(proposal), reason, VISITOR, proposals.link(proposal) or "")
    yield 22
    send_quotation(stage, ROSSI, quote(stage, client, "A window that sells", "Via Banchi 14, Siena"))
    yield 1
    offer(stage, client, "A small shop first", says, texts.SMALL_OFFER)


def expired(stage: Stage) -> Story:
    """Never answered, and no longer valid."""
    yield 80
    client = FARO.arrive(stage)
    yield 75
    says = texts.contents("a room", "travellers", "rooms booked without a portal")
    send(stage, FARO, offer(stage, client, "Rooms booked without a portal", says))


def monthly_care(stage: Stage) -> Story:
    """An old client: one invoice a month, the last one just paid, the next one a draft."""
    yield 70
    client = MOLINO.arrive(stage)
    care = (LineInput("Care, one month", Decimal(1), Decimal("190.00")),)
    for days in (65, 35, 5):
        yield days
        invoice = bill(stage, client, "Care of the website", care)
        yield days - 3
        pay(invoice)
    yield 1.9
    quotation = quote(stage, client, "Photographs of the mill", "Via Roggia 9, Udine")
    send_quotation(stage, MOLINO, quotation)
    yield 1.4
    accept_quotation(MOLINO, quotation)
    yield 1.2
    invoices.create_from_quotation(quotation, stage.actor)
    yield 1
    extra = (*care, LineInput("Photographs of the harvest", Decimal("2.5"), Decimal("85.00")))
    draft_bill(client, "Care and photographs", extra)


def just_heard(stage: Stage) -> Story:
    """A consultation with somebody new: complete, and waiting for its proposal."""
    yield 2
    speaker = Speaker(stage.author.id, stage.author.name)
    begun = consultations.start(None, speaker)
    who = {"business_name": VIGNA.business, "contact_person": VIGNA.name, "email": VIGNA.email}
    consultations.save(begun, {**who, **texts.HEARD}, Seen(1, "demo"), speaker)
    consultations.complete(begun, speaker)


def offer(stage: Stage, client: UUID, title: str, says: Contents, costs: Offer = texts.OFFER) -> UUID:
    """Write a proposal that carries its contract and a deposit of half."""
    proposal = proposals.create(client, title, stage.author)
    view = proposals.get(proposal)
    template = templates.choose(None, "en").id
    half = replace(view.draft, contents=says, offer=costs, deposit_percent=Decimal(50), contract_template_id=template)
    proposals.save(proposal, view.revision, half)
    return proposal


def send(stage: Stage, person: Person, proposal: UUID) -> None:
    """Mail a proposal."""
    first = person.name.partition(" ")[0]
    letter = Delivery(person.name, person.email, f"Dear {first}, here is what we talked about.")
    proposals.send(proposal, proposals.get(proposal).revision, letter, stage.actor)


def quote(stage: Stage, client: UUID, title: str, site: str) -> UUID:
    """Begin a quotation with the agency's template, for a place."""
    [template] = library.templates()
    author = QuotationAuthor(stage.author.id, stage.author.name, stage.author.email)
    quotation = quotations.create(client, title, author, template_id=template.id)
    view = quotations.get(quotation)
    quotations.save(quotation, view.revision, replace(view.draft, site=site))
    return quotation


def send_quotation(stage: Stage, person: Person, quotation: UUID) -> None:
    """Mail a quotation."""
    first = person.name.partition(" ")[0]
    letter = QuotationDelivery(person.name, person.email, f"Dear {first}, this is what it would cost.")
    quotations.send(quotation, quotations.get(quotation).revision, letter, stage.actor)


def accept_quotation(person: Person, quotation: UUID) -> None:
    """Accept as the client, with the first of the options."""
    document = quoted.shown(quotation).document
    option = document.snapshot["options"][0]["id"]
    who = Reader(VISITOR.address, VISITOR.agent)
    quoted.accept(quotation, document.id, Signer(person.name, "Owner"), [option], who)


def seen(proposal: UUID) -> UUID:
    """The version the client has in front of them."""
    frozen = proposals.get(proposal).frozen_id
    assert frozen is not None  # it was sent
    return frozen


def accept(person: Person, proposal: UUID, *options: str) -> UUID:
    """Accept as the client; the contract comes along."""
    answers.accept(proposal, seen(proposal), person.name, options, VISITOR)
    contract = contracts.of_proposal(proposal)
    assert contract is not None  # the proposal carries one
    return contract.id


def sign(person: Person, contract: UUID) -> None:
    """Read the code in the mail and sign with it."""
    code = code_in_mail(contracts.get(contract).subject)
    name, address = person.name, VISITOR.address
    signing.sign(contract, Given(name, "Owner", code, name, "", address, VISITOR.agent))


def draft_bill(client: UUID, title: str, lines: tuple[LineInput, ...]) -> UUID:
    """Write an invoice."""
    return invoices.create_draft(InvoiceInput(client, title, lines, payment_days=14))


def bill(stage: Stage, client: UUID, title: str, lines: tuple[LineInput, ...]) -> UUID:
    """Write an invoice and issue it."""
    invoice = draft_bill(client, title, lines)
    invoices.issue(invoice, stage.actor)
    return invoice


def pay(invoice: UUID) -> None:
    """Open the invoice and pay it."""
    invoices.count_view(invoice)
    press_pay(open_checkout(invoice))
    come_back(invoice)

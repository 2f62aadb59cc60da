"""People of an agency: asked in, given roles, let go, and who owns it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from tests.client import Browser
from tests.factories import documents
from tests.factories import people as factory
from tests.factories.people import Person
from webkit.accounts import seats
from webkit.accounts.models import Role
from webkit.clients import service as clients
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.kernel import clock, permissions, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, DomainError, Forbidden, Gone
from webkit.people import roles, service

TEAM = "/northwind/settings/members"
Mails = Callable[[], list[OutboxMessage]]


def _token(mails: Mails) -> str:
    found = re.search(r"/invitations/([\w-]+)", mails()[0].text)
    assert found
    return found[1]


def _invite(owner: Browser, email: str, role: str = "member") -> None:
    assert owner.post(f"{TEAM}/invite", data={"email": email, "role": role}).status_code == 303


def test_a_new_person_accepts(
    owner: Browser, anonymous: Browser, run_jobs: Callable[[], int], outbox_mails: Mails
) -> None:
    _invite(owner, "Nina@Felt.example")
    run_jobs()
    token = _token(outbox_mails)
    assert "Ada Brandt" in anonymous.get(f"/invitations/{token}").text
    assert anonymous.post(f"/invitations/{token}", data={"name": "Nina", "password": "short"}).status_code == 422
    given = {"name": "Nina Holt", "password": "felt-lantern-orchard-nine"}
    assert anonymous.post(f"/invitations/{token}", data=given).location == "/northwind/"
    assert anonymous.get("/northwind/").status_code == 200
    assert "nina@felt.example" in owner.get(TEAM).text
    assert anonymous.get(f"/invitations/{token}").status_code == 410


def test_somebody_with_an_account_is_asked_first(
    owner: Browser,
    stranger: Browser,
    member: Browser,
    anonymous: Browser,
    run_jobs: Callable[[], int],
    outbox_mails: Mails,
) -> None:
    _invite(owner, "mira@harbour.example", "admin")
    run_jobs()
    token = _token(outbox_mails)
    assert stranger.get("/northwind/").status_code == 404  # nobody is in before they have agreed
    assert "/sign-in" in anonymous.post(f"/invitations/{token}", data={"name": "X Y", "password": "z" * 20}).location
    assert member.post(f"/invitations/{token}").status_code == 403  # it is for somebody else
    assert stranger.post(f"/invitations/{token}").location == "/northwind/"
    assert stranger.get("/northwind/settings").status_code == 200


def test_a_new_mail_ends_the_old_link(
    owner: Browser, anonymous: Browser, run_jobs: Callable[[], int], outbox_mails: Mails
) -> None:
    _invite(owner, "nina@felt.example")
    run_jobs()
    first = _token(outbox_mails)
    waiting = service.invitations()[0]
    assert owner.post(f"{TEAM}/invitations/{waiting.id}/again").status_code == 303
    run_jobs()
    second = _token(outbox_mails)
    assert anonymous.get(f"/invitations/{first}").status_code == 404
    with clock.frozen(clock.now() + timedelta(days=8)):
        assert anonymous.get(f"/invitations/{second}").status_code == 410
    assert owner.post(f"{TEAM}/invitations/{waiting.id}/cancel").status_code == 303
    assert anonymous.get(f"/invitations/{second}").status_code == 410
    assert owner.post(f"{TEAM}/invitations/{waiting.id}/cancel").status_code == 409
    _invite(owner, "nina@felt.example")


def test_declining(owner: Browser, anonymous: Browser, run_jobs: Callable[[], int], outbox_mails: Mails) -> None:
    _invite(owner, "nina@felt.example")
    run_jobs()
    token = _token(outbox_mails)
    assert anonymous.post(f"/invitations/{token}/decline").status_code == 200
    assert anonymous.post(f"/invitations/{token}/decline").status_code == 410
    assert [each.state for each in service.invitations()] == ["declined"]


def test_refused_invitations_say_why(owner: Browser, member: Browser) -> None:
    here = owner.post(f"{TEAM}/invite", data={"email": "max@northwind.example", "role": "member"})
    assert here.status_code == 409 and "works here already" in here.text
    assert owner.post(f"{TEAM}/invite", data={"email": "n@felt.example", "role": "owner"}).status_code == 422
    _invite(owner, "n@felt.example")
    assert owner.post(f"{TEAM}/invite", data={"email": "N@felt.example", "role": "member"}).status_code == 409
    assert member.post(f"{TEAM}/invite", data={"email": "m@felt.example", "role": "member"}).status_code == 403
    assert member.get(TEAM).status_code == 200


def test_removal_counts_at_the_next_request(owner: Browser, member: Browser, max_: Person) -> None:
    assert member.get("/northwind/").status_code == 200
    assert owner.post(f"{TEAM}/{max_.id}/remove").status_code == 303
    assert member.get("/northwind/").status_code == 404


def test_a_role_counts_at_the_next_request(owner: Browser, member: Browser, max_: Person) -> None:
    assert member.get("/northwind/settings").status_code == 403
    assert owner.post(f"{TEAM}/{max_.id}/role", data={"role": "admin"}).status_code == 303
    assert member.get("/northwind/settings").status_code == 200


def test_nobody_removes_those_above(agency: AgencyView, ada: Person, max_: Person) -> None:
    second = factory.make_person("Lea Berg", "lea@northwind.example")
    factory.join(agency, second, Role.ADMIN)
    seats.change(max_.id, Role.ADMIN, None, None)
    admin = permissions.grant(max_.id, "admin")
    for other in (ada.id, second.id, max_.id):
        with pytest.raises(Forbidden):
            service.remove(other, admin)
    service.remove(second.id, permissions.grant(ada.id, "owner"))
    with pytest.raises(Conflict):
        service.leave(ada.id)
    service.leave(max_.id)
    assert [each.name for each in seats.members()] == ["Ada Brandt"]


@pytest.mark.parametrize("end", ["removed", "left", "demoted", "kept"])
def test_nobody_comes_back_by_an_invitation_of_their_own(
    agency: AgencyView, ada: Person, max_: Person, run_jobs: Callable[[], int], outbox_mails: Mails, end: str
) -> None:
    seats.change(max_.id, Role.ADMIN, None, None)
    service.invite("max@home.example", "admin", permissions.grant(max_.id, "admin"), "Max Ferri")
    run_jobs()
    owner = permissions.grant(ada.id, "owner")
    if end == "removed":
        service.remove(max_.id, owner)
    elif end == "left":
        service.leave(max_.id)
    else:
        service.change_role(max_.id, "member" if end == "demoted" else "admin", owner)
    found = service.offered(_token(outbox_mails))
    assert found is not None and found.open == (end == "kept")


def test_a_role_of_ones_own(owner: Browser, member: Browser, max_: Person) -> None:
    chosen = {
        "name": "Bookkeeper",
        "may:invoices.view": "all",
        "may:payments.view": "all",
        "may:ownership.offer": "all",
    }
    assert owner.post("/northwind/settings/roles/new", data=chosen).status_code == 303
    made = roles.every()[-1]
    assert made.permissions == {"invoices.view": "all", "payments.view": "all"}  # what is the owner's stays so
    assert owner.post("/northwind/settings/roles/new", data=chosen).status_code == 409
    assert owner.post(f"{TEAM}/{max_.id}/role", data={"role": made.key}).status_code == 303
    assert member.get("/northwind/payments/").status_code == 200
    assert member.get("/northwind/proposals/").status_code == 403
    assert "/northwind/proposals" not in member.get("/northwind/").text.split("</header>")[0]
    less = {"name": "Bookkeeper", "may:invoices.view": "own"}
    assert owner.post(f"/northwind/settings/roles/{made.id}", data=less).status_code == 303
    assert member.get("/northwind/payments/").status_code == 403
    assert owner.post(f"/northwind/settings/roles/{made.id}/delete").status_code == 409
    assert owner.post(f"{TEAM}/{max_.id}/role", data={"role": "member"}).status_code == 303
    assert owner.post(f"/northwind/settings/roles/{made.id}/delete").status_code == 303


def test_a_form_that_does_two_things_demands_both(owner: Browser, member: Browser, max_: Person) -> None:
    """The editor of a new invoice may issue it at once: for those who may issue."""
    chosen = {"name": "Drafter", "may:invoices.view": "all", "may:invoices.create": "all"}
    assert owner.post("/northwind/settings/roles/new", data=chosen).status_code == 303
    assert owner.post(f"{TEAM}/{max_.id}/role", data={"role": roles.every()[-1].key}).status_code == 303
    lines = {"line_description": "Design", "line_quantity": "1", "line_price": "100"}
    data = {"client_id": str(documents.client()), "title": "Shop", "payment_days": "14", "then": "issue", **lines}
    assert member.post("/northwind/invoices/new", data=data).status_code == 403
    assert owner.post("/northwind/invoices/new", data=data).status_code == 303
    assert "Issue and send" not in member.get("/northwind/invoices/new").text


def test_nobody_gives_what_they_do_not_have(agency: AgencyView, max_: Person) -> None:
    made = roles.add("Inviter", {"members.invite": "all", "members.view": "all"})
    seats.change(max_.id, Role.MEMBER, made, {"members.invite": "all", "members.view": "all"})
    inviter = permissions.grant(max_.id, "member", {"members.invite": "all", "members.view": "all"})
    for role in ("admin", "member"):
        with pytest.raises(Forbidden):
            service.invite("n@felt.example", role, inviter, "Max")
    service.invite("n@felt.example", str(made), inviter, "Max")
    with pytest.raises(DomainError):
        service.invite("o@felt.example", str(UUID(int=1)), inviter, "Max")


def test_handing_over_takes_two(
    owner: Browser, member: Browser, ada: Person, max_: Person, run_jobs: Callable[[], int], outbox_mails: Mails
) -> None:
    place = "/northwind/settings/ownership"
    assert member.post(place, data={"to": str(max_.id)}).status_code == 403
    assert owner.post(place, data={"to": str(ada.id)}).status_code == 422
    assert owner.post(place, data={"to": str(max_.id)}).status_code == 303
    assert owner.post(place, data={"to": str(max_.id)}).status_code == 409
    assert owner.post(f"{place}/accept").status_code == 410  # not whom it was offered to
    run_jobs()
    assert place in outbox_mails()[0].text
    assert member.post(f"{place}/accept").status_code == 303
    assert seats.owner().name == "Max Ferri"
    assert [each.role for each in seats.members()] == ["admin", "owner"]
    assert owner.post(place, data={"to": str(max_.id)}).status_code == 403
    run_jobs()
    assert "ada@northwind.example" in str(outbox_mails()[0].entry.to)


def test_an_offer_ends(agency: AgencyView, ada: Person, max_: Person) -> None:
    service.offer_ownership(ada.id, max_.id)
    service.take_back_offer()
    with pytest.raises(Conflict):
        service.take_back_offer()
    with pytest.raises(Gone):
        service.accept_ownership(max_.id)
    service.offer_ownership(ada.id, max_.id)
    with clock.frozen(clock.now() + timedelta(days=8)):
        assert service.transfer() is None
        with pytest.raises(Gone):
            service.accept_ownership(max_.id)
        service.offer_ownership(ada.id, max_.id)
        service.decline_ownership(max_.id)
    service.offer_ownership(ada.id, max_.id)
    service.leave(max_.id)
    assert service.transfer() is None


def test_beginning_in_one_of_several(
    agency: AgencyView, ada: Person, other_agency: AgencyView, browser_of: Callable[[Person], Browser]
) -> None:
    factory.join(other_agency, ada, Role.MEMBER)
    browser = browser_of(ada)
    assert browser.get("/onward").location == "/agencies"
    assert browser.post("/agencies/default", data={"agency": "harbour-pine"}).status_code == 303
    assert browser.get("/onward").location == "/harbour-pine/"
    assert browser.post("/agencies/default", data={"agency": "nobody"}).status_code == 404


def test_two_tabs_write_where_they_stand(agency: AgencyView, ada: Person, owner: Browser) -> None:
    """Whose a form is says its address: not which agency somebody looked at last, nor where they begin."""
    other = factory.make_agency(ada, name="Harbour & Pine", slug="harbour-pine")
    for slug, name in (("northwind", "Olmo"), ("harbour-pine", "Pino"), ("northwind", "Faggio")):
        owner.get("/harbour-pine/clients/")
        owner.post("/agencies/default", data={"agency": "harbour-pine"})
        sent = {"name": name, "country": "IT", "agency_id": str(other.id), "agency": "harbour-pine"}
        assert owner.post(f"/{slug}/clients/new", data=sent).status_code == 303
    found = {}
    for view in (agency, other):
        with tenancy.tenant(view.id):
            found[view.slug] = sorted(name for _id, name in clients.choices())
    assert found == {"northwind": ["Faggio", "Olmo"], "harbour-pine": ["Pino"]}

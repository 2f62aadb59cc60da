"""People and what lets them in, without HTTP."""

from tests.factories.people import Person, make_person
from webkit.accounts import service
from webkit.core.kernel import tenancy
from webkit.core.kernel.directory import AgencyView


def test_members_are_those_of_the_open_agency(agency: AgencyView, other_agency: AgencyView) -> None:
    assert [(m.name, m.role) for m in service.members()] == [("Ada Brandt", "owner"), ("Max Ferri", "member")]
    with tenancy.tenant(other_agency.id):
        assert [m.name for m in service.members()] == ["Mira Holt"]

"""Pages of clients."""

from tests.client import Browser


def test_first_client(owner: Browser) -> None:
    page = owner.get("/northwind/clients")
    assert page.status_code == 200 and "Add your first client" in page.text
    form = owner.get("/northwind/clients/new")
    assert form.status_code == 200
    made = owner.post("/northwind/clients/new", data={"name": "Caffè Olmo", "country": "IT", "email": "A@b.it"})
    assert made.status_code == 303
    shown = owner.get(made.location)
    assert shown.status_code == 200 and "Caffè Olmo" in shown.text
    assert owner.get(made.location + "/edit").status_code == 200
    listed = owner.get("/northwind/clients?q=caffe")
    assert "Caffè Olmo" in listed.text
    assert owner.get("/northwind/settings").status_code == 200
    assert owner.get("/northwind/settings/members").status_code == 200
    assert owner.get("/account").status_code == 200
    assert owner.get("/agencies").status_code == 200
    assert owner.get("/agencies/new").status_code == 200

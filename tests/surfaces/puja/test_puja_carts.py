"""Carts over HTTP: what is in one, what it costs, and how it is refused."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from holdfast.availability.models import Allocation
from holdfast.catalog.models import Offering, Package
from holdfast.orders.models import CartItem, Order, Redemption
from holdfast.platform.models import User
from tests.support.booked import api_of
from tests.support.practice import DAY, Api, new_practice, new_user
from tests.support.sandbox import Sandbox
from tests.support.statements import count_statements
from tests.support.temple import Temple, temple_of

C = "/api/cart/carts/"


def state() -> list[Any]:
    """What a request could change."""
    items = CartItem.objects.order_by("pk").values_list("order", "offering", "starts_at")
    return [*Order.objects.order_by("pk").values_list("pk", "state", "promo_code"), *items]


def prices(cart: dict[str, Any]) -> tuple[str, str, str]:
    return cart["subtotal"], cart["discount"], cart["total_price"]


@pytest.mark.spec("PUJ-2", "PUJ-3")
def test_the_documented_request_makes_the_documented_cart(temple: Temple, api: Api, customer: User) -> None:
    answer = api.send(C, temple.item())

    said = answer.json()
    cart = Order.objects.get()
    puja = {
        "id": temple.puja.pk,
        "title": "Satyanarayan Puja",
        "description": "For a new house or a new year.",
        "category": "Prosperity",
        "price": "999.00",
        "currency": "INR",
        "duration": 30,
        "languages": ["Sanskrit"],
        "image": None,
    }
    package = {
        "id": temple.basic.pk,
        "name": "Basic",
        "price": "999.00",
        "currency": "INR",
        "location": "At the temple",
        "language": "Hindi",
        "duration": 30,
        "description": "",
    }
    chosen = {
        "service_type": "PUJA",
        "puja_service": puja,
        "package": package,
        "astrology_service": None,
        "selected_date": DAY,
        "selected_time": "10:30",
    }
    assert answer.status_code == 201
    assert said == {
        "id": cart.pk,
        "cart_id": str(cart.uuid),
        "user": customer.pk,
        **chosen,
        "status": "ACTIVE",
        "items": [
            {
                "id": CartItem.objects.get().pk,
                **chosen,
                "title": "Satyanarayan Puja (Basic)",
                "price": "999.00",
            }
        ],
        "promo_code": "",
        "currency": "INR",
        "subtotal": "999.00",
        "discount": "0.00",
        "total_price": "999.00",
        "note": "",
        "created_at": said["created_at"],
        "updated_at": said["updated_at"],
    }
    assert not Allocation.objects.exists()


@pytest.mark.spec("PUJ-2")
@pytest.mark.parametrize(
    ("said", "meant"),
    [("10:30", "10:30"), ("10:00 AM", "10:00"), ("01:30 pm", "13:30"), ("12:00PM", "12:00")],
)
def test_a_time_is_read_as_either_clock_says_it(temple: Temple, api: Api, said: str, meant: str) -> None:
    answer = api.send(C, temple.item(selected_time=said))

    assert (answer.status_code, answer.json()["selected_time"]) == (201, meant)


@pytest.mark.spec("PUJ-2")
def test_a_consultation_goes_into_a_cart_with_its_birth_details(temple: Temple, api: Api) -> None:
    answer = api.send(C, temple.talk())

    said = answer.json()
    assert (answer.status_code, said["service_type"], said["total_price"]) == (201, "ASTROLOGY", "1999.00")
    assert said["astrology_service"]["title"] == "Gemstone Consultation"
    assert (said["puja_service"], said["package"]) == (None, None)
    assert CartItem.objects.get().details == {
        "language": "Hindi",
        "birth_place": "Delhi, India",
        "birth_date": "1995-05-15",
        "birth_time": "08:30",
        "gender": "MALE",
        "questions": "",
        "contact_email": "user@example.com",
        "contact_phone": "9876543210",
    }


REQUIRED = ["This field is required."]
BIRTH = ("language", "birth_place", "birth_date", "birth_time", "gender", "contact_email", "contact_phone")


@pytest.mark.spec("PUJ-2", "GEN-5")
@pytest.mark.parametrize(
    ("over", "refusal"),
    [
        ({"puja_service": None}, {"puja_service": REQUIRED}),
        ({"puja_service": 999_999}, {"puja_service": ["There is no such service."]}),
        ({"package_id": None}, {"package_id": ["Choose one of its packages."]}),
        ({"package_id": 999_999}, {"package_id": ["There is no such package of this service."]}),
        ({"service_type": "HOTEL"}, {"service_type": ["Input should be 'PUJA' or 'ASTROLOGY'"]}),
        ({"service_type": "ASTROLOGY"}, {"astrology_service": REQUIRED}),
        ({"selected_date": "20.07.2026"}, {"selected_date": ["Write the date as YYYY-MM-DD."]}),
        ({"selected_date": "2025-07-20"}, {"selected_date": ["This date has passed."]}),
        (
            {"selected_time": "25:00"},
            {"selected_time": ["Write the time as HH:MM, from 00:00 to 23:59."]},
        ),
        (
            {"selected_time": "06:00 AM"},
            {"selected_time": ["This is not one of the open times of that day."]},
        ),
        ({"address": {"city": "Pune"}}, {"address.address_line1": REQUIRED}),
    ],
)
def test_what_is_wrong_with_a_wish_is_said_of_its_field(
    temple: Temple, api: Api, over: dict[str, Any], refusal: dict[str, Any]
) -> None:
    answer = api.send(C, temple.item(**over))

    assert (answer.status_code, answer.json()) == (400, refusal)
    assert state() == []


@pytest.mark.spec("PUJ-2", "GEN-5")
def test_a_consultation_without_birth_details_is_refused_for_each_of_them(temple: Temple, api: Api) -> None:
    without = {name: said for name, said in temple.talk().items() if name not in BIRTH}

    missing = api.send(C, without)
    wrong = api.send(C, temple.talk(language="Latin", contact_phone="12"))

    assert (missing.status_code, missing.json()) == (400, dict.fromkeys(BIRTH, REQUIRED))
    assert wrong.json() == {
        "language": ["Offered in: Hindi."],
        "contact_phone": ["This is not a phone number."],
    }
    assert state() == []


@pytest.mark.spec("PUJ-2", "GEN-5")
def test_what_is_sold_no_more_goes_into_no_cart(temple: Temple, api: Api) -> None:
    Package.objects.filter(pk=temple.grand.pk).update(active=False)
    Offering.objects.filter(pk=temple.consultation.pk).update(active=False)

    package = api.send(C, temple.item(package_id=temple.grand.pk))
    service = api.send(C, temple.talk())

    assert package.json() == {"package_id": ["There is no such package of this service."]}
    assert service.json() == {"astrology_service": ["There is no such service."]}
    assert state() == []


@pytest.mark.spec("PUJ-2", "PUJ-10")
def test_both_ids_of_a_cart_open_every_address_of_it(temple: Temple, api: Api, cart: dict[str, Any]) -> None:
    for number, which in enumerate((cart["id"], cart["cart_id"]), 1):
        added = api.send(f"{C}{which}/items/", temple.talk(selected_time=f"1{number}:30"))
        assert (added.status_code, len(added.json()["items"])) == (201, number + 1)
        assert api.get(f"{C}{which}/").json() == added.json()
        assert api.send(f"{C}{which}/apply_promo/", {"promo_code": "DISCOUNT10"}).status_code == 200
        assert api.send(f"{C}{which}/remove_promo/").status_code == 200
        assert api.delete(f"{C}{which}/items/{CartItem.objects.latest('pk').pk}/").status_code == 200
        assert api.send(f"{C}{which}/items/", temple.talk()).status_code == 201
    assert api.delete(f"{C}{cart['cart_id']}/").status_code == 204
    assert api.get(f"{C}{cart['id']}/").status_code == 404


@pytest.mark.spec("PUJ-2", "PUJ-3", "PUJ-10")
def test_a_cart_costs_what_is_in_it(temple: Temple, api: Api, cart: dict[str, Any]) -> None:
    address = f"{C}{cart['id']}/"

    more = api.send(f"{address}items/", temple.talk()).json()
    cheaper = api.send(f"{address}apply_promo/", {"promo_code": "discount10"}).json()
    fewer = api.delete(f"{address}items/{more['items'][0]['id']}/").json()
    whole = api.send(f"{address}remove_promo/").json()

    assert [item["service_type"] for item in more["items"]] == ["PUJA", "ASTROLOGY"]
    assert prices(more) == ("2998.00", "0.00", "2998.00")
    assert prices(cheaper) == ("2998.00", "299.80", "2698.20")
    assert cheaper["promo_code"] == "DISCOUNT10"
    assert prices(fewer) == ("1999.00", "199.90", "1799.10")
    assert (fewer["service_type"], fewer["selected_time"]) == ("ASTROLOGY", "11:00")
    assert prices(whole) == ("1999.00", "0.00", "1999.00")
    assert whole["promo_code"] == ""
    assert not Redemption.objects.exists()


@pytest.mark.spec("PUJ-10", "GEN-5")
def test_a_thing_of_another_business_is_refused(
    temple: Temple, api: Api, sandbox: Sandbox, cart: dict[str, Any]
) -> None:
    other = temple_of(new_practice(sandbox, slug="other"))
    before = state()

    puja = api.send(f"{C}{cart['id']}/items/", other.item())
    talk = api.send(f"{C}{cart['id']}/items/", other.talk())

    assert (puja.status_code, talk.status_code) == (400, 400)
    assert set(puja.json()) == {"puja_service"}
    assert set(talk.json()) == {"astrology_service"}
    assert state() == before


@pytest.mark.spec("PUJ-3", "GEN-10", "GEN-5")
def test_an_unknown_promo_code_is_refused_and_changes_nothing(api: Api, cart: dict[str, Any]) -> None:
    before = state()

    answers = [api.send(f"{C}{cart['id']}/apply_promo/", {"promo_code": said}) for said in ("NOPE", "")]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].json() == {"promo_code": ["We do not know this code."]}
    assert answers[1].json() == {"promo_code": REQUIRED}
    assert state() == before


@pytest.mark.spec("PUJ-3", "GEN-6")
def test_promo_codes_are_not_found_out_by_trying(api: Api, cart: dict[str, Any], settings: Any) -> None:
    settings.HOLDFAST_LIMITS = settings.HOLDFAST_LIMITS | {"promo_by_user": 2}
    tried = [api.send(f"{C}{cart['id']}/apply_promo/", {"promo_code": f"GUESS{n}"}) for n in range(2)]

    right = api.send(f"{C}{cart['id']}/apply_promo/", {"promo_code": "DISCOUNT10"})

    assert [answer.status_code for answer in tried] == [400, 400]
    assert (right.status_code, int(right["Retry-After"]) > 0) == (429, True)
    assert api.get(f"{C}{cart['id']}/").json() == cart


@pytest.mark.spec("PUJ-2", "GEN-2", "BC-19")
def test_carts_are_listed_for_their_owner_alone(temple: Temple, api: Api, cart: dict[str, Any]) -> None:
    second = api.send(C, temple.talk()).json()
    other = api_of(new_user())

    assert [one["id"] for one in api.get(C).json()["results"]] == [second["id"], cart["id"]]
    assert api.get(f"{C}active/").json()["results"] == [second, cart]
    assert other.get(C).json()["results"] == []
    assert other.get(f"{C}{cart['id']}/").status_code == 404
    assert other.delete(f"{C}{cart['cart_id']}/").status_code == 404
    assert api.get(f"{C}{cart['id']}/").json() == cart


@pytest.mark.spec("PUJ-2")
def test_a_deleted_cart_is_there_no_more(api: Api, cart: dict[str, Any]) -> None:
    answer = api.delete(f"{C}{cart['id']}/")

    assert (answer.status_code, answer.content) == (204, b"")
    assert api.get(C).json()["results"] == []
    assert api.delete(f"{C}{cart['id']}/").status_code == 404


@pytest.mark.parametrize("which", ["0", "abc", "9" * 30, "-1", "1.5", str(uuid4()), "active"])
@pytest.mark.spec("PUJ-2", "GEN-5")
def test_what_is_no_carts_id_is_404(temple: Temple, api: Api, which: str) -> None:
    answer = api.delete(f"{C}{which}/")

    assert answer.status_code in (404, 405)
    assert set(answer.json()) == {"error"}


@pytest.mark.spec("PUJ-9")
@pytest.mark.parametrize("content_type", ["text/plain", "application/json", ""])
@pytest.mark.parametrize("address", ["/api/cart/carts", "/api/cart/carts/"])
def test_a_cart_is_made_with_either_slash_and_whatever_the_content_type_says(
    temple: Temple, api: Api, address: str, content_type: str
) -> None:
    answer = api.generic("POST", address, json.dumps(temple.item()), content_type=content_type)

    assert (answer.status_code, answer.json()["status"]) == (201, "ACTIVE")


@pytest.mark.spec("PUJ-9", "GEN-1")
@pytest.mark.parametrize("address", ["/api/cart/carts", "/api/cart/carts/"])
def test_a_form_of_another_site_makes_no_cart_though_its_text_is_json(
    temple: Temple, customer: User, address: str
) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(customer)

    forged = browser.generic("POST", address, json.dumps(temple.item()), content_type="text/plain")

    assert (forged.status_code, set(forged.json())) == (403, {"error"})
    assert state() == []


@pytest.mark.spec("PUJ-2")
@pytest.mark.parametrize("carts", [1, 3])
def test_a_list_of_carts_takes_the_same_statements_however_long_it_is(
    temple: Temple, api: Api, carts: int
) -> None:
    for number in range(carts):
        made = api.send(C, temple.item(selected_time=f"1{number}:30")).json()
        api.send(f"{C}{made['id']}/items/", temple.talk())

    with count_statements() as statements:
        assert len(api.get(C).json()["results"]) == carts

    assert len(statements) <= 9, statements

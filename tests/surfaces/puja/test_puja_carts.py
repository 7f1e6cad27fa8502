"""Carts over HTTP: what is in one, and what it costs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from holdfast.availability.models import Allocation
from holdfast.orders.models import CartItem, Order, Redemption
from holdfast.platform.models import User
from tests.support.booked import api_of
from tests.support.practice import DAY, Api, new_user
from tests.support.statements import count_statements
from tests.support.temple import Temple

C = "/api/cart/carts/"


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
    [
        ("10:30", "10:30"),
        ("10:00 AM", "10:00"),
        ("01:30 pm", "13:30"),
        ("12:00PM", "12:00"),
        ("9:30\u202fAM", "09:30"),
    ],
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


@pytest.mark.spec("PUJ-9")
@pytest.mark.parametrize("content_type", ["text/plain", "application/json", ""])
@pytest.mark.parametrize("address", ["/api/cart/carts", "/api/cart/carts/"])
def test_a_cart_is_made_with_either_slash_and_whatever_the_content_type_says(
    temple: Temple, api: Api, address: str, content_type: str
) -> None:
    answer = api.generic("POST", address, json.dumps(temple.item()), content_type=content_type)

    assert (answer.status_code, answer.json()["status"]) == (201, "ACTIVE")


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

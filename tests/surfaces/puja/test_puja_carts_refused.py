"""What goes into no cart, over HTTP: in which words it is refused, and that nothing has moved."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from holdfast.catalog.models import Offering, Package
from holdfast.orders.models import CartItem, Order
from holdfast.platform.models import User
from tests.support.practice import Api, new_practice
from tests.support.sandbox import Sandbox
from tests.support.temple import Temple, temple_of

C = "/api/cart/carts/"
REQUIRED = ["This field is required."]
BIRTH = ("language", "birth_place", "birth_date", "birth_time", "gender", "contact_email", "contact_phone")


def state() -> list[Any]:
    """What a request could change."""
    items = CartItem.objects.order_by("pk").values_list("order", "offering", "starts_at")
    return [*Order.objects.order_by("pk").values_list("pk", "state", "promo_code"), *items]


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


@pytest.mark.spec("PUJ-10", "GEN-5")
def test_a_thing_that_is_sold_under_other_terms_is_refused_whichever_came_first(
    temple: Temple, api: Api, cart: dict[str, Any]
) -> None:
    Offering.objects.filter(pk=temple.consultation.pk).update(terms={"needs_approval": True})
    alone = api.send(C, temple.talk()).json()
    before = state()

    stricter = api.send(f"{C}{cart['id']}/items/", temple.talk())
    laxer = api.send(f"{C}{alone['id']}/items/", temple.item())

    words = ["This is sold under other terms than what is in this cart. Please begin another cart for it."]
    assert (stricter.status_code, stricter.json()) == (400, {"astrology_service": words})
    assert (laxer.status_code, laxer.json()) == (400, {"puja_service": words})
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


@pytest.mark.parametrize(
    "which", ["0", "abc", "9" * 30, "-1", "1.5", "0462f0ca-cadf-416c-9919-7e4612e7226e", "active"]
)
@pytest.mark.spec("PUJ-2", "GEN-5")
def test_what_is_no_carts_id_is_404(temple: Temple, api: Api, which: str) -> None:
    answer = api.delete(f"{C}{which}/")

    assert answer.status_code in (404, 405)
    assert set(answer.json()) == {"error"}


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

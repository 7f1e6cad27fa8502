"""Where a browser may be sent after paying: where the business says, and nowhere that only looks like it."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.orders.models import Order
from tests.support.practice import Api, Practice, new_practice
from tests.support.sandbox import Sandbox

FOREIGN: list[Any] = [
    "https://evil.com",
    "http://yourapp.com",
    "https://yourapp.com.evil.com",
    "https://yourapp.com@evil.com",
    "https://evil.com@yourapp.com",
    "https://yourapp.com:8443",
    "https://evil.com/https://yourapp.com",
    "https://evil.com?https://yourapp.com",
    "https://evil.com#https://yourapp.com",
    "https://evil.com\\@yourapp.com",
    "https://yourapp.com\\.evil.com",
    "https:\\\\yourapp.com",
    "//yourapp.com",
    "//evil.com",
    "/relative",
    "yourapp.com",
    "javascript:alert(1)",
    "javascript://yourapp.com/%0aalert(1)",
    "data:text/html,x",
    "https:yourapp.com",
    "https:///yourapp.com",
    "https://",
    "https://[",
    "https://[::1",
    "https://xn--yourapp-.com",
    "https://yоurapp.com",  # the first o is Cyrillic
    "https://yourapp。com",
    "https://yourapp.com/\u202e",
    "https://your\tapp.com",
    "https://yourapp.com/\r\nLocation: https://evil.com",
    "https://yourapp.com/ x",
    "https://yourapp.com/?next=//evil.com",
    "https://yourapp.com/?",
    "https://yourapp.com/#",
    "https://yourapp.com/" + "a" * 150,
    "https://yourapp.com/\x00",
    5,
    ["https://yourapp.com"],
]


@pytest.mark.spec("GEN-8", "GEN-5", "BC-24")
def test_a_return_address_that_is_not_the_businesss_is_refused(practice: Practice, api: Api) -> None:
    for address in FOREIGN:
        answer = api.book(practice, redirect_url=address)

        assert answer.status_code == 400, (address, answer.content)
        assert list(answer.json()) == ["redirect_url"], address
        assert Order.objects.count() == 0, address


@pytest.mark.spec("GEN-8")
@pytest.mark.parametrize(
    ("address", "base"),
    [
        ("https://yourapp.com/", "https://yourapp.com"),
        ("HTTPS://YourApp.com", "https://yourapp.com"),
        ("https://yourapp.com:443/", "https://yourapp.com"),
        (None, "http://testserver"),
        ("", "http://testserver"),
        ("https://yourapp.com/in/hindi/", "https://yourapp.com/in/hindi"),
        ("http://testserver", "http://testserver"),
    ],
)
def test_a_return_address_of_the_business_or_our_own_is_taken(
    practice: Practice, api: Api, address: str | None, base: str
) -> None:
    answer = api.book(practice, redirect_url=address)

    urls = answer.json()["data"]["redirect_urls"]
    assert urls["success"].startswith(f"{base}/astro-booking-success?merchant_order_id=ASTRO_ORDER_")


@pytest.mark.spec("GEN-8", "GEN-2")
def test_a_return_address_of_another_business_is_refused(
    practice: Practice, api: Api, sandbox: Sandbox
) -> None:
    other = new_practice(sandbox, slug="other")
    other.business.return_origins = ["https://other.example"]
    other.business.save()

    answer = api.book(practice, redirect_url="https://other.example")

    assert list(answer.json()) == ["redirect_url"]

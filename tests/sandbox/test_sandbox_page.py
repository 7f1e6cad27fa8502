"""The hosted page, as a browser without script sees it."""

from __future__ import annotations

from html.parser import HTMLParser

import httpx
import pytest

from tests.sandbox.conftest import RETURN_URL, Shop
from tests.support.sandbox import Sandbox


class Forms(HTMLParser):
    """The forms of a page, and the outcomes that their buttons offer."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.methods: list[str | None] = []
        self.outcomes: list[str | None] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self.methods.append(attributes.get("method"))
        if tag == "button" and attributes.get("name") == "outcome":
            self.outcomes.append(attributes.get("value"))


def choose(page: str, outcome: str) -> httpx.Response:
    return httpx.post(page, data={"outcome": outcome})


def test_the_page_is_one_form_with_three_ways_out(shop: Shop, reference: str) -> None:
    page = httpx.get(shop.page(reference))

    forms = Forms(page.text)
    assert (forms.methods, forms.outcomes) == (["post"], ["pay", "fail", "cancel"])
    assert "₹1,999.00" in page.text
    assert reference in page.text


@pytest.mark.parametrize(
    ("outcome", "state"), [("pay", "COMPLETED"), ("fail", "FAILED"), ("cancel", "FAILED")]
)
def test_every_choice_leads_back_to_the_merchant(
    shop: Shop, reference: str, outcome: str, state: str
) -> None:
    page = shop.page(reference)

    answer = choose(page, outcome)

    assert (answer.status_code, answer.headers["location"]) == (303, RETURN_URL)
    assert shop.status(reference).json()["state"] == state


def test_paying_twice_pays_once(shop: Shop, reference: str) -> None:
    page = shop.page(reference)

    answers = [choose(page, "pay").status_code for _ in range(2)]

    assert answers == [303, 303]
    assert len(shop.status(reference, "?details=true").json()["paymentDetails"]) == 1


def test_thinking_better_of_it_after_paying_changes_nothing(shop: Shop, reference: str) -> None:
    page = shop.page(reference)
    choose(page, "pay")

    answer = choose(page, "cancel")

    assert answer.status_code == 303
    assert shop.status(reference).json()["state"] == "COMPLETED"


def test_an_expired_order_can_no_longer_be_paid(shop: Shop, sandbox: Sandbox, reference: str) -> None:
    page = shop.page(reference)
    sandbox.advance(601)

    answer = choose(page, "pay")

    assert answer.status_code == 409
    assert "can no longer be paid" in answer.text
    assert Forms(httpx.get(page).text).methods == []
    assert shop.status(reference).json()["state"] == "FAILED"


def test_with_late_success_an_expired_order_is_paid_all_the_same(
    shop: Shop, sandbox: Sandbox, reference: str
) -> None:
    page = shop.page(reference)
    sandbox.advance(601)
    sandbox.arm("late_success", only=reference)

    offered = Forms(httpx.get(page).text).outcomes
    answer = choose(page, "pay")

    assert "pay" in offered
    assert answer.status_code == 303
    assert shop.status(reference).json()["state"] == "COMPLETED"


def test_the_old_page_can_still_be_paid_beside_a_new_one(shop: Shop, reference: str) -> None:
    pages = [shop.page(reference), shop.page(f"{reference}-2")]

    answers = [choose(page, "pay").status_code for page in pages]

    assert answers == [303, 303]


def test_a_choice_that_is_none_is_refused(shop: Shop, reference: str) -> None:
    page = shop.page(reference)

    assert choose(page, "steal").status_code == 400
    assert shop.status(reference).json()["state"] == "PENDING"


def test_a_link_to_no_order_is_a_page_that_says_so(sandbox: Sandbox) -> None:
    assert httpx.get(f"{sandbox.url}/phonepe/transact/uat_v2?token=x").status_code == 404
    assert choose(f"{sandbox.url}/phonepe/transact/uat_v2", "pay").status_code == 404


def test_what_the_merchant_names_cannot_break_the_page(shop: Shop, reference: str) -> None:
    flow = {"type": "PG_CHECKOUT", "merchantUrls": {"redirectUrl": 'http://shop.test/"><script>'}}
    page = shop.pay(reference, paymentFlow=flow).json()["redirectUrl"]
    choose(page, "fail")

    assert "<script>" not in httpx.get(page).text


def test_the_page_misbehaves_when_it_is_armed(shop: Shop, sandbox: Sandbox, reference: str) -> None:
    page = shop.page(reference)

    sandbox.arm("page_down")
    assert httpx.get(page).status_code == 503

    sandbox.arm("page_requires_referer", only=reference)
    assert httpx.get(page, headers={"Referer": "http://shop.test/"}).status_code == 200
    assert httpx.get(page).status_code == 403

    sandbox.arm("page_redirect_loop")
    assert httpx.get(page).headers["location"] == page


def test_the_browser_can_come_back_with_lies(shop: Shop, sandbox: Sandbox, reference: str) -> None:
    page = shop.page(reference)
    sandbox.arm("redirect_with_parameters")

    location = choose(page, "fail").headers["location"]

    assert location.startswith(f"{RETURN_URL}&code=PAYMENT_SUCCESS")

"""The pages around a payment: what they say, whom they believe, and what they keep to themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from holdfast.booking.lifecycle import BOOKING
from holdfast.booking.models import Booking
from holdfast.flows.actors import Shopper
from holdfast.flows.ending import expire_orders
from holdfast.flows.paying import Checkout
from holdfast.flows.reconciliation import reconcile
from holdfast.flows.returning import release_hold
from holdfast.flows.settlement import settle
from holdfast.kernel.clock import utc_now
from holdfast.orders.models import Order
from holdfast.pages.endings import ENDINGS, GOES_BACK, GONE_BACK, STATES, ending_of
from tests.support.practice import NOW, Practice, held, new_user, payment_of
from tests.support.sandbox import Sandbox
from tests.support.worker import work

RETURN = "/pay/return/{}/"
SUCCESS = "/astro-booking-success"
FAILED = "/astro-booking-failed"


@pytest.fixture
def browser() -> Client:
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def undecided(practice: Practice) -> Checkout:
    """A payment that has just been opened, by the clock on the wall, and not been paid yet."""
    return held(practice, now=utc_now())


@pytest.fixture
def paid(undecided: Checkout, sandbox: Sandbox) -> Checkout:
    sandbox.settle(undecided.reference)
    settle(payment_of(undecided).pk, now=utc_now())
    return undecided


def ended(checkout: Checkout, sandbox: Sandbox, outcome: str) -> Checkout:
    sandbox.settle(checkout.reference, outcome)
    settle(payment_of(checkout).pk, now=utc_now())
    return checkout


def paid_too_late(practice: Practice, sandbox: Sandbox) -> Checkout:
    """The hold has run out, another customer holds the time, and only then the money comes."""
    late = held(practice, now=utc_now())
    after = utc_now() + timedelta(hours=1)
    expire_orders(now=after)
    held(practice, now=after)
    sandbox.settle(late.reference)
    settle(payment_of(late).pk, now=after)
    return late


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def is_private(response: Any) -> bool:
    return (response["Cache-Control"], response["Referrer-Policy"]) == ("no-store", "no-referrer")


# Back from the gateway


@pytest.mark.spec("AST-5")
@pytest.mark.spec("GEN-7")
def test_an_undecided_payment_waits_on_a_page_that_asks_again_by_itself(
    browser: Client, undecided: Checkout
) -> None:
    response = browser.get(RETURN.format(undecided.reference))

    assert response.status_code == 200
    assert response["Refresh"] == f"3; url={RETURN.format(undecided.reference)}"
    assert is_private(response)
    assert "Gemstone Consultation" in text(response)
    assert "₹1,999.00" in text(response)
    assert "user@example.com" not in text(response)
    assert "9876543210" not in text(response)
    link = f'href="{undecided.payment_url}" referrerpolicy="strict-origin-when-cross-origin"'
    assert link.replace("&", "&amp;") in text(response)


@pytest.mark.spec("AST-5")
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_paid_payment_goes_on_to_the_front_end_that_was_named(
    browser: Client, undecided: Checkout, sandbox: Sandbox, method: str
) -> None:
    sandbox.settle(undecided.reference)

    response = getattr(browser, method)(RETURN.format(undecided.reference))

    booking = Booking.objects.get()
    assert response.status_code == 303
    assert response["Location"] == (
        f"https://yourapp.com{SUCCESS}?merchant_order_id={undecided.reference}&astro_book_id={booking.reference}"
    )
    assert is_private(response)


@pytest.mark.spec("AST-5")
@pytest.mark.parametrize(("outcome", "reason"), [("fail", "declined"), ("cancel", "canceled")])
def test_a_payment_without_money_goes_on_to_the_failed_address_with_its_reason(
    browser: Client, undecided: Checkout, sandbox: Sandbox, outcome: str, reason: str
) -> None:
    sandbox.settle(undecided.reference, outcome)

    response = browser.get(RETURN.format(undecided.reference))

    assert response["Location"] == (
        f"https://yourapp.com{FAILED}?merchant_order_id={undecided.reference}&reason={reason}"
    )
    assert not Booking.objects.exists()


@pytest.mark.spec("BC-24")
@pytest.mark.spec("BC-21")
def test_what_the_browser_brings_along_proves_nothing(browser: Client, undecided: Checkout) -> None:
    forged = {"code": "PAYMENT_SUCCESS", "state": "COMPLETED", "redirect_url": "https://evil.example"}

    asked = browser.get(RETURN.format(undecided.reference), forged)
    posted = browser.post(RETURN.format(undecided.reference), forged)

    assert (asked.status_code, posted.status_code) == (200, 200)
    assert "evil" not in text(asked)
    assert payment_of(undecided).state == "pending"
    assert not Booking.objects.exists()


@pytest.mark.parametrize("path", [RETURN.format("ASTRO_ORDER_1_NOBODYKNOWSTHIS0"), RETURN.format("a%00b")])
def test_an_unknown_reference_is_a_finished_page(db: None, browser: Client, path: str) -> None:
    response = browser.get(path)

    assert response.status_code == 404
    assert "<h1" in text(response)
    assert "To the first page" in text(response)


@pytest.mark.spec("GEN-6")
def test_too_many_look_ups_are_told_to_wait_on_a_finished_page(
    browser: Client, undecided: Checkout, settings: Any
) -> None:
    settings.HOLDFAST_LIMITS = settings.HOLDFAST_LIMITS | {"look_up": 1}
    browser.get(RETURN.format(undecided.reference))

    response = browser.get(RETURN.format(undecided.reference))

    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 60
    assert "One moment, please" in text(response)
    assert is_private(response)


def test_while_the_gateway_does_not_answer_the_customer_waits(
    browser: Client, undecided: Checkout, sandbox: Sandbox
) -> None:
    sandbox.arm("status_500_before", 20)

    response = browser.get(RETURN.format(undecided.reference))

    assert response.status_code == 200
    assert "Waiting for your payment" in text(response)


# Success


@pytest.mark.spec("AST-5")
def test_the_success_page_shows_the_booking_and_leads_to_its_confirmation(
    browser: Client, paid: Checkout
) -> None:
    booking = Booking.objects.get()

    response = browser.get(SUCCESS, {"merchant_order_id": paid.reference, "astro_book_id": booking.reference})

    assert response.status_code == 200
    assert is_private(response)
    for said in ("Paid and booked", "Gemstone Consultation", "10:00–10:30 (Asia/Kolkata time)"):
        assert said in text(response)
    assert f"/confirmation?astro_book_id={booking.reference}" in text(response)
    assert "user@example.com" not in text(response)


@pytest.mark.spec("BC-21")
def test_the_success_page_believes_the_books_and_not_its_address(
    browser: Client, paid: Checkout, practice: Practice, sandbox: Sandbox
) -> None:
    other = held(practice, now=utc_now(), at="11:00")
    forged = {"merchant_order_id": other.reference, "astro_book_id": Booking.objects.get().reference}

    while_undecided = browser.get(SUCCESS, forged)
    ended(other, sandbox, "fail")
    once_declined = browser.get(SUCCESS, forged)

    assert while_undecided.status_code == 303
    assert while_undecided["Location"] == RETURN.format(other.reference)
    assert "Your payment was declined" in text(once_declined)
    assert "Paid and booked" not in text(once_declined)


@pytest.mark.parametrize("query", [{}, {"merchant_order_id": "nobody"}, {"merchant_order_id": "a\x00b"}])
@pytest.mark.parametrize("path", [SUCCESS, FAILED, "/confirmation"])
def test_pages_without_a_known_reference_say_so(
    db: None, browser: Client, path: str, query: dict[str, str]
) -> None:
    response = browser.get(path, query | {"astro_book_id": query.get("merchant_order_id", "")})

    assert response.status_code == 404
    assert "There is no such" in text(response)
    assert is_private(response)


# Failed


@pytest.mark.spec("AST-5")
@pytest.mark.parametrize(("outcome", "reason"), [("fail", "declined"), ("cancel", "canceled")])
@pytest.mark.parametrize("forged", ["slot_lost", "<script>", ""])
def test_the_failed_page_tells_the_real_reason(
    browser: Client, undecided: Checkout, sandbox: Sandbox, outcome: str, reason: str, forged: str
) -> None:
    ended(undecided, sandbox, outcome)

    response = browser.get(FAILED, {"merchant_order_id": undecided.reference, "reason": forged})

    assert ENDINGS[reason].title in text(response)
    assert "<script>" not in text(response)
    assert GOES_BACK not in text(response)
    assert 'href="/#offerings"' in text(response)


@pytest.mark.spec("AST-5")
def test_the_failed_page_says_that_the_time_to_pay_ran_out(browser: Client, undecided: Checkout) -> None:
    expire_orders(now=utc_now() + timedelta(hours=1))

    response = browser.get(FAILED, {"merchant_order_id": undecided.reference})

    assert ENDINGS["expired"].title in text(response)


@pytest.mark.spec("AST-5")
@pytest.mark.spec("BC-9")
def test_money_for_a_time_that_is_gone_is_said_to_go_back_and_then_to_have_gone(
    browser: Client, practice: Practice, sandbox: Sandbox
) -> None:
    late = paid_too_late(practice, sandbox)
    asked = {"merchant_order_id": late.reference, "reason": "declined"}

    before = browser.get(FAILED, asked)
    work()  # the refund is sent; the gateway takes a while, and is asked again
    for hours in (2, 3, 4):
        reconcile(now=utc_now() + timedelta(hours=hours))
    after = browser.get(FAILED, asked)

    assert ENDINGS["slot_lost"].title in text(before)
    assert GOES_BACK in text(before)
    assert GONE_BACK in text(after)


@pytest.mark.spec("BC-21")
def test_a_payer_whose_money_does_not_match_is_told_so_and_not_asked_to_pay_again(
    browser: Client, practice: Practice, sandbox: Sandbox
) -> None:
    sandbox.arm("amount_lower")
    checkout = held(practice)
    sandbox.settle(checkout.reference)

    returned = browser.get(f"/pay/return/{checkout.reference}/")
    page = browser.get(FAILED, {"merchant_order_id": checkout.reference, "reason": "declined"})

    assert "reason=error" in returned["Location"]
    assert ENDINGS["quarantined"].title in text(page)
    assert "try again" not in text(page)


def test_the_failed_page_of_a_paid_payment_leads_to_its_success(browser: Client, paid: Checkout) -> None:
    response = browser.get(FAILED, {"merchant_order_id": paid.reference, "reason": "declined"})

    assert response.status_code == 303
    assert response["Location"] == f"{SUCCESS}?merchant_order_id={paid.reference}"


def test_every_reason_and_every_state_has_its_words() -> None:
    assert set(ENDINGS) == {*Order.Reason.values, "quarantined", "released"}
    assert set(STATES) == set(BOOKING.states)
    assert ending_of(None, refunded=False) == ENDINGS["error"]


# Confirmation


@pytest.mark.spec("AST-6")
@pytest.mark.spec("GEN-7")
def test_the_confirmation_shows_contact_details_on_the_first_day(browser: Client, paid: Checkout) -> None:
    reference = Booking.objects.get().reference

    response = browser.get("/confirmation", {"astro_book_id": reference})

    assert response.status_code == 200
    assert is_private(response)
    for said in ("Your booking is confirmed", reference, "₹1,999.00", "user@example.com", "9876543210"):
        assert said in text(response)


@pytest.mark.spec("AST-6")
@pytest.mark.spec("GEN-7")
def test_the_confirmation_masks_contact_details_after_a_day(
    browser: Client, practice: Practice, sandbox: Sandbox
) -> None:
    yesterday = utc_now() - timedelta(hours=24, seconds=1)
    checkout = held(practice, now=yesterday)
    sandbox.settle(checkout.reference)
    settle(payment_of(checkout).pk, now=yesterday)

    response = browser.get("/confirmation", {"astro_book_id": Booking.objects.get().reference})

    assert "u***@example.com" in text(response)
    assert "********10" in text(response)
    assert "user@example.com" not in text(response)
    assert "9876543210" not in text(response)


# Coming back a second time


@pytest.mark.spec("AST-4", "BC-9")
def test_who_comes_back_paid_after_a_first_no_is_looked_up_again_and_booked(
    browser: Client, practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice, now=utc_now())
    sandbox.settle(checkout.reference, "fail")
    settle(payment_of(checkout).pk, now=utc_now())
    sandbox.arm("late_success")
    sandbox.settle(checkout.reference)

    response = browser.get(f"/pay/return/{checkout.reference}/")

    assert response["Location"].startswith("https://yourapp.com/astro-booking-success?")


@pytest.mark.spec("GEN-6")
def test_a_time_let_go_is_told_so_and_not_promised_again(
    browser: Client, practice: Practice, sandbox: Sandbox
) -> None:
    user = new_user()
    checkout = held(practice, user=user)
    release_hold(checkout.reference, by=Shopper(user, None), now=NOW + timedelta(minutes=1))

    page = browser.get(FAILED, {"merchant_order_id": checkout.reference})

    assert ENDINGS["released"].title in text(page)
    assert "if it is still free" not in text(page)

"""The admin answers bookings and moves money as the flows do, in the platform admin's name."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from holdfast.flows.recording import Method, Taken, record_payment
from holdfast.flows.watching import money_waiting_on_a_person
from holdfast.kernel.money import Money
from holdfast.payments.models import Payment, Transaction
from holdfast.platform.models import User
from tests.desk.conftest import booked, browser_of
from tests.flows.books import everything
from tests.support.practice import Practice, new_member
from tests.support.sandbox import Sandbox
from tests.support.ways import AUTHORIZE, HOLD, PRICE, TRADE, asked_for, at_the_gateway, sold, waiting

pytestmark = pytest.mark.spec("GEN-16")

BOOKINGS = "/admin/holdfast_booking/booking/"
PAYMENTS = "/admin/holdfast_payments/payment/"
MOVEMENTS = "/admin/holdfast_payments/transaction/"


def run(browser: Client, page: str, action: str, *rows: Any, **filled: str) -> str:
    """Run an action of a list's page on some rows, with what is filled in; what the page says then."""
    chosen = {"action": action, "_selected_action": [row.pk for row in rows], "index": 0}
    answer = browser.post(page, chosen | ({"asked": "yes"} | filled if filled else {}), follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


# Accepting and declining


def test_accepting_takes_the_reserved_money_once_in_the_admins_name(
    practice: Practice, toy_gateway: Sandbox, admin: User, admins_browser: Client
) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)

    said = run(admins_browser, BOOKINGS, "accept", story.booking)
    again = run(admins_browser, BOOKINGS, "accept", story.booking)

    assert f"{story.booking} is accepted." in said
    assert f"{story.booking} is accepted." in again
    assert story.stands == ("captured", "completed", "confirmed", "taken")
    assert at_the_gateway(toy_gateway, story.checkout.reference) == ("captured", 0)
    assert asked_for("booking", "approve") == [f"admin:{admin.pk}"]
    assert [entry.get_change_message() for entry in LogEntry.objects.all()] == ["Accepted", "Accepted"]


def test_a_capture_that_is_declined_is_said_and_kept_out_of_the_history(
    practice: Practice, toy_gateway: Sandbox, admins_browser: Client
) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)
    toy_gateway.arm("capture_declined", only=story.checkout.reference)

    said = run(admins_browser, BOOKINGS, "accept", story.booking)

    assert "The reserved money could not be taken." in said
    assert story.booking.state == "pending_payment"
    assert not LogEntry.objects.exists()


def test_a_gateway_that_does_not_answer_is_said_and_asked_on(
    practice: Practice, toy_gateway: Sandbox, admins_browser: Client
) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)
    toy_gateway.arm("look_up_500_before", only=story.checkout.reference)

    said = run(admins_browser, BOOKINGS, "accept", story.booking)

    assert "has not answered yet" in said
    assert story.movements[-1] in (("capture", "pending"), ("capture", "unknown"))


def test_declining_asks_why_first_and_changes_nothing_until_then(
    practice: Practice, toy_gateway: Sandbox, admins_browser: Client
) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)
    before = everything()

    asked = run(admins_browser, BOOKINGS, "decline", story.booking)
    empty = run(admins_browser, BOOKINGS, "decline", story.booking, reason="")

    assert "Decline these bookings?" in asked
    assert "The customer is told this." in asked
    assert story.booking.reference in asked
    assert "This field is required." in empty
    assert everything() == before


def test_declining_sets_the_money_free_and_keeps_why(
    practice: Practice, toy_gateway: Sandbox, admin: User, admins_browser: Client
) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)

    said = run(admins_browser, BOOKINGS, "decline", story.booking, reason="the astrologer is ill")
    again = run(admins_browser, BOOKINGS, "accept", story.booking)

    assert f"{story.booking} is declined" in said
    assert "there is nothing to accept" in again
    assert story.stands[1:] == ("canceled", "declined", "released")
    assert story.movements[-1] == ("void", "pending")
    assert asked_for("booking", "decline") == [f"admin:{admin.pk}"]
    [kept] = LogEntry.objects.all()
    assert kept.get_change_message() == "Declined: the astrologer is ill"


def test_one_that_cannot_be_accepted_does_not_keep_the_others_from_it(
    practice: Practice, sandbox: Sandbox, admins_browser: Client
) -> None:
    declined, waits = waiting(practice, sandbox, HOLD), waiting(practice, sandbox, HOLD, at="12:00")
    declined.decline()

    said = run(admins_browser, BOOKINGS, "accept", declined.booking, waits.booking)

    assert "there is nothing to accept" in said
    assert [declined.booking.state, waits.booking.state] == ["declined", "confirmed"]


# Money by hand


def test_money_taken_by_hand_is_recorded_in_the_admins_name(
    practice: Practice, sandbox: Sandbox, admin: User, admins_browser: Client
) -> None:
    story = sold(practice, HOLD)

    asked = run(admins_browser, BOOKINGS, "record_money", story.booking)
    said = run(
        admins_browser, BOOKINGS, "record_money", story.booking, amount="1999.00", method="cash", note="R 7"
    )

    payment = Payment.objects.get(recorded_by=f"admin:{admin.pk}")
    assert "Bank transfer" in asked
    assert f"is recorded as {payment.reference}." in said
    assert (payment.captured, payment.wins) == (PRICE, True)
    assert story.booking.state == "pending_approval"


@pytest.mark.parametrize(
    ("amount", "said"),
    [("1998.00", "must be exactly 1999.00"), ("1999.001", "2 decimal places"), ("0", "0.01")],
)
def test_another_amount_than_is_due_is_refused_and_nothing_moves(
    practice: Practice, sandbox: Sandbox, admins_browser: Client, amount: str, said: str
) -> None:
    story = sold(practice, HOLD)
    before = everything()

    page = run(admins_browser, BOOKINGS, "record_money", story.booking, amount=amount, method="cash", note="")

    assert said in page
    assert everything() == before


def test_money_is_recorded_one_by_one(practice: Practice, sandbox: Sandbox, admins_browser: Client) -> None:
    first, second = sold(practice, HOLD), sold(practice, HOLD, at="12:00")
    before = everything()

    page = run(admins_browser, BOOKINGS, "record_money", first.booking, second.booking)

    assert "Please choose one" in page
    assert everything() == before


@pytest.mark.spec("GEN-11")
def test_a_part_is_refunded_and_more_than_is_left_is_not(
    practice: Practice, sandbox: Sandbox, admin: User, admins_browser: Client
) -> None:
    booking = booked(practice, sandbox)
    payment = Payment.objects.get()

    said = run(admins_browser, PAYMENTS, "refund_part", payment, amount="500", reason="we began late")
    too_much = run(admins_browser, PAYMENTS, "refund_part", payment, amount="1499.01", reason="again")

    assert f"INR 500.00 of {payment} goes back." in said
    assert f"Of {payment}, INR 1499.00 can go back." in too_much
    [refund] = Transaction.objects.filter(kind="refund")
    assert (refund.amount, refund.reason) == (50_000, "we began late")
    assert asked_for("transaction", "create") == [f"admin:{admin.pk}"]
    booking.refresh_from_db()
    assert booking.state == "confirmed"


@pytest.mark.spec("GEN-11")
def test_a_refund_by_hand_waits_for_a_person_until_somebody_says_that_it_was_made(
    practice: Practice, sandbox: Sandbox, admin: User, admins_browser: Client
) -> None:
    story = sold(practice, HOLD)
    cash = Taken(Money(PRICE, "INR"), Method.CASH)
    record_payment(story.booking.reference, cash, by=story.owner, trade=TRADE, now=story.order.created_at)
    story.decline()
    refund = Transaction.objects.get(kind="refund")
    desk = browser_of(new_member(practice, "staff"))
    waits = desk.get("/desk/").content.decode()

    said = run(admins_browser, MOVEMENTS, "refund_was_made", refund)
    again = run(admins_browser, MOVEMENTS, "refund_was_made", refund)

    assert "Please give it back by hand (declined): the gateway does not." in waits
    assert "₹1,999.00" in waits
    assert f"{refund.key} is done" in said
    assert f"{refund.key} is done" in again
    assert asked_for("transaction", "succeed") == [f"admin:{admin.pk}"]
    assert not money_waiting_on_a_person().exists()
    assert refund.payment.transactions.get(kind="refund").state == "succeeded"


def test_a_refund_in_the_gateways_hands_is_not_said_to_be_made(
    practice: Practice, sandbox: Sandbox, admins_browser: Client
) -> None:
    story = waiting(practice, sandbox, HOLD)
    story.decline()
    refund = Transaction.objects.get(kind="refund")

    said = run(admins_browser, MOVEMENTS, "refund_was_made", refund)
    left = run(admins_browser, MOVEMENTS, "leave_to_somebody", refund)

    assert "is the gateway&#x27;s to make" in said
    assert "is not a refund that has failed" in left
    refund.refresh_from_db()
    assert (refund.state, refund.by_hand) == ("pending", False)


# Roles


@pytest.mark.spec("GEN-2")
@pytest.mark.parametrize("role", ["owner", "manager", "staff", "provider"])
def test_nobody_of_a_business_acts_in_the_admin(practice: Practice, toy_gateway: Sandbox, role: str) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)
    browser = browser_of(new_member(practice, role))
    before = everything()

    answers = [
        browser.post(
            page, {"action": action, "_selected_action": row.pk, "index": 0, "asked": "yes", "reason": "x"}
        )
        for page, action, row in (
            (BOOKINGS, "accept", story.booking),
            (BOOKINGS, "decline", story.booking),
            (PAYMENTS, "refund_part", story.payment),
            (PAYMENTS, "give_back", story.payment),
        )
    ]

    assert {answer.status_code for answer in answers} <= {302, 403}
    assert everything() == before

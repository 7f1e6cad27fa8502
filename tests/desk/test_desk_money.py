"""Money that waits on a person, its ways out, and finding out what happened to a payment."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client

from holdfast.booking.models import Booking
from holdfast.flows.giving_back import preview_refund, refund_booking
from holdfast.flows.reconciliation import look_at, reconcile
from holdfast.flows.recording import Method, Taken, record_payment
from holdfast.flows.timeline import timeline_of
from holdfast.flows.watching import ids_of_money_that_waits, money_waiting_on_a_person
from holdfast.kernel.money import Money
from holdfast.notifications.models import Email
from holdfast.payments.models import Payment, Transaction
from holdfast.platform.db import transaction
from holdfast.platform.models import GatewayEvent, Transition, User
from tests.desk.conftest import booked, browser_of, call_from_the_gateway, lose_messages, quarantined
from tests.flows.books import everything
from tests.support.practice import Practice, held, new_member, new_practice, new_user, payment_of
from tests.support.racing import race, statuses
from tests.support.sandbox import Sandbox
from tests.support.shop import Story, at, bought
from tests.support.statements import count_statements
from tests.support.stripe import happens
from tests.support.ways import HOLD, PRICE, SOON, TRADE, Sold, asked_for, sold
from tests.support.worker import work

pytestmark = pytest.mark.spec("DESK-7")
MONEY = "/desk/money/"


def page_of(browser: Client, address: str = MONEY) -> str:
    return str(browser.get(address).content.decode())


def pressed(browser: Client, address: str, **said: str) -> str:
    """Press a button of the list of what waits; what the list says then."""
    answer = browser.post(address, {"from": "money"} | said)
    assert (answer.status_code, answer["Location"]) == (303, MONEY), answer.content
    return page_of(browser)


@pytest.fixture
def waits(practice: Practice, sandbox: Sandbox) -> Payment:
    """₹19.99 instead of ₹1,999.00: quarantined."""
    return payment_of(quarantined(practice, sandbox))


@pytest.fixture
def cash(practice: Practice, sandbox: Sandbox) -> Transaction:
    """A refund that somebody is to make by hand."""
    story: Sold = sold(practice, HOLD)
    taken = Taken(Money(PRICE, "INR"), Method.CASH)
    record_payment(story.booking.reference, taken, by=story.owner, trade=TRADE, now=SOON)
    story.decline()
    return Transaction.objects.get(kind="refund")


@pytest.fixture
def refused(practice: Practice, sandbox: Sandbox, staff: User) -> Transaction:
    """A part of a payment that its gateway has refused to give back, for good."""
    story: Story = bought(sandbox, at(practice.offering, "10:00"))
    sandbox.arm("refund_not_eligible", 10)
    reference = story.booking.reference
    left = preview_refund(reference, by=staff, trade=TRADE, now=SOON).all_of_it
    refund_booking(reference, Money(50_000, "INR"), left=left, reason="late", by=staff, trade=TRADE, now=SOON)
    work()
    for hours in (2, 20):
        reconcile(now=SOON + timedelta(hours=hours))
    sandbox.disarm()
    return Transaction.objects.filter(kind="refund", state="failed").latest("pk")


# ---- the list and its ways out ----------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["owner", "manager", "staff"])
def test_quarantined_money_is_given_back_from_the_list(practice: Practice, waits: Payment, role: str) -> None:
    member = new_member(practice, role)
    browser = browser_of(member)
    before = page_of(browser)

    said = pressed(browser, f"/desk/payments/{waits}/return/")

    assert "What was paid is not what was asked for: amount differs." in before
    assert "Take ₹19.99 as the payment" in before
    assert f"₹19.99 of {waits} goes back." in said
    assert "No money waits." in said
    assert asked_for("transaction", "create") == [f"staff:{member.pk}"]


def test_quarantined_money_is_taken_as_the_payment(waits: Payment, staff: User) -> None:
    said = pressed(browser_of(staff), f"/desk/payments/{waits}/accept/")

    assert "It counts as payment. ₹1,979.01 is still asked for." in said
    assert "No money waits." in said
    booking = Booking.objects.get()
    assert booking.state == "confirmed"
    page = page_of(browser_of(staff), f"/desk/bookings/{booking}/")
    assert 'To be paid next: <strong class="amount">₹1,979.01</strong>' in page


def test_what_was_given_back_by_hand_is_said_with_its_receipt(cash: Transaction, staff: User) -> None:
    browser = browser_of(staff)
    before = page_of(browser)

    said = pressed(browser, f"/desk/refunds/{cash.pk}/made/", note="R 12")
    again = pressed(browser, f"/desk/refunds/{cash.pk}/made/")

    assert "₹1,999.00 has been given back" in before
    assert "₹1,999.00 is written down as given back." in said
    assert "No money waits." in again
    cash.refresh_from_db()
    assert (cash.state, cash.word) == ("succeeded", "given by hand: R 12")
    assert asked_for("transaction", "succeed") == [f"staff:{staff.pk}"]


@pytest.mark.parametrize(("what", "by_hand"), [("anew", False), ("owed", True)])
def test_a_refused_refund_is_asked_for_anew_or_owed_by_hand(
    refused: Transaction, staff: User, what: str, by_hand: bool
) -> None:
    browser = browser_of(staff)
    before = page_of(browser)

    pressed(browser, f"/desk/refunds/{refused.pk}/{what}/")
    twice = browser.post(f"/desk/refunds/{refused.pk}/{what}/", {"from": "money"})

    assert "Send ₹500.00 back again" in before
    made = Transaction.objects.filter(kind="refund").latest("pk")
    assert (made.amount, made.state, made.by_hand) == (50_000, "pending", by_hand)
    assert twice.status_code == 409
    assert "is not a refund that has failed" in twice.content.decode()


def test_a_call_about_an_unknown_payment_is_looked_for_again_or_set_aside(
    practice: Practice, sandbox: Sandbox, staff: User
) -> None:
    checkout = held(practice)
    call_from_the_gateway(checkout)
    GatewayEvent.objects.update(reference="SOMEBODY-ELSES", result="unknown")
    event, browser = GatewayEvent.objects.get(), browser_of(staff)
    before = page_of(browser)

    replayed = pressed(browser, f"/desk/events/{event.pk}/replay/")
    aside = pressed(browser, f"/desk/events/{event.pk}/set-aside/")

    assert "SOMEBODY-ELSES" in before
    assert "asked once more" in replayed
    assert "SOMEBODY-ELSES" not in aside
    assert [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")] == [
        "Replayed",
        "Set aside",
    ]


def test_the_list_costs_as_much_with_three_as_with_one(
    practice: Practice, sandbox: Sandbox, staff: User
) -> None:
    browser = browser_of(staff)
    quarantined(practice, sandbox, at="11:00")
    browser.get(MONEY)
    with count_statements() as with_one:
        browser.get(MONEY)
    for hour in (12, 13):
        quarantined(practice, sandbox, at=f"{hour}:00", user=new_user())

    with count_statements() as with_three:
        page = browser.get(MONEY)

    assert len(page.context["waiting"]) == 3
    assert len(with_three) == len(with_one), with_three


def test_what_waits_is_found_by_its_own_indexes(db: None) -> None:
    with transaction(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # the tables are empty here

        plan = ids_of_money_that_waits().explain()

    for index in ("money_that_pays_nothing", "refunds_by_hand", "refunds_refused"):
        assert index in plan, plan
    assert "Seq Scan" not in plan


# ---- who may not ------------------------------------------------------------------------------------------


@pytest.mark.spec("GEN-2", "BC-19")
def test_nobody_else_sees_or_does_any_of_it(
    practice: Practice, sandbox: Sandbox, waits: Payment, cash: Transaction, astrologer: User
) -> None:
    call_from_the_gateway(held(practice, at="16:00"))
    work()
    event, email = GatewayEvent.objects.get(), Email.objects.latest("pk")
    addresses = (
        *(f"/desk/payments/{waits}/{what}/" for what in ("look", "return", "accept")),
        *(f"/desk/refunds/{cash.pk}/{what}/" for what in ("made", "anew", "owed")),
        f"/desk/events/{event.pk}/replay/",
        f"/desk/events/{event.pk}/set-aside/",
        f"/desk/emails/{email.pk}/again/",
    )
    elsewhere = new_member(new_practice(sandbox, slug="other"), "owner")
    others = {404: (astrologer, elsewhere), 403: (new_user(),)}
    before = everything()

    statuses: set[tuple[int, int]] = set()
    for expected, users in others.items():
        for user in users:
            browser = browser_of(user)
            statuses |= {(expected, browser.post(address).status_code) for address in addresses}
            assert str(waits) not in browser.get(MONEY).content.decode()
    nobodys = {Client().post(address).status_code for address in addresses}

    assert statuses == {(404, 404), (403, 403)}
    assert nobodys == {302}
    assert everything() == before
    assert not LogEntry.objects.exists()


def test_of_many_who_give_back_and_accept_at_once_one_does(practice: Practice, waits: Payment) -> None:
    def press(what: str) -> Any:
        return browser_of(new_member(practice, "staff")).post(f"/desk/payments/{waits}/{what}/")

    answers = race([partial(press, what) for what in ("return", "accept") * 2])

    assert statuses(answers) == [303, 409, 409, 409]
    assert not money_waiting_on_a_person().exists()


# ---- the story --------------------------------------------------------------------------------------------


@pytest.mark.spec("GEN-14")
def test_a_lost_call_is_replayed_from_the_story_and_twice_changes_nothing(
    practice: Practice, sandbox: Sandbox, staff: User
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    call_from_the_gateway(checkout)
    lose_messages()
    browser, event = browser_of(staff), GatewayEvent.objects.get()
    address = f"/desk/payments/{checkout.reference}/"
    before = page_of(browser, address)

    answer = browser.post(f"/desk/events/{event.pk}/replay/")
    work()
    settled = (Transition.objects.count(), Transaction.objects.count(), Booking.objects.count())
    for _ in range(2):
        browser.post(f"/desk/events/{event.pk}/replay/")
    work()

    assert "PhonePe called. It has not been handled yet." in before
    assert (answer.status_code, answer["Location"]) == (303, address)
    assert Booking.objects.get().state == "confirmed"
    assert (Transition.objects.count(), Transaction.objects.count(), Booking.objects.count()) == settled
    after = page_of(browser, address)
    assert "The gateway was asked then, and the books agree with its answer." in after
    told = timeline_of(payment_of(checkout).order_id)
    assert {entry.actor for entry in told if entry.kind == "person"} == {f"staff:{staff.pk}"}


@pytest.mark.spec("GEN-14")
def test_an_email_is_sent_again_once_however_often_it_is_pressed(
    practice: Practice, sandbox: Sandbox, staff: User, mailoutbox: list[Any]
) -> None:
    booking = booked(practice, sandbox)
    work()
    email, browser = Email.objects.get(kind="confirmed"), browser_of(staff)
    before = len(mailoutbox)

    for _ in range(2):
        answer = browser.post(f"/desk/emails/{email.pk}/again/", {"booking": booking.reference})
    work()
    again = mailoutbox[before:]
    browser.post(f"/desk/emails/{email.pk}/again/", {"booking": booking.reference})
    work()

    assert (answer.status_code, answer["Location"]) == (303, f"/desk/bookings/{booking}/")
    assert [mail.subject for mail in again] == [mailoutbox[0].subject]
    assert len(mailoutbox) == before + 2
    assert len({mail.extra_headers["Message-ID"] for mail in mailoutbox}) == len(mailoutbox)
    page = page_of(browser, f"/desk/bookings/{booking}/")
    assert "is sent again" in page
    assert "Why: The email" not in page


@pytest.mark.spec("GEN-14")
def test_the_gateway_is_asked_now_and_what_it_says_is_said(
    practice: Practice, sandbox: Sandbox, staff: User
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    browser, address = browser_of(staff), f"/desk/payments/{checkout.reference}/"

    browser.post(f"{address}look/")
    page = page_of(browser, address)

    assert "The gateway was asked: the payment is captured, and the books agree." in page
    assert 'Taken <strong class="amount">₹1,999.00</strong>' in page
    assert "Asked the gateway." in page
    assert Booking.objects.get().state == "confirmed"


def test_no_gateway_is_asked_about_what_was_taken_by_hand(cash: Transaction, staff: User) -> None:
    before, address = everything(), f"/desk/payments/{cash.payment}/"

    answer = browser_of(staff).post(f"{address}look/")

    assert answer.status_code == 409
    assert "somebody here has taken it by hand" in answer.content.decode()
    assert "/look/" not in page_of(browser_of(staff), address)
    assert everything() == before


def test_the_first_page_leads_to_it_with_a_count(waits: Payment, cash: Transaction, staff: User) -> None:
    page = page_of(browser_of(staff), "/desk/")

    assert f'<a href="{MONEY}">See to this money (2)</a>' in page


def test_money_that_a_bank_has_withdrawn_is_among_what_waits_until_the_bank_has_decided(
    practice: Practice, stripe_gateway: Sandbox, staff: User
) -> None:
    story: Story = bought(stripe_gateway, at(practice.offering, "10:00"))
    happens(stripe_gateway, "dispute_opened", story.payment.reference)
    look_at(story.payment.pk, now=SOON)

    meanwhile = page_of(browser_of(staff))
    happens(stripe_gateway, "dispute_lost", story.payment.reference)
    look_at(story.payment.pk, now=SOON)

    assert "Its customer disputes it, and the bank has it meanwhile." in meanwhile
    assert "₹1,999.00" in meanwhile
    assert story.payment.reference not in page_of(browser_of(staff))
    moved = page_of(browser_of(staff), f"/desk/payments/{story.payment.reference}/")
    assert "Withdrawn by a bank: its customer disputes it" in moved

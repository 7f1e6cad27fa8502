"""Disputes: a card's bank withdraws money, decides, and may give it back. Events tell of it, or sweeps do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.core import mail

from holdfast.catalog.models import Business
from holdfast.flows.audit import look_for_wrongs
from holdfast.flows.reconciliation import reconcile
from holdfast.flows.senders import forget_senders
from holdfast.flows.settlement import apply, ask
from holdfast.flows.watching import money_waiting_on_a_person
from holdfast.kernel.money import Money
from holdfast.payments.gateways.base import Dispute, DisputeBecame
from holdfast.payments.models import GatewayAccount, Payment, Transaction
from holdfast.platform.models import GatewayEvent
from tests.support.practice import NOW, Practice, new_practice
from tests.support.sandbox import Sandbox
from tests.support.shop import Story, at, bought, canceled
from tests.support.stripe import happens, tell
from tests.support.ways import PRICE, SOON, assert_all_is_well, emails
from tests.support.worker import work

DAY = timedelta(days=1)
PART = 50_000
NO_MONEY = {"booking without its money"}

# How we come to know of it: the time at which we do.
Known = Callable[[Sandbox, Story], datetime]


@pytest.fixture
def story(practice: Practice, stripe_gateway: Sandbox) -> Story:
    """A booking in twelve days that was paid by card."""
    Business.objects.filter(pk=practice.business.pk).update(email="desk@example.com")
    return bought(stripe_gateway, at(practice.offering, "10:00"))


def by_events(gateway: Sandbox, story: Story) -> datetime:
    """Every event about the payment arrives, twice."""
    assert set(tell(gateway, story.payment.reference) + tell(gateway, story.payment.reference)) == {200}
    work()
    return SOON


def by_a_sweep(gateway: Sandbox, story: Story) -> datetime:
    """No event arrives, and the payment is looked at when its time comes."""
    look_at = Payment.objects.values_list("next_look_at", flat=True).get(pk=story.payment.pk)
    assert look_at is not None
    reconcile(now=look_at)
    return look_at


either = pytest.mark.parametrize("known", [by_events, by_a_sweep])


def disputes(story: Story) -> list[tuple[str, int, str]]:
    rows = Transaction.objects.filter(payment=story.payment).exclude(kind="purchase").order_by("pk")
    return list(rows.values_list("kind", "amount", "state"))


def waits(story: Story) -> bool:
    return story.payment in money_waiting_on_a_person()


def wrongs(now: datetime) -> set[str]:
    return {one.check for one in look_for_wrongs(now=now)}


@pytest.mark.spec("GW-33")
@either
def test_money_that_is_disputed_is_gone_until_the_bank_decides_and_somebody_is_told(
    story: Story, stripe_gateway: Sandbox, known: Known
) -> None:
    happens(stripe_gateway, "dispute_opened", story.payment.reference)

    when = known(stripe_gateway, story)

    assert disputes(story) == [("dispute", PRICE, "pending")]
    assert (story.payment.reversed, story.payment.left, story.payment.wins) == (PRICE, 0, False)
    assert waits(story)
    assert emails().count("disputed") == 1
    work()
    assert mail.outbox[-1].subject == f"A customer disputes a payment: {story.payment.reference}"
    assert story.states == ["completed", "confirmed"]
    assert wrongs(when) == NO_MONEY


@pytest.mark.spec("GW-33")
@either
def test_what_a_dispute_that_is_won_brings_back_pays_for_the_booking_again(
    story: Story, stripe_gateway: Sandbox, known: Known
) -> None:
    happens(stripe_gateway, "dispute_opened", story.payment.reference)
    known(stripe_gateway, story)
    happens(stripe_gateway, "dispute_won", story.payment.reference)

    when = known(stripe_gateway, story)

    assert disputes(story) == [("dispute", PRICE, "succeeded"), ("dispute_won", PRICE, "succeeded")]
    assert (story.payment.reversed, story.payment.left, story.payment.wins) == (0, PRICE, True)
    assert not waits(story)
    assert emails().count("disputed") == 2
    assert_all_is_well(now=when)


@pytest.mark.spec("GW-33")
@either
def test_what_a_dispute_that_is_lost_has_taken_stays_gone(
    story: Story, stripe_gateway: Sandbox, known: Known
) -> None:
    happens(stripe_gateway, "dispute_opened", story.payment.reference)
    known(stripe_gateway, story)
    happens(stripe_gateway, "dispute_lost", story.payment.reference)

    when = known(stripe_gateway, story)

    assert disputes(story) == [("dispute", PRICE, "succeeded")]
    assert (story.payment.reversed, story.payment.wins) == (PRICE, False)
    assert not waits(story)
    work()
    assert mail.outbox[-1].subject == f"A dispute is lost: {story.payment.reference}"
    assert "Nothing is left of it" in mail.outbox[-1].body
    assert wrongs(when) == NO_MONEY


def test_a_dispute_that_is_lost_before_we_hear_of_it_is_written_down_as_lost(
    story: Story, stripe_gateway: Sandbox
) -> None:
    happens(stripe_gateway, "dispute_lost", story.payment.reference)

    by_events(stripe_gateway, story)

    assert disputes(story) == [("dispute", PRICE, "succeeded")]
    assert not waits(story)


def test_a_dispute_that_was_won_before_we_hear_of_it_is_no_news(
    story: Story, stripe_gateway: Sandbox
) -> None:
    happens(stripe_gateway, "dispute_won", story.payment.reference)

    by_events(stripe_gateway, story)

    assert disputes(story) == []
    assert "disputed" not in emails()
    assert_all_is_well()


def test_while_a_part_is_disputed_the_rest_pays_for_the_booking_and_what_is_refunded_outside_is_told_apart(
    story: Story, stripe_gateway: Sandbox
) -> None:
    happens(stripe_gateway, "refunded_outside", story.payment.reference, amount=PART)
    happens(stripe_gateway, "dispute_opened", story.payment.reference, amount=2 * PART)

    by_events(stripe_gateway, story)

    assert disputes(story) == [("reversal", PART, "succeeded"), ("dispute", 2 * PART, "pending")]
    assert (story.payment.reversed, story.payment.wins) == (3 * PART, True)
    assert waits(story)
    assert_all_is_well()


@either
def test_a_refund_made_in_stripes_dashboard_is_written_down(
    story: Story, stripe_gateway: Sandbox, known: Known
) -> None:
    happens(stripe_gateway, "refunded_outside", story.payment.reference, amount=PART)

    when = known(stripe_gateway, story)

    assert disputes(story) == [("reversal", PART, "succeeded")]
    assert (story.payment.reversed, story.payment.wins) == (PART, True)
    assert emails()[-1] == "reversed"
    assert_all_is_well(now=when)


def test_money_that_comes_back_when_its_booking_has_ended_is_for_a_person_to_decide(
    story: Story, stripe_gateway: Sandbox
) -> None:
    happens(stripe_gateway, "dispute_opened", story.payment.reference)
    by_events(stripe_gateway, story)
    canceled(story)
    happens(stripe_gateway, "dispute_won", story.payment.reference)

    by_events(stripe_gateway, story)

    assert (story.payment.wins, story.payment.quarantined, story.payment.left) == (False, True, PRICE)
    assert waits(story)
    assert_all_is_well()


def test_a_dispute_is_written_down_though_a_refund_is_under_way_and_the_refund_goes_on(
    story: Story, stripe_gateway: Sandbox
) -> None:
    stripe_gateway.arm("refund_pending", seconds=30 * 86_400)
    canceled(story)
    work()
    happens(stripe_gateway, "dispute_opened", story.payment.reference)
    looks_at = story.payment.next_look_at

    by_events(stripe_gateway, story)

    assert disputes(story) == [("refund", PRICE, "pending"), ("dispute", PRICE, "pending")]
    assert waits(story)
    assert emails().count("disputed") == 1
    assert story.payment.refunding == PRICE
    assert looks_at is not None
    assert story.payment.next_look_at is not None
    assert story.payment.next_look_at - looks_at < DAY


def test_a_dispute_in_another_currency_is_never_written_down_as_if_it_were_in_ours(
    story: Story, stripe_gateway: Sandbox
) -> None:
    told = [
        Dispute(f"dp_{money}", DisputeBecame.OPEN, word="needs_response", amount=money)
        for money in (Money(77, "USD"), Money(PART, story.payment.currency))
    ]

    apply(story.payment, replace(ask(story.payment, now=SOON), disputes=tuple(told)), now=SOON)

    assert disputes(story) == [("dispute", PART, "pending")]


def test_a_payment_is_looked_at_daily_while_a_dispute_about_it_is_open(
    story: Story, stripe_gateway: Sandbox
) -> None:
    happens(stripe_gateway, "dispute_opened", story.payment.reference)
    by_a_sweep(stripe_gateway, story)

    looks = [by_a_sweep(stripe_gateway, story) for _ in range(3)]

    assert [look - NOW for look in looks] == [2 * DAY, 3 * DAY, 4 * DAY]
    assert emails().count("disputed") == 1


def test_an_event_about_a_dispute_names_only_stripes_own_payment_and_finds_ours(
    story: Story, stripe_gateway: Sandbox
) -> None:
    purchase = Transaction.objects.get(payment=story.payment)
    happens(stripe_gateway, "dispute_opened", story.payment.reference)

    by_events(stripe_gateway, story)

    told = GatewayEvent.objects.filter(event="charge.dispute.created").get()
    assert purchase.gateway_reference.startswith("pi_")
    assert (told.reference, told.result) == (purchase.gateway_reference, "settled")


@pytest.mark.spec("GW-33", "GW-66")
def test_money_that_a_bank_has_is_seen_to_be_gone_also_when_no_refund_of_it_could_be_made(
    story: Story, stripe_gateway: Sandbox
) -> None:
    happens(stripe_gateway, "dispute_opened", story.payment.reference)
    canceled(story)
    for _ in range(4):  # the refund, each that is made anew, and the sweep
        by_a_sweep(stripe_gateway, story)

    assert [state for kind, _, state in disputes(story) if kind == "refund"] == ["failed"] * 3
    assert disputes(story)[-1] == ("dispute", PRICE, "pending")
    assert story.payment.left == 0


def test_of_two_businesses_with_one_account_at_stripe_the_one_that_was_paid_hears_of_a_dispute(
    practice: Practice, sandbox: Sandbox, stripe_gateway: Sandbox
) -> None:
    ours = practice.account
    twin = {"credentials": ours.credentials, "base_urls": ours.base_urls}
    other = new_practice(sandbox, slug="other")
    other.account.delete()
    GatewayAccount.objects.create(business=other.business, gateway="stripe", **twin)
    GatewayAccount.objects.filter(pk=ours.pk).delete()
    practice.account = GatewayAccount.objects.create(business=practice.business, gateway="stripe", **twin)
    forget_senders()
    story = bought(stripe_gateway, at(practice.offering, "10:00"))
    happens(stripe_gateway, "dispute_opened", story.payment.reference)

    by_events(stripe_gateway, story)

    told = GatewayEvent.objects.filter(event="charge.dispute.created").get()
    assert (told.account_id, told.result) == (practice.account.pk, "settled")
    assert disputes(story) == [("dispute", PRICE, "pending")]

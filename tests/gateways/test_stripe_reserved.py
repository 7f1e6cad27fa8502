"""What Stripe does wrong with money that is reserved or goes back, played through the whole engine.

Each row carries its id in ``docs/gateway-misbehaviours.md``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from holdfast.flows.asking import StillUnknown
from holdfast.flows.cancellation import cancel_booking
from holdfast.flows.reconciliation import reconcile
from holdfast.flows.settlement import settle
from holdfast.flows.watching import money_waiting_on_a_person
from holdfast.kernel.errors import CaptureFailed
from tests.flows.books import everything
from tests.gateways.story import PRICE, deliver_all
from tests.support.practice import NOW, Practice
from tests.support.sandbox import Sandbox
from tests.support.stripe import happens
from tests.support.ways import (
    AUTHORIZE,
    SOON,
    TRADE,
    Sold,
    assert_all_is_well,
    at_the_gateway,
    calls_since,
    sold,
    waiting,
)
from tests.support.worker import work

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RESERVED = ("authorize", "succeeded")
on_stripe = pytest.mark.parametrize("reserving", ["stripe"], indirect=True)

# ---- money that is reserved -----------------------------------------------------------------------------


@pytest.mark.spec("GW-58")
@on_stripe
def test_a_complete_session_that_is_unpaid_is_reserved_and_waits_for_its_answer(
    practice: Practice, reserving: Sandbox
) -> None:
    story = waiting(practice, reserving, AUTHORIZE)

    assert story.stands == ("authorized", "completed", "pending_approval", "taken")
    assert story.movements == [RESERVED]
    assert story.payment.transactions.get().gateway_reference.startswith("pi_")


@pytest.mark.spec("GW-52")
@on_stripe
def test_the_time_to_answer_comes_from_the_authorizations_own_deadline(
    practice: Practice, reserving: Sandbox
) -> None:
    reserving.arm("authorization_short", seconds=int(DAY.total_seconds()))
    story = waiting(practice, reserving, AUTHORIZE)

    assert story.payment.capture_before is not None
    assert timedelta(hours=23) < story.payment.capture_before - NOW < timedelta(hours=25)
    assert story.booking.answer_by == story.payment.capture_before - HOUR


STORED = ["500_stored", "500_stored_undone", "key_in_use", "lock_timeout"]


@pytest.mark.spec("GW-41", "GW-42", "GW-45")
@on_stripe
@pytest.mark.parametrize("trouble", STORED)
def test_a_capture_whose_key_answers_no_more_than_an_error_is_made_once(
    practice: Practice, reserving: Sandbox, trouble: str
) -> None:
    story = waiting(practice, reserving, AUTHORIZE)
    reserving.arm(f"capture_{trouble}")

    with pytest.raises(StillUnknown):
        story.approve()
    ask_on(story)

    assert story.stands == ("captured", "completed", "confirmed", "taken")
    assert story.movements == [RESERVED, ("capture", "succeeded")]
    assert at_the_gateway(reserving, story.checkout.reference) == ("captured", 0)
    assert_all_is_well()


@pytest.mark.spec("GW-41")
@on_stripe
@pytest.mark.parametrize("trouble", STORED[:2])
def test_a_cancel_whose_key_answers_no_more_than_an_error_is_made_once(
    practice: Practice, reserving: Sandbox, trouble: str
) -> None:
    story = waiting(practice, reserving, AUTHORIZE)
    reserving.arm(f"void_{trouble}")
    story.decline()

    assert not story.resolve()
    ask_on(story)

    assert story.movements == [RESERVED, ("void", "succeeded")]
    assert at_the_gateway(reserving, story.checkout.reference) == ("voided", 0)
    assert_all_is_well()


@pytest.mark.spec("GW-54")
@on_stripe
def test_what_an_older_version_shows_as_a_refund_when_money_is_set_free_is_none(
    practice: Practice, reserving: Sandbox
) -> None:
    reserving.add_merchant("HOLDFAST_DEMO", api_version="2024-06-20")
    story = waiting(practice, reserving, AUTHORIZE)
    story.decline()

    work()
    settle(story.payment.pk, now=SOON + HOUR)
    reserving.add_merchant("HOLDFAST_DEMO", api_version="2026-10-28.endive")

    assert story.movements == [RESERVED, ("void", "succeeded")]
    assert (story.payment.state, story.payment.refunded, story.payment.reversed) == ("voided", 0, 0)
    assert_all_is_well()


@pytest.mark.spec("GW-51")
@on_stripe
@pytest.mark.parametrize("version", ["2024-06-20", "2026-10-28.endive"])
def test_an_authorization_that_has_lapsed_confirms_nothing_whatever_word_it_is_told_in(
    practice: Practice, reserving: Sandbox, version: str
) -> None:
    reserving.add_merchant("HOLDFAST_DEMO", api_version=version)
    story = waiting(practice, reserving, AUTHORIZE)
    reserving.arm("capture_in_other_words")
    reserving.arm("look_up_flap", 2)
    reserving.advance(6 * DAY.total_seconds())

    with pytest.raises((CaptureFailed, StillUnknown)):
        story.approve()
    reconcile(now=SOON + HOUR)
    reserving.add_merchant("HOLDFAST_DEMO", api_version="2026-10-28.endive")

    assert story.stands == ("expired", "placed", "pending_payment", "held")
    assert story.payment.reversed == 0
    assert_all_is_well(now=SOON + HOUR)


@pytest.mark.spec("GW-9")
@on_stripe
def test_events_that_come_when_the_booking_has_been_declined_change_nothing(
    practice: Practice, reserving: Sandbox
) -> None:
    story = waiting(practice, reserving, AUTHORIZE)
    early = reserving.webhooks(story.checkout.reference)
    story.decline()
    work()
    books = everything()

    statuses = deliver_all(reserving, story.checkout)

    after = everything()
    assert len(statuses) > len(early)
    assert set(statuses) == {200}
    del books["GatewayEvent"], after["GatewayEvent"]
    assert [row | {"next_look_at": None} for row in after["Payment"]] == [
        row | {"next_look_at": None} for row in books["Payment"]
    ]
    assert after["Transaction"] == books["Transaction"]
    assert after["Booking"] == books["Booking"]


def ask_on(story: Sold, *, turns: int = 1) -> None:
    """The reconciler looks whenever it is time to."""
    for _ in range(turns):
        when = story.payment.next_look_at
        assert when is not None
        reconcile(now=when)


# ---- money that goes back -------------------------------------------------------------------------------


def canceled(practice: Practice, gateway: Sandbox, **armed: Any) -> Sold:
    """Money was taken at once, and the booking canceled: all of it goes back."""
    story = sold(practice, AUTHORIZE)
    gateway.settle(story.checkout.reference)
    settle(story.payment.pk, now=SOON)
    story.approve()
    for name, extra in armed.items():
        gateway.arm(name, **extra)
    cancel_booking(story.booking.reference, by=story.user, trade=TRADE, now=SOON)
    return story


@on_stripe
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("refund_500_stored", marks=pytest.mark.spec("GW-41", "GW-64")),
        pytest.param("refund_500_stored_undone", marks=pytest.mark.spec("GW-41")),
        pytest.param("refund_500_after", marks=pytest.mark.spec("GW-38", "GW-64")),
        pytest.param("refund_pending", marks=pytest.mark.spec("GW-61")),
    ],
)
def test_a_refund_is_made_once_whatever_is_answered(
    practice: Practice, reserving: Sandbox, name: str
) -> None:
    story = canceled(practice, reserving, **{name: {"seconds": 60}})

    rounds(reserving, 0.1, 1, 2, 3)

    assert story.movements[-1] == ("refund", "succeeded")
    assert at_the_gateway(reserving, story.checkout.reference)[1] == story.payment.refunded == PRICE
    assert_all_is_well(now=SOON + 3 * HOUR)


@pytest.mark.spec("GW-63")
@on_stripe
def test_a_refund_that_fails_after_it_has_succeeded_is_owed_again_and_made(
    practice: Practice, reserving: Sandbox
) -> None:
    story = canceled(practice, reserving, refund_fails_after_success={"seconds": 60})
    work()
    assert story.payment.refunded == PRICE
    reserving.advance(61)

    deliver_all(reserving, story.checkout)
    rounds(reserving, 0.1, 1)

    kinds = [kind for kind, _ in story.movements]
    assert kinds == ["authorize", "capture", "refund", "refund_failed", "refund"]
    assert at_the_gateway(reserving, story.checkout.reference)[1] == story.payment.refunded == PRICE
    assert_all_is_well(now=SOON + HOUR)


@pytest.mark.spec("GW-66")
@on_stripe
def test_a_refund_of_what_is_disputed_waits_for_a_person(practice: Practice, reserving: Sandbox) -> None:
    story = canceled(practice, reserving, refund_refused={"times": 9})

    rounds(reserving, 0.1, 2, 3, 20, 21)

    assert [state for kind, state in story.movements if kind == "refund"] == ["failed"] * 3
    assert story.payment in money_waiting_on_a_person()
    assert at_the_gateway(reserving, story.checkout.reference)[1] == story.payment.refunded == 0


@pytest.mark.spec("GW-65")
@on_stripe
def test_a_refund_of_more_than_stripe_has_left_is_refused_and_the_books_follow(
    practice: Practice, reserving: Sandbox
) -> None:
    story = sold(practice, AUTHORIZE)
    reserving.settle(story.checkout.reference)
    settle(story.payment.pk, now=SOON)
    story.approve()
    happens(reserving, "refunded_outside", story.checkout.reference, amount=PRICE // 2)
    before = reserving.calls()
    cancel_booking(story.booking.reference, by=story.user, trade=TRADE, now=SOON)

    rounds(reserving, 0.1, 2, 20, 21)
    settle(story.payment.pk, now=SOON + DAY)

    assert calls_since(reserving, before) == {"refund": 3}
    assert [state for kind, state in story.movements if kind == "refund"] == ["failed"] * 3
    assert at_the_gateway(reserving, story.checkout.reference)[1] == PRICE // 2
    assert story.payment.reversed == PRICE // 2


def rounds(gateway: Sandbox, *hours: float) -> None:
    """The worker works, time goes on at Stripe, and the reconciler comes by."""
    for later in hours:
        work()
        gateway.advance(61)
        reconcile(now=SOON + timedelta(hours=later))

"""What Stripe does wrong with money and time, played through the whole engine.

Each row carries its id in ``docs/gateway-misbehaviours.md``. The stories of reserved money in ``tests/flows``
are told of Stripe as well; what is signed and spelled in a wrong way is tried closer in the adapter's tests.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from holdfast.booking.models import Booking
from holdfast.flows.asking import StillUnknown
from holdfast.flows.cancellation import cancel_booking
from holdfast.flows.reconciliation import reconcile
from holdfast.flows.settlement import settle
from holdfast.flows.watching import money_waiting_on_a_person
from holdfast.kernel.errors import CaptureFailed, Unavailable
from holdfast.payments.models import Payment
from holdfast.platform.models import GatewayEvent
from tests.flows.books import everything, nothing_booked, standing_of
from tests.flows.door import PATH, open_door
from tests.gateways.story import OPEN, PRICE, Fault, booked_once, deliver_all, fault, happened, look_on, paid
from tests.support.practice import NOW, Practice, held, payment_of
from tests.support.sandbox import Sandbox
from tests.support.stripe import WEBHOOK_PATH, happens
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

# ---- paid in the end, whatever happened -----------------------------------------------------------------

BOOKED_ALL_THE_SAME = [
    pytest.param(fault("webhook_doubled", copies=3), marks=pytest.mark.spec("GW-1")),
    pytest.param(fault("webhook_twin"), marks=pytest.mark.spec("GW-2")),
    pytest.param(fault("webhook_two_signatures"), marks=pytest.mark.spec("GW-17")),
    pytest.param(fault("webhook_wrong_amount", 9), marks=pytest.mark.spec("GW-21")),
    pytest.param(fault("presented_in_another_currency"), marks=pytest.mark.spec("GW-22")),
    pytest.param(fault("look_up_another_payment", 2), marks=pytest.mark.spec("GW-28")),
    pytest.param(fault("pay_pending", reads=2), marks=pytest.mark.spec("GW-29")),
    pytest.param(fault("look_up_flap", 6), marks=pytest.mark.spec("GW-35")),
    pytest.param(fault("look_up_lag", 3), marks=pytest.mark.spec("GW-36")),
    pytest.param(fault("retrieve_session_500_after", 2), marks=pytest.mark.spec("GW-38")),
    pytest.param(fault("retrieve_session_reset_after", 2), marks=pytest.mark.spec("GW-39")),
    pytest.param(fault("retrieve_session_429", 2, seconds=30), marks=pytest.mark.spec("GW-45")),
    pytest.param(fault("retrieve_session_html", 2), marks=pytest.mark.spec("GW-46")),
    pytest.param(fault("webhook_truncated"), marks=pytest.mark.spec("GW-46")),
    pytest.param(fault("look_up_unknown_state", 2), marks=pytest.mark.spec("GW-47")),
    pytest.param(fault("webhook_unknown_event"), marks=pytest.mark.spec("GW-47")),
    pytest.param(fault("webhook_old_version", 9), marks=pytest.mark.spec("GW-74")),
]


@pytest.mark.parametrize("armed", BOOKED_ALL_THE_SAME, ids=lambda armed: armed[0])
def test_who_has_paid_is_booked_once_whatever_stripe_did(
    practice: Practice, stripe_gateway: Sandbox, armed: Fault
) -> None:
    checkout = paid(practice, stripe_gateway, armed)

    statuses = deliver_all(stripe_gateway, checkout)
    look_on(stripe_gateway)
    deliver_all(stripe_gateway, checkout, backwards=True)

    assert happened(stripe_gateway, armed)
    assert set(statuses) == {200}
    assert booked_once(checkout)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("webhook_wrong_signature", marks=pytest.mark.spec("GW-12")),
        pytest.param("webhook_without_signature", marks=pytest.mark.spec("GW-13")),
        pytest.param("webhook_old_scheme", marks=pytest.mark.spec("GW-13")),
        pytest.param("webhook_old", marks=pytest.mark.spec("GW-15")),
        pytest.param("webhook_from_the_future", marks=pytest.mark.spec("GW-16")),
        pytest.param("webhook_other_mode", marks=pytest.mark.spec("GW-17")),
    ],
)
def test_an_event_that_is_not_stripes_or_not_of_now_is_refused_and_the_payment_found_without_it(
    practice: Practice, stripe_gateway: Sandbox, name: str
) -> None:
    checkout = paid(practice, stripe_gateway, fault(name, 9))

    statuses = deliver_all(stripe_gateway, checkout)
    assert set(statuses) == {401}
    assert not GatewayEvent.objects.filter(verified=True).exists()
    assert standing_of(checkout.reference) == OPEN
    look_on(stripe_gateway)

    assert booked_once(checkout)


@pytest.mark.spec("GW-5", "GW-6", "GW-71")
def test_who_has_paid_is_booked_though_stripe_tells_nothing(
    practice: Practice, stripe_gateway: Sandbox
) -> None:
    checkout = paid(practice, stripe_gateway, fault("webhook_lost", 9))

    look_on(stripe_gateway)

    assert not GatewayEvent.objects.exists()
    assert booked_once(checkout)


@pytest.mark.spec("GW-8", "GW-11")
def test_events_that_come_again_and_in_the_wrong_order_book_once(
    practice: Practice, stripe_gateway: Sandbox
) -> None:
    stripe_gateway.arm("webhook_lost", 9)
    checkout = held(practice)
    stripe_gateway.settle(checkout.reference, "fail")
    stripe_gateway.settle(checkout.reference)

    statuses = deliver_all(stripe_gateway, checkout, backwards=True)

    assert len(statuses) > 4
    assert set(statuses) == {200}
    assert booked_once(checkout)


@pytest.mark.spec("GW-3")
def test_an_event_that_is_quicker_than_the_answer_to_our_start_is_kept_and_settled(
    practice: Practice, stripe_gateway: Sandbox
) -> None:
    with open_door() as door:
        stripe_gateway.add_merchant("HOLDFAST_DEMO", webhook_url=door.url.replace(PATH, WEBHOOK_PATH))
        stripe_gateway.arm("webhook_before_start_answer")
        checkout = held(practice)
        came_before = GatewayEvent.objects.count()
        stripe_gateway.add_merchant("HOLDFAST_DEMO", webhook_url="")

    work()
    look_on(stripe_gateway)

    assert came_before > 0
    assert booked_once(checkout)


@pytest.mark.spec("GW-37")
def test_who_goes_back_from_stripes_page_and_pays_in_another_tab_is_booked(
    practice: Practice, stripe_gateway: Sandbox
) -> None:
    checkout = held(practice)
    stripe_gateway.settle(checkout.reference, "cancel")
    settle(payment_of(checkout).pk, now=SOON)
    assert standing_of(checkout.reference) == OPEN
    stripe_gateway.settle(checkout.reference)

    look_on(stripe_gateway)

    assert booked_once(checkout)


@pytest.mark.parametrize(
    ("armed", "took"),
    [
        pytest.param(fault("amount_higher"), (PRICE + 100, "INR"), marks=pytest.mark.spec("GW-21")),
        pytest.param(fault("amount_lower"), (PRICE - 100, "INR"), marks=pytest.mark.spec("GW-21")),
        pytest.param(fault("paid_in_another_currency"), (PRICE, "INR"), marks=pytest.mark.spec("GW-22")),
    ],
)
def test_another_amount_or_currency_is_quarantined_and_books_nothing(
    practice: Practice, stripe_gateway: Sandbox, armed: Fault, took: tuple[int, str]
) -> None:
    checkout = paid(practice, stripe_gateway, armed)

    look_on(stripe_gateway)

    payment = payment_of(checkout)
    assert (payment.captured, payment.currency) == took
    assert (payment.quarantined, payment.wins) == (True, False)
    assert not Booking.objects.exists()


# ---- the session ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("create_session_500_after", marks=pytest.mark.spec("GW-38")),
        pytest.param("create_session_500_stored", marks=pytest.mark.spec("GW-41")),
        pytest.param("create_session_reset_after", marks=pytest.mark.spec("GW-39")),
    ],
)
def test_a_session_whose_answer_was_lost_is_found_by_our_reference_and_its_money_too(
    practice: Practice, stripe_gateway: Sandbox, name: str
) -> None:
    before = stripe_gateway.calls().get("create_session", 0)
    checkout = paid(practice, stripe_gateway, fault(name))
    assert checkout.payment_url is None

    look_on(stripe_gateway)

    assert booked_once(checkout)
    assert payment_of(checkout).gateway_reference.startswith("cs_test_")
    assert stripe_gateway.calls()["create_session"] == before + 1


@pytest.mark.spec("GW-40")
@pytest.mark.parametrize("name", ["create_session_500_before", "create_session_key_in_use"])
def test_a_session_that_was_never_opened_frees_its_time(
    practice: Practice, stripe_gateway: Sandbox, name: str
) -> None:
    stripe_gateway.arm(name)
    lost = held(practice)
    assert lost.payment_url is None

    look_on(stripe_gateway)

    assert standing_of(lost.reference)[1:] == ("expired", "released")
    assert nothing_booked()


@pytest.mark.spec("GW-59")
def test_a_session_is_closed_when_the_time_to_pay_is_over_though_stripe_keeps_it_longer(
    practice: Practice, stripe_gateway: Sandbox
) -> None:
    checkout = held(practice)
    over = payment_of(checkout).expires_at
    assert over == NOW + timedelta(seconds=payment_of(checkout).order.terms.pay_within)

    settle(payment_of(checkout).pk, now=over - timedelta(seconds=1))
    assert at_the_gateway(stripe_gateway, checkout.reference) == ("open", 0)
    settle(payment_of(checkout).pk, now=over)

    assert at_the_gateway(stripe_gateway, checkout.reference) == ("expired", 0)
    assert standing_of(checkout.reference) == ("expired", "expired", "released")


@pytest.mark.spec("GW-59")
def test_who_pays_while_the_session_is_being_closed_is_booked(
    practice: Practice, stripe_gateway: Sandbox
) -> None:
    checkout = held(practice)
    over = payment_of(checkout).expires_at
    assert over is not None
    stripe_gateway.arm("expire_races_payment", only=checkout.reference)

    settle(payment_of(checkout).pk, now=over)

    assert booked_once(checkout)
    assert_all_is_well(now=over)


@pytest.mark.spec("GW-76")
def test_a_key_of_the_other_mode_sells_nothing_and_holds_nothing(
    practice: Practice, stripe_gateway: Sandbox
) -> None:
    practice.account.credentials = practice.account.credentials | {"secret_key": "sk_live_holdfast"}
    practice.account.save()
    before = stripe_gateway.calls().get("create_session", 0)

    with pytest.raises(Unavailable):
        held(practice)

    assert stripe_gateway.calls().get("create_session", 0) == before
    assert standing_of(Payment.objects.get().reference) == ("failed", "expired", "released")


@pytest.mark.spec("GW-70")
@pytest.mark.parametrize("seconds", [-500, 500])
def test_where_our_clock_differs_by_minutes_a_session_is_opened_and_a_lost_one_found(
    practice: Practice, stripe_gateway: Sandbox, seconds: int
) -> None:
    ours = NOW + timedelta(seconds=seconds)
    stripe_gateway.arm("create_session_500_after")
    lost, opened = held(practice, now=ours), held(practice, at="11:00", now=ours)
    stripe_gateway.settle(lost.reference)

    settle(payment_of(lost).pk, now=ours + timedelta(minutes=1))

    assert (lost.payment_url, opened.payment_url is None) == (None, False)
    assert booked_once(lost)


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

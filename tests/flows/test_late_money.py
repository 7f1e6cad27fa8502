"""Money that comes when nobody expects it: it becomes a booking if the time is free, and goes back if not."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.core import mail

from holdfast.availability.models import Allocation
from holdfast.booking.models import Booking
from holdfast.flows.actors import Shopper
from holdfast.flows.ending import expire_orders
from holdfast.flows.gateways import gateway_for
from holdfast.flows.paying import Checkout
from holdfast.flows.reconciliation import reconcile
from holdfast.flows.refunds import pursue
from holdfast.flows.returning import release_hold, standing
from holdfast.flows.settlement import settle
from holdfast.flows.watching import money_waiting_on_a_person
from holdfast.kernel.errors import Conflict, NotFound
from holdfast.payments.actions import write_intent
from holdfast.payments.gateways.base import Start
from holdfast.payments.models import Payment, Transaction
from holdfast.platform.db import transaction
from holdfast.surfaces.astrology.terms import TERMS
from tests.flows.books import everything, jobs, nothing_booked, standing_of
from tests.flows.died import Died, died_after
from tests.support.practice import NOW, Practice, held, new_user, payment_of
from tests.support.racing import kinds, race
from tests.support.sandbox import Sandbox
from tests.support.worker import work

AFTER = NOW + timedelta(minutes=13)  # the hold lasts twelve
LATE = NOW + timedelta(minutes=20)
GONE_BACK = {"confirmed": 0, "refunded": 1}


@pytest.fixture
def abandoned(practice: Practice) -> Checkout:
    """A checkout that nobody paid while its hold lasted."""
    checkout = held(practice)
    expire_orders(now=AFTER)
    return checkout


def mails() -> list[str]:
    """The subjects of what was sent, in order."""
    return [str(sent.subject) for sent in mail.outbox]


def refunded_at_the_gateway(sandbox: Sandbox, reference: str) -> int:
    return next(int(one["refunded"]) for one in sandbox.ledger() if one["reference"] == reference)


def refund_is_through(sandbox: Sandbox, *, now: object = LATE) -> None:
    """The refund was sent; the gateway takes its two steps, and we ask again."""
    work()
    sandbox.advance(10)
    reconcile(now=LATE + timedelta(minutes=2))
    reconcile(now=LATE + timedelta(minutes=4))


@pytest.mark.spec("BC-5", "AST-8")
def test_an_abandoned_payment_leaves_no_booking_and_frees_its_time(practice: Practice) -> None:
    checkout = held(practice)

    expire_orders(now=NOW + timedelta(minutes=12) - timedelta(microseconds=1))
    assert standing_of(checkout.reference) == ("pending", "placed", "held")
    expire_orders(now=NOW + timedelta(minutes=12))

    assert standing_of(checkout.reference) == ("pending", "expired", "released")
    assert nothing_booked()
    assert held(practice, now=AFTER).payment_url


@pytest.mark.spec("BC-7")
def test_a_payment_whose_order_has_expired_is_asked_about_on(abandoned: Checkout) -> None:
    looked_at = [reconcile(now=NOW + timedelta(hours=hours)) for hours in range(1, 30)]

    assert sum(looked_at) > 10
    assert payment_of(abandoned).next_look_at


@pytest.mark.spec("BC-9")
def test_late_money_for_a_time_that_is_still_free_becomes_the_booking(
    abandoned: Checkout, sandbox: Sandbox
) -> None:
    sandbox.settle(abandoned.reference)

    settle(payment_of(abandoned).pk, now=LATE)

    payment = payment_of(abandoned)
    assert standing_of(abandoned.reference) == ("captured", "completed", "taken")
    assert (payment.wins, payment.reason, payment.order.reason) == (True, "", "")
    assert sorted(Allocation.objects.values_list("state", flat=True)) == ["released", "taken"]
    assert jobs() == {"email": 1}
    assert standing(abandoned.reference, now=LATE).status == "SUCCESS"


@pytest.mark.spec("BC-9")
def test_late_money_for_a_time_that_is_gone_goes_back_and_the_customer_is_told(
    practice: Practice, abandoned: Checkout, sandbox: Sandbox
) -> None:
    rival = held(practice, now=AFTER)
    sandbox.settle(abandoned.reference)

    settle(payment_of(abandoned).pk, now=LATE)
    refund_is_through(sandbox)

    payment = payment_of(abandoned)
    assert standing_of(abandoned.reference) == ("captured", "expired", "released")
    assert standing_of(rival.reference) == ("pending", "placed", "held")
    assert (payment.captured, payment.refunding, payment.refunded) == (199_900, 0, 199_900)
    assert (payment.wins, payment.reason) == (False, "slot_lost")
    assert payment.next_look_at is not None  # a refund may fail after it has succeeded
    assert refunded_at_the_gateway(sandbox, abandoned.reference) == 199_900
    assert not Booking.objects.exists()
    assert mails() == ["Your payment for Gemstone Consultation goes back to you"]
    after = standing(abandoned.reference, now=LATE)
    assert (after.status, after.reason) == ("REFUNDED", "slot_lost")


@pytest.mark.spec("BC-9")
def test_money_for_a_hold_that_a_rival_has_swept_away_goes_back_and_ends_the_order(
    practice: Practice, sandbox: Sandbox
) -> None:
    first = held(practice)
    rival = held(practice, now=AFTER)  # the sweeper has not been here: the order is still placed
    sandbox.settle(first.reference)

    settle(payment_of(first).pk, now=AFTER)

    assert standing_of(first.reference) == ("captured", "expired", "released")
    assert payment_of(first).order.reason == "slot_lost"
    assert payment_of(first).refunding == 199_900
    assert standing_of(rival.reference) == ("pending", "placed", "held")


@pytest.mark.spec("BC-9")
def test_money_that_comes_when_the_consultation_has_begun_goes_back(
    abandoned: Checkout, sandbox: Sandbox
) -> None:
    sandbox.settle(abandoned.reference)

    settle(payment_of(abandoned).pk, now=NOW + timedelta(days=1))

    assert standing_of(abandoned.reference) == ("captured", "expired", "released")
    assert payment_of(abandoned).refunding == 199_900


@pytest.mark.spec("BC-9")
def test_money_for_a_time_that_its_customer_has_let_go_goes_back(
    practice: Practice, sandbox: Sandbox
) -> None:
    user = new_user()
    checkout = held(practice, user=user)
    release_hold(checkout.reference, by=Shopper(user, None), now=NOW)
    assert standing_of(checkout.reference) == ("pending", "canceled", "released")
    sandbox.settle(checkout.reference)

    settle(payment_of(checkout).pk, now=LATE)

    assert standing_of(checkout.reference) == ("captured", "canceled", "released")
    assert payment_of(checkout).refunding == 199_900
    assert payment_of(checkout).reason == "canceled"


def test_a_time_that_has_been_paid_meanwhile_is_not_let_go(practice: Practice, sandbox: Sandbox) -> None:
    user = new_user()
    checkout = held(practice, user=user)
    sandbox.settle(checkout.reference)

    with pytest.raises(Conflict, match="paid for meanwhile"):
        release_hold(checkout.reference, by=Shopper(user, None), now=LATE)

    assert standing_of(checkout.reference) == ("captured", "completed", "taken")


@pytest.mark.spec("BC-9", "BC-10")
def test_a_failed_payment_that_succeeds_after_all_becomes_the_booking(
    practice: Practice, sandbox: Sandbox
) -> None:
    sandbox.arm("failed_then_completed", reads=1)
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    settle(payment_of(checkout).pk, now=NOW)
    assert standing_of(checkout.reference) == ("failed", "expired", "released")

    reconcile(now=NOW + timedelta(minutes=6))
    reconcile(now=NOW + timedelta(minutes=12))

    assert standing_of(checkout.reference) == ("captured", "completed", "taken")
    assert jobs() == {"email": 1}


@pytest.mark.spec("BC-9")
def test_a_customer_who_pays_on_an_old_page_after_a_failure_is_booked_or_repaid(
    practice: Practice, sandbox: Sandbox
) -> None:
    sandbox.arm("late_success")
    checkout = held(practice)
    sandbox.settle(checkout.reference, "fail")
    settle(payment_of(checkout).pk, now=NOW)
    rival = held(practice, now=NOW)
    sandbox.settle(rival.reference)
    settle(payment_of(rival).pk, now=NOW)
    sandbox.settle(checkout.reference)

    settle(payment_of(checkout).pk, now=LATE)

    assert standing_of(rival.reference) == ("captured", "completed", "taken")
    assert standing_of(checkout.reference) == ("captured", "expired", "released")
    assert payment_of(checkout).refunding == 199_900
    assert Booking.objects.get().line.order_id == payment_of(rival).order_id


@pytest.mark.spec("BC-9", "BC-7")
def test_a_bank_that_answers_after_the_gateways_own_expiry_is_heard(
    practice: Practice, sandbox: Sandbox
) -> None:
    sandbox.arm("success_after_expiry", seconds=60)
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    sandbox.advance(601)
    settle(payment_of(checkout).pk, now=LATE)
    assert standing_of(checkout.reference) == ("failed", "expired", "released")
    assert payment_of(checkout).reason == "expired"

    sandbox.advance(60)
    reconcile(now=LATE + timedelta(minutes=10))

    assert standing_of(checkout.reference) == ("captured", "completed", "taken")


@pytest.mark.spec("BC-10")
@pytest.mark.parametrize("outcome", ["fail", "cancel"])
def test_a_no_is_asked_about_for_two_days_and_then_no_more(
    practice: Practice, sandbox: Sandbox, outcome: str
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference, outcome)
    settle(payment_of(checkout).pk, now=NOW)

    looks = 0
    for hours in range(1, 24 * 5):
        looks += reconcile(now=NOW + timedelta(hours=hours))

    assert 20 < looks < 60
    assert payment_of(checkout).next_look_at is None
    assert nothing_booked()


@pytest.mark.spec("BC-12")
def test_late_money_is_given_back_once_however_often_it_is_settled(
    practice: Practice, abandoned: Checkout, sandbox: Sandbox
) -> None:
    held(practice, now=AFTER)
    sandbox.settle(abandoned.reference)
    settle(payment_of(abandoned).pk, now=LATE)
    before = everything()

    settle(payment_of(abandoned).pk, now=LATE)
    assert everything() == before
    refund_is_through(sandbox)
    for _ in range(3):
        settle(payment_of(abandoned).pk, now=LATE + timedelta(hours=1))

    refunds = Transaction.objects.filter(kind="refund")
    assert [(refund.amount, refund.state) for refund in refunds] == [(199_900, "succeeded")]
    assert refunded_at_the_gateway(sandbox, abandoned.reference) == 199_900
    assert len(mails()) == 1


REFUND_TROUBLES = [
    "refund_500_before",
    "refund_500_after",
    "refund_reset_after",
    "refund_truncated",
    "refund_excess",
    "refund_not_found",
    "refund_unknown_state",
    "refund_status_500_before",
    "refund_status_html",
    "refund_401",
]


@pytest.mark.spec("BC-12", "BC-7")
@pytest.mark.parametrize("fault", REFUND_TROUBLES)
def test_a_refund_is_pursued_until_it_is_through_and_never_made_twice(
    practice: Practice, abandoned: Checkout, sandbox: Sandbox, fault: str
) -> None:
    held(practice, now=AFTER)
    sandbox.settle(abandoned.reference)
    settle(payment_of(abandoned).pk, now=LATE)
    sandbox.arm(fault, 2)

    work()
    for minutes in range(2, 14, 2):
        sandbox.advance(3)
        reconcile(now=LATE + timedelta(minutes=minutes))

    payment = payment_of(abandoned)
    assert (payment.captured, payment.refunding, payment.refunded) == (199_900, 0, 199_900)
    assert refunded_at_the_gateway(sandbox, abandoned.reference) == 199_900
    assert [refund.state for refund in Transaction.objects.filter(kind="refund")] == ["succeeded"]
    assert payment.next_look_at is not None  # a refund may fail after it has succeeded


@pytest.mark.spec("BC-12")
def test_a_refund_that_is_stuck_for_days_is_asked_about_and_not_repeated(
    practice: Practice, abandoned: Checkout, sandbox: Sandbox
) -> None:
    held(practice, now=AFTER)
    sandbox.settle(abandoned.reference)
    settle(payment_of(abandoned).pk, now=LATE)
    sandbox.arm("refund_stuck", seconds=3600)
    before = sandbox.calls().get("refund", 0)

    work()
    for minutes in range(2, 60, 2):
        reconcile(now=LATE + timedelta(minutes=minutes))
    assert payment_of(abandoned).refunding == 199_900
    sandbox.advance(3601)
    for minutes in range(60, 66, 2):
        reconcile(now=LATE + timedelta(minutes=minutes))

    assert payment_of(abandoned).refunded == 199_900
    assert sandbox.calls()["refund"] - before == 1


@pytest.mark.spec("BC-12")
def test_a_refund_that_fails_is_made_anew_under_another_reference(
    practice: Practice, abandoned: Checkout, sandbox: Sandbox
) -> None:
    held(practice, now=AFTER)
    sandbox.settle(abandoned.reference)
    settle(payment_of(abandoned).pk, now=LATE)
    sandbox.arm("refund_fails")

    for minutes in (2, 4, 6, 8, 30):
        work()
        sandbox.advance(3)
        reconcile(now=LATE + timedelta(minutes=minutes))
    at_first = list(Transaction.objects.filter(kind="refund").order_by("id").values_list("key", "state"))
    for minutes in (70, 72, 74, 76):
        sandbox.advance(3)
        reconcile(now=LATE + timedelta(minutes=minutes))

    refunds = Transaction.objects.filter(kind="refund").order_by("id").values_list("key", "state")
    reference = abandoned.reference
    assert at_first == [(f"{reference}-R1", "failed"), (f"{reference}-R2", "pending")]
    assert list(refunds) == [(f"{reference}-R1", "failed"), (f"{reference}-R2", "succeeded")]
    assert payment_of(abandoned).refunded == 199_900
    assert refunded_at_the_gateway(sandbox, reference) == 199_900


@pytest.mark.spec("BC-12")
@pytest.mark.parametrize("fault", ["refund_not_eligible", "refund_forbidden", "refund_window_exceeded"])
def test_a_refund_that_the_gateway_will_not_make_waits_for_a_person(
    practice: Practice, abandoned: Checkout, sandbox: Sandbox, fault: str
) -> None:
    held(practice, now=AFTER)
    sandbox.settle(abandoned.reference)
    settle(payment_of(abandoned).pk, now=LATE)
    sandbox.arm(fault, 10)

    work()
    for hours in (2, 20):
        reconcile(now=LATE + timedelta(hours=hours))

    payment = payment_of(abandoned)
    assert [refund.state for refund in Transaction.objects.filter(kind="refund")] == ["failed"] * 3
    assert (payment.captured, payment.refunding, payment.refunded) == (199_900, 0, 0)
    assert payment.next_look_at == LATE + timedelta(days=1, hours=20)  # it may leave without us yet
    assert waits_for_a_person(payment)
    assert refunded_at_the_gateway(sandbox, abandoned.reference) == 0


def waits_for_a_person(payment: Payment) -> bool:
    return payment in money_waiting_on_a_person()


@pytest.mark.spec("BC-12", "BC-7")
@pytest.mark.parametrize("step", ["WITH moved AS", 'UPDATE "holdfast_payments_payment"'])
def test_a_refund_whose_worker_is_killed_when_the_gateway_has_answered_is_not_made_twice(
    practice: Practice, abandoned: Checkout, sandbox: Sandbox, step: str
) -> None:
    held(practice, now=AFTER)
    sandbox.settle(abandoned.reference)
    settle(payment_of(abandoned).pk, now=LATE)
    refund = Transaction.objects.get(kind="refund")
    pursue(refund.pk, now=LATE)
    pursue(refund.pk, now=LATE)

    with pytest.raises(Died), died_after(step):
        pursue(refund.pk, now=LATE)
    refund.refresh_from_db()
    assert refund.state == "pending"
    for minutes in (2, 4):
        reconcile(now=LATE + timedelta(minutes=minutes))

    refund.refresh_from_db()
    assert refund.state == "succeeded"
    assert payment_of(abandoned).refunded == 199_900
    assert refunded_at_the_gateway(sandbox, abandoned.reference) == 199_900


@pytest.mark.spec("BC-12")
def test_a_refund_that_many_pursue_at_once_is_made_once(
    practice: Practice, abandoned: Checkout, sandbox: Sandbox
) -> None:
    held(practice, now=AFTER)
    sandbox.settle(abandoned.reference)
    settle(payment_of(abandoned).pk, now=LATE)
    refund = Transaction.objects.get(kind="refund").pk

    results = race([partial(pursue, refund, now=LATE) for _ in range(6)])
    refund_is_through(sandbox)

    assert kinds(results) == {"bool": 6}
    assert [one.state for one in Transaction.objects.filter(kind="refund")] == ["succeeded"]
    assert refunded_at_the_gateway(sandbox, abandoned.reference) == 199_900


@pytest.mark.spec("BC-12", "BC-11")
def test_of_two_payments_for_one_order_one_wins_and_the_other_goes_back(
    practice: Practice, sandbox: Sandbox
) -> None:
    first = held(practice)
    second = another_attempt(payment_of(first))
    for reference in (first.reference, second.reference):
        sandbox.settle(reference)

    results = race([partial(settle, pk, now=NOW) for pk in (payment_of(first).pk, second.pk) * 3])
    refund_is_through(sandbox)

    assert kinds(results) == {"Payment": 6}
    won, lost = Payment.objects.order_by("-wins")
    assert (won.wins, won.captured, won.refunded) == (True, 199_900, 0)
    assert (lost.wins, lost.captured, lost.refunded, lost.reason) == (False, 199_900, 199_900, "paid twice")
    assert Booking.objects.count() == 1
    assert Allocation.objects.get().state == "taken"
    assert standing(won.reference, now=LATE).status == "SUCCESS"
    assert standing(lost.reference, now=LATE).status == "REFUNDED"


def another_attempt(payment: Payment) -> Payment:
    """A second payment of the same due, open at the gateway: the customer went back and tried again."""
    with transaction():
        attempt = write_intent(
            payment.due,
            order=payment.order,
            account=payment.account,
            reference=f"{payment.reference}-2",
            first_look_at=NOW,
            by="nobody",
            now=NOW,
        )
    wanted = Start(attempt.reference, attempt.money, "https://yourapp.com", timedelta(minutes=10))
    started = gateway_for(payment.account).start(wanted, now=NOW)
    with transaction():
        attempt.move("start", by="customer:1", at=NOW, payment_url=started.url)
    return attempt


def test_letting_go_twice_is_letting_go_once(practice: Practice) -> None:
    user = new_user()
    checkout = held(practice, user=user)
    release_hold(checkout.reference, by=Shopper(user, None), now=NOW)
    before = everything()

    assert release_hold(checkout.reference, by=Shopper(user, None), now=NOW).status == "CANCELLED"

    assert everything() == before


def test_nobody_lets_go_of_anothers_time(practice: Practice) -> None:
    checkout = held(practice)
    before = everything()

    with pytest.raises(NotFound):
        release_hold(checkout.reference, by=Shopper(new_user(), None), now=NOW)

    assert everything() == before


@pytest.mark.spec("BC-9")
def test_a_hold_outlasts_the_gateways_own_expiry(practice: Practice, sandbox: Sandbox) -> None:
    sandbox.arm("pay_expire_at_skew", seconds=7 * 86_400)
    checkout = held(practice)

    payment = payment_of(checkout)
    assert payment.expires_at
    keeps_until = payment.expires_at + timedelta(seconds=TERMS.margin)
    assert keeps_until > NOW + TERMS.hold_for
    assert payment.order.expires_at == Allocation.objects.get().held_until == keeps_until
    expire_orders(now=keeps_until - timedelta(seconds=1))
    assert standing_of(checkout.reference) == ("pending", "placed", "held")

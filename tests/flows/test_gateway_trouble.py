"""What a gateway does wrong while we ask it for the truth: nothing is guessed, and all ends well."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from holdfast.booking.models import Booking
from holdfast.flows.actors import Shopper
from holdfast.flows.asking import StillUnknown
from holdfast.flows.audit import audit
from holdfast.flows.ending import expire_orders
from holdfast.flows.gateways import breaker_of, gateway_for
from holdfast.flows.reconciliation import LEASE, reconcile
from holdfast.flows.returning import release_hold, standing
from holdfast.flows.settlement import settle
from holdfast.flows.story import sweep_look
from holdfast.payments.gateways.base import Unknown
from holdfast.payments.models import Payment, Transaction
from holdfast.payments.queries import due_for_a_look
from holdfast.platform.db import transaction
from tests.flows.books import everything, jobs, nothing_booked, standing_of
from tests.flows.door import LATER
from tests.support.practice import NOW, Practice, held, new_user, payment_of
from tests.support.sandbox import Sandbox

OPEN = ("pending", "placed", "held")
BOOKED = ("captured", "completed", "taken")
NO_ANSWERS = [
    "status_500_before",
    "status_500_after",
    "status_reset_before",
    "status_reset_after",
    "status_429",
    "status_html",
    "status_empty",
    "status_truncated",
    "status_401",
]


@pytest.mark.spec("BC-7", "BC-23")
@pytest.mark.parametrize("fault", NO_ANSWERS)
def test_no_clear_answer_changes_nothing_and_the_question_is_put_again(
    practice: Practice, sandbox: Sandbox, fault: str
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    sandbox.arm(fault, 2)  # a refused token is renewed and tried once more

    if fault == "status_401":
        sandbox.arm(fault, 2)
    with pytest.raises(Unknown):
        settle(payment_of(checkout).pk, now=LATER)
    assert standing_of(checkout.reference) == OPEN
    assert nothing_booked()
    sandbox.disarm()
    reconcile(now=NOW + timedelta(minutes=2))

    assert standing_of(checkout.reference) == BOOKED


@pytest.mark.spec("BC-7")
def test_a_look_that_the_reconciler_could_not_finish_is_put_off_by_the_ladder(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice)
    sandbox.arm("status_500_before")

    reconcile(now=LATER)

    assert payment_of(checkout).next_look_at == LATER + timedelta(seconds=6)
    assert standing_of(checkout.reference) == OPEN


@pytest.mark.parametrize("fault", ["status_bom", "status_trailing_comma", "status_duplicate_key"])
def test_an_answer_that_is_sloppy_is_an_answer(practice: Practice, sandbox: Sandbox, fault: str) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    sandbox.arm(fault)

    settle(payment_of(checkout).pk, now=LATER)

    assert standing_of(checkout.reference) == BOOKED


@pytest.mark.spec("BC-21")
@pytest.mark.parametrize(("fault", "took"), [("amount_higher", 200_000), ("amount_lower", 199_800)])
def test_another_amount_is_quarantined_and_never_a_booking(
    practice: Practice, sandbox: Sandbox, fault: str, took: int
) -> None:
    sandbox.arm(fault)
    checkout = held(practice)
    sandbox.settle(checkout.reference)

    settle(payment_of(checkout).pk, now=LATER)
    settle(payment_of(checkout).pk, now=LATER)

    payment = payment_of(checkout)
    assert (payment.captured, payment.quarantined, payment.wins) == (took, True, False)
    assert payment.reason == "amount differs"
    assert standing_of(checkout.reference) == ("captured", "placed", "held")
    assert [(one.kind, one.amount) for one in Transaction.objects.all()] == [("purchase", took)]
    assert not Booking.objects.exists()
    assert jobs() == {"email": 1}  # to the business, once


@pytest.mark.spec("BC-21", "BC-5")
def test_the_hold_of_a_quarantined_payment_lives_out_its_time_and_no_more(
    practice: Practice, sandbox: Sandbox
) -> None:
    sandbox.arm("amount_lower")
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    settle(payment_of(checkout).pk, now=LATER)

    expire_orders(now=NOW + timedelta(minutes=12))

    assert standing_of(checkout.reference) == ("captured", "expired", "released")
    assert not Booking.objects.exists()
    assert audit(now=NOW + timedelta(minutes=13)) == []


@pytest.mark.spec("BC-21")
def test_an_amount_in_rupees_for_paisa_is_quarantined(practice: Practice, sandbox: Sandbox) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    sandbox.arm("status_amount_in_rupees")

    settle(payment_of(checkout).pk, now=LATER)

    assert payment_of(checkout).quarantined
    assert not Booking.objects.exists()


@pytest.mark.spec("BC-21")
def test_anothers_completed_order_pays_nothing_here_and_keeps_nothing_from_being_paid(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice)
    sandbox.arm("status_of_another_order")

    settle(payment_of(checkout).pk, now=LATER)

    payment = payment_of(checkout)
    assert (payment.wins, payment.quarantined, payment.captured) == (False, False, 0)
    assert standing_of(checkout.reference) == ("pending", "placed", "held")
    assert not Transaction.objects.exists()

    sandbox.settle(checkout.reference)
    settle(payment.pk, now=LATER)

    assert payment_of(checkout).wins
    assert Booking.objects.count() == 1


def test_fees_between_the_gateway_and_the_payer_are_not_ours(practice: Practice, sandbox: Sandbox) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    sandbox.arm("status_fees")

    settle(payment_of(checkout).pk, now=LATER)

    assert payment_of(checkout).captured == 199_900
    assert standing_of(checkout.reference) == BOOKED


@pytest.mark.parametrize("fault", ["status_amount_as_text", "status_unknown_payment_mode"])
def test_what_is_written_in_another_way_says_the_same(
    practice: Practice, sandbox: Sandbox, fault: str
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    sandbox.arm(fault)

    settle(payment_of(checkout).pk, now=LATER)

    assert standing_of(checkout.reference) == BOOKED


@pytest.mark.spec("BC-7")
@pytest.mark.parametrize("fault", ["status_unknown_state", "status_lag", "status_not_found"])
def test_a_word_that_decides_nothing_leaves_everything_as_it_is(
    practice: Practice, sandbox: Sandbox, fault: str
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    sandbox.arm(fault, 3)

    for _ in range(3):
        settle(payment_of(checkout).pk, now=LATER)
        assert standing_of(checkout.reference) == OPEN
        assert nothing_booked()
    settle(payment_of(checkout).pk, now=LATER)

    assert standing_of(checkout.reference) == BOOKED


@pytest.mark.spec("BC-10")
def test_a_state_that_flaps_back_undoes_nothing(practice: Practice, sandbox: Sandbox) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    settle(payment_of(checkout).pk, now=LATER)
    before = everything()
    sandbox.arm("status_flap", 4)

    for _ in range(4):
        settle(payment_of(checkout).pk, now=LATER)

    assert everything() == before


@pytest.mark.spec("BC-10", "AST-8")
@pytest.mark.parametrize(
    ("outcome", "state", "reason"), [("fail", "failed", "declined"), ("cancel", "canceled", "canceled")]
)
def test_a_payment_that_fails_frees_its_time_at_once(
    practice: Practice, sandbox: Sandbox, outcome: str, state: str, reason: str
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference, outcome)

    settle(payment_of(checkout).pk, now=LATER)

    assert standing_of(checkout.reference) == (state, "expired", "released")
    assert nothing_booked()
    after = standing(checkout.reference, now=LATER)
    assert (after.booking_reference, after.reason) == (None, reason)
    assert after.address == (
        f"https://yourapp.com/astro-booking-failed?merchant_order_id={checkout.reference}&reason={reason}"
    )
    assert held(practice, now=LATER).payment_url


@pytest.mark.spec("BC-10")
def test_a_failed_attempt_is_not_the_end_of_an_order_that_is_still_open(
    practice: Practice, sandbox: Sandbox
) -> None:
    sandbox.arm("attempt_failed_then_completed", reads=2)
    checkout = held(practice)
    sandbox.settle(checkout.reference)

    settle(payment_of(checkout).pk, now=LATER)
    assert standing_of(checkout.reference) == OPEN
    settle(payment_of(checkout).pk, now=LATER)
    settle(payment_of(checkout).pk, now=LATER)

    assert standing_of(checkout.reference) == BOOKED


@pytest.mark.spec("BC-7")
def test_a_payment_that_is_pending_for_long_is_asked_about_until_it_is_paid(
    practice: Practice, sandbox: Sandbox
) -> None:
    sandbox.arm("pending_then_completed", reads=5)
    checkout = held(practice)
    sandbox.settle(checkout.reference)

    now, looks = NOW, 0
    while payment_of(checkout).state == "pending" and looks < 20:
        now = payment_of(checkout).next_look_at or now
        looks += reconcile(now=now)

    assert looks == 6
    assert now < NOW + timedelta(minutes=1)
    assert standing_of(checkout.reference) == BOOKED


@pytest.mark.spec("BC-7")
def test_one_payment_that_cannot_be_looked_at_does_not_keep_the_others_from_their_turn(
    practice: Practice, sandbox: Sandbox
) -> None:
    broken = held(practice, at="10:00")
    paid = [held(practice, at=at) for at in ("11:00", "12:00")]
    for checkout in paid:
        sandbox.settle(checkout.reference)
    other = Payment.objects.get(reference=broken.reference).account
    other.pk, other.gateway, other.mode = None, "piggybank", "live"
    other.save()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            f'UPDATE "{Payment._meta.db_table}" SET account_id = %s WHERE reference = %s',
            [other.pk, broken.reference],
        )
        cursor.execute("SET session_replication_role = origin")

    with pytest.raises(ExceptionGroup):
        reconcile(now=NOW + timedelta(seconds=22))

    assert [standing_of(checkout.reference) for checkout in paid] == [BOOKED, BOOKED]
    assert payment_of(broken).next_look_at == NOW + timedelta(seconds=22) + timedelta(minutes=1)


@pytest.mark.spec("BC-7")
def test_a_payment_that_has_its_money_is_not_asked_about_for_ever(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    settle(payment_of(checkout).pk, now=LATER)
    Payment.objects.update(next_look_at=LATER)  # as a webhook does that finds the gateway out of reach

    assert reconcile(now=LATER) == 1

    payment = payment_of(checkout)
    looks = [sweep_look(payment, now=NOW + timedelta(days=days)) for days in (0, 1, 6, 7)]
    assert payment.next_look_at == looks[0] == NOW + timedelta(days=1)
    assert looks[1:] == [NOW + timedelta(days=7), NOW + timedelta(days=7), None]
    assert standing_of(checkout.reference) == BOOKED


@pytest.mark.spec("BC-7")
def test_a_sweep_that_was_killed_leaves_its_payments_to_the_next(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    assert due_for_a_look(now=LATER, limit=50, lease=LEASE) == [payment_of(checkout).pk]

    assert reconcile(now=LATER + LEASE / 2) == 0
    assert reconcile(now=LATER + LEASE) == 1

    assert standing_of(checkout.reference) == BOOKED


def test_a_time_is_not_let_go_while_the_gateway_does_not_say_whether_it_is_paid(
    practice: Practice, sandbox: Sandbox
) -> None:
    user = new_user()
    checkout = held(practice, user=user)
    sandbox.settle(checkout.reference)
    sandbox.arm("status_500_before")
    before = everything()

    with pytest.raises(StillUnknown):
        release_hold(checkout.reference, by=Shopper(user, None), now=LATER)

    assert everything() == before


@pytest.mark.spec("BC-24", "BC-7")
def test_coming_back_asks_the_gateway_and_however_often_only_once_in_a_moment(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice)
    before = sandbox.calls().get("status", 0)

    seen = [standing(checkout.reference, now=LATER) for _ in range(5)]
    assert {one.status for one in seen} == {"PENDING"}
    assert {one.address for one in seen} == {""}
    assert sandbox.calls()["status"] - before == 1
    sandbox.settle(checkout.reference)
    after = standing(checkout.reference, now=LATER + timedelta(seconds=3))

    booking = Booking.objects.get()
    assert (after.status, after.booking_reference) == ("SUCCESS", booking.reference)
    assert after.address == (
        f"https://yourapp.com/astro-booking-success?merchant_order_id={checkout.reference}"
        f"&astro_book_id={booking.reference}"
    )


@pytest.mark.spec("BC-7")
def test_coming_back_while_the_gateway_is_out_of_reach_says_pending(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    sandbox.arm("status_500_before")

    assert standing(checkout.reference, now=LATER).status == "PENDING"

    assert standing_of(checkout.reference) == OPEN
    assert payment_of(checkout).next_look_at


@pytest.mark.spec("BC-23")
def test_no_gateway_is_called_inside_a_transaction(practice: Practice, sandbox: Sandbox) -> None:
    checkout = held(practice)
    calls = sandbox.calls()

    with transaction(), pytest.raises(AssertionError, match="no network call"):
        gateway_for(practice.account)
    with transaction(), pytest.raises(AssertionError, match="no network call"):
        settle(payment_of(checkout).pk, now=LATER)

    assert sandbox.calls() == calls


@pytest.mark.spec("BC-23")
def test_an_ill_gateway_is_left_alone_by_the_reconciler_and_asked_again_when_it_has_rested(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkouts = [held(practice, at=f"{hour}:00") for hour in range(10, 18)]
    sandbox.arm("status_500_before", 100)
    before = sandbox.calls().get("status", 0)

    reconcile(now=LATER)

    assert breaker_of(practice.account.pk).is_open
    assert sandbox.calls()["status"] - before == 5
    assert {standing_of(checkout.reference) for checkout in checkouts} == {OPEN}
    assert all(payment_of(checkout).next_look_at for checkout in checkouts)
    assert nothing_booked()

"""A coach's time: courses beside each other, classes, holds that run out, coaches who do not answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from holdfast.availability.lifecycle import KEEPS_TIME
from holdfast.availability.models import Allocation
from holdfast.booking.models import Booking
from holdfast.catalog.models import Offering
from holdfast.flows.approval import decline_unanswered
from holdfast.flows.audit import look_for_wrongs
from holdfast.flows.ending import expire_orders
from holdfast.flows.paying_for import Proof, prove_paid
from holdfast.flows.settlement import settle
from holdfast.kernel.clock import utc_now
from holdfast.payments.models import Payment, Transaction
from holdfast.platform.models import Transition, User
from holdfast.surfaces.coaching.terms import TERMS, TRADE
from tests.support.academy import PLACES, PRICE, A, Academy
from tests.support.booked import api_of
from tests.support.practice import DAY, Api, new_user
from tests.support.racing import kinds, race
from tests.support.sandbox import Sandbox
from tests.support.without import without
from tests.support.worker import work


@pytest.mark.spec("COA-2")
@pytest.mark.parametrize(
    ("course", "at", "answered"),
    [
        ("lesson", "11:00", 200),  # it starts as the other ends
        ("lesson", "09:00", 200),
        ("lesson", "10:30", 409),
        ("longer", "11:00", 409),  # half an hour of buffer before it
        ("longer", "11:30", 200),
        ("yoga", "10:30", 409),
    ],
)
def test_a_coach_gives_one_course_at_a_time_and_buffers_count(
    academy: Academy, api: Api, course: str, at: str, answered: int
) -> None:
    academy.create(api_of(new_user()), at="10:00")

    assert academy.create(api, getattr(academy, course), at=at).status_code == answered


@pytest.mark.spec("COA-6")
def test_pupils_of_a_class_share_it_until_its_places_are_taken(academy: Academy, api: Api) -> None:
    slots = f"{A}/course/{academy.yoga.pk}/slots/?date={DAY}&all=true"

    answers = [academy.create(api_of(new_user()), academy.yoga) for _ in range(PLACES - 1)]
    left = {slot["start_time"]: slot["places_left"] for slot in api.get(slots).json()["slots"]}
    last, one_too_many = (academy.create(api_of(new_user()), academy.yoga) for _ in range(2))
    full = {slot["start_time"]: slot for slot in api.get(slots).json()["slots"]}["10:00"]

    assert [answer.status_code for answer in (*answers, last, one_too_many)] == [200] * PLACES + [409]
    assert (left["10:00"], left["10:30"], left["11:00"]) == (1, 0, PLACES)
    assert (full["available"], full["places_left"]) == (False, 0)
    assert Booking.objects.count() == PLACES


@pytest.mark.spec("COA-2", "BC-1")
def test_of_two_pupils_at_once_one_has_the_time(academy: Academy) -> None:
    users = [new_user(), new_user()]

    results = race([partial(academy.reserved, user) for user in users])

    assert kinds(results) == {"Booking": 1, "SlotTaken": 1}
    assert Booking.objects.count() == 1


@pytest.mark.spec("COA-2")
def test_it_is_the_constraint_that_lets_only_one_of_them_have_it(academy: Academy) -> None:
    """The negative control."""
    users = [new_user(), new_user()]

    with without(Allocation, "no_seat_twice"):
        results = race([partial(academy.reserved, user) for user in users])

    assert kinds(results) == {"Booking": 2}


@pytest.mark.spec("COA-2")
def test_an_unpaid_time_is_free_again_after_its_window(academy: Academy, api: Api, customer: User) -> None:
    booking = academy.reserved(customer)

    early = expire_orders(now=booking.created_at + TERMS.hold_for - timedelta(seconds=1))
    late = expire_orders(now=booking.created_at + TERMS.hold_for)

    answer = api.get(f"{A}/booking/{booking.pk}/").json()
    assert (early, late) == (0, 1)
    assert (answer["status"], answer["reason"]) == ("canceled", "expired")
    assert academy.create(api_of(new_user())).status_code == 200


@pytest.mark.spec("COA-6")
def test_a_coach_who_does_not_answer_in_time_has_declined_and_the_money_goes_back(
    academy: Academy, api: Api, customer: User, sandbox: Sandbox
) -> None:
    booking = academy.paid(sandbox, customer)
    assert booking.answer_by is not None

    early = decline_unanswered(now=booking.answer_by - timedelta(seconds=1))
    late = decline_unanswered(now=booking.answer_by)
    work()

    answer = api.get(f"{A}/booking/{booking.pk}/").json()
    refund = Transaction.objects.get(kind="refund")
    assert (early, late) == (0, 1)
    assert (answer["status"], answer["reason"]) == ("canceled", "declined")
    assert refund.amount == PRICE
    assert not Allocation.objects.filter(owner=f"line:{booking.pk}", state__in=KEEPS_TIME).exists()
    assert look_for_wrongs(now=utc_now()) == []


@pytest.mark.spec("COA-3", "COA-2")
def test_money_that_is_proved_after_the_window_gets_the_time_back_while_it_is_free(
    academy: Academy, api: Api, customer: User, sandbox: Sandbox
) -> None:
    booking = academy.reserved(customer)
    reference = academy.begun(booking).reference
    expire_orders(now=booking.created_at + timedelta(hours=1))
    sandbox.settle(reference)

    answer = api.send(f"{A}/booking/{booking.pk}/mark-paid/", {"payment_id": reference})

    assert (answer.status_code, answer.json()["status"]) == (200, "paid")
    assert Payment.objects.get().wins


@pytest.mark.spec("COA-3")
def test_while_the_gateway_does_not_say_the_proof_is_still_to_come(
    academy: Academy, api: Api, customer: User, sandbox: Sandbox
) -> None:
    booking = academy.reserved(customer)
    reference = academy.begun(booking).reference
    sandbox.settle(reference)
    sandbox.arm("status_500_before", 3)

    answer = api.send(f"{A}/booking/{booking.pk}/mark-paid/", {"payment_id": reference})

    assert answer.status_code == 202
    assert answer.json() == {"status": "PENDING", "status_url": f"{A}/booking/{booking.pk}/"}
    assert Booking.objects.get().state == "pending_payment"


@pytest.mark.spec("COA-3")
def test_a_proof_and_the_gateways_own_news_at_once_make_it_paid_once(
    academy: Academy, customer: User, sandbox: Sandbox
) -> None:
    booking = academy.reserved(customer)
    reference = academy.begun(booking).reference
    sandbox.settle(reference)
    payment, now = Payment.objects.get().pk, utc_now()
    at_once: list[Callable[[], object]] = [
        partial(prove_paid, booking.pk, by=customer, trade=TRADE, now=now, payment=reference),
        partial(settle, payment, now=now),
    ]

    proof, _ = race(at_once)

    assert isinstance(proof, Proof)
    assert Booking.objects.get().state == "pending_approval"
    assert Transaction.objects.count() == 1
    assert Transition.objects.filter(subject="booking", event="await_approval").count() == 1


@pytest.mark.spec("COA-4")
def test_of_two_attempts_that_are_both_paid_one_goes_back(
    academy: Academy, api: Api, customer: User, sandbox: Sandbox
) -> None:
    booking = academy.reserved(customer)
    first, second = (academy.begun(booking, anew=anew).reference for anew in (False, True))
    sandbox.settle(first)
    sandbox.settle(second)
    mark = f"{A}/booking/{booking.pk}/mark-paid/"

    won = api.send(mark, {"payment_id": second})
    lost = api.send(mark, {"payment_id": first})

    refund = Transaction.objects.get(kind="refund")
    assert (won.status_code, lost.status_code) == (200, 400)
    assert (refund.payment.reference, refund.amount) == (first, PRICE)
    assert Payment.objects.get(wins=True).reference == second


@pytest.mark.spec("COA-6")
def test_only_by_these_terms_may_who_gives_a_service_cancel_it(
    academy: Academy, customer: User, sandbox: Sandbox
) -> None:
    Offering.objects.filter(pk=academy.lesson.pk).update(terms={"provider_may_cancel": False})
    pupil = api_of(customer)
    booking = academy.create(pupil).json()["booking_id"]
    coach = api_of(academy.coach)

    refused = coach.send(f"{A}/booking/{booking}/cancel/")

    assert refused.status_code == 403
    assert Booking.objects.get().state == "pending_payment"

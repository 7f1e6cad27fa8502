"""What a page does not let one do, nobody can do without the page either: not over HTTP, not by a flow.

The rules of the page's form are read from the form, so that one which stands there alone fails here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from holdfast.availability.models import Allocation, DateOverride
from holdfast.booking.models import Booking
from holdfast.flows.actors import Shopper
from holdfast.flows.blocks import block
from holdfast.flows.cancellation import cancel_booking
from holdfast.flows.catalogue import Offering, free_slots
from holdfast.flows.checkout import Wish, check_out
from holdfast.flows.completion import complete_booking
from holdfast.flows.rescheduling import reschedule_booking
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import (
    AlreadyHeld,
    Conflict,
    Forbidden,
    HoldfastError,
    Invalid,
    SlotTaken,
    TooMany,
)
from holdfast.kernel.period import Period
from holdfast.orders.models import Order
from holdfast.pages.booking import Field
from holdfast.payments.models import Payment
from holdfast.platform.models import User
from holdfast.surfaces.astrology.form import FORM
from holdfast.surfaces.astrology.terms import TRADE
from tests.support.booked import booked
from tests.support.practice import DAY, NOW, TODAY, Api, Practice, held, request_body, wish
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.spec("BC-22")

START = datetime.fromisoformat(f"{DAY}T10:00")


def books() -> list[Any]:
    """What anybody could have changed."""
    bookings = Booking.objects.order_by("pk").values_list("pk", "state", "starts_at", "seq")
    kept = Allocation.objects.order_by("pk").values_list("pk", "state", "period")
    return [*bookings, *kept, Order.objects.count(), Payment.objects.count()]


# Choosing a time, by the flow


def offering_with(practice: Practice, **fields: Any) -> Wish:
    for name, value in fields.items():
        setattr(practice.offering, name, value)
    practice.offering.save()
    return wish(practice)


def on_a_day_off(practice: Practice) -> Wish:
    DateOverride.objects.create(resource=practice.person, day=date.fromisoformat(DAY))
    return wish(practice)


def while_it_is_blocked(practice: Practice) -> Wish:
    start = NOW + timedelta(days=1)
    block(practice.person, Period(start, start + timedelta(hours=1)), by="user:1", now=NOW)
    return wish(practice)


def while_another_holds_it(practice: Practice) -> Wish:
    held(practice)
    return wish(practice)


@dataclass(frozen=True)
class Rule:
    """A wish that cannot be granted, and how it is refused."""

    ask: Callable[[Practice], Wish]
    error: type[HoldfastError]
    field: str = ""


NOT_TO_BE_HAD = {
    "a day that has passed": Rule(
        lambda p: wish(p, day=(TODAY - timedelta(days=1)).isoformat()), Invalid, "date"
    ),
    "an hour that has passed": Rule(lambda p: wish(p, day=TODAY.isoformat(), at="09:30"), Invalid, "time"),
    "a closed hour": Rule(lambda p: wish(p, at="03:00"), Invalid, "time"),
    "the last half of an appointment": Rule(lambda p: wish(p, at="18:45"), Invalid, "time"),
    "a time between two slots": Rule(lambda p: wish(p, at="10:07"), Invalid, "time"),
    "less than the notice": Rule(
        lambda p: offering_with(p, minimum_notice=timedelta(days=3)), Invalid, "time"
    ),
    "beyond the horizon": Rule(lambda p: offering_with(p, horizon=timedelta(hours=3)), Invalid, "time"),
    "a day off": Rule(on_a_day_off, Invalid, "time"),
    "a blocked hour": Rule(while_it_is_blocked, SlotTaken),
    "a time that another holds": Rule(while_another_holds_it, SlotTaken),
    "another site to come back to": Rule(
        lambda p: replace(wish(p), return_url="https://evil.example"), Invalid, "return_url"
    ),
}


@pytest.mark.parametrize("what", NOT_TO_BE_HAD)
def test_what_cannot_be_chosen_cannot_be_checked_out(practice: Practice, customer: User, what: str) -> None:
    rule = NOT_TO_BE_HAD[what]
    asked = rule.ask(practice)
    before = books()

    with pytest.raises(rule.error) as refused:
        check_out(asked, by=Shopper(customer, "192.0.2.9"), now=NOW)

    assert not rule.field or list(getattr(refused.value, "fields", {})) == [rule.field]
    assert books() == before


def test_ones_own_hold_and_a_fourth_one_cannot_be_checked_out(practice: Practice, customer: User) -> None:
    for at in ("10:00", "11:00", "12:00"):
        held(practice, user=customer, at=at)
    before = books()

    with pytest.raises(AlreadyHeld):
        held(practice, user=customer, at="11:00")
    with pytest.raises(TooMany):
        held(practice, user=customer, at="13:00")

    assert books() == before


# Changing a booking, by the flow


@pytest.mark.parametrize(
    ("day", "at", "error"),
    [
        ((TODAY - timedelta(days=1)).isoformat(), "10:00", Invalid),
        (DAY, "03:00", Invalid),
        (DAY, "10:07", Invalid),
        (DAY, "10:00", Invalid),
        (DAY, "12:00", SlotTaken),
    ],
)
def test_a_booking_cannot_be_moved_to_what_cannot_be_chosen(
    practice: Practice, sandbox: Sandbox, customer: User, day: str, at: str, error: type[HoldfastError]
) -> None:
    mine = booked(practice, sandbox, user=customer)
    held(practice, at="12:00")
    before = books()

    with pytest.raises(error):
        reschedule_booking(mine, datetime.fromisoformat(f"{day}T{at}"), by=customer, trade=TRADE, now=NOW)

    assert books() == before


def test_the_notice_of_the_terms_holds_for_whoever_calls(
    practice: Practice, sandbox: Sandbox, customer: User
) -> None:
    mine = booked(practice, sandbox, user=customer)
    before = books()
    too_late = NOW + timedelta(hours=23)

    with pytest.raises(Conflict):
        reschedule_booking(mine, START + timedelta(days=2), by=customer, trade=TRADE, now=too_late)
    with pytest.raises(Conflict):
        cancel_booking(mine, by=customer, trade=TRADE, now=NOW + timedelta(days=1, minutes=1))

    assert books() == before


def test_a_customer_does_not_complete_what_he_booked(
    practice: Practice, sandbox: Sandbox, customer: User
) -> None:
    mine = booked(practice, sandbox, user=customer)
    before = books()

    with pytest.raises(Forbidden):
        complete_booking(mine, by=customer, trade=TRADE, now=NOW + timedelta(days=2))

    assert books() == before


# What the page's form asks for, over HTTP

MALFORMED = {"email": "nobody at home", "tel": "call me", "date": "in spring", "time": "at noon"}


def rules_of(field: Field) -> dict[str, str]:
    """What the browser would not let one send, by the rule that it breaks."""
    broken: dict[str, str] = {}
    if field.required:
        broken["required"] = ""
    if field.kind == "choice":
        broken["one of"] = "SOMETHING ELSE"
    if field.kind in ("text", "lines", "tel"):
        broken["longest"] = "9" * (field.longest + 1)
    if field.kind in MALFORMED:
        broken["form"] = MALFORMED[field.kind]
    return broken


FIELDS = FORM.fields(cast(Offering, SimpleNamespace(languages=["Hindi"])))  # all that the form looks at
BROKEN = [(field.name, rule, value) for field in FIELDS for rule, value in rules_of(field).items()]


def test_the_form_has_rules_of_every_kind() -> None:
    assert {rule for _, rule, _ in BROKEN} == {"required", "one of", "longest", "form"}
    assert {name for name, *_ in BROKEN} == {field.name for field in FIELDS}


@pytest.mark.parametrize(
    ("name", "rule", "value"), BROKEN, ids=[f"{name} {rule}" for name, rule, _ in BROKEN]
)
def test_a_field_that_the_page_would_not_send_is_refused_by_its_name(
    practice: Practice, api: Api, name: str, rule: str, value: str
) -> None:
    answer = api.book(practice, **{name: value})

    assert answer.status_code == 400
    assert list(answer.json()) == [name]
    assert books() == [0, 0]


def test_a_birthday_to_come_is_refused(practice: Practice, api: Api) -> None:
    answer = api.book(practice, birth_date=(utc_now() + timedelta(days=2)).date().isoformat())

    assert answer.status_code == 400
    assert list(answer.json()) == ["birth_date"]
    assert books() == [0, 0]


def test_a_time_that_the_page_does_not_offer_is_refused(practice: Practice, api: Api, settings: Any) -> None:
    settings.HOLDFAST_LIMITS = dict.fromkeys(settings.HOLDFAST_LIMITS, 0)
    day = (utc_now() + timedelta(days=3)).date()
    zone = practice.business.zone
    offered = {
        slot.period.start.astimezone(zone).strftime("%H:%M")
        for slot in free_slots(practice.offering, first=day, last=day, now=utc_now())
        if slot.reason is None
    }
    quarters = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 15, 30, 45)]

    answers = {
        at: api.book(practice, preferred_date=day.isoformat(), preferred_time=at)
        for at in quarters
        if at not in offered
    }

    assert len(offered) == 20
    assert {answer.status_code for answer in answers.values()} == {400}
    assert {field for answer in answers.values() for field in answer.json()} == {"preferred_time"}
    assert books() == [0, 0]


@pytest.mark.parametrize("days", [-1, 401])
def test_a_day_that_the_page_does_not_reach_is_refused(practice: Practice, api: Api, days: int) -> None:
    day = (utc_now().astimezone(practice.business.zone) + timedelta(days=days)).date()

    answer = api.book(practice, preferred_date=day.isoformat())

    assert answer.status_code == 400
    assert set(answer.json()) <= {"preferred_date", "preferred_time"}
    assert books() == [0, 0]


def test_what_is_not_on_offer_any_more_has_no_page_and_cannot_be_booked(practice: Practice, api: Api) -> None:
    offering_with(practice, active=False)

    assert api.get(f"/services/{practice.offering.pk}/").status_code == 404
    answer = api.book(practice)

    assert answer.status_code == 400
    assert list(answer.json()) == ["service"]
    assert books() == [0, 0]


def test_a_price_cannot_be_sent_along(practice: Practice, api: Api) -> None:
    body = request_body(practice, amount=1, price=1, currency="NPR", state="confirmed", terms={})

    answer = api.send("/api/astrology/bookings/book-with-payment/", body)

    assert answer.status_code == 200
    assert (Payment.objects.get().amount, Payment.objects.get().currency) == (199_900, "INR")
    assert Booking.objects.count() == 0

"""Booking callers in: who pays now, later by a link, or on the spot; and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from holdfast.availability.models import Allocation
from holdfast.booking.models import Booking
from holdfast.catalog.models import Member, Offering, Package, Provider, Resource
from holdfast.flows.actors import Shopper
from holdfast.flows.approval import approve_booking
from holdfast.flows.audit import look_for_wrongs
from holdfast.flows.callers import Caller, known_callers
from holdfast.flows.cancellation import cancel_booking
from holdfast.flows.checkout import check_out
from holdfast.flows.counter import Pays, Wanted, book_at_the_counter, price_at_the_counter
from holdfast.flows.ending import expire_orders
from holdfast.flows.recording import Method, Taken, record_payment
from holdfast.flows.rescheduling import reschedule_booking
from holdfast.kernel.errors import Forbidden, Invalid, NotFound, SlotTaken
from holdfast.kernel.money import Money
from holdfast.orders.models import Due, Order, PromoCode
from holdfast.payments.models import Payment
from holdfast.platform.models import Customer, Transition, User
from holdfast.surfaces.astrology.terms import TERMS
from tests.flows.books import everything
from tests.support.booked import booked
from tests.support.practice import NOW, Practice, choice, new_member, new_practice, new_user, wish
from tests.support.racing import kinds, race
from tests.support.sandbox import Sandbox
from tests.support.without import without

pytestmark = pytest.mark.spec("DESK-1")
PRICE = 199_900
CALLER = Caller(name="A caller", phone="9876543210")
CASH = Taken(Money(PRICE, "INR"), Method.CASH, "receipt 7")
DEPOSIT = replace(TERMS, deposit_percent=25, balance_before=3600)


@pytest.fixture
def staff(practice: Practice) -> User:
    return new_member(practice, "staff")


def wanted(practice: Practice, *, at: str = "10:00", **said: Any) -> Wanted:
    chosen = choice(practice.offering, at=at)
    told: dict[str, Any] = {"terms": TERMS, "caller": CALLER, "pays": Pays.NOW, "taken": CASH}
    return Wanted(chosen.offering, chosen.starts_at, **(told | said))


def books(practice: Practice, staff: User, **said: Any) -> Booking:
    return book_at_the_counter(wanted(practice, **said), by=staff, now=NOW)


def stands(booking: Booking) -> tuple[str, str, list[str]]:
    """The booking, its order, and what its time is."""
    now = Booking.objects.select_related("line__order").get(pk=booking.pk)
    kept = Allocation.objects.filter(owner=now.line.owner).values_list("state", flat=True)
    return now.state, now.line.order.state, list(kept)


def mails() -> list[str]:
    jobs = ProcrastinateJob.objects.filter(args__kind="email").order_by("id")
    return [job.args["payload"]["name"] for job in jobs]


def test_a_caller_without_an_account_pays_in_cash_and_is_confirmed(practice: Practice, staff: User) -> None:
    booking = books(practice, staff)

    assert stands(booking) == ("confirmed", "completed", ["taken"])
    assert booking.state == "confirmed"
    assert (booking.customer.user, booking.customer.name, booking.customer.phone) == (
        None,
        "A caller",
        "9876543210",
    )
    payment = Payment.objects.get()
    assert (payment.captured, payment.wins, payment.recorded_by) == (PRICE, True, f"staff:{staff.pk}")
    actors = set(Transition.objects.values_list("actor", flat=True))
    assert actors == {f"staff:{staff.pk}"}
    assert look_for_wrongs(now=NOW) == []


def test_what_was_taken_must_be_what_is_to_be_paid(practice: Practice, staff: User) -> None:
    before = everything()

    with pytest.raises(Invalid) as refused:
        books(practice, staff, taken=Taken(Money(100_000, "INR"), Method.CASH))

    assert refused.value.fields == {"amount": ["Payment amount must be exactly 1999.00."]}
    assert (everything(), Customer.objects.count()) == (before, 0)


@pytest.mark.spec("DESK-4")
def test_who_pays_on_the_spot_is_confirmed_and_owes_all_of_it_at_the_start(
    practice: Practice, staff: User
) -> None:
    booking = books(practice, staff, pays=Pays.ON_THE_SPOT, taken=None)

    assert stands(booking) == ("confirmed", "completed", ["taken"])
    due = Due.objects.get()
    assert (due.kind, due.amount, due.due_at) == ("balance", PRICE, booking.starts_at)
    assert look_for_wrongs(now=NOW) == []

    payment = record_payment(booking.reference, CASH, by=staff, trade="astrology", now=NOW)

    assert (payment.wins, payment.captured) == (True, PRICE)
    assert look_for_wrongs(now=NOW) == []


@pytest.mark.spec("DESK-4")
def test_who_has_not_paid_on_the_spot_gets_nothing_back_and_owes_nothing_after_canceling(
    practice: Practice, staff: User
) -> None:
    booking = books(practice, staff, pays=Pays.ON_THE_SPOT, taken=None)

    owed = cancel_booking(booking.reference, by=staff, trade="astrology", now=NOW)

    assert owed.refund == Money(0, "INR")
    assert stands(booking) == ("canceled", "canceled", ["released"])
    assert Due.objects.get().withdrawn_at == NOW


@pytest.mark.spec("DESK-4")
def test_what_is_owed_on_the_spot_is_due_when_the_booking_is_moved_to(
    practice: Practice, staff: User
) -> None:
    booking = books(practice, staff, pays=Pays.ON_THE_SPOT, taken=None)
    later = choice(practice.offering, at="15:00").starts_at

    reschedule_booking(booking.reference, later, by=staff, trade="astrology", now=NOW)

    booking.refresh_from_db()
    assert booking.starts_at.astimezone(practice.business.zone).replace(tzinfo=None) == later
    assert Due.objects.get().due_at == booking.starts_at


@pytest.mark.spec("DESK-4")
def test_what_is_paid_on_the_spot_can_be_accepted_before(practice: Practice, staff: User) -> None:
    terms = replace(TERMS, on_the_spot=True, needs_approval=True)
    check_out(replace(wish(practice), terms=terms), by=Shopper(new_user(), None), now=NOW)
    booking = Booking.objects.get()
    assert booking.state == "pending_approval"

    approve_booking(booking.reference, by=staff, trade="astrology", now=NOW)

    assert stands(booking) == ("confirmed", "completed", ["taken"])
    assert look_for_wrongs(now=NOW) == []


@pytest.mark.spec("DESK-4")
def test_who_pays_later_is_held_as_long_as_staff_choose_and_then_freed(
    practice: Practice, staff: User
) -> None:
    caller = Caller(name="A caller", email="caller@example.com")

    booking = books(practice, staff, pays=Pays.LATER, taken=None, caller=caller, keep_for=timedelta(hours=3))

    assert stands(booking) == ("pending_payment", "placed", ["held"])
    assert Order.objects.get().expires_at == NOW + timedelta(hours=3)
    assert mails() == ["pay_link"]

    expire_orders(now=NOW + timedelta(hours=2, minutes=59))
    assert stands(booking)[0] == "pending_payment"
    expire_orders(now=NOW + timedelta(hours=3))

    assert stands(booking) == ("expired", "expired", ["released"])


def test_a_time_is_kept_no_longer_than_until_it_starts(practice: Practice, staff: User) -> None:
    booking = books(practice, staff, pays=Pays.LATER, taken=None, keep_for=timedelta(days=7))

    assert Order.objects.get().expires_at == booking.starts_at


@pytest.mark.parametrize("keep_for", [timedelta(minutes=1), timedelta(days=15)])
def test_a_time_is_not_kept_for_less_or_more_than_is_reasonable(
    practice: Practice, staff: User, keep_for: timedelta
) -> None:
    with pytest.raises(Invalid, match="check") as refused:
        books(practice, staff, pays=Pays.LATER, taken=None, keep_for=keep_for)

    assert list(refused.value.fields) == ["keep_for"]
    assert Order.objects.count() == 0


@pytest.mark.spec("DESK-4")
def test_a_deposit_is_taken_now_where_the_terms_ask_for_one(practice: Practice, staff: User) -> None:
    quarter = Taken(Money(49_975, "INR"), Method.BANK, "UTR 1")

    booking = books(practice, staff, terms=DEPOSIT, taken=quarter)

    assert stands(booking)[0] == "confirmed"
    dues = list(Due.objects.order_by("pk").values_list("kind", "amount", "due_at"))
    assert dues == [
        ("deposit", 49_975, NOW),
        ("balance", 149_925, booking.starts_at - timedelta(hours=1)),
    ]
    assert look_for_wrongs(now=NOW) == []


def test_a_package_and_a_promo_code_make_the_price(practice: Practice, staff: User) -> None:
    package = Package.objects.create(offering=practice.offering, name="At home", price=300_000)
    PromoCode.objects.create(business=practice.business, code="TENTH", percent=10)
    at_home = choice(practice.offering).offering.sold_as(package)
    said: dict[str, Any] = {"offering": at_home, "promo_code": "tenth"}
    price = price_at_the_counter(
        at_home,
        terms=TERMS,
        pays=Pays.NOW,
        when=choice(practice.offering).starts_at,
        promo_code="tenth",
        now=NOW,
    )

    booking = book_at_the_counter(
        replace(wanted(practice, taken=Taken(price.first, Method.CASH)), **said), by=staff, now=NOW
    )

    assert price.total == price.first == Money(270_000, "INR")
    assert booking.line.title == "Gemstone Consultation (At home)"
    assert Payment.objects.get().captured == 270_000


def test_what_costs_nothing_is_confirmed_whatever_was_said_of_paying(practice: Practice, staff: User) -> None:
    Offering.objects.filter(pk=practice.offering.pk).update(price=0)

    for at, pays in zip(("10:00", "11:00", "12:00"), Pays, strict=True):
        assert stands(books(practice, staff, at=at, pays=pays, taken=None))[0] == "confirmed"

    assert Payment.objects.count() == 0
    assert look_for_wrongs(now=NOW) == []


def test_nobody_need_accept_what_staff_have_booked(practice: Practice, staff: User) -> None:
    asks = replace(TERMS, needs_approval=True, reopens=True)

    assert stands(books(practice, staff, terms=asks))[0] == "confirmed"


def test_staff_need_give_no_notice(practice: Practice, staff: User) -> None:
    Offering.objects.filter(pk=practice.offering.pk).update(minimum_notice=timedelta(days=3))

    assert stands(books(practice, staff))[0] == "confirmed"


def test_a_time_that_is_taken_is_refused_with_the_nearest_and_nothing_is_written(
    practice: Practice, staff: User
) -> None:
    books(practice, staff)
    before = (everything(), Customer.objects.count())

    with pytest.raises(SlotTaken) as refused:
        books(practice, staff, caller=Caller(name="Bina", phone="9876543211"))

    assert len(refused.value.nearest) == 5
    assert (everything(), Customer.objects.count()) == before


def test_a_known_customer_is_found_and_booked_again(
    practice: Practice, staff: User, sandbox: Sandbox
) -> None:
    customer = new_user("lata@example.com", name="Lata")
    booked(practice, sandbox, user=customer, at="09:00")

    found = known_callers("LATA", by=staff, business=practice.business)
    booking = books(practice, staff, caller=Caller(known=found[0].pk))

    assert booking.customer.user == customer
    assert booking.line.details["contact_email"] == "lata@example.com"


def test_a_customer_is_found_by_the_number_given_online_however_it_is_written(
    practice: Practice, staff: User, sandbox: Sandbox
) -> None:
    booked(practice, sandbox, user=new_user("lata@example.com", name="Lata"), at="09:00")

    found = known_callers("98765 432", by=staff, business=practice.business)
    booking = books(practice, staff, caller=Caller(known=found[0].pk))

    assert [(one.name, one.email, one.phone) for one in found] == [("Lata", "lata@example.com", "9876543210")]
    assert booking.line.details["contact_phone"] == "9876543210"
    assert known_callers("98", by=staff, business=practice.business) == []


@pytest.mark.spec("BC-19")
@pytest.mark.spec("GEN-2")
def test_customers_of_another_business_are_neither_found_nor_booked(
    practice: Practice, staff: User, sandbox: Sandbox
) -> None:
    other = new_practice(sandbox, slug="other")
    booked(other, sandbox, user=new_user("lata@example.com", name="Lata"))
    theirs = Customer.objects.get()
    before = everything()

    with pytest.raises(NotFound):
        books(practice, staff, caller=Caller(known=theirs.pk))
    with pytest.raises(NotFound):
        books(other, staff)

    assert known_callers("lata", by=staff, business=practice.business) == []
    assert everything() == before


@pytest.mark.spec("GEN-2")
def test_a_provider_books_in_for_what_is_theirs_to_give_alone(practice: Practice) -> None:
    giver, colleague = new_member(practice, "provider"), new_member(practice, "provider")
    Provider.objects.filter(resource=practice.person).update(user=giver)
    somebody = Resource.objects.create(business=practice.business, kind="person", name="Somebody")
    Provider.objects.create(resource=somebody, user=colleague)

    assert stands(books(practice, giver))[0] == "confirmed"
    with pytest.raises(NotFound):
        books(practice, colleague, at="12:00")
    Member.objects.filter(user=giver).delete()
    with pytest.raises(NotFound):
        books(practice, giver, at="12:00")

    assert Booking.objects.count() == 1


def test_nobody_takes_their_own_money(practice: Practice, staff: User, sandbox: Sandbox) -> None:
    booked(practice, sandbox, user=staff, at="09:00")
    before = everything()

    with pytest.raises(Forbidden):
        books(practice, staff, caller=Caller(known=Customer.objects.get().pk))

    assert everything() == before


@pytest.mark.parametrize(
    ("caller", "field"),
    [
        (Caller(name=" ", phone="9876543210"), "name"),
        (Caller(name="A caller"), "phone"),
        (Caller(name="A caller", email="caller at home"), "email"),
        (Caller(name="A" * 121, phone="9876543210"), "name"),
    ],
)
def test_somebody_new_has_a_name_and_can_be_reached(
    practice: Practice, staff: User, caller: Caller, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        books(practice, staff, caller=caller)

    assert list(refused.value.fields) == [field]
    assert Customer.objects.count() == Order.objects.count() == 0


def test_a_link_is_not_promised_where_nothing_can_be_paid_by_one(practice: Practice, staff: User) -> None:
    practice.account.delete()

    with pytest.raises(Invalid) as refused:
        books(practice, staff, pays=Pays.LATER, taken=None)

    assert list(refused.value.fields) == ["pays"]
    assert Order.objects.count() == 0


@pytest.mark.spec("BC-1")
def test_two_of_the_staff_who_book_one_time_at_once_give_it_to_one(practice: Practice, staff: User) -> None:
    colleague = new_member(practice, "owner")

    results = race([partial(books, practice, by) for by in (staff, colleague)])

    assert kinds(results) == {"Booking": 1, "SlotTaken": 1}
    assert Booking.objects.count() == Payment.objects.count() == Customer.objects.count() == 1
    assert look_for_wrongs(now=NOW) == []


@pytest.mark.spec("BC-1")
def test_without_the_constraint_both_would_have_it(practice: Practice, staff: User) -> None:
    colleague = new_member(practice, "owner")

    with without(Allocation, "no_seat_twice"):
        results = race([partial(books, practice, by) for by in (staff, colleague)])

        assert kinds(results) == {"Booking": 2}

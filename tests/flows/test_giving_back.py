"""Giving back part of what was paid for one booking, which stays as it is."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from holdfast.flows.audit import look_for_wrongs
from holdfast.flows.cancellation import cancel_booking, preview_cancellation
from holdfast.flows.giving_back import Refundable, preview_refund, refund_booking
from holdfast.flows.recording import Method, Taken, record_payment
from holdfast.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from holdfast.kernel.money import Money
from holdfast.orders.dues import Kind
from holdfast.orders.models import Line, PromoCode
from holdfast.platform.models import User
from tests.flows.books import everything
from tests.support.meeting import without_locks
from tests.support.practice import Practice, new_member, new_practice
from tests.support.racing import kinds, race
from tests.support.sandbox import Sandbox
from tests.support.shop import (
    CART,
    DEPOSIT,
    Story,
    another,
    at,
    bought,
    canceled,
    goes_back,
    ordered,
    paid,
    three_of,
)
from tests.support.ways import AUTHORIZE, PRICE, SOON, TRADE, asked_for, assert_all_is_well, at_the_gateway
from tests.support.ways import waiting as sold_and_waiting
from tests.support.worker import work

pytestmark = pytest.mark.spec("GEN-11", "DESK-3")
TAKES_OFF = 'INSERT INTO "holdfast_orders_line"'


def rupees(amount: float) -> Money:
    return Money(round(amount * 100), "INR")


@pytest.fixture
def staff(practice: Practice) -> User:
    return new_member(practice, "staff")


@pytest.fixture
def story(practice: Practice, sandbox: Sandbox) -> Story:
    """Three services for 3,498.01 in one order, paid."""
    return bought(sandbox, *three_of(practice))


def previewed(story: Story, by: User, *, which: int = 0, **when: object) -> Refundable:
    reference = story.bookings[which].reference
    return preview_refund(reference, by=by, trade=TRADE, **{"now": SOON, **when})  # type: ignore[arg-type]  # the only other argument is a moment


def refunded(story: Story, amount: Money, by: User, *, which: int = 0, left: Money | None = None) -> None:
    seen = previewed(story, by, which=which).all_of_it if left is None else left
    reference = story.bookings[which].reference
    refund_booking(reference, amount, left=seen, reason="we began late", by=by, trade=TRADE, now=SOON)


def test_a_part_goes_back_and_the_booking_stays_as_it_is(story: Story, sandbox: Sandbox, staff: User) -> None:
    refunded(story, rupees(300), staff, which=1)
    goes_back(sandbox)

    assert story.states == ["completed", "confirmed", "confirmed", "confirmed"]
    assert story.refunds() == [(30_000, "succeeded")]
    assert at_the_gateway(sandbox, story.payment.reference)[1] == 30_000
    assert asked_for("transaction", "create") == [f"staff:{staff.pk}"]
    assert (story.payment.wins, story.adds_up) == (True, True)
    assert previewed(story, staff, which=1).all_of_it == rupees(1_699)
    assert previewed(story, staff, which=0).all_of_it == rupees(999)
    assert_all_is_well()


def test_what_went_back_of_one_is_no_ones_elses_when_it_is_canceled(
    story: Story, sandbox: Sandbox, staff: User
) -> None:
    refunded(story, rupees(300), staff, which=1)

    owed = canceled(story, which=1, by=staff)
    goes_back(sandbox)

    assert owed.refund == rupees(1_699)
    assert at_the_gateway(sandbox, story.payment.reference)[1] == PRICE
    assert previewed(story, staff, which=0).all_of_it == rupees(999)
    assert_all_is_well()


def test_all_of_one_of_three_with_a_promo_code_over_all(
    practice: Practice, sandbox: Sandbox, staff: User
) -> None:
    PromoCode.objects.create(business=practice.business, code="TENTH", percent=10)
    story = bought(sandbox, *three_of(practice), promo_code="TENTH")

    left = previewed(story, staff, which=0)
    refunded(story, left.all_of_it, staff, which=0)
    goes_back(sandbox)

    assert left.all_of_it == rupees(899.10)
    assert at_the_gateway(sandbox, story.payment.reference)[1] == 89_910
    assert story.states == ["completed", "confirmed", "confirmed", "confirmed"]
    assert not previewed(story, staff, which=0).all_of_it
    assert previewed(story, staff, which=1).all_of_it == rupees(1_799.10)
    assert_all_is_well()


def test_all_of_an_only_booking_goes_back_and_nothing_is_asked_for_it_any_more(
    practice: Practice, sandbox: Sandbox, staff: User
) -> None:
    story = bought(sandbox, at(practice.offering, "10:00"))

    refunded(story, rupees(1_999), staff)
    goes_back(sandbox)

    assert story.states == ["completed", "confirmed"]
    assert story.asks() == []
    assert (story.order.total, story.payment.wins) == (0, False)
    cash = Taken(rupees(1_999), Method.CASH)
    with pytest.raises(Conflict, match="has been paid"):
        record_payment(story.booking.reference, cash, by=staff, trade=TRADE, now=SOON)
    assert canceled(story, by=staff).refund == rupees(0)
    assert_all_is_well()


@pytest.mark.parametrize(
    ("notice", "percent", "by_terms"), [(10, 100, 1_999), (3, 50, 999.50), (0, 0, 0)], ids=str
)
def test_the_terms_say_what_a_customer_who_canceled_now_would_have(
    practice: Practice, sandbox: Sandbox, staff: User, notice: int, percent: int, by_terms: float
) -> None:
    story = bought(sandbox, at(practice.offering, "10:00"))
    now = story.booking.starts_at - timedelta(days=notice)

    shown = previewed(story, staff, now=now)

    assert shown == Refundable(rupees(1_999), rupees(by_terms), percent)


def test_of_a_deposit_only_what_has_been_paid_can_go_back(
    practice: Practice, sandbox: Sandbox, staff: User
) -> None:
    story = bought(sandbox, at(practice.offering, "10:00"), terms=DEPOSIT)

    before = previewed(story, staff).all_of_it
    refunded(story, rupees(100), staff)
    after = previewed(story, staff).all_of_it
    paid(sandbox, story, Kind.BALANCE)

    assert (before, after) == (rupees(399.80), rupees(299.80))
    assert previewed(story, staff).all_of_it == rupees(1_899)
    goes_back(sandbox)
    assert_all_is_well()


def test_a_deposit_that_went_back_whole_is_asked_for_no_more_and_only_the_balance_is(
    practice: Practice, sandbox: Sandbox, staff: User
) -> None:
    story = bought(sandbox, at(practice.offering, "10:00"), terms=DEPOSIT)

    refunded(story, previewed(story, staff).all_of_it, staff)
    goes_back(sandbox)

    assert story.states == ["completed", "confirmed"]
    assert story.asks() == [(Kind.BALANCE, story.order.total)]
    assert_all_is_well()


def test_what_a_cancellation_has_kept_can_go_back_later(
    practice: Practice, sandbox: Sandbox, staff: User
) -> None:
    story = bought(sandbox, at(practice.offering, "10:00"))
    late = story.booking.starts_at - timedelta(days=3)
    canceled(story, now=late)

    kept = previewed(story, staff)
    refunded(story, kept.all_of_it, staff)
    goes_back(sandbox, rounds=5)

    assert kept == Refundable(rupees(999.50), rupees(0), 0)
    assert at_the_gateway(sandbox, story.payment.reference)[1] == PRICE
    assert_all_is_well()


@pytest.mark.parametrize("rate", [500, 1_800, 2_800])
@pytest.mark.parametrize("amount", [1, 7, 33_333, 100_000])
def test_where_tax_is_added_exactly_the_amount_goes_back_with_the_tax_in_it(
    practice: Practice, sandbox: Sandbox, staff: User, rate: int, amount: int
) -> None:
    practice.business.tax_name, practice.business.prices_include_tax = "GST", False
    practice.business.save()
    story = bought(sandbox, at(another(practice, tax_rate=rate), "10:00"))
    before = story.order.total

    refunded(story, Money(amount, "INR"), staff)

    assert story.order.total == before - amount
    assert story.adds_up
    tax = sum(Line.objects.filter(order_id=story.order_id).values_list("tax", flat=True))
    net = story.order.total - tax
    assert abs(tax - net * rate / 10_000) <= 1
    assert story.refunds() == [(amount, "pending")]


def test_its_customer_is_told_how_much_and_why(
    practice: Practice, sandbox: Sandbox, staff: User, mailoutbox: list[object]
) -> None:
    story = bought(sandbox, at(practice.offering, "10:00"))
    work()

    refunded(story, rupees(500), staff)
    work()

    [mail] = [mail for mail in mailoutbox if "goes back to you" in mail.subject]  # type: ignore[attr-defined]  # the fixture is typed as a list of anything
    for said in ("₹500.00", "we began late", "Your booking stands."):
        assert said in mail.body  # type: ignore[attr-defined]  # the fixture is typed as a list of anything


# ---- who may not, and what is refused --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "error", "said"),
    [
        (rupees(999.01), Conflict, r"INR 999\.00 can go back"),
        (rupees(0), Invalid, "check"),
        (Money(-100, "INR"), Invalid, "check"),
        (Money(100, "USD"), Invalid, "check"),
    ],
    ids=str,
)
def test_more_than_was_paid_for_it_or_nothing_is_refused_and_nothing_moves(
    story: Story, staff: User, amount: Money, error: type[Exception], said: str
) -> None:
    before = everything()

    with pytest.raises(error, match=said):
        refunded(story, amount, staff)

    assert everything() == before


def test_who_has_looked_before_somebody_else_gave_back_is_asked_to_look_again(
    story: Story, staff: User
) -> None:
    seen = previewed(story, staff).all_of_it
    refunded(story, rupees(100), staff)
    before = everything()

    with pytest.raises(Conflict, match="gone back meanwhile"):
        refunded(story, rupees(100), staff, left=seen)

    assert everything() == before


def test_where_nothing_is_paid_nothing_can_go_back(practice: Practice, sandbox: Sandbox, staff: User) -> None:
    story = ordered(at(practice.offering, "10:00"), terms=CART)

    assert not previewed(story, staff).all_of_it
    with pytest.raises(Conflict, match=r"INR 0\.00 can go back"):
        refunded(story, rupees(1), staff)


def test_money_that_is_only_reserved_is_not_refunded(
    practice: Practice,
    toy_gateway: Sandbox,
    staff: User,
) -> None:
    sold = sold_and_waiting(practice, toy_gateway, AUTHORIZE)
    before = everything()

    with pytest.raises(Conflict, match="only reserved"):
        preview_refund(sold.booking.reference, by=staff, trade=TRADE, now=SOON)

    assert everything() == before


def test_nobody_gives_back_but_who_runs_the_business(
    story: Story, practice: Practice, sandbox: Sandbox
) -> None:
    elsewhere = new_member(new_practice(sandbox, slug="other"), "owner")
    refused = {
        NotFound: (new_member(practice, "provider"), elsewhere),
        Forbidden: (story.user,),
    }
    before = everything()

    for error, people in refused.items():
        for person in people:
            with pytest.raises(error):
                refunded(story, rupees(1), person, left=rupees(999))

    assert everything() == before


# ---- canceling at a customer's wish -----------------------------------------------------------------------


def test_the_business_cancels_by_the_terms_where_its_customer_has_asked_for_it(
    practice: Practice, sandbox: Sandbox, staff: User
) -> None:
    story = bought(sandbox, at(practice.offering, "10:00"))
    late = story.booking.starts_at - timedelta(days=3)
    cancel = partial(cancel_booking, story.booking.reference, by=staff, trade=TRADE, now=late)
    shown = [
        preview_cancellation(story.booking.reference, by=staff, trade=TRADE, now=late, by_terms=by_terms)
        for by_terms in (True, False)
    ]

    owed = cancel(by_terms=True, why="has a cold")
    goes_back(sandbox)

    assert [one.percent for one in shown] == [50, 100]
    assert (owed, owed.refund) == (shown[0], rupees(999.50))
    assert at_the_gateway(sandbox, story.payment.reference)[1] == 99_950
    assert asked_for("booking", "cancel") == [f"staff:{staff.pk}"]
    assert_all_is_well()


# ---- at once ----------------------------------------------------------------------------------------------


@pytest.mark.spec("BC-12")
def test_two_of_the_staff_who_see_the_same_page_give_back_once(story: Story, staff: User) -> None:
    seen = previewed(story, staff).all_of_it
    give = partial(refunded, story, rupees(100), staff, left=seen)

    results = race([give] * 6)

    assert kinds(results) == {"Conflict": 5, "NoneType": 1}
    assert story.refunds() == [(10_000, "pending")]
    assert look_for_wrongs(now=SOON) == []


@pytest.mark.spec("BC-12")
def test_without_the_lock_both_give_back(story: Story, staff: User) -> None:
    seen = previewed(story, staff).all_of_it
    give = partial(refunded, story, rupees(100), staff, left=seen)

    results = without_locks(give, give, meet_before=TAKES_OFF)

    assert kinds(results) == {"NoneType": 2}
    assert [amount for amount, _ in story.refunds()] == [10_000, 10_000]

"""What goes back for how much notice, to the last minor unit."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.booking.refund_terms import percent_back, refund_owed
from holdfast.catalog.terms import DAY, Shares
from holdfast.kernel.money import Money
from holdfast.surfaces.astrology.terms import TERMS

A_DAY, A_SECOND = timedelta(days=1), timedelta(seconds=1)
STEPS: Shares = ((7 * DAY, 100), (DAY, 50), (0, 0))
NOTICES: list[tuple[Shares, timedelta, int]] = [
    (STEPS, 30 * A_DAY, 100),
    (STEPS, 7 * A_DAY, 100),
    (STEPS, 7 * A_DAY - A_SECOND, 50),
    (STEPS, A_DAY, 50),
    (STEPS, A_DAY - A_SECOND, 0),
    (STEPS, timedelta(0), 0),
    (STEPS, -A_SECOND, 0),
    (((0, 0), (DAY, 50), (7 * DAY, 100)), A_DAY, 50),
    (((0, 100),), timedelta(0), 100),
    (((0, 100),), -A_SECOND, 0),
    (((DAY, 80),), A_DAY - A_SECOND, 0),
    ((), 30 * A_DAY, 0),
]
# price, percent, left, owed
AMOUNTS = [
    (199_900, 100, 199_900, 199_900),
    (199_900, 50, 199_900, 99_950),
    (199_900, 0, 199_900, 0),
    (101, 50, 101, 51),
    (99, 50, 99, 50),
    (1, 50, 1, 1),
    (1, 49, 1, 0),
    (333, 33, 333, 110),
    (333, 34, 333, 113),
    (0, 100, 0, 0),
    (199_900, 100, 99_950, 99_950),
    (199_900, 50, 99_949, 99_949),
    (199_900, 100, 0, 0),
    (10**15 + 1, 50, 10**15 + 1, 5 * 10**14 + 1),
]


@pytest.mark.spec("GEN-11")
@pytest.mark.parametrize(("shares", "notice", "percent"), NOTICES)
def test_the_longest_notice_that_was_kept_says_the_share(
    shares: Shares, notice: timedelta, percent: int
) -> None:
    assert percent_back(shares, notice=notice) == percent


@pytest.mark.spec("GEN-11")
@pytest.mark.parametrize(("price", "percent", "left", "owed"), AMOUNTS)
def test_a_share_is_rounded_half_up_and_never_more_than_is_left(
    price: int, percent: int, left: int, owed: int
) -> None:
    assert refund_owed(Money(price, "INR"), percent=percent, left=Money(left, "INR")) == Money(owed, "INR")


@pytest.mark.spec("GEN-11")
@given(
    price=st.integers(0, 10**12),
    percent=st.integers(0, 100),
    left=st.integers(0, 10**12),
    more=st.integers(0, 9),
)
def test_what_is_owed_lies_between_nothing_and_what_is_left(
    price: int, percent: int, left: int, more: int
) -> None:
    owed = refund_owed(Money(price, "INR"), percent=percent, left=Money(left, "INR")).amount
    for_more = refund_owed(Money(price, "INR"), percent=min(100, percent + more), left=Money(left, "INR"))

    assert 0 <= owed <= min(price, left)
    assert owed <= for_more.amount
    assert owed == left or abs(200 * owed - 2 * price * percent) <= 100


@pytest.mark.spec("GEN-11")
def test_two_currencies_are_our_own_mistake() -> None:
    with pytest.raises(AssertionError):
        refund_owed(Money(1, "INR"), percent=100, left=Money(1, "NPR"))


@pytest.mark.spec("GEN-11", "GEN-12")
def test_terms_that_were_kept_before_they_knew_of_refunds_have_the_defaults() -> None:
    kept = TERMS.as_json()
    for later in ("refund_shares", "may_reschedule", "reschedule_notice"):
        del kept[later]

    terms = type(TERMS).from_json(kept)

    assert terms.refund_shares == STEPS
    assert (terms.may_reschedule, terms.reschedule_notice) == (True, DAY)


@pytest.mark.spec("GEN-11")
def test_terms_come_back_from_json_as_they_went() -> None:
    terms = TERMS.changed_by({"refund_shares": [[DAY, 80], [0, 20]]})

    assert terms.refund_shares == ((DAY, 80), (0, 20))
    assert type(terms).from_json(terms.as_json()) == terms

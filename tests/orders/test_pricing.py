"""Quotes add up to the last unit: shares of discounts, taxes within prices or on top, fees."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.kernel.errors import Invalid
from holdfast.orders.pricing import Fee, Kind, Priced, Promo, Quote, half_up, quote, split

PRICES = st.integers(0, 10_000_000)
RATES = st.sampled_from([0, 0, 500, 1300, 1800, 825, 10_000])
OFFERINGS = st.integers(1, 3)
SERVICES = st.lists(st.builds(Priced, st.just("An hour"), PRICES, RATES, OFFERINGS), min_size=1, max_size=6)
CODE = st.just("SUMMER")
CHOSEN = st.frozensets(OFFERINGS)
PROMOS = st.one_of(
    st.builds(Promo, CODE, percent=st.integers(1, 100), applies_to=CHOSEN),
    st.builds(Promo, CODE, amount=PRICES, applies_to=CHOSEN),
)


@st.composite
def quotes(draw: st.DrawFn) -> tuple[list[Priced], Promo, Quote, bool]:
    """A basket, a code that is for something in it, what they cost, and whether tax is in the prices."""
    services = draw(SERVICES)
    promo = draw(PROMOS.filter(lambda one: any(one.is_for(service) for service in services)))
    indexes = st.integers(0, len(services) - 1)
    fees = draw(st.lists(st.builds(Fee, st.just("Travel"), PRICES, indexes, RATES), max_size=3))
    inclusive = draw(st.booleans())
    quoted = quote(services, currency="INR", promo=promo, fees=fees, prices_include_tax=inclusive)
    return services, promo, quoted, inclusive


def lines_of(quoted: Quote) -> list[tuple[str, str, int, int | None, int]]:
    """Kind, title, price, which service it is of, and the tax it says."""
    return [(line.kind.value, line.title, line.price, line.of, line.tax) for line in quoted.lines]


# Sharing out


@pytest.mark.parametrize(
    ("amount", "weights", "shares"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (101, [1, 1, 1], [34, 34, 33]),
        (100, [1, 2], [33, 67]),
        (1, [1, 3], [0, 1]),
        (5, [0, 5], [0, 5]),
        (0, [0, 0], [0, 0]),
        (0, [], []),
    ],
)
def test_what_is_left_over_goes_to_the_largest_remainders(
    amount: int, weights: list[int], shares: list[int]
) -> None:
    assert split(amount, weights) == shares


@given(st.lists(PRICES, min_size=1, max_size=20), st.integers(0, 10_000))
def test_shares_are_fair_and_nothing_is_lost(weights: list[int], per_mille: int) -> None:
    amount = sum(weights) * per_mille // 10_000

    shares = split(amount, weights)

    assert sum(shares) == amount
    for share, weight in zip(shares, weights, strict=True):
        assert 0 <= share <= weight
        assert abs(share - Fraction(amount * weight, sum(weights) or 1)) < 1


@pytest.mark.parametrize(
    ("number", "by", "rounded"), [(5, 10, 1), (4, 10, 0), (15, 10, 2), (-5, 10, -1), (-4, 10, 0), (0, 7, 0)]
)
def test_a_half_is_rounded_away_from_nothing(number: int, by: int, rounded: int) -> None:
    assert half_up(number, by) == rounded


# Quotes


def test_one_service_without_tax_or_code_is_one_line() -> None:
    quoted = quote([Priced("An hour", 199_900)], currency="INR")

    assert lines_of(quoted) == [("service", "An hour", 199_900, None, 0)]
    assert (quoted.subtotal, quoted.discount, quoted.tax, quoted.total) == (199_900, 0, 0, 199_900)


@pytest.mark.spec("GEN-10")
def test_a_percentage_is_rounded_once_and_shared_out_over_the_services() -> None:
    services = [Priced("Puja", 3335), Priced("Homa", 3335), Priced("Flowers", 3335)]

    quoted = quote(services, currency="INR", promo=Promo("TEN", percent=10))

    assert [line.price for line in quoted.parts] == [-334, -334, -333]  # 1000.5 rounds to 1001
    assert [line.of for line in quoted.parts] == [0, 1, 2]
    assert (quoted.subtotal, quoted.discount, quoted.total) == (10_005, 1001, 9004)


@pytest.mark.spec("GEN-10")
def test_a_code_takes_off_only_what_it_is_for_and_never_more() -> None:
    services = [Priced("Puja", 5000, offering=1), Priced("Homa", 700, offering=2)]

    quoted = quote(services, currency="INR", promo=Promo("GIFT", amount=1000, applies_to=frozenset({2})))

    assert lines_of(quoted)[2:] == [("discount", "GIFT", -700, 1, 0)]
    assert quoted.total == 5000


@pytest.mark.spec("GEN-22")
def test_tax_within_the_price_is_said_and_adds_nothing() -> None:
    quoted = quote([Priced("A night", 11_800, 1800)], currency="INR", tax_name="GST")

    assert lines_of(quoted)[1:] == [("tax", "GST 18%", 0, 0, 1800)]
    assert (quoted.tax, quoted.total) == (1800, 11_800)


@pytest.mark.spec("GEN-22")
def test_tax_on_top_is_on_the_price_less_its_discount_and_on_the_fees_of_its_rate() -> None:
    quoted = quote(
        [Priced("A night", 10_000, 1800)],
        currency="INR",
        promo=Promo("TEN", percent=10),
        fees=[Fee("Cleaning", 500, of=0, tax_rate=1800), Fee("Breakfast", 1000, of=0, tax_rate=525)],
        tax_name="GST",
        prices_include_tax=False,
    )

    assert lines_of(quoted) == [
        ("service", "A night", 10_000, None, 0),
        ("discount", "TEN", -1000, 0, 0),
        ("fee", "Cleaning", 500, 0, 0),
        ("fee", "Breakfast", 1000, 0, 0),
        ("tax", "GST 5.25%", 53, 0, 53),
        ("tax", "GST 18%", 1710, 0, 1710),
    ]
    assert (quoted.subtotal, quoted.discount, quoted.tax, quoted.total) == (10_000, 1000, 1763, 12_263)


@pytest.mark.spec("GEN-10")
def test_a_code_for_dearer_orders_is_refused_with_what_they_must_cost() -> None:
    promo = Promo("TEN", percent=10, minimum_total=50_000)
    enough = quote([Priced("Puja", 50_000)], currency="INR", promo=promo)

    with pytest.raises(Invalid) as refused:
        quote([Priced("Puja", 49_999)], currency="INR", promo=promo)

    assert enough.discount == 5000
    assert refused.value.fields == {"promo_code": ["This code is for orders of INR 500.00 or more."]}


@pytest.mark.spec("GEN-10")
def test_a_code_for_something_else_is_refused() -> None:
    promo = Promo("TEN", percent=10, applies_to=frozenset({2}))

    with pytest.raises(Invalid) as refused:
        quote([Priced("Puja", 50_000, offering=1)], currency="INR", promo=promo)

    assert refused.value.fields == {"promo_code": ["This code is not for what you have chosen."]}


@pytest.mark.spec("GEN-10")
@given(quotes())
def test_a_quote_adds_up_and_is_never_below_nothing(
    drawn: tuple[list[Priced], Promo, Quote, bool],
) -> None:
    services, promo, quoted, _ = drawn

    meant = sum(service.price for service in services if promo.is_for(service))
    assert quoted.total == sum(line.price for line in quoted.lines) >= 0
    assert quoted.subtotal == sum(service.price for service in services)
    assert quoted.discount == promo.off(meant) <= meant
    for index, service in enumerate(services):
        parts = [line for line in quoted.parts if line.of == index]
        share = -sum(line.price for line in parts if line.kind is Kind.DISCOUNT)
        assert 0 <= share <= (service.price if promo.is_for(service) else 0)
        assert service.price + sum(line.price for line in parts) >= 0


@pytest.mark.spec("GEN-22")
@given(quotes())
def test_tax_is_right_to_half_a_unit_a_line(drawn: tuple[list[Priced], Promo, Quote, bool]) -> None:
    _, _, quoted, inclusive = drawn

    of = [line.of if line.of is not None else index for index, line in enumerate(quoted.lines)]
    for index, line in enumerate(quoted.lines):
        if line.kind is not Kind.TAX:
            assert line.tax == 0
            continue
        base = sum(
            other.price
            for number, other in enumerate(quoted.lines)
            if other.kind is not Kind.TAX and (of[number], other.tax_rate) == (of[index], line.tax_rate)
        )
        exactly = Fraction(base * line.tax_rate, 10_000 + (line.tax_rate if inclusive else 0))
        assert abs(line.tax - exactly) <= Fraction(1, 2)
        assert line.price == (0 if inclusive else line.tax)

"""Orders as they are placed: their lines, what a service costs, what is due, and what comes on top later."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.db.transaction import atomic

from holdfast.catalog.models import Business, Offering
from holdfast.orders.actions import Placed, add_line, ask_for, withdraw
from holdfast.orders.dues import Kind
from holdfast.orders.models import Due, Line, Order
from holdfast.orders.pricing import Fee
from holdfast.orders.queries import line_total, totals_of
from holdfast.platform.db import transaction
from tests.orders.shop import (
    DAYS,
    LATER,
    NOW,
    TERMS,
    new_business,
    new_customer,
    new_offering,
    new_promo,
    placed,
)
from tests.support.statements import count_statements

DEPOSIT = replace(TERMS, deposit_percent=30)


@pytest.fixture
def taxed(db: None) -> Business:
    """A business whose prices are without the tax."""
    return new_business(tax_name="GST", prices_include_tax=False)


def order_of(*offerings: Offering, **how: Any) -> Placed:
    with transaction():
        return placed(*offerings, **how)


def lines_of(order: Order) -> list[tuple[str, str, int, int]]:
    """Kind, title, price and tax of each line as it was written."""
    rows = Line.objects.filter(order=order).order_by("pk")
    return list(rows.values_list("kind", "title", "price", "tax"))


def adds_up(order: Order) -> bool:
    order.refresh_from_db()
    return order.total == sum(price for _, _, price, _ in lines_of(order)) == sum(totals_of(order).values())


def test_one_service_is_one_line_and_one_due(offering: Offering) -> None:
    new = order_of(offering)

    assert lines_of(new.order) == [("service", "An hour", 199_900, 0)]
    assert (new.due.kind, new.due.amount, new.due.due_at) == ("full", 199_900, NOW)
    assert Due.objects.get() == new.due
    assert Line.objects.get() == new.line
    assert adds_up(new.order)


def test_an_order_of_one_service_is_one_statement(offering: Offering) -> None:
    customer, offering = new_customer(), Offering.objects.select_related("business").get()

    with transaction(), count_statements() as statements:
        placed(offering, customer=customer)

    [write] = [sql for sql in statements if sql != "BEGIN"]
    assert re.findall(r'INSERT INTO "holdfast_orders_(\w+)"', write) == ["order", "line", "due"]


@pytest.mark.spec("GEN-10")
def test_a_discount_is_a_line_of_each_service_so_that_one_can_be_given_back(business: Business) -> None:
    puja, homa = new_offering(business, 10_000), new_offering(business, 5_005)
    promo = new_promo(business, amount=1_000)

    new = order_of(puja, homa, promo=promo)

    first, second = new.lines
    assert lines_of(new.order)[2:] == [("discount", "SUMMER", -666, 0), ("discount", "SUMMER", -334, 0)]
    assert totals_of(new.order) == {first.pk: 9_334, second.pk: 4_671}
    assert [line_total(first), line_total(second)] == [9_334, 4_671]
    assert new.order.total == new.due.amount == 14_005
    assert adds_up(new.order)


@pytest.mark.spec("GEN-22")
def test_tax_that_is_not_in_the_prices_is_added_line_by_line(taxed: Business) -> None:
    night, dinner = new_offering(taxed, 10_000, tax_rate=1800), new_offering(taxed, 2_000, tax_rate=500)

    new = order_of(night, dinner, fees=[Fee("Cleaning", 500, of=0, tax_rate=1800)])

    first, second = new.lines
    assert lines_of(new.order)[2:] == [
        ("fee", "Cleaning", 500, 0),
        ("tax", "GST 18%", 1_890, 1_890),
        ("tax", "GST 5%", 100, 100),
    ]
    assert totals_of(new.order) == {first.pk: 12_390, second.pk: 2_100}
    assert adds_up(new.order)


@pytest.mark.spec("GEN-22")
def test_tax_that_is_in_the_prices_is_said_and_not_added(business: Business) -> None:
    new = order_of(new_offering(business, 11_800, tax_rate=1800))

    assert lines_of(new.order)[1:] == [("tax", "Tax 18%", 0, 1_800)]
    assert new.order.total == line_total(new.line) == 11_800


def test_a_deposit_is_due_now_and_the_balance_before_the_first_start(business: Business) -> None:
    puja, homa = new_offering(business, 10_000), new_offering(business, 5_000)

    new = order_of(puja, homa, terms=DEPOSIT)

    asked = [(due.kind, due.amount, due.due_at) for due in new.dues]
    assert asked == [("deposit", 4_500, NOW), ("balance", 10_500, NOW + 23 * DAYS)]
    assert new.due == Due.objects.get(kind="deposit")


# What comes on top


def test_a_difference_is_another_line_and_another_due(offering: Offering) -> None:
    new = order_of(offering)

    with transaction():
        fee = add_line(new.order, of=new.line, title="A dearer time", price=20_000)
        due = ask_for(new.order, Kind.DIFFERENCE, 20_000, LATER)

    assert lines_of(new.order)[1:] == [("fee", "A dearer time", 20_000, 0)]
    assert fee.of == new.line
    assert (due.kind, due.amount, due.due_at) == ("difference", 20_000, LATER)
    assert new.order.total == 219_900
    assert adds_up(new.order)


@pytest.mark.spec("GEN-22")
@pytest.mark.parametrize(
    ("price", "added"),
    [
        (1_000, [("fee", "Another time", 1_000, 0), ("tax", "GST 18%", 180, 180)]),
        (-1_000, [("discount", "Another time", -1_000, 0), ("tax", "GST 18%", -180, -180)]),
    ],
    ids=["dearer", "cheaper"],
)
def test_the_tax_of_a_difference_goes_along(
    price: int, added: list[tuple[str, str, int, int]], taxed: Business
) -> None:
    new = order_of(new_offering(taxed, 10_000, tax_rate=1800))

    with transaction():
        add_line(new.order, of=new.line, title="Another time", price=price)

    assert lines_of(new.order)[2:] == added
    assert new.order.total == line_total(new.line) == 11_800 + price * 118 // 100
    assert adds_up(new.order)


def test_nothing_is_taken_off_below_nothing(offering: Offering) -> None:
    new = order_of(offering)

    with pytest.raises(IntegrityError), transaction():
        add_line(new.order, of=new.line, title="Too much", price=-199_901)

    assert adds_up(new.order)
    assert len(lines_of(new.order)) == 1


def test_what_is_withdrawn_may_be_asked_for_anew(offering: Offering) -> None:
    new = order_of(offering, terms=DEPOSIT)
    balance = new.dues[1]

    with transaction():
        withdraw(balance, LATER)
        withdraw(balance, LATER + DAYS)
        again = ask_for(new.order, Kind.BALANCE, 100_000, LATER)

    assert balance.withdrawn_at == Due.objects.get(pk=balance.pk).withdrawn_at == LATER
    assert Due.objects.filter(withdrawn_at=None, kind="balance").get() == again


# What the database refuses


@pytest.mark.parametrize("kind", [Kind.FULL, Kind.DEPOSIT, Kind.BALANCE])
def test_no_order_asks_twice_for_the_same(kind: Kind, offering: Offering) -> None:
    new = order_of(offering, terms=DEPOSIT)

    with pytest.raises(IntegrityError, match=r"one_(first_due|balance)_an_order"), transaction():
        ask_for(new.order, kind, 100, NOW)

    assert Due.objects.count() == 2


@pytest.mark.parametrize(
    ("over", "refusal"),
    [
        ({"kind": "service", "price": -1}, "a_line_costs_what_its_kind_may"),
        ({"kind": "service", "of": True}, "a_line_costs_what_its_kind_may"),
        ({"kind": "service", "starts_at": None}, "a_service_has_its_time"),
        ({"kind": "service", "offering": None}, "a_service_has_its_time"),
        ({"kind": "fee", "of": None}, "a_line_costs_what_its_kind_may"),
        ({"kind": "fee", "price": -1}, "a_line_costs_what_its_kind_may"),
        ({"kind": "fee", "tax": 1}, "a_line_costs_what_its_kind_may"),
        ({"kind": "fee", "starts_at": NOW}, "a_service_has_its_time"),
        ({"kind": "discount", "price": 1}, "a_line_costs_what_its_kind_may"),
        ({"kind": "tax", "price": 1, "tax": 2}, "a_line_costs_what_its_kind_may"),
        ({"kind": "tip"}, "a_line_costs_what_its_kind_may"),
        ({"kind": "fee", "of": "another order's"}, "belongs to a service of its own order"),
        ({"kind": "fee", "of": "a fee"}, "belongs to a service of its own order"),
    ],
    ids=str,
)
def test_a_line_that_makes_no_sense_is_refused(
    over: dict[str, Any], refusal: str, offering: Offering
) -> None:
    new, other = order_of(offering, fees=[Fee("Travel", 1, of=0)]), order_of(offering)
    fee = Line.objects.get(kind="fee")
    parents = {True: new.line, None: None, "another order's": other.line, "a fee": fee}
    service = over["kind"] == "service"
    row: dict[str, Any] = {"order": new.order, "title": "Odd", "price": 0, "of": None if service else True}
    row |= {"offering": offering, "starts_at": NOW, "ends_at": LATER} if service else {}
    row |= over

    with pytest.raises(IntegrityError, match=refusal), atomic():
        Line.objects.create(**row | {"of": parents[row["of"]]})

    assert Line.objects.count() == 3


@pytest.mark.parametrize(
    ("model", "column"),
    [(Line, one) for one in ("price", "tax", "tax_rate", "order_id", "of_id")]
    + [(Due, one) for one in ("amount", "order_id")],
    ids=lambda part: getattr(part, "__name__", str(part)),
)
def test_what_is_said_of_money_never_changes(
    model: type[Line] | type[Due], column: str, offering: Offering
) -> None:
    order_of(offering)
    before = list(model.objects.values())

    with pytest.raises(IntegrityError, match="only grows"), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {model._meta.db_table} SET {column} = 7")

    assert list(model.objects.values()) == before


def test_time_and_details_of_a_service_may_change(offering: Offering) -> None:
    new = order_of(offering)

    Line.objects.update(starts_at=NOW, ends_at=LATER, details={}, title="Erased")

    line = Line.objects.get(pk=new.line.pk)
    assert (line.period.start, line.period.end, line.title) == (NOW, LATER, "Erased")
